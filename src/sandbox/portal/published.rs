//! What is published, and publishing (EXCHANGE.md §5.1).

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::Response,
};
use serde_json::{Value, json};

use super::super::{
    Quirk,
    app::App,
    caller::{Caller, Role},
    problem::Problem,
    store::Tables,
};
use super::{
    content::Portal,
    names::TERMS,
    place::{At, REVISION, no_page, no_portal, revision_header},
    render::{Format, Shown, answer},
    shelves::{self, DraftStatus},
};

/// JSON with the revision of the order of the pages, where there is a call that changes it.
pub(super) type Revised = (Option<[(&'static str, HeaderValue); 1]>, Json<Value>);

pub(super) fn revised(app: &App, portal: &Portal, body: Value) -> Result<Revised, Problem> {
    if app.settings.quirks.has(Quirk::CreationOrder) {
        return Ok((None, Json(body)));
    }
    Ok((Some([(REVISION, revision_header(&portal.revision())?)]), Json(body)))
}

pub(super) async fn portal(State(app): State<App>, caller: Caller, Path(at): Path<At>) -> Result<Revised, Problem> {
    app.state.read(|tables| {
        let place = at.place(tables, &caller, Role::Viewer)?;
        let portal = shelves::published(tables, &place.owner)?.ok_or_else(no_portal)?;
        let status = shelves::draft_status(tables, &place.owner)?;
        revised(&app, &portal, json!({ "draftStatus": status, "pages": portal.page_views() }))
    })
}

pub(super) async fn pages(State(app): State<App>, caller: Caller, Path(at): Path<At>) -> Result<Revised, Problem> {
    app.state.read(|tables| {
        let place = at.place(tables, &caller, Role::Viewer)?;
        let portal = shelves::published(tables, &place.owner)?.ok_or_else(no_portal)?;
        revised(&app, &portal, portal.page_views().into())
    })
}

pub(super) async fn page(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<At>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let format = Format::wanted(&headers)?;
    let shown = app.state.read(|tables| {
        let place = at.place(tables, &caller, Role::Viewer)?;
        if at.is_terms() {
            let terms = shelves::terms(tables, &place.gav.group_id, &place.gav.asset_id, &place.version_group)?;
            return terms.map(show_terms).ok_or_else(no_page);
        }
        let portal = shelves::published(tables, &place.owner)?.ok_or_else(no_portal)?;
        look(&portal, at.path())
    })?;
    answer(&app, &at, "portal/pages", format, shown).await
}

/// The terms as a page.
pub(super) fn show_terms(text: super::super::store::StoredBlob) -> Shown {
    Shown::Page { view: json!({ "path": TERMS, "name": TERMS }), text: Some(text) }
}

/// Looks for a page in a portal.
pub(super) fn look(portal: &Portal, path: &str) -> Result<Shown, Problem> {
    let found = portal.find(path).ok_or_else(no_page)?;
    let page = &portal.pages[found.at];
    if found.is_exact { Ok(Shown::Page { view: page.view(), text: page.text }) } else { Ok(Shown::Moved(page.path())) }
}

/// Publishes the draft. Where none is open, what is published stays; where nothing is, there is nothing to publish.
pub(super) async fn publish(State(app): State<App>, caller: Caller, Path(at): Path<At>) -> Result<StatusCode, Problem> {
    let publish = |tables: &mut Tables| {
        let place = at.place(tables, &caller, Role::Contributor)?;
        let Some(draft) = shelves::draft(tables, &place.owner)? else {
            return shelves::published(tables, &place.owner)?.map(drop).ok_or_else(no_portal);
        };
        if shelves::draft_status(tables, &place.owner)? == DraftStatus::Published {
            // Opening a draft and publishing it as it was is no change of the asset.
            shelves::discard_draft(tables, &place.owner)?;
            return Ok(());
        }
        shelves::publish(tables, (&place.gav, &place.version_group), &draft.portal, draft.terms)?;
        tables.edit_asset((&place.gav.group_id, &place.gav.asset_id), app.state.now(), |_| ())?;
        Ok(())
    };
    app.state.commit(publish).await?;
    Ok(StatusCode::NO_CONTENT)
}
