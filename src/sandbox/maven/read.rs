//! Artifacts, their digests, and the list of versions.

use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use md5::Md5;
use quick_xml::escape::escape;
use serde_json::json;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::asset::{Coordinates, FileKey, Lifecycle};

use super::super::{
    app::App,
    assets::{coordinates, not_found},
    caller::{Caller, Role},
    files::{file_not_found, send},
    problem::Problem,
    store::{Asset, VersionRecord},
    view::file_name,
};
use super::{
    path::{Algorithm, Part, Target, What},
    upload,
};

/// A path below no organization.
pub(super) async fn of_anybody(
    State(app): State<App>,
    caller: Caller,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    get(&app, &caller, &target(&path)?).await
}

/// A path below an organization.
pub(super) async fn of_organization(
    State(app): State<App>,
    caller: Caller,
    Path((org, path)): Path<(String, String)>,
) -> Result<Response, Problem> {
    caller.must_be(Role::Viewer, &org)?;
    get(&app, &caller, &target(&path)?).await
}

/// A path below an organization, where there is publishing as well.
pub(super) async fn of_organization_for_publishing(
    State(app): State<App>,
    caller: Caller,
    Path((org, path)): Path<(String, String)>,
) -> Result<Response, Problem> {
    caller.must_be(Role::Viewer, &org)?;
    let target = target(&path)?;
    match &target.what {
        What::Of { version, part: Part::PreConditions } if target.digest.is_none() => {
            let gav = coordinates(&target.group, target.asset, version)?;
            upload::open(&app, &caller, &org, gav).await
        }
        _ => get(&app, &caller, &target).await,
    }
}

fn target(path: &str) -> Result<Target<'_>, Problem> {
    Target::read(path).ok_or_else(file_not_found)
}

async fn get(app: &App, caller: &Caller, target: &Target<'_>) -> Result<Response, Problem> {
    match &target.what {
        What::Metadata => metadata(app, caller, target),
        What::Of { version, part: Part::File(key) } => {
            let gav = coordinates(&target.group, target.asset, version)?;
            file(app, caller, &gav, key, target.digest).await
        }
        What::Of { version, part: Part::End } => {
            let gav = coordinates(&target.group, target.asset, version)?;
            app.state.read(|tables| {
                let (record, _) = tables.version(&gav)?.ok_or_else(not_found)?;
                caller.must_be_for(Role::Viewer, &record)?;
                Ok(Json(json!({ "status": "completed" })).into_response())
            })
        }
        What::Of { part: Part::PreConditions, .. } => Err(file_not_found()),
    }
}

/// What is in development is not to be built upon, unless it says so in its name (EXCHANGE.md §3.9).
fn is_served(version: &VersionRecord) -> bool {
    version.status != Lifecycle::Development || version.gav.version.is_snapshot()
}

async fn file(
    app: &App,
    caller: &Caller,
    gav: &Coordinates,
    key: &FileKey,
    digest: Option<Algorithm>,
) -> Result<Response, Problem> {
    let (digests, name) = app.state.read(|tables| {
        let (record, version) = tables.version(gav)?.ok_or_else(file_not_found)?;
        caller.must_be_for(Role::Viewer, &record)?;
        let mut files = version.files.iter().chain(&record.icon).filter(|_| is_served(&version));
        let file = files.find(|file| file.key == *key).ok_or_else(file_not_found)?;
        Ok::<_, Problem>((file.blob.digests, file_name(&version, file)))
    })?;
    match digest {
        None => send(app, &digests.sha256, &name).await,
        Some(Algorithm::Md5) => Ok(hex::encode(digests.md5).into_response()),
        Some(Algorithm::Sha1) => Ok(hex::encode(digests.sha1).into_response()),
        Some(Algorithm::Sha256) => Ok(hex::encode(digests.sha256).into_response()),
    }
}

fn metadata(app: &App, caller: &Caller, target: &Target<'_>) -> Result<Response, Problem> {
    let text = app.state.read(|tables| {
        let asset = tables.asset(&target.group, target.asset)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Viewer, &asset.record)?;
        describe(&asset).ok_or_else(not_found)
    })?;
    Ok(match target.digest {
        None => ([(header::CONTENT_TYPE, "application/xml")], text).into_response(),
        Some(Algorithm::Md5) => hex::encode(Md5::digest(text)).into_response(),
        Some(Algorithm::Sha1) => hex::encode(Sha1::digest(text)).into_response(),
        Some(Algorithm::Sha256) => hex::encode(Sha256::digest(text)).into_response(),
    })
}

/// The versions of an asset, the oldest first, as Maven reads them; `None` where none is served.
fn describe(asset: &Asset) -> Option<String> {
    let versions: Vec<&VersionRecord> = asset.versions.iter().rev().filter(|version| is_served(version)).collect();
    let latest = versions.last()?;
    let release = versions.iter().rev().find(|version| !version.gav.version.is_snapshot());
    let updated = versions.iter().map(|version| version.updated).max().unwrap_or_default();
    let updated = Timestamp::from_millisecond(updated).unwrap_or_default().strftime("%Y%m%d%H%M%S");
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata>\n  <groupId>{}</groupId>\n  \
         <artifactId>{}</artifactId>\n  <versioning>\n    <latest>{}</latest>\n",
        escape(&latest.gav.group_id),
        escape(&latest.gav.asset_id),
        latest.gav.version
    );
    if let Some(release) = release {
        text.push_str(&format!("    <release>{}</release>\n", release.gav.version));
    }
    text.push_str("    <versions>\n");
    for version in &versions {
        text.push_str(&format!("      <version>{}</version>\n", version.gav.version));
    }
    text.push_str(&format!(
        "    </versions>\n    <lastUpdated>{updated}</lastUpdated>\n  </versioning>\n</metadata>\n"
    ));
    Some(text)
}
