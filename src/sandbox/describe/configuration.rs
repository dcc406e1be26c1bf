//! What an organization configures: the keys of its categories and custom fields, and the values that they take
//! (EXCHANGE.md §4.2).

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::asset::AssetType;

use super::super::{
    clock::iso,
    directory::Directory,
    problem::Problem,
    store::{Kept, StoreError, Tables},
};
use super::value::{self, DataType, Given, TagValue};

const MAX_NAME: usize = 512;
const MAX_ACCEPTED: usize = 500;
const MAX_RESTRICTIONS: usize = 100;

/// The root organization above an organization, which owns the configurations.
pub(in super::super) fn root<'a>(directory: &'a Directory, organization: &'a str) -> &'a str {
    directory.root_of(organization).map_or(organization, |root| &root.id)
}

/// The two kinds of things that are configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Dimension {
    Category,
    Field,
}

impl Dimension {
    /// The name in paths and forms.
    pub(in super::super) fn plural(self) -> &'static str {
        match self {
            Self::Category => "categories",
            Self::Field => "fields",
        }
    }

    pub(super) fn singular(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Field => "custom field",
        }
    }

    fn shelf(self, root: &str) -> String {
        format!("{root}/{}", self.plural())
    }

    fn keys(self, root: &str) -> String {
        format!("{root}/{}/key", self.plural())
    }

    fn names(self, root: &str) -> String {
        format!("{root}/{}/name", self.plural())
    }
}

/// A category or a custom field, as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Configuration {
    pub(in super::super) id: String,
    /// The root organization.
    organization: String,
    pub(in super::super) tag_key: String,
    pub(in super::super) display_name: String,
    pub(in super::super) data_type: DataType,
    accepted_values: Option<Vec<String>>,
    asset_type_restrictions: Vec<String>,
    created: i64,
    updated: i64,
}

impl Kept for Configuration {
    const KIND: &'static str = "configuration";
}

/// Finds a configuration by something else than its id: its key, or its name.
#[derive(Serialize, Deserialize)]
struct Pointer(String);

impl Kept for Pointer {
    const KIND: &'static str = "configuration-by";
}

impl Configuration {
    /// Makes a configuration from the body of a request.
    pub(super) fn create(root: &str, body: &Value, kebab: bool, now: i64) -> Result<Self, Problem> {
        let tag_key = key(body, kebab)?.ok_or_else(|| missing("tagKey"))?;
        let accepted_values = texts(body, "acceptedValues", MAX_ACCEPTED)?;
        // The specification gives categories no data type at all.
        let default = if accepted_values.is_some() { DataType::Enum } else { DataType::Text };
        Ok(Self {
            id: Uuid::new_v4().to_string(),
            organization: root.to_owned(),
            display_name: display_name(body)?.unwrap_or_else(|| tag_key.clone()),
            data_type: data_type(body)?.unwrap_or(default),
            tag_key,
            accepted_values,
            asset_type_restrictions: texts(body, "assetTypeRestrictions", MAX_RESTRICTIONS)?.unwrap_or_default(),
            created: now,
            updated: now,
        })
    }

