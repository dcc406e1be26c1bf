//! What Exchange tells about assets (EXCHANGE.md §6). Everything may be missing, and what is not known is ignored.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    DataType, FieldValue,
    tolerant::{nullable, one_or_many, plain, versions},
};
use crate::asset::{AssetType, Coordinates, FileKey, Lifecycle};

/// A version, as the publish call and the status link name it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PublishedAsset {
    /// The organization.
    pub organization_id: Option<String>,
    /// The group.
    pub group_id: String,
    /// The asset.
    pub asset_id: String,
    /// The version.
    pub version: String,
    /// The name.
    pub name: Option<String>,
    /// The type.
    #[serde(rename = "type")]
    pub asset_type: Option<String>,
}

/// Whom an asset belongs to, or who made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Owner {
    /// The id.
    pub id: Option<String>,
    /// The name of an organization.
    pub name: Option<String>,
    /// The name that a user signs in with.
    pub user_name: Option<String>,
}

/// One asset version with all that belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Asset {
    /// The group.
    pub group_id: String,
    /// The asset.
    pub asset_id: String,
    /// The version.
    pub version: String,
    /// `major.minor`.
    pub minor_version: Option<String>,
    /// The group of versions: the `apiVersion` of an API.
    pub version_group: Option<String>,
    /// The name.
    pub name: String,
    /// The description.
    pub description: Option<String>,
    /// Whom to ask.
    pub contact_name: Option<String>,
    /// Where to ask.
    pub contact_email: Option<String>,
    /// The type.
    #[serde(rename = "type")]
    pub asset_type: String,
    /// The lifecycle state.
    pub status: Option<String>,
    /// The address of the icon.
    pub icon: Option<String>,
    /// The tags.
    #[serde(deserialize_with = "nullable")]
    pub labels: Vec<String>,
    /// The categories.
    #[serde(deserialize_with = "nullable")]
    pub categories: Vec<Category>,
    /// The custom fields.
    #[serde(deserialize_with = "nullable")]
    pub custom_fields: Vec<CustomField>,
    /// Keywords and what the server found out (`api-version`, `platform`).
    #[serde(deserialize_with = "nullable")]
    pub attributes: Vec<Attribute>,
    /// The files, the generated ones among them.
    #[serde(deserialize_with = "nullable")]
    pub files: Vec<AssetFile>,
    /// What it depends on.
    #[serde(deserialize_with = "nullable")]
    pub dependencies: Vec<Dependency>,
    /// The other versions of the asset: the server gives texts or objects, and leaves this one out.
    #[serde(deserialize_with = "versions")]
    pub versions: Vec<String>,
    /// The other versions, under their other name.
    #[serde(deserialize_with = "versions")]
    pub other_versions: Vec<String>,
    /// Where the asset points to, for those without a file.
    pub external_file: Option<Value>,
    /// Whether its version group is in the public portal.
    #[serde(deserialize_with = "nullable")]
    pub is_public: bool,
    /// What we may do with it (`edit`, `admin`); `None` where the server does not tell.
    pub permissions: Option<Vec<String>>,
    /// What the server made of it: further assets with coordinates of their own.
    #[serde(deserialize_with = "nullable")]
    pub generated: Vec<Dependency>,
    /// When it was made.
    pub created_date: Option<String>,
    /// When it was last changed.
    pub updated_date: Option<String>,
    /// The organization that it belongs to.
    pub organization: Option<Owner>,
    /// Who made it.
    pub created_by: Option<Owner>,
}

/// One entry of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AssetSummary {
    /// The organization.
    pub organization_id: Option<String>,
    /// The group.
    pub group_id: String,
    /// The asset.
    pub asset_id: String,
    /// The version; in a list of assets the latest one.
    pub version: String,
    /// The group of versions.
    pub version_group: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The type.
    #[serde(rename = "type")]
    pub asset_type: Option<String>,
    /// The lifecycle state.
    pub status: Option<String>,
    /// Whether its version group is in the public portal.
    #[serde(deserialize_with = "nullable")]
    pub is_public: bool,
    /// When the version was made. Replies may hold `createdDate` beside it, so one is no alias of the other.
    pub created_at: Option<String>,
    /// When the asset was last changed: by a new version, another state, or its data.
    pub modified_at: Option<String>,
}

