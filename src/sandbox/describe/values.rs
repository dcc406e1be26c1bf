//! The calls that set tags, categories and custom fields of a version, in both versions of the API (EXCHANGE.md §4.1,
//! §4.3).

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::put,
};
use bytes::Bytes;
use serde_json::Value;

use crate::asset::Coordinates;

use super::super::{
    app::{App, Shared},
    assets::{coordinates, not_found},
    caller::{Caller, Role},
    problem::Problem,
    publish::normal_tags,
    quirks::Quirk,
    store::{AssetRecord, Tables, VersionRecord},
};
use super::{
    configuration::{Configuration, Dimension, root},
    sweep::values,
    value::Given,
};

pub(super) fn routes() -> Router<App> {
    const WITH_ORGANIZATION: &str = "/exchange/api/v1/organizations/{org}/assets/{g}/{a}/{v}/tags";
    let mut router = Router::new()
        .route("/exchange/api/v1/assets/{g}/{a}/{v}/tags", put(set_tags))
        .route("/exchange/api/v2/assets/{g}/{a}/{v}/tags", put(set_tags))
        .route(WITH_ORGANIZATION, put(set_tags));
    let names = [("fields", Dimension::Field), ("categories", Dimension::Category), ("managed", Dimension::Category)];
    for (name, dimension) in names {
        for tags in ["/exchange/api/v2/assets/{g}/{a}/{v}/tags", WITH_ORGANIZATION] {
            let one = put(move |state: State<App>, caller: Caller, path: Path<Address>, body: Bytes| {
                set(dimension, state, caller, path, body)
            })
            .delete(move |state: State<App>, caller: Caller, path: Path<Address>| {
                remove(dimension, state, caller, path)
            });
            router = router.route(&format!("{tags}/{name}/{{key}}"), one);
        }
    }
    router
}

/// What a path names.
#[derive(Debug, serde::Deserialize)]
struct Address {
    /// The organization of the asset, where the path names it.
    org: Option<String>,
    g: String,
    a: String,
    v: String,
    key: Option<String>,
}

impl Address {
    fn coordinates(&self) -> Result<Coordinates, Problem> {
        coordinates(&self.g, &self.a, &self.v)
    }

    /// The version that the path names, for somebody who may describe it.
    fn version(
        &self,
        tables: &Tables,
        caller: &Caller,
        gav: &Coordinates,
    ) -> Result<(AssetRecord, VersionRecord), Problem> {
        let (record, version) = tables.version(gav)?.ok_or_else(not_found)?;
        if self.org.as_ref().is_some_and(|org| *org != record.organization) {
            return Err(not_found());
        }
        caller.must_be_for(Role::Contributor, &record)?;
        Ok((record, version))
    }
}

/// Where what describes a version is kept: with its minor version, or its version group (EXCHANGE.md §3.12 and
/// conflict C4).
pub(in super::super) fn scope(shared: &Shared, version: &VersionRecord) -> String {
    if shared.settings.quirks.has(Quirk::TagsByVersionGroup) {
        version.group_scope()
    } else {
        version.gav.version.minor_version()
    }
}

async fn set_tags(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let gav = address.coordinates()?;
    let tags = normal_tags(tags(&body)?)?;
    let set = |tables: &mut Tables| {
        let (_, version) = address.version(tables, &caller, &gav)?;
        tables.edit_asset((&gav.group_id, &gav.asset_id), app.state.now(), |record| {
            record.minors.entry(scope(&app, &version)).or_default().tags = tags;
        })?;
        Ok::<_, Problem>(())
    };
    app.state.commit(set).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads `[{"value":…}]`; members beside `value` are let through, as the official client sends them.
fn tags(body: &Bytes) -> Result<Vec<String>, Problem> {
    let body: Option<Vec<Value>> = serde_json::from_slice(body).ok();
    let body = body.ok_or_else(|| Problem::bad_request("request/body must be array"))?;
    let tag = |(at, tag): (usize, &Value)| {
        let text = tag["value"].as_str().map(str::trim);
        let invalid = |what: &str| Problem::bad_request(format!("request/body/{at}{what}"));
        let text = text.ok_or_else(|| invalid(" must be object with the string property 'value'"))?;
        let is_empty = text.is_empty();
        (!is_empty).then(|| text.to_owned()).ok_or_else(|| invalid("/value must NOT have fewer than 1 characters"))
    };
    body.iter().enumerate().map(tag).collect()
}

/// Reads `{"tagValue":…}`, `{"value":{"tagValue":…}}`, or the value alone (EXCHANGE.md, conflict C12).
fn tag_value(body: &Bytes) -> Result<Value, Problem> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Problem::bad_request("request/body must be JSON"))?;
    let Value::Object(mut body) = body else { return Ok(body) };
    let inner = body.get_mut("value").and_then(Value::as_object_mut).and_then(|inner| inner.remove("tagValue"));
    let value = body.remove("tagValue").or(inner);
    value.ok_or_else(|| Problem::bad_request("request/body must have required property 'tagValue'"))
}

/// The configuration that a path names.
fn configuration(
    tables: &Tables,
    caller: &Caller,
    (dimension, record): (Dimension, &AssetRecord),
    key: &str,
) -> Result<Configuration, Problem> {
    let place = (dimension, root(&caller.directory, &record.organization));
    let found = Configuration::by_key(tables, place, key)?;
    found.ok_or_else(|| Problem::not_found(format!("The {} `{key}` is not configured", dimension.singular())))
}

async fn set(
    dimension: Dimension,
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let gav = address.coordinates()?;
    let given = Given::Json(tag_value(&body)?);
    let key = address.key.as_deref().unwrap_or_default();
    let set = |tables: &mut Tables| {
        let (record, version) = address.version(tables, &caller, &gav)?;
        let configuration = configuration(tables, &caller, (dimension, &record), key)?;
        let value = configuration
            .read(dimension, &record.asset_type, &given)
            .map_err(|wrong| Problem::bad_request(format!("request/body/tagValue of `{key}` {wrong}")))?;
        tables.edit_asset((&gav.group_id, &gav.asset_id), app.state.now(), |record| {
            let minor = record.minors.entry(scope(&app, &version)).or_default();
            values(dimension, minor).insert(configuration.id, value);
        })?;
        Ok::<_, Problem>(())
    };
    app.state.commit(set).await?;
    Ok(StatusCode::OK)
}

async fn remove(
    dimension: Dimension,
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
) -> Result<StatusCode, Problem> {
    let gav = address.coordinates()?;
    let key = address.key.as_deref().unwrap_or_default();
    let remove = |tables: &mut Tables| {
        let (record, version) = address.version(tables, &caller, &gav)?;
        let id = configuration(tables, &caller, (dimension, &record), key)?.id;
        let scope = scope(&app, &version);
        let mut record = record;
        let held = record.minors.get_mut(&scope).and_then(|minor| values(dimension, minor).remove(&id));
        if held.is_some() {
            tables.edit_asset((&gav.group_id, &gav.asset_id), app.state.now(), |stored| *stored = record)?;
        }
        Ok::<_, Problem>(())
    };
    app.state.commit(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}
