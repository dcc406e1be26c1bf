//! Which version a job publishes: the strategies of the descriptor, as its documentation tells them.

use serde::Deserialize;

use crate::asset::{Lifecycle, Version};

/// How the version follows from what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Strategy {
    /// The next major version.
    MajorIncrease,
    /// The next minor version of the base version's major version.
    MinorIncrease,
    /// The next patch of the base version's minor version.
    #[default]
    PatchIncrease,
    /// The base version itself, in development, again and again.
    Snapshot,
    /// The base version itself, stable, once.
    Fixed,
}

/// The version of a descriptor: three numbers, of which some may be left open (`1.x.x`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Base([Option<u64>; 3]);

/// A version number that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) version: Version,
    /// `None` where a soft delete has burnt the number.
    pub(super) status: Option<Lifecycle>,
}

/// What a job is compared with, and what it publishes where it differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// The version that the content is compared with.
    pub(super) current: Option<Version>,
    pub(super) next: Version,
    pub(super) status: Lifecycle,
}

impl Base {
    /// Reads `1.2.3`, `1.2`, `v1`, `1.x.x`, and the same with one of the signs `^ ~ & $` before it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['^', '~', '&', '$']).unwrap_or(text);
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let mut numbers = [Some(0); 3];
        let mut parts = text.split('.');
        for (at, number) in numbers.iter_mut().enumerate() {
            *number = match parts.next() {
                Some("x" | "X") => None,
                Some(part) => Some(part.parse().ok()?),
                None if at == 0 => return None,
                None => Some(0),
            };
        }
        parts.next().is_none().then_some(Self(numbers))
    }

    /// The first version of an asset that has none.
    fn first(self) -> Version {
        let [major, minor, patch] = self.0;
        Version::new(major.unwrap_or(1), minor.unwrap_or(0), patch.unwrap_or(0))
    }

    /// Whether a version agrees in the numbers before the one that grows.
    fn covers(self, version: &Version, grows: usize) -> bool {
        let known = numbers(version);
        self.0.iter().zip(known).take(grows).all(|(base, known)| base.is_none_or(|base| base == known))
    }
}

/// Chooses the version of a job.
pub(super) fn choose(base: Base, strategy: Strategy, taken: &[Taken]) -> Choice {
    let grows = match strategy {
        Strategy::MajorIncrease => 0,
        Strategy::MinorIncrease => 1,
        Strategy::PatchIncrease => 2,
        Strategy::Snapshot => return exactly(base.first(), Lifecycle::Development, taken),
        Strategy::Fixed => return exactly(base.first(), Lifecycle::Published, taken),
    };
    let covered = || taken.iter().filter(|taken| base.covers(&taken.version, grows));
    let highest = covered().map(|taken| &taken.version).max();
    let latest = covered().filter(|taken| taken.status.is_some()).max_by_key(|taken| &taken.version);
    let next = highest.map(|highest| successor(highest, grows));
    Choice {
        current: latest.map(|latest| latest.version.clone()),
        next: next.unwrap_or_else(|| base.first()).max(base.first()),
        // What grows out of something in development is in development.
        status: match latest.and_then(|latest| latest.status) {
            Some(Lifecycle::Development) => Lifecycle::Development,
            _ => Lifecycle::Published,
        },
    }
}

fn exactly(version: Version, status: Lifecycle, taken: &[Taken]) -> Choice {
    // One that would change its state is not compared: publishing it again is how it changes.
    let current = taken.iter().find(|taken| taken.version == version && taken.status == Some(status));
    Choice { current: current.map(|current| current.version.clone()), next: version, status }
}

fn numbers(version: &Version) -> [u64; 3] {
    let semver = version.semver();
    [semver.major, semver.minor, semver.patch]
}

/// The version after one, with one of its numbers grown; what is not released comes before its release.
fn successor(version: &Version, grows: usize) -> Version {
    let mut numbers = numbers(version);
    let is_release = version.semver().pre.is_empty();
    if is_release || numbers[grows + 1..].iter().any(|number| *number != 0) {
        numbers[grows] = numbers[grows].saturating_add(1);
    }
    numbers[grows + 1..].fill(0);
    Version::new(numbers[0], numbers[1], numbers[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(texts: &[&str]) -> Vec<Taken> {
        let read = |text: &&str| {
            let (version, status) = text.split_once(' ').unwrap_or((text, "published"));
            Taken { version: version.parse().expect("a version"), status: status.parse().ok() }
        };
        texts.iter().map(read).collect()
    }

    fn next(base: &str, strategy: Strategy, known: &[&str]) -> (String, Lifecycle) {
        let choice = choose(Base::parse(base).expect("a base"), strategy, &taken(known));
        (choice.next.to_string(), choice.status)
    }

    #[test]
    fn the_first_version_is_the_base_version() {
        use Strategy::{Fixed, MajorIncrease, MinorIncrease, PatchIncrease, Snapshot};
        for strategy in [MajorIncrease, MinorIncrease, PatchIncrease, Fixed] {
            assert_eq!(next("1.2.0", strategy, &[]), ("1.2.0".to_owned(), Lifecycle::Published));
        }
        assert_eq!(next("1.2.0", Snapshot, &[]).1, Lifecycle::Development);
        assert_eq!(next("x.x.x", PatchIncrease, &[]).0, "1.0.0");
        assert_eq!(next("^v2", PatchIncrease, &[]).0, "2.0.0");
    }

    #[test]
    fn each_strategy_counts_on_from_the_latest_that_the_base_covers() {
        let known = ["1.0.0", "1.0.1", "1.4.2", "2.0.0"];
        assert_eq!(next("1.0.0", Strategy::PatchIncrease, &known).0, "1.0.2");
        assert_eq!(next("1.x.x", Strategy::PatchIncrease, &known).0, "1.4.3");
        assert_eq!(next("1.0.0", Strategy::MinorIncrease, &known).0, "1.5.0");
        assert_eq!(next("1.0.0", Strategy::MajorIncrease, &known).0, "3.0.0");
        assert_eq!(next("1.7.0", Strategy::MinorIncrease, &known).0, "1.7.0", "not below the base");
    }

    #[test]
    fn a_burnt_number_is_stepped_over_and_never_compared_with() {
        let known = taken(&["1.0.0", "1.0.1 deleted"]);
        let choice = choose(Base::parse("1.0.0").expect("a base"), Strategy::PatchIncrease, &known);
        assert_eq!(
            (choice.next.to_string(), choice.current.map(|v| v.to_string())),
            ("1.0.2".into(), Some("1.0.0".into()))
        );
    }

    #[test]
    fn what_is_in_development_stays_in_development_until_it_is_fixed() {
        let known = ["1.0.0 development"];
        assert_eq!(next("1.0.0", Strategy::PatchIncrease, &known), ("1.0.1".to_owned(), Lifecycle::Development));
        let fixed = choose(Base::parse("1.0.0").expect("a base"), Strategy::Fixed, &taken(&known));
        assert_eq!((fixed.current, fixed.status), (None, Lifecycle::Published));
    }

    #[test]
    fn what_is_no_version_is_no_base() {
        for text in ["", "one", "1.2.3.4", "1..2", "-1.0.0"] {
            assert_eq!(Base::parse(text), None, "{text}");
        }
    }
}
