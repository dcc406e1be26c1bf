//! The control surface: what a test asks the sandbox itself.

use axum::{Json, Router, routing::get};

use super::{Sandbox, app::App};

pub(super) fn routes(sandbox: Sandbox) -> Router<App> {
    Router::new().route(
        "/_sandbox/stats",
        get(move || {
            let sandbox = sandbox.clone();
            async move { Json(sandbox.stats()) }
        }),
    )
}
