//! The client, the portal that it is bound to, and how lists are read to their end.

use futures::{Stream, TryStreamExt, stream};
use http::{Method, header};
use serde::{Serialize, de::DeserializeOwned};

use super::{PortalAddress, PortalAsset};
use crate::net::{self, Body, Call, CallError, Client, Repeat, Reply, Segment};

/// The largest page of the lists that document one (EXCHANGE.md §7).
const PAGE: usize = 250;

/// Further pages than this are a server that turns in circles: two hundred thousand entries.
const MAX_PAGES: usize = 1_000;

/// The Consumer API of one portal. Clones share everything.
///
/// It takes bearer tokens only: a client with [`Credentials::Basic`](crate::net::Credentials) is not let in.
#[derive(Debug, Clone)]
pub struct Hub {
    client: Client,
    address: PortalAddress,
}

/// Which page of a list is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastPage {
    /// One that is not full: the largest page is documented.
    Short,
    /// One without entries: nobody says how many a page holds at most, so that a short one proves nothing.
    Empty,
}

/// Where the next page begins, and what the last one began with.
#[derive(Debug, Default)]
struct Cursor {
    offset: usize,
    pages: usize,
    first: Option<String>,
}

impl Hub {
    /// Visits a portal. Nothing is sent yet.
    pub fn new(client: Client, address: PortalAddress) -> Self {
        Self { client, address }
    }

    /// The door that the calls go through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The portal.
    pub fn address(&self) -> &PortalAddress {
        &self.address
    }

    /// A path below the portal's.
    ///
    /// # Errors
    /// [`CallError::Unsendable`] for a name that would make another path.
    pub(super) fn path(&self, rest: &[Segment<'_>]) -> Result<String, CallError> {
        let PortalAddress { target_organization, portal } = &self.address;
        let mut segments: Vec<Segment<'_>> = vec![target_organization, portal];
        segments.extend(rest);
        net::path_of(&["api-experience-hub", "xapi", "v1", "portals"], &segments)
    }

    /// A path below an asset's.
    pub(super) fn asset_path(&self, asset: &PortalAsset, rest: &[Segment<'_>]) -> Result<String, CallError> {
        let PortalAsset { group_id, asset_id, minor_version } = asset;
        let mut segments: Vec<Segment<'_>> = vec![&"assets", group_id, asset_id, minor_version];
        segments.extend(rest);
        self.path(&segments)
    }

    /// Reads what may not be there.
    pub(super) async fn find<T: DeserializeOwned>(&self, path: String) -> Result<Option<T>, CallError> {
        self.found(Call::get(path)).await?.map(|reply| reply.json()).transpose()
    }

    /// Makes a call for which a 404 is an answer.
    pub(super) async fn found(&self, call: Call) -> Result<Option<Reply>, CallError> {
        match self.client.call(call).await {
            Ok(reply) => Ok(Some(reply)),
            Err(error) if error.http() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends JSON.
    pub(super) async fn send(
        &self,
        method: Method,
        path: String,
        body: &(impl Serialize + Sync),
        repeat: Repeat,
    ) -> Result<Reply, CallError> {
        let body = serde_json::to_value(body).expect("an object of texts, numbers and lists of them");
        self.client.call(Call::new(method, path).repeat(repeat).body(Body::Json(body))).await
    }

    /// The entries of a list, page by page as they are asked for. Lists are bare arrays without totals and links, so the
    /// offset is counted here; `id` tells pages apart, where a server passes over the offset and sends the same one for ever.
    pub(super) fn entries<'a, T>(
        &'a self,
        path: Result<String, CallError>,
        query: Vec<(&'static str, String)>,
        last: LastPage,
        id: fn(&T) -> String,
    ) -> impl Stream<Item = Result<T, CallError>> + Send + 'a
    where
        T: DeserializeOwned + Send + 'a,
    {
        let begin =
            path.map(|path| query.into_iter().fold(Call::get(path), |call, (key, value)| call.query(key, value)));
        let pages = stream::try_unfold((Some(Cursor::default()), begin), move |(cursor, begin)| async move {
            let (Some(cursor), call) = (cursor, begin?) else { return Ok(None) };
            let asked = call.clone().query("limit", PAGE).query("offset", cursor.offset);
            let items: Vec<T> = self.client.call(asked).await?.json()?;
            let first = items.first().map(id);
            if first.is_none() || first == cursor.first {
                return Ok(None);
            }
            let is_last = (last == LastPage::Short && items.len() < PAGE) || cursor.pages >= MAX_PAGES;
            let (offset, pages) = (cursor.offset + items.len(), cursor.pages + 1);
            let next = (!is_last).then_some(Cursor { offset, pages, first });
            Ok::<_, CallError>(Some((stream::iter(items.into_iter().map(Ok)), (next, Ok(call)))))
        });
        pages.try_flatten()
    }
}

/// A text of a reply. It is documented as a string of any media type: where it comes as JSON, the quotes are taken off.
pub(super) fn text_of(reply: &Reply) -> String {
    let kind = reply.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json")
        && let Ok(text) = serde_json::from_slice::<String>(&reply.body)
    {
        return text;
    }
    String::from_utf8_lossy(&reply.body).into_owned()
}
