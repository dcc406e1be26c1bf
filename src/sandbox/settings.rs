//! How a sandbox behaves: what the command line gives, checked.

use std::{str::FromStr, time::Duration};

use camino::Utf8PathBuf;

use super::{Faults, Quirks};

/// The organization that a sandbox has when none is given.
pub const DEFAULT_ORGANIZATION: &str = "5a4d0b0e-0c5a-4b1e-9d2f-c0519a000001";

/// How a sandbox behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The organizations; one with a fixed UUID when there are none. The first is the one that the sandbox names when it
    /// is ready. Those that the state knows already stay.
    pub organizations: Vec<OrganizationSetting>,
    /// The other reading, where sources disagree (EXCHANGE.md §10).
    pub quirks: Quirks,
    /// The directory that keeps the state; without it the state ends with the process.
    pub data: Option<Utf8PathBuf>,
    /// How many requests are answered in a window of time; without it all are.
    pub rate_limit: Option<RateLimit>,
    /// What a request over the limit gets: 429 with a body, or 503 with an empty one (EXCHANGE.md §8).
    pub rate_limit_status: u16,
    /// How long a publication runs after it was accepted.
    pub publish_latency: Latency,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// How long a token lives.
    pub token_lifetime: Duration,
    /// Decides which requests meet a fault, and the ids of publications.
    pub seed: u64,
    /// Whether every change is committed by the request that makes it, rather than by a thread with others. It is slower,
    /// keeps step with a paused clock, and makes a schedule of requests happen again as it did. Without a data directory
    /// the catalog is in memory then.
    pub one_by_one: bool,
    /// How long a client may keep silent in the middle of a request.
    pub patience: Duration,
    /// The most bytes of one file that is not a jar (EXCHANGE.md §3.8).
    pub max_file: u64,
    /// The most bytes of one jar (EXCHANGE.md §3.8).
    pub max_jar: u64,
    /// The most asset versions of a root organization and all below it (EXCHANGE.md §3.8).
    pub max_versions: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            organizations: Vec::new(),
            quirks: Quirks::default(),
            data: None,
            rate_limit: None,
            rate_limit_status: 429,
            publish_latency: Latency::default(),
            faults: Faults::default(),
            token_lifetime: Duration::from_hours(1),
            seed: 0,
            one_by_one: false,
            patience: Duration::from_mins(1),
            max_file: 5 * 1024 * 1024,
            max_jar: 200 * 1024 * 1024,
            max_versions: None,
        }
    }
}

/// An organization, or a business group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationSetting {
    /// Its id.
    pub id: String,
    /// Its name; made up when left out.
    pub name: Option<String>,
    /// The organization above a business group.
    pub parent: Option<String>,
}

impl OrganizationSetting {
    /// A root organization.
    pub fn root(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None, parent: None }
    }
}

impl FromStr for OrganizationSetting {
    type Err = SettingError;

    /// Reads `id`, `id=name`, `parent/id`, `parent/id=name`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_id = |id: &str| {
            !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let (place, name) = text.split_once('=').map_or((text, None), |(place, name)| (place, Some(name.trim())));
        let (parent, id) = place.split_once('/').map_or((None, place), |(parent, id)| (Some(parent), id));
        let is_wrong = !is_id(id) || parent.is_some_and(|parent| !is_id(parent) || parent == id) || name == Some("");
        if is_wrong {
            return Err(SettingError::Organization(text.to_owned()));
        }
        Ok(Self { id: id.to_owned(), name: name.map(str::to_owned), parent: parent.map(str::to_owned) })
    }
}

