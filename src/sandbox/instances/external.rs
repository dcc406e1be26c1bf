//! The calls about instances.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::{get, patch, post},
};
use bytes::Bytes;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::asset::AssetType;

use super::super::{
    app::App,
    assets::{not_found, seen},
    caller::{Caller, Role},
    problem::Problem,
    publish::check_length,
    store::{Asset, AssetRecord, Tables},
};
use super::{
    managed,
    record::{Instance, InstanceKind, MOST, instances_of, mocking_service},
};

/// The most characters of a name and of an address (EXCHANGE.md §5.3).
const MAX_NAME: usize = 150;
const MAX_ADDRESS: usize = 2048;

pub(in super::super) fn routes() -> Router<App> {
    const GROUP: &str = "/exchange/api/v2/assets/{g}/{a}/versionGroups/{vg}/instances";
    Router::new()
        .route(GROUP, get(list))
        .route(&format!("{GROUP}/{{id}}/tiers"), get(managed::tiers))
        .route(&format!("{GROUP}/external"), post(create).delete(delete_all))
        .route(&format!("{GROUP}/external/{{id}}"), patch(change).delete(delete))
        .route(&format!("{GROUP}/evented-apis/external"), post(create_evented).delete(delete_all))
        .route(&format!("{GROUP}/evented-apis/external/{{id}}"), patch(change_evented).delete(delete))
        .route(&format!("{GROUP}/managed/{{id}}"), patch(managed::change))
        // Seen on the real platform: an instance without a version group is taken, and found nowhere afterwards.
        .route("/exchange/api/v2/assets/{g}/{a}/versionGroups//instances/external", post(create_orphan))
}

pub(super) type GroupPath = Path<(String, String, String)>;
pub(super) type InstancePath = Path<(String, String, String, String)>;

pub(super) fn instance_not_found() -> Problem {
    Problem::not_found("Instance not found")
}

/// What a request says of an instance, checked as the description wants it.
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn read(body: &[u8]) -> Result<Self, Problem> {
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
            return Err(Problem::bad_request("request/body must be object"));
        };
        for (key, most) in [("name", MAX_NAME), ("endpointUri", MAX_ADDRESS)] {
            let Some(value) = body.get(key) else { continue };
            let text = value.as_str();
            let text = text.ok_or_else(|| Problem::bad_request(format!("request/body/{key} must be string")))?;
            check_length(key, text, most)?;
        }
        if body.get("isPublic").is_some_and(|value| !value.is_boolean()) {
            return Err(Problem::bad_request("request/body/isPublic must be boolean"));
        }
        Ok(Self(body))
    }

    pub(super) fn required(&self, key: &str) -> Result<&str, Problem> {
        let missing = || Problem::bad_request(format!("request/body must have required property '{key}'"));
        self.0.get(key).and_then(Value::as_str).ok_or_else(missing)
    }

    pub(super) fn is_public(&self) -> bool {
        self.0.get("isPublic").and_then(Value::as_bool).unwrap_or_default()
    }

    /// Puts what is given into an instance.
    pub(super) fn apply(&self, instance: &mut Instance) {
        let text = |key: &str| self.0.get(key).and_then(Value::as_str).map(str::to_owned);
        instance.name = text("name").unwrap_or_else(|| std::mem::take(&mut instance.name));
        instance.endpoint_uri = text("endpointUri").unwrap_or_else(|| std::mem::take(&mut instance.endpoint_uri));
        instance.is_public = self.0.get("isPublic").and_then(Value::as_bool).unwrap_or(instance.is_public);
    }
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, vg)): GroupPath,
    headers: HeaderMap,
) -> Result<Json<Vec<Value>>, Problem> {
    app.state.read(|tables| {
        let asset = seen(tables, &caller, &g, &a)?;
        let newest = asset.versions.iter().find(|version| version.version_group() == vg).ok_or_else(not_found)?;
        let is_insider = caller.is_insider(&asset.record);
        let instances = instances_of(tables, (&g, &a, &vg))?;
        let shown = instances.iter().filter(|instance| is_insider || instance.is_public).map(Instance::show);
        Ok(Json(shown.chain(mocking_service(&asset.record, newest, &app.origin(&headers))).collect()))
    })
}

async fn create(
    state: State<App>,
    caller: Caller,
    path: GroupPath,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    make(&state.0, &caller, &path.0, &body, false).await
}

async fn create_evented(
    state: State<App>,
    caller: Caller,
    path: GroupPath,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    make(&state.0, &caller, &path.0, &body, true).await
}

async fn create_orphan(
    state: State<App>,
    caller: Caller,
    Path((g, a)): Path<(String, String)>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    make(&state.0, &caller, &(g, a, String::new()), &body, false).await
}

