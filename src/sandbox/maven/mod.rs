//! The Maven facade: assets as artifacts of a Maven repository (EXCHANGE.md §6).
//!
//! Reading is Maven's own protocol (`read`). Publishing is in three steps, since an asset is more than one file: a
//! look at the preconditions opens a run, files are put, and an end marker publishes what came together (`upload`) by
//! the rules of every publication. `path` tells what a path of the repository means, `login` who asks.

mod login;
mod path;
mod read;
mod upload;

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state, routing::get};

use super::app::App;

/// All routes. Maven signs in in more ways than others, so they let in whom they know by themselves.
pub(super) fn routes(app: &App) -> Router<App> {
    let mut routes = Router::new().route(
        "/api/v3/organizations/{org}/maven/{*path}",
        get(read::of_organization_for_publishing).put(upload::put).layer(DefaultBodyLimit::disable()),
    );
    for version in ["v1", "v2", "v3"] {
        routes = routes.route(&format!("/api/{version}/maven/{{*path}}"), get(read::of_anybody));
    }
    for version in ["v1", "v2"] {
        let path = format!("/api/{version}/organizations/{{org}}/maven/{{*path}}");
        routes = routes.route(&path, get(read::of_organization));
    }
    routes.route_layer(from_fn_with_state(app.clone(), login::authenticate))
}
