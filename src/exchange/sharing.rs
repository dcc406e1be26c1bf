//! Who sees an asset: public version groups, and the identities that it is shared with (EXCHANGE.md §5.4).

use http::{HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Exchange,
    api::{asset_path, path},
    tolerant::nullable,
};
use crate::net::{Body, Call, CallError};

/// A version group of an asset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VersionGroup {
    /// Its name: the `apiVersion` of an API.
    pub version_group: String,
    /// The major version that it stands for.
    pub major: Option<u64>,
    /// Whether it is in the public portal.
    #[serde(deserialize_with = "nullable")]
    pub is_public: bool,
}

/// Somebody whom an asset is or can be shared with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Identity {
    /// The id.
    pub id: String,
    /// `user`, `organization`, `externalOrganization` or `team`.
    pub identity_type: String,
    /// The role on the asset: `viewer`, `contributor` or `admin`.
    pub role: Option<String>,
    /// The name of an organization or team.
    pub name: Option<String>,
    /// The name that a user signs in with.
    pub username: Option<String>,
    /// The mail address of a user.
    pub email: Option<String>,
}

/// A role of an identity, to be given or taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The identity.
    pub identity_id: String,
    /// Its kind, as in [`Identity::identity_type`].
    pub identity_type: String,
    /// The organization of the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// `viewer`, `contributor` or `admin`.
    pub role: String,
}

/// Lists of identities come bare by their examples, although their schema is an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum Identities {
    Bare(Vec<Identity>),
    Wrapped {
        #[serde(alias = "data", alias = "items")]
        identities: Vec<Identity>,
    },
}

impl From<Identities> for Vec<Identity> {
    fn from(identities: Identities) -> Self {
        match identities {
            Identities::Bare(list) | Identities::Wrapped { identities: list } => list,
        }
    }
}

impl Exchange {
    /// The version groups of an asset, and which are public; `None` where there is no such asset.
    ///
    /// From the specification: `GET v2:/assets/{g}/{a}/versionGroups`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn version_groups(&self, group_id: &str, asset_id: &str) -> Result<Option<Vec<VersionGroup>>, CallError> {
        self.find(Call::get(asset_path(group_id, asset_id, &[&"versionGroups"])?)).await
    }

    /// Makes version groups public, and **all others private**: always send the whole list.
    ///
    /// From the guide: `PUT v2:/assets/{g}/{a}/public`, 204. The whole set is sent, so the call may be repeated.
    ///
    /// # Errors
    /// [`CallError`]; 403 for whoever is no administrator of the asset.
    pub async fn put_public<T: AsRef<str>>(
        &self,
        group_id: &str,
        asset_id: &str,
        version_groups: &[T],
    ) -> Result<(), CallError> {
        let body: Vec<Value> = version_groups.iter().map(|group| json!({ "versionGroup": group.as_ref() })).collect();
        self.replace(asset_path(group_id, asset_id, &[&"public"])?, body.into()).await.map(drop)
    }

    /// Whom an asset is shared with; `None` where there is no such asset.
    ///
    /// From the specification: `GET v2:/assets/{g}/{a}/identities`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn identities(&self, group_id: &str, asset_id: &str) -> Result<Option<Vec<Identity>>, CallError> {
        let call = Call::get(asset_path(group_id, asset_id, &[&"identities"])?);
        Ok(self.find::<Identities>(call).await?.map(Into::into))
    }

    /// Gives roles on an asset and takes others away, without mail to those concerned where `is_quiet`.
    ///
    /// From the specification: `PUT v2:/assets/{g}/{a}/identities`, 204. It names what changes, not what shall be, and
    /// people may get mail for it: it is repeated only where the server cannot have acted.
    ///
    /// # Errors
    /// [`CallError`]; 403 for whoever is no administrator of the asset.
    pub async fn put_identities(
        &self,
        (group_id, asset_id): (&str, &str),
        added: &[Grant],
        deleted: &[Grant],
        is_quiet: bool,
    ) -> Result<(), CallError> {
        let body = json!({ "added": added, "deleted": deleted });
        let mut call = Call::new(Method::PUT, asset_path(group_id, asset_id, &[&"identities"])?).body(Body::Json(body));
        if is_quiet {
            call = call.header(HeaderName::from_static("x-skip-notifications"), HeaderValue::from_static("true"));
        }
        self.client().call(call).await.map(drop)
    }

    /// With whom assets of the organization can be shared, by a part of the name.
    ///
    /// From the specification: `GET v2:/organizations/{org}/identities?search=`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn find_identities(&self, search: &str) -> Result<Vec<Identity>, CallError> {
        let organization = self.organization();
        let call = Call::get(path(&[&"organizations", &organization, &"identities"])?).query("search", search);
        Ok(self.client().call(call).await?.json::<Identities>()?.into())
    }
}
