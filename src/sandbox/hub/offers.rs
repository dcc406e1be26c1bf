//! What a portal offers: the assets that it shows, and the instances, tiers and grant types that access is asked for.

use serde_json::{Value, json};

use crate::asset::{AssetType, Lifecycle};

use super::{
    super::{
        instances::{Instance, Tier, TierLimit, instances_of},
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

/// The tier of an instance with an id, where it can be asked for.
pub(super) fn tier<'a>(instance: &'a Instance, id: &str) -> Option<&'a Tier> {
    instance.tiers.iter().find(|tier| tier.id.to_string() == id && is_active(tier))
}

fn is_active(tier: &Tier) -> bool {
    tier.status == "ACTIVE"
}

/// An SLA tier as this API shows it.
pub(super) fn show_tier(tier: &Tier) -> Value {
    let mut shown = json!({
        "id": tier.id.to_string(),
        "name": tier.name,
        "status": tier.status,
        "active": is_active(tier),
        "autoApprove": tier.auto_approve,
        "limits": tier.limits.iter().map(show_limit).collect::<Vec<_>>(),
    });
    if let Some(description) = &tier.description {
        shown["description"] = description.as_str().into();
    }
    shown
}

/// A limit of a tier. Both periods are in milliseconds, as in the official example.
fn show_limit(limit: &TierLimit) -> Value {
    const UNITS: [(u64, &str); 5] =
        [(86_400_000, "Day"), (3_600_000, "Hour"), (60_000, "Minute"), (1000, "Second"), (1, "Millisecond")];
    let period = limit.time_period_in_milliseconds;
    let unit = UNITS.iter().find(|(length, _)| period.is_multiple_of(*length)).map_or("Millisecond", |(_, name)| name);
    json!({
        "maximumRequests": limit.maximum_requests.to_string(),
        "timePeriodInMilliseconds": period,
        "timePeriod": period,
        "timeUnit": unit,
        "visible": limit.visible,
    })
}

/// The client provider of an instance. External ones have none of their own and take that of the portal.
pub(super) fn provider_of(portal: &Portal, instance: &Instance) -> String {
    instance.provider_id.clone().unwrap_or_else(|| portal.provider())
}

/// A client provider, as an application shows it.
pub(super) fn provider(id: &str) -> Value {
    json!({ "name": "Default", "providerId": id, "type": "openid_connect" })
}

/// The grant types of the client provider.
pub(super) fn grant_types() -> Value {
    let show = |(name, label): (&str, &str)| json!({ "name": name, "label": label, "required": false, "depends": [], "exclude": [] });
    json!({
        "grantTypes": GRANT_TYPES.map(show),
        "type": { "name": "openid_connect", "description": "OpenID Connect Provider" },
    })
}

/// The instances that a visitor may see: those that are public, and all for members of the organization. The mocking
/// service is not among them, since there is no access to ask for.
fn instances(tables: &Tables, visit: &Visit, shown: &Shown) -> Result<Vec<Instance>, StoreError> {
    let record = &shown.record;
    let all = instances_of(tables, (&record.group_id, &record.asset_id, &shown.version.version_group()))?;
    let is_insider = visit.caller.is_insider(record);
    Ok(all.into_iter().filter(|instance| instance.is_public || is_insider).collect())
}

/// An instance that a visitor may see.
pub(super) fn instance(
    tables: &Tables,
    visit: &Visit,
    shown: &Shown,
    id: &str,
) -> Result<Option<Instance>, StoreError> {
    Ok(instances(tables, visit, shown)?.into_iter().find(|instance| instance.id == id))
}

/// The instance of a contract, where it is still there.
pub(super) fn instance_of(tables: &Tables, contract: &Contract) -> Result<Option<Instance>, StoreError> {
    Instance::find(tables, (&contract.group_id, &contract.asset_id, &contract.version_group), &contract.instance)
}

/// The instances that a visitor may see, as the details of an asset show them.
pub(super) fn show_instances(tables: &Tables, visit: &Visit, shown: &Shown) -> Result<Vec<Value>, StoreError> {
    let asset = (shown.record.group_id.as_str(), shown.record.asset_id.as_str(), shown.major());
    let show = |instance: &Instance| {
        let mut object = json!({
            "id": instance.id,
            "name": instance.name,
            "endpointUri": instance.endpoint_uri,
            "isPublic": instance.is_public,
            "type": instance.kind,
            "minorVersion": minor_name(shown.major()),
            "contractsCount": Contract::count(tables, asset, &instance.id)?,
            "providerId": provider_of(&visit.portal, instance),
        });
        if let Some(environment) = &instance.environment {
            object["environmentId"] = environment.id.as_str().into();
            object["environmentName"] = environment.name.as_str().into();
        }
        Ok(object)
    };
    instances(tables, visit, shown)?.iter().map(show).collect()
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
