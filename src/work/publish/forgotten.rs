//! Publications that an earlier run had sent, of which the journal knows nothing: the journal was deleted meanwhile.
//!
//! What has ended is found on the target. What the server still works on is found nowhere but in the status of the latest
//! publication of its coordinates (EXCHANGE.md §3.3), and whether the server refuses a second publication meanwhile is
//! documented nowhere. So a run that may have forgotten something asks before it sends. It need not ask for long: the run
//! before it went through the same source in the same order with a bounded number of publications under way, so that
//! beyond the last trace of it there is nothing.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::{Publish, Sender, Subject, look::nothing_sent};
use crate::{engine::Outcome, exchange::PublicationState, work::failure};

/// Whether there may be more to find.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    /// As many items in a row without a trace as an earlier run may have had in hand; 0: nothing was forgotten.
    window: u32,
    /// How many there were.
    without_trace: AtomicU32,
}

impl Forgotten {
    pub(super) fn within(window: u32) -> Self {
        Self { window, ..Self::default() }
    }

    fn may_be_more(&self) -> bool {
        self.without_trace.load(Relaxed) < self.window
    }

    /// Something of an earlier run was found.
    pub(super) fn trace(&self) {
        self.without_trace.store(0, Relaxed);
    }

    fn no_trace(&self) {
        // Beyond the window it is left alone, and cannot overflow.
        if self.may_be_more() {
            self.without_trace.fetch_add(1, Relaxed);
        }
    }
}

impl Publish {
    /// Asks whether a publication of the same coordinates is under way. `None`: none is, and it may be sent.
    pub(super) async fn ask_first(&self, subject: &mut Subject) -> Option<Outcome> {
        if subject.sender == Sender::Us || !self.forgotten.may_be_more() {
            return None;
        }
        let link = self.exchange.latest_publication(&subject.draft.coordinates);
        let status = match self.exchange.publication_status(&link).await {
            Ok(status) => status,
            Err(error) => match failure::outcome(&error) {
                // This server tells nobody.
                Outcome::Failed(_) => None,
                outcome => return Some(nothing_sent(outcome)),
            },
        };
        match status.map(|status| status.state) {
            None => {
                self.forgotten.no_trace();
                None
            }
            Some(PublicationState::Running) => {
                self.forgotten.trace();
                subject.sender = Sender::Stranger;
                Some(self.accepted(subject, link))
            }
            Some(PublicationState::Failed) => {
                self.forgotten.trace();
                None
            }
            // It ended since the list of assets was read, or the asset was deleted since.
            Some(PublicationState::Completed) => {
                self.forgotten.trace();
                self.look(subject).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_items_without_a_trace_as_a_run_has_in_hand_are_enough_and_each_trace_begins_anew() {
        let forgotten = Forgotten::within(3);
        for trace in [false, false, true, false, false] {
            assert!(forgotten.may_be_more());
            if trace { forgotten.trace() } else { forgotten.no_trace() }
        }
        assert!(forgotten.may_be_more());
        (0..5).for_each(|_| forgotten.no_trace());
        assert!(!forgotten.may_be_more());
        forgotten.trace();
        assert!(forgotten.may_be_more(), "what is found on the target is a trace, wherever it lies");
        assert!(!Forgotten::default().may_be_more(), "a journal that knows everything need not ask");
    }
}
