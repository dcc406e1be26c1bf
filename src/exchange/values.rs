//! Single categories and custom fields of a version (EXCHANGE.md §4.1, §4.3).

use serde_json::{Value, json};

use super::{Dimension, Exchange, FieldValue, api::version_path};
use crate::{asset::Coordinates, net::CallError};

impl Exchange {
    /// Sets a category of a version, in the place of the values that it has.
    ///
    /// From the Describe guide: `PUT v2:…/tags/categories/{tagKey}` with `{"tagValue": […]}`, 200; the specification shows
    /// another body (EXCHANGE.md §10 C12). Like tags, values may be shared with other versions. The same values twice
    /// leave the same, so the call may be repeated.
    ///
    /// # Errors
    /// [`CallError`]; 400 for a value that is not accepted or a type of asset that the category is not for, 404 where
    /// the version is not there or the key is not configured.
    pub async fn put_category<T: AsRef<str>>(
        &self,
        coordinates: &Coordinates,
        key: &str,
        values: &[T],
    ) -> Result<(), CallError> {
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        self.put_value(Dimension::Category, coordinates, key, values.into()).await
    }

    /// Sets a custom field of a version, in the place of the value that it has.
    ///
    /// From the Describe guide: `PUT v2:…/tags/fields/{tagKey}` with `{"tagValue": …}`, 200; otherwise as
    /// [`put_category`](Self::put_category).
    ///
    /// # Errors
    /// [`CallError`], as [`put_category`](Self::put_category).
    pub async fn put_field(&self, coordinates: &Coordinates, key: &str, value: &FieldValue) -> Result<(), CallError> {
        self.put_value(Dimension::Field, coordinates, key, value.to_json()).await
    }

    /// Takes a category or a custom field off a version, and off no other asset; `false` where the server says that there
    /// was none.
    ///
    /// From the Describe guide: `DELETE v2:…/tags/{categories|fields}/{tagKey}`, 204. May be repeated.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn delete_value(
        &self,
        dimension: Dimension,
        coordinates: &Coordinates,
        key: &str,
    ) -> Result<bool, CallError> {
        self.remove(version_path(coordinates, &[&"tags", &dimension.as_str(), &key])?).await
    }

    async fn put_value(
        &self,
        dimension: Dimension,
        coordinates: &Coordinates,
        key: &str,
        value: Value,
    ) -> Result<(), CallError> {
        let path = version_path(coordinates, &[&"tags", &dimension.as_str(), &key])?;
        self.replace(path, json!({ "tagValue": value })).await.map(drop)
    }
}
