//! Reads that may go unanswered, and how many there may be.

use crate::net::CallError;

/// Further pages than this hold more than the 100,000 versions that an organization may have (EXCHANGE.md §3.8).
const MOST_PAGES: u64 = 400;

/// Single reads beyond this take longer than they save.
const MOST_SINGLE: u64 = 500;

/// How many reads a job is worth. A run that sends much may ask much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    /// Pages of one list.
    pub(super) pages: u64,
    /// Single things of one kind.
    pub(super) single: u64,
}

impl Budget {
    pub(super) fn for_items(items: u64) -> Self {
        Self { pages: (items / 10).clamp(2, MOST_PAGES), single: (items / 10).clamp(10, MOST_SINGLE) }
    }
}

/// Takes answers, and what is none.
#[derive(Debug, Default)]
pub(super) struct Ear {
    /// Whether nobody answers any more: the first publication says why, and ends the run as it should.
    is_deaf: bool,
}

impl Ear {
    /// Whether it is of no use to ask.
    pub(super) fn is_deaf(&self) -> bool {
        self.is_deaf
    }

    /// The answer; `None` where the server has none, or not for us.
    pub(super) fn hear<T>(&mut self, what: &str, outcome: Result<T, CallError>) -> Option<T> {
        match outcome {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::info!(what, %error, "not told by the server");
                self.is_deaf |= matches!(error, CallError::Transport { .. } | CallError::Auth(_));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_jobs_ask_little_and_large_ones_are_bounded() {
        assert_eq!(Budget::for_items(1), Budget { pages: 2, single: 10 });
        assert_eq!(Budget::for_items(31), Budget { pages: 3, single: 10 });
        assert_eq!(Budget::for_items(1_000_000), Budget { pages: 400, single: 500 });
    }
}