async fn make(
    app: &App,
    caller: &Caller,
    (g, a, vg): &(String, String, String),
    body: &[u8],
    is_evented: bool,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let fields = Fields::read(body)?;
    let (endpoint, name) = (fields.required("endpointUri")?, fields.required("name")?);
    let now = app.state.now();
    let make = |tables: &mut Tables| {
        let asset = manageable(tables, caller, g, a)?;
        check_kind(&asset.record, is_evented)?;
        check_group(&asset, vg)?;
        let instance = Instance {
            id: Uuid::new_v4().to_string(),
            kind: InstanceKind::External,
            organization_id: asset.record.organization,
            group_id: g.clone(),
            asset_id: a.clone(),
            version_group: vg.clone(),
            name: name.to_owned(),
            endpoint_uri: endpoint.to_owned(),
            is_public: fields.is_public(),
            created_by: caller.user_id().to_owned(),
            created: now,
            updated: now,
            environment: None,
            provider_id: None,
            tiers: Vec::new(),
        };
        check_free(tables, &instance)?;
        instance.keep(tables)?;
        Ok::<_, Problem>(instance)
    };
    let instance = app.state.commit(make).await?;
    Ok((StatusCode::CREATED, Json(instance.show())))
}

/// The asset, where the caller may look after its instances.
fn manageable(tables: &Tables, caller: &Caller, g: &str, a: &str) -> Result<Asset, Problem> {
    let asset = tables.asset(g, a)?.ok_or_else(not_found)?;
    caller.must_be_for(Role::Administrator, &asset.record)?;
    Ok(asset)
}

/// AsyncAPIs have calls of their own.
fn check_kind(asset: &AssetRecord, is_evented: bool) -> Result<(), Problem> {
    match (asset.asset_type == AssetType::EventedApi, is_evented) {
        (true, false) => {
            Err(Problem::bad_request("External instances of an evented-api are made under instances/evented-apis"))
        }
        (false, true) => Err(Problem::bad_request(format!("The asset is of type {}", asset.asset_type))),
        _ => Ok(()),
    }
}

/// The version group must be there, unless it is empty.
pub(super) fn check_group(asset: &Asset, group: &str) -> Result<(), Problem> {
    if group.is_empty() || asset.versions.iter().any(|version| version.version_group() == group) {
        return Ok(());
    }
    Err(Problem::not_found(format!("The asset has no version group {group}")))
}

/// Names are unique within a version group.
pub(super) fn check_free(tables: &Tables, instance: &Instance) -> Result<(), Problem> {
    let place = (instance.group_id.as_str(), instance.asset_id.as_str(), instance.version_group.as_str());
    let known = instances_of(tables, place)?;
    if known.iter().any(|other| other.id != instance.id && other.name == instance.name) {
        let error = format!("An API instance with the name {} already exists", instance.name);
        return Err(Problem::publication(
            StatusCode::CONFLICT,
            "API_METADATA_EXTERNAL_API_CONFLICT",
            error.clone(),
            error,
        ));
    }
    let is_new = !known.iter().any(|other| other.id == instance.id);
    if is_new && known.len() >= MOST {
        return Err(Problem::bad_request(format!("A version group has at most {MOST} instances")));
    }
    Ok(())
}

/// Changes an instance of a kind.
pub(super) async fn edit(
    app: &App,
    caller: &Caller,
    (g, a, vg, id): &(String, String, String, String),
    body: &[u8],
    (kind, is_evented): (InstanceKind, Option<bool>),
) -> Result<StatusCode, Problem> {
    let fields = Fields::read(body)?;
    let edit = |tables: &mut Tables| {
        let asset = manageable(tables, caller, g, a)?;
        is_evented.map_or(Ok(()), |is_evented| check_kind(&asset.record, is_evented))?;
        let known = Instance::find(tables, (g, a, vg), id)?.filter(|instance| instance.kind == kind);
        let mut instance = known.ok_or_else(instance_not_found)?;
        fields.apply(&mut instance);
        instance.updated = app.state.now();
        check_free(tables, &instance)?;
        Ok::<_, Problem>(instance.keep(tables)?)
    };
    app.state.commit(edit).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(state: State<App>, caller: Caller, path: InstancePath, body: Bytes) -> Result<StatusCode, Problem> {
    edit(&state.0, &caller, &path.0, &body, (InstanceKind::External, Some(false))).await
}

async fn change_evented(
    state: State<App>,
    caller: Caller,
    path: InstancePath,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    edit(&state.0, &caller, &path.0, &body, (InstanceKind::External, Some(true))).await
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, vg, id)): InstancePath,
) -> Result<StatusCode, Problem> {
    let delete = |tables: &mut Tables| {
        manageable(tables, &caller, &g, &a)?;
        let known = Instance::find(tables, (&g, &a, &vg), &id)?;
        let known = known.filter(|instance| instance.kind == InstanceKind::External).ok_or_else(instance_not_found)?;
        Ok::<_, Problem>(known.discard(tables)?)
    };
    app.state.commit(delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_all(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, vg)): GroupPath,
) -> Result<StatusCode, Problem> {
    let delete = |tables: &mut Tables| {
        let asset = manageable(tables, &caller, &g, &a)?;
        check_group(&asset, &vg)?;
        for instance in instances_of(tables, (&g, &a, &vg))? {
            if instance.kind == InstanceKind::External {
                instance.discard(tables)?;
            }
        }
        Ok::<_, Problem>(())
    };
    app.state.commit(delete).await?;
    Ok(StatusCode::NO_CONTENT)
}
