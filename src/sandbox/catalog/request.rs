//! What a job brings: metadata, the archive of a specification, and the archive of its documentation.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::asset::FileKey;

use super::super::{
    problem::Problem,
    publish::{Form, Upload},
};
use super::version::{Base, Strategy};

/// The most pages that a job brings (API-CATALOG.md).
const MAX_PAGES: usize = 50;

/// Names that pages cannot have (API-CATALOG.md).
const RESERVED: [&str; 2] = [".pagesOrder", "terms"];

/// A job as it arrives.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) metadata: Metadata,
    pub(super) asset: Upload,
    pub(super) docs: Option<Upload>,
}

/// The part `metadata`. What it says of the client's own statistics is not listened to.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    organization_id: Option<String>,
    group_id: Option<String>,
    pub(super) asset_id: String,
    pub(super) main: String,
    /// `raml`, `oas` or `evented-api`; without it the specification tells.
    pub(super) classifier: Option<String>,
    name: Option<String>,
    api_version: Option<String>,
    pub(super) version: Option<String>,
    version_strategy: Option<Strategy>,
    tags: Option<Vec<String>>,
    categories: Option<Value>,
    custom_fields: Option<Value>,
    pub(super) contact: Option<Contact>,
    documentation: Option<Vec<Page>>,
    #[serde(default)]
    pub(super) forced_publish: bool,
    #[serde(default, rename = "forcedUpdateMetadata")]
    pub(super) forced_update: bool,
}

/// Whom to ask.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Contact {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

/// A page, and where its text is in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Page {
    pub(super) name: String,
    pub(super) path: String,
}

/// The key of a file of the form.
pub(super) fn file_key(_: &Form, name: &str, _: Option<&str>) -> Result<FileKey, Problem> {
    match name {
        "asset" | "docs" => Ok(FileKey::new(name, "zip")),
        other => {
            Err(Problem::bad_request(format!("request/body/{other} is a file; only `asset` and `docs` can be one")))
        }
    }
}

impl Request {
    /// Reads a job for an organization.
    pub(super) fn read(mut form: Form, organization: &str) -> Result<Self, Problem> {
        let missing = |name: &str| Problem::bad_request(format!("request/body must have required property '{name}'"));
        let text = form.text("metadata").ok_or_else(|| missing("metadata"))?;
        let metadata: Metadata = serde_json::from_str(text)
            .map_err(|error| Problem::bad_request(format!("request/body/metadata is invalid: {error}")))?;
        metadata.check(organization)?;
        let asset = form.take(&FileKey::new("asset", "zip")).ok_or_else(|| missing("asset"))?;
        Ok(Self { metadata, asset, docs: form.take(&FileKey::new("docs", "zip")) })
    }
}

impl Metadata {
    fn check(&self, organization: &str) -> Result<(), Problem> {
        let invalid = |name: &str, why: &str| Err(Problem::bad_request(format!("request/body/metadata/{name} {why}")));
        if self.organization_id.as_deref().is_some_and(|id| id != organization) {
            return invalid("organizationId", "must be the organization of the path");
        }
        if self.base().is_none() {
            return invalid("version", "must be a version such as 1.0.0 or 1.x.x");
        }
        if self.pages().len() > MAX_PAGES {
            return invalid("documentation", &format!("must NOT have more than {MAX_PAGES} items"));
        }
        if let Some(page) = self.pages().iter().find(|page| RESERVED.contains(&page.name.as_str())) {
            return invalid("documentation", &format!("has a page with the reserved name `{}`", page.name));
        }
        if keyed(self.categories.as_ref()).is_none() {
            return invalid("categories", "must be a list of keys and values");
        }
        if keyed(self.custom_fields.as_ref()).is_none() {
            return invalid("customFields", "must be a list of keys and values");
        }
        Ok(())
    }

    /// The group of the asset: the organization, unless the job names another.
    pub(super) fn group<'a>(&'a self, organization: &'a str) -> &'a str {
        self.group_id.as_deref().unwrap_or(organization)
    }

    /// The version that the strategy starts from.
    pub(super) fn base(&self) -> Option<Base> {
        Base::parse(self.version.as_deref().unwrap_or("1.0.0"))
    }

    pub(super) fn strategy(&self) -> Strategy {
        self.version_strategy.unwrap_or_default()
    }

    pub(super) fn pages(&self) -> &[Page] {
        self.documentation.as_deref().unwrap_or_default()
    }

