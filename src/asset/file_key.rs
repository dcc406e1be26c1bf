//! `files.<classifier>.<packaging>`: the name of a file part of the publish call (EXCHANGE.md §2.2).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a file of an asset is (`raml`, `oas`, `mule-application`, …) and how it is packed (`zip`, `jar`, …).
///
/// Displayed as the multipart name, `files.<classifier>.<packaging>`, or `files.<packaging>` without a classifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKey {
    /// The classifier; a plain `jar` or `pom` has none.
    pub classifier: Option<String>,
    /// The packaging: the extension of the file in Exchange.
    pub packaging: String,
}

/// Why a text is not the name of a file part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not files.<classifier>.<packaging>")]
pub struct FileKeyError(String);

impl FileKey {
    /// A file with a classifier.
    #[must_use]
    pub fn new(classifier: &str, packaging: &str) -> Self {
        Self { classifier: Some(classifier.to_owned()), packaging: packaging.to_owned() }
    }

    /// A file without a classifier.
    #[must_use]
    pub fn bare(packaging: &str) -> Self {
        Self { classifier: None, packaging: packaging.to_owned() }
    }

    /// The classifier, or nothing.
    #[must_use]
    pub fn classifier(&self) -> &str {
        self.classifier.as_deref().unwrap_or_default()
    }
}

fn is_legal(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

impl FromStr for FileKey {
    type Err = FileKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("files.").ok_or_else(|| FileKeyError(text.to_owned()))?;
        // The documentation writes the POM part both ways.
        if rest == "pom.xml" {
            return Ok(Self::bare("pom"));
        }
        let mut parts = rest.split('.');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(packaging), None, None) if is_legal(packaging) => Ok(Self::bare(packaging)),
            (Some(classifier), Some(packaging), None) if is_legal(classifier) && is_legal(packaging) => {
                Ok(Self::new(classifier, packaging))
            }
            _ => Err(FileKeyError(text.to_owned())),
        }
    }
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.classifier {
            Some(classifier) => write!(f, "files.{classifier}.{}", self.packaging),
            None => write!(f, "files.{}", self.packaging),
        }
    }
}

impl Serialize for FileKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for text in ["files.raml.zip", "files.jar", "files.mule-application.jar", "files.policy-definition.yaml"] {
            assert_eq!(text.parse::<FileKey>().expect("parses").to_string(), text);
        }
        assert_eq!("files.pom.xml".parse::<FileKey>().expect("parses").to_string(), "files.pom");
    }

    #[test]
    fn other_names_are_refused() {
        for text in ["raml.zip", "files.", "files.a.b.c", "files.a/b.zip", "files..zip"] {
            assert!(text.parse::<FileKey>().is_err(), "{text}");
        }
    }
}
