//! What an export does before and after its items: the list of the source, and what is compiled of all records.

use std::{collections::HashSet, io};

use camino::{Utf8Path, Utf8PathBuf};
use futures::TryStreamExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    FILTER,
    listing::{BATCH, Listed, PATIENCE},
};
use crate::{
    asset::{Coordinates, Sourced},
    engine::{Event, Sink},
    exchange::{Configuration, Dimension, Exchange},
    hub::Hub,
    inventory::{
        self, Compiled, Inventory, Left, Told, Written,
        companions::{self, Companions, Sought},
        definitions,
    },
    job::{Export, Groups, Job},
    journal::{ItemRow, Journal, Offer, Reader, ScanCounts, State, StatusFilter},
    net::CallError,
    offload::offload,
    work::{
        Connection, RunError, Selection,
        finding::{Finding, Level},
        place::Place,
    },
};

/// So many of what vanished are named.
const NAMED: usize = 3;

/// One export.
pub(in crate::work) struct Trip<'a> {
    pub(in crate::work) job: &'a Job,
    pub(in crate::work) export: &'a Export,
    pub(in crate::work) exchange: &'a Exchange,
    /// The portal, where what one shows is read.
    pub(in crate::work) portal: Option<&'a Portal>,
    /// The source, as people know it.
    pub(in crate::work) name: &'a str,
    /// What an earlier run has done, where it is known.
    pub(in crate::work) memory: Option<&'a Reader>,
    /// The run's own id.
    pub(in crate::work) run: &'a str,
    pub(in crate::work) inventory: &'a Inventory,
    pub(in crate::work) stop: &'a CancellationToken,
}

/// A portal that is read.
#[derive(Debug, Clone)]
pub(in crate::work) struct Portal {
    /// The client.
    pub(in crate::work) hub: Hub,
    /// The portal, as people know it.
    pub(super) label: String,
}

impl Portal {
    /// The portal that a job reads, where it reads one.
    pub(in crate::work) fn of(export: &Export, connection: &Connection) -> Option<Self> {
        let (named, hub) = (export.source.portal.portal.as_ref()?, connection.hub.clone()?);
        let id = &hub.address().portal;
        let label = if named == id { id.clone() } else { format!("{named} ({id})") };
        Some(Self { hub, label })
    }
}

/// What was listed, for whoever compiles.
pub(in crate::work) struct Seen(Listed);

