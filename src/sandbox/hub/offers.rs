//! What a portal offers: the assets that it shows, and the instances, tiers and grant types that access is asked for.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::asset::{AssetType, Lifecycle};

use super::{
    super::{
        caller::Role,
        store::{Asset, AssetRecord, StoreError, Tables, VersionRecord},
    },
    portals::{Portal, Visit},
    records::Contract,
    refusal::Refusal,
};

/// The types of asset that a portal can show.
pub(super) const TYPES: [AssetType; 4] =
    [AssetType::RestApi, AssetType::HttpApi, AssetType::SoapApi, AssetType::EventedApi];

/// The grant types of the one client provider, with their labels.
pub(super) const GRANT_TYPES: [(&str, &str); 2] =
    [("client_credentials", "Client Credentials"), ("authorization_code", "Authorization Code")];

/// The name that a major version has in this API, whose "minor versions" are `v1`, `v2` and so on.
pub(super) fn minor_name(major: u64) -> String {
    format!("v{major}")
}

/// Reads the minor version of a path: `v1`, `1`, and as well `1.0`, which the description speaks of. The answer is the
/// major version, and the minor one where it is named.
pub(super) fn minor_version(text: &str) -> Result<(u64, Option<u64>), Refusal> {
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u64>().ok().filter(|_| is_number)
    };
    let bare = text.strip_prefix('v').unwrap_or(text);
    let read = match bare.split_once('.') {
        None => number(bare).map(|major| (major, None)),
        Some((major, minor)) => number(major).zip(number(minor)).map(|(major, minor)| (major, Some(minor))),
    };
    read.ok_or_else(|| Refusal::bad_request("minorVersion: must match \"^v?\\d+(\\.\\d+)?$\""))
}

/// Whether a portal shows a version: it is a release out of development, and everybody may see its version group.
fn is_shown(record: &AssetRecord, version: &VersionRecord) -> bool {
    version.status != Lifecycle::Development
        && version.gav.version.semver().pre.is_empty()
        && record.public_groups.contains(&version.version_group())
}

/// The minor versions of an asset that a portal shows, the newest first.
pub(super) fn minors(tables: &Tables, record: &AssetRecord) -> Result<Vec<String>, StoreError> {
    Ok(tables.asset(&record.group_id, &record.asset_id)?.as_ref().map(minors_of).unwrap_or_default())
}

fn minors_of(asset: &Asset) -> Vec<String> {
    let shown = asset.versions.iter().filter(|version| is_shown(&asset.record, version));
    let mut minors: Vec<String> = shown.map(|version| minor_name(version.gav.version.major())).collect();
    minors.dedup();
    minors
}

/// A version of an asset as a portal shows it.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) record: AssetRecord,
    /// The newest version of the minor version that is asked for.
    pub(super) version: VersionRecord,
    /// All minor versions of the asset that can be asked for.
    pub(super) minors: Vec<String>,
}

impl Shown {
    /// The asset that a path names by `group`, `asset` and `minor`.
    pub(super) fn find(tables: &Tables, visit: &Visit) -> Result<Self, Refusal> {
        let (major, minor) = minor_version(visit.part("minor"))?;
        let no_asset = || Refusal::not_found("There is no such API in this portal");
        let mut asset = tables.asset(visit.part("group"), visit.part("asset"))?.ok_or_else(no_asset)?;
        let record = &asset.record;
        let is_here = visit.caller.directory.is_within(&record.organization, &visit.portal.root);
        if !is_here || !TYPES.contains(&record.asset_type) {
            return Err(no_asset());
        }
        let minors = minors_of(&asset);
        let is_asked = |version: &VersionRecord| {
            let number = version.gav.version.semver();
            is_shown(record, version) && number.major == major && minor.is_none_or(|minor| number.minor == minor)
        };
        let is_stable = |version: &VersionRecord| version.status == Lifecycle::Published;
        let newest = asset.versions.iter().position(|version| is_asked(version) && is_stable(version));
        let newest = newest.or_else(|| asset.versions.iter().position(is_asked)).ok_or_else(no_asset)?;
        let version = asset.versions.swap_remove(newest);
        Ok(Self { record: asset.record, version, minors })
    }

    pub(super) fn major(&self) -> u64 {
        self.version.gav.version.major()
    }
}

/// How many requests of a time an SLA tier allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Limit {
    pub(super) requests: u64,
    /// In milliseconds.
    pub(super) period: u64,
    pub(super) visible: bool,
}

/// An SLA tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tier {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) status: String,
    pub(super) auto_approve: bool,
    pub(super) limits: Vec<Limit>,
}

