//! One asset version read whole: metadata, instances, pages, terms, images.
//!
//! The number of calls is bounded by what the version has: one for itself, one for its instances, one for the list of
//! its pages, of its images, and one for each of them. What is not there is no error; what may not be read is noted.
//!
//! From the specification and EXCHANGE.md §3.12, §5, §6. Reads only.

use std::{collections::BTreeMap, future::Future, io};

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};

pub use super::documents::DOCS;
use super::{
    FileRecord, IdentityRecord, Note, OtherInstance, Record,
    documents::{self, Listed},
    names::Names,
};
use crate::{
    asset::{AssetType, Coordinates, ExternalInstance, FileKey, Lifecycle},
    exchange::{Asset, AssetFile, Edition, Exchange, FieldValue, Instance, InstanceGroup, Resource, TERMS_PAGE},
    net::CallError,
};

/// What the name of a file that a server made from another one begins with (EXCHANGE.md §2.8).
const MADE: [&str; 3] = ["fat-", "light-", "original-"];

/// One version, as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What the server said: its links are the way to the files, for a short time.
    pub asset: Asset,
    /// The record, still without pages, terms and images.
    pub record: Record,
}

/// Takes what is read beside the record: texts and images, by the place that they have beside it.
pub trait Keep: Send {
    /// Takes one of them.
    fn keep(&mut self, place: &Utf8Path, content: Bytes) -> impl Future<Output = io::Result<()>> + Send;
}

/// Keeps nothing: the record tells the checksums.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nothing;

impl Keep for Nothing {
    async fn keep(&mut self, _place: &Utf8Path, _content: Bytes) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps texts in memory, and no images.
#[derive(Debug, Clone, Default)]
pub struct Texts(pub BTreeMap<Utf8PathBuf, String>);

impl Keep for Texts {
    async fn keep(&mut self, place: &Utf8Path, content: Bytes) -> io::Result<()> {
        if place.extension() == Some("md") {
            self.0.insert(place.to_owned(), String::from_utf8_lossy(&content).into_owned());
        }
        Ok(())
    }
}

/// Reads a version, its instances and, where asked for, whom it is shared with; `None` where there is none.
///
/// # Errors
/// [`CallError`]
pub async fn version(
    exchange: &Exchange,
    coordinates: &Coordinates,
    with_identities: bool,
) -> Result<Option<Found>, CallError> {
    let Some(asset) = exchange.asset(coordinates).await? else { return Ok(None) };
    let mut record = record(coordinates, &asset);
    instances(exchange, &mut record).await?;
    if with_identities {
        identities(exchange, &mut record).await?;
    }
    Ok(Some(Found { asset, record }))
}

/// Reads the published pages, the terms and the images of a version into its record, and hands them over one by one.
///
/// # Errors
/// [`CallError`]; [`CallError::Local`] where they cannot be kept.
pub async fn documents(exchange: &Exchange, record: &mut Record, keep: &mut impl Keep) -> Result<(), CallError> {
    let coordinates = record.coordinates.clone();
    let portal = exchange.pages(&coordinates, Edition::Published).await?;
    let mut listed = Listed { has_terms: has_terms(&record.asset_type), ..Listed::default() };
    if let Some(portal) = portal {
        listed.images = exchange.resources(&coordinates, Edition::Published).await?.unwrap_or_default();
        listed.pages = portal.pages.into_iter().filter(|page| !page.synthetic).collect();
    }
    documents::bring(&Shelf { exchange, coordinates: &coordinates }, listed, record, keep).await
}

/// What is published of one version.
struct Shelf<'a> {
    exchange: &'a Exchange,
    coordinates: &'a Coordinates,
}

impl documents::Shelf for Shelf<'_> {
    async fn page(&self, path: &str) -> Result<Option<String>, CallError> {
        self.exchange.page_text(self.coordinates, Edition::Published, path).await
    }

    async fn terms(&self) -> Result<Option<String>, CallError> {
        self.page(TERMS_PAGE).await
    }

    async fn image(&self, image: &Resource) -> Result<Option<Bytes>, CallError> {
        let found = self.exchange.resource(self.coordinates, Edition::Published, image).await?;
        Ok(found.map(|found| found.content))
    }
}

/// The icon of an asset: among its files, or at an address of its own.
#[must_use]
pub fn icon(asset: &Asset) -> Option<AssetFile> {
    if let Some(file) = asset.files.iter().find(|file| file.classifier.as_deref() == Some("icon")) {
        return Some(file.clone());
    }
    let address = asset.icon.clone().filter(|address| !address.is_empty())?;
    // Without credentials first; with them only where it leads to Exchange itself.
    Some(AssetFile { external_link: Some(address.clone()), download_url: Some(address), ..AssetFile::default() })
}

/// The record of what an asset says of itself.
#[must_use]
pub fn record(coordinates: &Coordinates, asset: &Asset) -> Record {
    record_of(coordinates, asset, !asset.dependencies.is_empty())
}

