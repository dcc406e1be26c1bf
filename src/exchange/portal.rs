//! The portal of a version: its pages, their order, its terms (EXCHANGE.md §5.1, §5.2).
//!
//! Pages belong to the minor version, terms to the version group. Everything is edited in a draft, which shows nowhere
//! until it is published; resources go first, since pages name them by the names that the server gives them.

use http::{HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Exchange,
    api::{Segment, absent, header_value, version_path},
};
use crate::{
    asset::Coordinates,
    net::{Body, Call, CallError, Repeat, Reply},
};

/// The page that every portal has, whether somebody wrote it or not. It cannot be created, only written.
pub const HOME_PAGE: &str = "home";

/// The path of the terms, which only APIs have. It can be written without being created.
pub const TERMS_PAGE: &str = ".terms";

/// The header that stands for the order of pages.
const REVISION: HeaderName = HeaderName::from_static("x-pages-order-revision");

/// Which of the two portals of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edition {
    /// The one that readers see.
    Published,
    /// The one that is being edited.
    Draft,
}

/// A page of a portal, without its text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PortalPage {
    /// The path: an id of the server's and the name, `abc-def/Getting Started`; `home` for the home page.
    pub path: String,
    /// The name.
    pub name: String,
    /// Whether nobody has written it: the home page of a portal without one.
    pub synthetic: bool,
}

/// The pages of a portal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Portal {
    /// The pages, in order.
    pub pages: Vec<PortalPage>,
    /// Whether the draft holds nothing that is not published (`PUBLISHED`), where the server tells.
    pub is_draft_published: Option<bool>,
    /// What stands for the order of the pages, where the server tells: to be sent with another order.
    pub revision: Option<String>,
}

impl Edition {
    /// The segments of its path, before what is asked for.
    pub(super) fn segments<'a>(self) -> Vec<Segment<'a>> {
        match self {
            Self::Published => vec![&"portal"],
            Self::Draft => vec![&"portal", &"draft"],
        }
    }
}

impl PortalPage {
    /// Reads a page as the sources describe it, however they name its path (EXCHANGE.md §11 U12); a reply that is the path
    /// alone is one too.
    fn read(told: &Value) -> Option<Self> {
        let text = |keys: &[&str]| keys.iter().find_map(|key| told.get(key)?.as_str()).map(str::to_owned);
        let path = told.as_str().map(str::to_owned).or_else(|| text(&["path", "pagePath", "pageId", "id"]))?;
        let name = text(&["name"]).unwrap_or_else(|| path.rsplit('/').next().unwrap_or_default().to_owned());
        Some(Self { path, name, synthetic: told.get("synthetic").and_then(Value::as_bool).unwrap_or_default() })
    }
}

impl Portal {
    fn read(reply: &Reply) -> Result<Self, CallError> {
        let told: Value = reply.json()?;
        // A list; an object that holds it; or, by one schema, a single page.
        let pages = match &told {
            Value::Array(pages) => pages.iter().filter_map(PortalPage::read).collect(),
            Value::Object(object) => match object.get("pages").and_then(Value::as_array) {
                Some(pages) => pages.iter().filter_map(PortalPage::read).collect(),
                None => PortalPage::read(&told).into_iter().collect(),
            },
            _ => Vec::new(),
        };
        let revision = reply.headers.get(REVISION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let status = told.get("draftStatus").and_then(Value::as_str);
        Ok(Self { pages, is_draft_published: status.map(|status| status == "PUBLISHED"), revision })
    }

    /// Finds a page by its name; `home` by its path too, whatever its name.
    #[must_use]
    pub fn page(&self, name: &str) -> Option<&PortalPage> {
        let is_home = |page: &&PortalPage| name == HOME_PAGE && page.path == HOME_PAGE;
        self.pages.iter().find(is_home).or_else(|| self.pages.iter().find(|page| page.name == name))
    }
}

impl Exchange {
    /// The pages of a portal, with the state of its draft; `None` where there is no portal yet.
    ///
    /// From the specification: `GET v2:…/portal` and `…/portal/draft`. Asking for the draft opens one where there is none,
    /// as the official client does before it edits. A read, that may be repeated.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn portal(&self, coordinates: &Coordinates, edition: Edition) -> Result<Option<Portal>, CallError> {
        self.read_portal(version_path(coordinates, &edition.segments())?).await
    }

