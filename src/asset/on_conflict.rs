//! What to do about other content under the same coordinates.

use serde::{Deserialize, Serialize};

/// What to do when the target holds other content under the same coordinates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnConflict {
    /// The item fails.
    #[default]
    Fail,
    /// The item is skipped.
    Skip,
    /// The next free patch version is published.
    BumpPatch,
    /// The next free minor version is published.
    BumpMinor,
    /// The next free major version is published.
    BumpMajor,
}

impl OnConflict {
    /// Whether the next free version is published.
    #[must_use]
    pub fn bumps(self) -> bool {
        matches!(self, Self::BumpPatch | Self::BumpMinor | Self::BumpMajor)
    }

    /// The name of the policy, as a job file spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::BumpPatch => "bump-patch",
            Self::BumpMinor => "bump-minor",
            Self::BumpMajor => "bump-major",
        }
    }
}
