//! Who asks: Maven knows user names and passwords only, so tokens and connected apps come as such (EXCHANGE.md §1.1).

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::super::{
    app::App,
    caller::Principal,
    gate::{bearer_of, drain},
    problem::Problem,
};

/// Lets a request in that every other call would let in, or that bears a token as a password, or a user's password.
pub(super) async fn authenticate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let principal = header.and_then(|header| bearer_of(&app, header).or_else(|| basic_of(&app, header)));
    if let Some(principal) = principal {
        request.extensions_mut().insert(app.caller(principal));
        return next.run(request).await;
    }
    drain(request.into_body()).await;
    let mut response = Problem::unauthorized().into_response();
    // Maven sends its credentials only to who asks for them.
    let challenge = HeaderValue::from_static("Basic realm=\"Anypoint Exchange\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn basic_of(app: &App, header: &str) -> Option<Arc<Principal>> {
    let (scheme, value) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(value.trim()).ok()?).ok()?;
    match text.split_once(':')? {
        ("~~~Token~~~", token) => app.holder_of(token).map(|(principal, _)| principal),
        (name, password) => app.directory().user(name, password).cloned(),
    }
}
