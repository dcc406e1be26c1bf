//! The records that make up the state.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::asset::{AssetType, Coordinates, FileKey, Lifecycle};

pub(in super::super) use super::super::describe::TagValue;
use super::super::{
    caller::{Caller, Role},
    portal::Docs,
    problem::Problem,
};
use super::blobs::StoredBlob;

/// Values of categories or custom fields, by the id of their configuration.
pub(in super::super) type TagValues = BTreeMap<String, TagValue>;

/// What all versions of an asset share (EXCHANGE.md §3.12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct AssetRecord {
    pub(in super::super) group_id: String,
    pub(in super::super) asset_id: String,
    pub(in super::super) organization: String,
    pub(in super::super) name: String,
    pub(in super::super) description: String,
    pub(in super::super) contact_name: Option<String>,
    pub(in super::super) contact_email: Option<String>,
    pub(in super::super) asset_type: AssetType,
    pub(in super::super) icon: Option<FileRecord>,
    pub(in super::super) created: i64,
    pub(in super::super) updated: i64,
    /// The user who made it, and may do everything with it.
    #[serde(default)]
    pub(in super::super) owner: Option<String>,
    /// With whom it is shared.
    #[serde(default)]
    pub(in super::super) shared: Vec<Share>,
    /// The version groups that everybody may see.
    #[serde(default)]
    pub(in super::super) public_groups: BTreeSet<String>,
    /// What the versions of one minor version share, by minor version; under the quirk `tags-by-version-group` those of
    /// one version group, by [`VersionRecord::group_scope`].
    #[serde(default)]
    pub(in super::super) minors: BTreeMap<String, Box<MinorRecord>>,
}

impl AssetRecord {
    /// An asset as its first version makes it.
    pub(super) fn new(gav: &Coordinates, organization: &str, at: i64, first: &Payload) -> Self {
        Self {
            group_id: gav.group_id.clone(),
            asset_id: gav.asset_id.clone(),
            organization: organization.to_owned(),
            name: first.name.clone(),
            description: first.description.clone(),
            contact_name: None,
            contact_email: None,
            asset_type: first.asset_type.clone(),
            icon: first.icon.clone(),
            created: at,
            updated: at,
            owner: first.owner.clone(),
            shared: Vec::new(),
            public_groups: BTreeSet::new(),
            minors: BTreeMap::new(),
        }
    }

    /// What the versions of a minor version share, or those of a version group.
    pub(in super::super) fn minor(&self, scope: &str) -> Option<&MinorRecord> {
        self.minors.get(scope).map(Box::as_ref)
    }
}

/// What somebody else may do with an asset (EXCHANGE.md §5.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Share {
    pub(in super::super) identity_id: String,
    /// `user`, `organization`, `externalOrganization` or `team`.
    pub(in super::super) identity_type: String,
    #[serde(default)]
    pub(in super::super) organization_id: Option<String>,
    pub(in super::super) role: Role,
    /// When it was shared.
    #[serde(default)]
    pub(in super::super) created: i64,
}

impl Share {
    /// Whether it is with somebody, or with an organization of theirs.
    pub(in super::super) fn is_with(&self, caller: &Caller) -> bool {
        self.identity_id == caller.user_id() || self.identity_id == caller.principal.organization
    }
}

/// What the versions of one minor version share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct MinorRecord {
    #[serde(default)]
    pub(in super::super) tags: Vec<String>,
    #[serde(default)]
    pub(in super::super) categories: TagValues,
    #[serde(default)]
    pub(in super::super) fields: TagValues,
}

/// One version of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct VersionRecord {
    pub(in super::super) gav: Coordinates,
    pub(in super::super) status: Lifecycle,
    pub(in super::super) api_version: Option<String>,
    /// Attributes by key, without `api-version`, which follows from `api_version`.
    #[serde(default)]
    pub(in super::super) attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub(in super::super) dependencies: Vec<Coordinates>,
    #[serde(default)]
    pub(in super::super) files: Vec<FileRecord>,
    pub(in super::super) asset_link: Option<String>,
    /// `raml`, `oas`, `wsdl`, …
    pub(in super::super) original_format: Option<String>,
    pub(in super::super) original_format_version: Option<String>,
    pub(in super::super) created: i64,
    pub(in super::super) updated: i64,
    pub(in super::super) created_by: String,
}

