//! `group/asset/version`: the name of one asset version.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Version, VersionError};

/// Exchange refuses longer coordinates: group, asset and version together, in characters (EXCHANGE.md §3.8).
const MAX_LENGTH: usize = 215;

/// The coordinates (GAV) of one asset version. Displayed as `group/asset/version`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinates {
    /// The group id: an organization's or business group's id, or a Maven-like name.
    pub group_id: String,
    /// The asset id.
    pub asset_id: String,
    /// The version.
    pub version: Version,
}

/// Why a text or a triple is not the name of an asset version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoordinatesError {
    /// Not three parts.
    #[error("`{0}` is not group/asset/version")]
    Shape(String),
    /// A part with characters that Exchange's clients do not accept.
    #[error("{part} `{value}` may only hold letters, digits, `.`, `_` and `-`, and may not be empty")]
    Characters {
        /// `groupId` or `assetId`.
        part: &'static str,
        /// What was given.
        value: String,
    },
    /// The version is none.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// All parts together are too long.
    #[error("group, asset and version together are {length} characters long, Exchange takes {MAX_LENGTH}")]
    Length {
        /// The length in characters.
        length: usize,
    },
}

impl Coordinates {
    /// Names an asset version, after checking every part.
    ///
    /// # Errors
    /// When a part is empty or holds characters outside `[A-Za-z0-9._-]`, or all together are too long.
    pub fn new(
        group_id: impl Into<String>,
        asset_id: impl Into<String>,
        version: Version,
    ) -> Result<Self, CoordinatesError> {
        let coordinates = Self { group_id: group_id.into(), asset_id: asset_id.into(), version };
        check("groupId", &coordinates.group_id)?;
        check("assetId", &coordinates.asset_id)?;
        let length = coordinates.group_id.len() + coordinates.asset_id.len() + coordinates.version.to_string().len();
        if length > MAX_LENGTH {
            return Err(CoordinatesError::Length { length });
        }
        Ok(coordinates)
    }

    /// Reads the form of the `dependencies` field: `group:asset:version`.
    ///
    /// # Errors
    /// As [`Coordinates::new`], and when there are not three parts.
    pub fn parse_colons(text: &str) -> Result<Self, CoordinatesError> {
        Self::split(text, ':')
    }

    /// Writes the form of the `dependencies` field: `group:asset:version`.
    #[must_use]
    pub fn to_colons(&self) -> String {
        format!("{}:{}:{}", self.group_id, self.asset_id, self.version)
    }

    /// Makes an asset id out of a title: lower-case ASCII letters and digits joined by dashes.
    ///
    /// Follows `^[a-z0-9][a-z0-9.\-_]*$`, the narrowest pattern a known client demands; `None` when nothing is left
    /// (a title without a Latin letter or a digit).
    #[must_use]
    pub fn asset_id_from_title(title: &str) -> Option<String> {
        let mut id = String::with_capacity(title.len());
        for c in title.chars() {
            if c.is_ascii_alphanumeric() {
                id.push(c.to_ascii_lowercase());
            } else if matches!(c, '.' | '_') && !id.is_empty() {
                id.push(c);
            } else if !id.is_empty() && !id.ends_with('-') {
                id.push('-');
            }
        }
        id.truncate(120);
        let id = id.trim_end_matches(['-', '.', '_']);
        (!id.is_empty()).then(|| id.to_owned())
    }

    fn split(text: &str, separator: char) -> Result<Self, CoordinatesError> {
        let mut parts = text.split(separator);
        let (Some(group), Some(asset), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(CoordinatesError::Shape(text.to_owned()));
        };
        Self::new(group.trim(), asset.trim(), version.trim().parse()?)
    }
}

fn check(part: &'static str, value: &str) -> Result<(), CoordinatesError> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    // `.` and `..` would name another path of the API.
    if value.is_empty() || !value.bytes().all(legal) || value.bytes().all(|b| b == b'.') {
        return Err(CoordinatesError::Characters { part, value: value.to_owned() });
    }
    Ok(())
}

impl FromStr for Coordinates {
    type Err = CoordinatesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::split(text, '/')
    }
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.group_id, self.asset_id, self.version)
    }
}

impl Serialize for Coordinates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Coordinates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_read_back() {
        let gav: Coordinates = "g-1/a_b.c/v1.2.3".parse().expect("parses");
        assert_eq!(gav.to_string(), "g-1/a_b.c/1.2.3");
        assert_eq!(Coordinates::parse_colons(" g-1:a_b.c : 1.2.3").expect("parses"), gav);
        assert_eq!(gav.to_colons(), "g-1:a_b.c:1.2.3");
    }

    #[test]
    fn paths_cannot_be_smuggled_in() {
        for text in ["g/../1.0.0", "g/a b/1.0.0", "g/a%2e/1.0.0", "/a/1.0.0", "g/a/1.0.0/x", "g/a"] {
            assert!(text.parse::<Coordinates>().is_err(), "{text}");
        }
    }

    #[test]
    fn titles_become_ids() {
        for (title, id) in [
            ("Orders API", Some("orders-api")),
            ("  Shopper Login & API AuthN Service - SLAS ", Some("shopper-login-api-authn-service-slas")),
            ("poc_nisc_v4", Some("poc_nisc_v4")),
            ("日本語", None),
            ("API (v1.0)", Some("api-v1.0")),
        ] {
            assert_eq!(Coordinates::asset_id_from_title(title).as_deref(), id, "{title}");
        }
    }
}