    /// The pages of a portal; `None` where there is no portal yet.
    ///
    /// From the specification: `GET v2:…/portal/pages` and `…/portal/draft/pages`; nothing is opened. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn pages(&self, coordinates: &Coordinates, edition: Edition) -> Result<Option<Portal>, CallError> {
        let mut segments = edition.segments();
        segments.push(&"pages");
        self.read_portal(version_path(coordinates, &segments)?).await
    }

    async fn read_portal(&self, path: String) -> Result<Option<Portal>, CallError> {
        absent(self.client().call(Call::get(path)).await)?.map(|reply| Portal::read(&reply)).transpose()
    }

    /// The Markdown of a page, by its path; `None` where there is none.
    ///
    /// From the specification: `GET v2:…/pages/{pagePath}` with `Accept: text/markdown`. Old paths lead to new ones.
    /// A read.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::BadReply`] for anything but Markdown in UTF-8: as HTML a page cannot be brought anywhere.
    pub async fn page_text(
        &self,
        coordinates: &Coordinates,
        edition: Edition,
        path: &str,
    ) -> Result<Option<String>, CallError> {
        let markdown = HeaderValue::from_static("text/markdown");
        let path = page_path(coordinates, edition, path)?;
        let reply = absent(self.client().call(Call::get(path).header(header::ACCEPT, markdown)).await)?;
        reply.map(|reply| text(&reply)).transpose()
    }

    /// Creates an empty page in the draft, and says under which path.
    ///
    /// From the Publish guide and the specification: `POST v2:…/portal/draft/pages`, 201. It is repeated only where the
    /// server cannot have acted; what else fails is found again, or not, in [`pages`](Self::pages), by its name.
    ///
    /// # Errors
    /// [`CallError`]; 409 where there is a page of that name, `home` always; 400 for a name of more than 128 characters or
    /// with one of `@ * + / _ \ %`.
    pub async fn create_page(&self, coordinates: &Coordinates, name: &str) -> Result<PortalPage, CallError> {
        let call = Call::new(Method::POST, draft_path(coordinates, &[&"pages"])?);
        self.made(call, name).await
    }

    /// Gives a page of the draft another name, or another folder. It keeps its id, and old paths lead to the new one.
    ///
    /// From the specification: `POST v2:…/portal/draft/pages` with `x-move-source`. Repeated only where the server cannot
    /// have acted: a page that has been moved cannot be moved again.
    ///
    /// # Errors
    /// [`CallError`]; 404 where there is no such page, 409 where there is another of that name.
    pub async fn move_page(&self, coordinates: &Coordinates, from: &str, to: &str) -> Result<PortalPage, CallError> {
        let source = HeaderName::from_static("x-move-source");
        let call = Call::new(Method::POST, draft_path(coordinates, &[&"pages"])?);
        self.made(call.header(source, header_value(from)?), to).await
    }

    async fn made(&self, call: Call, name: &str) -> Result<PortalPage, CallError> {
        let reply = self.client().call(call.body(Body::Json(json!({ "pagePath": name })))).await?;
        // The schema shows no body at all: a page that was made is found by its name, too.
        let known = || PortalPage { path: name.to_owned(), name: name.to_owned(), synthetic: false };
        Ok(reply.json().ok().as_ref().and_then(PortalPage::read).unwrap_or_else(known))
    }

    /// Writes the text of a page of the draft: its path, [`HOME_PAGE`], or [`TERMS_PAGE`]. A page that is missing is
    /// created.
    ///
    /// From the Publish guide and the specification: `PUT v2:…/portal/draft/pages/{pagePath}` with `text/markdown`, 204.
    /// The whole text is sent, so the call may be repeated. At most 1,024,000 characters.
    ///
    /// # Errors
    /// [`CallError`]; 400 for terms of what is no API.
    pub async fn put_page(&self, coordinates: &Coordinates, path: &str, markdown: &str) -> Result<(), CallError> {
        let content = bytes::Bytes::copy_from_slice(markdown.as_bytes());
        let body = Body::Bytes { content_type: "text/markdown".to_owned(), content };
        let call = Call::new(Method::PUT, page_path(coordinates, Edition::Draft, path)?);
        self.client().call(call.repeat(Repeat::Safe).body(body)).await.map(drop)
    }

    /// Deletes a page of the draft; `false` where there was none.
    ///
    /// From the specification: `DELETE v2:…/portal/draft/pages/{pagePath}`, 204. May be repeated.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn delete_page(&self, coordinates: &Coordinates, path: &str) -> Result<bool, CallError> {
        self.remove(page_path(coordinates, Edition::Draft, path)?).await
    }

    /// Puts the pages of the draft into an order of paths; `false` where the server has no such call.
    ///
    /// From the specification: `PUT v2:…/portal/draft/pagesOrder`, 204. Somebody found pages in the order of their creation
    /// and no such call (EXCHANGE.md §10 C18): create them in the right order anyway. With the revision of what was read
    /// the order of somebody else is not overwritten. A repetition would be refused for its old revision, so the call is
    /// repeated only where the server cannot have acted.
    ///
    /// # Errors
    /// [`CallError`]; 409 where the order is another one by now: read it again.
    pub async fn put_pages_order<T: AsRef<str>>(
        &self,
        coordinates: &Coordinates,
        paths: &[T],
        revision: Option<&str>,
    ) -> Result<bool, CallError> {
        let paths: Vec<&str> = paths.iter().map(AsRef::as_ref).collect();
        let mut call =
            Call::new(Method::PUT, draft_path(coordinates, &[&"pagesOrder"])?).body(Body::Json(paths.into()));
        if let Some(revision) = revision {
            call = call.header(REVISION, header_value(revision)?);
        }
        Ok(absent(self.client().call(call).await)?.is_some())
    }

    /// Publishes the draft: pages, order, resources and terms.
    ///
    /// From the Publish guide: `PATCH v2:…/portal` without a body, 204; the specification has `PUT …/portal/draft` too
    /// (EXCHANGE.md §10 C5). What a second call says, when nothing is left to publish, is not documented, so it is repeated
    /// only where the server cannot have acted; [`portal`](Self::portal) tells whether the draft is published.
    ///
    /// # Errors
    /// [`CallError`]; 404 where there is nothing to publish, 409 where the draft conflicts with what is published.
    pub async fn publish_portal(&self, coordinates: &Coordinates) -> Result<(), CallError> {
        let call = Call::new(Method::PATCH, version_path(coordinates, &[&"portal"])?);
        self.client().call(call).await.map(drop)
    }

    /// Throws the draft away; `false` where the server says that there was none.
    ///
    /// From the specification: `DELETE v2:…/portal/draft`, 204. May be repeated.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn discard_draft(&self, coordinates: &Coordinates) -> Result<bool, CallError> {
        self.remove(draft_path(coordinates, &[])?).await
    }
}

