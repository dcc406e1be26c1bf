//! How long to wait before trying again: the one file that uses the `backoff` crate.
//!
//! The crate is unmaintained (RUSTSEC-2025-0012), so that nothing but its arithmetic is used, and only here: it can be
//! replaced in an hour. Its randomness cannot be seeded, so the jitter is ours.

use std::time::Duration;

use backoff::{ExponentialBackoff, backoff::Backoff};

/// Further doublings change nothing: every interval in use has met its ceiling long before.
const MOST_DOUBLINGS: u32 = 16;

/// The delay before the try that follows `failures` failures (1 or more): `first`, doubled per failure up to `most`,
/// then spread over its upper half by `random` (0 to 1) so that clients do not come back all at once.
pub(super) fn delay(first: Duration, most: Duration, failures: u32, random: f64) -> Duration {
    let mut intervals = ExponentialBackoff {
        current_interval: first,
        initial_interval: first,
        randomization_factor: 0.0,
        multiplier: 2.0,
        max_interval: most,
        max_elapsed_time: None,
        ..ExponentialBackoff::default()
    };
    let mut interval = first;
    for _ in 0..failures.clamp(1, MOST_DOUBLINGS) {
        interval = intervals.next_backoff().unwrap_or(most);
    }
    interval.min(most).mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_ceiling_and_never_beyond() {
        let at = |failures| delay(Duration::from_secs(1), Duration::from_secs(30), failures, 1.0).as_millis();
        assert_eq!([1, 2, 3, 4, 5, 6, 7, 1000].map(at), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn jitter_spreads_over_the_upper_half() {
        let at = |random| delay(Duration::from_secs(4), Duration::from_secs(30), 1, random);
        assert!((at(0.0).as_secs_f64() - 2.0).abs() < 1e-6 && (at(1.0).as_secs_f64() - 4.0).abs() < 1e-6);
        assert!(at(0.5) > at(0.1));
    }
}
