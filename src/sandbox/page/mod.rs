//! A page for people: what the sandbox holds and what happens in it, in a browser.
//!
//! Everything is rendered here; a page loads nothing but its own style sheet and a script that looks for news every
//! second. Nothing is changed by looking. Whoever reaches the port may look: the sandbox holds nobody's secrets, and
//! the pages show no credentials.

mod asset;
mod document;
mod frame;
mod overview;

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::{Next, from_fn, map_response},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{app::App, problem::Problem};

/// What a page may load: its own style sheet, script and images, and nothing from anywhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(overview::overview))
        .route("/_sandbox/organizations/{org}", get(overview::organization))
        .route("/_sandbox/publications", get(overview::publications))
        .route("/_sandbox/assets/{g}/{a}", get(asset::latest))
        .route("/_sandbox/assets/{g}/{a}/{v}", get(asset::version))
        .route_layer(from_fn(guard))
        // Pictures are asked for with another `Accept`.
        .route("/_sandbox/assets/{g}/{a}/{v}/pages/{*path}", get(document::show).layer(map_response(protect)))
        .route("/_sandbox/style.css", get(|| async { file("text/css; charset=utf-8", include_str!("style.css")) }))
        .route("/_sandbox/live.js", get(|| async { file("text/javascript; charset=utf-8", include_str!("live.js")) }))
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text)
}

/// Shows pages to browsers only: the official client takes any answer of `/` for a publication, and waits for its end.
async fn guard(request: Request, next: Next) -> Response {
    if !wants_html(request.headers()) {
        return Problem::not_found("Not Found").into_response();
    }
    protect(next.run(request).await).await
}

/// Keeps a page from loading anything from elsewhere; an answer that protects itself stays as it is.
async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}
