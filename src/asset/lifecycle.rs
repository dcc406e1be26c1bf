//! The lifecycle of an asset version (EXCHANGE.md §3.9).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The state of a version. The user interface calls `published` "stable".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifecycle {
    /// May be published over, and is hidden from consumers.
    Development,
    /// Immutable.
    Published,
    /// Immutable, and discouraged.
    Deprecated,
}

impl Lifecycle {
    /// The API's name of the state.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Published => "published",
            Self::Deprecated => "deprecated",
        }
    }
}

impl fmt::Display for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Lifecycle {
    type Err = String;

    /// Case counts: the server refuses `Published` (EXCHANGE.md §3.1).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "development" => Ok(Self::Development),
            "published" => Ok(Self::Published),
            "deprecated" => Ok(Self::Deprecated),
            other => Err(format!("`{other}` is not a lifecycle state: development, published or deprecated")),
        }
    }
}
