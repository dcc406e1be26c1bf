//! Everything that is looked at, in order.

use super::{
    dependencies::Dependencies,
    existing::{Existing, Known},
    groups::Groups,
    limits, quota,
    reads::{Budget, Ear},
    rights,
    tombstones::Tombstones,
    values,
};
use crate::{
    asset::{AssetChange, AssetDraft, Coordinates, OnConflict, Remap},
    exchange::{AssetSummary, Exchange},
    work::{
        definitions::Configured,
        finding::{Finding, Level},
        place::Place,
    },
};

/// What the target told before the first write, and what follows from it for an item.
///
/// Memory is bounded by the target's lists, at a few bytes an entry, and does not grow with the items of the job.
pub(in crate::work) struct Examination {
    place: Place,
    on_conflict: OnConflict,
    configured: Configured,
    /// How many more versions fit.
    room: Option<u64>,
    existing: Existing,
    sample: Option<AssetSummary>,
    tombstones: Tombstones,
    dependencies: Dependencies,
    groups: Groups,
    ear: Ear,
}

impl Examination {
    /// Reads what does not depend on single items: the more of these there are, the more is read.
    ///
    /// `on_conflict` holds for items that say nothing else, and `remap` is what the job moves; `configured` is what is known
    /// of categories and custom fields, the declarations of the job among them.
    pub(in crate::work) async fn begin(
        (on_conflict, remap): (OnConflict, &Remap),
        place: Place,
        configured: Configured,
        items: u64,
    ) -> Self {
        let (budget, mut ear) = (Budget::for_items(items), Ear::default());
        let exchange: &Exchange = &place.own;
        let (existing, sample) = Existing::read(exchange, budget, &mut ear).await;
        let mut tombstones = Tombstones::default();
        let mut room = None;
        if !ear.is_deaf() {
            tombstones = Tombstones::read(exchange, budget, &mut ear).await;
        }
        if !ear.is_deaf() {
            let told = ear.hear("the limit of asset versions", place.root.limits().await);
            room = told.flatten().and_then(|limits| limits.room());
        }
        let dependencies = Dependencies::new(&place, budget.single);
        let groups = Groups::new(&place, remap);
        Self { place, on_conflict, configured, room, existing, sample, tombstones, dependencies, groups, ear }
    }

    /// Whether there may be too little room for so many items, so that it matters which of them are new.
    pub(in crate::work) fn is_short_of_room(&self, items: u64) -> bool {
        self.room.is_some_and(|room| items > room)
    }

    /// Whether a version is surely not on the target.
    pub(in crate::work) fn is_surely_new(&self, at: &Coordinates) -> bool {
        self.existing.is_surely_new(at)
    }

    /// What concerns the whole; `surely_new` counts where [`is_short_of_room`](Self::is_short_of_room).
    pub(in crate::work) async fn whole(&mut self, items: u64, surely_new: u64) -> Vec<Finding> {
        let rights = rights::look_at(&self.place, self.sample.as_ref(), &mut self.ear).await;
        rights.into_iter().chain(quota::look_at(self.room, items, surely_new)).collect()
    }

    /// What concerns an item: the asset, the coordinates it goes to, and what it needs of what the job does not bring.
    pub(in crate::work) async fn item(
        &mut self,
        draft: &AssetDraft,
        at: &Coordinates,
        outside: &[Coordinates],
    ) -> Vec<Finding> {
        let mut findings = limits::look_at(draft);
        findings.extend(self.groups.look_at(at));
        findings.extend(self.values(draft.into()).await);
        let exchange = &self.place.own;
        let on_conflict = draft.on_conflict.unwrap_or(self.on_conflict);
        findings.extend(self.tombstones.look_at(exchange, at, on_conflict, &mut self.ear).await);
        let needs = self.dependencies.look_at(exchange, outside, (&self.existing, &self.groups), &mut self.ear).await;
        findings.extend(needs);
        let gav = at.to_string();
        findings.into_iter().map(|finding| finding.about(gav.clone())).collect()
    }

    /// What concerns a change of an asset that exists.
    pub(in crate::work) async fn change(&mut self, change: &AssetChange) -> Vec<Finding> {
        let gav = change.gav();
        let findings = self.values(change.into()).await;
        findings.into_iter().map(|finding| finding.about(gav.clone())).collect()
    }

    async fn values(&mut self, said: values::Said<'_>) -> Vec<Finding> {
        for dimension in values::dimensions(said) {
            if !self.ear.is_deaf() {
                let read = self.configured.read(&self.place, dimension).await;
                self.ear.hear("categories and custom fields", read);
            }
        }
        values::look_at(said, &self.configured)
    }

    /// What was not looked at, and what else is known.
    pub(in crate::work) fn end(self) -> (Option<Finding>, Known) {
        let skipped = self.dependencies.skipped;
        let note = (skipped > 0).then(|| {
            let message =
                format!("{skipped} dependencies were not looked up on the target: they show when they are needed");
            Finding::whole("dependencies", Level::Note, message)
        });
        (note, Known { existing: self.existing })
    }
}
