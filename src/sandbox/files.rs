//! The bytes of files (EXCHANGE.md §6).

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio_util::io::ReaderStream;

use crate::asset::FileKey;

use super::{
    app::{App, Shared},
    assets::coordinates,
    caller::{Caller, Role},
    problem::Problem,
    view::file_name,
};

/// How many bytes are read at a time.
const CHUNK: usize = 256 * 1024;

/// What needs a token.
pub(super) fn guarded() -> Router<App> {
    const FILES: &str = "/exchange/files/api/v1/organizations/{org}/assets/{g}/{a}/{v}";
    const PUBLIC: &str = "/exchange/organizations/{org}/assets/{g}/{a}/{v}/files";
    Router::new()
        .route(&format!("{FILES}/{{classifier}}"), get(bare))
        .route(&format!("{FILES}/{{classifier}}/{{packaging}}"), get(classified))
        .route(&format!("{PUBLIC}/{{classifier}}"), get(bare))
        .route(&format!("{PUBLIC}/{{classifier}}/{{packaging}}"), get(classified))
}

/// What is open to whoever has a link.
pub(super) fn open() -> Router<App> {
    Router::new().route("/exchange/files/signed/{until}/{signature}/{sha256}/{name}", get(signed))
}

type BarePath = Path<(String, String, String, String, String)>;
type ClassifiedPath = Path<(String, String, String, String, String, String)>;

async fn bare(
    State(app): State<App>,
    caller: Caller,
    Path((org, g, a, v, packaging)): BarePath,
) -> Result<Response, Problem> {
    download((&app, &caller), &org, (&g, &a, &v), &FileKey::bare(&packaging)).await
}

async fn classified(
    State(app): State<App>,
    caller: Caller,
    Path((org, g, a, v, classifier, packaging)): ClassifiedPath,
) -> Result<Response, Problem> {
    download((&app, &caller), &org, (&g, &a, &v), &FileKey::new(&classifier, &packaging)).await
}

pub(super) fn file_not_found() -> Problem {
    Problem::not_found("File not found")
}

async fn download(
    (app, caller): (&App, &Caller),
    org: &str,
    (g, a, v): (&str, &str, &str),
    key: &FileKey,
) -> Result<Response, Problem> {
    let gav = coordinates(g, a, v)?;
    let (sha256, name) = app.state.read(|tables| {
        let (record, version) = tables.version(&gav)?.ok_or_else(file_not_found)?;
        caller.must_be_for(Role::Viewer, &record)?;
        let is_shown = caller.is_insider(&record) || record.public_groups.contains(&version.version_group());
        if record.organization != org || !is_shown {
            return Err(file_not_found());
        }
        let mut files = version.files.iter().chain(&record.icon);
        let file = files.find(|file| file.key == *key).ok_or_else(file_not_found)?;
        Ok((file.blob.digests.sha256, file_name(&version, file)))
    })?;
    send(app, &sha256, &name).await
}

async fn signed(
    State(app): State<App>,
    Path((until, signature, sha256, name)): Path<(i64, String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // Storage services refuse a signature together with credentials; a client that sends them leaks its token.
    if headers.contains_key(header::AUTHORIZATION) {
        return Err(Problem::bad_request("Only one auth mechanism allowed"));
    }
    if app.clock.now() > until || app.sign(&format!("{sha256}/{name}"), until) != signature {
        return Err(Problem::forbidden());
    }
    let mut digest = [0; 32];
    hex::decode_to_slice(&sha256, &mut digest).map_err(|_| file_not_found())?;
    send(&app, &digest, &name).await
}

pub(super) async fn send(shared: &Shared, sha256: &[u8; 32], name: &str) -> Result<Response, Problem> {
    let path = shared.blobs.path(sha256);
    let size = fs_err::metadata(&path).map_err(|_| file_not_found())?.len();
    let body = if size <= CHUNK as u64 {
        Body::from(fs_err::read(&path).map_err(|error| Problem::internal(&error))?)
    } else {
        let file = fs_err::tokio::File::open(&path).await.map_err(|error| Problem::internal(&error))?;
        Body::from_stream(ReaderStream::with_capacity(file, CHUNK))
    };
    let headers = [
        (header::CONTENT_TYPE, media_type(name).to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((StatusCode::OK, headers, body).into_response())
}

pub(super) fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "zip" => "application/zip",
        "jar" => "application/java-archive",
        "json" => "application/json",
        "yaml" | "yml" => "application/yaml",
        "xml" | "pom" | "wsdl" | "xsd" => "application/xml",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "md" => "text/markdown",
        _ => "application/octet-stream",
    }
}