/// A category of an asset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Category {
    /// The key.
    #[serde(alias = "tagKey")]
    pub key: String,
    /// The name for people.
    pub display_name: Option<String>,
    /// The values.
    #[serde(deserialize_with = "one_or_many")]
    pub value: Vec<String>,
}

/// A custom field of an asset.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CustomField {
    /// The key.
    #[serde(alias = "tagKey")]
    pub key: String,
    /// The type of the value.
    pub data_type: Option<String>,
    /// The name for people.
    pub display_name: Option<String>,
    /// The value, of the type that the organization configured.
    pub value: Value,
    /// The value under the names that some replies use for it (`textValue`, `numberValue`, …).
    #[serde(flatten)]
    pub typed: serde_json::Map<String, Value>,
}

/// An attribute of an asset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attribute {
    /// The key.
    pub key: String,
    /// The value.
    #[serde(deserialize_with = "plain")]
    pub value: String,
}

/// A file of an asset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AssetFile {
    /// The classifier, where it has one.
    pub classifier: Option<String>,
    /// The packaging.
    pub packaging: String,
    /// The address in Exchange, for those who are signed in.
    #[serde(rename = "downloadURL", alias = "downloadUrl")]
    pub download_url: Option<String>,
    /// A link that is its own key, for a short time.
    pub external_link: Option<String>,
    /// The MD5 of the content, in hex.
    pub md5: Option<String>,
    /// The SHA-1 of the content, in hex.
    pub sha1: Option<String>,
    /// The SHA-256 of the content, in hex.
    pub sha256: Option<String>,
    /// The main file of an archive.
    pub main_file: Option<String>,
    /// Whether the server made it.
    #[serde(deserialize_with = "nullable")]
    pub is_generated: bool,
    /// When it was made.
    pub created_date: Option<String>,
}

/// What an asset depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Dependency {
    /// The group.
    pub group_id: String,
    /// The asset.
    pub asset_id: String,
    /// The version.
    pub version: String,
    /// The name, where the server knows it.
    pub name: Option<String>,
    /// The type, where the server knows it.
    #[serde(rename = "type")]
    pub asset_type: Option<String>,
}

impl CustomField {
    /// The value: `value` where it is there, otherwise the member of its type (EXCHANGE.md §4.5). Without a known type it
    /// is of the type that it looks like. `None` where there is no value.
    #[must_use]
    pub fn read(&self) -> Option<FieldValue> {
        let typed = |data_type: DataType| self.typed.get(data_type.member()).filter(|value| !value.is_null());
        let told: Option<DataType> = self.data_type.as_deref().and_then(|name| name.parse().ok());
        let value = Some(&self.value).filter(|value| !value.is_null());
        let of_its_type = told.and_then(|told| FieldValue::from_json(told, value.or_else(|| typed(told))?));
        let of_a_member = || DataType::ALL.into_iter().find_map(|known| FieldValue::from_json(known, typed(known)?));
        of_its_type.or_else(|| FieldValue::guessed(value?)).or_else(of_a_member)
    }
}

impl AssetFile {
    /// The name that the file would have in a publish call.
    #[must_use]
    pub fn key(&self) -> FileKey {
        FileKey { classifier: self.classifier.clone().filter(|c| !c.is_empty()), packaging: self.packaging.clone() }
    }
}

impl Asset {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> AssetType {
        let Ok(kind) = self.asset_type.parse();
        kind
    }

    /// Whether this version may be published over.
    #[must_use]
    pub fn is_development(&self) -> bool {
        self.status.as_deref() == Some(Lifecycle::Development.as_str())
    }

