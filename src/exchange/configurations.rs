//! What an organization configures: the keys of categories and custom fields, and what they take (EXCHANGE.md §4.1,
//! §4.2, §4.4).
//!
//! Configurations belong to the root organization and hold for all business groups below it: make these calls with
//! [`Exchange::for_organization`] where the job publishes to a business group. They need an Exchange administrator.

use futures::Stream;
use http::{HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DataType, Exchange, Page, api::path, listing::paged, tolerant::one_or_many};
use crate::net::{Body, Call, CallError, Repeat, Reply};

/// The two kinds of things that are configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    /// Categories.
    #[serde(rename = "categories")]
    Category,
    /// Custom fields.
    #[serde(rename = "fields")]
    Field,
}

impl Dimension {
    /// The API's name, in paths and forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Category => "categories",
            Self::Field => "fields",
        }
    }
}

/// A category or a custom field, as it is configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Configuration {
    /// The id.
    pub id: Option<String>,
    /// The organization that owns it.
    pub organization_id: Option<String>,
    /// The key: kebab-case by the specification, camelCase in its guides (EXCHANGE.md §10 C1).
    pub tag_key: String,
    /// The name for people.
    pub display_name: Option<String>,
    /// The type of the values; categories may have none.
    pub data_type: Option<String>,
    /// The values that are taken; empty for any.
    #[serde(deserialize_with = "one_or_many")]
    pub accepted_values: Vec<String>,
    /// The types of asset that it is for; empty for all.
    #[serde(deserialize_with = "one_or_many")]
    pub asset_type_restrictions: Vec<String>,
    /// When it was made.
    pub created_date: Option<String>,
    /// When it was last changed.
    pub updated_date: Option<String>,
}

impl Configuration {
    /// The type of the values, where it is a known one.
    #[must_use]
    pub fn values_type(&self) -> Option<DataType> {
        self.data_type.as_deref()?.parse().ok()
    }

    /// How to name it in a call.
    #[must_use]
    pub fn name(&self) -> ConfigurationName<'_> {
        ConfigurationName { tag_key: &self.tag_key, id: self.id.as_deref() }
    }
}

/// How a call names a configuration. The guides put the key into the path, the specification the id: the key is tried
/// first, and the id where the server does not know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigurationName<'a> {
    /// The key.
    pub tag_key: &'a str,
    /// The id, where it is known.
    pub id: Option<&'a str>,
}

impl<'a> From<&'a str> for ConfigurationName<'a> {
    fn from(tag_key: &'a str) -> Self {
        Self { tag_key, id: None }
    }
}

/// A configuration to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewConfiguration {
    /// The key, at most 512 characters.
    pub tag_key: String,
    /// The name for people, at most 512 characters.
    pub display_name: String,
    /// The type of the values. The specification knows none for categories, the guides do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_type: Option<DataType>,
    /// The values that are taken, at most 500; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted_values: Vec<String>,
    /// The types of asset that it is for, at most 100; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asset_type_restrictions: Vec<String>,
}

/// A change of a configuration; `None` leaves the datum as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConfigurationChange {
    /// Another key: all values stay under the old one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_key: Option<String>,
    /// Another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Another type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_type: Option<DataType>,
    /// Other values; an empty list takes any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_values: Option<Vec<String>>,
    /// Other types of asset; an empty list is for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset_type_restrictions: Option<Vec<String>>,
}

/// What to do with assets that have values of a configuration which is changed or deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Force {
    /// Refuse the call (409) where it would touch an asset.
    #[default]
    No,
    /// Change all assets with it. Values are lost.
    Yes,
}

impl Force {
    fn add_to(self, call: Call, header: &'static str) -> Call {
        match self {
            Self::No => call,
            Self::Yes => call.header(HeaderName::from_static(header), HeaderValue::from_static("true")),
        }
    }
}

