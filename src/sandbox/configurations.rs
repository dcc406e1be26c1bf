//! The keys of categories and custom fields that an organization has (EXCHANGE.md §4.1, §4.2).
//!
//! Publishing fails on a key that is not configured, so this storey lets keys be created and listed.

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    routing::get,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    app::App,
    assets::Params,
    caller::{Caller, Role},
    clock::iso,
    problem::Problem,
    store::Tables,
};

const DATA_TYPES: [&str; 6] = ["enum", "number", "date", "text", "number-list", "text-list"];

pub(super) fn routes() -> Router<App> {
    const ORGANIZATION: &str = "/exchange/api/v2/organizations/{org}";
    let listed = |kind: &'static str| {
        get(move |state: State<App>, caller: Caller, path: Path<String>, query: RawQuery| async move {
            list(kind, (&state.0, &caller), &path.0, &Params::read(query.0.as_deref()))
        })
        .post(move |state: State<App>, caller: Caller, path: Path<String>, body: bytes::Bytes| {
            create(kind, state, caller, path, body)
        })
    };
    Router::new()
        .route(&format!("{ORGANIZATION}/categories"), listed("categories"))
        .route(&format!("{ORGANIZATION}/fields"), listed("fields"))
}

fn list(kind: &str, (app, caller): (&App, &Caller), org: &str, params: &Params) -> Result<Json<Vec<Value>>, Problem> {
    caller.must_be(Role::Viewer, org)?;
    let page = params.page(20)?;
    let prefix = format!("{kind}/");
    Ok(Json(app.state.read(|tables| tables.settings(&prefix, page.limit, page.offset))?))
}

async fn create(
    kind: &'static str,
    State(app): State<App>,
    caller: Caller,
    Path(org): Path<String>,
    body: bytes::Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.must_be(Role::Administrator, &org)?;
    let body: Value = serde_json::from_slice(&body).map_err(|_| Problem::bad_request("request/body must be object"))?;
    let key = body["tagKey"].as_str().filter(|key| is_key(key));
    let key = key.ok_or_else(|| {
        Problem::bad_request("request/body/tagKey must match pattern \"^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$\"")
    })?;
    let accepted = texts(&body, "acceptedValues", 500)?;
    let restrictions = texts(&body, "assetTypeRestrictions", 100)?;
    let default = if accepted.is_some() { "enum" } else { "text" };
    let data_type = body["dataType"].as_str().unwrap_or(default);
    if !DATA_TYPES.contains(&data_type) {
        let names = DATA_TYPES.join(", ");
        let text = format!("request/body/dataType must be equal to one of the allowed values: {names}");
        return Err(Problem::bad_request(text));
    }
    let now = iso(app.state.now());
    let configuration = json!({
        "id": Uuid::new_v4().to_string(),
        "organizationId": org,
        "tagKey": key,
        "displayName": body["displayName"].as_str().unwrap_or(key),
        "dataType": data_type,
        "acceptedValues": accepted,
        "assetTypeRestrictions": restrictions.unwrap_or_default(),
        "createdDate": now,
        "updatedDate": now,
    });
    let name = format!("{kind}/{key}");
    let create = |tables: &mut Tables| {
        if tables.setting(&name)?.is_some() {
            return Err(Problem::plain(StatusCode::CONFLICT, format!("The key `{key}` of {kind} already exists")));
        }
        Ok(tables.set(&name, &configuration)?)
    };
    app.state.commit(create).await?;
    Ok((StatusCode::CREATED, Json(configuration)))
}

/// Kebab-case as the specification wants it, and camelCase as its guide writes it (EXCHANGE.md, conflict C1).
fn is_key(key: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
    key.len() <= 512 && key.split(['-', '_']).all(word)
}

/// An array of texts, or nothing.
fn texts(body: &Value, name: &str, most: usize) -> Result<Option<Vec<String>>, Problem> {
    let invalid = || Problem::bad_request(format!("request/body/{name} must be an array of at most {most} strings"));
    match &body[name] {
        Value::Null => Ok(None),
        Value::Array(values) if values.len() <= most => {
            let texts: Option<Vec<String>> = values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
            texts.map(Some).ok_or_else(invalid)
        }
        _ => Err(invalid()),
    }
}
