//! The time of a sandbox.

use jiff::Timestamp;
use tokio::time::Instant;

/// Counts from the wall clock at the start by tokio's clock, so that a paused clock moves the whole sandbox.
#[derive(Debug)]
pub(super) struct Clock {
    start: Instant,
    epoch: i64,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), epoch: Timestamp::now().as_millisecond() }
    }

    /// Milliseconds since 1970.
    pub(super) fn now(&self) -> i64 {
        let elapsed = Instant::now().saturating_duration_since(self.start).as_millis();
        self.epoch.saturating_add(i64::try_from(elapsed).unwrap_or(i64::MAX))
    }
}

/// Writes a time as the API does: `2020-09-08T16:44:04.238Z`.
pub(super) fn iso(milliseconds: i64) -> String {
    let time = Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_have_three_digits_after_the_second() {
        assert_eq!(super::iso(1_599_583_444_238), "2020-09-08T16:44:04.238Z");
        assert_eq!(super::iso(0), "1970-01-01T00:00:00.000Z");
    }
}
