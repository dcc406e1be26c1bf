//! Images as answers.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

use super::super::{app::Shared, problem::Problem, store::StoredBlob};
use super::{names::image_type, shelves};

/// A resource as an answer. An SVG that is opened by itself may not run anything.
pub(in super::super) async fn image_response(
    shared: &Shared,
    id: &str,
    blob: &StoredBlob,
) -> Result<Response, Problem> {
    let headers = [
        (header::CONTENT_TYPE, image_type(id).unwrap_or("application/octet-stream")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    ];
    Ok((headers, shelves::bytes(shared, blob).await?).into_response())
}
