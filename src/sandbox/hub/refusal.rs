//! Refusals in the shape of this API: `{name, status, message, details: [{message}]}`.

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::super::{app::App, gate, problem::Problem, store::StoreError};

/// A request that is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    /// What is wrong, each in one sentence; without any, the message is the only one.
    details: Vec<String>,
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), details: Vec::new() }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// A body with several things wrong.
    pub(super) fn invalid(details: Vec<String>) -> Self {
        Self { details, ..Self::bad_request("The request body is not valid") }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    fn body(&self) -> Value {
        let details = if self.details.is_empty() { std::slice::from_ref(&self.message) } else { &self.details };
        json!({
            "name": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "message": self.message,
            "details": details.iter().map(|message| json!({ "message": message })).collect::<Vec<_>>(),
        })
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { status: problem.status(), message: problem.message, details: problem.errors }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}

/// Lets in whoever bears a token, and nobody by other means; gives refusals that the server itself makes (a method
/// that a path does not have, a body that is too large) the shape of this API.
pub(super) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| header.trim().split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    let Some((principal, _)) = token.and_then(|token| app.holder_of(token)) else {
        gate::drain(request.into_body()).await;
        return Refusal::unauthorized().into_response();
    };
    request.extensions_mut().insert(app.caller(principal));
    shaped(next.run(request).await)
}

fn shaped(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !(status.is_client_error() || status.is_server_error()) || kind.starts_with("application/json") {
        return response;
    }
    let refusal = Refusal::new(status, status.canonical_reason().unwrap_or("Error"));
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    Response::from_parts(parts, Body::from(refusal.body().to_string()))
}
