//! Editing: the draft and its pages (EXCHANGE.md §5.1, §5.2).

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use bytes::Bytes;
use futures::StreamExt;
use serde_json::{Value, json};

use crate::offload::offload;

use super::super::{
    app::App,
    caller::{Caller, Role},
    problem::Problem,
    store::{StoredBlob, Tables},
};
use super::{
    content::{Draft, Page, TermsEdit},
    names::{HOME, MAX_TEXT, MAX_TEXT_BYTES, TERMS, check_title, page_id, split_path},
    place::{At, Place, no_page},
    published::{Revised, look, revised, show_terms},
    render::{Format, answer},
    shelves,
};

/// How much of a text that is too long is read before that is said.
const MAX_DRAIN: usize = 64 * 1024 * 1024;

/// Opens the draft.
pub(super) async fn open(State(app): State<App>, caller: Caller, Path(at): Path<At>) -> Result<Revised, Problem> {
    let open = |tables: &mut Tables| {
        let place = at.place(tables, &caller, Role::Contributor)?;
        let draft = shelves::draft_or_new(tables, &place.owner)?;
        if shelves::draft(tables, &place.owner)?.is_none() {
            shelves::keep_draft(tables, &place.owner, &draft)?;
        }
        let status = shelves::draft_status(tables, &place.owner)?;
        revised(&app, &draft.portal, json!({ "draftStatus": status, "pages": draft.portal.page_views() }))
    };
    app.state.commit(open).await
}

/// Discards the draft; that there is none is no mistake.
pub(super) async fn discard(State(app): State<App>, caller: Caller, Path(at): Path<At>) -> Result<StatusCode, Problem> {
    let discard = |tables: &mut Tables| {
        let place = at.place(tables, &caller, Role::Contributor)?;
        Ok::<_, Problem>(shelves::discard_draft(tables, &place.owner)?)
    };
    app.state.commit(discard).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn pages(State(app): State<App>, caller: Caller, Path(at): Path<At>) -> Result<Revised, Problem> {
    app.state.read(|tables| {
        let place = at.place(tables, &caller, Role::Contributor)?;
        let draft = shelves::draft_or_new(tables, &place.owner)?;
        revised(&app, &draft.portal, draft.portal.page_views().into())
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
        let place = at.place(tables, &caller, Role::Contributor)?;
        let draft = shelves::draft_or_new(tables, &place.owner)?;
        if at.is_terms() {
            return terms(tables, &place, &draft)?.map(show_terms).ok_or_else(no_page);
        }
        look(&draft.portal, at.path())
    })?;
    let base = if at.organization().is_some() { "draft/pages" } else { "portal/draft/pages" };
    answer(&app, &at, base, format, shown).await
}

/// The terms as they will be once the draft is published.
fn terms(tables: &Tables, place: &Place, draft: &Draft) -> Result<Option<StoredBlob>, Problem> {
    Ok(match draft.terms {
        Some(TermsEdit::Written(text)) => Some(text),
        Some(TermsEdit::Removed) => None,
        None => shelves::terms(tables, &place.gav.group_id, &place.gav.asset_id, &place.version_group)?,
    })
}

/// Creates an empty page, or moves one.
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<At>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let body: Value = serde_json::from_slice(&body).map_err(|_| Problem::bad_request("request/body must be object"))?;
    let required = || Problem::bad_request("request/body must have required property 'pagePath'");
    let path = body["pagePath"].as_str().ok_or_else(required)?.trim_matches('/');
    let source = move_source(&headers);
    let change = |tables: &Tables, place: &Place, draft: &mut Draft| match &source {
        Some(source) => rename(draft, source, path),
        None if path == TERMS => {
            place.check_terms()?;
            if terms(tables, place, draft)?.is_some() {
                return Err(exists());
            }
            let empty = app.blobs.store_bytes(b"").map_err(|error| Problem::internal(&error))?;
            draft.terms = Some(TermsEdit::Written(empty));
            Ok(json!({ "name": TERMS, "path": TERMS }))
        }
        None => {
            let at = add(tables, place, draft, path, "request/body/pagePath")?;
            Ok(draft.portal.pages[at].view())
        }
    };
    Ok((StatusCode::CREATED, Json(at.edit(&app, &caller, change).await?)))
}

fn exists() -> Problem {
    Problem::plain(StatusCode::CONFLICT, "Page already exists")
}

