//! Pages as they are asked for: Markdown, HTML or the official `Page`.

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use url::Url;

use crate::offload::offload;

use super::super::{app::App, problem::Problem, store::StoredBlob};
use super::{html, place::At, text};

/// How a page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Markdown,
    Html,
    Json,
}

impl Format {
    /// What a client prefers; Markdown for whoever takes anything.
    pub(super) fn wanted(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut best: Option<(f32, Self)> = None;
        let mut is_asked = false;
        for value in headers.get_all(header::ACCEPT) {
            for range in value.to_str().unwrap_or_default().split(',') {
                let mut parts = range.split(';').map(str::trim);
                let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
                is_asked |= !kind.is_empty();
                let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0_f32);
                let format = match kind.as_str() {
                    "text/markdown" | "text/*" | "*/*" => Self::Markdown,
                    "text/html" => Self::Html,
                    "application/json" | "application/*" => Self::Json,
                    _ => continue,
                };
                if quality > 0.0 && best.is_none_or(|(least, _)| quality > least) {
                    best = Some((quality, format));
                }
            }
        }
        match best {
            Some((_, format)) => Ok(format),
            None if !is_asked => Ok(Self::Markdown),
            None => Err(Problem::plain(StatusCode::NOT_ACCEPTABLE, "Not Acceptable")),
        }
    }
}

/// A page that was looked for.
#[derive(Debug)]
pub(super) enum Shown {
    Page {
        /// The official `Page`.
        view: Value,
        text: Option<StoredBlob>,
    },
    /// It has another path by now.
    Moved(String),
}

/// Answers a page.
pub(super) async fn answer(app: &App, at: &At, base: &str, format: Format, shown: Shown) -> Result<Response, Problem> {
    let (view, blob) = match shown {
        Shown::Page { view, text } => (view, text),
        Shown::Moved(path) => return redirect(at, base, &path),
    };
    Ok(match format {
        Format::Json => Json(view).into_response(),
        Format::Markdown => {
            let kind = [(header::CONTENT_TYPE, "text/markdown; charset=utf-8")];
            (kind, text(app, blob.as_ref()).await?).into_response()
        }
        Format::Html => {
            let markdown = text(app, blob.as_ref()).await?;
            let html = offload(move || html(&markdown)).await;
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
        }
    })
}

/// Sends a client on from an old path to the one that holds now.
fn redirect(at: &At, base: &str, path: &str) -> Result<Response, Problem> {
    let mut url = Url::parse("http://sandbox/").map_err(|error| Problem::internal(&error))?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty();
        segments.extend(at.prefix()).extend(base.split('/')).extend(path.split('/'));
    }
    Ok((StatusCode::FOUND, [(header::LOCATION, url.path().to_owned())]).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &str) -> Option<Format> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().expect("a header"));
        Format::wanted(&headers).ok()
    }

    #[test]
    fn the_preferred_format_is_chosen() {
        assert_eq!(Format::wanted(&HeaderMap::new()).ok(), Some(Format::Markdown));
        assert_eq!(wanted("text/markdown"), Some(Format::Markdown));
        assert_eq!(wanted("application/json, text/plain, */*"), Some(Format::Json));
        assert_eq!(wanted("application/json;q=0.5, text/html; q=0.9"), Some(Format::Html));
        assert_eq!(wanted("image/png"), None);
    }
}
