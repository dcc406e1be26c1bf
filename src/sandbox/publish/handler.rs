//! The call itself.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    asset::{AssetType, Coordinates},
    offload::offload,
};

use super::super::{
    FaultKind,
    app::{App, Shared},
    caller::{Caller, Role},
    describe::scope,
    gate::Fate,
    problem::{AssetProblem, Problem},
    runs::STEPS,
    store::{Outcome, Payload, RunKind, RunRecord, StoreError, Tables, VersionRecord},
};
use super::{
    content::{self, Processed, Refused},
    draft::{Draft, Options},
    form::Form,
    rules::{self, Checked},
};

pub(in super::super) fn routes() -> Router<App> {
    Router::new()
        .route("/exchange/api/v2/organizations/{org}/assets/{g}/{a}/{v}", post(publish))
        .merge(super::mutable::routes())
        .merge(super::legacy::routes())
}

async fn publish(
    State(app): State<App>,
    Path((org, g, a, v)): Path<(String, String, String, String)>,
    request: Request<Body>,
) -> Response {
    let gav = coordinates(&g, &a, &v);
    let known = gav.as_ref().ok().cloned();
    let mut response = match answer(app.clone(), org.clone(), gav, request).await {
        Ok(response) => response,
        Err(problem) => {
            app.stats.refused();
            AssetProblem { problem, organization: org, gav: known }.into_response()
        }
    };
    // The official client never ends a multipart request without a file; only the end of the connection frees it.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

pub(super) fn coordinates(group: &str, asset: &str, version: &str) -> Result<Coordinates, Problem> {
    let refused = |error: String| Problem::bad_request(format!("request/params: {error}"));
    let version = version.parse().map_err(|error: crate::asset::VersionError| refused(error.to_string()))?;
    Coordinates::new(group, asset, version).map_err(|error| refused(error.to_string()))
}

/// Frees reserved coordinates when a publication does not come to be, whatever the reason.
struct Reservation {
    app: App,
    gav: Option<Coordinates>,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(gav) = &self.gav {
            let release = |tables: &mut Tables| {
                tables.release(gav);
                Ok::<_, StoreError>(())
            };
            drop(self.app.state.change(release));
        }
    }
}