/// The same, where only somebody else knows whether the files need modules of dependencies.
pub(super) fn record_of(coordinates: &Coordinates, asset: &Asset, has_dependencies: bool) -> Record {
    let mut notes = Vec::new();
    let files = files(asset, has_dependencies, &mut notes);
    let main_file = files.iter().find_map(|file| file.main_file.clone().filter(|_| file.file.is_some()));
    let keywords = asset.attribute("keywords").unwrap_or_default();
    let kind = asset.kind();
    let version_group = full(asset.version_group.as_ref());
    let is_told = |key: &str| matches!(key, "api-version" | "keywords");
    Record {
        coordinates: coordinates.clone(),
        organization: asset.organization.as_ref().and_then(|organization| organization.id.clone()),
        name: asset.name.clone(),
        description: full(asset.description.as_ref()),
        contact_name: full(asset.contact_name.as_ref()),
        contact_email: full(asset.contact_email.as_ref()),
        status: status(asset, &mut notes),
        is_public: asset.is_public,
        // What is no API has a version group too, and it is no `apiVersion`.
        api_version: asset
            .attribute("api-version")
            .map(str::to_owned)
            .or_else(|| version_group.clone().filter(|_| kind.requires_api_version())),
        version_group,
        main_file,
        asset_link: asset.asset_link().map(str::to_owned),
        created: asset.created_date.clone(),
        updated: asset.updated_date.clone(),
        created_by: asset.created_by.as_ref().and_then(|by| by.user_name.clone().or_else(|| by.id.clone())),
        tags: distinct(asset.labels.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty())),
        keywords: keywords.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        attributes: asset
            .attributes
            .iter()
            .filter(|attribute| !is_told(&attribute.key))
            .map(|attribute| (attribute.key.clone(), attribute.value.clone()))
            .collect(),
        categories: asset.categories.iter().map(|category| (category.key.clone(), category.value.clone())).collect(),
        fields: fields(asset, &mut notes),
        dependencies: named(&asset.dependencies, "dependency", &mut notes),
        generated: named(&asset.generated, "generated asset", &mut notes),
        files,
        asset_type: kind,
        icon: None,
        pages: Vec::new(),
        terms: None,
        resources: Vec::new(),
        instances: Vec::new(),
        other_instances: Vec::new(),
        identities: Vec::new(),
        notes,
    }
}

fn full(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

/// Each once, in the order in which they are told.
fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for text in texts {
        if !known.iter().any(|known| known == text) {
            known.push(text.to_owned());
        }
    }
    known
}

fn status(asset: &Asset, notes: &mut Vec<Note>) -> Option<Lifecycle> {
    let text = asset.status.as_deref().filter(|text| !text.is_empty())?;
    match text.parse() {
        Ok(status) => Some(status),
        Err(why) => {
            notes.push(Note::new("status", why));
            None
        }
    }
}

fn fields(asset: &Asset, notes: &mut Vec<Note>) -> BTreeMap<String, FieldValue> {
    let mut fields = BTreeMap::new();
    for field in &asset.custom_fields {
        match field.read() {
            Some(value) => _ = fields.insert(field.key.clone(), value),
            None => notes.push(Note::new(format!("field {}", field.key), "it has no value of a known type")),
        }
    }
    fields
}

fn named(told: &[crate::exchange::Dependency], what: &str, notes: &mut Vec<Note>) -> Vec<Coordinates> {
    let mut named = Vec::with_capacity(told.len());
    for one in told {
        let text = format!("{}/{}/{}", one.group_id, one.asset_id, one.version);
        match text.parse() {
            Ok(coordinates) if named.contains(&coordinates) => {}
            Ok(coordinates) => named.push(coordinates),
            Err(error) => notes.push(Note::new(format!("{what} {text}"), format!("{error}"))),
        }
    }
    named
}

