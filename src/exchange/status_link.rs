//! The link under which Exchange tells how far a publication is.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use crate::net::{CallError, Origin};

/// Where to ask for a publication: path and query, without the origin.
///
/// The server gives an absolute address. Its origin is checked once, when it is read, and then left out: so the link
/// can be kept in a journal, cannot lead the token elsewhere, and holds when the server has moved to another port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatusLink(String);

/// Why a text is not a status link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a path of the server")]
pub struct StatusLinkError(String);

impl StatusLink {
    /// Reads the link that a server gave: an address of this origin, or a path.
    ///
    /// # Errors
    /// [`CallError::ForeignOrigin`] when it leads to another server, [`CallError::BadReply`] when it leads nowhere.
    pub fn parse(text: &str, origin: &Origin) -> Result<Self, CallError> {
        if let Ok(link) = text.parse() {
            return Ok(link);
        }
        let url = Url::parse(text).map_err(|source| CallError::BadReply {
            reason: "the status link is not an address".to_owned(),
            request_id: None,
            source: Some(Box::new(source)),
        })?;
        if !origin.owns(&url) {
            return Err(CallError::ForeignOrigin {
                address: format!("{}{}", url.origin().ascii_serialization(), url.path()),
                origin: origin.to_string(),
            });
        }
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self(format!("{}{query}", url.path())))
    }

    /// Path and query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StatusLink {
    type Err = StatusLinkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_path = text.starts_with('/') && !text.starts_with("//") && !text.contains(['\\', '#']);
        if is_path && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(StatusLinkError(text.chars().filter(|c| !c.is_control()).take(200).collect()))
        }
    }
}

impl fmt::Display for StatusLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for StatusLink {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StatusLink {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_origin_becomes_a_path() {
        let origin: Origin = "http://127.0.0.1:4180".parse().expect("parses");
        let link = StatusLink::parse("http://127.0.0.1:4180/a/status/1?x=y", &origin).expect("is ours");
        assert_eq!(link.as_str(), "/a/status/1?x=y");
        assert_eq!(link.to_string().parse::<StatusLink>().expect("reads back"), link);
        assert_eq!(StatusLink::parse("/a/status/1", &origin).expect("is a path").as_str(), "/a/status/1");
    }

    #[test]
    fn an_address_elsewhere_is_refused() {
        let origin: Origin = "https://a.example".parse().expect("parses");
        for text in ["https://evil.example/s", "http://a.example/s", "//evil.example/s", "https://a.example:8443/s"] {
            assert!(StatusLink::parse(text, &origin).is_err(), "{text}");
        }
        assert!("//evil.example/s".parse::<StatusLink>().is_err());
    }
}