impl Exchange {
    /// One page of the configured categories or custom fields, from an offset on.
    ///
    /// From the specification: `GET v2:/organizations/{org}/{categories|fields}`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn configurations_page(
        &self,
        dimension: Dimension,
        offset: usize,
    ) -> Result<Page<Configuration>, CallError> {
        self.page(Call::get(self.configurations_path(dimension, None)?), offset).await
    }

    /// The configured categories or custom fields, page by page as they are asked for.
    pub fn configurations(
        &self,
        dimension: Dimension,
    ) -> impl Stream<Item = Result<Configuration, CallError>> + Send + '_ {
        paged(move |offset| self.configurations_page(dimension, offset))
    }

    /// Configures a category or a custom field.
    ///
    /// From the Describe guide and the specification: `POST v2:/organizations/{org}/{categories|fields}`, 201. It is
    /// repeated only where the server cannot have acted; what else fails is found again, or not, in the list.
    ///
    /// # Errors
    /// [`CallError`]; 409 where the key, or the name of a category, is taken: a success for whoever wanted just that
    /// configuration, so compare with the one that is listed.
    pub async fn create_configuration(
        &self,
        dimension: Dimension,
        new: &NewConfiguration,
    ) -> Result<Configuration, CallError> {
        let body = serde_json::to_value(new).expect("is an object of texts");
        let call = Call::new(Method::POST, self.configurations_path(dimension, None)?).body(Body::Json(body));
        read_or(&self.client().call(call).await?, new)
    }

    /// Changes a configuration; `false` where there is none of that name.
    ///
    /// From the specification: `PATCH v2:/organizations/{org}/{categories|fields}/{id}`, 200. The same change twice leaves
    /// the same, so the call may be repeated; only one that changes the key of a configuration whose id is not known
    /// would not be found again, and is not.
    ///
    /// # Errors
    /// [`CallError`]; 409 where assets have values that would not fit any more, unless that is forced.
    pub async fn update_configuration(
        &self,
        dimension: Dimension,
        name: ConfigurationName<'_>,
        change: &ConfigurationChange,
        force: Force,
    ) -> Result<bool, CallError> {
        let mut body = serde_json::to_value(change).expect("is an object of texts");
        // One of the two is required; the key that it has changes nothing.
        if change.tag_key.is_none() && change.display_name.is_none() {
            body["tagKey"] = name.tag_key.into();
        }
        let is_found_again = change.tag_key.as_deref().is_none_or(|key| key == name.tag_key) || name.id.is_some();
        let repeat = if is_found_again { Repeat::Safe } else { Repeat::OnlyIfRefused };
        let call = |path: String| {
            let call = Call::new(Method::PATCH, path).repeat(repeat).body(Body::Json(body.clone()));
            force.add_to(call, "x-force-update")
        };
        Ok(self.call_by_name(dimension, name, call).await?.is_some())
    }

    /// Deletes a configuration, and all values of it on **all** assets; `false` where there was none.
    ///
    /// From the Describe guide and the specification: `DELETE v2:/organizations/{org}/{categories|fields}/{id}`, 204. May
    /// be repeated.
    ///
    /// # Errors
    /// [`CallError`]; 409 where assets have values of it, unless that is forced.
    pub async fn delete_configuration(
        &self,
        dimension: Dimension,
        name: ConfigurationName<'_>,
        force: Force,
    ) -> Result<bool, CallError> {
        let call = |path: String| force.add_to(Call::new(Method::DELETE, path).repeat(Repeat::Safe), "x-force-delete");
        Ok(self.call_by_name(dimension, name, call).await?.is_some())
    }

    /// Makes a call with the key in its path, and where that is not known with the id; `None` where neither is.
    async fn call_by_name(
        &self,
        dimension: Dimension,
        name: ConfigurationName<'_>,
        call: impl Fn(String) -> Call,
    ) -> Result<Option<Reply>, CallError> {
        for spelling in [Some(name.tag_key), name.id.filter(|id| *id != name.tag_key)].into_iter().flatten() {
            match self.client().call(call(self.configurations_path(dimension, Some(spelling))?)).await {
                Err(error) if error.http() == Some(404) => {}
                outcome => return outcome.map(Some),
            }
        }
        Ok(None)
    }

    fn configurations_path(&self, dimension: Dimension, name: Option<&str>) -> Result<String, CallError> {
        let (organization, dimension) = (self.organization(), dimension.as_str());
        match name {
            Some(name) => path(&[&"organizations", &organization, &dimension, &name]),
            None => path(&[&"organizations", &organization, &dimension]),
        }
    }
}

/// The configuration that a reply holds; what was asked for where it holds nothing.
pub(super) fn read_or(reply: &Reply, new: &NewConfiguration) -> Result<Configuration, CallError> {
    let known = || Configuration {
        tag_key: new.tag_key.clone(),
        display_name: Some(new.display_name.clone()),
        data_type: new.data_type.map(|data_type| data_type.to_string()),
        accepted_values: new.accepted_values.clone(),
        asset_type_restrictions: new.asset_type_restrictions.clone(),
        ..Configuration::default()
    };
    if reply.body.is_empty() {
        return Ok(known());
    }
    let value: Value = reply.json()?;
    match value.get("tagKey") {
        Some(_) => reply.json(),
        None => Ok(Configuration { id: value.get("id").and_then(Value::as_str).map(str::to_owned), ..known() }),
    }
}
