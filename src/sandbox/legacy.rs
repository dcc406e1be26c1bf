//! What the official client still asks of version 1 (EXCHANGE.md §3.10, §6): one asset, listings, deletion; and where
//! it reports what it was used for.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, RawQuery, Request, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use serde_json::{Map, Value, json};

use super::{
    app::App,
    assets::{Params, coordinates, listing, not_found, seen},
    caller::{Caller, Role},
    gate::drain,
    lifecycle,
    problem::Problem,
    store::{Asset, StoreError, VersionRecord},
    view::{Others, View},
};

/// What needs a token. Creating is a matter of [`super::publish`].
pub(super) fn guarded() -> Router<App> {
    const OF_ORGANIZATION: &str = "/exchange/api/v1/organizations/{org}/assets/{g}/{a}/{v}";
    Router::new()
        .route("/exchange/api/v1/assets", get(list))
        .route("/exchange/api/v1/assets/{g}/{a}", get(latest))
        .route("/exchange/api/v1/assets/{g}/{a}/{v}", get(version))
        .route(OF_ORGANIZATION, get(version_of_organization).delete(delete))
}

/// What needs none: the client waits for these answers before it ends.
pub(super) fn open() -> Router<App> {
    Router::new().route("/cli/api/v1/analytics/event", post(note)).route("/cli/api/v1/analytics/error", post(note))
}

async fn note(request: Request) -> StatusCode {
    drain(request.into_body()).await;
    StatusCode::NO_CONTENT
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Vec<Value>>, Problem> {
    let params = Params::read(query.as_deref());
    let page = params.page(20)?;
    let listing = listing(&caller, &params)?;
    app.state.read(|tables| {
        let view = View { shared: &app.shared, tables, origin: app.origin(&headers) };
        let mut items = Vec::new();
        for (record, _) in tables.list(listing, page.limit, page.offset)? {
            let asset = seen(tables, &caller, &record.group_id, &record.asset_id)?;
            if let Some(version) = asset.latest() {
                items.push(show(&view, &asset, version)?);
            }
        }
        Ok(Json(items))
    })
}

/// Shows one version of an asset.
fn one(
    (app, caller): (&App, &Caller),
    (group, asset): (&str, &str),
    headers: &HeaderMap,
    pick: impl FnOnce(&Asset) -> Option<&VersionRecord>,
) -> Result<Json<Value>, Problem> {
    app.state.read(|tables| {
        let asset = tables.asset(group, asset)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Viewer, &asset.record)?;
        let version = pick(&asset).ok_or_else(not_found)?;
        let view = View { shared: &app.shared, tables, origin: app.origin(headers) };
        Ok(Json(show(&view, &asset, version)?))
    })
}

async fn latest(
    State(app): State<App>,
    caller: Caller,
    Path((g, a)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    one((&app, &caller), (&g, &a), &headers, Asset::latest)
}

async fn version(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, v)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let gav = coordinates(&g, &a, &v)?;
    one((&app, &caller), (&g, &a), &headers, |asset| asset.get(&gav.version))
}

async fn version_of_organization(
    State(app): State<App>,
    caller: Caller,
    Path((org, g, a, v)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let gav = coordinates(&g, &a, &v)?;
    one((&app, &caller), (&g, &a), &headers, |asset| {
        asset.get(&gav.version).filter(|_| caller.directory.is_within(&asset.record.organization, &org))
    })
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path((org, g, a, v)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    // The client names the organization it was told to work in, which may lie above that of the asset.
    let is_meant = |organization: &str| caller.directory.is_within(organization, &org);
    lifecycle::remove_version(&app, &caller, (&g, &a, &v), &headers, is_meant).await
}

/// A version as the schema `Asset` of the contract has it; what is not known is left out, since its members are never
/// null.
fn show(view: &View<'_>, asset: &Asset, version: &VersionRecord) -> Result<Value, StoreError> {
    const SHARED: [&str; 18] = [
        "id",
        "groupId",
        "assetId",
        "version",
        "isPublic",
        "productAPIVersion",
        "description",
        "name",
        "contactEmail",
        "contactName",
        "type",
        "createdAt",
        "modifiedAt",
        "icon",
        "status",
        "rating",
        "isSnapshot",
        "numberOfRates",
    ];
    const WHOLE: [&str; 5] = ["dependencies", "files", "instances", "permissions", "organization"];
    let mut full = view.full(asset, version, &Others { plain: true, states: &[] })?;
    let mut shown = Map::new();
    for name in SHARED.into_iter().chain(WHOLE) {
        shown.insert(name.to_owned(), full[name].take());
    }
    let mut created_by = full["createdBy"].take();
    created_by["username"] = created_by["userName"].take();
    for (name, value) in [
        ("createdBy", created_by),
        ("runtimeVersion", full["minMuleVersion"].take()),
        ("assetLink", full["externalFile"]["url"].take()),
        ("tags", tags(&full)),
        ("metadata", json!({ "productApiVersion": version.api_version })),
        ("versions", asset.versions.iter().map(reference).collect()),
        ("productAPIVersions", product_versions(asset)),
    ] {
        shown.insert(name.to_owned(), value);
    }
    let mut shown = Value::Object(shown);
    drop_nulls(&mut shown);
    Ok(shown)
}

fn reference(version: &VersionRecord) -> Value {
    let gav = &version.gav;
    json!({ "id": gav, "groupId": gav.group_id, "assetId": gav.asset_id, "version": gav.version })
}

/// Versions by the version of the API, the newest first; assets that are no API have none.
fn product_versions(asset: &Asset) -> Value {
    let mut groups: Vec<(&str, Vec<Value>)> = Vec::new();
    let mut places = BTreeMap::new();
    for version in &asset.versions {
        let Some(api) = version.api_version.as_deref() else { continue };
        let place = *places.entry(api).or_insert_with(|| {
            groups.push((api, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(reference(version));
    }
    groups.into_iter().map(|(api, versions)| json!({ "productAPIVersion": api, "versions": versions })).collect()
}

/// The tags of people, which can be changed, and those that follow from the asset.
pub(super) fn tags(shown: &Value) -> Value {
    let labels = shown["labels"].as_array().into_iter().flatten();
    let labels = labels.map(|label| json!({ "key": label, "value": label, "mutable": true }));
    let attributes = shown["attributes"].as_array().into_iter().flatten().map(|attribute| {
        let key =
            if attribute["key"] == "api-version" { json!("product-api-version") } else { attribute["key"].clone() };
        json!({ "key": key, "value": attribute["value"], "mutable": false })
    });
    labels.chain(attributes).collect()
}

/// Takes away all members that are null.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
