//! The calls.

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    asset::{Coordinates, FileKey},
    offload::offload,
};

use super::super::{
    app::{App, Shared},
    caller::{Caller, Role},
    problem::Problem,
    publish::{self, Form, Options, Publisher, Upload},
    store::{Outcome, StoreError, Tables},
};
use super::{
    compare::fingerprint,
    docs,
    job::{Described, Job, JobState},
    plan::{Content, Plan, decide},
    request::{Metadata, Request, file_key},
};

pub(in super::super) fn routes() -> Router<App> {
    const JOBS: &str = "/api-catalog/api/v1/organizations/{org}/assets/jobs";
    Router::new().route(JOBS, post(create)).route(&format!("{JOBS}/{{job}}"), get(show))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Path((org, job)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    caller.must_be(Role::Viewer, &org)?;
    let shown = app.state.read(|tables| {
        let job: Option<Job> = tables.kept(&org, &job)?;
        job.map(|job| job.show(tables)).transpose()
    })?;
    shown.map(Json).ok_or_else(|| Problem::not_found("The job was not found"))
}

async fn create(State(app): State<App>, Path(org): Path<String>, request: axum::extract::Request<Body>) -> Response {
    match answer(&app, org, request).await {
        Ok(job) => (StatusCode::ACCEPTED, Json(job.created())).into_response(),
        // The client prints the first of the details.
        Err(problem) if problem.status == 400 => {
            let details = if problem.errors.is_empty() { vec![problem.message.clone()] } else { problem.errors };
            (StatusCode::BAD_REQUEST, Json(json!({ "message": problem.message, "details": details }))).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn answer(app: &App, org: String, request: axum::extract::Request<Body>) -> Result<Job, Problem> {
    let headers = request.headers().clone();
    let publisher = Publisher::of(&request, org)?;
    let form = Form::read_as(app, request, file_key).await?;
    publisher.check()?;
    let org = &publisher.organization;
    let request = Request::read(form, org)?;
    let (worker, group) = (app.clone(), request.metadata.group(org).to_owned());
    let (metadata, prepared) = offload(move || prepare(&worker, &group, request)).await;
    let group = metadata.group(org).to_owned();
    let mut job = Job {
        id: Uuid::nil(),
        organization: org.clone(),
        base: metadata.version.clone().unwrap_or_else(|| "1.0.0".to_owned()),
        group,
        asset: metadata.asset_id.clone(),
        version: None,
        state: JobState::Skipped,
    };
    let outcome = match prepared {
        Ok(prepared) => {
            job.version = Some(prepared.plan.version().to_string());
            let digest = prepared.digest.clone();
            carry_out(app, &publisher, &headers, &job.group, &metadata, prepared).await.map(|run| (run, digest))
        }
        Err(problem) => Err(problem),
    };
    let digest = match outcome {
        Ok((Some(run), digest)) => {
            job.state = JobState::Run(run);
            Some(digest)
        }
        Ok((None, _)) => None,
        // The sandbox itself failed, and there is no job.
        Err(problem) if problem.status >= 500 => return Err(problem),
        Err(problem) => {
            app.stats.refused();
            job.state = JobState::Refused(problem);
            None
        }
    };
    let remember = |tables: &mut Tables| {
        job.id = job_id(app, tables, &job)?;
        remember(tables, &job, &metadata, digest, app.state.now())?;
        Ok::<_, StoreError>(job)
    };
    Ok(app.state.commit(remember).await?)
}

/// A job that was compared with what Exchange holds.
struct Prepared {
    plan: Plan,
    classifier: String,
    digest: String,
    asset: Upload,
    docs: Option<Upload>,
}

/// Looks into the archives of a job. This unpacks, and runs on a thread that may block.
fn prepare(shared: &Shared, group: &str, request: Request) -> (Metadata, Result<Prepared, Problem>) {
    let Request { metadata, asset, docs } = request;
    let prepared = compared(shared, group, &metadata, asset, docs);
    (metadata, prepared)
}

fn compared(
    shared: &Shared,
    group: &str,
    metadata: &Metadata,
    mut asset: Upload,
    docs: Option<Upload>,
) -> Result<Prepared, Problem> {
    let classifier = match &metadata.classifier {
        Some(classifier) => classifier.clone(),
        None => publish::classifier_of(&mut asset.content, &metadata.main)?.to_owned(),
    };
    let docs = docs.filter(|_| !metadata.pages().is_empty()).map(|mut docs| {
        docs.content = docs::translate(metadata.pages(), &mut docs.content, shared.blobs.spool())?;
        Ok::<_, Problem>(docs)
    });
    let mut docs = docs.transpose()?;
    let digest = metadata.digest(docs.as_mut().and_then(|docs| fingerprint(&mut docs.content)).as_deref());
    let content = Content { classifier: &classifier, fingerprint: fingerprint(&mut asset.content) };
    let plan = decide(shared, group, metadata, &content, &digest)?;
    Ok(Prepared { plan, classifier, digest, asset, docs })
}

/// Publishes or describes, by the rules of everybody else. The answer is the run, where there is one.
async fn carry_out(
    app: &App,
    publisher: &Publisher,
    headers: &HeaderMap,
    group: &str,
    metadata: &Metadata,
    prepared: Prepared,
) -> Result<Option<Uuid>, Problem> {
    let Prepared { plan, classifier, mut asset, docs, .. } = prepared;
    let gav = Coordinates::new(group, metadata.asset_id.as_str(), plan.version().clone())
        .map_err(|error| Problem::bad_request(format!("request/body/metadata: {error}")))?;
    match plan {
        Plan::Skip(_) => Ok(None),
        Plan::Describe(_) => {
            let form = Form::of(metadata.description(), docs.into_iter().collect());
            publish::accept_data(app, publisher, gav, form).await.map(Some)
        }
        Plan::Publish(_, status) => {
            asset.key = FileKey::new(&classifier, "zip");
            let files = [Some(asset), docs].into_iter().flatten().collect();
            let form = Form::of(metadata.publication(status.as_str()), files);
            let mut options = Options::read(headers)?;
            // Whoever waits, waits for the job.
            options.sync = false;
            publish::accept(app, publisher, gav, form, options).await.map(|accepted| Some(accepted.run()))
        }
    }
}

/// An id for a job: the same in every sandbox with the same seed and the same history of the asset.
fn job_id(shared: &Shared, tables: &Tables, job: &Job) -> Result<Uuid, StoreError> {
    let Job { organization, group, asset, .. } = job;
    let seed = shared.settings.seed;
    let mut number = 0_u64;
    loop {
        let name = format!("{seed}/job/{organization}/{group}/{asset}/{number}");
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes());
        if tables.kept::<Job>(organization, &id.to_string())?.is_none() {
            return Ok(id);
        }
        number += 1;
    }
}

/// Keeps a job, and what it said, unless that comes to nothing.
fn remember(
    tables: &mut Tables,
    job: &Job,
    metadata: &Metadata,
    digest: Option<String>,
    now: i64,
) -> Result<(), StoreError> {
    tables.keep(&job.organization, &job.id.to_string(), job)?;
    let (JobState::Run(run), Some(digest), Some(version)) = (&job.state, digest, &job.version) else { return Ok(()) };
    let run = tables.run(&run.to_string())?;
    if !run.is_some_and(|run| matches!(run.outcome, Outcome::Completed(_))) {
        return Ok(());
    }
    if let Some(contact) = &metadata.contact {
        // An asset that is still being made gets its contact from the publication.
        tables.edit_asset((&job.group, &job.asset), now, |record| {
            record.contact_name = contact.name.clone().or(record.contact_name.take());
            record.contact_email = contact.email.clone().or(record.contact_email.take());
        })?;
    }
    tables.keep(&format!("{}/{}", job.group, job.asset), version, &Described { metadata: digest })
}
