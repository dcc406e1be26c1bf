//! The server's clock, as its replies tell it: ours may be wrong, and what it dates is dated by its own.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use http::HeaderMap;
use jiff::Timestamp;

use super::limits;

/// No reply has told the time yet.
const UNKNOWN: i64 = i64::MIN;

/// How far the server's clock is from ours, in milliseconds. Replies tell whole seconds.
#[derive(Debug)]
pub(super) struct ServerClock(AtomicI64);

impl Default for ServerClock {
    fn default() -> Self {
        Self(AtomicI64::new(UNKNOWN))
    }
}

impl ServerClock {
    /// Takes note of a reply.
    pub(super) fn note(&self, headers: &HeaderMap) {
        if let Some(told) = limits::told_time(headers) {
            self.0.store(told.as_millisecond() - Timestamp::now().as_millisecond(), Relaxed);
        }
    }

    /// What it shows now, in milliseconds since 1970.
    pub(super) fn now(&self) -> Option<i64> {
        let apart = self.0.load(Relaxed);
        (apart != UNKNOWN).then(|| Timestamp::now().as_millisecond() + apart)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    #[test]
    fn the_server_s_clock_goes_on_from_what_it_told() {
        let clock = ServerClock::default();
        assert_eq!(clock.now(), None);
        let mut headers = HeaderMap::new();
        clock.note(&headers);
        assert_eq!(clock.now(), None, "a reply without a date tells nothing");
        headers.insert(header::DATE, HeaderValue::from_static("Sun, 22 Nov 2015 10:00:00 GMT"));
        clock.note(&headers);
        let told = clock.now().expect("was told") - 1_448_186_400_000;
        assert!((0..60_000).contains(&told), "{told}");
    }
}
