//! Lists: the assets of an organization, and how pages of anything are read (EXCHANGE.md §6).

use std::future::Future;

use futures::{Stream, TryStreamExt, stream};
use serde::de::DeserializeOwned;

use super::{AssetSummary, Exchange, api::path};
use crate::net::{Call, CallError};

/// The largest page that Exchange gives (EXCHANGE.md §3.8).
const PAGE: usize = 250;

/// Further pages than this are a server that turns in circles: 100,000 versions is the most an organization may have.
const MAX_PAGES: usize = 4_000;

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

impl Exchange {
    /// One page of the organization's assets, each with its latest version, from an offset on.
    ///
    /// The states that are listed without a filter are not documented, and there is no documented filter here: whoever
    /// wants one state looks at [`AssetSummary::status`] (EXCHANGE.md §11 U13).
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn list_page(&self, query: &AssetQuery, offset: usize) -> Result<Page<AssetSummary>, CallError> {
        let mut call = Call::get(path(&[&"assets"])?).query("organizationId", self.organization());
        if let Some(search) = &query.search {
            call = call.query("search", search);
        }
        for kind in &query.types {
            // The plural: a singular `type` is silently ignored.
            call = call.query("types", kind);
        }
        self.page(call, offset).await
    }

    /// The organization's assets, each with its latest version, page by page as they are asked for.
    ///
    /// Pages are counted by offset. What is published or deleted meanwhile moves the others, so that an asset may come
    /// twice or be missed: whoever needs all of a living catalog lists it again.
    pub fn list<'a>(
        &'a self,
        query: &'a AssetQuery,
    ) -> impl Stream<Item = Result<AssetSummary, CallError>> + Send + 'a {
        paged(move |offset| self.list_page(query, offset))
    }

    /// Lists are bare arrays without a total: a page that is not full is the last (EXCHANGE.md §6).
    pub(super) async fn page<T: DeserializeOwned>(&self, call: Call, offset: usize) -> Result<Page<T>, CallError> {
        let reply = self.client().call(call.query("limit", PAGE).query("offset", offset)).await?;
        let items: Vec<T> = reply.json()?;
        let next = (items.len() >= PAGE && offset < MAX_PAGES * PAGE).then_some(offset + items.len());
        Ok(Page { items, next })
    }
}

/// Entries one by one out of pages that are read when they are needed.
pub(super) fn paged<T, F, Fut>(read: F) -> impl Stream<Item = Result<T, CallError>> + Send
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
