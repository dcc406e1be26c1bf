//! A transport for tests: a queue of scripted replies, and a record of what was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{StreamExt, future::BoxFuture, stream};
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep};

use super::{
    Client, ClientSettings, Credentials, PaceSettings, RetrySettings, Transport, TransportError, TransportKind,
};

/// One scripted reply.
pub(crate) enum Step {
    /// A status, headers and a body, after a delay.
    Reply(u16, Vec<(&'static str, String)>, String, Duration),
    /// A failure of the transport.
    Fail(TransportKind, bool),
    /// No reply, ever.
    Silence,
    /// A body that comes in pieces, each after a delay.
    Slow(Vec<&'static str>, Duration),
}

/// A reply with a body.
pub(crate) fn reply(status: u16, body: &str) -> Step {
    Step::Reply(status, Vec::new(), body.to_owned(), Duration::ZERO)
}

/// A reply with a header.
pub(crate) fn with_header(status: u16, name: &'static str, value: &str) -> Step {
    Step::Reply(status, vec![(name, value.to_owned())], String::new(), Duration::ZERO)
}

/// What was asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    pub(crate) at: Duration,
    pub(crate) line: String,
    pub(crate) authorization: Option<String>,
    /// The names of all headers, in order.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

/// Answers requests by a script; beyond its end with an empty 200.
#[derive(Clone)]
pub(crate) struct Scripted(Arc<Inner>);

struct Inner {
    start: Instant,
    steps: Mutex<VecDeque<Step>>,
    asked: Mutex<Vec<Asked>>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

impl Scripted {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let steps = Mutex::new(steps.into_iter().collect());
        Self(Arc::new(Inner { start: Instant::now(), steps, asked: Mutex::default() }))
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.0.asked.lock().expect("not poisoned").clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    pub(crate) fn client(&self, credentials: Option<Credentials>) -> Client {
        self.paced(credentials, PaceSettings::default())
    }

    pub(crate) fn paced(&self, credentials: Option<Credentials>, pace: PaceSettings) -> Client {
        Client::new(ClientSettings {
            origin: "https://exchange.example".parse().expect("parses"),
            transport: Arc::new(self.clone()),
            credentials,
            pace,
            retry: RetrySettings { seed: Some(7), ..RetrySettings::default() },
            user_agent: "consign-test".to_owned(),
        })
    }
}

impl Transport for Scripted {
    fn execute(&self, mut request: reqwest::Request) -> BoxFuture<'_, Result<reqwest::Response, TransportError>> {
        Box::pin(async move {
            let body = match request.body_mut().take() {
                Some(body) => body.collect().await.map_err(TransportError::classify)?.to_bytes(),
                None => bytes::Bytes::new(),
            };
            let mut headers: Vec<String> = request.headers().keys().map(ToString::to_string).collect();
            headers.sort_unstable();
            let authorization = request.headers().get(http::header::AUTHORIZATION);
            self.0.asked.lock().expect("not poisoned").push(Asked {
                at: self.0.start.elapsed(),
                line: format!("{} {}", request.method(), &request.url()[url::Position::BeforeHost..]),
                headers,
                authorization: authorization.map(|v| v.to_str().expect("is text").to_owned()),
                body: String::from_utf8_lossy(&body).into_owned(),
            });
            let step = self.0.steps.lock().expect("not poisoned").pop_front();
            let mut builder = http::Response::builder();
            let body = match step.unwrap_or_else(|| reply(200, "")) {
                Step::Reply(status, headers, body, delay) => {
                    sleep(delay).await;
                    builder = builder.status(status);
                    for (name, value) in headers {
                        builder = builder.header(name, value);
                    }
                    reqwest::Body::from(body)
                }
                Step::Fail(kind, sent) => return Err(TransportError { kind, sent, source: None }),
                Step::Silence => std::future::pending().await,
                Step::Slow(pieces, delay) => {
                    let pieces = stream::iter(pieces).then(move |piece| async move {
                        sleep(delay).await;
                        Ok::<_, std::convert::Infallible>(piece)
                    });
                    reqwest::Body::wrap_stream(pieces)
                }
            };
            Ok(builder.body(body).expect("is a response").into())
        })
    }
}
