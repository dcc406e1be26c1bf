//! What every request passes before it reaches its handler: counting, the rate limit, faults, and who may enter.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures::{FutureExt, StreamExt};

use super::{
    FaultKind, RateLimit, Reset,
    app::{App, Shared},
    caller::Principal,
    connection::{ConnectionReset, Wire, reset},
    faults::Draw,
    problem::Problem,
    store::lock,
};

/// Paths under this prefix are never limited, faulted or authenticated.
pub(super) const CONTROL: &str = "/_sandbox/";

/// Whether a path is the sandbox's own: the control surface, or the page for people.
fn is_control(path: &str) -> bool {
    path == "/" || path.starts_with(CONTROL)
}

/// How much of the body of a refused request is read before it is answered; a client that is still sending would
/// otherwise lose the answer.
const DRAIN: usize = 256 * 1024 * 1024;

/// Counts requests in a window of time; windows are aligned to 1970.
#[derive(Debug)]
pub(super) struct Limiter {
    limit: Option<RateLimit>,
    /// The number of the window, and the requests in it.
    window: Mutex<(i64, u32)>,
}

/// What the limiter says about one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quota {
    allowed: bool,
    limit: u32,
    remaining: u32,
    /// Milliseconds since 1970.
    reset: i64,
}

impl Limiter {
    pub(super) fn new(limit: Option<RateLimit>) -> Self {
        Self { limit, window: Mutex::default() }
    }

    fn take(&self, now: i64) -> Option<Quota> {
        let RateLimit { requests, window } = self.limit?;
        let length = i64::try_from(window.as_millis()).unwrap_or(i64::MAX).max(1);
        let number = now.div_euclid(length);
        let mut current = lock(&self.window);
        if current.0 != number {
            *current = (number, 0);
        }
        let allowed = current.1 < requests;
        current.1 += u32::from(allowed);
        let reset = number.saturating_add(1).saturating_mul(length);
        Some(Quota { allowed, limit: requests, remaining: requests - current.1, reset })
    }
}

impl Quota {
    fn mark(self, headers: &mut HeaderMap) {
        headers.insert("x-ratelimit-limit", self.limit.into());
        headers.insert("x-ratelimit-remaining", self.remaining.into());
        // Rounded up, so that whoever waits until then finds a new window.
        let reset = (self.reset + 999).div_euclid(1000);
        headers.insert("x-ratelimit-reset", reset.into());
    }
}

/// Counts, limits and faults a request.
pub(super) async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_control(request.uri().path()) {
        return next.run(request).await;
    }
    let template = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
    let endpoint = format!("{} {template}", request.method());
    let wire = request.extensions().get::<ConnectInfo<Wire>>().map(|info| info.0.clone());
    let _flight = app.stats.flight();
    let request = request.map(|body| watched(&app, body));
    let quota = app.limiter.take(app.clock.now());
    let mut response = match quota.filter(|quota| !quota.allowed) {
        Some(quota) => over_limit(&app, quota, request).await,
        None => with_faults(&app, wire.as_ref(), request, next).await,
    };
    if response.extensions().get::<Reset>().is_some() {
        app.stats.answered(&endpoint, "reset");
        return response;
    }
    app.stats.answered(&endpoint, response.status().as_str());
    if let Some(quota) = quota {
        quota.mark(response.headers_mut());
    }
    response
}

/// A body whose bytes are counted, and which breaks off where its sender falls silent.
fn watched(app: &App, body: Body) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let (shared, patience) = (app.shared.clone(), app.settings.patience);
    let chunks = futures::stream::unfold(Some(body.into_data_stream()), move |stream| {
        let shared = shared.clone();
        async move {
            let mut stream = stream?;
            match tokio::time::timeout(patience, stream.next()).await {
                Ok(None) => None,
                Ok(Some(Ok(chunk))) => {
                    shared.stats.received(chunk.len());
                    Some((Ok(chunk), Some(stream)))
                }
                Ok(Some(Err(error))) => Some((Err(error.into()), None)),
                Err(silence) => Some((Err(Box::<dyn std::error::Error + Send + Sync>::from(silence)), None)),
            }
        }
    });
    Body::from_stream(chunks)
}

