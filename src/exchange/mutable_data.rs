//! Tags, categories, custom fields and docs of a version that exists, all in one call (EXCHANGE.md §3.4).

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use super::{
    Exchange, StatusLink, UploadFile, api::publication_path, publication::PART_OVERHEAD, upload::form_factory,
};
use crate::{
    asset::{Coordinates, FileKey},
    net::{Body, Call, CallError, Repeat},
};

/// A change of what describes a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MutableData {
    /// All tags; `None` leaves them. An empty list cannot be sent: [`Exchange::put_tags`] empties.
    pub tags: Option<Vec<String>>,
    /// The categories.
    pub categories: ValueChange,
    /// The custom fields; numbers, dates and texts are lists of one.
    pub fields: ValueChange,
    /// `files.docs.zip`: all pages, resources and terms, in the place of those that are there.
    pub docs: Option<UploadFile>,
}

/// A change of the categories or the custom fields of a version: values by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ValueChange {
    /// They stay as they are.
    #[default]
    Keep,
    /// Those that are named are replaced, the others stay. A key without a value cannot be sent:
    /// [`Exchange::delete_value`] takes it away.
    Each(BTreeMap<String, Vec<String>>),
    /// These and no others; nothing takes all away.
    All(BTreeMap<String, Vec<String>>),
}

/// A change that the call has no words for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MutableDataError {
    /// Values are separated by commas, which cannot be escaped.
    #[error("`{value}` of {name} holds a comma, and the call separates values by commas")]
    Comma {
        /// Where it belongs.
        name: String,
        /// The value.
        value: String,
    },
    /// An empty part leaves what is there.
    #[error("the call cannot empty {name}")]
    Empty {
        /// What was to be emptied.
        name: String,
    },
    /// The archive has another name than `files.docs.zip`.
    #[error("only files.docs.zip can be changed, not {key}")]
    File {
        /// The name.
        key: FileKey,
    },
}

/// One call that changes mutable data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MutableDataRequest {
    /// What is changed.
    pub coordinates: Coordinates,
    /// The text fields, by the API's own names.
    pub form: Vec<(String, String)>,
    /// The docs.
    pub files: Vec<UploadFile>,
}

impl MutableData {
    /// Whether nothing is to be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl MutableDataRequest {
    /// Puts a change into the fields of the API.
    ///
    /// # Errors
    /// [`MutableDataError`]; such a change goes through [`Exchange::put_tags`], [`Exchange::put_category`],
    /// [`Exchange::put_field`] and [`Exchange::delete_value`].
    pub fn new(coordinates: Coordinates, data: &MutableData) -> Result<Self, MutableDataError> {
        let mut form = Vec::new();
        if let Some(tags) = &data.tags {
            form.push(("tags".to_owned(), csv("tags", tags)?));
        }
        for (name, change) in [("categories", &data.categories), ("fields", &data.fields)] {
            match change {
                ValueChange::Keep => {}
                ValueChange::Each(values) => {
                    for (key, values) in values {
                        let name = format!("{name}.{key}");
                        let values = csv(&name, values)?;
                        form.push((name, values));
                    }
                }
                ValueChange::All(values) => form.push((name.to_owned(), json_of(name, values)?)),
            }
        }
        if let Some(other) = data.docs.iter().find(|docs| docs.key != FileKey::new("docs", "zip")) {
            return Err(MutableDataError::File { key: other.key.clone() });
        }
        Ok(Self { coordinates, form, files: data.docs.iter().cloned().collect() })
    }

    /// About how many bytes the call has.
    fn length(&self) -> u64 {
        let texts = self.form.iter().map(|(name, value)| (name.len() + value.len()) as u64);
        texts.chain(self.files.iter().map(|file| file.len)).map(|length| length + PART_OVERHEAD).sum()
    }
}

/// All values of a dimension: `[{"key": …, "value": "a,b"}]`. A key without a value is not named, which takes it away.
fn json_of(name: &str, values: &BTreeMap<String, Vec<String>>) -> Result<String, MutableDataError> {
    let named = values.iter().filter(|(_, values)| !values.is_empty());
    let entry = |(key, values): (&String, &Vec<String>)| {
        Ok(json!({ "key": key, "value": csv(&format!("{name}.{key}"), values)? }))
    };
    Ok(Value::Array(named.map(entry).collect::<Result<_, _>>()?).to_string())
}

