//! What a server may answer: every reader of the client over one reply.
//!
//! An input is a reply as HTTP writes it: the status on the first line, headers up to an empty line, then the body.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use camino::Utf8Path;
use consign::{
    asset::Coordinates,
    exchange::{
        Asset, AssetQuery, Conflict, Dimension, Edition, Exchange, OrganizationSwitch, PublishHeaders, PublishRequest,
    },
    net::{CallError, Client, ClientSettings, Credentials, PaceSettings, RetrySettings, Transport, TransportError},
};
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::scratch::Scratch;

/// No call takes longer by its own clock: whatever a header says, nobody waits for hours.
const PATIENCE: Duration = Duration::from_hours(1);

/// A reply to everything that consign asks for.
pub fn answers(data: &[u8]) {
    let reply = Reply::parse(data);
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    clock.expect("a runtime needs nothing of the system").block_on(async {
        let start = tokio::time::Instant::now();
        read_all(&reply).await;
        let elapsed = start.elapsed();
        assert!(elapsed < PATIENCE * 20, "waited {elapsed:?}");
    });
}

/// The reply as one call after the other meets it.
async fn read_all(reply: &Reply) {
    let gav: Coordinates = "g/a/1.0.0".parse().expect("parses");
    // Before the macro a client for each call: what one reply asks for must not slow the next.
    macro_rules! call {
        ($exchange:ident => $call:expr) => {{
            let $exchange = reply.exchange(None);
            let start = tokio::time::Instant::now();
            let outcome = $call.await;
            assert!(start.elapsed() < PATIENCE, "waited {:?}", start.elapsed());
            if let Err(error) = &outcome {
                check(error);
            }
            outcome.ok()
        }};
    }
    let request = PublishRequest {
        coordinates: gav.clone(),
        form: vec![("name".to_owned(), "A".to_owned())],
        files: Vec::new(),
        sync: false,
        headers: PublishHeaders::default(),
    };
    call!(exchange => exchange.publish(&request));
    let status = call!(exchange => async { exchange.publication_status(&exchange.latest_publication(&gav)).await });
    if let Some(Some(status)) = status {
        let _ = status.errors();
    }
    if let Some(Some(asset)) = call!(exchange => exchange.asset(&gav)) {
        look_at(&asset);
        download(reply, &asset).await;
    }
    call!(exchange => exchange.list_page(&AssetQuery::default(), 0));
    call!(exchange => exchange.configurations_page(Dimension::Category, 0));
    call!(exchange => exchange.configurations_page(Dimension::Field, 0));
    call!(exchange => exchange.soft_deleted_page(0));
    call!(exchange => exchange.limits());
    call!(exchange => exchange.setting(OrganizationSwitch::HardDeletion));
    call!(exchange => exchange.portal(&gav, Edition::Draft));
    call!(exchange => exchange.page_text(&gav, Edition::Published, "home"));
    call!(exchange => exchange.resources(&gav, Edition::Draft));
    call!(exchange => exchange.actions(&gav));
    call!(exchange => exchange.version_groups("g", "a"));
    call!(exchange => exchange.identities("g", "a"));
    if let Some(me) = call!(exchange => Exchange::me(exchange.client())) {
        let _ = (me.root_of("org"), me.line("org").count());
    }
    let user = Credentials::User { name: "u".to_owned(), password: "p".to_owned().into() };
    if let Err(error) = reply.exchange(Some(user)).client().sign_in().await {
        check(&error);
    }
}

fn look_at(asset: &Asset) {
    let _ = (asset.kind(), asset.all_versions(), asset.api_version(), asset.asset_link(), asset.coordinates());
    for field in &asset.custom_fields {
        if let Some(value) = field.read() {
            assert!(value.is_same(&value), "a value is the same as itself: {value:?}");
            let _ = (value.to_json(), value.to_texts());
        }
    }
}

/// A file of the asset, wherever its link leads: nothing but the one server is there to be asked.
async fn download(reply: &Reply, asset: &Asset) {
    let Some(file) = asset.files.first() else { return };
    let scratch = Scratch::new();
    let to = scratch.root.join("file");
    if let Err(error) = reply.exchange(None).download(file, Utf8Path::new(&to)).await {
        assert!(!error.to_string().is_empty());
    }
}

/// What is told of a failure is fit for a journal and for a terminal.
fn check(error: &CallError) {
    let _ = error.disposition();
    if let CallError::Refused(refusal) = error {
        let _ = Conflict::of(refusal);
        let told = refusal.to_string();
        assert!(told.chars().count() < 120_000, "a refusal is short");
        assert!(!told.chars().any(char::is_control), "a refusal has no control characters: {told:?}");
        assert!(refusal.retry_after.is_none_or(|wait| wait <= Duration::from_mins(10)));
    }
}

/// What the server answers first; then it refuses everything.
#[derive(Debug, Clone)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    fn parse(data: &[u8]) -> Self {
        let mut reply = Self { status: 200, headers: HeaderMap::new(), body: Bytes::new() };
        let mut rest = data;
        let mut is_first = true;
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len() - 1);
            let line = rest[..=end].trim_ascii();
            rest = &rest[end + 1..];
            if std::mem::take(&mut is_first) {
                let status = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
                reply.status = status.filter(|status| (200..600).contains(status)).unwrap_or(200);
                continue;
            }
            if line.is_empty() {
                break;
            }
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let name = parts.next().and_then(|name| HeaderName::from_bytes(name.trim_ascii()).ok());
            let value = parts.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
            if let (Some(name), Some(value)) = (name, value) {
                reply.headers.append(name, value);
            }
        }
        reply.body = Bytes::copy_from_slice(rest);
        reply
    }

    fn exchange(&self, credentials: Option<Credentials>) -> Exchange {
        let settings = ClientSettings {
            origin: "https://exchange.example".parse().expect("is an origin"),
            transport: Arc::new(Server { reply: self.clone(), has_answered: AtomicBool::new(false) }),
            credentials,
            pace: PaceSettings::default(),
            retry: RetrySettings { tries: 2, seed: Some(1), ..RetrySettings::default() },
            user_agent: "fuzz".to_owned(),
        };
        Exchange::new(Client::new(settings), "org".to_owned())
    }
}

#[derive(Debug)]
struct Server {
    reply: Reply,
    has_answered: AtomicBool,
}

impl Transport for Server {
    fn execute(&self, _request: reqwest::Request) -> BoxFuture<'_, Result<reqwest::Response, TransportError>> {
        let is_over = self.has_answered.swap(true, Relaxed);
        let mut response = http::Response::new(self.reply.body.clone());
        *response.status_mut() = http::StatusCode::from_u16(self.reply.status).expect("was checked");
        *response.headers_mut() = self.reply.headers.clone();
        if is_over {
            response = http::Response::new(Bytes::new());
            *response.status_mut() = http::StatusCode::BAD_REQUEST;
        }
        Box::pin(async { Ok(response.map(reqwest::Body::from).into()) })
    }
}