async fn answer(
    app: App,
    org: String,
    gav: Result<Coordinates, Problem>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let publisher = Publisher::of(&request, org)?;
    let form = Form::read(&app, request).await?;
    let gav = gav?;
    publisher.check()?;
    let options = Options::read(&headers)?;
    let sync = options.sync;
    let accepted = accept(&app, &publisher, gav, form, options).await?;
    let (org, gav) = (&publisher.organization, &accepted.draft.gav);
    if !sync {
        let origin = app.origin(&headers);
        let id = accepted.id;
        let link = format!("{origin}/exchange/api/v2/organizations/{org}/assets/{gav}/publication/status/{id}");
        return Ok((StatusCode::ACCEPTED, Json(json!({ "publicationStatusLink": link }))).into_response());
    }
    accepted.finished(&app).await?;
    let body = json!({
        "organizationId": org,
        "groupId": gav.group_id,
        "assetId": gav.asset_id,
        "version": gav.version,
        "name": accepted.draft.name,
        "type": accepted.draft.asset_type,
    });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Who publishes, and to which organization.
pub(in super::super) struct Publisher {
    pub(in super::super) caller: Caller,
    /// The faults of the request.
    pub(in super::super) fate: Option<Fate>,
    pub(in super::super) organization: String,
}

impl Publisher {
    /// Whoever makes a request.
    pub(in super::super) fn of(request: &Request<Body>, organization: String) -> Result<Self, Problem> {
        let caller = request.extensions().get::<Caller>().cloned().ok_or_else(Problem::unauthorized)?;
        Ok(Self { caller, fate: request.extensions().get::<Fate>().copied(), organization })
    }

    /// Refuses whoever may not publish to the organization.
    pub(in super::super) fn check(&self) -> Result<(), Problem> {
        self.caller.must_be(Role::Contributor, &self.organization)
    }
}

/// A publication that was accepted: its run exists.
pub(in super::super) struct Accepted {
    pub(super) draft: Draft,
    id: Uuid,
    due: i64,
}

/// Takes a publication through its three rounds of checks, and accepts it.
pub(in super::super) async fn accept(
    app: &App,
    publisher: &Publisher,
    gav: Coordinates,
    form: Form,
    mut options: Options,
) -> Result<Accepted, Problem> {
    let Publisher { caller, fate, organization: org } = publisher;
    options.quirks.clone_from(&app.settings.quirks);
    if let Some(user) = options.user.as_ref().filter(|user| !caller.directory.has_member(org, user)) {
        return Err(Problem::bad_request(format!("The user {user} is not a member of the organization")));
    }
    let mut draft = Draft::read(org, gav.clone(), form, &options)?;
    let reserved = app.state.change(|tables| {
        rules::check_now(tables, (caller, org), &draft)?;
        rules::check_room(tables, (&caller.directory, org), &gav, app.settings.max_versions)?;
        tables.reserve(draft.claim());
        Ok::<_, Problem>(())
    });
    reserved.0?;
    let mut reservation = Reservation { app: app.clone(), gav: Some(gav) };
    let accepted = app.state.now();
    let (worker, sync, assign_roles) = (app.clone(), options.sync, options.assign_roles);
    let user = options.user.clone();
    let work = offload(move || {
        let processed = content::process(&worker, &mut draft, &options, accepted);
        (draft, processed)
    });
    let (draft, processed) = work.await;
    let processed = match processed {
        Ok(processed) => Ok(processed),
        Err(Refused::Internal(problem)) => return Err(problem),
        Err(Refused::Content(problem)) if sync => return Err(problem),
        Err(Refused::Content(problem)) => Err(problem),
    };
    let fails = app.is_fated(*fate, FaultKind::PublishError);
    let creator = user.unwrap_or_else(|| caller.user_id().to_owned());
    let (run, durable) = app.state.change(|tables| {
        let outcome = processed.map_err(|problem| (STEPS[0], problem)).and_then(|processed| {
            let checked =
                rules::check_later(tables, &caller.directory, &draft).map_err(|problem| (STEPS[2], problem))?;
            if fails { Err((STEPS[2], transient())) } else { Ok((processed, checked)) }
        });
        let outcome = match outcome {
            Ok((processed, checked)) => {
                let mut payload = payload(app, &draft, processed, checked, accepted, creator);
                if !rules::assigns_roles(tables, (caller, org), assign_roles)? {
                    payload.owner = None;
                }
                Outcome::Completed(Some(Box::new(payload)))
            }
            // Whoever waits is told at once, and nothing was accepted.
            Err((_, problem)) if sync && !fails => return Err(problem),
            Err((step, problem)) => Outcome::Failed { step: step.to_owned(), problem },
        };
        let run = new_run(app, tables, RunKind::Publication, org, (&draft.gav, &draft.asset_type), accepted, outcome)?;
        let (id, due) = (run.id, run.due);
        tables.accept(run, app.state.now())?;
        Ok((id, due))
    });
    let (id, due) = run?;
    // From here the run holds the coordinates.
    reservation.gav = None;
    app.stats.accepted();
    durable.wait().await?;
    Ok(Accepted { draft, id, due })
}

impl Accepted {
    /// The id of the run.
    pub(in super::super) fn run(&self) -> Uuid {
        self.id
    }

    /// Waits for the end of the run, for a publisher that waits.
    pub(in super::super) async fn finished(&self, app: &App) -> Result<(), Problem> {
        while let Some(wait) = u64::try_from(self.due - app.state.now()).ok().filter(|wait| *wait > 0) {
            tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        }
        match app.state.read(|tables| tables.run(&self.id.to_string()))?.map(|run| run.outcome) {
            Some(Outcome::Failed { problem, .. }) => Err(problem),
            _ => Ok(()),
        }
    }
}

/// What the fault `publish-error` ends a publication with.
fn transient() -> Problem {
    Problem::publication(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL_ERROR",
        "The publication failed",
        "A transient error occurred while publishing the asset, please try again",
    )
}

/// An id for a run: the same in every sandbox with the same seed and the same history of the coordinates.
fn run_id(app: &App, tables: &Tables, kind: RunKind, gav: &Coordinates) -> Result<Uuid, StoreError> {
    let seed = app.settings.seed;
    let mut number = 0_u64;
    loop {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{seed}/{kind:?}/{gav}/{number}").as_bytes());
        if !tables.has_run(&id)? {
            return Ok(id);
        }
        number += 1;
    }
}

/// Makes a run, with the latency that its id draws.
pub(super) fn new_run(
    app: &App,
    tables: &Tables,
    kind: RunKind,
    organization: &str,
    (gav, asset_type): (&Coordinates, &AssetType),
    accepted: i64,
    outcome: Outcome,
) -> Result<RunRecord, StoreError> {
    let id = run_id(app, tables, kind, gav)?;
    let latency = app.settings.publish_latency.at(app.dice.number(&id.to_string()));
    let latency = i64::try_from(latency.as_millis()).unwrap_or(i64::MAX);
    Ok(RunRecord {
        due: accepted.saturating_add(latency),
        id,
        kind,
        organization: organization.to_owned(),
        gav: gav.clone(),
        asset_type: asset_type.clone(),
        accepted,
        outcome,
        settled: false,
    })
}

fn payload(
    shared: &Shared,
    draft: &Draft,
    processed: Processed,
    checked: Checked,
    now: i64,
    created_by: String,
) -> Payload {
    let mut attributes: BTreeMap<String, String> = draft
        .properties
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "mainFile" | "apiVersion" | "assetLink"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (key, fact) in processed.facts {
        attributes.entry(key.to_owned()).or_insert(fact);
    }
    if !draft.keywords.is_empty() {
        attributes.insert("keywords".to_owned(), draft.keywords.join(","));
    }
    let format = processed.format.filter(|format| format.name != "other");
    let (original_format, original_format_version) = format.map(|f| (f.name.to_owned(), f.version)).unzip();
    let version = VersionRecord {
        gav: draft.gav.clone(),
        status: draft.status,
        api_version: draft.property("apiVersion").map(str::to_owned),
        attributes,
        dependencies: checked.dependencies,
        files: processed.files,
        asset_link: draft.property("assetLink").map(str::to_owned),
        original_format,
        original_format_version: original_format_version.flatten(),
        created: now,
        updated: now,
        created_by,
    };
    Payload {
        scope: scope(shared, &version),
        owner: Some(version.created_by.clone()),
        version: Some(version),
        asset_type: draft.asset_type.clone(),
        name: draft.name.clone(),
        description: draft.description.clone(),
        contact_name: draft.contact_name.clone(),
        contact_email: draft.contact_email.clone(),
        icon: processed.icon,
        docs: None,
        portal: processed.portal,
        tags: draft.tags.clone(),
        categories: checked.categories,
        fields: checked.fields,
    }
}