impl Tier {
    pub(super) fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }

    pub(super) fn show(&self) -> Value {
        let limit = |limit: &Limit| {
            json!({
                "maximumRequests": limit.requests.to_string(),
                "timePeriodInMilliseconds": limit.period,
                "timePeriod": limit.period,
                "timeUnit": "Minute",
                "visible": limit.visible,
            })
        };
        let mut shown = json!({
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "active": self.is_active(),
            "autoApprove": self.auto_approve,
            "limits": self.limits.iter().map(limit).collect::<Vec<_>>(),
        });
        if let Some(description) = &self.description {
            shown["description"] = description.as_str().into();
        }
        shown
    }
}

/// The client provider of a portal, as an application shows it.
pub(super) fn provider(portal: &Portal) -> Value {
    json!({ "name": "Default", "providerId": portal.provider(), "type": "openid_connect" })
}

/// The grant types of the client provider.
pub(super) fn grant_types() -> Value {
    let show = |(name, label): (&str, &str)| json!({ "name": name, "label": label, "required": false, "depends": [], "exclude": [] });
    json!({
        "grantTypes": GRANT_TYPES.map(show),
        "type": { "name": "openid_connect", "description": "OpenID Connect Provider" },
    })
}

/// An instance of an API, as access is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Offer {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) endpoint: Option<String>,
    /// The id and the name of the environment where it runs; external ones run in none.
    pub(super) environment: Option<(String, String)>,
    pub(super) is_public: bool,
    /// `external`, `managed` or `mocked`.
    pub(super) kind: String,
    pub(super) tiers: Vec<Tier>,
}

impl super::super::store::Kept for Offer {
    const KIND: &'static str = "instance";
}

impl Offer {
    /// The most instances of a version group that are read.
    const MOST: usize = 1000;

    /// All instances of a version group.
    fn all(tables: &Tables, group: &str, asset: &str, version_group: &str) -> Result<Vec<Self>, StoreError> {
        tables.shelf(&format!("{group}/{asset}/{version_group}"), Self::MOST, 0)
    }

    /// The instances that a visitor may see: those that are public, and all for members of the organization.
    fn visible(tables: &Tables, visit: &Visit, shown: &Shown) -> Result<Vec<Self>, StoreError> {
        let record = &shown.record;
        let is_member = visit.caller.role_in(&record.organization) >= Some(Role::Viewer);
        let all = Self::all(tables, &record.group_id, &record.asset_id, &shown.version.version_group())?;
        Ok(all.into_iter().filter(|offer| offer.is_public || is_member).collect())
    }

    /// An instance that a visitor may see.
    pub(super) fn find(tables: &Tables, visit: &Visit, shown: &Shown, id: &str) -> Result<Option<Self>, StoreError> {
        Ok(Self::visible(tables, visit, shown)?.into_iter().find(|offer| offer.id == id))
    }

    /// The instance of a contract, where it is still there.
    pub(super) fn of_contract(tables: &Tables, contract: &Contract) -> Result<Option<Self>, StoreError> {
        let all = Self::all(tables, &contract.group_id, &contract.asset_id, &contract.version_group)?;
        Ok(all.into_iter().find(|offer| offer.id == contract.instance))
    }
}

/// The instances that a visitor may see, as the details of an asset show them.
pub(super) fn show_all(tables: &Tables, visit: &Visit, shown: &Shown) -> Result<Vec<Value>, StoreError> {
    let asset = (shown.record.group_id.as_str(), shown.record.asset_id.as_str(), shown.major());
    let show = |offer: Offer| {
        let mut instance = json!({
            "id": offer.id,
            "name": offer.name,
            "isPublic": offer.is_public,
            "type": offer.kind,
            "minorVersion": minor_name(shown.major()),
            "contractsCount": Contract::count(tables, asset, &offer.id)?,
            "providerId": visit.portal.provider(),
        });
        if let Some(endpoint) = offer.endpoint {
            instance["endpointUri"] = endpoint.into();
        }
        if let Some((id, name)) = offer.environment {
            instance["environmentId"] = id.into();
            instance["environmentName"] = name.into();
        }
        Ok(instance)
    };
    Offer::visible(tables, visit, shown)?.into_iter().map(show).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_versions_are_read_with_and_without_their_letter() {
        let read = |text: &str| minor_version(text).ok();
        assert_eq!((read("v1"), read("2")), (Some((1, None)), Some((2, None))));
        assert_eq!((read("1.0"), read("v10.3")), (Some((1, Some(0))), Some((10, Some(3)))));
        for text in ["", "v", "vv1", "1.", ".1", "1.0.0", "+1", "latest", "99999999999999999999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
