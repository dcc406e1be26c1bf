//! A publication as its form describes it, after the checks that are answered at once (EXCHANGE.md §3.1).

use std::{collections::BTreeMap, io::Read, io::Seek};

use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::asset::{AssetType, Coordinates, FileKey, Lifecycle};

use super::super::{Quirk, Quirks, describe::Given, problem::Problem, store::Claim};
use super::{
    form::{Form, Upload},
    kinds,
    pom::Pom,
};

/// The most dependencies of an asset (EXCHANGE.md §3.8).
const MAX_DEPENDENCIES: usize = 100;

/// The most tags, and the most characters of a value (EXCHANGE.md §3.8).
const MAX_TAGS: usize = 100;
const MAX_VALUE: usize = 250;

/// What the headers of a publication ask for.
#[expect(clippy::struct_excessive_bools, reason = "each is a header of the API")]
#[derive(Debug, Clone)]
pub(in super::super) struct Options {
    /// Wait for the end.
    pub(in super::super) sync: bool,
    /// Look into the files.
    pub(super) validate: bool,
    /// Leave the files as they are.
    pub(super) strict: bool,
    snapshots: bool,
    /// The formats that are accepted; empty is all.
    pub(super) formats: Vec<String>,
    pub(super) user: Option<String>,
    /// Whether a connected app's owner becomes the administrator of a new asset; the organization decides otherwise.
    pub(super) assign_roles: Option<bool>,
    /// The readings of the sandbox.
    pub(super) quirks: Quirks,
}

impl Options {
    /// What the Maven facade asks for: it waits, and takes snapshots.
    pub(super) fn of_repository() -> Self {
        Self {
            sync: true,
            validate: true,
            strict: false,
            snapshots: true,
            formats: Vec::new(),
            user: None,
            assign_roles: None,
            quirks: Quirks::default(),
        }
    }

    pub(in super::super) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let flag = |name: &str, default: bool| match text(name) {
            None => Ok(default),
            Some("" | "false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(_) => Err(Problem::bad_request(format!("request/headers/{name} must be boolean"))),
        };
        let assign_roles = flag("x-assign-roles", true)?;
        Ok(Self {
            quirks: Quirks::default(),
            assign_roles: text("x-assign-roles").map(|_| assign_roles),
            sync: flag("x-sync-publication", false)?,
            validate: flag("x-file-validation", true)?,
            strict: flag("x-strict-package", false)?,
            snapshots: flag("x-snapshots-allowed", false)?,
            formats: list(text("x-allowed-api-spec-formats").unwrap_or_default()),
            user: text("x-user-id").filter(|id| !id.is_empty()).map(str::to_owned),
        })
    }
}

/// A publication.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) organization: String,
    pub(super) gav: Coordinates,
    pub(super) asset_type: AssetType,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) status: Lifecycle,
    pub(super) contact_name: Option<String>,
    pub(super) contact_email: Option<String>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) keywords: Vec<String>,
    pub(super) categories: GivenTags,
    pub(super) fields: GivenTags,
    /// Dependencies that must exist.
    pub(super) dependencies: Vec<Coordinates>,
    /// Dependencies of the POM, which may be plain Maven artifacts that Exchange knows nothing of.
    pub(super) maven_dependencies: Vec<Coordinates>,
    pub(super) declares_dependencies: bool,
    pub(super) properties: BTreeMap<String, String>,
    pub(super) files: Vec<Upload>,
    pub(super) has_pom: bool,
}

