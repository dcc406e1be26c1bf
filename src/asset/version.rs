//! Versions of assets, and the rule that maps what people write to what Exchange accepts.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version of an asset: three numbers and an optional prerelease.
///
/// Exchange accepts a leading `v`, stores the version without it, and does not support build metadata.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(semver::Version);

/// Why a text is not a version that Exchange accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version: {reason}")]
pub struct VersionError {
    text: String,
    reason: String,
}

/// A version derived from free text, with the rule that was applied when the text was not a version already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedVersion {
    /// The version to publish.
    pub version: Version,
    /// What was done to the text, for people; `None` when nothing had to be done.
    pub rule: Option<String>,
}

impl Version {
    /// Builds a version from its three numbers.
    #[must_use]
    pub fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self(semver::Version::new(major, minor, patch))
    }

    /// The first number.
    #[must_use]
    pub fn major(&self) -> u64 {
        self.0.major
    }

    /// `major.minor`, the level that owns tags, categories, fields and pages.
    #[must_use]
    pub fn minor_version(&self) -> String {
        format!("{}.{}", self.0.major, self.0.minor)
    }

    /// Whether the version ends in `-SNAPSHOT`.
    #[must_use]
    pub fn is_snapshot(&self) -> bool {
        self.0.pre.ends_with("SNAPSHOT")
    }

    /// The version as the `semver` crate sees it.
    #[must_use]
    pub fn semver(&self) -> &semver::Version {
        &self.0
    }

    /// Text whose bytewise order is the order of versions, for an index that knows nothing of semver.
    ///
    /// A release sorts after its prereleases; numeric prerelease identifiers sort before alphanumeric ones.
    #[must_use]
    pub fn sort_key(&self) -> String {
        let mut key = format!("{:020}.{:020}.{:020}", self.0.major, self.0.minor, self.0.patch);
        if self.0.pre.is_empty() {
            key.push('~');
            return key;
        }
        for identifier in self.0.pre.split('.') {
            match identifier.parse::<u64>() {
                Ok(number) => key.push_str(&format!("!0{number:020}")),
                Err(_) => key.push_str(&format!("!1{identifier}")),
            }
        }
        key
    }

    /// Maps free text, as found in specifications and manifests, to a version.
    ///
    /// The stated rule, in order: surrounding blanks and quotes and a leading `v` are dropped; build metadata (`+…`)
    /// is dropped; missing numbers become 0; leading zeros are dropped (`2021-01-05` is 2021.1.5); what follows the
    /// third number becomes the prerelease. Text without a leading number maps to nothing, and the caller falls
    /// back to its default.
    #[must_use]
    pub fn map(text: &str) -> Option<MappedVersion> {
        let trimmed = text.trim().trim_matches(|c| c == '"' || c == '\'').trim();
        if let Ok(version) = trimmed.parse::<Self>() {
            return Some(MappedVersion { version, rule: None });
        }
        let bare = trimmed.strip_prefix(['v', 'V']).unwrap_or(trimmed);
        let bare = bare.split('+').next().unwrap_or(bare);
        let (numbers, rest) = leading_numbers(bare);
        let major = *numbers.first()?;
        let mut version =
            semver::Version::new(major, numbers.get(1).copied().unwrap_or(0), numbers.get(2).copied().unwrap_or(0));
        version.pre = prerelease(rest);
        let rule = format!("`{trimmed}` is not a semantic version; mapped to {version}");
        Some(MappedVersion { version: Self(version), rule: Some(rule) })
    }
}

/// Reads up to three numbers separated by `.`, `-` or `_`, and what is left behind them.
///
/// A dash counts as a separator only between numbers of a date (`2021-01-05`), never before a prerelease (`1.0-2`).
fn leading_numbers(text: &str) -> (Vec<u64>, &str) {
    let mut numbers = Vec::with_capacity(3);
    let mut rest = text;
    let mut separator = None;
    while numbers.len() < 3 {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let Ok(number) = rest[..end].parse::<u64>() else { break };
        numbers.push(number);
        let tail = &rest[end..];
        let next = tail.chars().next();
        let continues = tail.get(1..).is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit()));
        let is_separator = match next {
            Some('.') => separator.is_none_or(|s| s == '.'),
            Some(c @ ('-' | '_')) => separator.map_or(end == 4, |s| s == c),
            _ => false,
        };
        if numbers.len() == 3 || !continues || !is_separator {
            return (numbers, tail);
        }
        separator = next;
        rest = &tail[1..];
    }
    (numbers, rest)
}

/// Turns what follows the numbers into a prerelease: every run of other characters becomes one dash.
fn prerelease(rest: &str) -> semver::Prerelease {
    let mut text = String::with_capacity(rest.len());
    for c in rest.chars() {
        if c.is_ascii_alphanumeric() || c == '.' {
            text.push(c);
        } else if !text.ends_with('-') {
            text.push('-');
        }
    }
    let identifiers: Vec<&str> = text
        .split('.')
        .map(|part| part.trim_matches('-'))
        .map(|part| if part.bytes().all(|b| b.is_ascii_digit()) { trim_zeros(part) } else { part })
        .filter(|part| !part.is_empty())
        .collect();
    semver::Prerelease::new(&identifiers.join(".")).unwrap_or(semver::Prerelease::EMPTY)
}

fn trim_zeros(digits: &str) -> &str {
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() && !digits.is_empty() { "0" } else { trimmed }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |reason: String| VersionError { text: text.to_owned(), reason };
        let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let version = semver::Version::parse(bare).map_err(|e| error(e.to_string()))?;
        if !version.build.is_empty() {
            return Err(error("Exchange does not support build metadata".to_owned()));
        }
        Ok(Self(version))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(text: &str) -> String {
        Version::map(text).map_or_else(|| "-".to_owned(), |m| m.version.to_string())
    }

    #[test]
    fn text_maps_by_the_stated_rule() {
        for (text, expected) in [
            ("1.2.3", "1.2.3"),
            (" v1.2.3 ", "1.2.3"),
            ("\"2.0.0\"", "2.0.0"),
            ("1.0", "1.0.0"),
            ("v1", "1.0.0"),
            ("1", "1.0.0"),
            ("2021-01-05", "2021.1.5"),
            ("2021.01.05", "2021.1.5"),
            ("2020-10-31-preview", "2020.10.31-preview"),
            ("20190115", "20190115.0.0"),
            ("1.2.3.4", "1.2.3-4"),
            ("1.2.3.04", "1.2.3-4"),
            ("1.0-2", "1.0.0-2"),
            ("1.0-beta", "1.0.0-beta"),
            ("v3-rc 1", "3.0.0-rc-1"),
            ("1.0.0+build7", "1.0.0"),
            ("1.0.0 (draft)", "1.0.0-draft"),
            ("latest", "-"),
            ("", "-"),
        ] {
            assert_eq!(mapped(text), expected, "{text}");
        }
    }

    #[test]
    fn a_version_that_is_one_already_is_not_touched() {
        let mapped = Version::map("1.2.0-master-b185").expect("maps");
        assert_eq!((mapped.version.to_string().as_str(), mapped.rule), ("1.2.0-master-b185", None));
    }

    #[test]
    fn sort_keys_order_as_versions_do() {
        let ordered =
            ["0.9.0", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0", "1.0.1", "1.10.0"];
        let keys: Vec<String> = ordered.iter().map(|v| v.parse::<Version>().expect("parses").sort_key()).collect();
        assert!(keys.is_sorted(), "{keys:#?}");
    }

    #[test]
    fn build_metadata_is_refused() {
        assert!("1.0.0+7".parse::<Version>().is_err());
    }
}
