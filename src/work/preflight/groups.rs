//! Groups that are none of the target's, where a job moves assets: nobody may publish there.

use std::collections::HashSet;

use crate::{
    asset::{Coordinates, Remap},
    work::{
        finding::{Finding, Level},
        place::Place,
    },
};

const CHECK: &str = "groups";

/// Which groups belong to the target.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Organizations that we know of; nothing where the server does not tell.
    ours: HashSet<String>,
    /// Whether anything is brought to another organization.
    moves: bool,
    /// What groups become.
    made: HashSet<String>,
}

impl Groups {
    pub(super) fn new(place: &Place, remap: &Remap) -> Self {
        let told = place.me.iter().flat_map(|me| &me.organizations).map(|known| known.id.clone());
        let mut ours: HashSet<String> = told.collect();
        if !ours.is_empty() {
            ours.extend([&place.own, &place.root].map(|exchange| exchange.organization().to_owned()));
        }
        let made = remap.made_groups().map(str::to_owned).collect();
        Self { ours, moves: !remap.is_empty_table(), made }
    }

    /// Whether a group is none of the target's, as far as anybody tells, and the job could say what becomes of it.
    pub(super) fn is_foreign(&self, group: &str) -> bool {
        self.moves && !self.ours.is_empty() && !self.ours.contains(group) && !self.made.contains(group)
    }

    /// What is wrong with the place that an asset goes to.
    pub(super) fn look_at(&self, at: &Coordinates) -> Option<Finding> {
        let group = &at.group_id;
        self.is_foreign(group).then(|| {
            Finding::whole(
                CHECK,
                Level::Failure,
                format!("the group {group} is no organization of yours at the target"),
            )
            .hint(format!("{}, or leave its assets out: source.exclude", entry(group)))
        })
    }
}

/// What a job says of a group that becomes another one.
pub(super) fn entry(group: &str) -> String {
    format!("say what becomes of it: [remap] groups = {{ \"{group}\" = \"<a group of the target>\" }}")
}
