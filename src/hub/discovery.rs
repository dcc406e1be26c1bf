//! What a portal shows: assets, their details, and what is written about them (EXCHANGE.md §7).

use std::fmt;

use bytes::Bytes;
use futures::Stream;
use http::{HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};

use super::{
    AssetCard, AssetDetail, Hub, PortalAsset,
    api::{LastPage, text_of},
    tolerant::{nullable, texts},
};
use crate::net::{Body, Call, CallError, Lane, Repeat, Segment};

/// What to search for. What is left out does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetSearch {
    /// A part of names and descriptions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_term: Option<String>,
    /// The types, such as `rest-api`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asset_types: Vec<String>,
    /// Categories, each as `Key:Value`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// The order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Sort>,
}

/// The order of what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sort {
    /// From which end.
    pub direction: SortDirection,
    /// By what.
    pub criteria: SortCriteria,
}

/// From which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum SortDirection {
    Asc,
    Desc,
}

/// By what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum SortCriteria {
    LastUpdated,
    Name,
    CreatedAt,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The assets.
    #[serde(deserialize_with = "nullable")]
    pub assets: Vec<AssetCard>,
    /// What could be searched for further, such as `Department:Finance`.
    #[serde(default, deserialize_with = "texts")]
    pub facets: Vec<String>,
}

/// The content of a resource.
#[derive(Clone, PartialEq, Eq)]
pub struct ResourceContent {
    /// The content type that the server tells.
    pub content_type: Option<String>,
    /// The content.
    pub content: Bytes,
}

impl fmt::Debug for ResourceContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceContent")
            .field("content_type", &self.content_type)
            .field("content", &format_args!("{} bytes", self.content.len()))
            .finish()
    }
}

impl Hub {
    /// The assets of the portal, the newest first, page by page as they are asked for.
    ///
    /// `listAssetsCommunityAsset`: `GET …/assets` with `limit` (at most 250; **five** where nobody says) and `offset`. A
    /// read. What is published meanwhile moves the others, so that an asset may come twice.
    ///
    /// # Errors
    /// [`CallError`], as an entry, which is the last.
    pub fn assets(&self) -> impl Stream<Item = Result<AssetCard, CallError>> + Send + '_ {
        let id = |card: &AssetCard| format!("{}/{}", card.group_id, card.asset_id);
        self.entries(self.path(&[&"assets"]), Vec::new(), LastPage::Short, id)
    }

    /// Searches the portal; `limit` is the most that is answered.
    ///
    /// `searchCommunityAssets`: `POST …/assets/search` with the header `x-limit`. It changes nothing and may be repeated.
    /// There are no further pages: whoever needs all assets lists them.
    ///
    /// # Errors
    /// [`CallError`]; 400 for a category that is not `Key:Value`.
    pub async fn search(&self, search: &AssetSearch, limit: Option<u32>) -> Result<Found, CallError> {
        let body = serde_json::to_value(search).expect("an object of texts and lists of them");
        let call = Call::new(Method::POST, self.path(&[&"assets", &"search"])?)
            .lane(Lane::Read)
            .repeat(Repeat::Safe)
            .body(Body::Json(body));
        let call = match limit {
            Some(limit) => call.header(HeaderName::from_static("x-limit"), HeaderValue::from(limit)),
            None => call,
        };
        self.client().call(call).await?.json()
    }

    /// Everything that is known of one version of an asset; `None` where the portal does not show it.
    ///
    /// `getAssetDetails`: `GET …/assets/{groupId}/{assetId}/{minorVersion}/details`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn details(&self, asset: &PortalAsset) -> Result<Option<AssetDetail>, CallError> {
        self.find(self.asset_path(asset, &[&"details"])?).await
    }

    /// The terms and conditions, in Markdown; `None` where there are none.
    ///
    /// `getTermsAndConditions`: `GET …/terms`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn terms(&self, asset: &PortalAsset) -> Result<Option<String>, CallError> {
        self.text(self.asset_path(asset, &[&"terms"])?).await
    }

    /// A page, in Markdown, by its path in the details; `None` where there is none.
    ///
    /// `getAssetPages`: `GET …/pages/**`. A read.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Unsendable`] for a path that would leave the pages.
    pub async fn page(&self, asset: &PortalAsset, page: &str) -> Result<Option<String>, CallError> {
        // The details begin paths with a slash. What is between two slashes is one segment.
        let parts: Vec<&str> = page.trim_matches('/').split('/').collect();
        let mut segments: Vec<Segment<'_>> = vec![&"pages"];
        segments.extend(parts.iter().map(|part| part as Segment<'_>));
        self.text(self.asset_path(asset, &segments)?).await
    }

    /// The content of a resource, by [`AssetFile::resource_id`](super::AssetFile::resource_id); `None` where there is
    /// none. Held in memory, and refused beyond what the door reads of a reply.
    ///
    /// `getAssetResource`: `GET …/resources/{resourceId}`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn resource(&self, asset: &PortalAsset, id: &str) -> Result<Option<ResourceContent>, CallError> {
        let call = Call::get(self.resource_path(asset, id)?).header(header::ACCEPT, HeaderValue::from_static("*/*"));
        Ok(self.found(call).await?.map(|reply| {
            let kind = reply.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            ResourceContent { content_type: kind.map(str::to_owned), content: reply.body }
        }))
    }

    /// Where [`resource`](Self::resource) asks for a resource, for those who stream it.
    ///
    /// # Errors
    /// [`CallError::Unsendable`] for an id that no path can hold.
    pub fn resource_path(&self, asset: &PortalAsset, id: &str) -> Result<String, CallError> {
        self.asset_path(asset, &[&"resources", &id])
    }

    async fn text(&self, path: String) -> Result<Option<String>, CallError> {
        let call = Call::get(path).header(header::ACCEPT, HeaderValue::from_static("text/markdown, */*;q=0.5"));
        Ok(self.found(call).await?.as_ref().map(text_of))
    }
}