/// A path of the draft.
pub(super) fn draft_path(coordinates: &Coordinates, rest: &[Segment<'_>]) -> Result<String, CallError> {
    let mut segments = Edition::Draft.segments();
    segments.extend(rest);
    version_path(coordinates, &segments)
}

/// The path of a page: slashes stay, since folders are part of it.
fn page_path(coordinates: &Coordinates, edition: Edition, path: &str) -> Result<String, CallError> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let mut segments = edition.segments();
    segments.push(&"pages");
    segments.extend(parts.iter().map(|part| part as Segment<'_>));
    version_path(coordinates, &segments)
}

/// The Markdown of a reply.
fn text(reply: &Reply) -> Result<String, CallError> {
    let bad = |reason: String, source: Option<Box<dyn std::error::Error + Send + Sync>>| CallError::BadReply {
        reason,
        request_id: reply.request_id.clone(),
        source,
    };
    let kind = reply.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if matches!(kind.as_str(), "text/html" | "application/json") {
        return Err(bad(format!("the page came as {kind}, not as Markdown"), None));
    }
    String::from_utf8(reply.body.to_vec()).map_err(|error| bad("the page is not UTF-8".to_owned(), Some(error.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gav() -> Coordinates {
        "g/a/1.0.0".parse().expect("parses")
    }

    #[test]
    fn folders_stay_and_what_leads_elsewhere_is_refused() {
        let path = |path: &str| page_path(&gav(), Edition::Draft, path);
        let base = "/exchange/api/v2/assets/g/a/1.0.0/portal/draft/pages";
        assert_eq!(path("abc-def/Getting Started?").expect("is one"), format!("{base}/abc-def/Getting%20Started%3F"));
        assert_eq!(path("/.terms").expect("is one"), format!("{base}/.terms"));
        for bad in ["", "/", "a/../b", "a//b", ".."] {
            assert!(matches!(path(bad), Err(CallError::Unsendable { .. })), "{bad}");
        }
    }

    #[test]
    fn a_page_is_read_however_it_is_described() {
        let read = |told: Value| PortalPage::read(&told).map(|page| (page.path, page.name));
        let expected = Some(("abc-def/A".to_owned(), "A".to_owned()));
        assert_eq!(read(json!({"path": "abc-def/A", "name": "A"})), expected);
        assert_eq!(read(json!({"pageId": "abc-def/A"})), expected);
        assert_eq!(read(json!("abc-def/A")), expected);
        assert_eq!(read(json!({})), None);
    }
}