impl VersionRecord {
    /// `v1` for APIs, `1.0.0` for the others (EXCHANGE.md §2.4).
    pub(in super::super) fn version_group(&self) -> String {
        self.api_version.clone().unwrap_or_else(|| format!("{}.0.0", self.gav.version.major()))
    }

    /// The version group as a scope, which cannot be taken for a minor version.
    pub(in super::super) fn group_scope(&self) -> String {
        format!("group/{}", self.version_group())
    }
}

/// One file of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct FileRecord {
    pub(in super::super) key: FileKey,
    pub(in super::super) blob: StoredBlob,
    pub(in super::super) main_file: Option<String>,
    pub(in super::super) generated: bool,
    pub(in super::super) created: i64,
}

/// What a publication that has not taken effect yet says of its asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Claim {
    pub(in super::super) gav: Coordinates,
    pub(in super::super) organization: String,
    pub(in super::super) asset_type: AssetType,
    pub(in super::super) api_version: Option<String>,
}

/// A version number that a soft delete has burnt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Tombstone {
    pub(in super::super) gav: Coordinates,
    pub(in super::super) organization: String,
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum RunKind {
    /// A publication.
    Publication,
    /// A change of mutable data.
    MutableData,
}

/// One accepted publication, or change of mutable data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct RunRecord {
    pub(in super::super) id: Uuid,
    pub(in super::super) kind: RunKind,
    pub(in super::super) organization: String,
    pub(in super::super) gav: Coordinates,
    pub(in super::super) asset_type: AssetType,
    pub(in super::super) accepted: i64,
    /// When it ends.
    pub(in super::super) due: i64,
    pub(in super::super) outcome: Outcome,
    /// Whether its end has been put into effect.
    pub(in super::super) settled: bool,
}

/// How a run ends. It is decided when the run is accepted, and shown and put into effect when it is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum Outcome {
    /// It completes; the payload is gone once it has been put into effect.
    Completed(Option<Box<Payload>>),
    /// It fails in a step.
    Failed {
        /// The description of the step.
        step: String,
        /// Why.
        problem: Problem,
    },
}

/// What a run that completes changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Payload {
    /// The version; `None` where only the metadata changes.
    pub(in super::super) version: Option<VersionRecord>,
    /// Who becomes the administrator of a new asset.
    #[serde(default)]
    pub(in super::super) owner: Option<String>,
    pub(in super::super) asset_type: AssetType,
    pub(in super::super) name: String,
    pub(in super::super) description: String,
    pub(in super::super) contact_name: Option<String>,
    pub(in super::super) contact_email: Option<String>,
    pub(in super::super) icon: Option<FileRecord>,
    /// The docs archive.
    pub(in super::super) docs: Option<FileRecord>,
    /// Which versions share the tags, categories and fields.
    pub(in super::super) scope: String,
    /// What the docs archive holds.
    #[serde(default)]
    pub(in super::super) portal: Option<Docs>,
    /// `None` leaves the tags as they are.
    pub(in super::super) tags: Option<Vec<String>>,
    pub(in super::super) categories: TagsChange,
    pub(in super::super) fields: TagsChange,
}

/// A change of categories or fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct TagsChange {
    /// Whether keys that are not named go.
    pub(in super::super) replace_all: bool,
    pub(in super::super) values: TagValues,
}

impl TagsChange {
    pub(in super::super) fn is_change(&self) -> bool {
        self.replace_all || !self.values.is_empty()
    }

    pub(in super::super) fn apply(&self, to: &mut TagValues) {
        if self.replace_all {
            to.clear();
        }
        for (key, values) in &self.values {
            to.insert(key.clone(), values.clone());
        }
    }
}