    /// The configuration after a change; what the body does not name stays.
    pub(super) fn changed(&self, body: &Value, kebab: bool, now: i64) -> Result<Self, Problem> {
        let (tag_key, display_name) = (key(body, kebab)?, display_name(body)?);
        if tag_key.is_none() && display_name.is_none() {
            return Err(Problem::bad_request("request/body must have required property 'displayName' or 'tagKey'"));
        }
        let is_given = |name: &str| body.get(name).is_some();
        let accepted = texts(body, "acceptedValues", MAX_ACCEPTED)?;
        let restrictions = texts(body, "assetTypeRestrictions", MAX_RESTRICTIONS)?;
        Ok(Self {
            tag_key: tag_key.unwrap_or_else(|| self.tag_key.clone()),
            display_name: display_name.unwrap_or_else(|| self.display_name.clone()),
            data_type: data_type(body)?.unwrap_or(self.data_type),
            accepted_values: if is_given("acceptedValues") { accepted } else { self.accepted_values.clone() },
            asset_type_restrictions: if is_given("assetTypeRestrictions") {
                restrictions.unwrap_or_default()
            } else {
                self.asset_type_restrictions.clone()
            },
            updated: now,
            ..self.clone()
        })
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "organizationId": self.organization,
            "displayName": self.display_name,
            "dataType": self.data_type.as_str(),
            "tagKey": self.tag_key,
            "acceptedValues": self.accepted_values,
            "assetTypeRestrictions": self.asset_type_restrictions,
            "createdDate": iso(self.created),
            "updatedDate": iso(self.updated),
        })
    }

    /// Reads a value for an asset; the error is a sentence without its subject.
    pub(in super::super) fn read(
        &self,
        dimension: Dimension,
        asset_type: &AssetType,
        given: &Given,
    ) -> Result<TagValue, String> {
        let is_type = |name: &String| name.parse() == Ok(asset_type.clone());
        if !self.asset_type_restrictions.is_empty() && !self.asset_type_restrictions.iter().any(is_type) {
            return Err(format!("does not go with assets of the type {asset_type}"));
        }
        let value = match dimension {
            Dimension::Category => value::category(self.data_type, given)?,
            Dimension::Field => value::field(self.data_type, given)?,
        };
        let Some(accepted) = self.accepted_values.as_ref().filter(|accepted| !accepted.is_empty()) else {
            return Ok(value);
        };
        let texts: Vec<String> = match &value {
            TagValue::Number(number) => vec![number.to_string()],
            TagValue::Text(text) => vec![text.clone()],
            TagValue::Numbers(numbers) => numbers.iter().map(ToString::to_string).collect(),
            TagValue::Texts(texts) => texts.clone(),
        };
        match texts.iter().find(|text| !accepted.contains(text)) {
            Some(text) => {
                Err(format!("must be equal to one of the allowed values: {}; `{text}` is not", shown(accepted)))
            }
            None => Ok(value),
        }
    }

    /// Whether a value that was taken once would still be taken.
    pub(in super::super) fn fits(&self, dimension: Dimension, asset_type: &AssetType, value: &TagValue) -> bool {
        self.read(dimension, asset_type, &Given::Json(value.to_json())).as_ref() == Ok(value)
    }

    /// Whether every value that this configuration takes is taken by another one under the same key.
    pub(super) fn is_widened_by(&self, other: &Self) -> bool {
        let is_within = |narrow: &[String], wide: &[String]| {
            wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(|text| wide.contains(text)))
        };
        let accepted = |configuration: &Self| configuration.accepted_values.clone().unwrap_or_default();
        self.tag_key == other.tag_key
            && self.data_type == other.data_type
            && is_within(&accepted(self), &accepted(other))
            && is_within(&self.asset_type_restrictions, &other.asset_type_restrictions)
    }

    /// Finds a configuration by its id.
    pub(in super::super) fn by_id(
        tables: &Tables,
        (dimension, root): (Dimension, &str),
        id: &str,
    ) -> Result<Option<Self>, StoreError> {
        tables.kept(&dimension.shelf(root), id)
    }

    /// Finds a configuration by its key.
    pub(in super::super) fn by_key(
        tables: &Tables,
        (dimension, root): (Dimension, &str),
        tag_key: &str,
    ) -> Result<Option<Self>, StoreError> {
        let Some(Pointer(id)) = tables.kept(&dimension.keys(root), tag_key)? else { return Ok(None) };
        Self::by_id(tables, (dimension, root), &id)
    }

    /// A page of configurations, in the order of their creation.
    pub(super) fn page(
        tables: &Tables,
        (dimension, root): (Dimension, &str),
        limit: usize,
        offset: usize,
    ) -> Result<Vec<Self>, StoreError> {
        tables.shelf(&dimension.shelf(root), limit, offset)
    }

    /// Writes a configuration in the place of an earlier state of it. Keys are unique, and so are the names of
    /// categories.
    pub(super) fn write(
        &self,
        tables: &mut Tables,
        (dimension, root): (Dimension, &str),
        earlier: Option<&Self>,
    ) -> Result<(), Problem> {
        let taken = |what: &str, text: &str| {
            let text = format!("A {} with the {what} `{text}` already exists", dimension.singular());
            Err(Problem::plain(StatusCode::CONFLICT, text))
        };
        // All is asked before anything is written: a change that fails half-way takes back what others have done.
        let is_free = |owner: &str, id: &str| {
            let held = tables.kept::<Pointer>(owner, id)?;
            Ok::<_, StoreError>(held.is_none_or(|Pointer(holder)| holder == self.id))
        };
        if !is_free(&dimension.keys(root), &self.tag_key)? {
            return taken("key", &self.tag_key);
        }
        let name = (dimension == Dimension::Category).then(|| self.display_name.to_lowercase());
        if let Some(name) = &name
            && !is_free(&dimension.names(root), name)?
        {
            return taken("name", &self.display_name);
        }
        if let Some(earlier) = earlier {
            earlier.withdraw(tables, (dimension, root))?;
        }
        let pointer = Pointer(self.id.clone());
        if let Some(name) = &name {
            tables.keep(&dimension.names(root), name, &pointer)?;
        }
        tables.keep(&dimension.keys(root), &self.tag_key, &pointer)?;
        tables.keep(&dimension.shelf(root), &self.id, self)?;
        Ok(())
    }

    /// Frees the key and the name.
    fn withdraw(&self, tables: &mut Tables, (dimension, root): (Dimension, &str)) -> Result<(), StoreError> {
        tables.discard::<Pointer>(&dimension.keys(root), &self.tag_key)?;
        if dimension == Dimension::Category {
            tables.discard::<Pointer>(&dimension.names(root), &self.display_name.to_lowercase())?;
        }
        Ok(())
    }

    /// Takes a configuration away, and all its values out of sight.
    pub(super) fn remove(&self, tables: &mut Tables, (dimension, root): (Dimension, &str)) -> Result<(), StoreError> {
        self.withdraw(tables, (dimension, root))?;
        tables.discard::<Self>(&dimension.shelf(root), &self.id)?;
        Ok(())
    }
}

