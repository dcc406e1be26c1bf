//! How often one call is tried, and how long it waits in between.

use std::time::Duration;

use tokio::time::Instant;

use super::Client;
use crate::net::{CallError, Repeat, backoff, counters::count};

/// Most times one call is sent again because the server said "too fast". A window of a minute is over long before; this
/// bounds the patience with a server that says nothing else.
const MAX_REFUSED: u32 = 100;

/// How often a call is tried by the door, where it may be repeated at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySettings {
    /// The most tries, the first one included. A 429 does not count as one: it is obeyed, not retried.
    pub tries: u32,
    /// No further try starts later than this after the first one.
    pub max_elapsed: Duration,
    /// The delay before the second try; it doubles from try to try.
    pub first_delay: Duration,
    /// The longest delay between two tries.
    pub longest_delay: Duration,
    /// Where the jitter starts, so that a test can be exact; `None` takes a random one.
    pub seed: Option<u64>,
}

impl Default for RetrySettings {
    /// Six tries; a rate window lasts a minute (EXCHANGE.md §8), so that the time must cover some of them.
    fn default() -> Self {
        Self {
            tries: 6,
            max_elapsed: Duration::from_mins(15),
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(30),
            seed: None,
        }
    }
}

/// The tries of one call.
pub(in crate::net) struct Tries<'a> {
    client: &'a Client,
    done: u32,
    refused: u32,
    started: Instant,
}

impl Client {
    /// Begins to try.
    pub(in crate::net) fn tries(&self) -> Tries<'_> {
        Tries { client: self, done: 0, refused: 0, started: Instant::now() }
    }
}

impl Tries<'_> {
    /// Waits until the call may be tried again, or hands its error back.
    pub(in crate::net) async fn again(&mut self, error: CallError, repeat: Repeat) -> Result<(), CallError> {
        if error.http() == Some(429) {
            self.refused += 1;
        } else {
            self.done += 1;
        }
        let settings = &self.client.inner.retry;
        let allowed = match repeat {
            Repeat::Safe => error.is_passing(),
            Repeat::OnlyIfRefused => error.is_untouched(),
        };
        if !allowed || self.done >= settings.tries || self.refused >= MAX_REFUSED {
            return Err(error);
        }
        let delay = self.delay(&error);
        if self.started.elapsed() + delay >= settings.max_elapsed {
            return Err(error);
        }
        if self.client.wait(tokio::time::sleep(delay)).await.is_err() {
            return Err(error);
        }
        count(&self.client.inner.tally.retries);
        Ok(())
    }

    /// Waits until something harmless may be tried again, whatever went wrong; `false` when it was tried often enough.
    pub(super) async fn once_more(&mut self) -> bool {
        self.done += 1;
        let settings = &self.client.inner.retry;
        if self.done >= settings.tries {
            return false;
        }
        count(&self.client.inner.tally.retries);
        let random = self.client.inner.random.lock().map_or(0.5, |mut random| random.f64());
        tokio::time::sleep(backoff::delay(settings.first_delay, settings.longest_delay, self.done, random)).await;
        true
    }

    /// A 429 waits in the turn, with everybody; anything else backs off for itself.
    fn delay(&self, error: &CallError) -> Duration {
        if error.http() == Some(429) {
            return Duration::ZERO;
        }
        let settings = &self.client.inner.retry;
        let random = self.client.inner.random.lock().map_or(0.5, |mut random| random.f64());
        backoff::delay(settings.first_delay, settings.longest_delay, self.done, random)
    }
}
