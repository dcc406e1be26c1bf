//! External instances of an API (EXCHANGE.md §5.3).

use http::Method;
use serde::{Deserialize, Serialize};

use super::{
    Exchange,
    api::{Segment, absent, asset_path},
    tolerant::{maybe_plain, nullable, plain},
};
use crate::net::{Body, Call, CallError, Repeat};

/// An instance of an API. The body of the asset does not always list them, so [`Exchange::instances`] is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Instance {
    /// The id: a UUID, a number for managed ones, `mocking-service` for the mocking service.
    #[serde(deserialize_with = "plain")]
    pub id: String,
    /// `external`, `managed` or `mocked`.
    #[serde(rename = "type")]
    pub instance_type: Option<String>,
    /// The name; unique within the version group.
    pub name: Option<String>,
    /// The address.
    pub endpoint_uri: Option<String>,
    /// Whether everybody sees it.
    #[serde(deserialize_with = "nullable")]
    pub is_public: bool,
    /// The version group; managed ones may tell it under another name, or not at all.
    pub product_api_version: Option<String>,
    /// The environment of a managed one.
    #[serde(deserialize_with = "maybe_plain")]
    pub environment_id: Option<String>,
    /// The provider of its client applications.
    #[serde(deserialize_with = "maybe_plain")]
    pub provider_id: Option<String>,
    /// When it was made.
    pub created_date: Option<String>,
    /// When it was last changed.
    pub updated_date: Option<String>,
}

impl Instance {
    /// Whether it is one that can be made, changed and deleted here.
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.instance_type.as_deref() == Some("external")
    }
}

/// Which external instances: those of one version group of an API.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InstanceGroup {
    group_id: String,
    asset_id: String,
    version_group: String,
    is_evented: bool,
}

/// There is no version group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an instance needs a version group: Exchange would take it and lose it")]
pub struct NoVersionGroup;

impl InstanceGroup {
    /// Names a version group. AsyncAPIs (`evented-api`) have calls of their own for their instances.
    ///
    /// # Errors
    /// Where the version group is empty: Exchange answers 201, and shows the instance nowhere.
    pub fn new(
        group_id: impl Into<String>,
        asset_id: impl Into<String>,
        version_group: impl Into<String>,
        is_evented: bool,
    ) -> Result<Self, NoVersionGroup> {
        let version_group = version_group.into();
        if version_group.trim().is_empty() {
            return Err(NoVersionGroup);
        }
        Ok(Self { group_id: group_id.into(), asset_id: asset_id.into(), version_group, is_evented })
    }

    fn path(&self, rest: &[Segment<'_>]) -> Result<String, CallError> {
        let mut segments: Vec<Segment<'_>> = vec![&"versionGroups", &self.version_group, &"instances"];
        segments.extend(rest);
        asset_path(&self.group_id, &self.asset_id, &segments)
    }

    /// Making and changing differs for AsyncAPIs; reading and deleting does not.
    fn writing_path(&self, id: Option<&str>) -> Result<String, CallError> {
        let mut rest: Vec<Segment<'_>> =
            if self.is_evented { vec![&"evented-apis", &"external"] } else { vec![&"external"] };
        if let Some(id) = &id {
            rest.push(id);
        }
        self.path(&rest)
    }
}

/// What is said of an external instance; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InstanceChange {
    /// The name, at most 150 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address, at most 2048 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_uri: Option<String>,
    /// Whether everybody sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_public: Option<bool>,
}

/// An external instance to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewInstance {
    /// The name, at most 150 characters; unique within the version group.
    pub name: String,
    /// The address, at most 2048 characters.
    pub endpoint_uri: String,
    /// Whether everybody sees it.
    #[serde(default)]
    pub is_public: bool,
}

impl Exchange {
    /// All instances of a version group: external, managed and mocked ones; `None` where there is no such group.
    ///
    /// From the specification: `GET v2:…/versionGroups/{vg}/instances`, a bare array without pages. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn instances(&self, group: &InstanceGroup) -> Result<Option<Vec<Instance>>, CallError> {
        self.find(Call::get(group.path(&[])?)).await
    }

    /// Makes an external instance.
    ///
    /// From the Publish guide and the specification: `POST v2:…/instances/external`, for AsyncAPIs
    /// `…/instances/evented-apis/external`; 201. It is repeated only where the server cannot have acted; what else fails
    /// is found again, or not, in [`instances`](Self::instances), by its name.
    ///
    /// # Errors
    /// [`CallError`]; 409 where the name is taken: list them, and use that one.
    pub async fn create_instance(&self, group: &InstanceGroup, new: &NewInstance) -> Result<Instance, CallError> {
        let body = serde_json::to_value(new).expect("is an object of texts");
        let call = Call::new(Method::POST, group.writing_path(None)?).body(Body::Json(body));
        self.client().call(call).await?.json()
    }

    /// Changes an external instance; `false` where there is none with that id.
    ///
    /// From the specification: `PATCH …/external/{id}`, 204 or 404. The same change twice leaves the same, so the call
    /// may be repeated.
    ///
    /// # Errors
    /// [`CallError`]; 409 where the name is taken: list them, and use that one.
    pub async fn update_instance(
        &self,
        group: &InstanceGroup,
        id: &str,
        change: &InstanceChange,
    ) -> Result<bool, CallError> {
        let body = serde_json::to_value(change).expect("is an object of texts");
        let call = Call::new(Method::PATCH, group.writing_path(Some(id))?);
        let outcome = self.client().call(call.repeat(Repeat::Safe).body(Body::Json(body))).await;
        Ok(absent(outcome)?.is_some())
    }

    /// Deletes an external instance; `false` where there was none with that id.
    ///
    /// From the specification: `DELETE v2:…/instances/external/{id}`, 204 or 404, for AsyncAPIs too: it names no other.
    /// May be repeated. Instances do not go with their versions, and keep the last version of a group from going.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn delete_instance(&self, group: &InstanceGroup, id: &str) -> Result<bool, CallError> {
        self.remove(group.path(&[&"external", &id])?).await
    }

    /// Deletes all external instances of a version group; `false` where there was no such group.
    ///
    /// From the specification: `DELETE v2:…/instances/external`, 204. May be repeated.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn delete_instances(&self, group: &InstanceGroup) -> Result<bool, CallError> {
        self.remove(group.path(&[&"external"])?).await
    }
}
