//! How an asset looks in a portal: as a card in a list, and with everything that is known of it.
//!
//! Both are made from what Exchange itself shows, so that the two can never disagree; only the shapes differ.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    super::{
        store::{AssetRecord, StoreError, VersionRecord},
        view::View,
    },
    offers::{Shown, minor_name},
};

/// An asset on a card of a list, without those of its members that are known only from all its versions.
pub(super) struct Card {
    /// The asset as Exchange lists it.
    item: Value,
    members: Map<String, Value>,
}

impl Card {
    pub(super) fn new(view: &View<'_>, record: &AssetRecord, version: &VersionRecord) -> Result<Self, StoreError> {
        let item = view.item(record, version)?;
        let categories: BTreeSet<String> = pairs(&item);
        let tags: BTreeSet<&str> = texts(&item["labels"]).collect();
        let mut members = Map::new();
        put(
            &mut members,
            json!({
                "assetId": record.asset_id,
                "groupId": record.group_id,
                "name": record.name,
                "description": record.description,
                "type": record.asset_type,
                "icon": item["icon"],
                "tags": tags,
                "categories": categories,
                "minorVersion": minor_name(version.gav.version.major()),
                "latestPatchVersion": version.gav.version,
                "updatedDate": item["modifiedAt"],
            }),
        );
        put(&mut members, components(version));
        Ok(Self { item, members })
    }

    /// Its categories, each as `Name:Value`.
    pub(super) fn categories(&self) -> BTreeSet<String> {
        pairs(&self.item)
    }

    /// Whether it has a category that is written `Name:Value` or `key:Value`.
    pub(super) fn has(&self, category: &str) -> bool {
        let Some((name, value)) = category.split_once(':') else { return false };
        let is = |known: &Value, asked: &str| known.as_str().is_some_and(|known| same(known, asked));
        self.item["categories"].as_array().into_iter().flatten().any(|known| {
            (is(&known["displayName"], name) || is(&known["key"], name))
                && texts(&known["value"]).any(|known| same(known, value))
        })
    }

    /// The card, with the minor versions of an asset.
    pub(super) fn show(mut self, minors: &[String]) -> Value {
        self.members.insert("minorVersions".to_owned(), json!(minors));
        Value::Object(self.members)
    }
}

