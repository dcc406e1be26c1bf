//! What can change after publishing: name, description and contact of an asset, tags (EXCHANGE.md §3.12, §4).

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{patch, put},
};
use bytes::Bytes;
use serde_json::Value;

use super::{
    app::App,
    assets::{coordinates, not_found},
    caller::{Caller, Role},
    problem::Problem,
    publish::{check_length, description_limit, normal_tags},
    store::Tables,
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/exchange/api/v2/assets/{g}/{a}", patch(edit))
        .route("/exchange/api/v2/assets/{g}/{a}/{v}/tags", put(set_tags))
}

async fn edit(
    State(app): State<App>,
    caller: Caller,
    Path((g, a)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let description = description_limit(&app.settings.quirks);
    let keys = [("name", 256), ("description", description), ("contactName", 255), ("contactEmail", 255)];
    let body: Value = serde_json::from_slice(&body).map_err(|_| Problem::bad_request("request/body must be object"))?;
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
        let record = tables.asset_record(&g, &a)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Contributor, &record)?;
        let is_known = tables.edit_asset((&g, &a), app.state.now(), |record| {
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

async fn set_tags(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, v)): Path<(String, String, String)>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let gav = coordinates(&g, &a, &v)?;
    let invalid = || Problem::bad_request("request/body must be an array of objects with the property 'value'");
    let body: Vec<Value> = serde_json::from_slice(&body).map_err(|_| invalid())?;
    let tags: Option<Vec<String>> = body.iter().map(|tag| tag["value"].as_str().map(str::to_owned)).collect();
    let tags = normal_tags(tags.ok_or_else(invalid)?)?;
    let set = |tables: &mut Tables| {
        let (record, _) = tables.version(&gav)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Contributor, &record)?;
        tables.edit_asset((&gav.group_id, &gav.asset_id), app.state.now(), |record| {
            record.minors.entry(gav.version.minor_version()).or_default().tags = tags;
        })?;
        Ok::<_, Problem>(())
    };
    app.state.commit(set).await?;
    Ok(StatusCode::NO_CONTENT)
}
