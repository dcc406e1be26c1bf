//! The way to the server and back, on which anything may happen; it notes all that is sent.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use consign::net::{InProcessTransport, Transport, TransportError, TransportKind};
use futures::{FutureExt, future::BoxFuture, stream};
use http::{Method, header};
use reqwest::{Request, Response};
use tokio::time::{Instant, sleep};

use super::{
    life::Life,
    plan::{Manner, Weather},
};

/// The only server there is.
pub(crate) const ORIGIN: &str = "https://sandbox.test";

/// Another one, that nobody asked for.
const ELSEWHERE: &str = "https://elsewhere.test";

/// What can happen to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// No connection is made.
    Refused,
    /// The connection breaks before the request is there.
    ResetBefore,
    /// It breaks in the middle of the request.
    ResetDuring,
    /// The server acts, its reply is lost.
    LostReply,
    /// 429 with `Retry-After`.
    TooMany,
    /// An answer without a body, in place of the server.
    Empty(u16),
    /// A page of HTML from a gateway, in place of the server.
    Page(u16),
    /// A page of HTML from a gateway, though the server has acted.
    PageAfter(u16),
    /// The server's answer without its body.
    NoBody,
    /// The server's answer, broken off in the middle.
    Truncated,
    /// The server's answer with JSON cut in the middle.
    CutJson,
    /// The server's answer with other JSON.
    OtherJson,
    /// The server's answer, late.
    Slow,
    /// The server acts; no answer ever comes, and the connection stays.
    Silent,
    /// The token is refused.
    Unauthorized,
    /// A status link that is not known yet.
    NotYet,
    /// Links in the answer lead to another server.
    Foreign,
}

impl Mishap {
    /// All of them, as often as they are drawn.
    pub(crate) const ALL: [Self; 22] = [
        Self::Refused,
        Self::ResetBefore,
        Self::ResetDuring,
        Self::LostReply,
        Self::LostReply,
        Self::TooMany,
        Self::Empty(500),
        Self::Empty(503),
        Self::Page(502),
        Self::Page(504),
        Self::PageAfter(502),
        Self::PageAfter(504),
        Self::NoBody,
        Self::Truncated,
        Self::CutJson,
        Self::OtherJson,
        Self::Slow,
        Self::Slow,
        Self::Silent,
        Self::Unauthorized,
        Self::NotYet,
        Self::Foreign,
    ];
}

/// One request, as it left.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Sent {
    pub(crate) at: Duration,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) mishap: Option<String>,
}

impl Sent {
    pub(crate) fn is_token(&self) -> bool {
        self.path.starts_with("/accounts/")
    }

    /// Whether it changes something.
    pub(crate) fn is_write(&self) -> bool {
        self.method != "GET" && !self.is_token()
    }
}

/// The wire of one process.
pub(crate) struct Wire<S> {
    server: InProcessTransport<S>,
    life: Life,
    start: Instant,
    notes: Arc<Mutex<Notes>>,
}

/// What all wires of a schedule note.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) sent: Vec<Sent>,
    /// What must never happen.
    pub(crate) violations: Vec<String>,
    pub(crate) in_flight: usize,
    pub(crate) most_in_flight: usize,
    pub(crate) weather: Weather,
    ids: Ids,
}

/// Ids that the server has made up, in the order in which they were met: each time it makes up others.
#[derive(Debug, Default)]
struct Ids(Vec<String>);

impl Ids {
    /// A path as it is each time.
    fn plain(&mut self, path: &str) -> String {
        // A signature is made with a key that is a new one in every sandbox.
        if let Some((before, _)) = path.split_once("/signed/") {
            return format!("{before}/signed/");
        }
        let mut plain = Vec::new();
        let mut is_tier = false;
        for part in path.split('/') {
            // Tiers are numbered through the whole server.
            let is_id = is_tier && !part.is_empty() || part.len() == 36 && part.split('-').count() == 5;
            plain.push(if is_id { self.number(part) } else { part.to_owned() });
            is_tier = part == "tiers";
        }
        plain.join("/")
    }

    fn number(&mut self, id: &str) -> String {
        let known = self.0.iter().position(|known| known == id).unwrap_or(self.0.len());
        if known == self.0.len() {
            self.0.push(id.to_owned());
        }
        format!("#{known}")
    }
}

impl<S> Wire<S> {
    pub(crate) fn new(server: InProcessTransport<S>, life: Life, start: Instant, notes: Arc<Mutex<Notes>>) -> Self {
        Self { server, life, start, notes }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request and draws what happens to it.
    fn note(&self, request: &Request) -> Option<Mishap> {
        let (method, path) = (request.method().to_string(), request.url().path());
        let is_signed = request.headers().contains_key(header::AUTHORIZATION);
        let mut notes = self.notes();
        if request.url().origin().ascii_serialization() != ORIGIN && is_signed {
            notes.violations.push(format!("a token left for {}", request.url()));
        }
        let plain = notes.ids.plain(path);
        let mut sent = Sent { at: self.start.elapsed(), method, path: plain, mishap: None };
        let manner = Manner { is_signed, is_write: sent.is_write() };
        let mishap = notes.weather.mishap(path, manner, sent.at);
        sent.mishap = mishap.map(|mishap| format!("{mishap:?}"));
        notes.sent.push(sent);
        mishap
    }
}

impl<S> fmt::Debug for Wire<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

/// Counts a request as in flight until it is dropped.
struct Flight(Arc<Mutex<Notes>>);

impl Flight {
    fn begin(notes: &Arc<Mutex<Notes>>) -> Self {
        let mut known = notes.lock().unwrap_or_else(PoisonError::into_inner);
        known.in_flight += 1;
        known.most_in_flight = known.most_in_flight.max(known.in_flight);
        drop(known);
        Self(Arc::clone(notes))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).in_flight -= 1;
    }
}

