//! The routes of a portal, in v2 and in v1.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, patch, post, put},
};

use super::super::app::App;
use super::{draft, order, published, resources, search, terms};

/// The routes.
///
/// The calls of v1 are those that clients were seen to send (EXCHANGE.md §5.1); the draft is there with and without
/// `portal/` before it.
pub(in super::super) fn routes() -> Router<App> {
    const V2: &str = "/exchange/api/v2/assets/{g}/{a}/{v}/portal";
    const V1: &str = "/exchange/api/v1/organizations/{org}/assets/{g}/{a}/{v}";
    let portal_v1 = format!("{V1}/portal");
    Router::new()
        .merge(portal(V2))
        .merge(portal(&portal_v1))
        .merge(drafts(&format!("{V2}/draft")))
        .merge(drafts(&format!("{portal_v1}/draft")))
        .merge(drafts(&format!("{V1}/draft")))
        .route("/exchange/api/v1/assets/{g}/{a}/{v}", patch(published::publish))
        .route("/exchange/api/v2/assets/{g}/{a}/minorVersions/{minor}/portal/search", get(search::search))
        .route("/exchange/api/v2/assets/{g}/{a}/versionGroups/{vg}/terms", get(terms::terms))
}

fn portal(base: &str) -> Router<App> {
    Router::new()
        .route(base, get(published::portal).patch(published::publish))
        .route(&format!("{base}/pages"), get(published::pages))
        .route(&format!("{base}/pages/{{*path}}"), get(published::page))
        .route(&format!("{base}/resources"), get(resources::list))
        .route(&format!("{base}/resources/{{id}}"), get(resources::download))
}

fn drafts(base: &str) -> Router<App> {
    Router::new()
        .route(base, get(draft::open).put(published::publish).delete(draft::discard))
        .route(&format!("{base}/pages"), get(draft::pages).post(draft::create))
        .route(&format!("{base}/pages/{{*path}}"), get(draft::page).put(draft::write).delete(draft::remove))
        .route(&format!("{base}/pagesOrder"), put(order::arrange))
        .route(
            &format!("{base}/resources"),
            post(resources::upload).layer(DefaultBodyLimit::disable()).get(resources::list_drafts),
        )
        .route(&format!("{base}/resources/{{id}}"), get(resources::download_draft).delete(resources::remove))
}
