//! Versions that were deleted softly: their numbers stay blocked (EXCHANGE.md §3.10).

use std::collections::HashSet;

use super::{
    existing::hash,
    reads::{Budget, Ear},
};
use crate::{
    asset::{Coordinates, OnConflict},
    exchange::{Exchange, VersionOrder},
    work::finding::{Finding, Level},
};

const CHECK: &str = "tombstones";

/// The deleted versions by a hash of their names.
#[derive(Debug, Default)]
pub(super) struct Tombstones {
    known: HashSet<u64>,
    /// How many more times the next free version may be asked for.
    questions: u64,
}

impl Tombstones {
    /// Reads the list, as many pages as the job is worth; the rest shows when it is published.
    pub(super) async fn read(exchange: &Exchange, budget: Budget, ear: &mut Ear) -> Self {
        let mut found = Self { known: HashSet::new(), questions: budget.single };
        let mut offset = 0;
        for _ in 0..budget.pages {
            let page = exchange.soft_deleted_page(offset).await;
            let Some(page) = ear.hear("the deleted versions", page) else { break };
            found.known.extend(page.items.iter().map(|gone| hash(&gone.group_id, (&*gone.asset_id, &*gone.version))));
            match page.next {
                Some(next) => offset = next,
                None => break,
            }
        }
        found
    }

    /// What an item meets at its coordinates.
    pub(super) async fn look_at(
        &mut self,
        exchange: &Exchange,
        at: &Coordinates,
        on_conflict: OnConflict,
        ear: &mut Ear,
    ) -> Option<Finding> {
        let version = at.version.to_string();
        if !self.known.contains(&hash(&at.group_id, (&*at.asset_id, &*version))) {
            return None;
        }
        let order = match on_conflict {
            OnConflict::Fail | OnConflict::Skip => {
                let message = "this version was deleted on the target, and its number stays blocked";
                let hint = "publish a higher version, hard-delete the deleted one, or let on_conflict bump the version";
                return Some(Finding::whole(CHECK, Level::Failure, message).hint(hint));
            }
            OnConflict::BumpPatch => VersionOrder::Patch,
            OnConflict::BumpMinor => VersionOrder::Minor,
            OnConflict::BumpMajor => VersionOrder::Major,
        };
        let mut next = "the next free version".to_owned();
        if self.questions > 0 && !ear.is_deaf() {
            self.questions -= 1;
            let told = exchange.next_available_version(&at.group_id, &at.asset_id, order).await;
            next = ear.hear("the next free version", told).map_or(next, |version| version.to_string());
        }
        Some(Finding::whole(CHECK, Level::Note, format!("this version was deleted on the target: {next} is published")))
    }
}
