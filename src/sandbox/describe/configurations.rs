//! The calls that configure categories and custom fields, in both versions of the API (EXCHANGE.md §4.1, §4.4).

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    routing::{delete, get, patch},
};
use bytes::Bytes;
use serde_json::Value;

use super::super::{
    app::App,
    assets::Params,
    caller::{Caller, Role},
    problem::Problem,
    quirks::Quirk,
    store::Tables,
};
use super::{
    configuration::{Configuration, Dimension, root},
    sweep,
};

pub(super) fn routes() -> Router<App> {
    let mut router = Router::new();
    let names = [("fields", Dimension::Field), ("categories", Dimension::Category), ("managed", Dimension::Category)];
    for (name, dimension) in names {
        let all = get(move |state: State<App>, caller: Caller, path: Path<String>, query: RawQuery| async move {
            list(dimension, &state.0, &caller, &path.0, query.0.as_deref())
        })
        .post(move |state: State<App>, caller: Caller, path: Path<String>, body: Bytes| {
            create(dimension, state, caller, path, body)
        });
        let change = patch(
            move |state: State<App>, caller: Caller, path: Path<(String, String)>, headers: HeaderMap, body: Bytes| {
                update(dimension, state, caller, path, headers, body)
            },
        );
        let asks = change.delete(
            move |state: State<App>, caller: Caller, path: Path<(String, String)>, headers: HeaderMap| async move {
                let is_forced = flag(&headers, "x-force-delete")?;
                remove(dimension, state, caller, path, is_forced).await
            },
        );
        // The first version never asks: its guide deletes from all assets.
        let deletes = delete(move |state: State<App>, caller: Caller, path: Path<(String, String)>| {
            remove(dimension, state, caller, path, true)
        });
        for (version, one) in [("v1", deletes), ("v2", asks)] {
            let path = format!("/exchange/api/{version}/organizations/{{org}}/{name}");
            router = router.route(&path, all.clone()).route(&format!("{path}/{{id}}"), one);
        }
    }
    router
}

/// A header that is true or false; an empty one is false (EXCHANGE.md §3.1).
fn flag(headers: &HeaderMap, name: &str) -> Result<bool, Problem> {
    match headers.get(name).map(|value| value.to_str().unwrap_or("?").trim()) {
        None | Some("" | "false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(Problem::bad_request(format!("request/headers/{name} must be boolean"))),
    }
}

fn object(body: &Bytes) -> Result<Value, Problem> {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    body.filter(Value::is_object).ok_or_else(|| Problem::bad_request("request/body must be object"))
}

/// The root organization, for somebody who may change what it configures.
fn managed<'a>(caller: &'a Caller, org: &'a str) -> Result<&'a str, Problem> {
    let root = root(&caller.directory, org);
    caller.must_be(Role::Administrator, root)?;
    Ok(root)
}

fn list(
    dimension: Dimension,
    app: &App,
    caller: &Caller,
    org: &str,
    query: Option<&str>,
) -> Result<Json<Vec<Value>>, Problem> {
    caller.must_be(Role::Viewer, org)?;
    let page = Params::read(query).page(20)?;
    let place = (dimension, root(&caller.directory, org));
    let found = app.state.read(|tables| Configuration::page(tables, place, page.limit, page.offset))?;
    Ok(Json(found.iter().map(Configuration::to_json).collect()))
}

async fn create(
    dimension: Dimension,
    State(app): State<App>,
    caller: Caller,
    Path(org): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let root = managed(&caller, &org)?;
    let kebab = app.settings.quirks.has(Quirk::KebabKeys);
    let configuration = Configuration::create(root, &object(&body)?, kebab, app.state.now())?;
    app.state.commit(|tables| configuration.write(tables, (dimension, root), None)).await?;
    Ok((StatusCode::CREATED, Json(configuration.to_json())))
}

/// Finds a configuration by its key, or else by its id: the guides send the one, the specification says the other.
fn find(tables: &Tables, place: (Dimension, &str), id: &str) -> Result<Configuration, Problem> {
    let by_key = Configuration::by_key(tables, place, id)?;
    let found = if by_key.is_some() { by_key } else { Configuration::by_id(tables, place, id)? };
    found.ok_or_else(|| Problem::not_found(format!("There is no {} `{id}`", place.0.singular())))
}

async fn update(
    dimension: Dimension,
    State(app): State<App>,
    caller: Caller,
    Path((org, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let place = (dimension, managed(&caller, &org)?);
    let (body, is_forced) = (object(&body)?, flag(&headers, "x-force-update")?);
    let kebab = app.settings.quirks.has(Quirk::KebabKeys);
    let old = app.state.read(|tables| find(tables, place, &id))?;
    let new = old.changed(&body, kebab, app.state.now())?;
    let is_harmless = old.is_widened_by(&new);
    let renames = old.tag_key != new.tag_key;
    if !is_harmless && !is_forced {
        let suffers = |asset_type: &_, value: &_| renames || !new.fits(dimension, asset_type, value);
        if sweep::is_used(&app, (dimension, &old.id), |record, value| suffers(&record.asset_type, value)).await? {
            return Err(in_use(&old, "X-Force-Update"));
        }
    }
    let write = |tables: &mut Tables| {
        // Whoever changed it meanwhile is not overwritten.
        let now = find(tables, place, &old.id)?;
        if now != old {
            return Err(Problem::plain(StatusCode::CONFLICT, "It was changed at the same time; read it again"));
        }
        new.write(tables, place, Some(&old))
    };
    app.state.commit(write).await?;
    if !is_harmless {
        sweep::clear(&app, (dimension, &old.id), Some(&new)).await?;
    }
    Ok(Json(new.to_json()))
}

async fn remove(
    dimension: Dimension,
    State(app): State<App>,
    caller: Caller,
    Path((org, id)): Path<(String, String)>,
    is_forced: bool,
) -> Result<StatusCode, Problem> {
    let place = (dimension, managed(&caller, &org)?);
    let known = app.state.read(|tables| find(tables, place, &id))?;
    if !is_forced && sweep::is_used(&app, (dimension, &known.id), |_, _| true).await? {
        return Err(in_use(&known, "X-Force-Delete"));
    }
    let remove = |tables: &mut Tables| {
        let known = find(tables, place, &known.id)?;
        known.remove(tables, place)?;
        Ok::<_, Problem>(())
    };
    app.state.commit(remove).await?;
    sweep::clear(&app, (dimension, &known.id), None).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn in_use(configuration: &Configuration, header: &str) -> Problem {
    let text = format!("`{}` is in use; {header} changes the assets as well", configuration.tag_key);
    Problem::plain(StatusCode::CONFLICT, text)
}
