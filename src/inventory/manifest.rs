//! `manifest.csv`: the inventory as a job of kind `publish` reads it.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;

use super::{Inventory, Note, Record, read::DOCS};
use crate::{
    asset::{AssetType, FileKey},
    exchange::FieldValue,
    package::{detect::read_pom_alone, docs, reading::Reading},
};

/// The columns that every manifest has, in order.
pub(super) const FIRST: [&str; 12] = [
    "groupId",
    "assetId",
    "version",
    "type",
    "name",
    "description",
    "status",
    "visibility",
    "tags",
    "keywords",
    "contactName",
    "contactEmail",
];

/// Columns that follow, where there is something to say; those with a key stand at the place of their prefix.
const THEN: [&str; 8] =
    ["dependencies", "properties.", "categories.", "fields.", "instances.", "docs", "icon", "files."];

/// The column that belongs to whoever plans the publishing.
pub(super) const WAVE: &str = "wave";

/// What the server finds out by itself, and nobody sends (EXCHANGE.md §4.5).
const FOUND_OUT: [&str; 3] = ["min-mule-version", "product-api-version", "api-version"];

/// The cells of a row, by column.
pub(super) type Row = BTreeMap<String, String>;

/// All columns of some rows, in order.
pub(super) fn columns<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<String> {
    let used: BTreeSet<&String> = rows.flat_map(BTreeMap::keys).collect();
    let mut columns: Vec<String> = FIRST.iter().map(|name| (*name).to_owned()).collect();
    for place in THEN {
        let stands_here =
            |column: &&&String| if place.ends_with('.') { column.starts_with(place) } else { column.as_str() == place };
        columns.extend(used.iter().filter(stands_here).map(|column| (*column).clone()));
    }
    columns
}

/// The row of a version, or why no job can publish it. What the row leaves out is noted. Terms alone are documentation only
/// for the version that brings those of its version group.
pub(super) fn row(
    inventory: &Inventory,
    record: &Record,
    brings_terms: bool,
    notes: &mut Vec<Note>,
) -> Result<Row, String> {
    if record.asset_type == AssetType::ApiGroup {
        return Err("an API group is made by API Manager".to_owned());
    }
    let mut row = Row::new();
    let mut say = |column: &str, text: &str| {
        if !text.is_empty() {
            row.insert(column.to_owned(), text.to_owned());
        }
    };
    let gav = &record.coordinates;
    say("groupId", &gav.group_id);
    say("assetId", &gav.asset_id);
    say("version", &gav.version.to_string());
    say("type", record.asset_type.as_str());
    say("name", &record.name);
    say("description", record.description.as_deref().unwrap_or_default());
    say("contactName", record.contact_name.as_deref().unwrap_or_default());
    say("contactEmail", record.contact_email.as_deref().unwrap_or_default());
    say("status", record.status.map_or("", |status| status.as_str()));
    say("visibility", if record.is_public { "public" } else { "" });
    say("tags", &listed(&record.tags));
    say("keywords", &record.keywords.join(","));
    let dependencies: Vec<String> = record.dependencies.iter().map(crate::asset::Coordinates::to_colons).collect();
    say("dependencies", &dependencies.join(","));
    for (key, text) in properties(record) {
        say(&format!("properties.{key}"), text);
    }
    for (key, values) in &record.categories {
        say(&format!("categories.{key}"), &listed(values));
    }
    for (key, value) in &record.fields {
        say(&format!("fields.{key}"), &field(value));
    }
    for instance in &record.instances {
        say(&format!("instances.{}", instance.name), &instance.endpoint_uri);
        let seen = if instance.is_public == Some(true) { "public" } else { "private" };
        say(&format!("instances.{}.visibility", instance.name), seen);
    }
    let place = Inventory::place(gav);
    if has_words(inventory, record, brings_terms) {
        say("docs", place.join(DOCS).as_str());
        check_docs(inventory, record, notes);
    }
    if let Some(file) = record.icon.as_ref().and_then(|icon| icon.file.as_ref()) {
        say("icon", place.join(file).as_str());
    }
    let mut pom = None;
    for file in record.carried() {
        let Some(lies) = &file.file else { continue };
        say(&file.published_key().to_string(), place.join(lies).as_str());
        if file.key == FileKey::bare("pom") {
            pom = Some(place.join(lies));
        }
    }
    if let Some(pom) = pom {
        yield_to_pom(inventory, &pom, &mut row, notes);
    }
    Ok(row)
}

