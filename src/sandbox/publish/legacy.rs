//! The older way to create an asset: one form with the coordinates in it, and one file (EXCHANGE.md §3.5).
//!
//! The form is translated into that of a publication, and published by the same rules to whoever waits.

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::asset::{Coordinates, FileKey};

use super::super::{
    app::App,
    problem::{AssetProblem, Problem},
};
use super::{
    draft::{Draft, Options, missing_properties},
    form::Form,
    handler::{Publisher, accept, coordinates},
};

/// The classifiers of the contract, each with the type of asset it stands for.
const CLASSIFIERS: [(&str, &str); 6] = [
    ("raml-fragment", "raml-fragment"),
    ("raml", "rest-api"),
    ("oas", "rest-api"),
    ("wsdl", "soap-api"),
    ("http", "http-api"),
    ("custom", "custom"),
];

/// Texts that go by another name in a publication.
const RENAMED: [(&str, &str); 8] = [
    ("name", "name"),
    ("description", "description"),
    ("contactName", "contactName"),
    ("contactEmail", "contactEmail"),
    ("status", "status"),
    ("main", "properties.mainFile"),
    ("apiVersion", "properties.apiVersion"),
    ("assetLink", "properties.assetLink"),
];

pub(super) fn routes() -> Router<App> {
    Router::new().route("/exchange/api/v2/assets", post(create)).route("/exchange/api/v1/assets", post(create))
}

async fn create(State(app): State<App>, request: Request<Body>) -> Response {
    let mut response = match answer(&app, request).await {
        Ok(response) => response,
        Err(problem) => {
            app.stats.refused();
            problem.into_response()
        }
    };
    // As for publishing: the official client waits for the end of the connection.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn answer(app: &App, request: Request<Body>) -> Result<Response, AssetProblem> {
    let (headers, publisher) = (request.headers().clone(), Publisher::of(&request, String::new()));
    let form = Form::read_as(app, request, file_key).await.map_err(nowhere)?;
    let mut publisher = publisher.map_err(nowhere)?;
    let request = Creation::read(form).map_err(nowhere)?;
    let Creation { organization, gav, classifier, form } = request;
    publisher.organization.clone_from(&organization);
    let refused = |problem| AssetProblem { problem, organization: organization.clone(), gav: Some(gav.clone()) };
    publisher.check().map_err(refused)?;
    let mut options = Options::read(&headers).map_err(refused)?;
    options.sync = true;
    let accepted = accept(app, &publisher, gav.clone(), form, options).await.map_err(refused)?;
    accepted.finished(app).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(body(&accepted.draft, &classifier))).into_response())
}

/// A refusal of a form that does not say which asset it is about.
fn nowhere(problem: Problem) -> AssetProblem {
    AssetProblem { problem, organization: String::new(), gav: None }
}

fn body(draft: &Draft, classifier: &str) -> Value {
    let gav = &draft.gav;
    let group = draft.property("apiVersion").map_or_else(|| format!("{}.0.0", gav.version.major()), str::to_owned);
    json!({
        "organizationId": draft.organization,
        "groupId": gav.group_id,
        "assetId": gav.asset_id,
        "version": gav.version,
        "versionGroup": group,
        "classifier": classifier,
        "name": draft.name,
        "type": draft.asset_type,
        "metadata": {
            "classifier": classifier,
            "name": draft.name,
            "type": draft.asset_type,
            "tags": draft.tags.as_deref().unwrap_or_default(),
        },
    })
}

/// The key of the file: the classifier that the form named before it, and the extension of its name.
fn file_key(form: &Form, name: &str, file_name: Option<&str>) -> Result<FileKey, Problem> {
    if name != "asset" || !form.files.is_empty() {
        return Err(Problem::bad_request(format!("request/body/{name} is a file; only `asset` can be one, once")));
    }
    let classifier = form.text("classifier").ok_or_else(|| missing("classifier"))?;
    let extension = file_name.and_then(|name| name.rsplit_once('.')).map_or("", |(_, extension)| extension);
    format!("files.{classifier}.{}", extension.to_ascii_lowercase()).parse().map_err(|_| {
        Problem::bad_request("request/body/asset must have a file name whose extension tells the packaging")
    })
}

fn missing(name: &str) -> Problem {
    Problem::bad_request(format!("request/body must have required property '{name}'"))
}

/// What the form asks for: where, what, and the form of a publication that means the same.
struct Creation {
    organization: String,
    gav: Coordinates,
    classifier: String,
    form: Form,
}

impl Creation {
    fn read(form: Form) -> Result<Self, Problem> {
        if let Some(name) = &form.trailing {
            return Err(Problem::bad_request(format!(
                "request/body/{name} comes after `asset`, which must be the last"
            )));
        }
        let required = |name| form.text(name).ok_or_else(|| missing(name));
        let (organization, classifier) = (required("organizationId")?.to_owned(), required("classifier")?.to_owned());
        let gav = coordinates(required("groupId")?, required("assetId")?, required("version")?)?;
        required("name")?;
        let Some((_, asset_type)) = CLASSIFIERS.iter().find(|(known, _)| *known == classifier) else {
            let known = CLASSIFIERS.map(|(known, _)| known).join(", ");
            let text = format!("request/body/classifier must be equal to one of the allowed values: {known}");
            return Err(Problem::bad_request(text));
        };
        if form.text("asset").is_some() {
            return Err(Problem::bad_request("request/body/asset must be a file"));
        }
        if classifier == "http" && form.text("assetLink").is_none() {
            return Err(missing_properties(&["assetLink"]));
        }
        if let Some(text) = form.text("metadata") {
            json_text::<Map<String, Value>>("metadata", text, "an object")?;
        }
        let mut texts = vec![("type".to_owned(), (*asset_type).to_owned())];
        for (from, to) in RENAMED {
            texts.extend(form.text(from).map(|text| (to.to_owned(), text.to_owned())));
        }
        texts.extend(lists(&form)?);
        Ok(Self { organization, gav, classifier, form: Form::of(texts, form.files) })
    }
}

/// A dependency as the form lists it; whatever else is said of it does not matter.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    group_id: String,
    asset_id: String,
    version: String,
}

/// Tags and dependencies, which are JSON here and text in a publication.
fn lists(form: &Form) -> Result<Vec<(String, String)>, Problem> {
    let mut texts = Vec::new();
    if let Some(text) = form.text("tags") {
        let tags: Vec<String> = json_text("tags", text, "an array of strings")?;
        texts.push(("tags".to_owned(), tags.join(",")));
    }
    if let Some(text) = form.text("dependencies") {
        let all: Vec<Dependency> = json_text("dependencies", text, "an array of groupId, assetId and version")?;
        let colons = |d: &Dependency| format!("{}:{}:{}", d.group_id, d.asset_id, d.version);
        texts.push(("dependencies".to_owned(), all.iter().map(colons).collect::<Vec<_>>().join(",")));
    }
    Ok(texts)
}

/// Reads a field that is JSON in a text.
fn json_text<'a, T: Deserialize<'a>>(name: &str, text: &'a str, what: &str) -> Result<T, Problem> {
    serde_json::from_str(text)
        .map_err(|error| Problem::bad_request(format!("request/body/{name} is not {what}: {error}")))
}
