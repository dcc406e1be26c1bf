//! What is written about an API: its pages, its terms, and the resources of its pages.

use super::super::app::App;
use super::{
    super::store::{StoreError, Tables},
    offers::Shown,
    portals::Visit,
    refusal::Refusal,
};
use axum::{Json, extract::State};
use serde_json::Value;

pub(super) fn pages_of(_: &Tables, _: &Shown) -> Result<Vec<Value>, StoreError> {
    Ok(Vec::new())
}

pub(super) fn resources_of(_: &Tables, _: &Visit, _: &Shown, _: &str) -> Result<Vec<Value>, StoreError> {
    Ok(Vec::new())
}

pub(super) async fn terms(State(app): State<App>, visit: Visit) -> Result<Json<Value>, Refusal> {
    app.state.read(|tables| Shown::find(tables, &visit))?;
    Err(Refusal::not_found("The API has no terms and conditions"))
}

pub(super) async fn page(State(app): State<App>, visit: Visit) -> Result<Json<Value>, Refusal> {
    app.state.read(|tables| Shown::find(tables, &visit))?;
    Err(Refusal::not_found("There is no such page"))
}

pub(super) async fn resource(State(app): State<App>, visit: Visit) -> Result<Json<Value>, Refusal> {
    app.state.read(|tables| Shown::find(tables, &visit))?;
    Err(Refusal::not_found("There is no such resource"))
}
