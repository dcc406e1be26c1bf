//! The order of pages (EXCHANGE.md §5.1, conflict C18).

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode},
};
use bytes::Bytes;

use super::super::{Quirk, app::App, caller::Caller, problem::Problem, store::Tables};
use super::{
    content::{Draft, MAX_PAGES},
    names::TERMS,
    place::{At, Place, REVISION, revision_header},
};

/// Puts the pages of the draft into an order of names or paths.
pub(super) async fn arrange(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<At>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, [(&'static str, HeaderValue); 1]), Problem> {
    if app.settings.quirks.has(Quirk::CreationOrder) {
        return Err(Problem::not_found("Not Found"));
    }
    let order: Vec<String> =
        serde_json::from_slice(&body).map_err(|_| Problem::bad_request("request/body must be an array of strings"))?;
    if order.is_empty() {
        return Err(Problem::bad_request("request/body must NOT have fewer than 1 items"));
    }
    if order.len() > MAX_PAGES + 1 {
        return Err(Problem::bad_request(format!("request/body must NOT have more than {MAX_PAGES} items")));
    }
    let change = |_: &Tables, _: &Place, draft: &mut Draft| {
        let known = draft.portal.revision();
        if headers.get(REVISION).is_some_and(|sent| sent.as_bytes() != known.as_bytes()) {
            return Err(out_of_sync("the revision is not the latest"));
        }
        // Terms have a place of their own, whatever the order.
        let pages = order.iter().map(String::as_str).filter(|path| *path != TERMS);
        draft.portal.arrange(pages).map_err(|path| out_of_sync(&format!("`{path}` is not there, or there twice")))?;
        revision_header(&draft.portal.revision())
    };
    let revision = at.edit(&app, &caller, change).await?;
    Ok((StatusCode::NO_CONTENT, [(REVISION, revision)]))
}

fn out_of_sync(why: &str) -> Problem {
    Problem::plain(StatusCode::CONFLICT, format!("Pages order out of sync: {why}"))
}
