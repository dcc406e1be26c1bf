//! Time as the engine sees it: wall-clock milliseconds that never jump while the process lives.

use std::time::Duration;

use tokio::time::Instant;

/// Wall-clock time taken once and carried forward by the runtime's clock, so that a clock set back or forward during a
/// run moves no deadline, and a test on a paused clock sees its own time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
    start_millis: i64,
}

impl Clock {
    /// Starts a clock now.
    #[must_use]
    pub fn start() -> Self {
        Self::at(jiff::Timestamp::now().as_millisecond())
    }

    /// Starts a clock that shows a time, in milliseconds since 1970, now.
    #[must_use]
    pub fn at(millis: i64) -> Self {
        Self { start: Instant::now(), start_millis: millis }
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.millis(Instant::now())
    }

    /// An instant as milliseconds since 1970.
    #[must_use]
    pub fn millis(&self, instant: Instant) -> i64 {
        let since = instant.saturating_duration_since(self.start).as_millis();
        self.start_millis.saturating_add(i64::try_from(since).unwrap_or(i64::MAX))
    }

    /// Milliseconds since 1970 as an instant; the past is now.
    #[must_use]
    pub fn instant(&self, millis: i64) -> Instant {
        let ahead = u64::try_from(millis.saturating_sub(self.now())).unwrap_or(0);
        Instant::now() + Duration::from_millis(ahead)
    }
}