/// All files, those that are carried with a place.
fn files(asset: &Asset, has_dependencies: bool, notes: &mut Vec<Note>) -> Vec<FileRecord> {
    let mut names = Names::default();
    names.reserve("asset.json");
    names.reserve(DOCS);
    let mut files: Vec<(&AssetFile, FileKey)> = Vec::with_capacity(asset.files.len());
    for file in &asset.files {
        let key = file.key();
        if key.to_string().parse::<FileKey>().is_err() {
            notes.push(Note::new(format!("file {key}"), "no call of the API can name it"));
        } else if !matches!(key.classifier(), "icon" | "docs") {
            // Icon and documentation are read as they are now, not as they came with a version.
            files.push((file, key));
        }
    }
    files.sort_by(|(_, one), (_, other)| one.cmp(other));
    files.dedup_by(|(_, one), (_, other)| one == other);
    let uploaded = |wanted: &FileKey| files.iter().any(|(file, key)| key == wanted && !file.is_generated);
    // The server takes the modules of dependencies from what is sent, and keeps them in the fat file alone
    // (EXCHANGE.md §2.8, §3.11): only that can be published again as it was.
    let needs_modules = |own: &FileKey| has_dependencies && uploaded(own) && uploaded(&fat(own));
    let record = |(file, key): &(&AssetFile, FileKey)| {
        let publish_as = files_own_name(key);
        let is_fat = |own: &FileKey| fat(own) == *key;
        let is_whole = publish_as.as_ref().is_some_and(|own| is_fat(own) && needs_modules(own));
        let is_copy = publish_as.as_ref().is_some_and(|own| {
            // Another copy of the same may come first: the one with all modules is best.
            let classifier = own.classifier();
            let has_own = files.iter().any(|(other, key)| key.classifier() == classifier && !other.is_generated);
            let is_best = key.classifier().starts_with(MADE[0]) || !uploaded(&fat(own));
            has_own || !is_best
        });
        let is_carried = !file.is_generated && (is_whole || !is_copy) && !needs_modules(key);
        let words = key.classifier.as_deref().unwrap_or("file");
        FileRecord {
            file: is_carried.then(|| Utf8PathBuf::from(names.give(words, &format!(".{}", key.packaging)))),
            publish_as: publish_as.filter(|_| is_carried),
            key: key.clone(),
            main_file: full(file.main_file.as_ref()),
            is_generated: file.is_generated,
            size: None,
            sha256: full(file.sha256.as_ref()),
            sha1: full(file.sha1.as_ref()),
            md5: full(file.md5.as_ref()),
        }
    };
    files.iter().map(record).collect()
}

/// The name of the file that a server made this one from, where its name says that.
fn files_own_name(key: &FileKey) -> Option<FileKey> {
    let classifier = MADE.iter().find_map(|made| key.classifier().strip_prefix(made))?;
    Some(FileKey::new(classifier, &key.packaging)).filter(|_| !classifier.is_empty())
}

fn fat(key: &FileKey) -> FileKey {
    FileKey::new(&format!("{}{}", MADE[0], key.classifier()), &key.packaging)
}

/// Whether an asset of this type may have terms (EXCHANGE.md §5.2).
pub(super) fn has_terms(asset_type: &AssetType) -> bool {
    asset_type.requires_api_version()
        || matches!(asset_type, AssetType::Graphql | AssetType::ApiGroup | AssetType::Other(_))
}

async fn instances(exchange: &Exchange, record: &mut Record) -> Result<(), CallError> {
    let Coordinates { group_id, asset_id, .. } = &record.coordinates;
    let group = record.version_group.as_deref().unwrap_or_default();
    let is_evented = record.asset_type == AssetType::EventedApi;
    let Ok(group) = InstanceGroup::new(group_id, asset_id, group, is_evented) else { return Ok(()) };
    let told = match exchange.instances(&group).await {
        Ok(told) => told.unwrap_or_default(),
        Err(error) => return unread(error, "instances", &mut record.notes),
    };
    tell_instances(record, told);
    Ok(())
}

/// Tells instances in a record: those that can be made elsewhere, and the others.
pub(super) fn tell_instances(record: &mut Record, told: Vec<Instance>) {
    for instance in told {
        let name = full(instance.name.as_ref());
        match (instance.is_external(), name, full(instance.endpoint_uri.as_ref())) {
            (true, Some(name), Some(endpoint_uri)) => {
                let is_public = Some(instance.is_public);
                record.instances.push(ExternalInstance { name, endpoint_uri, is_public });
            }
            (_, name, endpoint_uri) => record.other_instances.push(OtherInstance {
                kind: instance.instance_type.clone().unwrap_or_else(|| "unknown".to_owned()),
                id: instance.id,
                name,
                endpoint_uri,
            }),
        }
    }
    record.instances.sort_by(|one, other| one.name.cmp(&other.name));
    record.other_instances.sort_by(|one, other| one.id.cmp(&other.id));
}

async fn identities(exchange: &Exchange, record: &mut Record) -> Result<(), CallError> {
    let Coordinates { group_id, asset_id, .. } = &record.coordinates;
    let told = match exchange.identities(group_id, asset_id).await {
        Ok(told) => told.unwrap_or_default(),
        Err(error) => return unread(error, "identities", &mut record.notes),
    };
    record.identities = told
        .into_iter()
        .map(|identity| IdentityRecord {
            kind: identity.identity_type,
            id: identity.id,
            name: identity.name.or(identity.username),
            role: identity.role,
        })
        .collect();
    record.identities.sort_unstable();
    Ok(())
}

/// What this caller may not read, or this server does not have, is noted; anything else fails.
fn unread(error: CallError, what: &str, notes: &mut Vec<Note>) -> Result<(), CallError> {
    if matches!(error.http(), Some(400 | 403 | 405 | 501)) && error.refusal().is_some() {
        notes.push(Note::new(what, format!("not read: {error}")));
        return Ok(());
    }
    Err(error)
}
