//! What the door has let through, for progress and summaries.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A snapshot of what a client has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests sent, of every kind: polls, repeats and tokens included.
    pub requests: u64,
    /// Requests that asked how far something is.
    pub polls: u64,
    /// Replies that meant "too fast": 429, or 500 and 503 without a body.
    pub refused: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Tokens fetched.
    pub tokens: u64,
    /// Bytes of request bodies handed to the transport.
    pub bytes_sent: u64,
    /// Bytes of reply bodies read.
    pub bytes_received: u64,
    /// Why nothing is sent at this moment, for people; `None` when requests flow.
    pub waiting_reason: Option<String>,
}

/// The running sums behind [`Counters`].
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: AtomicU64,
    pub(super) polls: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) tokens: AtomicU64,
    pub(super) bytes_sent: AtomicU64,
    pub(super) bytes_received: AtomicU64,
}

/// Counts one more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl Tally {
    pub(super) fn snapshot(&self, waiting_reason: Option<String>) -> Counters {
        Counters {
            requests: self.requests.load(Relaxed),
            polls: self.polls.load(Relaxed),
            refused: self.refused.load(Relaxed),
            retries: self.retries.load(Relaxed),
            tokens: self.tokens.load(Relaxed),
            bytes_sent: self.bytes_sent.load(Relaxed),
            bytes_received: self.bytes_received.load(Relaxed),
            waiting_reason,
        }
    }
}