impl Trip<'_> {
    /// Lists the source into the journal.
    pub(in crate::work) async fn offer(
        &self,
        journal: &Journal,
        only: &Selection,
        sink: &dyn Sink,
    ) -> Result<(ScanCounts, Seen), RunError> {
        let unwritable = |source| RunError::Directory { path: self.inventory.root().to_owned(), begun: false, source };
        self.inventory.prepare().map_err(unwritable)?;
        let (mut counts, mut batch, mut broken) = (ScanCounts::default(), Vec::with_capacity(BATCH), None);
        let mut offered_at = Instant::now();
        let listed = self
            .list(async |sourced| {
                if let Sourced::Diagnosis(diagnosis) = &sourced {
                    sink.emit(&Event::diagnosed(diagnosis));
                }
                let is_meant = sourced.gav().is_none_or(|gav| only.contains(&gav));
                batch.push(Offer::new(sourced, is_meant));
                if (batch.len() < BATCH && offered_at.elapsed() < PATIENCE) || broken.is_some() {
                    return;
                }
                offered_at = Instant::now();
                match journal.offer(std::mem::take(&mut batch)).await {
                    Ok(offered) => counts.add(offered),
                    Err(error) => broken = Some(error),
                }
                let items = counts.new + counts.changed + counts.unchanged + counts.diagnosed;
                sink.emit(&Event::Scanning { items });
            })
            .await;
        let listed = match listed {
            Ok(listed) => listed,
            Err((_, CallError::Stopped)) => Listed::default(),
            Err((organization, source)) => return Err(RunError::Listing { organization, source }),
        };
        if let Some(error) = broken {
            return Err(RunError::JournalBroke(error));
        }
        counts.add(journal.offer(batch).await.map_err(RunError::JournalBroke)?);
        Ok((counts, Seen(listed)))
    }

    /// The organizations to read, the one that is named first.
    pub(super) async fn organizations(&self) -> Vec<String> {
        let own = self.exchange.organization().to_owned();
        let mut all = vec![own.clone()];
        match &self.export.groups {
            Groups::None => {}
            Groups::Named(groups) => all.extend(groups.iter().cloned()),
            Groups::All => {
                if let Some(me) = Place::of(self.exchange).await.me {
                    let below = me.organizations.iter().filter(|known| me.line(&known.id).any(|above| above == own));
                    all.extend(below.map(|known| known.id.clone()));
                }
            }
        }
        let mut known = HashSet::new();
        all.retain(|id| !id.is_empty() && known.insert(id.clone()));
        all
    }

    /// Makes the manifest, the definitions and the summary, brings the companions along, and tells what became of them.
    /// Answers whether nothing of that was cut off.
    pub(in crate::work) async fn compile(
        &self,
        journal: &Journal,
        seen: Seen,
        sink: &dyn Sink,
    ) -> Result<bool, RunError> {
        let Seen(listed) = seen;
        let place = if self.portal.is_some() { None } else { Some(Place::of(self.exchange).await) };
        let mut told = Told {
            source: self.name.to_owned(),
            organizations: listed.organizations.clone(),
            unnamed: listed.unnamed.clone(),
            is_portal: self.portal.is_some(),
            definitions: definitions(place.as_ref()).await,
            companions: self.companions(&listed.organizations, place.as_ref()).await,
            soft_deleted: self.soft_deleted().await,
            ..Told::default()
        };
        let mut left_out = HashSet::new();
        let each = |row: ItemRow| {
            let Some(gav) = row.gav else { return };
            match (row.state, row.class.as_deref()) {
                (State::Failed, _) => told.failed.push((gav, row.message.unwrap_or_default())),
                (State::Skipped, Some(FILTER)) => _ = left_out.insert(gav),
                _ => {}
            }
        };
        journal.reader().rows(StatusFilter::All, each).map_err(RunError::JournalBroke)?;
        let counts = journal.counts().map_err(RunError::JournalBroke)?;
        told.open = counts.ready + counts.acting + counts.waiting;
        let unread = unread(&told.companions);
        let is_whole = unread.is_empty() || !self.stop.is_cancelled();
        let inventory = self.inventory.clone();
        let compiled = offload(move || {
            let left = |gav: &Coordinates| {
                listed.left(gav).or_else(|| left_out.contains(&gav.to_string()).then_some(Left::LeftOut))
            };
            inventory::compile(&inventory, &told, left)
        });
        let path: Utf8PathBuf = self.inventory.root().to_owned();
        let compiled = compiled.await.map_err(|source: io::Error| RunError::Directory { path, begun: true, source })?;
        for finding in self.findings(&compiled).into_iter().chain(unread) {
            finding.tell(sink);
        }
        Ok(is_whole)
    }

    fn findings(&self, compiled: &Compiled) -> Vec<Finding> {
        let root = self.inventory.root();
        let mut findings = Vec::new();
        findings.extend(gone(&compiled.vanished));
        let own = [(Some(compiled.manifest), "manifest.csv"), (compiled.definitions, "definitions.toml")];
        let own = own.into_iter().filter_map(|(written, name)| Some((Utf8Path::new(name), written?)));
        let others = compiled.companions.iter().map(|(place, written)| (place.as_path(), *written));
        for (place, written) in own.chain(others) {
            if written == Written::Beside {
                let aside = place.with_extension(format!("new.{}", place.extension().unwrap_or_default()));
                let message = format!(
                    "{root}/{place} was changed by somebody and is left: what the source has stands in {aside}"
                );
                let hint = "carry the changes over and delete one of the two";
                findings.push(Finding::whole("inventory", Level::Warning, message).hint(hint));
            }
        }
        findings
    }

    /// The client applications of the portals of what was read, where the job asks for them.
    async fn companions(&self, organizations: &[String], place: Option<&Place>) -> Companions {
        let Some(naming) = &self.export.companions else { return Companions::Unwanted };
        if self.stop.is_cancelled() {
            return Companions::Nowhere { why: "the run was stopped".to_owned(), is_failure: false };
        }
        let at_once = self.job.pace.concurrency;
        if let Some(Portal { hub, label }) = self.portal {
            // Whoever reads them may be a stranger to the organization: groups are named.
            let (group, remap) = (naming.group.as_deref(), &naming.remap);
            let sought = Sought { organizations: &[], own: "", group, remap, at_once };
            return companions::read_one(hub, label, sought).await;
        }
        // A portal belongs to the root of its organization.
        let mut organizations = organizations.to_vec();
        organizations.extend(place.map(|place| place.root.organization().to_owned()));
        let sought = Sought {
            organizations: &organizations,
            own: self.exchange.organization(),
            group: naming.group.as_deref(),
            remap: &naming.remap,
            at_once,
        };
        companions::read(self.exchange.client(), sought).await
    }

    /// How many versions are only numbers any more, where whoever signs may know it.
    async fn soft_deleted(&self) -> Option<u64> {
        if self.portal.is_some() {
            return None;
        }
        let deleted = self.exchange.soft_deleted().try_fold(0, |count, _| async move { Ok(count + 1) }).await;
        deleted.ok()
    }
}

/// The declarations of the root organization, or why they are not told; a portal tells none.
async fn definitions(place: Option<&Place>) -> Option<Result<String, String>> {
    let mut failure = String::new();
    for exchange in place?.readable() {
        let read = async |dimension| exchange.configurations(dimension).try_collect::<Vec<Configuration>>().await;
        match (read(Dimension::Category).await, read(Dimension::Field).await) {
            (Ok(categories), Ok(fields)) => return Some(Ok(definitions::write(&categories, &fields))),
            (Err(error), _) | (_, Err(error)) => failure = error.to_string(),
        }
    }
    Some(Err(failure))
}

/// Portals whose companions may be there, and could not be read.
fn unread(companions: &Companions) -> Vec<Finding> {
    let warning = |message: String| {
        let finding = Finding::whole("companions", Level::Warning, message);
        finding.hint("files of an earlier run are left; `consign export` tries again")
    };
    match companions {
        Companions::Unwanted | Companions::Nowhere { is_failure: false, .. } => Vec::new(),
        Companions::Nowhere { why, .. } => vec![warning(format!("the portals cannot be asked for: {why}"))],
        Companions::Of(portals) => {
            let failed = portals.iter().filter_map(|portal| Some((&portal.label, portal.found.as_ref().err()?)));
            let told = |(label, why)| warning(format!("the client applications of {label} cannot be read: {why}"));
            failed.map(told).collect()
        }
    }
}

/// What the source does not have any more.
pub(super) fn gone(vanished: &[String]) -> Option<Finding> {
    let named: Vec<&str> = vanished.iter().take(NAMED).map(String::as_str).collect();
    let more = vanished.len().checked_sub(NAMED).filter(|more| *more > 0);
    let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
    let message = format!("no longer on the source: {}{more}; their folders are left", named.join(", "));
    let finding = Finding::whole("vanished", Level::Warning, message).hint("summary.md lists them");
    (!vanished.is_empty()).then_some(finding)
}
