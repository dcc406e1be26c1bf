//! Instances of API Manager: placed by the control surface, changed through Exchange.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::post,
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::{
    accounts::environment_id,
    app::App,
    assets::{not_found, seen},
    caller::Caller,
    problem::Problem,
    publish::check_length,
    store::{StoreError, Tables},
};
use super::{
    external::{InstancePath, check_free, check_group, edit, instance_not_found},
    record::{Environment, Instance, InstanceKind, Tier, TierLimit},
};

/// The setting that holds the last number given to a tier; those of earlier versions had instances as well.
const LAST: &str = "last instance";

/// The most tiers of an instance, and the most limits of a tier.
const MOST_TIERS: usize = 100;

/// The control surface: not part of Exchange, and without authentication.
pub(in super::super) fn control() -> Router<App> {
    Router::new().route("/_sandbox/instances", post(place))
}

/// A managed instance as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    organization_id: Option<String>,
    group_id: String,
    asset_id: String,
    version_group: String,
    name: String,
    #[serde(default)]
    endpoint_uri: String,
    environment_name: Option<String>,
    #[serde(default)]
    is_public: bool,
    #[serde(default)]
    tiers: Vec<WantedTier>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WantedTier {
    name: String,
    description: Option<String>,
    #[serde(default)]
    auto_approve: bool,
    status: Option<String>,
    #[serde(default)]
    limits: Vec<WantedLimit>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WantedLimit {
    maximum_requests: u64,
    time_period_in_milliseconds: u64,
    visible: Option<bool>,
}

async fn place(State(app): State<App>, body: Bytes) -> Result<(StatusCode, Json<Value>), Problem> {
    let wanted: Wanted = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request(format!("request/body is no managed instance: {error}")))?;
    check_length("name", &wanted.name, 150)?;
    check_length("endpointUri", &wanted.endpoint_uri, 2048)?;
    if wanted.tiers.len() > MOST_TIERS || wanted.tiers.iter().any(|tier| tier.limits.len() > MOST_TIERS) {
        return Err(Problem::bad_request(format!("request/body/tiers must NOT have more than {MOST_TIERS} items")));
    }
    let now = app.state.now();
    let place = |tables: &mut Tables| {
        let asset = tables.asset(&wanted.group_id, &wanted.asset_id)?.ok_or_else(not_found)?;
        let organization = asset.record.organization.clone();
        if wanted.organization_id.as_ref().is_some_and(|wanted| *wanted != organization) {
            return Err(not_found());
        }
        check_group(&asset, &wanted.version_group)?;
        let environment = wanted.environment_name.as_deref().unwrap_or("Sandbox");
        let mut tiers = Vec::with_capacity(wanted.tiers.len());
        for tier in &wanted.tiers {
            tiers.push(tier.make(next(tables)?));
        }
        let instance = Instance {
            id: Uuid::new_v4().to_string(),
            kind: InstanceKind::Managed,
            environment: Some(Environment {
                id: environment_id(&organization, environment),
                name: environment.to_owned(),
            }),
            provider_id: Some(provider(&organization)),
            created_by: asset.record.owner.unwrap_or_default(),
            organization_id: organization,
            group_id: wanted.group_id.clone(),
            asset_id: wanted.asset_id.clone(),
            version_group: wanted.version_group.clone(),
            name: wanted.name.clone(),
            endpoint_uri: wanted.endpoint_uri.clone(),
            is_public: wanted.is_public,
            created: now,
            updated: now,
            tiers,
        };
        check_free(tables, &instance)?;
        instance.keep(tables)?;
        Ok(instance)
    };
    let instance = app.state.commit(place).await?;
    let mut shown = instance.show();
    shown["tiers"] = instance.tiers.iter().map(Tier::show).collect();
    Ok((StatusCode::CREATED, Json(shown)))
}

/// The next number that no tier has.
fn next(tables: &mut Tables) -> Result<i64, StoreError> {
    let last = tables.setting(LAST)?.and_then(|last| last.as_i64()).unwrap_or_default();
    let next = last.saturating_add(1);
    tables.set(LAST, &next.into())?;
    Ok(next)
}

/// The client provider of an organization: the platform itself.
pub(in super::super) fn provider(organization: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{organization}/provider").as_bytes()).to_string()
}

impl WantedTier {
    fn make(&self, id: i64) -> Tier {
        let limit = |limit: &WantedLimit| TierLimit {
            maximum_requests: limit.maximum_requests,
            time_period_in_milliseconds: limit.time_period_in_milliseconds,
            visible: limit.visible.unwrap_or(true),
        };
        Tier {
            id,
            name: self.name.clone(),
            description: self.description.clone(),
            auto_approve: self.auto_approve,
            status: self.status.clone().unwrap_or_else(|| "ACTIVE".to_owned()),
            limits: self.limits.iter().map(limit).collect(),
        }
    }
}

impl Tier {
    fn show(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "limits": self.limits,
            "status": self.status,
            "autoApprove": self.auto_approve,
        })
    }
}

pub(super) async fn change(
    state: State<App>,
    caller: Caller,
    path: InstancePath,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    edit(&state.0, &caller, &path.0, &body, (InstanceKind::Managed, None)).await
}

/// The SLA tiers of an instance; an external one has none.
pub(super) async fn tiers(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, vg, id)): InstancePath,
) -> Result<Json<Vec<Value>>, Problem> {
    app.state.read(|tables| {
        let asset = seen(tables, &caller, &g, &a)?;
        check_group(&asset, &vg)?;
        let is_insider = caller.is_insider(&asset.record);
        let known = Instance::find(tables, (&g, &a, &vg), &id)?.filter(|known| is_insider || known.is_public);
        Ok(Json(known.ok_or_else(instance_not_found)?.tiers.iter().map(Tier::show).collect()))
    })
}