fn csv(name: &str, values: &[String]) -> Result<String, MutableDataError> {
    if let Some(value) = values.iter().find(|value| value.contains(',')) {
        return Err(MutableDataError::Comma { name: name.to_owned(), value: value.clone() });
    }
    let values: Vec<&str> = values.iter().map(|value| value.trim()).filter(|value| !value.is_empty()).collect();
    if values.is_empty() {
        return Err(MutableDataError::Empty { name: name.to_owned() });
    }
    Ok(values.join(","))
}

impl Exchange {
    /// Changes tags, categories, custom fields or docs of a version that exists, and says where to ask how far that is:
    /// with [`publication_status`](Self::publication_status).
    ///
    /// From the Publish guide and the specification: `PATCH v2:/organizations/{org}/assets/{g}/{a}/{v}/mutabledata`, 202.
    /// It is always asynchronous. All values are replaced by those sent, so that sending it twice leaves the same, and the
    /// call may be repeated; but two changes of one asset must not be under way at once, since nothing says which ends
    /// last.
    ///
    /// # Errors
    /// [`CallError`]; 404 where there is no such version. What is wrong with values or docs is told by the status.
    pub async fn patch_mutable_data(&self, request: &MutableDataRequest) -> Result<StatusLink, CallError> {
        let path =
            publication_path(self.publisher(&request.coordinates.group_id), &request.coordinates, &[&"mutabledata"])?;
        let form = Body::Multipart { form: form_factory(&request.form, &request.files), length: request.length() };
        let reply = self.client().call(Call::new(Method::PATCH, path).repeat(Repeat::Safe).body(form)).await?;
        let body: Value = reply.json()?;
        let link = body.get("mutableDataStatusLink").or_else(|| body.get("publicationStatusLink"));
        let Some(link) = link.and_then(Value::as_str) else {
            return Err(CallError::BadReply {
                reason: "the change was accepted without a status link".to_owned(),
                request_id: reply.request_id,
                source: None,
            });
        };
        StatusLink::parse(link, self.client().origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(data: &MutableData) -> Result<Vec<(String, String)>, MutableDataError> {
        MutableDataRequest::new("g/a/1.0.0".parse().expect("parses"), data).map(|request| request.form)
    }

    fn values<const N: usize>(pairs: [(&str, &[&str]); N]) -> BTreeMap<String, Vec<String>> {
        pairs.map(|(key, values)| (key.to_owned(), values.iter().map(|v| (*v).to_owned()).collect())).into()
    }

    #[test]
    fn only_what_changes_is_sent() {
        assert_eq!(form(&MutableData::default()), Ok(Vec::new()));
        let data = MutableData {
            tags: Some(vec!["a".to_owned(), " b ".to_owned()]),
            categories: ValueChange::Each(values([("layer", &["System", "Process"])])),
            fields: ValueChange::All(values([("due", &["2026-01-01"]), ("old", &[])])),
            docs: None,
        };
        let expected = [
            ("tags", "a,b"),
            ("categories.layer", "System,Process"),
            ("fields", r#"[{"key":"due","value":"2026-01-01"}]"#),
        ];
        assert_eq!(form(&data), Ok(expected.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()));
        let none = MutableData { categories: ValueChange::All(BTreeMap::new()), ..MutableData::default() };
        assert_eq!(form(&none), Ok(vec![("categories".to_owned(), "[]".to_owned())]));
    }

    #[test]
    fn what_would_be_read_as_something_else_is_refused() {
        let tags = |tags: &[&str]| MutableData {
            tags: Some(tags.iter().map(|tag| (*tag).to_owned()).collect()),
            ..MutableData::default()
        };
        assert!(matches!(form(&tags(&["a, b"])), Err(MutableDataError::Comma { .. })));
        assert!(matches!(form(&tags(&[])), Err(MutableDataError::Empty { .. })));
        let each = |pairs| MutableData { fields: ValueChange::Each(pairs), ..MutableData::default() };
        assert!(matches!(form(&each(values([("k", &[])]))), Err(MutableDataError::Empty { .. })));
        let docs = UploadFile { key: FileKey::new("raml", "zip"), path: "x".into(), len: 0, sha256: [0; 32] };
        let other = MutableData { docs: Some(docs), ..MutableData::default() };
        assert!(matches!(form(&other), Err(MutableDataError::File { .. })));
    }
}
