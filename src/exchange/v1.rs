//! What the first version of the API has for describing assets: tags, categories, custom fields and their
//! configurations (EXCHANGE.md §4.1). Categories are called `managed` there. What its calls answer is written down
//! nowhere; it is taken to be what the second version answers.

use http::Method;
use serde_json::{Value, json};

use super::{
    Configuration, Dimension, Exchange, FieldValue, NewConfiguration,
    api::{Segment, path_v1},
    configurations::read_or,
};
use crate::{
    asset::Coordinates,
    net::{Body, Call, CallError},
};

impl Dimension {
    /// The name in paths of the first version.
    fn v1(self) -> &'static str {
        match self {
            Self::Category => "managed",
            Self::Field => "fields",
        }
    }
}

impl Exchange {
    /// Replaces all tags of a version by v1; an empty list takes them all away.
    ///
    /// From the Describe guide: `PUT v1:/organizations/{org}/assets/{g}/{a}/{v}/tags` with `[{"value": …}]`. The whole set
    /// is sent, so the call may be repeated.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn put_tags_v1<T: AsRef<str>>(&self, coordinates: &Coordinates, tags: &[T]) -> Result<(), CallError> {
        let body: Vec<Value> = tags.iter().map(|tag| json!({ "value": tag.as_ref() })).collect();
        self.replace(self.tags_path_v1(coordinates, &[])?, body.into()).await.map(drop)
    }

    /// Sets a category of a version by v1, in the place of the values that it has.
    ///
    /// From the Describe guide: `PUT v1:…/tags/managed/{tagKey}` with `{"tagValue": […]}`. May be repeated.
    ///
    /// # Errors
    /// [`CallError`], as [`put_category`](Self::put_category).
    pub async fn put_category_v1<T: AsRef<str>>(
        &self,
        coordinates: &Coordinates,
        key: &str,
        values: &[T],
    ) -> Result<(), CallError> {
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        let path = self.tags_path_v1(coordinates, &[&Dimension::Category.v1(), &key])?;
        self.replace(path, json!({ "tagValue": values })).await.map(drop)
    }

    /// Sets a custom field of a version by v1, in the place of the value that it has.
    ///
    /// From the Describe guide: `PUT v1:…/tags/fields/{tagKey}` with `{"tagValue": …}`. May be repeated.
    ///
    /// # Errors
    /// [`CallError`], as [`put_field`](Self::put_field).
    pub async fn put_field_v1(
        &self,
        coordinates: &Coordinates,
        key: &str,
        value: &FieldValue,
    ) -> Result<(), CallError> {
        let path = self.tags_path_v1(coordinates, &[&Dimension::Field.v1(), &key])?;
        self.replace(path, json!({ "tagValue": value.to_json() })).await.map(drop)
    }

    /// Takes a category or a custom field off a version by v1; `false` where the server says that there was none.
    ///
    /// From the Describe guide: `DELETE v1:…/tags/{fields|managed}/{tagKey}`. May be repeated.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn delete_value_v1(
        &self,
        dimension: Dimension,
        coordinates: &Coordinates,
        key: &str,
    ) -> Result<bool, CallError> {
        self.remove(self.tags_path_v1(coordinates, &[&dimension.v1(), &key])?).await
    }

    /// Configures a category or a custom field by v1.
    ///
    /// From the Describe guide: `POST v1:/organizations/{org}/{fields|managed}`. It is repeated only where the server
    /// cannot have acted.
    ///
    /// # Errors
    /// [`CallError`]; 409 where the key is taken, as [`create_configuration`](Self::create_configuration).
    pub async fn create_configuration_v1(
        &self,
        dimension: Dimension,
        new: &NewConfiguration,
    ) -> Result<Configuration, CallError> {
        let body = serde_json::to_value(new).expect("is an object of texts");
        let path = path_v1(&[&"organizations", &self.organization(), &dimension.v1()])?;
        let reply = self.client().call(Call::new(Method::POST, path).body(Body::Json(body))).await?;
        read_or(&reply, new)
    }

    /// Deletes a configuration by v1, and all values of it on **all** assets, without asking whether there are any;
    /// `false` where there was none.
    ///
    /// From the Describe guide: `DELETE v1:/organizations/{org}/{fields|managed}/{tagKey}`. May be repeated.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn delete_configuration_v1(&self, dimension: Dimension, tag_key: &str) -> Result<bool, CallError> {
        self.remove(path_v1(&[&"organizations", &self.organization(), &dimension.v1(), &tag_key])?).await
    }

    fn tags_path_v1(&self, coordinates: &Coordinates, rest: &[Segment<'_>]) -> Result<String, CallError> {
        let Coordinates { group_id, asset_id, version } = coordinates;
        let organization = self.publisher(group_id);
        let mut segments: Vec<Segment<'_>> =
            vec![&"organizations", &organization, &"assets", group_id, asset_id, version, &"tags"];
        segments.extend(rest);
        path_v1(&segments)
    }
}
