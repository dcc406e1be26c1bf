//! The files inside the specification of an API, one at a time, and what is known of the API as a whole
//! (EXCHANGE.md §6).

use std::io::Cursor;

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Multipart, Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::offload::offload;

use super::{
    app::App,
    assets::{coordinates, not_found, seen},
    caller::Caller,
    files::{file_not_found, media_type},
    problem::Problem,
    publish::{candidates, member},
    store::{AssetRecord, FileRecord, VersionRecord},
};

/// The classifiers of specifications, in the order in which they are looked for.
const SPECIFICATIONS: [&str; 11] = [
    "raml",
    "oas",
    "wsdl",
    "evented-api",
    "graphql",
    "graphql-apollo",
    "protobuf",
    "raml-fragment",
    "oas-components",
    "oas-fragment",
    "json-schema",
];

/// The most main files that are told.
const MOST: usize = 1_000;

pub(super) fn routes() -> Router<App> {
    const API: &str = "/exchange/api/v2/assets/{g}/{a}/{v}/api";
    const MAIN: &str = "/exchange/api/v1/files/classifiers/{classifier}/entries/main";
    Router::new()
        .route(&format!("{API}/root"), get(root))
        .route(&format!("{API}/model"), get(model))
        .route(&format!("{API}/{{*path}}"), get(file))
        .route(MAIN, get(main_files).post(main_files).layer(DefaultBodyLimit::disable()))
}

/// The specification of a version: what was published, not what was made of it.
fn specification(version: &VersionRecord) -> Option<&FileRecord> {
    let of =
        |classifier: &&str| version.files.iter().find(|file| !file.generated && file.key.classifier() == *classifier);
    SPECIFICATIONS.iter().find_map(of)
}

/// The file that the specification is read from: the one with the files of its dependencies, where there is one.
fn readable<'a>(version: &'a VersionRecord, specification: &'a FileRecord) -> &'a FileRecord {
    let fat = format!("fat-{}", specification.key.classifier());
    version.files.iter().find(|file| file.key.classifier() == fat).unwrap_or(specification)
}

type VersionPath = Path<(String, String, String)>;

fn find(app: &App, caller: &Caller, (g, a, v): (&str, &str, &str)) -> Result<(AssetRecord, VersionRecord), Problem> {
    let gav = coordinates(g, a, v)?;
    app.state.read(|tables| {
        let asset = seen(tables, caller, g, a)?;
        let version = asset.get(&gav.version).cloned().ok_or_else(not_found)?;
        Ok((asset.record, version))
    })
}

async fn root(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, v)): VersionPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, version) = find(&app, &caller, (&g, &a, &v))?;
    let main = specification(&version).and_then(|file| file.main_file.as_ref()).ok_or_else(file_not_found)?;
    let mut link = url::Url::parse(&app.origin(&headers)).map_err(|error| Problem::internal(&error))?;
    let steps = ["exchange", "api", "v2", "assets", &g, &a, &v, "api"];
    link.path_segments_mut()
        .map_err(|()| Problem::internal(&"the origin is no base of links"))?
        .clear()
        .extend(steps)
        .extend(main.split('/'));
    Ok((StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, String::from(link))]).into_response())
}

async fn file(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, v, path)): Path<(String, String, String, String)>,
) -> Result<Response, Problem> {
    let (_, version) = find(&app, &caller, (&g, &a, &v))?;
    let specification = specification(&version).ok_or_else(file_not_found)?;
    let source = readable(&version, specification);
    let blob = app.blobs.path(&source.blob.digests.sha256);
    let kind = media_type(&path);
    let is_archive = source.key.packaging == "zip";
    if !is_archive && source.main_file.as_deref() != Some(path.as_str()) {
        return Err(file_not_found());
    }
    let read = move || {
        if is_archive {
            let mut archive = fs_err::File::open(&blob).map_err(|error| Problem::internal(&error))?;
            return member(&mut archive, &path).ok_or_else(file_not_found);
        }
        fs_err::read(&blob).map_err(|error| Problem::internal(&error))
    };
    let bytes = offload(read).await?;
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}

/// What is known of a REST API without reading its resources: its name and its version, in the words of the official
/// example.
async fn model(State(app): State<App>, caller: Caller, Path((g, a, v)): VersionPath) -> Result<Json<Value>, Problem> {
    let (record, version) = find(&app, &caller, (&g, &a, &v))?;
    let file = specification(&version).filter(|file| matches!(file.key.classifier(), "raml" | "oas"));
    let main = file.and_then(|file| file.main_file.as_ref()).ok_or_else(|| Problem::not_found("Model not found"))?;
    let document = |kinds: &[&str]| -> Vec<String> {
        kinds.iter().map(|kind| format!("http://raml.org/vocabularies/document#{kind}")).collect()
    };
    let mut kinds = vec!["http://schema.org/WebAPI".to_owned()];
    kinds.extend(document(&["RootDomainElement", "DomainElement"]));
    Ok(Json(json!([{
        "@id": main,
        "@type": document(&["Document", "Fragment", "Module", "Unit"]),
        "http://raml.org/vocabularies/document#encodes": [{
            "@id": format!("{main}#/web-api"),
            "@type": kinds,
            "http://schema.org/name": [{ "@value": record.name }],
            "http://schema.org/version": [{ "@value": version.version_group() }],
        }],
    }])))
}

/// The files of an upload that could be its main file: sent as the only part of a form, or as the body.
async fn main_files(
    State(app): State<App>,
    _caller: Caller,
    Path(classifier): Path<String>,
    request: Request<Body>,
) -> Result<Json<Vec<String>>, Problem> {
    let bytes = upload(&app, request).await?;
    if bytes.is_empty() {
        return Err(Problem::bad_request("request/body must hold a file"));
    }
    let found = offload(move || candidates(&classifier, &mut Cursor::new(bytes), MOST)).await;
    found.map(Json).map_err(Problem::bad_request)
}

/// The bytes of the upload, within the limit of a file.
async fn upload(app: &App, request: Request<Body>) -> Result<Bytes, Problem> {
    let limit = app.settings.max_file;
    let broken = |error: &dyn std::fmt::Display| Problem::bad_request(format!("the body cannot be read: {error}"));
    let too_large = || Problem::too_large(format!("the file is larger than {limit} bytes"));
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("multipart/form-data") {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        return axum::body::to_bytes(request.into_body(), most).await.map_err(|_| too_large());
    }
    let mut parts = Multipart::from_request(request, &()).await.map_err(|error| broken(&error))?;
    while let Some(mut part) = parts.next_field().await.map_err(|error| broken(&error))? {
        if part.file_name().is_none() {
            continue;
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = part.chunk().await.map_err(|error| broken(&error))? {
            if (bytes.len() + chunk.len()) as u64 > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        return Ok(bytes.into());
    }
    Ok(Bytes::new())
}
