//! Asset versions: read, list, delete, promote (EXCHANGE.md §3.6, §3.9, §3.10, §6).

use futures::{Stream, TryStreamExt, stream};
use http::{HeaderName, HeaderValue, Method};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    Asset, AssetSummary, Exchange, PublishedAsset,
    api::{Segment, path, version_path},
};
use crate::{
    asset::{Coordinates, Lifecycle, Version},
    net::{Body, Call, CallError, Repeat, Reply},
};

/// The largest page that Exchange gives (EXCHANGE.md §3.8).
const PAGE: usize = 250;

/// Further pages than this are a server that turns in circles: 100,000 versions is the most an organization may have.
const MAX_PAGES: usize = 4_000;

/// How a version is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeleteType {
    /// The version's number stays blocked.
    Soft,
    /// The version's number is free again.
    Hard,
}

/// Which number of a version goes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionOrder {
    /// The third.
    Patch,
    /// The second.
    Minor,
    /// The first.
    Major,
}

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssetQuery {
    /// A part of the name.
    pub search: Option<String>,
    /// The types, by the API's names; empty for all.
    pub types: Vec<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the next page begins, if there may be one.
    pub next: Option<usize>,
}

impl DeleteType {
    /// The value of `x-delete-type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Soft => "soft-delete",
            Self::Hard => "hard-delete",
        }
    }
}

impl VersionOrder {
    /// The API's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "PATCH",
            Self::Minor => "MINOR",
            Self::Major => "MAJOR",
        }
    }
}

impl Exchange {
    /// Reads one version with its files; `None` where there is none.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn asset(&self, coordinates: &Coordinates) -> Result<Option<Asset>, CallError> {
        self.find(Call::get(version_path(coordinates, &[&"asset"]))).await
    }

    /// Reads the latest version of an asset, which also lists the others; `None` where there is none.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn latest(&self, group_id: &str, asset_id: &str) -> Result<Option<Asset>, CallError> {
        self.find(Call::get(path(&[&"assets", &group_id, &asset_id, &"asset"]))).await
    }

    /// One page of the organization's assets, each with its latest version, from an offset on.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn list_page(&self, query: &AssetQuery, offset: usize) -> Result<Page<AssetSummary>, CallError> {
        let mut call = Call::get(path(&[&"assets"])).query("organizationId", self.organization());
        if let Some(search) = &query.search {
            call = call.query("search", search);
        }
        for kind in &query.types {
            call = call.query("types", kind);
        }
        self.page(call, offset).await
    }

    /// The organization's assets, each with its latest version, page by page as they are asked for.
    pub fn list<'a>(
        &'a self,
        query: &'a AssetQuery,
    ) -> impl Stream<Item = Result<AssetSummary, CallError>> + Send + 'a {
        paged(move |offset| self.list_page(query, offset))
    }

    /// One page of the versions whose numbers are blocked because they were deleted softly, from an offset on.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn soft_deleted_page(&self, offset: usize) -> Result<Page<PublishedAsset>, CallError> {
        let organization = self.organization();
        self.page(Call::get(path(&[&"organizations", &organization, &"softDeleted"])), offset).await
    }

    /// The versions whose numbers are blocked because they were deleted softly.
    pub fn soft_deleted(&self) -> impl Stream<Item = Result<PublishedAsset, CallError>> + Send + '_ {
        paged(move |offset| self.soft_deleted_page(offset))
    }

    /// The next version that is free, soft-deleted ones and snapshots counted.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn next_available_version(
        &self,
        group_id: &str,
        asset_id: &str,
        order: VersionOrder,
    ) -> Result<Version, CallError> {
        let organization = self.organization();
        let segments: [Segment<'_>; 7] =
            [&"organizations", &organization, &"groups", &group_id, &"assets", &asset_id, &"nextAvailableVersion"];
        let call = Call::get(path(&segments)).query("versionOrder", order.as_str());
        Ok(self.client().call(call).await?.json::<NextVersion>()?.next_available_version)
    }

    /// Deletes one version; `false` where there was none.
    ///
    /// # Errors
    /// [`CallError`]; 409 while others depend on the version.
    pub async fn delete(&self, coordinates: &Coordinates, how: DeleteType) -> Result<bool, CallError> {
        // Deleting twice leaves the same: a second answer of 404 is a success, too.
        let call = Call::new(Method::DELETE, version_path(coordinates, &[]))
            .repeat(Repeat::Safe)
            .header(HeaderName::from_static("x-delete-type"), HeaderValue::from_static(how.as_str()));
        Ok(absent(self.client().call(call).await)?.is_some())
    }

    /// Moves a version to another lifecycle state: published or deprecated.
    ///
    /// # Errors
    /// [`CallError`]; 400 for `development`, which no version goes back to.
    pub async fn put_status(&self, coordinates: &Coordinates, status: Lifecycle) -> Result<(), CallError> {
        let call = Call::new(Method::PUT, version_path(coordinates, &[&"status"]))
            .repeat(Repeat::Safe)
            .body(Body::Json(json!({ "status": status.as_str() })));
        self.client().call(call).await.map(drop)
    }

    async fn find<T: DeserializeOwned>(&self, call: Call) -> Result<Option<T>, CallError> {
        absent(self.client().call(call).await)?.map(|reply| reply.json()).transpose()
    }

    /// Lists are bare arrays without a total: a page that is not full is the last (EXCHANGE.md §6).
    async fn page<T: DeserializeOwned>(&self, call: Call, offset: usize) -> Result<Page<T>, CallError> {
        let reply = self.client().call(call.query("limit", PAGE).query("offset", offset)).await?;
        let items: Vec<T> = reply.json()?;
        let next = (items.len() >= PAGE && offset < MAX_PAGES * PAGE).then_some(offset + items.len());
        Ok(Page { items, next })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NextVersion {
    next_available_version: Version,
}

/// Takes a 404 for an answer.
fn absent(outcome: Result<Reply, CallError>) -> Result<Option<Reply>, CallError> {
    match outcome {
        Ok(reply) => Ok(Some(reply)),
        Err(error) if error.http() == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Entries one by one out of pages that are read when they are needed.
fn paged<T, F, Fut>(read: F) -> impl Stream<Item = Result<T, CallError>> + Send
where
    T: Send,
    F: Fn(usize) -> Fut + Send,
    Fut: Future<Output = Result<Page<T>, CallError>> + Send,
{
    stream::try_unfold((Some(0), read), |(offset, read)| async move {
        let Some(offset) = offset else { return Ok::<_, CallError>(None) };
        let page = read(offset).await?;
        Ok(Some((stream::iter(page.items.into_iter().map(Ok)), (page.next, read))))
    })
    .try_flatten()
}
