//! Assets as a portal shows them (EXCHANGE.md §7).

use serde::{Deserialize, Serialize};

use super::{
    PortalAsset,
    tolerant::{id, maybe_id, maybe_number, nullable, plain, texts},
};

/// An asset on a card of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetCard {
    /// The group.
    #[serde(deserialize_with = "id")]
    pub group_id: String,
    /// The asset.
    #[serde(deserialize_with = "id")]
    pub asset_id: String,
    /// The newest version, as paths name it.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub minor_version: Option<String>,
    /// All versions that can be asked for.
    #[serde(default, deserialize_with = "texts")]
    pub minor_versions: Vec<String>,
    /// The full number of the newest version.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub latest_patch_version: Option<String>,
    /// The name.
    #[serde(default, deserialize_with = "plain")]
    pub name: String,
    /// The type, such as `rest-api`.
    #[serde(default, rename = "type", deserialize_with = "plain")]
    pub asset_type: String,
    /// What it is.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The address of its icon, or the icon itself.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Its tags.
    #[serde(default, deserialize_with = "texts")]
    pub tags: Vec<String>,
    /// Its categories, each as `Key:Value`.
    #[serde(default, deserialize_with = "texts")]
    pub categories: Vec<String>,
    /// When it last changed.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub updated_date: Option<String>,
    /// Its version in pieces.
    #[serde(flatten)]
    pub components: VersionComponents,
}

impl AssetCard {
    /// How further calls name it; `None` where the card tells no version.
    #[must_use]
    pub fn address(&self) -> Option<PortalAsset> {
        let version = self.minor_version.as_ref().or_else(|| self.minor_versions.first())?;
        Some(PortalAsset {
            group_id: self.group_id.clone(),
            asset_id: self.asset_id.clone(),
            minor_version: version.clone(),
        })
    }
}

/// A version in pieces, under all the names that the API has for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are all that is known")]
pub struct VersionComponents {
    #[serde(deserialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub major: Option<i64>,
    #[serde(deserialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub minor: Option<i64>,
    /// Really spelled so.
    #[serde(deserialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub mayor_component: Option<i64>,
    #[serde(deserialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub minor_component: Option<i64>,
    #[serde(deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub minor_version_components: Vec<String>,
}

/// Everything that a portal tells of one version of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetDetail {
    /// The group.
    #[serde(deserialize_with = "id")]
    pub group_id: String,
    /// The asset.
    #[serde(deserialize_with = "id")]
    pub asset_id: String,
    /// The version, as paths name it.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub minor_version: Option<String>,
    /// All versions that can be asked for.
    #[serde(default, deserialize_with = "texts")]
    pub minor_versions: Vec<String>,
    /// The full number of the version.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub latest_patch_version: Option<String>,
    /// The version group in Exchange.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub version_group: Option<String>,
    /// The version of the API itself.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// The name.
    #[serde(default, deserialize_with = "plain")]
    pub name: String,
    /// The type, such as `rest-api`.
    #[serde(default, rename = "type", deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub asset_type: Option<String>,
    /// The state, such as `published`.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub life_cycle_state: Option<String>,
    /// What it is.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The organization that owns it.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The address of its icon, or the icon itself.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// When it last changed.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub updated_date: Option<String>,
    /// Its tags.
    #[serde(default, deserialize_with = "texts")]
    pub tags: Vec<String>,
    /// Its tags once more, by their other name.
    #[serde(default, deserialize_with = "texts")]
    pub labels: Vec<String>,
    /// Its categories.
    #[serde(default, deserialize_with = "nullable")]
    pub categories: Vec<DetailCategory>,
    /// Its custom fields.
    #[serde(default, deserialize_with = "nullable")]
    pub custom_fields: Vec<CustomField>,
    /// Its pages.
    #[serde(default, deserialize_with = "nullable")]
    pub pages: Vec<AssetPage>,
    /// Its files, and the resources of its pages.
    #[serde(default, deserialize_with = "nullable")]
    pub files: Vec<AssetFile>,
    /// The instances that access can be asked for.
    #[serde(default, deserialize_with = "nullable")]
    pub instances: Vec<AssetInstance>,
    /// Whom to ask about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<AssetOwner>,
    /// Its version in pieces.
    #[serde(flatten)]
    pub components: VersionComponents,
}

/// A category with its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DetailCategory {
    /// The key.
    #[serde(default, deserialize_with = "plain")]
    pub key: String,
    /// The name.
    #[serde(default, deserialize_with = "plain")]
    pub display_name: String,
    /// The values.
    #[serde(default, deserialize_with = "texts")]
    pub values: Vec<String>,
}

/// A custom field; its type says in which member its value is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomField {
    /// The key.
    #[serde(default, deserialize_with = "plain")]
    pub key: String,
    /// The name.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// `text`, `number`, `date`, `enum`, `text-list` or `number-list`, as far as is known.
    #[serde(default, deserialize_with = "plain")]
    pub data_type: String,
    /// A text.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub text_value: Option<String>,
    /// A number; what is no whole one is told as a text.
    #[serde(default, deserialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub number_value: Option<i64>,
    /// A date.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub date_value: Option<String>,
    /// Chosen values.
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub enum_value: Vec<String>,
    /// Numbers, as texts.
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub numeric_list_value: Vec<String>,
    /// Texts.
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub text_list_value: Vec<String>,
}

impl CustomField {
    /// The value in words, wherever it is.
    #[must_use]
    pub fn words(&self) -> String {
        let one =
            [self.text_value.clone(), self.number_value.map(|number| number.to_string()), self.date_value.clone()];
        let many = [&self.enum_value, &self.numeric_list_value, &self.text_list_value].into_iter().flatten().cloned();
        one.into_iter().flatten().chain(many).collect::<Vec<_>>().join(", ")
    }
}

/// A page of documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetPage {
    /// The name.
    #[serde(default, deserialize_with = "plain")]
    pub name: String,
    /// The path, with or without a slash before it.
    #[serde(default, deserialize_with = "plain")]
    pub path: String,
}

/// A file, or a resource of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetFile {
    /// What it is called.
    #[serde(default, deserialize_with = "plain")]
    pub label: String,
    /// Where it is.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub external_link: Option<String>,
    /// Whether the server has made it.
    #[serde(default, deserialize_with = "nullable")]
    pub is_generated: bool,
}

impl AssetFile {
    /// The id that [`resource`](super::Hub::resource) takes. The description finds it in the link, and calls it a UUID: it
    /// is the last part of the link's path, or the label where there is no link.
    #[must_use]
    pub fn resource_id(&self) -> &str {
        let link = self.external_link.as_deref().unwrap_or_default();
        let path = link.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        path.rsplit('/').next().filter(|id| !id.is_empty()).unwrap_or(&self.label)
    }
}

/// An instance of an API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetInstance {
    /// The id.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// The name.
    #[serde(default, deserialize_with = "plain")]
    pub name: String,
    /// The version that it is an instance of.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub minor_version: Option<String>,
    /// The address.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub endpoint_uri: Option<String>,
    /// The id of its environment.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub environment_id: Option<String>,
    /// Its environment.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub environment_name: Option<String>,
    /// Whether everybody sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_public: Option<bool>,
    /// Its type, such as `managed`.
    #[serde(default, rename = "type", deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// How many contracts with it are in force.
    #[serde(default, deserialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub contracts_count: Option<i64>,
    /// The provider of its client applications.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
}

/// Whom to ask about an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetOwner {
    /// The address.
    #[serde(default, deserialize_with = "plain")]
    pub contact_email: String,
    /// The name.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
}