    /// What describes the asset, as fields of a form of Exchange. What is not given stays as it is.
    pub(super) fn description(&self) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        let tags = self.tags.as_deref().unwrap_or_default();
        if !tags.is_empty() {
            texts.push(("tags".to_owned(), tags.join(",")));
        }
        for (prefix, values) in [("categories", &self.categories), ("fields", &self.custom_fields)] {
            let values = keyed(values.as_ref()).unwrap_or_default();
            texts.extend(values.into_iter().map(|(key, value)| (format!("{prefix}.{key}"), value)));
        }
        texts
    }

    /// What makes the asset, as fields of a form of Exchange.
    pub(super) fn publication(&self, status: &str) -> Vec<(String, String)> {
        let mut texts = self.description();
        let contact =
            |read: fn(&Contact) -> &Option<String>| self.contact.as_ref().and_then(|known| read(known).clone());
        let fields = [
            ("name", Some(self.name.clone().unwrap_or_else(|| self.asset_id.clone()))),
            ("status", Some(status.to_owned())),
            ("properties.mainFile", Some(self.main.clone())),
            ("properties.apiVersion", self.api_version.clone()),
            ("contactName", contact(|known| &known.name)),
            ("contactEmail", contact(|known| &known.email)),
        ];
        texts.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        texts
    }

    /// A digest of everything that can be changed without a new version, with that of the documentation.
    pub(super) fn digest(&self, docs: Option<&str>) -> String {
        let mut tags: Vec<String> = self.tags.iter().flatten().map(|tag| tag.to_lowercase()).collect();
        tags.sort_unstable();
        let contact = self.contact.as_ref().map(|contact| json!([contact.name, contact.email]));
        let pages: Vec<Value> = self.pages().iter().map(|page| json!([page.name, page.path])).collect();
        let mut described = self.description();
        described.retain(|(name, _)| name != "tags");
        hex::encode(Sha256::digest(json!([tags, described, contact, pages, docs]).to_string()))
    }
}

/// Keys and values as comma-separated texts: a list of keys with their values, as the official client writes it, or a
/// map, as its descriptor does. `None` for anything else.
fn keyed(value: Option<&Value>) -> Option<BTreeMap<String, String>> {
    match value {
        None | Some(Value::Null) => Some(BTreeMap::new()),
        Some(Value::Array(list)) => {
            list.iter().map(|pair| Some((pair["key"].as_str()?, &pair["values"]))).map(named).collect()
        }
        Some(Value::Object(map)) => map.iter().map(|(key, value)| Some((key.as_str(), value))).map(named).collect(),
        Some(_) => None,
    }
}

fn named(pair: Option<(&str, &Value)>) -> Option<(String, String)> {
    let (key, value) = pair?;
    let text = match value {
        Value::Array(list) => list.iter().map(scalar).collect::<Option<Vec<_>>>()?.join(","),
        other => scalar(other)?,
    };
    Some((key.to_owned(), text))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(more: &Value) -> Metadata {
        let mut whole = json!({ "assetId": "orders", "main": "api.yaml" });
        whole.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        serde_json::from_value(whole).expect("reads")
    }

    #[test]
    fn lists_become_the_texts_of_a_form_and_what_is_empty_is_left_out() {
        let given = metadata(&json!({
            "tags": ["a", "b"],
            "categories": [{ "key": "Domain", "values": ["Sales", "Ops"] }],
            "customFields": { "owner": "ann", "level": 3 },
        }));
        let expected =
            [("tags", "a,b"), ("categories.Domain", "Sales,Ops"), ("fields.level", "3"), ("fields.owner", "ann")];
        assert_eq!(given.description(), expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
        let bare = metadata(&json!({ "tags": [], "categories": [], "customFields": [] }));
        assert!(bare.check("o").is_ok() && bare.description().is_empty());
    }

    #[test]
    fn the_digest_follows_what_is_said_and_not_its_order() {
        let digest = |more| metadata(&more).digest(None);
        assert_eq!(digest(json!({ "tags": ["a", "B"] })), digest(json!({ "tags": ["b", "A"] })));
        assert_ne!(digest(json!({ "tags": ["a"] })), digest(json!({ "tags": ["b"] })));
        assert_ne!(digest(json!({})), digest(json!({ "contact": { "name": "Ann" } })));
        assert_ne!(metadata(&json!({})).digest(None), metadata(&json!({})).digest(Some("docs")));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for more in [
            json!({ "version": "one" }),
            json!({ "organizationId": "another" }),
            json!({ "categories": ["x"] }),
            json!({ "customFields": { "a": { "b": "c" } } }),
            json!({ "documentation": [{ "name": "terms", "path": "t.md" }] }),
        ] {
            assert!(metadata(&more).check("o").is_err(), "{more}");
        }
    }
}
