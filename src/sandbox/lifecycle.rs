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
    app::App,
    assets::{Params, coordinates, not_found},
    problem::Problem,
    store::{StoreError, Tables, VersionRecord},
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
        let (_, version) = tables.version(&gav)?.ok_or_else(not_found)?;
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
    Path((g, a, v)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let gav = coordinates(&g, &a, &v)?;
    if Params::read(query.as_deref()).one("include") != Some("statusTransitions") {
        return Err(Problem::bad_request("request/query must have required property 'include'"));
    }
    app.state.read(|tables| {
        let (_, version) = tables.version(&gav)?.ok_or_else(not_found)?;
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
        transitions.push(show("deleted", dependents.clone()));
        transitions.push(show("hard-deleted", dependents));
        Ok(Json(json!({ "statusTransitions": transitions })))
    })
}

/// Whether a delete frees the version number.
fn is_hard(headers: &HeaderMap, tables: &Tables) -> Result<bool, Problem> {
    let hard = match headers.get("x-delete-type").map(|value| value.to_str().unwrap_or_default()) {
        None | Some("" | "soft-delete") => false,
        Some("hard-delete") => true,
        Some(_) => {
            return Err(Problem::bad_request(
                "request/headers/x-delete-type must be equal to one of the allowed values: soft-delete, hard-delete",
            ));
        }
    };
    let enabled = tables.setting("deletionSettings")?.and_then(|s| s["hardDeletionEnabled"].as_bool());
    if hard && enabled == Some(false) {
        return Err(conflict("HARD_DELETION_DISABLED", "Hard deletion is disabled in the organization".to_owned()));
    }
    Ok(hard)
}

fn conflict(code: &str, error: String) -> Problem {
    Problem::publication(StatusCode::CONFLICT, code, "The asset cannot be deleted", error)
}

async fn delete_version(
    State(app): State<App>,
    Path((g, a, v)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let gav = coordinates(&g, &a, &v)?;
    let delete = |tables: &mut Tables| {
        let hard = is_hard(&headers, tables)?;
        let Some(status) = tables.status(&gav)? else {
            // A soft-deleted version can still be hard-deleted, which frees its number.
            if !hard || !tables.is_tombstone(&gav)? {
                return Err(not_found());
            }
            return Ok(tables.bury(&gav)?);
        };
        if let Some(dependent) = tables.dependent(&gav, "")? {
            return Err(conflict("ASSET_HAS_DEPENDENTS", format!("The asset {dependent} depends on it")));
        }
        Ok(tables.delete(&gav, !hard && status != Lifecycle::Development)?)
    };
    app.state.commit(delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_asset(
    State(app): State<App>,
    Path((g, a)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let delete = |tables: &mut Tables| {
        let hard = is_hard(&headers, tables)?;
        let versions = tables.asset(&g, &a)?.map(|asset| asset.versions).unwrap_or_default();
        let buried = if hard { tables.buried(&g, &a)? } else { Vec::new() };
        if versions.is_empty() && buried.is_empty() {
            return Err(not_found());
        }
        let own = format!("{g}/{a}/");
        for VersionRecord { gav, .. } in &versions {
            if let Some(dependent) = tables.dependent(gav, &own)? {
                return Err(conflict("ASSET_HAS_DEPENDENTS", format!("The asset {dependent} depends on {gav}")));
            }
        }
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
