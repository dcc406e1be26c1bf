//! Status links: how a publication or a change of mutable data is going (EXCHANGE.md §3.3).

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    FaultKind,
    app::App,
    caller::{Caller, Role},
    gate::Fate,
    problem::Problem,
    store::{Outcome, RunKind, RunRecord},
};

/// The steps of a run, in order; the step that fails is the last one shown.
pub(super) const STEPS: [&str; 3] = ["Files processing", "Inferring type", "Publishing asset"];

pub(super) fn routes() -> Router<App> {
    const GAV: &str = "/exchange/api/v2/organizations/{org}/assets/{g}/{a}/{v}";
    Router::new()
        .route(&format!("{GAV}/publication/status"), get(latest))
        .route(&format!("{GAV}/publication/status/{{run}}"), get(publication))
        .route(&format!("{GAV}/publication/extendedStatus/{{run}}"), get(publication))
        .route(&format!("{GAV}/mutabledata/status/{{run}}"), get(mutable_data))
}

type RunPath = Path<(String, String, String, String, String)>;

async fn publication(
    State(app): State<App>,
    caller: Caller,
    fate: Option<Extension<Fate>>,
    path: RunPath,
) -> Result<Json<Value>, Problem> {
    status((&app, &caller), fate, path, RunKind::Publication)
}

async fn mutable_data(
    State(app): State<App>,
    caller: Caller,
    fate: Option<Extension<Fate>>,
    path: RunPath,
) -> Result<Json<Value>, Problem> {
    status((&app, &caller), fate, path, RunKind::MutableData)
}

fn status(
    (app, caller): (&App, &Caller),
    fate: Option<Extension<Fate>>,
    Path((org, g, a, v, run)): RunPath,
    kind: RunKind,
) -> Result<Json<Value>, Problem> {
    app.stats.polled();
    caller.must_be(Role::Viewer, &org)?;
    if app.is_fated(fate.map(|fate| fate.0), FaultKind::Status404) {
        return Err(unknown_run());
    }
    let version = v.strip_prefix(['v', 'V']).unwrap_or(&v);
    let gav = format!("{g}/{a}/{version}");
    let run = app.state.read(|tables| tables.run(&run))?;
    let run = run.filter(|r| r.organization == org && r.kind == kind && r.gav.to_string() == gav);
    run.map(|run| Json(show(&run))).ok_or_else(unknown_run)
}

async fn latest(
    State(app): State<App>,
    caller: Caller,
    fate: Option<Extension<Fate>>,
    Path((org, g, a, v)): Path<(String, String, String, String)>,
) -> Result<Json<Value>, Problem> {
    app.stats.polled();
    caller.must_be(Role::Viewer, &org)?;
    if app.is_fated(fate.map(|fate| fate.0), FaultKind::Status404) {
        return Err(unknown_run());
    }
    let version = v.strip_prefix(['v', 'V']).unwrap_or(&v);
    let run = app.state.read(|tables| tables.latest_run(&format!("{g}/{a}/{version}")))?;
    run.filter(|run| run.organization == org).map(|run| Json(show(&run))).ok_or_else(unknown_run)
}

fn unknown_run() -> Problem {
    Problem::not_found("The publication was not found")
}

fn step(description: &str, status: &str) -> Value {
    json!({ "description": description, "status": status, "errors": [] })
}

fn show(run: &RunRecord) -> Value {
    if !run.settled {
        let steps = [step(STEPS[0], "completed"), step(STEPS[1], "completed"), step(STEPS[2], "running")];
        return json!({ "status": "running", "assetType": run.asset_type, "steps": steps });
    }
    match &run.outcome {
        Outcome::Completed(_) => json!({
            "status": "completed",
            "assetType": run.asset_type,
            "steps": STEPS.map(|description| step(description, "completed")),
            "asset": {
                "organizationId": run.organization,
                "groupId": run.gav.group_id,
                "assetId": run.gav.asset_id,
                "version": run.gav.version,
                "type": run.asset_type,
            },
        }),
        Outcome::Failed { step: failed, problem } => {
            let before = STEPS.iter().take_while(|description| *description != failed);
            let mut steps: Vec<Value> = before.map(|description| step(description, "completed")).collect();
            steps.push(json!({
                "description": failed,
                "status": "error",
                "statusCode": problem.status,
                "errors": problem.errors,
            }));
            json!({ "status": "error", "assetType": run.asset_type, "steps": steps })
        }
    }
}
