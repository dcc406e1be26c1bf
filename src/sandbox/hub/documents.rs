//! What is written about an API: its pages, its terms, and the resources of its pages.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    super::{
        app::App,
        files::send,
        portal::{self, MinorVersion, image_response},
        store::{StoreError, StoredBlob, Tables},
        view::file_name,
    },
    offers::Shown,
    portals::Visit,
    refusal::Refusal,
};

impl Shown {
    /// The minor version that owns the pages of what is shown.
    fn minor_version(&self) -> String {
        self.version.gav.version.minor_version()
    }

    fn with_pages<T>(&self, look: impl FnOnce(MinorVersion<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let minor = self.minor_version();
        look(MinorVersion { group: &self.record.group_id, asset: &self.record.asset_id, minor: &minor })
    }
}

/// The published pages, as the details of an asset list them.
pub(super) fn pages_of(tables: &Tables, shown: &Shown) -> Result<Vec<Value>, StoreError> {
    let pages = shown.with_pages(|minor| portal::pages(tables, minor))?.unwrap_or_default();
    Ok(pages.iter().map(|page| json!({ "name": page.name, "path": format!("/{}", page.path) })).collect())
}

/// The published resources, as the details of an asset list them among its files.
pub(super) fn resources_of(
    tables: &Tables,
    visit: &Visit,
    shown: &Shown,
    origin: &str,
) -> Result<Vec<Value>, StoreError> {
    let ids = shown.with_pages(|minor| portal::resource_ids(tables, minor))?;
    let show = |id: &String| json!({ "label": id, "externalLink": format!("{origin}{}", visit.resource(id)), "isGenerated": false });
    Ok(ids.iter().map(show).collect())
}

fn markdown(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], text).into_response()
}

/// `getTermsAndConditions`.
pub(super) async fn terms(State(app): State<App>, visit: Visit) -> Result<Response, Refusal> {
    let terms = app.state.read(|tables| {
        let shown = Shown::find(tables, &visit)?;
        let (record, group) = (&shown.record, shown.version.version_group());
        let terms = portal::terms(tables, &record.group_id, &record.asset_id, &group)?;
        terms.ok_or_else(|| Refusal::not_found("The API has no terms and conditions"))
    })?;
    Ok(markdown(portal::text(&app.shared, Some(&terms)).await?))
}

/// `getAssetPages`. The path may start with a slash, as the paths in the details do.
pub(super) async fn page(State(app): State<App>, visit: Visit) -> Result<Response, Refusal> {
    let path = visit.part("page").trim_matches('/');
    let text = app.state.read(|tables| {
        let shown = Shown::find(tables, &visit)?;
        let (text, all) = shown.with_pages(|minor| {
            Ok((portal::page(tables, minor, path)?, portal::pages(tables, minor)?.unwrap_or_default()))
        })?;
        // A page that nobody wrote has no text, but is there.
        if text.is_none() && !all.iter().any(|page| page.path == path) {
            return Err(Refusal::not_found("There is no such page"));
        }
        Ok(text)
    })?;
    Ok(markdown(portal::text(&app.shared, text.as_ref()).await?))
}

/// What a resource id leads to.
enum Found {
    Image(String, StoredBlob),
    /// A file of the version: its digest and its name.
    File([u8; 32], String),
}

/// `getAssetResource`. The id is the name of a resource, its UUID, or a link from `files` of the details, where the
/// description itself looks for it.
pub(super) async fn resource(State(app): State<App>, visit: Visit) -> Result<Response, Refusal> {
    let id = visit.part("resource").rsplit('/').next().unwrap_or_default();
    let found = app.state.read(|tables| {
        let shown = Shown::find(tables, &visit)?;
        let ids = shown.with_pages(|minor| portal::resource_ids(tables, minor))?;
        if let Some(name) = ids.into_iter().find(|name| is_resource(name, id))
            && let Some(blob) = shown.with_pages(|minor| portal::resource(tables, minor, &name))?
        {
            return Ok::<_, Refusal>(Found::Image(name, blob));
        }
        let mut files = shown.version.files.iter();
        let file = files.find(|file| file_name(&shown.version, file) == id);
        let file = file.ok_or_else(|| Refusal::not_found("There is no such resource"))?;
        Ok(Found::File(file.blob.digests.sha256, id.to_owned()))
    })?;
    match found {
        Found::Image(name, blob) => Ok(image_response(&app.shared, &name, &blob).await?),
        Found::File(digest, name) => Ok(send(&app.shared, &digest, &name).await?),
    }
}

/// Whether an id is the name of a resource, or the UUID in it.
fn is_resource(name: &str, id: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    name == id || (uuid::Uuid::try_parse(id).is_ok() && stem.ends_with(id))
}