    /// All known versions of the asset, this one first.
    #[must_use]
    pub fn all_versions(&self) -> Vec<&str> {
        let mut all = vec![self.version.as_str()];
        for version in self.versions.iter().chain(&self.other_versions) {
            if !all.contains(&version.as_str()) {
                all.push(version);
            }
        }
        all
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|a| a.key == key).map(|a| a.value.as_str())
    }

    /// The `apiVersion` that the asset was published with.
    #[must_use]
    pub fn api_version(&self) -> Option<&str> {
        self.attribute("api-version").or(self.version_group.as_deref())
    }

    /// `properties.assetLink`: the address that an asset without a file was published with.
    #[must_use]
    pub fn asset_link(&self) -> Option<&str> {
        self.external_file.as_ref()?.get("url")?.as_str().filter(|link| !link.is_empty())
    }

    /// The coordinates, where they are well-formed.
    #[must_use]
    pub fn coordinates(&self) -> Option<Coordinates> {
        Coordinates::new(&self.group_id, &self.asset_id, self.version.parse().ok()?).ok()
    }
}

impl AssetSummary {
    /// The coordinates, where they are well-formed.
    #[must_use]
    pub fn coordinates(&self) -> Option<Coordinates> {
        Coordinates::new(&self.group_id, &self.asset_id, self.version.parse().ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_asset_of_the_specification_reads() {
        let asset: Asset = serde_json::from_str(
            r#"{"id":"g/a/2.0.0","groupId":"g","assetId":"a","version":"2.0.0","versionGroup":"v2","name":"A",
            "type":"rest-api","status":"published","icon":null,"labels":["t"],"rating":5,"unknown":{},
            "categories":[{"key":"k","displayName":"K","value":["v"]}],"customFields":null,
            "customFields2":1,"attributes":[{"key":"api-version","value":"v2"},{"key":"n","value":5}],
            "files":[{"classifier":null,"packaging":"jar","downloadURL":"https://h/x","isGenerated":null,"md5":"d4"}],
            "dependencies":[{"groupId":"g","assetId":"b","version":"1.0.0","name":"B"}],
            "versions":["1.0.0",{"version":"1.1.0","name":"A"}],"otherVersions":[{"version":"1.0.0"}],
            "createdDate":"2026-01-01T00:00:00.000Z","updatedDate":"2026-01-02T00:00:00.000Z"}"#,
        )
        .expect("reads");
        assert_eq!(asset.all_versions(), ["2.0.0", "1.0.0", "1.1.0"]);
        assert_eq!((asset.api_version(), asset.asset_link()), (Some("v2"), None));
        assert_eq!(asset.attribute("n"), Some("5"));
        assert_eq!(asset.files[0].download_url.as_deref(), Some("https://h/x"));
        assert!(!asset.files[0].is_generated);
        assert_eq!(asset.created_date.as_deref(), Some("2026-01-01T00:00:00.000Z"));
    }

    #[test]
    fn an_asset_of_nothing_reads() {
        assert_eq!(serde_json::from_str::<Asset>("{}").expect("reads"), Asset::default());
    }

    #[test]
    fn a_field_is_read_from_its_value_or_from_the_member_of_its_type() {
        let read = |field: Value| serde_json::from_value::<CustomField>(field).expect("reads").read();
        let date = Some(FieldValue::Date("2020-01-01".to_owned()));
        assert_eq!(read(json!({"key": "k", "dataType": "date", "value": "2020-01-01", "dateValue": "x"})), date);
        assert_eq!(read(json!({"key": "k", "dataType": "date", "dateValue": "2020-01-01"})), date);
        assert_eq!(read(json!({"tagKey": "k", "value": null, "dateValue": "2020-01-01", "textValue": null})), date);
        let numbers = Some(FieldValue::NumberList(vec![1.into(), 2.into()]));
        assert_eq!(read(json!({"key": "k", "value": [1, 2]})), numbers);
        assert_eq!(read(json!({"key": "k", "dataType": "number-list", "numericListValue": [1, 2]})), numbers);
        assert_eq!(
            read(json!({"key": "k", "dataType": "later", "value": "x"})),
            Some(FieldValue::Text("x".to_owned()))
        );
        assert_eq!(read(json!({"key": "k", "dataType": "text"})), None);
    }
}
