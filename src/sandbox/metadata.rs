//! What can change after publishing: name, description and contact of an asset (EXCHANGE.md §3.12).

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::patch,
};
use bytes::Bytes;
use serde_json::Value;

use super::{
    app::App,
    assets::{coordinates, not_found},
    caller::{Caller, Role},
    problem::Problem,
    publish::{check_length, description_limit},
    store::{AssetRecord, StoreError, Tables},
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/exchange/api/v2/assets/{g}/{a}", patch(edit))
        .route("/exchange/api/v1/organizations/{org}/assets/{g}/{a}/{v}/metadata", patch(edit_version))
}

async fn edit(
    State(app): State<App>,
    caller: Caller,
    Path((g, a)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    change(&app, &caller, (&g, &a), &body, |_, _| Ok(true)).await
}

/// The same in the first version of the API, where the path names a version and the organization; what changes belongs
/// to all versions all the same.
async fn edit_version(
    State(app): State<App>,
    caller: Caller,
    Path((org, g, a, v)): Path<(String, String, String, String)>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let gav = coordinates(&g, &a, &v)?;
    let is_there =
        |tables: &Tables, record: &AssetRecord| Ok(record.organization == org && tables.status(&gav)?.is_some());
    change(&app, &caller, (&g, &a), &body, is_there).await
}

/// Changes an asset, unless a test says that it is not the one that is meant.
async fn change(
    app: &App,
    caller: &Caller,
    (group, asset): (&str, &str),
    body: &[u8],
    is_meant: impl FnOnce(&Tables, &AssetRecord) -> Result<bool, StoreError>,
) -> Result<StatusCode, Problem> {
    let description = description_limit(&app.settings.quirks);
    let keys = [("name", 256), ("description", description), ("contactName", 255), ("contactEmail", 255)];
    let body: Value = serde_json::from_slice(body).map_err(|_| Problem::bad_request("request/body must be object"))?;
    let body = body.as_object().filter(|body| !body.is_empty());
    let body = body.ok_or_else(|| Problem::bad_request("request/body must be object"))?;
    for (key, value) in body {
        let Some((_, most)) = keys.iter().find(|(known, _)| known == key) else {
            // Seen on the real platform for `manager`.
            return Err(Problem::forbidden());
        };
        let text = value.as_str();
        let text = text.ok_or_else(|| Problem::bad_request(format!("request/body/{key} must be string")))?;
        check_length(key, text, *most)?;
        if key == "name" && text.is_empty() {
            return Err(Problem::bad_request("request/body/name must NOT have fewer than 1 characters"));
        }
    }
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let edit = |tables: &mut Tables| {
        let record = tables.asset_record(group, asset)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Contributor, &record)?;
        if !is_meant(tables, &record)? {
            return Err(not_found());
        }
        let is_known = tables.edit_asset((group, asset), app.state.now(), |record| {
            record.name = text("name").unwrap_or_else(|| record.name.clone());
            record.description = text("description").unwrap_or_else(|| record.description.clone());
            record.contact_name = text("contactName").or(record.contact_name.take());
            record.contact_email = text("contactEmail").or(record.contact_email.take());
        })?;
        if is_known { Ok(()) } else { Err(not_found()) }
    };
    app.state.commit(edit).await?;
    Ok(StatusCode::NO_CONTENT)
}
