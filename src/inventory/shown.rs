//! What a portal shows of its assets, in the words of an inventory.
//!
//! A portal names versions `v1` and shows one of each: the full number that it tells with the details
//! (`latestPatchVersion`) is the one of the inventory. Where it tells none, the version cannot be named, and is left out.
//!
//! What a portal does not tell is not made up. Main files and dependencies stand in the archives themselves, and are read
//! there once these were brought; until then nobody knows of dependencies, so that an archive with all modules is preferred
//! to one without.
//!
//! EXCHANGE.md §7. Reads only.

use std::collections::BTreeSet;

use bytes::Bytes;
use camino::Utf8Path;
use serde_json::{Value, json};

use super::{
    Note, Record,
    companions::settled,
    documents::{self, Listed},
    read::{self, Found, Keep},
};
use crate::{
    asset::{Coordinates, FileKey, Version},
    exchange::{
        Asset, AssetFile, Attribute, Category, CustomField, DataType, Instance, Owner, PortalPage, Resource, TERMS_PAGE,
    },
    hub::{self, AssetCard, AssetDetail, AssetInstance, Hub, PortalAsset},
    net::CallError,
    package::{
        detect::{Archive, read_archive},
        reading::Reading,
    },
};

/// Files of these kinds are images of pages, unless they are called icon.
const IMAGES: [&str; 12] = ["bmp", "gif", "ico", "jpe", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp", "avif"];

/// The versions of one asset that a portal shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Versions {
    /// All that can be named, oldest first.
    pub versions: Vec<ShownVersion>,
    /// Those that cannot, as the portal writes them, and why.
    pub unnamed: Vec<(String, String)>,
}

/// A version that a portal shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownVersion {
    /// Its full name.
    pub coordinates: Coordinates,
    /// The version as the portal's paths name it.
    pub minor_version: String,
    /// What the portal tells of it.
    pub details: AssetDetail,
}

/// The assets of a portal, each once.
///
/// # Errors
/// [`CallError`]
pub async fn assets(hub: &Hub) -> Result<Vec<AssetCard>, CallError> {
    settled(|| hub.assets(), |card: &AssetCard| format!("{}/{}", card.group_id, card.asset_id)).await
}

/// Every version of an asset of a list; none, where the portal does not show it any more.
///
/// # Errors
/// [`CallError`]
pub async fn versions(hub: &Hub, card: &AssetCard) -> Result<Versions, CallError> {
    let mut found = Versions::default();
    let named: BTreeSet<&String> = card.minor_versions.iter().chain(&card.minor_version).collect();
    for minor_version in named {
        let Some(details) = hub.details(&address(&card.group_id, &card.asset_id, minor_version)).await? else {
            continue;
        };
        match coordinates(&details) {
            Ok(coordinates) => {
                let known = |known: &ShownVersion| known.coordinates == coordinates;
                if !found.versions.iter().any(known) {
                    let minor_version = minor_version.clone();
                    found.versions.push(ShownVersion { coordinates, minor_version, details });
                }
            }
            Err(why) => found.unnamed.push((minor_version.clone(), why)),
        }
    }
    found.versions.sort_by(|one, other| one.coordinates.version.cmp(&other.coordinates.version));
    Ok(found)
}

/// The full name of what is shown.
fn coordinates(details: &AssetDetail) -> Result<Coordinates, String> {
    let told = details.latest_patch_version.as_deref();
    let told = told.ok_or_else(|| "the portal does not tell its full version".to_owned())?;
    let version: Version = told.parse().map_err(|error| format!("{error}"))?;
    Coordinates::new(&details.group_id, &details.asset_id, version).map_err(|error| error.to_string())
}

fn address(group_id: &str, asset_id: &str, minor_version: &str) -> PortalAsset {
    let owned = str::to_owned;
    PortalAsset { group_id: owned(group_id), asset_id: owned(asset_id), minor_version: owned(minor_version) }
}