impl Draft {
    pub(super) fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name).map(String::as_str)
    }

    /// Reads a publication from its form.
    pub(super) fn read(
        organization: &str,
        gav: Coordinates,
        mut form: Form,
        options: &Options,
    ) -> Result<Self, Problem> {
        if gav.version.is_snapshot() && !options.snapshots {
            return Err(Problem::bad_request("SNAPSHOT versions need the header x-snapshots-allowed"));
        }
        check_duplicates(&form)?;
        let pom = read_pom(&mut form, &gav)?;
        let has_pom = pom.is_some();
        let pom = pom.unwrap_or_default();
        let name = once(&form, "name", pom.get("name"))?;
        let description = once(&form, "description", pom.get("description"))?.unwrap_or_default();
        let mut properties: BTreeMap<String, String> =
            form.prefixed("properties").map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        properties.retain(|_, value| !value.is_empty());
        for key in ["mainFile", "apiVersion", "assetLink"] {
            let from_pom = pom.properties.get(key).map(String::as_str);
            if let Some(value) = once(&form, &format!("properties.{key}"), from_pom)? {
                properties.insert(key.to_owned(), value);
            }
        }
        let keywords = once(&form, "keywords", pom.properties.get("keywords").map(String::as_str))?;
        let tags = once(&form, "tags", pom.properties.get("tags").map(String::as_str))?;
        let declared = form.text("dependencies");
        if declared.is_some() && !pom.dependencies.is_empty() {
            return Err(twice("dependencies"));
        }
        let keys: Vec<&FileKey> = form.files.iter().map(|upload| &upload.key).collect();
        let asset_type =
            kinds::determine(form.text("type"), &keys, properties.contains_key("assetLink"), &options.quirks)?;
        let required = kinds::required_properties(&asset_type, &keys).iter().copied();
        let mut missing: Vec<&str> = required.filter(|key| !properties.contains_key(*key)).collect();
        if name.is_none() {
            missing.push("name");
        }
        if !missing.is_empty() {
            return Err(missing_properties(&missing));
        }
        let draft = Self {
            organization: organization.to_owned(),
            status: status(form.text("status"), &gav)?,
            contact_name: form.text("contactName").map(str::to_owned),
            contact_email: form.text("contactEmail").map(str::to_owned),
            tags: tags.map(|tags| normal_tags(list(&tags))).transpose()?,
            keywords: list(&keywords.unwrap_or_default()),
            categories: change(&form, "categories", &pom.categories)?,
            fields: change(&form, "fields", &pom.fields)?,
            dependencies: dependencies(declared.unwrap_or_default())?,
            declares_dependencies: declared.is_some(),
            maven_dependencies: maven_dependencies(&pom),
            name: name.unwrap_or_default(),
            gav,
            asset_type,
            description,
            properties,
            has_pom,
            files: form.files,
        };
        draft.check_lengths(description_limit(&options.quirks))?;
        Ok(draft)
    }

    /// What other publications of the asset must go with, until this one has taken effect.
    pub(super) fn claim(&self) -> Claim {
        Claim {
            gav: self.gav.clone(),
            organization: self.organization.clone(),
            asset_type: self.asset_type.clone(),
            api_version: self.property("apiVersion").map(str::to_owned),
        }
    }

    fn check_lengths(&self, description: usize) -> Result<(), Problem> {
        let contact = |value: &Option<String>| value.clone().unwrap_or_default();
        for (name, value, most) in [
            ("name", self.name.clone(), 256),
            ("description", self.description.clone(), description),
            ("contactName", contact(&self.contact_name), 255),
            ("contactEmail", contact(&self.contact_email), 255),
            ("properties.apiVersion", self.property("apiVersion").unwrap_or_default().to_owned(), 256),
        ] {
            check_length(name, &value, most)?;
        }
        Ok(())
    }
}

/// The most characters of a description (conflict C9).
pub(in super::super) fn description_limit(quirks: &Quirks) -> usize {
    if quirks.has(Quirk::Description256) { 256 } else { 255 }
}

/// Refuses a text that is too long, as the validator of the API does.
pub(in super::super) fn check_length(name: &str, value: &str, most: usize) -> Result<(), Problem> {
    if value.chars().count() > most {
        return Err(Problem::bad_request(format!("request/body/{name} must NOT have more than {most} characters")));
    }
    Ok(())
}

/// A value that comes from the form or from the POM, and may not come from both.
fn once(form: &Form, field: &str, from_pom: Option<&str>) -> Result<Option<String>, Problem> {
    match (form.text(field), from_pom.filter(|text| !text.is_empty())) {
        (Some(_), Some(_)) => Err(twice(field)),
        (text, from_pom) => Ok(text.or(from_pom).map(str::to_owned)),
    }
}

fn twice(field: &str) -> Problem {
    Problem::invalid("INVALID_ASSET_METADATA", format!("`{field}` is given both in the form and in the POM"))
}

pub(super) fn missing_properties(names: &[&str]) -> Problem {
    let list = serde_json::to_string(names).unwrap_or_default();
    Problem::publication(
        StatusCode::BAD_REQUEST,
        "MISSING_REQUIRED_PROPERTIES",
        "There are missing required properties",
        format!("The missing required properties are: {list}"),
    )
}

fn check_duplicates(form: &Form) -> Result<(), Problem> {
    let mut keys: Vec<&FileKey> = form.files.iter().map(|upload| &upload.key).collect();
    keys.sort_unstable();
    match keys.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Problem::invalid("INVALID_FILE_IDENTIFIER_ERROR", format!("`{}` comes twice", pair[0]))),
        None => Ok(()),
    }
}

