//! Between the scan and the first write: what has to be there, and what stands in the way.
//!
//! All reads come first, so that everything is told at once. Then either nothing is sent at all, or what is wrong with
//! single items fails these, and the definitions of the job are brought to the target.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use super::{
    RunError,
    definitions::{self, Configured, DefinitionAction, DefinitionFinding, DefinitionsError},
    finding::{Finding, Level, Obstacles},
    place::Place,
    preflight::{self, Examination, Known},
};
use crate::{
    asset::{AssetChange, AssetDraft, Coordinates},
    engine::{Event, Sink, Tally},
    exchange::Exchange,
    job::{Job, Kind},
    journal::{Failure, Item, ItemId, Journal, State},
};

/// Items looked at in one go: bounds memory.
const BATCH: usize = 256;

/// Compares the declarations of a job with the target.
pub(super) async fn check_definitions(
    job: &Job,
    place: &Place,
    configured: &mut Configured,
) -> Result<Vec<DefinitionFinding>, RunError> {
    let found = definitions::check(place, &job.definitions, job.describe_api, configured).await;
    found.map_err(|source| {
        RunError::Definitions(DefinitionsError::Read { organization: place.root.organization().to_owned(), source })
    })
}

/// Those that somebody has to decide about.
pub(super) fn undecided(findings: &[DefinitionFinding]) -> Vec<Finding> {
    let is_open = |finding: &&DefinitionFinding| finding.action == DefinitionAction::Conflict;
    let tell = |finding: &DefinitionFinding| {
        Finding::whole("definitions", Level::Failure, format!("{} {}", finding.name(), finding.reason))
            .hint("change the declaration, or let definitions.on_difference say `keep` or `update`")
    };
    findings.iter().filter(is_open).map(tell).collect()
}

/// What a run looks at and works on before its items.
pub(super) struct Preparation<'a> {
    pub(super) job: &'a Job,
    pub(super) exchange: &'a Exchange,
    pub(super) journal: &'a Journal,
    pub(super) sink: &'a dyn Sink,
    pub(super) tally: &'a Tally,
    pub(super) stop: &'a CancellationToken,
}

/// What reading has told.
struct Examined {
    place: Place,
    definitions: Vec<DefinitionFinding>,
    known: Known,
}

