//! When to ask for a publication: soon enough to be quick, seldom enough not to crowd out publishing.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Where the official clients begin (EXCHANGE.md §3.3).
const USUAL: Duration = Duration::from_millis(500);
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);
const GROWTH: f64 = 1.5;

/// The rhythm of polls. The first poll follows what the server showed: when publications are completed by then it comes
/// earlier next time, and later when they are not.
#[derive(Debug)]
pub(super) struct Rhythm {
    first_millis: AtomicU64,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { first_millis: AtomicU64::new(millis(USUAL)) }
    }
}

impl Rhythm {
    /// How long to wait before the first poll.
    pub(super) fn first(&self) -> Duration {
        Duration::from_millis(self.first_millis.load(Relaxed))
    }

    /// How long to wait before the next one, after so many of them.
    pub(super) fn next(&self, polls: u32) -> Duration {
        let exponent = i32::try_from(polls.min(20)).unwrap_or(20);
        self.first().max(SHORTEST).mul_f64(GROWTH.powi(exponent)).min(LONGEST)
    }

    /// Learns from the answer to a first poll.
    pub(super) fn learn(&self, was_complete: bool) {
        let now = self.first_millis.load(Relaxed);
        // Shrinking slower than growing settles where most first polls find the publication completed.
        let wanted = if was_complete { now * 9 / 10 } else { now * 5 / 4 + 1 };
        // Two answers at once may forget one of them, which costs nothing.
        self.first_millis.store(wanted.clamp(millis(SHORTEST), millis(LONGEST)), Relaxed);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_come_sooner_where_publications_are_quick_and_later_where_they_are_not() {
        let rhythm = Rhythm::default();
        assert_eq!(rhythm.first(), USUAL);
        (0..100).for_each(|_| rhythm.learn(true));
        assert_eq!(rhythm.first(), SHORTEST);
        (0..100).for_each(|_| rhythm.learn(false));
        assert_eq!(rhythm.first(), LONGEST);
    }

    #[test]
    fn each_poll_waits_longer_than_the_one_before_but_never_longer_than_five_seconds() {
        let rhythm = Rhythm::default();
        let delays: Vec<Duration> = (0..40).map(|polls| rhythm.next(polls)).collect();
        assert!(delays.is_sorted());
        assert_eq!(delays.last(), Some(&LONGEST));
    }
}