async fn over_limit(app: &App, quota: Quota, request: Request) -> Response {
    app.stats.rate_limited();
    drain(request.into_body()).await;
    if app.settings.rate_limit_status != 429 {
        let status = StatusCode::from_u16(app.settings.rate_limit_status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return empty(status);
    }
    let wait = (quota.reset - app.clock.now()).max(0);
    let seconds = (wait + 999).div_euclid(1000).max(1);
    too_many(seconds)
}

fn too_many(seconds: i64) -> Response {
    let problem = Problem::plain(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
    ([(header::RETRY_AFTER, HeaderValue::from(seconds))], problem).into_response()
}

fn empty(status: StatusCode) -> Response {
    (status, [(header::CONTENT_LENGTH, HeaderValue::from(0))]).into_response()
}

/// Reads what is left of a body, within bounds.
pub(super) async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    let mut left = DRAIN;
    while let Some(Ok(chunk)) = stream.next().await {
        if chunk.len() > left {
            return;
        }
        left -= chunk.len();
    }
}

/// How the faults of one request are asked for by its handler.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fate(Draw);

impl Shared {
    /// Whether a fault strikes, which is counted.
    fn strikes(&self, draw: Draw, kind: FaultKind) -> bool {
        let strikes = self.dice.strikes(draw, kind);
        if strikes {
            self.stats.fault(kind);
        }
        strikes
    }

    /// Whether a fault that a handler puts into effect strikes its request.
    pub(super) fn is_fated(&self, fate: Option<Fate>, kind: FaultKind) -> bool {
        fate.is_some_and(|fate| self.strikes(fate.0, kind))
    }
}

async fn with_faults(app: &App, wire: Option<&Wire>, mut request: Request, next: Next) -> Response {
    let Some(draw) = app.dice.request(request.method(), request.uri().path()) else {
        return next.run(request).await;
    };
    if app.strikes(draw, FaultKind::Reset) {
        return reset(wire);
    }
    for kind in [FaultKind::Http429, FaultKind::Http500, FaultKind::Http502, FaultKind::Http503, FaultKind::Http504] {
        if app.strikes(draw, kind) {
            drain(request.into_body()).await;
            return failure(kind);
        }
    }
    request.extensions_mut().insert(Fate(draw));
    let response = next.run(request).await;
    if app.strikes(draw, FaultKind::LostReply) {
        return reset(wire);
    }
    let response = if is_json_success(&response) && app.strikes(draw, FaultKind::BadJson) {
        cut_json(response).await
    } else {
        response
    };
    if length(&response) > 0 && app.strikes(draw, FaultKind::Truncate) {
        return truncate(response);
    }
    if length(&response) > 0 && app.strikes(draw, FaultKind::Slow) {
        return response.map(trickle);
    }
    response
}

fn failure(kind: FaultKind) -> Response {
    let page = |status: StatusCode, text: &'static str| {
        (status, [(header::CONTENT_TYPE, "text/html")], format!("<html><body><h1>{text}</h1></body></html>\n"))
            .into_response()
    };
    match kind {
        FaultKind::Http429 => too_many(1),
        FaultKind::Http502 => page(StatusCode::BAD_GATEWAY, "502 Bad Gateway"),
        FaultKind::Http504 => page(StatusCode::GATEWAY_TIMEOUT, "504 Gateway Time-out"),
        FaultKind::Http503 => empty(StatusCode::SERVICE_UNAVAILABLE),
        _ => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn is_json_success(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    response.status().is_success() && kind.starts_with("application/json")
}

/// The length of a body, as it is announced or known.
fn length(response: &Response) -> u64 {
    let announced =
        response.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    announced.unwrap_or_else(|| response.body().size_hint().lower())
}

/// Ends the JSON in the middle, with a correct length.
async fn cut_json(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, DRAIN).await.unwrap_or_default();
    let half = bytes.slice(..bytes.len() / 2);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(half))
}

