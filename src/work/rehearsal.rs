//! A journal to be thrown away, that a plan reads the source into: it tells what concerns several items at once.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use tokio_util::sync::CancellationToken;

use super::{RunError, Selection, scan::Scan, scratch::Scratch};
use crate::{
    asset::{AssetDraft, Coordinates, Problem},
    engine::NoSink,
    job::Job,
    journal::{Disagreement, ItemRow, Journal, JournalError, Reader, StatusFilter},
    source::{self, Source},
};

/// What the source brings, as a run would have it in its journal.
pub(super) struct Rehearsal {
    journal: Journal,
    /// Versions that say different things about data that they share; the first of them only.
    pub(super) disagreements: Vec<Disagreement>,
    _folder: Scratch,
}

impl Rehearsal {
    /// Reads the source.
    pub(super) async fn of(source: (Source, source::Options), only: &Selection) -> Result<Self, RunError> {
        let folder = Scratch::new().map_err(RunError::Scratch)?;
        let path = folder.path().join("plan.db");
        let journal = Journal::open(&path, "plan").await.map_err(RunError::Journal)?;
        let scan =
            Scan { source, readings: None, only: only.clone(), stop: CancellationToken::new(), sink: Arc::new(NoSink) };
        scan.into_journal(&journal).await?;
        let disagreements = journal.end_scan(false, "".into()).await.map_err(RunError::Journal)?.disagreements;
        Ok(Self { journal, disagreements, _folder: folder })
    }

    /// What an earlier run of the job has brought and the source holds no more: the coordinates on the target, and whether its
    /// own file is still there. What its conditions leave out this time has not vanished.
    pub(super) fn vanished(&self, earlier: &Reader, job: &Job) -> Vec<(String, bool)> {
        let mut here = HashSet::new();
        // What cannot be read has told nothing.
        let mut is_known = self.journal.reader().assets(|asset| _ = here.insert(asset.to_owned())).is_ok();
        let mut conditional = HashSet::new();
        let left_out = |row: ItemRow| {
            if row.class.as_deref() == Some(Problem::Condition.as_str()) {
                conditional.insert(row.path);
            }
        };
        is_known &= self.journal.reader().rows(StatusFilter::All, left_out).is_ok();
        let mut vanished = Vec::new();
        let known = earlier.brought(&job.key(), job.source.root(), |asset, gav, path, has_its_file| {
            if !here.contains(asset) && !conditional.contains(path) {
                vanished.push((gav.to_owned(), has_its_file));
            }
        });
        if is_known && known.is_ok() { vanished } else { Vec::new() }
    }

    /// How many asset versions the source brings.
    pub(super) fn count(&self) -> u64 {
        self.journal.counts().map_or(0, |counts| counts.pending)
    }

    /// Whether the source brings an asset version that this run may touch.
    pub(super) fn brings(&self, coordinates: &Coordinates) -> bool {
        self.journal.reader().is_selected(&coordinates.to_string()).unwrap_or(false)
    }

    /// The data that other versions of the source speak for.
    pub(super) fn yields(&self, coordinates: &Coordinates) -> BTreeSet<String> {
        self.yields_of(&coordinates.to_string())
    }

    /// The same, by the name of an item: a change may be about the latest version.
    pub(super) fn yields_of(&self, gav: &str) -> BTreeSet<String> {
        self.journal.reader().yields(gav).unwrap_or_default()
    }

    /// Whether any version of the version group that a draft belongs to says something about a datum of the group.
    pub(super) fn says_for_group(&self, draft: &AssetDraft, datum: &str) -> bool {
        self.journal.reader().is_said_for_group(draft, datum).unwrap_or(false)
    }

    /// The assets that the source names: `group/asset`.
    pub(super) fn assets(&self) -> Result<BTreeSet<String>, JournalError> {
        let mut assets = BTreeSet::new();
        self.journal.reader().assets(|asset| _ = assets.insert(asset.to_owned()))?;
        Ok(assets)
    }
}
