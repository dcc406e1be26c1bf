//! Searching the pages of an asset, as its portal does.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
};
use serde_json::{Value, json};

use super::super::{
    app::App,
    assets::{Params, not_found},
    caller::{Caller, Role},
    problem::Problem,
};
use super::{MinorVersion, page, pages, text};

/// The published pages of a minor version whose name or text has a term, whatever the case.
pub(super) async fn search(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, minor)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, Problem> {
    let params = Params::read(query.as_deref());
    let required = || Problem::bad_request("request/query must have required property 'term'");
    let term = params.one("term").filter(|term| !term.is_empty()).ok_or_else(required)?.to_lowercase();
    let portal = MinorVersion { group: &g, asset: &a, minor: &minor };
    let candidates = app.state.read(|tables| {
        let record = tables.asset_record(&g, &a)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Viewer, &record)?;
        let mut candidates = Vec::new();
        for entry in pages(tables, portal)?.ok_or_else(super::place::no_portal)? {
            let blob = page(tables, portal, &entry.path)?;
            candidates.push((entry.name, blob));
        }
        Ok::<_, Problem>(candidates)
    })?;
    let mut found = Vec::new();
    for (name, blob) in candidates {
        // One text at a time: memory holds no more than a page.
        if name.to_lowercase().contains(&term) || text(&app, blob.as_ref()).await?.to_lowercase().contains(&term) {
            found.push(json!({ "title": name }));
        }
    }
    Ok(Json(found))
}