/// How the portal names a version.
#[must_use]
pub fn place(of: &Coordinates, minor_version: &str) -> PortalAsset {
    address(&of.group_id, &of.asset_id, minor_version)
}

/// Reads a version; `None` where the portal does not show it any more, or shows another one in its place.
///
/// # Errors
/// [`CallError`]
pub async fn version(
    hub: &Hub,
    of: &Coordinates,
    minor_version: &str,
) -> Result<Option<(Found, AssetDetail)>, CallError> {
    let at = place(of, minor_version);
    let Some(details) = hub.details(&at).await? else { return Ok(None) };
    if coordinates(&details).as_ref() != Ok(of) {
        return Ok(None);
    }
    Ok(Some((found(hub, &at, of, &details)?, details)))
}

/// What the details tell of a version.
///
/// # Errors
/// [`CallError::Unsendable`] for a file that no path can name.
pub fn found(hub: &Hub, at: &PortalAsset, of: &Coordinates, details: &AssetDetail) -> Result<Found, CallError> {
    let mut notes = Vec::new();
    let asset = asset(hub, at, details, &mut notes)?;
    let mut record = read::record_of(of, &asset, true);
    record.notes.append(&mut notes);
    read::tell_instances(&mut record, details.instances.iter().map(instance).collect());
    Ok(Found { asset, record })
}

/// Reads the pages, the terms and the images of a version into its record, and hands them over one by one.
///
/// # Errors
/// [`CallError`]; [`CallError::Local`] where they cannot be kept.
pub async fn documents(
    hub: &Hub,
    at: &PortalAsset,
    details: &AssetDetail,
    record: &mut Record,
    keep: &mut impl Keep,
) -> Result<(), CallError> {
    let page = |page: &hub::AssetPage| PortalPage {
        path: page.path.trim_matches('/').to_owned(),
        name: page.name.clone(),
        synthetic: false,
    };
    let images = details.files.iter().filter(|file| is_image(file));
    let listed = Listed {
        pages: details.pages.iter().map(page).filter(|page| page.path != TERMS_PAGE && !page.path.is_empty()).collect(),
        images: images.map(|file| Resource { path: format!("resources/{}", file.resource_id()) }).collect(),
        has_terms: read::has_terms(&record.asset_type),
    };
    documents::bring(&Shelf { hub, at }, listed, record, keep).await
}

/// Reads what only the files of a version tell, once they lie in its folder: main files and dependencies.
pub fn complete(record: &mut Record, folder: &Utf8Path) {
    let archives = record.files.iter_mut().filter(|file| file.published_key().packaging == "zip");
    for file in archives {
        let Some(lies) = &file.file else { continue };
        let Ok(Archive::Project { project, main, .. }) = read_archive(&folder.join(lies), &Reading::default()) else {
            continue;
        };
        record.main_file.get_or_insert_with(|| main.to_string());
        file.main_file.get_or_insert_with(|| main.into_string());
        let told = project.and_then(|project| project.dependencies).unwrap_or_default();
        for dependency in told.iter().filter(|told| told.scope.as_deref() != Some("validation")) {
            let text = format!("{}/{}/{}", dependency.group_id, dependency.asset_id, dependency.version);
            let why = match text.parse::<Coordinates>() {
                Ok(coordinates) if record.dependencies.contains(&coordinates) => continue,
                Ok(coordinates) => {
                    record.dependencies.push(coordinates);
                    "no portal shows it: the target has to have it already".to_owned()
                }
                Err(error) => error.to_string(),
            };
            record.notes.push(Note::new(format!("dependency {text}"), why));
        }
    }
}

/// What a portal shows of one version.
struct Shelf<'a> {
    hub: &'a Hub,
    at: &'a PortalAsset,
}