impl Preparation<'_> {
    /// Makes the target ready for the items of the job, and tells what is known of it. Where it was told to stop, it
    /// stops between two calls.
    pub(super) async fn prepare(&self) -> Result<Known, RunError> {
        let items = self.journal.reader().outgoing_count().map_err(RunError::JournalBroke)?;
        // A portal has no quotas and no definitions; what stands in the way of an item there is told when its turn comes.
        let is_examined = self.job.preflight && items > 0 && !self.job.kind.visits_a_portal();
        if self.job.definitions.is_empty() && !is_examined {
            return Ok(Known::default());
        }
        // Nothing is written before the definitions, so all of it may be left where it stands.
        let Some(examined) = self.stop.run_until_cancelled(Box::pin(self.examine(items, is_examined))).await else {
            return Ok(Known::default());
        };
        let Examined { place, definitions, known } = examined?;
        let (declared, api) = (&self.job.definitions, self.job.describe_api);
        let settled = definitions::settle(&place, declared, api, &definitions, self.sink, self.stop).await;
        settled.map_err(RunError::Definitions)?;
        Ok(known)
    }

    /// All that is only read: what is found stops the whole, or fails items in the journal.
    async fn examine(&self, items: u64, is_examined: bool) -> Result<Examined, RunError> {
        let place = Place::of(self.exchange).await;
        let mut configured = Configured::default();
        let definitions = check_definitions(self.job, &place, &mut configured).await?;
        let mut obstacles = Obstacles::new(undecided(&definitions));
        self.tell(&obstacles.findings);
        let mut known = Known::default();
        if is_examined {
            let said = (self.job.publish.on_conflict, &self.job.remap);
            let mut examination = Examination::begin(said, place.clone(), configured, items).await;
            // Changes take no room.
            let items = if self.job.kind == Kind::Publish { items } else { 0 };
            let surely_new = if examination.is_short_of_room(items) { self.surely_new(&examination)? } else { 0 };
            let whole = examination.whole(items, surely_new).await;
            self.tell(&whole);
            obstacles.findings.extend(whole.into_iter().filter(is_failure));
            self.look_at_items(&mut examination, &mut obstacles).await?;
            let (note, what_is_known) = examination.end();
            self.tell(note.as_slice());
            known = what_is_known;
        }
        if obstacles.findings.is_empty() {
            Ok(Examined { place, definitions, known })
        } else {
            Err(RunError::Obstacles(Box::new(obstacles)))
        }
    }

    fn tell(&self, findings: &[Finding]) {
        for finding in findings {
            finding.tell(self.sink);
        }
    }

    /// How many items are surely new on the target.
    fn surely_new(&self, examination: &Examination) -> Result<u64, RunError> {
        let mut count = 0;
        let mut after = ItemId(0);
        loop {
            let items = self.batch(after)?;
            let Some(last) = items.last() else { return Ok(count) };
            after = last.id;
            let at = items.iter().filter_map(place_of);
            count += at.filter(|at| examination.is_surely_new(at)).count() as u64;
        }
    }

    /// Looks at all items. What is wrong with one fails it, or is one obstacle more where there are some already.
    async fn look_at_items(&self, examination: &mut Examination, obstacles: &mut Obstacles) -> Result<(), RunError> {
        let is_refused = !obstacles.findings.is_empty();
        let mut after = ItemId(0);
        loop {
            let items = self.batch(after)?;
            let (Some(first), Some(last)) = (items.first(), items.last()) else { return Ok(()) };
            after = last.id;
            let mut outside: BTreeMap<ItemId, Vec<Coordinates>> = BTreeMap::new();
            let needs = self.journal.reader().outside_needs(first.id, last.id).map_err(RunError::JournalBroke)?;
            for (item, gav) in needs {
                outside.entry(item).or_default().extend(gav.parse::<Coordinates>().ok());
            }
            let mut failures = Vec::new();
            for item in items {
                let needs = outside.get(&item.id).map_or(&[][..], Vec::as_slice);
                let found = self.look_at_item(examination, &item, needs).await;
                self.tell(&found);
                let wrong: Vec<Finding> = found.into_iter().filter(is_failure).collect();
                if is_refused {
                    obstacles.add_all(wrong);
                } else if !wrong.is_empty() {
                    failures.push((item, failure(&wrong)));
                }
            }
            self.fail(failures).await?;
        }
    }

    /// What cannot be read fails when it is claimed, with a better word for it.
    async fn look_at_item(&self, examination: &mut Examination, item: &Item, needs: &[Coordinates]) -> Vec<Finding> {
        match self.job.kind {
            Kind::Publish => {
                let draft = serde_json::from_str::<AssetDraft>(&item.draft).ok().zip(place_of(item));
                let Some((draft, at)) = draft else { return Vec::new() };
                examination.item(&draft, &at, needs).await
            }
            Kind::Describe => {
                let Ok(change) = serde_json::from_str::<AssetChange>(&item.draft) else { return Vec::new() };
                examination.change(&change).await
            }
            // What is only read meets nothing.
            Kind::Export | Kind::Migrate | Kind::Applications | Kind::Access => Vec::new(),
        }
    }

    async fn fail(&self, failures: Vec<(Item, Failure)>) -> Result<(), RunError> {
        if failures.is_empty() {
            return Ok(());
        }
        let write = failures.iter().map(|(item, failure)| (item.id, failure.clone())).collect();
        self.journal.fail_outgoing(write).await.map_err(RunError::JournalBroke)?;
        for (item, failure) in failures {
            self.sink.emit(&Event::Item {
                gav: item.gav,
                state: State::Failed,
                step: None,
                attempt: 0,
                failure: Some(failure),
                note: None,
            });
        }
        self.tally.set(self.journal.counts().map_err(RunError::JournalBroke)?);
        Ok(())
    }

    fn batch(&self, after: ItemId) -> Result<Vec<Item>, RunError> {
        self.journal.reader().outgoing(after, BATCH).map_err(RunError::JournalBroke)
    }
}

/// Where an item goes: an earlier run may have bumped its version.
fn place_of(item: &Item) -> Option<Coordinates> {
    item.published_as.as_deref().unwrap_or(&item.gav).parse().ok()
}

fn is_failure(finding: &Finding) -> bool {
    finding.level == Level::Failure
}

/// All that is wrong with an item, as the journal tells it.
pub(super) fn failure(wrong: &[Finding]) -> Failure {
    let join = |texts: Vec<&str>| texts.join("; ");
    let failure = Failure::new(preflight::CLASS, join(wrong.iter().map(|finding| finding.message.as_str()).collect()));
    let hints: Vec<&str> = wrong.iter().filter_map(|finding| finding.hint.as_deref()).collect();
    if hints.is_empty() { failure } else { failure.hint(join(hints)) }
}