/// The accepted values as a refusal quotes them.
fn shown(accepted: &[String]) -> String {
    const MOST: usize = 10;
    let more = if accepted.len() > MOST { ", …" } else { "" };
    format!("{}{more}", accepted[..accepted.len().min(MOST)].join(", "))
}

fn missing(name: &str) -> Problem {
    Problem::bad_request(format!("request/body must have required property '{name}'"))
}

/// A text of a body; `None` where it is not there.
fn text<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, Problem> {
    match body.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if text.chars().count() > MAX_NAME => {
            Err(Problem::bad_request(format!("request/body/{name} must NOT have more than {MAX_NAME} characters")))
        }
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Problem::bad_request(format!("request/body/{name} must be string"))),
    }
}

fn display_name(body: &Value) -> Result<Option<String>, Problem> {
    let name = text(body, "displayName")?;
    if name.is_some_and(|name| name.trim().is_empty()) {
        return Err(Problem::bad_request("request/body/displayName must NOT have fewer than 1 characters"));
    }
    Ok(name.map(str::to_owned))
}

fn data_type(body: &Value) -> Result<Option<DataType>, Problem> {
    if body["dataType"].is_null() {
        return Ok(None);
    }
    let name = text(body, "dataType")?;
    let known = DataType::ALL.into_iter().find(|known| Some(known.as_str()) == name);
    known.map(Some).ok_or_else(|| {
        let names = DataType::ALL.map(DataType::as_str).join(", ");
        Problem::bad_request(format!("request/body/dataType must be equal to one of the allowed values: {names}"))
    })
}

/// A key: kebab-case as the specification wants it, and camelCase as its guides write it (EXCHANGE.md, conflict C1).
fn key(body: &Value, kebab: bool) -> Result<Option<String>, Problem> {
    let Some(key) = text(body, "tagKey")? else { return Ok(None) };
    let is_kebab = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| if kebab { is_kebab(b) } else { b.is_ascii_alphanumeric() })
    };
    let separators: &[char] = if kebab { &['-'] } else { &['-', '_'] };
    if key.split(separators).all(is_word) {
        return Ok(Some(key.to_owned()));
    }
    let pattern = if kebab { "^[a-z0-9]+(-[a-z0-9]+)*$" } else { "^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$" };
    Err(Problem::bad_request(format!("request/body/tagKey must match pattern \"{pattern}\"")))
}

/// An array of texts, or nothing.
fn texts(body: &Value, name: &str, most: usize) -> Result<Option<Vec<String>>, Problem> {
    let invalid = |what: String| Problem::bad_request(format!("request/body/{name}{what}"));
    match &body[name] {
        Value::Null => Ok(None),
        Value::Array(values) if values.len() > most => Err(invalid(format!(" must NOT have more than {most} items"))),
        Value::Array(values) => {
            let text = |(at, value): (usize, &Value)| {
                let text = value.as_str().ok_or_else(|| invalid(format!("/{at} must be string")))?;
                if text.chars().count() > MAX_NAME {
                    return Err(invalid(format!("/{at} must NOT have more than {MAX_NAME} characters")));
                }
                Ok(text.to_owned())
            };
            values.iter().enumerate().map(text).collect::<Result<_, _>>().map(Some)
        }
        _ => Err(invalid(" must be array".to_owned())),
    }
}