impl documents::Shelf for Shelf<'_> {
    async fn page(&self, path: &str) -> Result<Option<String>, CallError> {
        self.hub.page(self.at, path).await
    }

    async fn terms(&self) -> Result<Option<String>, CallError> {
        self.hub.terms(self.at).await
    }

    async fn image(&self, image: &Resource) -> Result<Option<Bytes>, CallError> {
        Ok(self.hub.resource(self.at, image.id()).await?.map(|found| found.content))
    }
}

/// Whether a file of the details is an image of its pages: its link leads to the resources, or its name says so.
fn is_image(file: &hub::AssetFile) -> bool {
    let link = file.external_link.as_deref().unwrap_or_default();
    let path = link.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.trim_end_matches('/').rsplit('/').skip(1);
    let (stem, ending) = file.label.rsplit_once('.').unwrap_or((&file.label, ""));
    let is_named = IMAGES.contains(&ending.to_ascii_lowercase().as_str()) && stem != "icon";
    parts.next() == Some("resources") || is_named
}

/// The asset as Exchange would tell it, with what the portal leaves out left out.
fn asset(hub: &Hub, at: &PortalAsset, details: &AssetDetail, notes: &mut Vec<Note>) -> Result<Asset, CallError> {
    let owner = details.owner.as_ref();
    let mut asset = Asset {
        group_id: details.group_id.clone(),
        asset_id: details.asset_id.clone(),
        version: details.latest_patch_version.clone().unwrap_or_default(),
        version_group: details.version_group.clone(),
        name: details.name.clone(),
        description: details.description.clone(),
        contact_name: owner.and_then(|owner| owner.contact_name.clone()),
        contact_email: owner.map(|owner| owner.contact_email.clone()),
        asset_type: details.asset_type.clone().unwrap_or_default(),
        status: details.life_cycle_state.clone(),
        labels: details.tags.iter().chain(&details.labels).cloned().collect(),
        categories: details.categories.iter().map(category).collect(),
        custom_fields: details.custom_fields.iter().map(field).collect(),
        updated_date: details.updated_date.clone(),
        organization: details.organization_id.clone().map(|id| Owner { id: Some(id), ..Owner::default() }),
        ..Asset::default()
    };
    let version =
        details.api_version.iter().map(|value| Attribute { key: "api-version".to_owned(), value: value.clone() });
    asset.attributes = version.collect();
    asset.icon = details.icon.clone().filter(|icon| {
        let is_address = icon.starts_with('/') || icon.starts_with("https://") || icon.starts_with("http://");
        if !is_address && !icon.is_empty() {
            notes.push(Note::new("icon", "the portal tells no address of it"));
        }
        is_address
    });
    for file in details.files.iter().filter(|file| !is_image(file)) {
        match format!("files.{}", file.label).parse::<FileKey>() {
            Ok(key) => asset.files.push(AssetFile {
                classifier: key.classifier,
                packaging: key.packaging,
                external_link: file.external_link.clone(),
                // Where the link is no longer a key by itself, the portal hands the file out.
                download_url: Some(hub.resource_path(at, file.resource_id())?),
                is_generated: file.is_generated,
                ..AssetFile::default()
            }),
            Err(_) => notes.push(Note::new(
                format!("file {}", file.label),
                "its label does not tell what kind of file it is, as `oas.zip` does",
            )),
        }
    }
    Ok(asset)
}

fn category(told: &hub::DetailCategory) -> Category {
    Category { key: told.key.clone(), display_name: Some(told.display_name.clone()), value: told.values.clone() }
}

