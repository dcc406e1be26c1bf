//! Lifecycle states and deletion (EXCHANGE.md §3.9, §3.10).

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    routing::{delete, get, put},
};
use serde_json::{Value, json};

use crate::asset::Lifecycle;

use super::{
    Quirk,
    app::App,
    assets::{Params, coordinates, not_found},
    caller::{Caller, Role},
    instances::first_of,
    organizations::setting,
    problem::Problem,
    store::{Asset, StoreError, Tables, VersionRecord},
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/exchange/api/v2/assets/{g}/{a}/{v}/status", put(set_status))
        .route("/exchange/api/v2/assets/{g}/{a}/{v}/actions", get(actions))
        .route("/exchange/api/v2/assets/{g}/{a}/{v}", delete(delete_version))
        .route("/exchange/api/v2/assets/{g}/{a}", delete(delete_asset))
}

async fn set_status(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, v)): Path<(String, String, String)>,
    body: bytes::Bytes,
) -> Result<StatusCode, Problem> {
    let gav = coordinates(&g, &a, &v)?;
    let body: Value = serde_json::from_slice(&body).map_err(|_| Problem::bad_request("request/body must be object"))?;
    let target = match body["status"].as_str() {
        Some("published") => Lifecycle::Published,
        Some("deprecated") => Lifecycle::Deprecated,
        Some(_) => {
            return Err(Problem::bad_request(
                "request/body/status must be equal to one of the allowed values: published, deprecated",
            ));
        }
        None => return Err(Problem::bad_request("request/body must have required property 'status'")),
    };
    let set = |tables: &mut Tables| {
        let (record, version) = tables.version(&gav)?.ok_or_else(not_found)?;
        // Making a version stable is a contributor's; everything else about its state an administrator's.
        let promotes = version.status == Lifecycle::Development && target == Lifecycle::Published;
        caller.must_be_for(if promotes { Role::Contributor } else { Role::Administrator }, &record)?;
        if version.status == target {
            return Ok(());
        }
        if let Some((code, text)) = obstacle(tables, &version, target)? {
            return Err(Problem::publication(StatusCode::CONFLICT, code, "The status cannot be changed", text));
        }
        tables.set_status(&gav, target, app.state.now())?;
        Ok(())
    };
    app.state.commit(set).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What stands between a version and a state: a code and a sentence.
fn obstacle(
    tables: &Tables,
    version: &VersionRecord,
    target: Lifecycle,
) -> Result<Option<(&'static str, String)>, StoreError> {
    let from = version.status;
    if target == Lifecycle::Development || (from, target) == (Lifecycle::Development, Lifecycle::Deprecated) {
        return Ok(Some(("INVALID_TRANSITION", format!("Transition from {from} to {target} is not allowed"))));
    }
    if version.gav.version.is_snapshot() {
        return Ok(Some(("SNAPSHOT_TRANSITION", "A snapshot stays in development".to_owned())));
    }
    if from == Lifecycle::Development {
        for gav in &version.dependencies {
            if tables.status(gav)? == Some(Lifecycle::Development) {
                let text = "The asset has dependencies in development".to_owned();
                return Ok(Some(("DEVELOPMENT_DEPENDENCIES", text)));
            }
        }
    }
    Ok(None)
}

async fn actions(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, v)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let gav = coordinates(&g, &a, &v)?;
    if Params::read(query.as_deref()).one("include") != Some("statusTransitions") {
        return Err(Problem::bad_request("request/query must have required property 'include'"));
    }
    app.state.read(|tables| {
        let (record, version) = tables.version(&gav)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Viewer, &record)?;
        let show = |target: &str, obstacle: Option<(&str, String)>| {
            let details = obstacle.iter().map(|(code, text)| json!({ "code": code, "description": text }));
            let details: Vec<Value> = details.collect();
            let affordance = if details.is_empty() { "allowed" } else { "disallowed" };
            json!({ "targetStatus": target, "affordance": affordance, "affordanceDetails": details })
        };
        let states = [Lifecycle::Development, Lifecycle::Published, Lifecycle::Deprecated];
        let mut transitions = Vec::with_capacity(states.len() + 2);
        for state in states {
            transitions.push(show(state.as_str(), obstacle(tables, &version, state)?));
        }
        let dependents = tables.dependent(&gav, "")?;
        let dependents = dependents.map(|_| ("ASSET_HAS_DEPENDENTS", "Asset has dependent assets".to_owned()));
        let instances = instance_left(tables, &version, true)?.map(|error| ("ASSET_HAS_INSTANCES", error));
        let dependents = dependents.or(instances);
        transitions.push(show("deleted", dependents.clone()));
        transitions.push(show("hard-deleted", dependents));
        Ok(Json(json!({ "statusTransitions": transitions })))
    })
}

/// Whether a delete is to free the version number.
fn is_hard(headers: &HeaderMap) -> Result<bool, Problem> {
    match headers.get("x-delete-type").map(|value| value.to_str().unwrap_or_default()) {
        None | Some("" | "soft-delete") => Ok(false),
        Some("hard-delete") => Ok(true),
        Some(_) => Err(Problem::bad_request(
            "request/headers/x-delete-type must be equal to one of the allowed values: soft-delete, hard-delete",
        )),
    }
}

