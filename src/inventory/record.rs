//! Everything that is read of one asset version: the content of `asset.json`.
//!
//! No link that expires, no token and no word about the reading stands in it, so that the same version read twice gives
//! the same record.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use crate::{
    asset::{AssetType, Coordinates, ExternalInstance, FileKey, Lifecycle},
    exchange::FieldValue,
};

/// One asset version with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its name on the server that it was read from.
    pub coordinates: Coordinates,
    /// The organization that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// What it is.
    #[serde(rename = "type")]
    pub asset_type: AssetType,
    /// The name.
    pub name: String,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    /// Where to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// The lifecycle state; `None` where the server tells none that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Lifecycle>,
    /// Whether its version group is in the public portal.
    #[serde(default)]
    pub is_public: bool,
    /// The group of versions that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_group: Option<String>,
    /// The `apiVersion` of an API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// The main file of its archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_file: Option<String>,
    /// Where it points to, for those without a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_link: Option<String>,
    /// When it was made, in the server's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// When it was last changed, in the server's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
    /// Who made it. Nobody can be made the maker of a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// The tags, in the order in which they were told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The keywords.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// What else the server found out (`platform`, `min-mule-version`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// The values of categories by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub categories: BTreeMap<String, Vec<String>>,
    /// The values of custom fields by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, FieldValue>,
    /// What it depends on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Coordinates>,
    /// Assets of their own that the server made of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub generated: Vec<Coordinates>,
    /// The files, the generated ones among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileRecord>,
    /// The icon, which all versions of the asset share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<FileRecord>,
    /// The published pages, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<PageRecord>,
    /// The terms; APIs only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<PageRecord>,
    /// The images of the pages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ResourceRecord>,
    /// The external instances of its version group, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<ExternalInstance>,
    /// The managed and mocked instances of its version group: they are told, and cannot be made elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_instances: Vec<OtherInstance>,
    /// Whom the asset is shared with; read for one version of each asset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<IdentityRecord>,
    /// What could not be read, or is not in the directory as it is on the server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// A file of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileRecord {
    /// Its name in the publish call, as the server has it.
    pub key: FileKey,
    /// The name to publish it under, where that differs: only a copy with all modules was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish_as: Option<FileKey>,
    /// Where it lies, beside the record. `None`: it is none of those that are carried, or could not be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Utf8PathBuf>,
    /// The main file of an archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_file: Option<String>,
    /// Whether the server made it.
    #[serde(default)]
    pub is_generated: bool,
    /// Its length in bytes, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The SHA-256 of its content, in hex; the server's, or that of what came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The SHA-1 that the server tells, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha1: Option<String>,
    /// The MD5 that the server tells, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
}

/// A page, or the terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageRecord {
    /// Its name: `home` for the home page, `terms` for the terms.
    pub name: String,
    /// Its path on the server.
    pub path: String,
    /// Where the text lies, beside the record.
    pub file: Utf8PathBuf,
    /// The SHA-256 of the text as it lies there, in hex.
    pub sha256: String,
}

/// An image of the pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceRecord {
    /// How pages name it on the server: `resources/dog-<uuid>.png`.
    pub path: String,
    /// Where it lies, beside the record: `docs/resources/dog-<uuid>.png`.
    pub file: Utf8PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its content, in hex.
    pub sha256: String,
}

/// An instance that cannot be made elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OtherInstance {
    /// The id.
    pub id: String,
    /// `managed`, `mocked`, or what else the server says.
    pub kind: String,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_uri: Option<String>,
}

/// Somebody whom the asset is shared with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityRecord {
    /// `user`, `organization`, `externalOrganization` or `team`.
    pub kind: String,
    /// The id.
    pub id: String,
    /// The name, where the server tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The role: `viewer`, `contributor` or `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// Something that is not as it was on the server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// What it is about: `page FAQ`, `file oas.zip`, `identities`.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Note {
    /// Notes something.
    #[must_use]
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into() }
    }
}

impl FileRecord {
    /// The name to publish it under.
    #[must_use]
    pub fn published_key(&self) -> &FileKey {
        self.publish_as.as_ref().unwrap_or(&self.key)
    }

    /// Whether both are surely the same content: a checksum that both know agrees.
    #[must_use]
    pub fn is_same_content(&self, other: &Self) -> bool {
        let pairs = [(&self.sha256, &other.sha256), (&self.sha1, &other.sha1), (&self.md5, &other.md5)];
        let known = pairs.into_iter().find_map(|(one, other)| Some((one.as_ref()?, other.as_ref()?)));
        known.is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
    }
}

impl Record {
    /// The files that are carried: those that somebody uploaded.
    pub fn carried(&self) -> impl Iterator<Item = &FileRecord> {
        self.files.iter().filter(|file| file.file.is_some())
    }

    /// The total length of all that lies beside the record, in bytes, as far as it is known.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let files = self.carried().chain(&self.icon).filter_map(|file| file.size);
        files.chain(self.resources.iter().map(|resource| resource.size)).sum()
    }
}
