//! Publishing in three steps: open a run, put files, end it.

use std::io::Write;

use axum::{
    Json,
    body::Body,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    asset::{Coordinates, FileKey},
    offload::offload,
};

use super::super::{
    app::App,
    assets::{coordinates, not_found},
    caller::{Caller, Role},
    files::file_not_found,
    gate::{Fate, drain},
    problem::Problem,
    publish::{Publisher, check_icon, check_place, max_size, publish_files},
    store::{FileRecord, Kept, StoreError, StoredBlob, Tables},
};
use super::path::{Algorithm, Part, Target, What};

/// How long a run stays open, in milliseconds.
const LIFETIME: i64 = 60 * 60 * 1000;

/// The most files of a run.
const MAX_FILES: usize = 50;

/// A publication that is being put together. It is found by the organization and the coordinates.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    opened: i64,
    files: Vec<FileRecord>,
}

impl Kept for Run {
    const KIND: &'static str = "maven run";
}

/// Opens a run where the coordinates may be published to; one that is open begins anew.
pub(super) async fn open(app: &App, caller: &Caller, org: &str, gav: Coordinates) -> Result<Response, Problem> {
    caller.must_be(Role::Contributor, org)?;
    let open = |tables: &mut Tables| {
        check_place(tables, (caller, org), &gav)?;
        tables.keep(org, &gav.to_string(), &Run { opened: app.state.now(), files: Vec::new() })?;
        Ok::<_, Problem>(())
    };
    app.state.commit(open).await?;
    let body = json!({
        "organizationId": org,
        "groupId": gav.group_id,
        "assetId": gav.asset_id,
        "version": gav.version,
        "status": "open",
    });
    Ok(Json(body).into_response())
}

/// The run of coordinates, where one is open.
fn run(tables: &Tables, org: &str, gav: &Coordinates, now: i64) -> Result<Option<Run>, StoreError> {
    Ok(tables.kept::<Run>(org, &gav.to_string())?.filter(|run| now - run.opened < LIFETIME))
}

/// Takes one file, or the marker that ends a run.
pub(super) async fn put(
    State(app): State<App>,
    caller: Caller,
    Path((org, path)): Path<(String, String)>,
    request: Request,
) -> Response {
    let fate = request.extensions().get::<Fate>().copied();
    let publisher = Publisher { caller, fate, organization: org };
    match answer(&app, &publisher, &path, request.into_body()).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn answer(app: &App, publisher: &Publisher, path: &str, body: Body) -> Result<Response, Problem> {
    let put = match plan(app, publisher, path) {
        Ok(put) => put,
        Err(problem) => {
            drain(body).await;
            return Err(problem);
        }
    };
    match put {
        Put::Nothing => drain(body).await,
        Put::Digest(gav, key, algorithm) => check_digest(app, publisher, (&gav, &key, algorithm), body).await?,
        Put::File(gav, key) => {
            let file = receive(app, key, body).await?;
            add(app, publisher, &gav, file).await?;
        }
        Put::End(gav) => {
            drain(body).await;
            end(app, publisher, &gav).await?;
            return Ok(Json(json!({ "status": "completed" })).into_response());
        }
    }
    Ok(StatusCode::OK.into_response())
}

/// What a put is to do.
enum Put {
    /// The list of versions and the digests of icons, which the server makes itself.
    Nothing,
    File(Coordinates, FileKey),
    Digest(Coordinates, FileKey, Algorithm),
    End(Coordinates),
}

/// Reads a path, and refuses what has no place before its bytes are taken.
fn plan(app: &App, publisher: &Publisher, path: &str) -> Result<Put, Problem> {
    publisher.check()?;
    let target = Target::read(path).ok_or_else(file_not_found)?;
    let What::Of { version, part } = target.what else { return Ok(Put::Nothing) };
    let gav = coordinates(&target.group, target.asset, version)?;
    let (run, is_known) = app.state.read(|tables| {
        let run = run(tables, &publisher.organization, &gav, app.state.now())?;
        Ok::<_, StoreError>((run, tables.status(&gav)?.is_some()))
    })?;
    match (part, run) {
        (Part::PreConditions, _) => Err(file_not_found()),
        (Part::End, None) => {
            Err(Problem::plain(StatusCode::INTERNAL_SERVER_ERROR, "There is no publication in progress to end"))
        }
        (Part::End, Some(_)) => Ok(Put::End(gav)),
        (Part::File(key), None) if key.classifier() == "icon" && is_known => {
            check_icon(&key)?;
            Ok(if target.digest.is_none() { Put::File(gav, key) } else { Put::Nothing })
        }
        (Part::File(_), None) => Err(Problem::plain(
            StatusCode::PRECONDITION_FAILED,
            "The publication was not prepared: the pre-deploy step is missing",
        )),
        (Part::File(_), Some(run)) if run.files.len() >= MAX_FILES => {
            Err(Problem::bad_request(format!("a publication has at most {MAX_FILES} files")))
        }
        (Part::File(key), Some(_)) => Ok(match target.digest {
            Some(algorithm) => Put::Digest(gav, key, algorithm),
            None => Put::File(gav, key),
        }),
    }
}

async fn receive(app: &App, key: FileKey, body: Body) -> Result<FileRecord, Problem> {
    let limit = max_size(app, &key);
    let mut content = app.blobs.spool();
    let mut size = 0;
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| Problem::bad_request(format!("the body cannot be read: {error}")))?;
        size += chunk.len() as u64;
        if size > limit {
            // Read to its end: an early answer is lost on clients that are still sending.
            drain(Body::from_stream(stream)).await;
            return Err(Problem::too_large(format!("`{key}` is larger than {limit} bytes")));
        }
        content.write_all(&chunk).map_err(|error| Problem::internal(&error))?;
    }
    let worker = app.clone();
    let stored = offload(move || worker.blobs.store(&mut content)).await;
    let blob: StoredBlob = stored.map_err(|error| Problem::internal(&error))?;
    Ok(FileRecord { key, blob, main_file: None, generated: false, created: app.state.now() })
}

