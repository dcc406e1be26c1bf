//! How far an item is: kept in memory between its steps.

use crate::{asset::Lifecycle, engine::Tally, work::asking::Asking};

use super::Difference;

/// What was done for one item in this run.
#[derive(Debug, Default)]
pub(in crate::work) struct Progress {
    /// What was changed, in words.
    changed: Vec<String>,
    /// Whether the item counts as updated already.
    counted: bool,
    /// The state that the version was seen in.
    pub(super) status: Option<Lifecycle>,
    /// The questions about the change under way.
    pub(super) asking: Asking,
}

impl Progress {
    /// Whether anything was changed on the target: the item is *done* then, and otherwise there was nothing to do.
    pub(in crate::work) fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// What was changed, for the history of the item.
    pub(in crate::work) fn note(&self) -> Option<String> {
        self.has_changed().then(|| self.changed.join("; "))
    }

    /// The server has accepted a change. An item counts once in a run, however many changes it takes.
    pub(super) fn accepted(&mut self, tally: &Tally) {
        if !self.counted {
            self.counted = true;
            tally.add_updated();
        }
    }

    /// Remembers what was changed.
    pub(super) fn tell(&mut self, differences: &[Difference]) {
        self.remember(differences.iter().map(ToString::to_string));
    }

    /// Remembers what was changed, as it was told before. A step that is done again tells nothing twice.
    pub(super) fn remember(&mut self, told: impl IntoIterator<Item = String>) {
        for words in told {
            if !self.changed.contains(&words) {
                self.changed.push(words);
            }
        }
    }
}
