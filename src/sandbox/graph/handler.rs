//! The calls themselves.

use axum::{
    Json, Router,
    extract::{RawQuery, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::{app::App, caller::Caller, gate::bearer_of, problem::Problem, view::View};
use super::{
    answer::Answers,
    failure::Failure,
    plan::plan,
    schema::{ROOT_V1, ROOT_V2, Type},
};

/// Who asks may be said in the query, so nothing is refused before it is read.
pub(in super::super) fn routes() -> Router<App> {
    Router::new()
        .route("/graph/api/v1/graphql", post(first_version))
        .route("/graph/api/v2/graphql", post(second_version))
        .route("/exchange/api/v2/graphql", post(second_version).get(in_url))
}

/// A request as GraphQL has it over HTTP.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    query: String,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
}

async fn first_version(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    answer(&app, &headers, &read(&body)?, &ROOT_V1)
}

async fn second_version(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    answer(&app, &headers, &read(&body)?, &ROOT_V2)
}

async fn in_url(State(app): State<App>, headers: HeaderMap, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let mut members = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let value = if name == "variables" && !value.is_empty() {
            serde_json::from_str(&value).map_err(|_| Problem::bad_request("request/query/variables must be object"))?
        } else {
            Value::from(value.as_ref())
        };
        members.insert(name.into_owned(), value);
    }
    answer(&app, &headers, &checked(Value::Object(members))?, &ROOT_V2)
}

fn read(body: &[u8]) -> Result<Call, Problem> {
    checked(serde_json::from_slice(body).map_err(|_| Problem::bad_request("request/body must be object"))?)
}

fn checked(value: Value) -> Result<Call, Problem> {
    serde_json::from_value(value).map_err(|error| Problem::bad_request(format!("this is no GraphQL request: {error}")))
}

fn answer(app: &App, headers: &HeaderMap, call: &Call, root: &'static Type) -> Result<Response, Problem> {
    let none = Map::new();
    let variables = call.variables.as_ref().unwrap_or(&none);
    let caller = caller(app, headers, variables)?;
    let operation = call.operation_name.as_deref().filter(|name| !name.is_empty());
    let outcome = plan(&call.query, operation, variables, root).map_err(Failure::Query).and_then(|plan| {
        app.state.read(|tables| {
            let view = View { shared: &app.shared, tables, origin: app.origin(headers) };
            Answers::new(view, &caller).root(&plan)
        })
    });
    match outcome {
        Ok(data) => Ok(Json(json!({ "data": data })).into_response()),
        Err(Failure::Internal(problem)) => Err(problem),
        Err(Failure::Query(flaws)) => {
            let flaws: Vec<Value> = flaws.iter().map(super::failure::Flaw::show).collect();
            Ok(Json(json!({ "errors": flaws })).into_response())
        }
    }
}

/// Who asks: whom the header names, else the variable `accessToken`, else the variable `authorization` (EXCHANGE.md
/// §1.1).
fn caller(app: &App, headers: &HeaderMap, variables: &Map<String, Value>) -> Result<Caller, Problem> {
    let variable = |name: &str| variables.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let credentials = match headers.get(header::AUTHORIZATION) {
        Some(header) => header.to_str().ok().map(str::to_owned),
        None => variable("accessToken")
            .map(|token| format!("Bearer {token}"))
            .or_else(|| variable("authorization").map(str::to_owned)),
    };
    let principal = credentials.and_then(|credentials| bearer_of(app, &credentials));
    principal.map(|principal| app.caller(principal)).ok_or_else(Problem::unauthorized)
}