fn read_pom(form: &mut Form, gav: &Coordinates) -> Result<Option<Pom>, Problem> {
    let key = FileKey::bare("pom");
    let Some(mut upload) = form.take(&key) else { return Ok(None) };
    let invalid = |error: String| Problem::invalid("INVALID_ASSET_METADATA", format!("The POM is invalid: {error}"));
    let mut text = String::new();
    upload.content.rewind().map_err(|error| Problem::internal(&error))?;
    upload.content.read_to_string(&mut text).map_err(|error| invalid(error.to_string()))?;
    let pom = Pom::parse(text.trim_start_matches('\u{feff}')).map_err(invalid)?;
    for (name, expected) in
        [("groupId", gav.group_id.clone()), ("artifactId", gav.asset_id.clone()), ("version", gav.version.to_string())]
    {
        let found = pom.get(name).unwrap_or_default();
        if found != expected {
            return Err(invalid(format!("its {name} is `{found}`, the URL says `{expected}`")));
        }
    }
    form.files.push(upload);
    Ok(Some(pom))
}

/// Splits a comma-separated text; blanks around values do not count.
pub(in super::super) fn list(text: &str) -> Vec<String> {
    text.split(',').map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
}

/// Tags as Exchange keeps them: in lower case, each once, in no order of the publisher's.
pub(in super::super) fn normal_tags(tags: Vec<String>) -> Result<Vec<String>, Problem> {
    let mut tags: Vec<String> = tags.into_iter().map(|tag| tag.to_lowercase()).collect();
    tags.sort_unstable();
    tags.dedup();
    if tags.len() > MAX_TAGS {
        return Err(Problem::bad_request(format!("there are more than {MAX_TAGS} tags")));
    }
    for tag in &tags {
        check_length("tags", tag, MAX_VALUE)?;
    }
    Ok(tags)
}

fn status(text: Option<&str>, gav: &Coordinates) -> Result<Lifecycle, Problem> {
    let status = match text {
        None => Lifecycle::Published,
        Some(text) => text.parse().map_err(|_| status_refused())?,
    };
    if status == Lifecycle::Deprecated {
        return Err(status_refused());
    }
    // A snapshot never becomes stable (EXCHANGE.md §3.9).
    Ok(if gav.version.is_snapshot() { Lifecycle::Development } else { status })
}

fn status_refused() -> Problem {
    Problem::bad_request("request/body/status must be equal to one of the allowed values: development, published")
}

fn dependencies(text: &str) -> Result<Vec<Coordinates>, Problem> {
    let read = |text: &String| {
        Coordinates::parse_colons(text)
            .map_err(|error| Problem::bad_request(format!("request/body/dependencies is invalid: {error}")))
    };
    let mut dependencies: Vec<Coordinates> = list(text).iter().map(read).collect::<Result<_, _>>()?;
    dependencies.sort();
    dependencies.dedup();
    if dependencies.len() > MAX_DEPENDENCIES {
        return Err(Problem::bad_request(format!("there are more than {MAX_DEPENDENCIES} dependencies")));
    }
    Ok(dependencies)
}

/// The dependencies of a POM that are coordinates; those with placeholders or ranges are Maven's business.
fn maven_dependencies(pom: &Pom) -> Vec<Coordinates> {
    let read = |[group, artifact, version]: &[String; 3]| Coordinates::new(group, artifact, version.parse().ok()?).ok();
    pom.dependencies.iter().filter_map(read).collect()
}

/// `categories` or `fields` of a form.
#[derive(Debug, Clone, Default)]
pub(super) struct GivenTags {
    /// Whether keys that are not named go.
    pub(super) replace_all: bool,
    pub(super) values: BTreeMap<String, Given>,
}

/// A value is comma-separated text in the documentation's sample; JSON of the data type means the same.
#[derive(Deserialize)]
struct KeyValue {
    key: String,
    value: Value,
}

/// Reads `categories` or `fields`: JSON beats the dotted form entirely, and an empty dotted field leaves its key as it is
/// (EXCHANGE.md §3.1).
pub(super) fn change(form: &Form, name: &str, from_pom: &BTreeMap<String, String>) -> Result<GivenTags, Problem> {
    let given = |(key, text): (&str, &str)| (key.to_owned(), Given::Csv(text.to_owned()));
    let is_filled = |(_, given): &(String, Given)| !given.is_blank();
    let dotted: BTreeMap<String, Given> = form.prefixed(name).map(given).filter(is_filled).collect();
    let json = form.text(name);
    if (json.is_some() || !dotted.is_empty()) && !from_pom.is_empty() {
        return Err(twice(name));
    }
    let Some(json) = json else {
        let pom = from_pom.iter().map(|(key, text)| given((key, text))).filter(is_filled);
        let values = if dotted.is_empty() { pom.collect() } else { dotted };
        return Ok(GivenTags { replace_all: false, values });
    };
    let pairs: Vec<KeyValue> = serde_json::from_str(json).map_err(|error| {
        Problem::bad_request(format!("request/body/{name} is not an array of key and value: {error}"))
    })?;
    let values = pairs.into_iter().map(|pair| match pair.value {
        Value::String(text) => (pair.key, Given::Csv(text)),
        value => (pair.key, Given::Json(value)),
    });
    Ok(GivenTags { replace_all: true, values: values.collect() })
}