/// Refuses whoever may not delete in an organization, or not for good.
fn check_deletion(tables: &Tables, caller: &Caller, org: &str, hard: bool) -> Result<(), Problem> {
    let settings = setting(tables, &caller.directory, org, "deletionSettings")?.unwrap_or_default();
    if hard && settings["hardDeletionEnabled"] == false {
        return Err(conflict("HARD_DELETION_DISABLED", "Hard deletion is disabled in the organization".to_owned()));
    }
    Ok(())
}

/// Refuses a hard deletion of what is older than seven days, where the quirk is on (conflict C3).
fn check_age(app: &App, version: &VersionRecord, hard: bool) -> Result<(), Problem> {
    const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;
    let is_old = app.state.now() - version.created > WEEK;
    if hard && is_old && app.settings.quirks.has(Quirk::HardDeleteSevenDays) {
        let text = "An asset can be deleted for good for seven days after it was created".to_owned();
        return Err(conflict("OLD_ASSET_HARD_DELETION", text));
    }
    Ok(())
}

/// Refuses to take the last version of a version group that has instances: they do not go with it (EXCHANGE.md §3.10).
/// Another version keeps the group, where one version is deleted alone.
fn check_instances(tables: &Tables, version: &VersionRecord, alone: bool) -> Result<(), Problem> {
    match instance_left(tables, version, alone)? {
        Some(error) => Err(conflict("ASSET_HAS_INSTANCES", error)),
        None => Ok(()),
    }
}

fn instance_left(tables: &Tables, version: &VersionRecord, alone: bool) -> Result<Option<String>, StoreError> {
    let (gav, group) = (&version.gav, version.version_group());
    let Some(instance) = first_of(tables, (&gav.group_id, &gav.asset_id, &group))? else { return Ok(None) };
    let keeps = |asset: Asset| asset.versions.iter().any(|v| v.gav != *gav && v.version_group() == group);
    if alone && tables.asset(&gav.group_id, &gav.asset_id)?.is_some_and(keeps) {
        return Ok(None);
    }
    Ok(Some(format!("The version group {group} has the API instance {}", instance.name)))
}

fn conflict(code: &str, error: String) -> Problem {
    Problem::publication(StatusCode::CONFLICT, code, "The asset cannot be deleted", error)
}

async fn delete_version(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, v)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    remove_version(&app, &caller, (&g, &a, &v), &headers, |_| true).await
}

/// Deletes a version of an asset, where its organization is one that the request may mean.
pub(super) async fn remove_version(
    app: &App,
    caller: &Caller,
    (g, a, v): (&str, &str, &str),
    headers: &HeaderMap,
    is_meant: impl Fn(&str) -> bool,
) -> Result<StatusCode, Problem> {
    let gav = coordinates(g, a, v)?;
    let hard = is_hard(headers)?;
    let delete = |tables: &mut Tables| {
        let known = tables.version(&gav)?.filter(|(record, _)| is_meant(&record.organization));
        let Some((record, version)) = known else {
            // A soft-deleted version can still be hard-deleted, which frees its number.
            let buried = tables.buried(g, a)?.into_iter().find(|buried| buried.gav == gav).filter(|_| hard);
            let buried = buried.filter(|buried| is_meant(&buried.organization)).ok_or_else(not_found)?;
            caller.must_be(Role::Administrator, &buried.organization)?;
            check_deletion(tables, caller, &buried.organization, hard)?;
            return Ok(tables.bury(&gav)?);
        };
        caller.must_be_for(Role::Administrator, &record)?;
        check_deletion(tables, caller, &record.organization, hard)?;
        check_age(app, &version, hard)?;
        if let Some(dependent) = tables.dependent(&gav, "")? {
            return Err(conflict("ASSET_HAS_DEPENDENTS", format!("The asset {dependent} depends on it")));
        }
        check_instances(tables, &version, true)?;
        Ok(tables.delete(&gav, !hard && version.status != Lifecycle::Development)?)
    };
    app.state.commit(delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_asset(
    State(app): State<App>,
    caller: Caller,
    Path((g, a)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let hard = is_hard(&headers)?;
    let delete = |tables: &mut Tables| {
        let asset = tables.asset(&g, &a)?;
        let buried = if hard { tables.buried(&g, &a)? } else { Vec::new() };
        if let Some(asset) = &asset {
            caller.must_be_for(Role::Administrator, &asset.record)?;
        }
        let organization = asset.as_ref().map(|asset| &asset.record.organization);
        let organization = organization.or(buried.first().map(|buried| &buried.organization)).ok_or_else(not_found)?;
        if asset.is_none() {
            caller.must_be(Role::Administrator, organization)?;
        }
        check_deletion(tables, &caller, organization, hard)?;
        let versions = asset.map(|asset| asset.versions).unwrap_or_default();
        versions.iter().try_for_each(|version| check_age(&app, version, hard))?;
        let own = format!("{g}/{a}/");
        for VersionRecord { gav, .. } in &versions {
            if let Some(dependent) = tables.dependent(gav, &own)? {
                return Err(conflict("ASSET_HAS_DEPENDENTS", format!("The asset {dependent} depends on {gav}")));
            }
        }
        versions.iter().try_for_each(|version| check_instances(tables, version, false))?;
        for version in &versions {
            tables.delete(&version.gav, !hard && version.status != Lifecycle::Development)?;
        }
        for tombstone in &buried {
            tables.bury(&tombstone.gav)?;
        }
        Ok(())
    };
    app.state.commit(delete).await?;
    Ok(StatusCode::NO_CONTENT)
}
