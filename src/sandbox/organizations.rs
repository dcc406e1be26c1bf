//! What belongs to the organization: settings, soft-deleted versions, the next free version.

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    app::App,
    assets::Params,
    caller::{Caller, Role},
    directory::Directory,
    problem::Problem,
    store::{StoreError, Tables, Tombstone},
};

pub(super) fn routes() -> Router<App> {
    const ORGANIZATION: &str = "/exchange/api/v2/organizations/{org}";
    Router::new()
        .route(&format!("{ORGANIZATION}/settings"), get(settings).patch(set_settings))
        .route(&format!("{ORGANIZATION}/softDeleted"), get(soft_deleted))
        .route("/exchange/api/v1/organizations/{org}/limits", get(limits))
        .route("/exchange/api/v1/organizations/{org}/groups", get(groups))
        .route(&format!("{ORGANIZATION}/groups/{{g}}/assets/{{a}}/nextAvailableVersion"), get(next_version))
}

/// The most versions of a root organization (EXCHANGE.md §3.8).
const MAX_VERSIONS: u64 = 100_000;

/// The settings that there are, and what they are until somebody changes them.
fn default_setting(name: &str) -> Option<Value> {
    match name {
        "deletionSettings" => Some(json!({ "hardDeletionEnabled": true })),
        "assetRoleAssignmentSettings" => Some(json!({ "assignRoleToConnectedApps": true })),
        _ => None,
    }
}

/// Where a setting of an organization is kept. They are the root organization's, and hold for all below it.
fn place(directory: &Directory, org: &str, name: &str) -> String {
    let root = directory.root_of(org).map_or(org, |root| &root.id);
    format!("{root}/{name}")
}

/// A setting of an organization; `None` where there is no such setting.
pub(super) fn setting(
    tables: &Tables,
    directory: &Directory,
    org: &str,
    name: &str,
) -> Result<Option<Value>, StoreError> {
    let Some(default) = default_setting(name) else { return Ok(None) };
    Ok(Some(tables.setting(&place(directory, org, name))?.unwrap_or(default)))
}

async fn settings(
    State(app): State<App>,
    caller: Caller,
    Path(org): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, Problem> {
    caller.must_be(Role::Viewer, &org)?;
    let params = Params::read(query.as_deref());
    let invalid =
        || Problem::bad_request("request/query/settings must name deletionSettings or assetRoleAssignmentSettings");
    let mut found = Vec::new();
    for name in params.all("settings") {
        let value = app.state.read(|tables| setting(tables, &caller.directory, &org, name))?.ok_or_else(invalid)?;
        found.push(json!({ name: value }));
    }
    if found.is_empty() { Err(invalid()) } else { Ok(Json(found)) }
}

async fn set_settings(
    State(app): State<App>,
    caller: Caller,
    Path(org): Path<String>,
    body: bytes::Bytes,
) -> Result<StatusCode, Problem> {
    caller.must_be(Role::Administrator, &org)?;
    let invalid = || Problem::bad_request("request/body must hold known settings");
    let body: Value = serde_json::from_slice(&body).map_err(|_| invalid())?;
    let body = body.as_object().filter(|settings| !settings.is_empty()).ok_or_else(invalid)?;
    for (name, value) in body {
        let default = default_setting(name).ok_or_else(invalid)?;
        let values = value.as_object().filter(|values| !values.is_empty()).ok_or_else(invalid)?;
        if values.iter().any(|(key, value)| default.get(key).is_none() || !value.is_boolean()) {
            return Err(invalid());
        }
    }
    app.state
        .commit(|tables| {
            body.iter().try_for_each(|(name, value)| tables.set(&place(&caller.directory, &org, name), value))
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn soft_deleted(
    State(app): State<App>,
    caller: Caller,
    Path(org): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, Problem> {
    caller.must_be(Role::Viewer, &org)?;
    let page = Params::read(query.as_deref()).page(20)?;
    let tombstones = app.state.read(|tables| tables.tombstones(&org, page.limit, page.offset))?;
    let show = |tombstone: &Tombstone| {
        json!({
            "organizationId": tombstone.organization,
            "groupId": tombstone.gav.group_id,
            "assetId": tombstone.gav.asset_id,
            "version": tombstone.gav.version,
        })
    };
    Ok(Json(tombstones.iter().map(show).collect()))
}

/// How many versions the root organization may have, and how many it has, with all business groups (EXCHANGE.md §3.8
/// and unknown U11).
async fn limits(State(app): State<App>, caller: Caller, Path(org): Path<String>) -> Result<Json<Value>, Problem> {
    caller.must_be(Role::Viewer, &org)?;
    let count = app.state.read(|tables| held_versions(tables, &caller.directory, &org))?;
    Ok(Json(json!({ "limit": app.settings.max_versions.unwrap_or(MAX_VERSIONS), "count": count })))
}

/// How many versions the root of an organization and all below it hold.
pub(super) fn held_versions(tables: &Tables, directory: &Directory, org: &str) -> Result<u64, StoreError> {
    let root = directory.root_of(org).map_or(org, |root| &root.id);
    directory.below(root).map(|known| tables.version_count(&known.id)).sum()
}

/// The groups of an organization (EXCHANGE.md §6).
async fn groups(
    State(app): State<App>,
    caller: Caller,
    Path(org): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, Problem> {
    caller.must_be(Role::Viewer, &org)?;
    let page = Params::read(query.as_deref()).page(250)?;
    let groups = app.state.read(|tables| tables.groups(&org, page.limit, page.offset))?;
    Ok(Json(groups.iter().map(|group| json!({ "groupId": group })).collect()))
}

async fn next_version(
    State(app): State<App>,
    caller: Caller,
    Path((org, g, a)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    caller.must_be(Role::Viewer, &org)?;
    let params = Params::read(query.as_deref());
    let highest = app.state.read(|tables| tables.highest(&g, &a))?;
    let next = match highest {
        None => "1.0.0".to_owned(),
        Some(version) => {
            let highest = version.semver();
            let (major, minor, patch) = (highest.major, highest.minor, highest.patch);
            match params.one("versionOrder").unwrap_or("PATCH") {
                "MAJOR" => format!("{}.0.0", major + 1),
                "MINOR" => format!("{major}.{}.0", minor + 1),
                "PATCH" => format!("{major}.{minor}.{}", patch + 1),
                _ => {
                    return Err(Problem::bad_request(
                        "request/query/versionOrder must be equal to one of the allowed values: MAJOR, MINOR, PATCH",
                    ));
                }
            }
        }
    };
    Ok(Json(json!({ "nextAvailableVersion": next })))
}