/// A field with its value by its type: the portal writes the numbers of a list as texts.
fn field(told: &hub::CustomField) -> CustomField {
    let number = |text: &String| text.parse::<serde_json::Number>().map_or_else(|_| json!(text), Value::Number);
    let single = told.text_value.as_ref().or(told.date_value.as_ref());
    let value = match told.data_type.parse::<DataType>() {
        Ok(DataType::Number) => told.number_value.map(Value::from).or_else(|| told.text_value.as_ref().map(number)),
        Ok(DataType::NumberList) => Some(told.numeric_list_value.iter().map(number).collect()),
        Ok(DataType::Enum) => Some(json!(told.enum_value)),
        Ok(DataType::TextList) => Some(json!(told.text_list_value)),
        Ok(DataType::Date | DataType::Text) => single.map(|text| json!(text)),
        Err(_) => None,
    };
    CustomField {
        key: told.key.clone(),
        data_type: Some(told.data_type.clone()),
        display_name: told.display_name.clone(),
        value: value.unwrap_or_default(),
        ..CustomField::default()
    }
}

fn instance(told: &AssetInstance) -> Instance {
    Instance {
        id: told.id.clone(),
        instance_type: told.instance_type.clone(),
        name: Some(told.name.clone()),
        endpoint_uri: told.endpoint_uri.clone(),
        is_public: told.is_public.unwrap_or_default(),
        ..Instance::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::FieldValue;

    fn details(told: &Value) -> AssetDetail {
        let mut whole = json!({"groupId": "g", "assetId": "orders", "name": "Orders", "type": "rest-api"});
        whole.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn the_full_version_is_the_one_that_is_told_and_none_is_made_up() {
        let of = |told: Value| coordinates(&details(&told)).map(|gav| gav.to_string());
        assert_eq!(of(json!({"minorVersion": "v1", "latestPatchVersion": "1.4.2"})), Ok("g/orders/1.4.2".to_owned()));
        let untold = json!({"minorVersion": "v1", "major": 1, "minor": 4, "minorVersionComponents": ["1", "4"]});
        assert_eq!(of(untold), Err("the portal does not tell its full version".to_owned()));
        assert!(of(json!({"latestPatchVersion": "v1"})).is_err(), "is no full version");
    }

    #[test]
    fn images_are_told_from_files_by_their_links_and_by_their_names() {
        let file = |label: &str, link: &str| hub::AssetFile {
            label: label.to_owned(),
            external_link: Some(link.to_owned()).filter(|link| !link.is_empty()),
            is_generated: false,
        };
        for (label, link, expected) in [
            ("dog", "https://h/x/resources/dog-1f2e?sig=1", true),
            ("dog.PNG", "https://elsewhere/dog", true),
            ("dog.svg", "", true),
            ("icon.png", "https://h/icon.png", false),
            ("oas.zip", "https://h/files/orders-1.0.0-oas.zip", false),
            ("pom", "", false),
        ] {
            assert_eq!(is_image(&file(label, link)), expected, "{label} {link}");
        }
    }

    #[test]
    fn values_of_fields_are_of_their_types_again() {
        let read = |told: Value| field(&serde_json::from_value(told).unwrap()).read();
        let numbers = |told: &[&str]| told.iter().map(|one| one.parse().unwrap()).collect::<Vec<serde_json::Number>>();
        let list = json!({"key": "k", "dataType": "number-list", "numericListValue": ["80", "2.5"]});
        assert_eq!(read(list), Some(FieldValue::NumberList(numbers(&["80", "2.5"]))));
        let broken = json!({"key": "k", "dataType": "number", "textValue": "5.5"});
        assert_eq!(read(broken), Some(FieldValue::Number("5.5".parse().unwrap())));
        let whole = json!({"key": "k", "dataType": "number", "numberValue": 7});
        assert_eq!(read(whole), Some(FieldValue::Number(7.into())));
        let date = json!({"key": "k", "dataType": "date", "dateValue": "2026-01-31"});
        assert_eq!(read(date), Some(FieldValue::Date("2026-01-31".to_owned())));
        let several = json!({"key": "k", "dataType": "enum", "enumValue": ["a", "b"]});
        assert_eq!(read(several), Some(FieldValue::Enum(vec!["a".to_owned(), "b".to_owned()])));
        assert_eq!(read(json!({"key": "k", "dataType": "text"})), None, "nothing is told");
    }
}
