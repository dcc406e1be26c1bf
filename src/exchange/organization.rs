//! What belongs to the organization: settings, limits, blocked version numbers, the next free one (EXCHANGE.md §3.6,
//! §3.8, §3.10).

use futures::Stream;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Exchange, Page, PublishedAsset,
    api::{Segment, absent, path, path_v1},
    listing::paged,
};
use crate::{
    asset::Version,
    net::{Call, CallError},
};

/// Which number of a version goes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionOrder {
    /// The third.
    Patch,
    /// The second.
    Minor,
    /// The first.
    Major,
}

impl VersionOrder {
    /// The API's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "PATCH",
            Self::Minor => "MINOR",
            Self::Major => "MAJOR",
        }
    }
}

/// A switch of the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrganizationSwitch {
    /// `deletionSettings.hardDeletionEnabled`: whether a version number can be freed at all.
    HardDeletion,
    /// `assetRoleAssignmentSettings.assignRoleToConnectedApps`: whether each publication adds roles to the owner of the
    /// connected app, who may have no more than 700.
    AssignRoles,
}

impl OrganizationSwitch {
    fn group(self) -> &'static str {
        match self {
            Self::HardDeletion => "deletionSettings",
            Self::AssignRoles => "assetRoleAssignmentSettings",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::HardDeletion => "hardDeletionEnabled",
            Self::AssignRoles => "assignRoleToConnectedApps",
        }
    }

    /// Finds the switch in what the server tells: a list of groups, or the groups of one object. The specification nests
    /// one group into the other, and makes it the switch itself.
    fn read(self, settings: &Value) -> Option<bool> {
        let of = |object: &Value| -> Option<bool> {
            let groups = [object.get(self.group()), object.get("deletionSettings").and_then(|g| g.get(self.group()))];
            groups.into_iter().flatten().find_map(|group| group.as_bool().or_else(|| group.get(self.name())?.as_bool()))
        };
        match settings {
            Value::Array(list) => list.iter().find_map(of),
            other => of(other),
        }
    }
}

/// How many versions the root organization may have, and how many it has; each as far as the server tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// The most versions: 100,000, or 500 on a trial.
    pub limit: Option<u64>,
    /// The versions that count: deleted and generated ones do not.
    pub count: Option<u64>,
    /// All that the server told: the body is not documented.
    pub told: Value,
}

impl Limits {
    fn of(told: Value) -> Self {
        let number = |names: &[&str]| names.iter().find_map(|name| told.get(name).and_then(Value::as_u64));
        Self { limit: number(&["limit", "max", "total"]), count: number(&["count", "current", "used"]), told }
    }

    /// How many more versions fit.
    #[must_use]
    pub fn room(&self) -> Option<u64> {
        Some(self.limit?.saturating_sub(self.count?))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NextVersion {
    next_available_version: Version,
}

impl Exchange {
    /// How a switch of the organization stands; `None` where the server does not tell.
    ///
    /// From the guide and the specification: `GET v2:/organizations/{org}/settings`. The settings are those of the root
    /// organization. A read.
    ///
    /// # Errors
    /// [`CallError`]; 400 from a server that does not know the setting.
    pub async fn setting(&self, switch: OrganizationSwitch) -> Result<Option<bool>, CallError> {
        let organization = self.organization();
        let call = Call::get(path(&[&"organizations", &organization, &"settings"])?).query("settings", switch.group());
        Ok(switch.read(&self.client().call(call).await?.json()?))
    }

    /// How much room the organization has left; `None` where the server has no such call.
    ///
    /// From the documentation of limits: `GET v1:/organizations/{rootOrg}/limits`, whose body no source shows
    /// (EXCHANGE.md §11 U11). Nothing may depend on it. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn limits(&self) -> Result<Option<Limits>, CallError> {
        let organization = self.organization();
        let call = Call::get(path_v1(&[&"organizations", &organization, &"limits"])?);
        Ok(absent(self.client().call(call).await)?.map(|reply| Limits::of(reply.json().unwrap_or_default())))
    }

    /// One page of the versions whose numbers are blocked because they were deleted softly, from an offset on.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn soft_deleted_page(&self, offset: usize) -> Result<Page<PublishedAsset>, CallError> {
        let organization = self.organization();
        self.page(Call::get(path(&[&"organizations", &organization, &"softDeleted"])?), offset).await
    }

    /// The versions whose numbers are blocked because they were deleted softly.
    pub fn soft_deleted(&self) -> impl Stream<Item = Result<PublishedAsset, CallError>> + Send + '_ {
        paged(move |offset| self.soft_deleted_page(offset))
    }

    /// The next version that is free, soft-deleted ones and snapshots counted.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn next_available_version(
        &self,
        group_id: &str,
        asset_id: &str,
        order: VersionOrder,
    ) -> Result<Version, CallError> {
        let organization = self.publisher(group_id);
        let segments: [Segment<'_>; 7] =
            [&"organizations", &organization, &"groups", &group_id, &"assets", &asset_id, &"nextAvailableVersion"];
        let call = Call::get(path(&segments)?).query("versionOrder", order.as_str());
        Ok(self.client().call(call).await?.json::<NextVersion>()?.next_available_version)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_switch_is_found_wherever_a_source_puts_it() {
        let (hard, roles) = (OrganizationSwitch::HardDeletion, OrganizationSwitch::AssignRoles);
        let guide = json!([{"deletionSettings": {"hardDeletionEnabled": false}},
            {"assetRoleAssignmentSettings": {"assignRoleToConnectedApps": true}}]);
        assert_eq!((hard.read(&guide), roles.read(&guide)), (Some(false), Some(true)));
        let specification =
            json!([{"deletionSettings": {"hardDeletionEnabled": true, "assetRoleAssignmentSettings": false}}]);
        assert_eq!((hard.read(&specification), roles.read(&specification)), (Some(true), Some(false)));
        assert_eq!(hard.read(&json!({"deletionSettings": {"hardDeletionEnabled": true}})), Some(true));
        assert_eq!((hard.read(&json!([])), roles.read(&json!("?"))), (None, None));
    }

    #[test]
    fn limits_are_told_as_far_as_they_are_understood() {
        assert_eq!(Limits::of(json!({"limit": 500, "count": 499})).room(), Some(1));
        assert_eq!(Limits::of(json!({"limit": 500, "count": 600})).room(), Some(0));
        assert_eq!(Limits::of(json!({"assets": 7})).room(), None);
    }
}