impl<S> Transport for Wire<S>
where
    InProcessTransport<S>: Transport,
    S: Clone + Send + Sync + 'static,
{
    fn execute(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        async move {
            self.life.instant().await;
            let mishap = self.note(&request);
            let flight = Flight::begin(&self.notes);
            let reply = self.carry(request, mishap).await;
            drop(flight);
            self.life.instant().await;
            reply
        }
        .boxed()
    }
}

impl<S> Wire<S>
where
    InProcessTransport<S>: Transport,
    S: Clone + Send + Sync + 'static,
{
    async fn carry(&self, request: Request, mishap: Option<Mishap>) -> Result<Response, TransportError> {
        // No line is without its delay: requests that are in flight together overlap.
        let delay = self.notes().weather.delay();
        sleep(delay).await;
        let Some(mishap) = mishap else { return self.serve(request).await };
        match mishap {
            Mishap::Refused => Err(broken(TransportKind::Connect, false)),
            Mishap::ResetBefore => Err(broken(TransportKind::Reset, true)),
            Mishap::ResetDuring => {
                let _ = self.serve(cut(request)).await;
                Err(broken(TransportKind::Reset, true))
            }
            Mishap::LostReply => {
                let _ = self.serve(request).await;
                Err(broken(TransportKind::Reset, true))
            }
            Mishap::TooMany => Ok(answer(429, &[("retry-after", "2")], r#"{"message":"Too many requests"}"#)),
            Mishap::Empty(status) => Ok(answer(status, &[], "")),
            Mishap::Page(status) => Ok(page(status)),
            Mishap::PageAfter(status) => self.serve(request).await.map(|_| page(status)),
            Mishap::NoBody => self.serve(request).await.map(|reply| with_body(reply, "")),
            Mishap::Truncated => self.serve(request).await.map(truncated),
            Mishap::CutJson => {
                let reply = self.serve(request).await?;
                let (head, body) = taken_apart(reply).await;
                Ok(put_together(head, body.slice(..body.len() / 2)))
            }
            Mishap::OtherJson => {
                self.serve(request).await.map(|reply| with_body(reply, r#"{"unexpected":["answer"]}"#))
            }
            Mishap::Slow => {
                let reply = self.serve(request).await;
                let wait = self.notes().weather.lateness();
                sleep(wait).await;
                reply
            }
            Mishap::Silent => {
                let _ = self.serve(request).await;
                std::future::pending().await
            }
            Mishap::Unauthorized => Ok(answer(401, &[], r#"{"status":401,"message":"Unauthorized"}"#)),
            Mishap::NotYet => Ok(answer(404, &[], r#"{"status":404,"message":"Not found"}"#)),
            Mishap::Foreign => {
                let (head, body) = taken_apart(self.serve(request).await?).await;
                let text = String::from_utf8_lossy(&body).replace(ORIGIN, ELSEWHERE);
                Ok(put_together(head, text.into()))
            }
        }
    }

    /// Hands a request to the server, which goes on with it whatever becomes of its sender.
    async fn serve(&self, request: Request) -> Result<Response, TransportError> {
        let server = self.server.clone();
        tokio::spawn(async move { server.execute(request).await }).await.expect("the server does not panic")
    }
}

fn broken(kind: TransportKind, sent: bool) -> TransportError {
    TransportError::new(kind, sent, "the weather")
}

fn answer(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response {
    let mut reply = http::Response::builder().status(status);
    for (name, value) in headers {
        reply = reply.header(*name, *value);
    }
    reply.body(body).expect("a plain answer").into()
}

fn page(status: u16) -> Response {
    answer(status, &[("content-type", "text/html")], "<html><body><h1>Gateway</h1></body></html>")
}

/// The first half of a request's body, and then a broken line.
fn cut(mut request: Request) -> Request {
    let half =
        request.body().and_then(|body| body.as_bytes()).map(|bytes| Bytes::copy_from_slice(&bytes[..bytes.len() / 2]));
    if request.method() != Method::GET {
        let pieces = [Ok(half.unwrap_or_default()), Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))];
        *request.body_mut() = Some(reqwest::Body::wrap_stream(stream::iter(pieces)));
    }
    request
}

fn with_body(reply: Response, body: &'static str) -> Response {
    let mut reply: http::Response<reqwest::Body> = reply.into();
    reply.headers_mut().remove(header::CONTENT_LENGTH);
    reply.map(|_| body).into()
}

fn truncated(reply: Response) -> Response {
    let reply: http::Response<reqwest::Body> = reply.into();
    let pieces = [Ok(Bytes::from_static(b"{\"")), Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof))];
    reply.map(|_| reqwest::Body::wrap_stream(stream::iter(pieces))).into()
}

async fn taken_apart(reply: Response) -> (http::response::Parts, Bytes) {
    let status = reply.status();
    let headers = reply.headers().clone();
    let body = reply.bytes().await.unwrap_or_default();
    let (mut head, ()) = http::Response::new(()).into_parts();
    head.status = status;
    head.headers = headers;
    (head, body)
}

fn put_together(mut head: http::response::Parts, body: Bytes) -> Response {
    head.headers.remove(header::CONTENT_LENGTH);
    http::Response::from_parts(head, body).into()
}