/// The path of the page that is to be moved. Clients send names as they are, in UTF-8 or in Latin-1.
fn move_source(headers: &HeaderMap) -> Option<String> {
    let bytes = headers.get("x-move-source")?.as_bytes();
    let text =
        std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(|b| char::from(*b)).collect(), str::to_owned);
    Some(text).filter(|text| !text.is_empty())
}

/// Adds an empty page; the answer is its place in the list. A path with an id keeps it where nobody else has it.
fn add(tables: &Tables, place: &Place, draft: &mut Draft, path: &str, what: &str) -> Result<usize, Problem> {
    let (id, title) = split_path(path);
    if title == HOME || draft.portal.pages.iter().any(|page| page.title == title) {
        return Err(exists());
    }
    check_title(title).map_err(|error| Problem::bad_request(format!("{what} {error}")))?;
    let published = shelves::published(tables, &place.owner)?.unwrap_or_default();
    let is_taken = |id: &str| draft.portal.has_id(id) || published.has_id(id);
    let id = match id {
        Some(id) if !is_taken(id) => id.to_owned(),
        _ => page_id(&place.owner, title, is_taken),
    };
    draft.portal.add(Page { id, title: title.to_owned(), text: None })?;
    Ok(draft.portal.pages.len() - 1)
}

/// Gives a page another name; it keeps its id, so that old paths still lead to it.
fn rename(draft: &mut Draft, source: &str, path: &str) -> Result<Value, Problem> {
    let at = draft.portal.find(source).ok_or_else(no_page)?.at;
    if draft.portal.pages[at].is_home() {
        return Err(Problem::bad_request("The home page cannot be moved"));
    }
    let (_, title) = split_path(path);
    let others = draft.portal.pages.iter().enumerate().filter(|(other, _)| *other != at);
    if others.into_iter().any(|(_, page)| page.title == title) {
        return Err(exists());
    }
    check_title(title).map_err(|error| Problem::bad_request(format!("request/body/pagePath {error}")))?;
    title.clone_into(&mut draft.portal.pages[at].title);
    Ok(draft.portal.pages[at].view())
}

/// Writes the text of a page, which is created where it is missing.
pub(super) async fn write(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<At>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let text = read_text(body).await?;
    // Nothing is stored for whoever may not write.
    app.state.read(|tables| at.place(tables, &caller, Role::Contributor).map(drop))?;
    let shared = app.shared.clone();
    let stored = offload(move || shared.blobs.store_bytes(text.as_bytes())).await;
    let text = stored.map_err(|error| Problem::internal(&error))?;
    let change = |tables: &Tables, place: &Place, draft: &mut Draft| {
        if at.is_terms() {
            place.check_terms()?;
            draft.terms = Some(TermsEdit::Written(text));
            return Ok(());
        }
        let page = match draft.portal.find(at.path()) {
            Some(found) => found.at,
            None => add(tables, place, draft, at.path(), "request/params/pagePath")?,
        };
        draft.portal.pages[page].text = Some(text);
        Ok(())
    };
    at.edit(&app, &caller, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads a text to its end, also where it is too long: an early answer is lost on clients that are still sending.
async fn read_text(body: Body) -> Result<String, Problem> {
    let too_long = || Problem::too_large(format!("request/body must NOT have more than {MAX_TEXT} characters"));
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut surplus = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| Problem::bad_request(format!("the body cannot be read: {error}")))?;
        if surplus > 0 || bytes.len() + chunk.len() > MAX_TEXT_BYTES {
            surplus += chunk.len();
            if surplus > MAX_DRAIN {
                break;
            }
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    if surplus > 0 {
        return Err(too_long());
    }
    let text = String::from_utf8(bytes).map_err(|_| Problem::bad_request("request/body must be UTF-8"))?;
    if text.chars().count() > MAX_TEXT { Err(too_long()) } else { Ok(text) }
}

/// Deletes a page. The home page is always there: it only loses its text.
pub(super) async fn remove(State(app): State<App>, caller: Caller, Path(at): Path<At>) -> Result<StatusCode, Problem> {
    let change = |tables: &Tables, place: &Place, draft: &mut Draft| {
        if at.is_terms() {
            terms(tables, place, draft)?.ok_or_else(no_page)?;
            draft.terms = Some(TermsEdit::Removed);
            return Ok(());
        }
        let page = draft.portal.find(at.path()).ok_or_else(no_page)?.at;
        if draft.portal.pages[page].is_home() {
            draft.portal.pages[page].text = None;
        } else {
            draft.portal.pages.remove(page);
        }
        Ok(())
    };
    at.edit(&app, &caller, change).await?;
    Ok(StatusCode::NO_CONTENT)
}
