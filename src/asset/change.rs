//! A change of what describes an asset that exists: what a describe job is made of.

use std::fmt;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::{Coordinates, Description, Version};

/// What is to be true of an asset that exists already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetChange {
    /// The group.
    pub group_id: String,
    /// The asset.
    pub asset_id: String,
    /// The version; `None` is the latest one, whichever that is when its turn comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// What is to be true of it.
    pub description: Description,
    /// The manifest that says so.
    pub path: Utf8PathBuf,
    /// The line of the manifest, counted from 1.
    pub line: u64,
    /// A digest over path, size and modification time of every file that it names.
    pub stamp: String,
}

impl AssetChange {
    /// The coordinates, with `latest` for a version that is not named.
    #[must_use]
    pub fn gav(&self) -> String {
        self.to_string()
    }

    /// The coordinates, where the version is named.
    #[must_use]
    pub fn coordinates(&self) -> Option<Coordinates> {
        self.version.clone().map(|version| self.at(version))
    }

    /// The coordinates of one of its versions.
    #[must_use]
    pub fn at(&self, version: Version) -> Coordinates {
        Coordinates { group_id: self.group_id.clone(), asset_id: self.asset_id.clone(), version }
    }
}

impl fmt::Display for AssetChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/", self.group_id, self.asset_id)?;
        match &self.version {
            Some(version) => write!(f, "{version}"),
            None => f.write_str("latest"),
        }
    }
}