/// Why a text is not a setting of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// Not a rate limit.
    #[error("`{0}` is not a rate limit: a number of requests and a window, as in 100/1s or 500/1m")]
    RateLimit(String),
    /// Not a latency.
    #[error("`{0}` is not a latency: a duration or a range, as in 200ms or 50ms..2s")]
    Latency(String),
    /// Not a quirk.
    #[error("`{0}` is not a quirk: there are {names}", names = super::Quirk::names())]
    Quirk(String),
    /// Not an organization.
    #[error("`{0}` is not an organization: an id, or id=name; a business group is parent/id or parent/id=name")]
    Organization(String),
    /// Not a fault.
    #[error("`{0}` is not a fault: name=probability, where the probability is from 0 to 1 and the names are {names}", names = super::FaultKind::names())]
    Fault(String),
}

/// So many requests in every window of time, counted over the whole sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// How many requests are answered in a window.
    pub requests: u32,
    /// How long a window is.
    pub window: Duration,
}

impl FromStr for RateLimit {
    type Err = SettingError;

    /// Reads `100/1s`; a bare unit counts as one (`100/s`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || SettingError::RateLimit(text.to_owned());
        let (requests, window) = text.split_once('/').ok_or_else(error)?;
        let requests = requests.trim().parse().map_err(|_| error())?;
        let window = window.trim();
        let window = if window.starts_with(|c: char| c.is_ascii_digit()) {
            duration(window)
        } else {
            duration(&format!("1{window}"))
        };
        let window = window.filter(|w| w.as_millis() > 0).ok_or_else(error)?;
        Ok(Self { requests, window })
    }
}

/// How long a publication runs: the same time for all, or one drawn for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// The shortest time.
    pub least: Duration,
    /// The longest time.
    pub most: Duration,
}

impl Latency {
    /// The time at a place between the shortest (0) and the longest (`u64::MAX`).
    pub(super) fn at(&self, place: u64) -> Duration {
        let width = self.most.saturating_sub(self.least).as_micros();
        let part = (width * u128::from(place)) >> 64;
        self.least + Duration::from_micros(u64::try_from(part).unwrap_or(u64::MAX))
    }
}

impl FromStr for Latency {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || SettingError::Latency(text.to_owned());
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let (least, most) = (duration(least).ok_or_else(error)?, duration(most).ok_or_else(error)?);
        if least > most {
            return Err(error());
        }
        Ok(Self { least, most })
    }
}

/// Reads `200ms`, `1s`, `1m 30s`; a bare `0` needs no unit.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text == "0" {
        return Some(Duration::ZERO);
    }
    text.parse::<jiff::SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_limits_read_as_people_write_them() {
        let limit = |text: &str| text.parse::<RateLimit>().map(|l| (l.requests, l.window.as_millis()));
        assert_eq!(limit("100/1s"), Ok((100, 1000)));
        assert_eq!(limit("500/1m"), Ok((500, 60_000)));
        assert_eq!(limit("5/s"), Ok((5, 1000)));
        for text in ["100", "x/1s", "100/0s", "100/", "-1/1s"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn organizations_and_business_groups_read_as_they_are_written() {
        let read = |text: &str| text.parse::<OrganizationSetting>();
        let full = OrganizationSetting {
            id: "b-1".to_owned(),
            name: Some("Big Group".to_owned()),
            parent: Some("a".to_owned()),
        };
        assert_eq!(read("a"), Ok(OrganizationSetting::root("a")));
        assert_eq!(read("a/b-1=Big Group"), Ok(full));
        for text in ["", "a b", "a/a", "a=", "/a", "a/b/c"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn latencies_read_and_stay_in_their_range() {
        let latency: Latency = "50ms..2s".parse().expect("parses");
        assert_eq!(latency.at(0), Duration::from_millis(50));
        assert!(latency.at(u64::MAX) <= Duration::from_secs(2));
        assert!(latency.at(u64::MAX) > Duration::from_millis(1999));
        assert_eq!("200ms".parse::<Latency>().expect("parses").at(7), Duration::from_millis(200));
        for text in ["2s..50ms", "fast", "..", "-1s"] {
            assert!(text.parse::<Latency>().is_err(), "{text}");
        }
    }
}
