//! Changing tags, categories, fields and docs of a version that exists (EXCHANGE.md §3.4).

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::patch,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    asset::{AssetType, Coordinates, FileKey},
    offload::offload,
};

use super::super::{
    Quirk,
    app::{App, Shared},
    assets::not_found,
    caller::Role,
    describe::{Dimension, root, scope},
    portal::{self, Docs, DocsError},
    problem::Problem,
    runs::STEPS,
    store::{FileRecord, Outcome, Payload, RunKind, Tables},
};
use super::{
    archive,
    draft::{change, list, normal_tags},
    form::{Form, Upload},
    handler::{Publisher, coordinates, new_run},
    rules,
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/exchange/api/v2/organizations/{org}/assets/{g}/{a}/{v}/mutabledata", patch(change_data))
}

async fn change_data(
    State(app): State<App>,
    Path((org, g, a, v)): Path<(String, String, String, String)>,
    request: Request<Body>,
) -> Response {
    let mut response = answer(app, org, coordinates(&g, &a, &v), request).await.into_response();
    // As for publishing: the official client waits for the end of the connection.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
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
    let run = accept_data(&app, &publisher, gav.clone(), form).await?;
    let (origin, org) = (app.origin(&headers), &publisher.organization);
    let link = format!("{origin}/exchange/api/v2/organizations/{org}/assets/{gav}/mutabledata/status/{run}");
    Ok((StatusCode::ACCEPTED, Json(json!({ "mutableDataStatusLink": link }))).into_response())
}

/// Checks and accepts a change of mutable data; the answer is the id of its run.
pub(in super::super) async fn accept_data(
    app: &App,
    publisher: &Publisher,
    gav: Coordinates,
    mut form: Form,
) -> Result<Uuid, Problem> {
    let Publisher { caller, organization: org, .. } = publisher;
    let docs = form.take(&FileKey::new("docs", "zip"));
    if let Some(other) = form.files.first() {
        let error = format!("`{}` cannot be changed; only files.docs.zip can", other.key);
        return Err(Problem::invalid("INVALID_FILE_IDENTIFIER_ERROR", error));
    }
    let tags = form.text("tags").map(|tags| normal_tags(list(tags))).transpose()?;
    let (categories, fields) =
        (change(&form, "categories", &BTreeMap::new())?, change(&form, "fields", &BTreeMap::new())?);
    let accepted = app.state.now();
    // What a docs archive may hold depends on the type of the asset.
    let asset_type = app.state.read(|tables| {
        let (record, _) = tables.version(&gav)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Contributor, &record)?;
        Ok::<_, Problem>(record.asset_type)
    })?;
    let worker = app.clone();
    let store = move || docs.map(|docs| store(&worker, docs, &asset_type, accepted)).transpose();
    let docs = offload(store).await;
    let accept = |tables: &mut Tables| {
        let (record, version) = tables.version(&gav)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Contributor, &record)?;
        let asset_type = record.asset_type.clone();
        let outcome = docs.map_err(|problem| (STEPS[0], problem)).and_then(|docs| {
            let place = (root(&caller.directory, &record.organization), &asset_type);
            let check = |dimension, change| {
                rules::check_values(tables, dimension, place, change).map_err(|problem| (STEPS[2], problem))
            };
            Ok((docs.unzip(), check(Dimension::Category, &categories)?, check(Dimension::Field, &fields)?))
        });
        let outcome = match outcome {
            Ok(((docs, portal), categories, fields)) => Outcome::Completed(Some(Box::new(Payload {
                version: None,
                scope: scope(app, &version),
                owner: None,
                asset_type: asset_type.clone(),
                name: String::new(),
                description: String::new(),
                contact_name: None,
                contact_email: None,
                icon: None,
                docs,
                portal,
                tags,
                categories,
                fields,
            }))),
            Err((step, problem)) => Outcome::Failed { step: step.to_owned(), problem },
        };
        let run = new_run(app, tables, RunKind::MutableData, org, (&gav, &asset_type), accepted, outcome)?;
        let id = run.id;
        tables.accept(run, app.state.now())?;
        Ok::<_, Problem>(id)
    };
    app.state.commit(accept).await
}

fn store(shared: &Shared, mut docs: Upload, asset_type: &AssetType, now: i64) -> Result<(FileRecord, Docs), Problem> {
    let invalid = |error: String| Problem::invalid("INVALID_FILE_CONTENT", error);
    archive::inspect(&mut docs.content, "").map_err(invalid)?;
    let orders = !shared.settings.quirks.has(Quirk::CreationOrder);
    let portal = match portal::unpack(&shared.blobs, &mut docs.content, asset_type, orders) {
        Ok(portal) => portal,
        Err(DocsError::Content(error)) => return Err(invalid(error)),
        Err(DocsError::Io(error)) => return Err(Problem::internal(&error)),
    };
    let blob = shared.blobs.store(&mut docs.content).map_err(|error| Problem::internal(&error))?;
    Ok((FileRecord { key: docs.key, blob, main_file: None, generated: false, created: now }, portal))
}
