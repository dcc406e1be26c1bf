//! Refusals, in the shapes that Exchange uses (EXCHANGE.md §3.7).

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::asset::Coordinates;

use super::store::StoreError;

/// A request that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Problem {
    /// The status of the answer.
    pub(super) status: u16,
    /// The code of shape B; without it the answer has shape A.
    pub(super) code: Option<String>,
    /// What is wrong, in one sentence.
    pub(super) message: String,
    /// What is wrong, in detail.
    pub(super) errors: Vec<String>,
}

impl Problem {
    /// Shape A: what gateway and validator answer.
    pub(super) fn plain(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status: status.as_u16(), code: None, message: message.into(), errors: Vec::new() }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::plain(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn forbidden() -> Self {
        Self::plain(StatusCode::FORBIDDEN, "Forbidden")
    }

    pub(super) fn unauthorized() -> Self {
        Self::plain(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    pub(super) fn too_large(message: impl Into<String>) -> Self {
        Self::plain(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    /// The sandbox itself failed: a full disk, say. The cause is in the log, not in the answer.
    pub(super) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "the sandbox failed");
        Self::plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    }

    /// Shape B: what a publication answers.
    pub(super) fn publication(
        status: StatusCode,
        code: &str,
        message: impl Into<String>,
        error: impl Into<String>,
    ) -> Self {
        Self { status: status.as_u16(), code: Some(code.into()), message: message.into(), errors: vec![error.into()] }
    }

    /// Shape B with status 400.
    pub(super) fn invalid(code: &str, error: impl Into<String>) -> Self {
        Self::publication(StatusCode::BAD_REQUEST, code, "The asset is invalid", error)
    }

    /// The 409 of a publication that the state of the coordinates forbids.
    pub(super) fn preconditions(error: impl Into<String>) -> Self {
        Self::publication(
            StatusCode::CONFLICT,
            "ASSET_PRE_CONDITIONS_FAILED",
            "Cannot create a new asset with the provided groupId, assetId, version, state",
            error,
        )
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The body; shape B names the asset where it is known.
    pub(super) fn body(&self, asset: Option<(&str, &Coordinates)>) -> Value {
        let Some(code) = &self.code else {
            let name = self.status().canonical_reason().unwrap_or("Error");
            return json!({ "name": name, "status": self.status, "message": self.message });
        };
        let mut details = json!({ "errors": self.errors });
        if let Some((organization, gav)) = asset {
            details["asset"] = json!({
                "organizationId": organization,
                "groupId": gav.group_id,
                "assetId": gav.asset_id,
                "version": gav.version,
            });
        }
        json!({ "status": self.status, "code": code, "message": self.message, "details": details })
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let cause = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        Self::internal(&format!("{error}{cause}"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status(), Json(self.body(None))).into_response()
    }
}

/// A refusal that names the asset it is about.
#[derive(Debug)]
pub(super) struct AssetProblem {
    pub(super) problem: Problem,
    pub(super) organization: String,
    pub(super) gav: Option<Coordinates>,
}

impl IntoResponse for AssetProblem {
    fn into_response(self) -> Response {
        let asset = self.gav.as_ref().map(|gav| (self.organization.as_str(), gav));
        (self.problem.status(), Json(self.problem.body(asset))).into_response()
    }
}
