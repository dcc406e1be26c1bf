//! One asset version as the list of an organization tells it, to be read.

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::{AssetType, Coordinates};

/// An asset version to be read from an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedVersion {
    /// Its name on the source.
    pub coordinates: Coordinates,
    /// What it is.
    #[serde(rename = "type")]
    pub asset_type: AssetType,
    /// The folder that it is brought to.
    pub path: Utf8PathBuf,
    /// Whether it brings what belongs to the asset as a whole: the oldest version that is read.
    pub leads: bool,
    /// The version as the portal that shows it names it; `None`: it is read from an organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_as: Option<String>,
    /// A digest of what the list tells of changes: while it stays the same, nothing has to be read again.
    pub stamp: String,
}