/// Announces the whole body, sends half of it, and breaks off.
fn truncate(response: Response) -> Response {
    let length = length(&response);
    let (mut parts, body) = response.into_parts();
    parts.headers.insert(header::CONTENT_LENGTH, length.into());
    let left = usize::try_from(length / 2).unwrap_or(usize::MAX);
    let broken = futures::stream::unfold(Some((body.into_data_stream(), left)), |state| async {
        let (mut whole, left) = state?;
        match whole.next().await {
            Some(Ok(chunk)) if left > 0 => {
                let part = chunk.slice(..chunk.len().min(left));
                let left = left - part.len();
                Some((Ok(part), Some((whole, left))))
            }
            _ => Some((Err(ConnectionReset), None)),
        }
    });
    Response::from_parts(parts, Body::from_stream(broken))
}

/// Sends a body in eight pieces, a tenth of a second apart.
fn trickle(body: Body) -> Body {
    let pieces = body.into_data_stream().flat_map(|chunk| {
        let pieces: Vec<Result<Bytes, axum::Error>> = match chunk {
            Ok(chunk) => {
                let size = chunk.len().div_ceil(8).max(1);
                (0..chunk.len()).step_by(size).map(|at| Ok(chunk.slice(at..chunk.len().min(at + size)))).collect()
            }
            Err(error) => vec![Err(error)],
        };
        futures::stream::iter(pieces)
    });
    Body::from_stream(pieces.then(|piece| async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        piece
    }))
}

/// Answers 500 where a handler panics, so that no request can end the server or leave its client without an answer.
pub(super) async fn survive(request: Request, next: Next) -> Response {
    match std::panic::AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => Problem::internal(&"a handler panicked").into_response(),
    }
}

/// Gives what the web framework refuses by itself the shape that all errors have: a body over its limit, a path that is
/// no UTF-8, a method that a path does not have.
pub(super) async fn in_shape(request: Request, next: Next) -> Response {
    /// The framework says what is wrong in a sentence.
    const MOST: usize = 4096;
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_bare = kind.map_or(status == StatusCode::METHOD_NOT_ALLOWED, |kind| kind.starts_with("text/plain"));
    if !(status.is_client_error() && is_bare) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let text = axum::body::to_bytes(body, MOST).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let message = if text.is_empty() { status.canonical_reason().unwrap_or_default().into() } else { text };
    let mut shaped = Problem::plain(status, message).into_response();
    if let Some(allow) = parts.headers.remove(header::ALLOW) {
        shaped.headers_mut().insert(header::ALLOW, allow);
    }
    shaped
}

/// Lets a request in that bears a valid token or the credentials of a connected app (EXCHANGE.md §1.1); the handler
/// finds out who it is by taking a [`super::caller::Caller`].
pub(super) async fn authenticate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(principal) = header.and_then(|header| bearer_of(&app, header)) {
        request.extensions_mut().insert(app.caller(principal));
        return next.run(request).await;
    }
    drain(request.into_body()).await;
    Problem::unauthorized().into_response()
}

/// Whose credentials a header bears.
pub(super) fn bearer_of(app: &Shared, header: &str) -> Option<Arc<Principal>> {
    let (scheme, value) = header.trim().split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return app.holder_of(value).map(|(principal, _)| principal);
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()?;
    let (id, secret) = text.strip_prefix("~~~Client~~~:")?.split_once("~?~")?;
    app.directory().client(id, secret).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_answers_as_many_as_it_may_and_the_next_starts_anew() {
        let limiter = Limiter::new(Some(RateLimit { requests: 2, window: Duration::from_secs(1) }));
        let at = |now| limiter.take(now).map(|q| (q.allowed, q.remaining, q.reset));
        assert_eq!(at(10_500), Some((true, 1, 11_000)));
        assert_eq!(at(10_600), Some((true, 0, 11_000)));
        assert_eq!(at(10_999), Some((false, 0, 11_000)));
        assert_eq!(at(11_000), Some((true, 1, 12_000)));
        assert_eq!(Limiter::new(None).take(0), None);
    }
}