/// Adds a file to the run; the icon of an asset that is there changes at once.
async fn add(app: &App, publisher: &Publisher, gav: &Coordinates, file: FileRecord) -> Result<(), Problem> {
    let org = &publisher.organization;
    let now = app.state.now();
    let add = |tables: &mut Tables| {
        if let Some(mut run) = run(tables, org, gav, now)? {
            run.files.retain(|known| known.key != file.key);
            run.files.push(file);
            return Ok(tables.keep(org, &gav.to_string(), &run)?);
        }
        let record = tables.asset_record(&gav.group_id, &gav.asset_id)?.ok_or_else(not_found)?;
        publisher.caller.must_be_for(Role::Contributor, &record)?;
        tables.edit_asset((&gav.group_id, &gav.asset_id), now, |record| record.icon = Some(file))?;
        Ok::<_, Problem>(())
    };
    app.state.commit(add).await
}

/// Compares a digest with the file that it belongs to, where that is there.
async fn check_digest(
    app: &App,
    publisher: &Publisher,
    (gav, key, algorithm): (&Coordinates, &FileKey, Algorithm),
    body: Body,
) -> Result<(), Problem> {
    let bytes = axum::body::to_bytes(body, 1024).await.map_err(|_| Problem::bad_request("this is no digest"))?;
    let told = String::from_utf8_lossy(&bytes).trim().to_ascii_lowercase();
    let run = app.state.read(|tables| run(tables, &publisher.organization, gav, app.state.now()))?;
    let Some(file) = run.into_iter().flat_map(|run| run.files).find(|file| file.key == *key) else { return Ok(()) };
    let digests = file.blob.digests;
    let known = match algorithm {
        Algorithm::Md5 => hex::encode(digests.md5),
        Algorithm::Sha1 => hex::encode(digests.sha1),
        Algorithm::Sha256 => hex::encode(digests.sha256),
    };
    if told == known { Ok(()) } else { Err(Problem::bad_request(format!("`{key}` does not have the digest {told}"))) }
}

/// Publishes what came together. The run is over, whether it could be published or not.
async fn end(app: &App, publisher: &Publisher, gav: &Coordinates) -> Result<(), Problem> {
    let org = &publisher.organization;
    let take = |tables: &mut Tables| {
        let run = run(tables, org, gav, app.state.now())?;
        tables.discard::<Run>(org, &gav.to_string())?;
        Ok::<_, StoreError>(run.map(|run| run.files).unwrap_or_default())
    };
    let files = app.state.commit(take).await?;
    if files.is_empty() {
        return Err(Problem::bad_request("the publication has no files"));
    }
    publish_files(app, publisher, gav.clone(), files).await.inspect_err(|_| app.stats.refused())
}