/// Whether there is a page, or terms, with a word in them: a folder without one is no documentation.
fn has_words(inventory: &Inventory, record: &Record, with_terms: bool) -> bool {
    let folder = inventory.folder(&record.coordinates);
    let is_full = |file: &Utf8PathBuf| folder.join(file).metadata().is_ok_and(|metadata| metadata.len() > 0);
    record.pages.iter().chain(record.terms.iter().filter(|_| with_terms)).any(|page| is_full(&page.file))
}

/// Tells beforehand what a job that publishes the documentation would refuse, and which images pages show that the source
/// does not have.
fn check_docs(inventory: &Inventory, record: &Record, notes: &mut Vec<Note>) {
    let folder = inventory.folder(&record.coordinates).join(DOCS);
    let texts = record.pages.iter().chain(&record.terms).map(|page| &page.file);
    let named = texts.chain(record.resources.iter().map(|resource| &resource.file));
    let mut files: Vec<Utf8PathBuf> = named.filter_map(|file| Some(file.strip_prefix(DOCS).ok()?.to_owned())).collect();
    files.extend(folder.join("config.json").is_file().then(|| "config.json".into()));
    match docs::of_folder(inventory.root(), &folder, &files, &Reading::default()) {
        Ok(docs) => {
            let told = docs.map(|docs| docs.notes.join("; ")).filter(|told| !told.is_empty());
            notes.extend(told.map(|told| Note::new("documentation", format!("links that lead nowhere: {told}"))));
        }
        Err(diagnosis) => {
            notes.push(Note::new("documentation", format!("a job would refuse it, mend it there: {diagnosis}")));
        }
    }
}

fn properties(record: &Record) -> BTreeMap<&str, &str> {
    let mut properties: BTreeMap<&str, &str> = BTreeMap::new();
    let has_file = record.carried().next().is_some();
    for (key, text) in &record.attributes {
        // A platform is read from the file, where there is one.
        let is_found_out = FOUND_OUT.contains(&key.as_str()) || (has_file && key == "platform");
        if !is_found_out {
            properties.insert(key, text);
        }
    }
    let own = [("apiVersion", &record.api_version), ("mainFile", &record.main_file), ("assetLink", &record.asset_link)];
    properties.extend(own.into_iter().filter_map(|(key, text)| Some((key, text.as_deref()?))));
    properties
}

/// A POM that goes along speaks for what it says: the form may not say it a second time (EXCHANGE.md §2.2).
fn yield_to_pom(inventory: &Inventory, path: &Utf8Path, row: &mut Row, notes: &mut Vec<Note>) {
    let Ok(pom) = read_pom_alone(&inventory.root().join(path), &Reading::default()) else { return };
    let mut said: Vec<(String, Option<&String>)> =
        vec![("name".to_owned(), pom.name.as_ref()), ("description".to_owned(), pom.description.as_ref())];
    for key in ["tags", "keywords"] {
        said.push((key.to_owned(), pom.properties.get(key)));
    }
    for key in ["mainFile", "apiVersion", "assetLink"] {
        said.push((format!("properties.{key}"), pom.properties.get(key)));
    }
    for (dimension, key, text) in &pom.keyed {
        said.push((format!("{dimension}.{key}"), Some(text)));
    }
    for (column, text) in said {
        let Some(text) = text.map(|text| text.trim()).filter(|text| !text.is_empty()) else { continue };
        if let Some(cell) = row.remove(&column)
            && !is_same(&cell, text)
        {
            let why = format!("the POM, which goes along, says `{text}`, and Exchange `{cell}`: the POM counts");
            notes.push(Note::new(column, why));
        }
    }
    if pom.has_dependencies {
        row.remove("dependencies");
    }
}

fn is_same(one: &str, other: &str) -> bool {
    let parts = |text: &str| -> BTreeSet<String> {
        text.split(|c: char| c == ',' || c.is_whitespace())
            .filter(|part| !part.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    parts(one) == parts(other)
}

/// The cell of some values: separated by commas, or a list where a value needs it.
pub(super) fn listed(values: &[String]) -> String {
    let needs_list =
        |value: &String| value.is_empty() || value.contains(',') || value.starts_with('[') || value.trim() != value;
    if values.iter().any(needs_list) { json!(values).to_string() } else { values.join(",") }
}

/// The cell of a field, which is read by the type of its key.
fn field(value: &FieldValue) -> String {
    match value {
        // A cell is trimmed, and a list is not.
        FieldValue::Text(text) | FieldValue::Date(text) if text.starts_with('[') || text.trim() != text => {
            json!([text]).to_string()
        }
        FieldValue::Text(text) | FieldValue::Date(text) => text.clone(),
        FieldValue::Number(number) => number.to_string(),
        FieldValue::NumberList(numbers) => numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        FieldValue::Enum(texts) | FieldValue::TextList(texts) => listed(texts),
    }
}
