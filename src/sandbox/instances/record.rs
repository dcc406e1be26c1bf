//! An instance, and where it is kept.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::asset::AssetType;

use super::super::{
    clock::iso,
    store::{AssetRecord, Kept, StoreError, Tables, VersionRecord},
};

/// The most instances of one version group.
pub(in super::super) const MOST: usize = 1_000;

/// Who looks after an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum InstanceKind {
    /// Whoever entered it in Exchange.
    External,
    /// API Manager.
    Managed,
}

/// A place where a version group of an asset is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Instance {
    /// A UUID, also for a managed one: the Consumer API has no other ids for instances.
    pub(in super::super) id: String,
    pub(in super::super) kind: InstanceKind,
    pub(in super::super) organization_id: String,
    pub(in super::super) group_id: String,
    pub(in super::super) asset_id: String,
    /// Empty for one that was made without a version group and belongs to none.
    pub(in super::super) version_group: String,
    pub(in super::super) name: String,
    pub(in super::super) endpoint_uri: String,
    pub(in super::super) is_public: bool,
    pub(in super::super) created_by: String,
    pub(in super::super) created: i64,
    pub(in super::super) updated: i64,
    /// Where a managed one runs.
    #[serde(default)]
    pub(in super::super) environment: Option<Environment>,
    /// The client provider of a managed one.
    #[serde(default)]
    pub(in super::super) provider_id: Option<String>,
    #[serde(default)]
    pub(in super::super) tiers: Vec<Tier>,
}

/// An environment of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Environment {
    pub(in super::super) id: String,
    pub(in super::super) name: String,
}

/// A service level that a consumer asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Tier {
    pub(in super::super) id: i64,
    pub(in super::super) name: String,
    #[serde(default)]
    pub(in super::super) description: Option<String>,
    /// Whether a contract with it needs nobody's approval.
    pub(in super::super) auto_approve: bool,
    /// `ACTIVE` or `DEPRECATED`.
    pub(in super::super) status: String,
    pub(in super::super) limits: Vec<TierLimit>,
}

/// So many requests in a period of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct TierLimit {
    pub(in super::super) maximum_requests: u64,
    pub(in super::super) time_period_in_milliseconds: u64,
    pub(in super::super) visible: bool,
}

impl Kept for Instance {
    const KIND: &'static str = "instance";
}

/// Where the instances of a version group are kept.
fn place(group: &str, asset: &str, version_group: &str) -> String {
    format!("{group}/{asset}/{version_group}")
}

/// The instances of a version group, external and managed, in the order of their creation.
pub(in super::super) fn instances_of(
    tables: &Tables,
    (group, asset, version_group): (&str, &str, &str),
) -> Result<Vec<Instance>, StoreError> {
    tables.shelf(&place(group, asset, version_group), MOST, 0)
}

/// The oldest instance of a version group, where there is one.
pub(in super::super) fn first_of(
    tables: &Tables,
    (group, asset, version_group): (&str, &str, &str),
) -> Result<Option<Instance>, StoreError> {
    Ok(tables.shelf(&place(group, asset, version_group), 1, 0)?.pop())
}

impl Instance {
    /// One instance of a version group.
    pub(in super::super) fn find(
        tables: &Tables,
        (group, asset, version_group): (&str, &str, &str),
        id: &str,
    ) -> Result<Option<Self>, StoreError> {
        tables.kept(&place(group, asset, version_group), id)
    }

    /// Keeps it, or its change.
    pub(in super::super) fn keep(&self, tables: &mut Tables) -> Result<(), StoreError> {
        tables.keep(&place(&self.group_id, &self.asset_id, &self.version_group), &self.id, self)
    }

    /// Takes it away.
    pub(in super::super) fn discard(&self, tables: &mut Tables) -> Result<(), StoreError> {
        tables.discard::<Self>(&place(&self.group_id, &self.asset_id, &self.version_group), &self.id)?;
        Ok(())
    }

    /// How the calls about instances show it.
    pub(in super::super) fn show(&self) -> Value {
        let mut shown = json!({
            "id": self.id,
            "organizationId": self.organization_id,
            "groupId": self.group_id,
            "assetId": self.asset_id,
            "productApiVersion": self.version_group,
            "versionGroup": self.version_group,
            "environmentId": self.environment.as_ref().map(|environment| &environment.id),
            "providerId": self.provider_id,
            "name": self.name,
            "endpointUri": self.endpoint_uri,
            "isPublic": self.is_public,
            "type": self.kind,
            "createdBy": self.created_by,
            "createdDate": iso(self.created),
            "updatedDate": iso(self.updated),
            "deprecated": false,
        });
        if let Some(environment) = &self.environment {
            shown["environmentName"] = environment.name.as_str().into();
        }
        shown
    }

    /// How the body of an asset shows it.
    pub(in super::super) fn show_in(&self, version: &VersionRecord) -> Value {
        let mut shown = self.show();
        shown["version"] = json!(version.gav.version);
        shown["minorVersion"] = version.gav.version.minor_version().into();
        shown["productAPIVersion"] = self.version_group.as_str().into();
        shown["fullname"] = match &self.environment {
            Some(environment) => format!("{} - {}", environment.name, self.name).into(),
            None => self.name.as_str().into(),
        };
        shown
    }
}

/// The mocking service, which Exchange lists as an instance of every REST API with a specification. Nothing answers at
/// its address in the sandbox.
pub(in super::super) fn mocking_service(asset: &AssetRecord, version: &VersionRecord, origin: &str) -> Option<Value> {
    let has_file = version.files.iter().any(|file| matches!(file.key.classifier(), "raml" | "oas"));
    if asset.asset_type != AssetType::RestApi || !has_file {
        return None;
    }
    let (gav, group) = (&version.gav, version.version_group());
    Some(json!({
        "id": "mocking-service",
        "organizationId": asset.organization,
        "groupId": gav.group_id,
        "assetId": gav.asset_id,
        "version": gav.version,
        "minorVersion": gav.version.minor_version(),
        "productAPIVersion": group,
        "productApiVersion": group,
        "versionGroup": group,
        "environmentId": null,
        "providerId": null,
        "endpointUri": format!("{origin}/mocking/api/v1/sources/exchange/assets/{gav}/m"),
        "name": "Mocking Service",
        "fullname": "Mocking Service",
        "isPublic": true,
        "type": "mocked",
        "deprecated": false,
    }))
}