/// Whether two texts are the same but for case and surrounding blanks.
fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Everything that is known of an asset; `instances`, `pages` and `resources` come as they are to be shown.
pub(super) fn details(
    view: &View<'_>,
    shown: &Shown,
    instances: &[Value],
    pages: &[Value],
    resources: Vec<Value>,
) -> Result<Value, StoreError> {
    let (record, version) = (&shown.record, &shown.version);
    let item = view.item(record, version)?;
    let list = |name: &str| item[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let files = list("files").iter().filter(|file| file["classifier"] != "icon").map(file);
    let files: Vec<Value> = files.chain(resources).collect();
    let mut members = Map::new();
    put(
        &mut members,
        json!({
            "assetId": record.asset_id,
            "groupId": record.group_id,
            "name": record.name,
            "description": record.description,
            "type": record.asset_type,
            "apiVersion": version.api_version,
            "organizationId": record.organization,
            "minorVersion": minor_name(version.gav.version.major()),
            "minorVersions": shown.minors,
            "latestPatchVersion": version.gav.version,
            "versionGroup": version.version_group(),
            "lifeCycleState": version.status,
            "icon": item["icon"],
            "tags": item["labels"],
            "labels": item["labels"],
            "categories": list("categories").iter().map(category).collect::<Vec<_>>(),
            "customFields": list("customFields").iter().map(custom_field).collect::<Vec<_>>(),
            "pages": pages,
            "instances": instances,
            "files": files,
            "updatedDate": item["modifiedAt"],
        }),
    );
    put(&mut members, components(version));
    if let Some(email) = record.contact_email.as_ref().filter(|email| !email.is_empty()) {
        let mut owner = Map::new();
        put(&mut owner, json!({ "contactEmail": email, "contactName": record.contact_name }));
        members.insert("owner".to_owned(), Value::Object(owner));
    }
    Ok(Value::Object(members))
}

/// Adds the members that have a value: this API leaves out what is not there.
fn put(to: &mut Map<String, Value>, members: Value) {
    if let Value::Object(members) = members {
        to.extend(members.into_iter().filter(|(_, value)| !value.is_null()));
    }
}

/// The numbers of a version, under all names that the API has for them. Numbers beyond 32 bits are left out.
fn components(version: &VersionRecord) -> Value {
    let number = |number: u64| i32::try_from(number).ok();
    let minor_version = version.gav.version.minor_version();
    let (major, minor) = (number(version.gav.version.semver().major), number(version.gav.version.semver().minor));
    json!({
        "major": major,
        "minor": minor,
        // The API spells it so.
        "mayorComponent": major,
        "minorComponent": minor,
        "minorVersionComponents": minor_version.split('.').collect::<Vec<_>>(),
    })
}

fn texts(values: &Value) -> impl Iterator<Item = &str> {
    values.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The categories of an asset as `Name:Value`.
fn pairs(item: &Value) -> BTreeSet<String> {
    let categories = item["categories"].as_array().into_iter().flatten();
    let pairs = categories.flat_map(|category| {
        let name = category["displayName"].as_str().or(category["key"].as_str()).unwrap_or_default();
        texts(&category["value"]).map(move |value| format!("{name}:{value}"))
    });
    pairs.collect()
}

fn category(category: &Value) -> Value {
    json!({ "key": category["key"], "displayName": category["displayName"], "values": category["value"] })
}

fn file(file: &Value) -> Value {
    let packaging = file["packaging"].as_str().unwrap_or_default();
    let label = match file["classifier"].as_str() {
        Some(classifier) => format!("{classifier}.{packaging}"),
        None => packaging.to_owned(),
    };
    json!({ "label": label, "externalLink": file["externalLink"], "isGenerated": file["isGenerated"] })
}

/// A custom field with its value in the member of its type. It is the one place that knows how Exchange shows them:
/// `value`, one or several, as texts or numbers.
fn custom_field(field: &Value) -> Value {
    let value = &field["value"];
    let values: Vec<&Value> = match value {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        other => vec![other],
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let first = values.first().copied();
    let all: Vec<String> = values.iter().copied().map(text).collect();
    let data_type = field["dataType"].as_str().unwrap_or("text");
    let typed = match data_type {
        "date" => json!({ "dateValue": first.map(text) }),
        "enum" => json!({ "enumValue": all }),
        "number-list" => json!({ "numericListValue": all }),
        "text-list" => json!({ "textListValue": all }),
        // The member takes whole numbers of 32 bits; what is none is shown as it was written.
        "number" => match first.map(text).and_then(|text| text.parse::<i32>().ok()) {
            Some(number) => json!({ "numberValue": number }),
            None => json!({ "textValue": first.map(text) }),
        },
        _ => json!({ "textValue": all.join(", ") }),
    };
    let mut members = Map::new();
    put(&mut members, json!({ "key": field["key"], "displayName": field["displayName"], "dataType": data_type }));
    put(&mut members, typed);
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_field_stands_in_the_member_of_its_type() {
        let shown = |kind: &str, value: Value| {
            custom_field(&json!({ "key": "k", "displayName": "K", "dataType": kind, "value": value }))
        };
        let with = |kind: &str, name: &str, value: Value| json!({ "key": "k", "displayName": "K", "dataType": kind, name: value });
        assert_eq!(shown("number", json!([7])), with("number", "numberValue", json!(7)));
        assert_eq!(shown("number", json!("8")), with("number", "numberValue", json!(8)));
        assert_eq!(shown("number", json!(1.5)), with("number", "textValue", json!("1.5")));
        assert_eq!(shown("date", json!(["2024-01-15"])), with("date", "dateValue", json!("2024-01-15")));
        assert_eq!(shown("enum", json!(["a", "b"])), with("enum", "enumValue", json!(["a", "b"])));
        assert_eq!(shown("number-list", json!([1, 2.5])), with("number-list", "numericListValue", json!(["1", "2.5"])));
        assert_eq!(shown("text-list", json!(["x"])), with("text-list", "textListValue", json!(["x"])));
        assert_eq!(shown("text", json!("words")), with("text", "textValue", json!("words")));
    }
}
