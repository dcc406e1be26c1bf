//! How an asset looks from outside (EXCHANGE.md §6, the official `AssetWithFiles`).

use serde_json::{Map, Value, json};

use crate::asset::Lifecycle;

use super::{
    Quirk, accounts,
    app::Shared,
    caller::Role,
    clock::iso,
    describe::{Configuration, Dimension, TagValue, root, scope},
    instances::{Instance, instances_of, mocking_service},
    store::{Asset, AssetRecord, FileRecord, MinorRecord, StoreError, Tables, TagValues, VersionRecord},
};

/// How long a pre-signed link works.
const LINK_LIFETIME: i64 = 15 * 60 * 1000;

/// Makes the JSON of assets, with links that start with an origin.
pub(super) struct View<'a> {
    pub(super) shared: &'a Shared,
    pub(super) tables: &'a Tables,
    pub(super) origin: String,
}

/// Which other versions are shown.
pub(super) struct Others<'a> {
    /// Whether `versions` holds plain version numbers, without the one shown.
    pub(super) plain: bool,
    /// The states shown; empty is all.
    pub(super) states: &'a [Lifecycle],
}

impl View<'_> {
    /// A version with everything that is known of it.
    pub(super) fn full(
        &self,
        asset: &Asset,
        version: &VersionRecord,
        others: &Others<'_>,
    ) -> Result<Value, StoreError> {
        let record = &asset.record;
        let mut object = self.version(record, version)?;
        let empty = MinorRecord::default();
        let minor = record.minor(&scope(self.shared, version)).unwrap_or(&empty);
        let shown = |v: &&VersionRecord| others.states.is_empty() || others.states.contains(&v.status);
        let rest: Vec<&VersionRecord> =
            asset.versions.iter().filter(|v| v.gav.version != version.gav.version).filter(shown).collect();
        let plain = others.plain && !self.shared.settings.quirks.has(Quirk::VersionObjects);
        let versions: Vec<Value> = if plain {
            rest.iter().map(|v| json!(v.gav.version)).collect()
        } else {
            rest.iter().map(|v| self.version_summary(record, v)).collect()
        };
        let mut other_versions = Vec::with_capacity(rest.len());
        for other in rest {
            other_versions.push(Value::Object(self.version(record, other)?));
        }
        extend(
            &mut object,
            json!({
                "id": version.gav,
                "organization": self.organization(&record.organization),
                "contactName": record.contact_name,
                "contactEmail": record.contact_email,
                "icon": record.icon.as_ref().map(|icon| self.signed(version, icon)),
                "createdAt": iso(version.created),
                "modifiedAt": iso(record.updated),
                "labels": minor.tags,
                "categories": self.categories(record, &minor.categories)?,
                "customFields": self.fields(record, &minor.fields)?,
                "instances": self.instances(record, version)?,
                "generated": [],
                "mule3ConnectorMetadata": { "fullVersion": null, "featureId": null },
                "rating": 0,
                "numberOfRates": 0,
                "permissions": permissions(Some(Role::Administrator)),
                "otherVersions": other_versions,
            }),
        );
        // Among objects the version itself comes first, with all that is said of it, as in the official example.
        let itself = (!plain).then(|| Value::Object(object.clone()));
        object.insert("versions".to_owned(), itself.into_iter().chain(versions).collect());
        Ok(Value::Object(object))
    }

    /// An asset in a listing.
    pub(super) fn item(&self, record: &AssetRecord, version: &VersionRecord) -> Result<Value, StoreError> {
        let mut object = self.version(record, version)?;
        let empty = MinorRecord::default();
        let minor = record.minor(&scope(self.shared, version)).unwrap_or(&empty);
        extend(
            &mut object,
            json!({
                "id": version.gav,
                "organizationId": record.organization,
                "createdById": version.created_by,
                "createdAt": iso(version.created),
                "modifiedAt": iso(record.updated),
                "labels": minor.tags,
                "categories": self.categories(record, &minor.categories)?,
                "customFields": self.fields(record, &minor.fields)?,
                "icon": record.icon.as_ref().map(|icon| self.signed(version, icon)),
            }),
        );
        Ok(Value::Object(object))
    }

    fn version_summary(&self, record: &AssetRecord, version: &VersionRecord) -> Value {
        json!({
            "id": version.gav,
            "groupId": version.gav.group_id,
            "assetId": version.gav.asset_id,
            "version": version.gav.version,
            "minorVersion": version.gav.version.minor_version(),
            "versionGroup": version.version_group(),
            "status": version.status,
            "isSnapshot": version.gav.version.is_snapshot(),
            "isPublic": record.public_groups.contains(&version.version_group()),
            "createdDate": iso(version.created),
            "updatedDate": iso(version.updated),
            "createdBy": self.creator(version),
        })
    }

    fn version(&self, record: &AssetRecord, version: &VersionRecord) -> Result<Map<String, Value>, StoreError> {
        let gav = &version.gav;
        let mut object = Map::new();
        extend(
            &mut object,
            json!({
                "groupId": gav.group_id,
                "assetId": gav.asset_id,
                "version": gav.version,
                "minorVersion": gav.version.minor_version(),
                "versionGroup": version.version_group(),
                "productAPIVersion": version.api_version,
                "name": record.name,
                "description": record.description,
                "type": record.asset_type,
                "status": version.status,
                "isPublic": record.public_groups.contains(&version.version_group()),
                "isSnapshot": gav.version.is_snapshot(),
                "isMozartTemplate": false,
                "originalFormat": version.original_format,
                "originalFormatVersion": version.original_format_version,
                "minMuleVersion": version.attributes.get("min-mule-version"),
                "externalFile": { "url": version.asset_link },
                "createdDate": iso(version.created),
                "updatedDate": iso(version.updated),
                "createdBy": self.creator(version),
                "attributes": attributes(version),
                "files": self.files(record, version),
                "dependencies": self.dependencies(version)?,
            }),
        );
        Ok(object)
    }

    fn organization(&self, id: &str) -> Value {
        let directory = self.shared.directory();
        let Some(known) = directory.organization(id) else { return json!({ "id": id }) };
        let mut shown = accounts::summary(&directory, known);
        shown["isMulesoftOrganization"] = false.into();
        shown
    }

    /// The instances of the version group of a version, as the body of the asset shows them: for APIs only, as seen on
    /// the real platform.
    fn instances(&self, record: &AssetRecord, version: &VersionRecord) -> Result<Vec<Value>, StoreError> {
        if version.api_version.is_none() {
            return Ok(Vec::new());
        }
        let gav = &version.gav;
        let known = instances_of(self.tables, (&gav.group_id, &gav.asset_id, &version.version_group()))?;
        let shown = known.iter().map(|instance: &Instance| instance.show_in(version));
        Ok(shown.chain(mocking_service(record, version, &self.origin)).collect())
    }

    fn creator(&self, version: &VersionRecord) -> Value {
        let directory = self.shared.directory();
        let known = directory.by_id(&version.created_by);
        json!({
            "id": version.created_by,
            "userName": known.map_or(version.created_by.as_str(), |user| user.name.as_str()),
            "firstName": "Sandbox",
            "lastName": known.map_or("user", |user| user.role.as_str()),
        })
    }

    fn dependencies(&self, version: &VersionRecord) -> Result<Vec<Value>, StoreError> {
        let show = |gav| {
            let known = self.tables.name_and_type(gav)?;
            Ok(json!({
                "id": gav,
                "groupId": gav.group_id,
                "assetId": gav.asset_id,
                "version": gav.version,
                "name": known.as_ref().map(|(name, _)| name),
                "type": known.as_ref().map(|(_, kind)| kind),
            }))
        };
        version.dependencies.iter().map(show).collect()
    }

    fn files(&self, record: &AssetRecord, version: &VersionRecord) -> Vec<Value> {
        let icon = record.icon.iter();
        version.files.iter().chain(icon).map(|file| self.file(&record.organization, version, file)).collect()
    }

    fn file(&self, organization: &str, version: &VersionRecord, file: &FileRecord) -> Value {
        let gav = &version.gav;
        let name = match &file.key.classifier {
            Some(classifier) => format!("{classifier}/{}", file.key.packaging),
            None => file.key.packaging.clone(),
        };
        let origin = &self.origin;
        json!({
            "classifier": file.key.classifier,
            "packaging": file.key.packaging,
            "downloadURL": format!("{origin}/exchange/files/api/v1/organizations/{organization}/assets/{gav}/{name}"),
            "externalLink": self.signed(version, file),
            "md5": hex::encode(file.blob.digests.md5),
            "sha1": hex::encode(file.blob.digests.sha1),
            "sha256": hex::encode(file.blob.digests.sha256),
            "createdDate": iso(file.created),
            "mainFile": file.main_file,
            "isGenerated": file.generated,
        })
    }

    /// A link that works without a token, for a while.
    pub(super) fn signed(&self, version: &VersionRecord, file: &FileRecord) -> String {
        let path = format!("{}/{}", hex::encode(file.blob.digests.sha256), file_name(version, file));
        // Rounded, so that an asset read twice in a minute looks the same.
        let until = (self.shared.clock.now() + LINK_LIFETIME).div_euclid(60_000) * 60_000;
        let signature = self.shared.sign(&path, until);
        format!("{}/exchange/files/signed/{until}/{signature}/{path}", self.origin)
    }

    /// Categories, by key; the value is always a list.
    pub(super) fn categories(&self, record: &AssetRecord, values: &TagValues) -> Result<Vec<Value>, StoreError> {
        let shown = self.configured(Dimension::Category, record, values)?;
        let show = |(known, value): &(Configuration, &TagValue)| json!({ "key": known.tag_key, "displayName": known.display_name, "value": value.to_json() });
        Ok(shown.iter().map(show).collect())
    }

    /// Custom fields, by key, with the value once more in the member of its type (EXCHANGE.md §4.5).
    fn fields(&self, record: &AssetRecord, values: &TagValues) -> Result<Vec<Value>, StoreError> {
        let shown = self.configured(Dimension::Field, record, values)?;
        let show = |(known, value): &(Configuration, &TagValue)| {
            json!({
                "key": known.tag_key,
                "displayName": known.display_name,
                "dataType": known.data_type.as_str(),
                "value": value.to_json(),
                (known.data_type.member()): value.to_json(),
            })
        };
        Ok(shown.iter().map(show).collect())
    }

    /// Values with their configurations, in the order of the keys. What is not configured any more, or does not fit any
    /// more, is on its way out and not shown.
    fn configured<'v>(
        &self,
        dimension: Dimension,
        record: &AssetRecord,
        values: &'v TagValues,
    ) -> Result<Vec<(Configuration, &'v TagValue)>, StoreError> {
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let directory = self.shared.directory();
        let place = (dimension, root(&directory, &record.organization));
        let mut shown = Vec::with_capacity(values.len());
        for (id, value) in values {
            let known = Configuration::by_id(self.tables, place, id)?;
            shown.extend(known.filter(|known| known.fits(dimension, &record.asset_type, value)).map(|k| (k, value)));
        }
        shown.sort_by(|(a, _), (b, _)| a.tag_key.cmp(&b.tag_key));
        Ok(shown)
    }
}

/// The name of a file as Maven writes it: `asset-1.0.0-classifier.zip`.
pub(super) fn file_name(version: &VersionRecord, file: &FileRecord) -> String {
    let gav = &version.gav;
    match &file.key.classifier {
        Some(classifier) => format!("{}-{}-{classifier}.{}", gav.asset_id, gav.version, file.key.packaging),
        None => format!("{}-{}.{}", gav.asset_id, gav.version, file.key.packaging),
    }
}

/// What a role allows, as the body of an asset tells it.
pub(super) fn permissions(role: Option<Role>) -> Vec<&'static str> {
    match role {
        Some(Role::Administrator) => vec!["admin", "edit"],
        Some(Role::Contributor) => vec!["edit"],
        Some(Role::Viewer) | None => Vec::new(),
    }
}

fn attributes(version: &VersionRecord) -> Vec<Value> {
    let system = version.api_version.iter().map(|value| json!({ "key": "api-version", "value": value }));
    system.chain(version.attributes.iter().map(|(key, value)| json!({ "key": key, "value": value }))).collect()
}

fn extend(object: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        object.extend(more);
    }
}
