//! What items need of what this job does not bring.

use std::collections::{HashMap, HashSet};

use super::{
    existing::{Existing, hash},
    groups::{Groups, entry},
    reads::Ear,
};
use crate::{
    asset::Coordinates,
    exchange::Exchange,
    work::{
        finding::{Finding, Level},
        place::Place,
    },
};

const CHECK: &str = "dependencies";

/// The organization of MuleSoft, whose assets everybody may use (EXCHANGE.md §3.11).
const MULESOFT: &str = "68ef9520-24e9-4cf2-b2f5-620025690913";

/// Which dependencies are on the target; each is looked up once.
#[derive(Debug, Default)]
pub(super) struct Dependencies {
    known: HashMap<u64, bool>,
    /// Organizations that we know of.
    organizations: HashSet<String>,
    questions: u64,
    /// How many were not looked up.
    pub(super) skipped: u64,
}

impl Dependencies {
    pub(super) fn new(place: &Place, questions: u64) -> Self {
        let ours = place.me.iter().flat_map(|me| &me.organizations).map(|known| known.id.clone());
        let own = [&place.own, &place.root].map(|exchange| exchange.organization().to_owned());
        Self { organizations: ours.chain(own).collect(), questions, ..Self::default() }
    }

    /// What is missing of what an item needs.
    pub(super) async fn look_at(
        &mut self,
        exchange: &Exchange,
        needs: &[Coordinates],
        (existing, groups): (&Existing, &Groups),
        ear: &mut Ear,
    ) -> Vec<Finding> {
        let mut missing = Vec::new();
        for need in needs {
            if !self.is_there(exchange, need, existing, ear).await {
                let message = format!("needs {need}, which is neither in this job nor on the target");
                let missed = Finding::whole(CHECK, Level::Failure, message);
                missing.push(if groups.is_foreign(&need.group_id) {
                    missed.hint(format!("its group is none of the target's, {}", entry(&need.group_id)))
                } else {
                    missed.hint("publish it first, bring it with this job, or correct the dependency")
                });
            }
        }
        missing
    }

    /// Whether a dependency is there; `true` where nobody can tell.
    async fn is_there(&mut self, exchange: &Exchange, need: &Coordinates, existing: &Existing, ear: &mut Ear) -> bool {
        if !self.is_ours(&need.group_id) || existing.is_surely_there(need) {
            return true;
        }
        let name = hash(&need.group_id, need.to_string());
        if let Some(known) = self.known.get(&name) {
            return *known;
        }
        if self.questions == 0 || ear.is_deaf() {
            self.skipped += 1;
            return true;
        }
        self.questions -= 1;
        let found = ear.hear("a dependency", exchange.asset(need).await).is_none_or(|asset| asset.is_some());
        self.known.insert(name, found);
        found
    }

    /// Whether a group is that of an organization, other than MuleSoft's. What Maven names otherwise may lie where no
    /// call of ours finds it.
    fn is_ours(&self, group: &str) -> bool {
        group != MULESOFT && (self.organizations.contains(group) || uuid::Uuid::parse_str(group).is_ok())
    }
}
