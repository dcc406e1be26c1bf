//! A page of the portal of an asset, and the pictures in it.

use axum::{
    extract::{Path, State},
    response::Response,
};
use maud::{PreEscaped, html};

use super::super::{
    app::App,
    assets::{coordinates, not_found},
    portal::{self, MinorVersion},
    problem::Problem,
    store::StoreError,
};
use super::frame::{Refusal, address, page};

/// Shows a page, or a picture: pages name pictures as `resources/…`, relative to wherever they are.
pub(super) async fn show(
    State(app): State<App>,
    Path((g, a, v, path)): Path<(String, String, String, String)>,
) -> Result<Response, Refusal> {
    let minor = coordinates(&g, &a, &v)?.version.minor_version();
    let minor = MinorVersion { group: &g, asset: &a, minor: &minor };
    if let Some((_, id)) = path.rsplit_once("resources/") {
        let image = app.state.read(|tables| portal::resource(tables, minor, id).map_err(Problem::from))?;
        return Ok(portal::image_response(&app, id, &image.ok_or_else(not_found)?).await?);
    }
    let (listed, text) = app.state.read(|tables| {
        let pages = portal::pages(tables, minor)?.unwrap_or_default();
        Ok::<_, StoreError>((pages, portal::page(tables, minor, &path)?))
    })?;
    let entry = listed.iter().find(|entry| entry.path == path).ok_or_else(not_found)?;
    let text = portal::text(&app, text.as_ref()).await?;
    let content = html! {
        h1 { (entry.name) }
        @if text.is_empty() { p.quiet { "Nobody wrote anything here." } }
        // Rendered without the HTML that it holds.
        article { (PreEscaped(portal::html(&text))) }
    };
    let crumbs = [(a.as_str(), address(["assets", &g, &a])), (v.as_str(), address(["assets", &g, &a, &v]))];
    Ok(page(&entry.name, &crumbs, &content))
}
