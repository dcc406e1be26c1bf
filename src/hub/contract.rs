//! Tiers, grant types and contracts, as the API writes them (EXCHANGE.md §7).

use std::{convert::Infallible, fmt, str::FromStr};

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::tolerant::{id, maybe_id, maybe_number, nullable, plain, secret, texts};

/// A tier: how much an application may use an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tier {
    /// The id: a text here, and a number where it is asked for.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// The name.
    #[serde(default, deserialize_with = "plain")]
    pub name: String,
    /// The status, such as `ACTIVE`.
    #[serde(default, deserialize_with = "plain")]
    pub status: String,
    /// What it is.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it can be asked for: the same as the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Whether nobody needs to approve it.
    #[serde(default, deserialize_with = "nullable")]
    pub auto_approve: bool,
    /// How much.
    #[serde(default, deserialize_with = "nullable")]
    pub limits: Vec<TierLimit>,
}

impl Tier {
    /// Whether it can be asked for.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active.unwrap_or_else(|| self.status.is_empty() || self.status.eq_ignore_ascii_case("ACTIVE"))
    }
}

/// One limit of a tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TierLimit {
    /// How many requests.
    #[serde(default, deserialize_with = "plain")]
    pub maximum_requests: String,
    /// In how much time. The description counts in the unit; its example, in milliseconds.
    #[serde(default, deserialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub time_period: Option<i64>,
    /// The unit, such as `Minute`.
    #[serde(default, deserialize_with = "plain")]
    pub time_unit: String,
    /// In how many milliseconds.
    #[serde(default, deserialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub time_period_in_milliseconds: Option<i64>,
    /// Whether it is to be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<bool>,
}

/// Where a contract stands. The words are not documented; one that is not known is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContractStatus {
    /// Somebody must approve it.
    Pending,
    /// In force.
    Approved,
    /// Turned down.
    Rejected,
    /// Ended.
    Revoked,
    /// Something else.
    Other(String),
}

impl ContractStatus {
    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "PENDING",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Revoked => "REVOKED",
            Self::Other(word) => word,
        }
    }
}

impl FromStr for ContractStatus {
    type Err = Infallible;

    fn from_str(word: &str) -> Result<Self, Infallible> {
        let known = [Self::Pending, Self::Approved, Self::Rejected, Self::Revoked];
        let found = known.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(word));
        Ok(found.unwrap_or_else(|| Self::Other(word.to_owned())))
    }
}

impl fmt::Display for ContractStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ContractStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ContractStatus {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Ok(status) = plain(deserializer)?.parse();
        Ok(status)
    }
}

/// Access that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContractRequest {
    /// The application.
    pub application_id: String,
    /// The instance.
    pub instance_id: String,
    /// Whether the terms and conditions are accepted. No server is known to take `false`.
    pub accepted_terms: bool,
    /// The tier, where the instance has tiers. It is documented as a number, and sent as one wherever it is.
    #[serde(serialize_with = "number_if_it_is_one")]
    pub tier_id: Option<String>,
}

#[expect(clippy::ref_option, reason = "the shape of serialize_with")]
fn number_if_it_is_one<S: Serializer>(id: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let id = id.as_deref().map(|id| id.parse::<i64>().map_or_else(|_| Value::from(id), Value::from));
    id.serialize(serializer)
}

/// A contract that was made. Serialization leaves the secret out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedContract {
    /// The id.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// Where it stands.
    pub status: ContractStatus,
    /// The id that the application signs in with.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The secret that the application signs in with.
    #[serde(default, deserialize_with = "secret", skip_serializing)]
    pub client_secret: Option<SecretString>,
    /// The tier that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_tier: Option<Tier>,
}

/// A contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contract {
    /// The id.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// The application.
    #[serde(deserialize_with = "id")]
    pub application_id: String,
    /// The instance.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// Where it stands.
    pub status: ContractStatus,
    /// The tier that was asked for last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_tier: Option<Tier>,
}

/// A contract in the list of an application's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppContract {
    /// The id; elsewhere it is called `id`.
    #[serde(deserialize_with = "id")]
    pub contract_id: String,
    /// The group of the asset.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// The asset.
    #[serde(deserialize_with = "id")]
    pub asset_id: String,
    /// The version of the asset.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub minor_version: Option<String>,
    /// The name of the asset.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub asset_name: Option<String>,
    /// The instance.
    #[serde(deserialize_with = "id")]
    pub instance_id: String,
    /// The name of the instance.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub instance_name: Option<String>,
    /// The id of its environment.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub environment_id: Option<String>,
    /// Its environment.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub environment_name: Option<String>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ContractStatus>,
    /// The tier that holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// The tier that was asked for last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_tier: Option<Tier>,
}

/// The grant types of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantTypes {
    /// What the provider is.
    #[serde(rename = "type")]
    pub provider_type: ProviderType,
    /// The grant types.
    #[serde(deserialize_with = "nullable")]
    pub grant_types: Vec<GrantType>,
}

/// What a provider is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderType {
    /// Its name, such as `openid_connect`.
    #[serde(default, deserialize_with = "plain")]
    pub name: String,
    /// What it is.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A grant type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantType {
    /// The name, such as `client_credentials`.
    #[serde(default, deserialize_with = "plain")]
    pub name: String,
    /// What people call it.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether it cannot be left out.
    #[serde(default, deserialize_with = "nullable")]
    pub required: bool,
    /// Those that it needs.
    #[serde(default, deserialize_with = "texts")]
    pub depends: Vec<String>,
    /// Those that it does not go with.
    #[serde(default, deserialize_with = "texts")]
    pub exclude: Vec<String>,
}
