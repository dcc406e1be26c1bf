//! What replies say about the server's limits (EXCHANGE.md §8). Pure: headers in, durations out.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use jiff::{Timestamp, fmt::rfc2822};

/// The longest that a server is believed to ask for: a wrong clock must not stop a run for a day, whether it is the server's,
/// or that of a machine on which an earlier run wrote down until when it was to wait.
pub const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// A window lasts a minute (EXCHANGE.md §8): its end is no farther away, whatever a clock says, ours or the server's.
const LONGEST_WINDOW: f64 = 90.0;

/// How long a reply asks to wait before the next request, if it does.
///
/// `Retry-After` (seconds or a date) counts first. `X-RateLimit-Reset` (UTC epoch seconds) counts when nothing remains
/// of the window, or when the reply says "too fast" without a number of what remains. On a 2xx `Retry-After` is advice
/// for this one resource (when to poll again) and not a request to slow down, so it does not count.
pub(super) fn wait_asked(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let now = server_time(headers);
    let after = if status.is_success() { None } else { retry_after(headers, now) };
    let wait = after.or_else(|| {
        let remaining = number(headers, "x-ratelimit-remaining");
        let spent = remaining == Some(0.0) || (remaining.is_none() && status == StatusCode::TOO_MANY_REQUESTS);
        if !spent {
            return None;
        }
        let reset = number(headers, "x-ratelimit-reset")?;
        Some((reset - now).min(LONGEST_WINDOW))
    })?;
    Some(Duration::try_from_secs_f64(wait.max(0.0)).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT))
}

/// Whether a reply means "too fast": 429, or a 500 or 503 without a body, as the load balancers send them.
pub(super) fn is_too_fast(status: StatusCode, is_empty: bool) -> bool {
    match status.as_u16() {
        429 => true,
        500 | 503 => is_empty,
        _ => false,
    }
}

/// Whether a reply shows that the server keeps up: it did what it was asked to, or told what is wrong with that. What is
/// not there, a 404, is looked up as well.
pub(super) fn keeps_up(status: StatusCode) -> bool {
    !status.is_server_error() && !matches!(status.as_u16(), 408 | 425 | 429)
}

/// The time by the server's clock where it says it, so that ours may be wrong; in epoch seconds.
fn server_time(headers: &HeaderMap) -> f64 {
    seconds(told_time(headers).unwrap_or_else(Timestamp::now))
}

/// The time that a reply tells, in whole seconds.
pub(super) fn told_time(headers: &HeaderMap) -> Option<Timestamp> {
    headers.get(header::DATE).and_then(|value| value.to_str().ok()).and_then(date)
}

fn retry_after(headers: &HeaderMap, now: f64) -> Option<f64> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse::<f64>() {
        Ok(wait) if wait.is_finite() => Some(wait),
        _ => date(text).map(|until| seconds(until) - now),
    }
}

fn date(text: &str) -> Option<Timestamp> {
    rfc2822::parse(text).ok().map(|zoned| zoned.timestamp())
}

fn seconds(time: Timestamp) -> f64 {
    Duration::try_from(time.as_duration()).unwrap_or_default().as_secs_f64()
}

fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok().filter(|n| n.is_finite())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn asked(status: u16, pairs: &[(&'static str, &str)]) -> Option<f64> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).expect("is a value"));
        }
        wait_asked(StatusCode::from_u16(status).expect("is a status"), &headers).map(|d| d.as_secs_f64())
    }

    const DATE: (&str, &str) = ("date", "Sun, 22 Nov 2026 10:00:00 GMT");

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        assert_eq!(asked(429, &[("retry-after", " 7 ")]), Some(7.0));
        assert_eq!(asked(503, &[DATE, ("retry-after", "Sun, 22 Nov 2026 10:00:30 GMT")]), Some(30.0));
        assert_eq!(asked(429, &[DATE, ("retry-after", "Sun, 22 Nov 2026 09:00:00 GMT")]), Some(0.0));
    }

    #[test]
    fn absurd_waits_are_clamped_and_nonsense_is_no_wait() {
        assert_eq!(asked(429, &[("retry-after", "86400")]), Some(600.0));
        assert_eq!(asked(429, &[("retry-after", "1e308")]), Some(600.0));
        assert_eq!(asked(429, &[("retry-after", "-5")]), Some(0.0));
        assert_eq!(asked(202, &[("retry-after", "5")]), None);
        assert_eq!(asked(429, &[("retry-after", "soon")]), None);
        assert_eq!(asked(429, &[("retry-after", "NaN")]), None);
    }

    #[test]
    fn the_window_counts_when_it_is_used_up() {
        let reset = ("x-ratelimit-reset", "1795341610"); // ten seconds after DATE
        assert_eq!(asked(200, &[DATE, reset, ("x-ratelimit-remaining", "0")]), Some(10.0));
        assert_eq!(asked(200, &[DATE, reset, ("x-ratelimit-remaining", "3")]), None);
        assert_eq!(asked(429, &[DATE, reset]), Some(10.0));
        assert_eq!(asked(200, &[DATE, reset]), None);
        let in_milliseconds = ("x-ratelimit-reset", "1795341610000");
        assert_eq!(asked(429, &[DATE, in_milliseconds]), Some(LONGEST_WINDOW), "a window is a minute");
    }

    #[test]
    fn too_fast_is_told_from_broken() {
        for (status, empty, expected) in
            [(429, false, true), (503, true, true), (500, true, true), (503, false, false), (502, true, false)]
        {
            assert_eq!(is_too_fast(StatusCode::from_u16(status).expect("is a status"), empty), expected);
        }
    }
}
