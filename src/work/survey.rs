//! What a plan tells beside its items: definitions, and what the run would find before its first write.

use std::collections::BTreeSet;

use tokio::sync::{Mutex, OnceCell};

use super::{
    Connection, RunError,
    definitions::{Configured, DefinitionFinding},
    finding::{Finding, Level},
    place::Place,
    plan::Intent,
    preflight::Examination,
    prepare::{check_definitions, failure, undecided},
    rehearsal::Rehearsal,
};
use crate::{
    asset::{AssetChange, AssetDraft, Coordinates},
    job::Job,
    journal::Disagreement,
};

/// What a plan tells of the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Definitions that are not as declared.
    pub definitions: Vec<DefinitionFinding>,
    /// What concerns the whole run.
    pub findings: Vec<Finding>,
}

impl Outlook {
    /// Whether a run would send nothing at all.
    #[must_use]
    pub fn stops(&self) -> bool {
        self.findings.iter().any(|finding| finding.level == Level::Failure)
    }
}

/// Looks at the target for a plan. Nothing is read that a plan without work does not need.
pub(super) struct Survey<'a> {
    job: &'a Job,
    rehearsal: &'a Rehearsal,
    place: Option<Place>,
    configured: Configured,
    definitions: Vec<DefinitionFinding>,
    /// Begun once there is something to send.
    started: OnceCell<Mutex<(Examination, u64)>>,
}

impl<'a> Survey<'a> {
    /// Compares the definitions of the job with the target; without a connection nothing is looked at.
    pub(super) async fn begin(
        job: &'a Job,
        connection: Option<&Connection>,
        rehearsal: &'a Rehearsal,
    ) -> Result<Self, RunError> {
        let mut survey = Self {
            job,
            rehearsal,
            place: None,
            configured: Configured::default(),
            definitions: Vec::new(),
            started: OnceCell::new(),
        };
        let is_of_use = (!job.definitions.is_empty() || job.preflight) && !job.kind.visits_a_portal();
        if let Some(connection) = connection.filter(|_| is_of_use) {
            let place = Place::of(&connection.exchange).await;
            survey.definitions = check_definitions(job, &place, &mut survey.configured).await?;
            survey.place = Some(place);
        }
        Ok(survey)
    }

    /// The data that other versions of the source speak for.
    pub(super) fn yields(&self, coordinates: &Coordinates) -> BTreeSet<String> {
        self.rehearsal.yields(coordinates)
    }

    /// What would be done to an item after all.
    pub(super) async fn judge(&self, draft: &AssetDraft, foreseen: (Intent, String)) -> (Intent, String) {
        let (intent, reason) = foreseen;
        let Some(place) = self.place.as_ref().filter(|_| self.job.preflight) else {
            return (intent, reason);
        };
        if !matches!(intent, Intent::Create | Intent::NewVersion | Intent::MetadataOnly) {
            return (intent, reason);
        }
        let started = self.started.get_or_init(|| self.start(place)).await;
        let is_outside = |need: &&Coordinates| !self.rehearsal.brings(need);
        let outside: Vec<Coordinates> = draft.dependencies.iter().filter(is_outside).cloned().collect();
        let mut guard = started.lock().await;
        let (examination, new) = &mut *guard;
        let findings = examination.item(draft, &draft.coordinates, &outside).await;
        let is_new = intent != Intent::MetadataOnly;
        let judged = verdict(findings, (intent, reason));
        *new += u64::from(is_new && judged.0 != Intent::Invalid);
        judged
    }

    /// The same for a change of an asset that exists.
    pub(super) async fn judge_change(&self, change: &AssetChange, foreseen: (Intent, String)) -> (Intent, String) {
        let Some(place) = self.place.as_ref().filter(|_| self.job.preflight && foreseen.0 == Intent::Update) else {
            return foreseen;
        };
        let started = self.started.get_or_init(|| self.start(place)).await;
        let findings = started.lock().await.0.change(change).await;
        verdict(findings, foreseen)
    }

    async fn start(&self, place: &Place) -> Mutex<(Examination, u64)> {
        // How many items there are bounds how many reads they are worth.
        let items = self.rehearsal.count();
        let said = (self.job.publish.on_conflict, &self.job.remap);
        let examination = Examination::begin(said, place.clone(), self.configured.clone(), items).await;
        Mutex::new((examination, 0))
    }

    /// What is to be told of the whole.
    pub(super) async fn end(self) -> Outlook {
        let mut findings = undecided(&self.definitions);
        if let Some(started) = self.started.into_inner() {
            let (mut examination, new) = started.into_inner();
            findings.extend(examination.whole(new, new).await);
            findings.extend(examination.end().0);
        }
        findings.extend(self.rehearsal.disagreements.iter().map(disagreement));
        Outlook { definitions: self.definitions, findings }
    }
}

/// What findings make of what was foreseen.
fn verdict(findings: Vec<Finding>, (intent, reason): (Intent, String)) -> (Intent, String) {
    let (wrong, told): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| finding.level == Level::Failure);
    if !wrong.is_empty() {
        let failure = failure(&wrong);
        let hint = failure.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        return (Intent::Invalid, format!("{}{hint}", failure.message));
    }
    let told = told.iter().map(|finding| format!("; {}: {}", finding.level.as_str(), finding.message));
    (intent, told.fold(reason, |reason, more| reason + &more))
}

/// Versions that share a datum and say different things about it.
fn disagreement(found: &Disagreement) -> Finding {
    let Disagreement { datum, speaks, yields } = found;
    let message = format!("{yields} and {speaks} share `{datum}` and say different things: {speaks} is believed");
    Finding::whole("shared-data", Level::Warning, message).hint("let all versions say the same, or only one of them")
}
