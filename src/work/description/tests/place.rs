//! An organization in a sandbox, and a describer that counts what it sends.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::super::*;
use crate::{
    asset::{AssetDraft, Spelled},
    exchange::{Asset, DataType, Dimension, NewConfiguration, PublishHeaders, PublishRequest},
    journal::{ItemId, State},
    net::{
        Client, ClientSettings, Credentials, InProcessTransport, PaceSettings, RetrySettings, Transport,
        TransportError, TransportKind, scripted::Scripted,
    },
    sandbox::{Reset, Sandbox, Settings},
};

/// Remembers what is sent on its way, polls and reads apart.
#[derive(Debug)]
struct Watched<T> {
    inner: T,
    writes: Arc<Mutex<Vec<String>>>,
    reads: Arc<Mutex<Vec<String>>>,
    /// After so many writes the reply to one is lost.
    lost: Arc<AtomicU64>,
}

impl<T: Transport> Transport for Watched<T> {
    fn execute(&self, request: reqwest::Request) -> BoxFuture<'_, Result<reqwest::Response, TransportError>> {
        let sent = if request.method() == http::Method::GET { &self.reads } else { &self.writes };
        let path = request.url().path().rsplit_once("/assets/").map_or(request.url().path(), |(_, path)| path);
        // Without the group and the asset, which are the same in all tests.
        let path = path.splitn(3, '/').nth(2).unwrap_or(path);
        sent.lock().expect("not poisoned").push(format!("{} {path}", request.method()));
        let counts = request.method() != http::Method::GET;
        let is_lost = counts && self.lost.fetch_sub(1, Ordering::Relaxed) == 1;
        Box::pin(async move {
            let reply = self.inner.execute(request).await?;
            if is_lost {
                return Err(TransportError { kind: TransportKind::Reset, sent: true, source: None });
            }
            Ok(reply)
        })
    }
}

/// An organization with one API.
pub(super) struct Place {
    pub(super) exchange: Exchange,
    pub(super) describer: Describer,
    pub(super) gav: Coordinates,
    pub(super) folder: tempfile::TempDir,
    pub(super) tally: Arc<Tally>,
    writes: Arc<Mutex<Vec<String>>>,
    reads: Arc<Mutex<Vec<String>>>,
    lost: Arc<AtomicU64>,
}

/// How describing ended.
#[derive(Debug, PartialEq)]
pub(super) enum Ended {
    /// With this note.
    Done(Option<String>),
    /// With this failure.
    Failed(Failure),
}

impl Place {
    /// With `orders/1.0.0`, an HTTP API of the version group `v1`.
    pub(super) async fn new() -> Self {
        Self::with(Settings::default(), DescribeApi::V2).await
    }

    pub(super) async fn with(settings: Settings, api: DescribeApi) -> Self {
        let sandbox = Sandbox::open(settings).expect("opens");
        let organization = sandbox.credentials().organization.clone();
        let router = InProcessTransport::new(sandbox.router("https://sandbox.test"), |extensions| {
            extensions.get::<Reset>().is_some()
        });
        let (writes, reads) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let lost = Arc::new(AtomicU64::new(u64::MAX));
        let client = Client::new(ClientSettings {
            origin: "https://sandbox.test".parse().expect("parses"),
            transport: Arc::new(Watched {
                inner: router,
                writes: Arc::clone(&writes),
                reads: Arc::clone(&reads),
                lost: Arc::clone(&lost),
            }),
            credentials: Some(Credentials::Bearer(sandbox.credentials().token.clone().into())),
            pace: PaceSettings::default(),
            retry: RetrySettings { tries: 1, ..RetrySettings::default() },
            user_agent: "consign-test".to_owned(),
        });
        let exchange = Exchange::new(client, organization.clone());
        let tally = Arc::new(Tally::default());
        let scratch = Arc::new(Scratch::new().expect("is made"));
        let describer = Describer::new(
            exchange.clone(),
            api,
            Limits::default(),
            scratch,
            Duration::from_secs(30),
            Arc::clone(&tally),
        );
        let gav = format!("{organization}/orders/1.0.0").parse().expect("parses");
        let folder = tempfile::tempdir().expect("is made");
        let place = Self { exchange, describer, gav, folder, tally, writes, reads, lost };
        place.publish(json!({})).await;
        place
    }

    /// Publishes the API, or another asset that differs from it in what is said.
    pub(super) async fn publish(&self, other: Value) -> Coordinates {
        let mut draft = json!({
            "coordinates": self.gav, "type": "http-api", "name": "Orders", "properties": {"apiVersion": "v1"},
            "path": "x", "stamp": "s"
        });
        for (key, value) in other.as_object().expect("is an object") {
            draft[key] = value.clone();
        }
        let draft: AssetDraft = serde_json::from_value(draft).expect("is a draft");
        let headers = PublishHeaders { snapshots_allowed: Some(true), ..PublishHeaders::default() };
        let request = PublishRequest::from_draft(&draft, Vec::new(), true, headers);
        self.exchange.publish(&request).await.expect("is published");
        self.forget();
        draft.coordinates
    }

    pub(super) async fn configure(&self, dimension: Dimension, key: &str, data_type: DataType, accepted: &[&str]) {
        let new = NewConfiguration {
            tag_key: key.to_owned(),
            display_name: format!("The {key}"),
            data_type: Some(data_type),
            accepted_values: accepted.iter().map(|value| (*value).to_owned()).collect(),
            asset_type_restrictions: Vec::new(),
        };
        self.exchange.create_configuration(dimension, &new).await.expect("is configured");
        self.forget();
    }

    pub(super) async fn asset(&self) -> Asset {
        self.exchange.asset(&self.gav).await.expect("answers").expect("is there")
    }

    /// Writes a file.
    pub(super) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> Utf8PathBuf {
        let path = Utf8Path::from_path(self.folder.path()).expect("is UTF-8").join(name);
        std::fs::create_dir_all(path.parent().expect("lies in a folder")).expect("is made");
        std::fs::write(&path, content).expect("is written");
        path
    }

    /// What differs, in words.
    pub(super) async fn differences(&self, wish: &Description) -> Vec<String> {
        match self.describer.compare(&self.gav, wish).await.expect("compares") {
            Differences::Found(found) => found.iter().map(ToString::to_string).collect(),
            Differences::NotThere => panic!("is there"),
        }
    }

    /// Takes the three steps, as an engine does.
    pub(super) async fn bring(&self, wish: &Description) -> Ended {
        self.bring_of(&self.gav, wish).await
    }

    pub(super) async fn bring_of(&self, gav: &Coordinates, wish: &Description) -> Ended {
        let mut progress = Progress::default();
        let mut item = item(gav, None);
        let (mut at, mut turns) = (0, 0);
        while at < STEPS.len() {
            turns += 1;
            assert!(turns < 1_000, "turns in circles");
            let outcome = match STEPS[at].name {
                DESCRIBE => {
                    item.token = None;
                    self.describer.describe(&mut progress, gav, wish).await
                }
                SETTLE => self.describer.settle(&mut progress, &item).await,
                _ => self.describer.promote(&mut progress, gav, wish).await,
            };
            match outcome {
                Outcome::Next => at += 1,
                Outcome::Wait { token, after } => {
                    item.token = Some(token);
                    at = 1;
                    tokio::time::sleep(after.min(Duration::from_millis(10))).await;
                }
                Outcome::Again { .. } => {}
                Outcome::Back { .. } => at = 0,
                Outcome::Failed(failure) => return Ended::Failed(failure),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(progress.has_changed(), progress.note().is_some());
        Ended::Done(progress.note())
    }

    /// Brings the asset up to a wish, and again: the second time sends reads only, and finds nothing.
    pub(super) async fn settles(&self, wish: &Description) -> String {
        let before = self.updated();
        let Ended::Done(Some(note)) = self.bring(wish).await else { panic!("changes something") };
        assert_eq!(self.updated(), before + 1, "an item counts once");
        self.unchanged(wish).await;
        note
    }

    /// A wish that is true already sends reads only.
    pub(super) async fn unchanged(&self, wish: &Description) {
        let before = self.updated();
        let kept = std::mem::take(&mut *self.writes.lock().expect("not poisoned"));
        assert_eq!(self.differences(wish).await, [] as [String; 0]);
        assert_eq!(self.bring(wish).await, Ended::Done(None));
        assert_eq!(self.writes(), [] as [String; 0]);
        assert_eq!(self.updated(), before);
        *self.writes.lock().expect("not poisoned") = kept;
    }

    pub(super) async fn refuses(&self, wish: &Description) -> Failure {
        match self.bring(wish).await {
            Ended::Failed(failure) => failure,
            Ended::Done(note) => panic!("is done: {note:?}"),
        }
    }

    pub(super) fn writes(&self) -> Vec<String> {
        self.writes.lock().expect("not poisoned").clone()
    }

    pub(super) fn reads(&self) -> Vec<String> {
        self.reads.lock().expect("not poisoned").clone()
    }

    /// The reply to one of the next writes is lost: the first is number 1.
    pub(super) fn lose_reply(&self, number: u64) {
        self.lost.store(number, Ordering::Relaxed);
    }

    /// Forgets what was sent so far.
    pub(super) fn forget(&self) {
        self.writes.lock().expect("not poisoned").clear();
        self.reads.lock().expect("not poisoned").clear();
    }

    pub(super) fn updated(&self) -> u64 {
        self.tally.updated.load(Ordering::Relaxed)
    }
}

/// An item that waits with a token.
pub(super) fn item(gav: &Coordinates, token: Option<String>) -> Item {
    Item {
        yields: std::collections::BTreeSet::new(),
        retired: crate::journal::Retired::No,
        ids: None,
        id: ItemId(1),
        gav: gav.to_string(),
        state: State::Acting,
        step: None,
        attempt: 1,
        doubt: false,
        due: None,
        token,
        published_as: None,
        fingerprint: None,
        draft: String::new(),
    }
}

/// A wish, as a source spells it.
pub(super) fn wish(said: Value) -> Description {
    serde_json::from_value(said).expect("is a wish")
}

pub(super) fn one(text: &str) -> Value {
    serde_json::to_value(Spelled::One(text.to_owned())).expect("is JSON")
}

pub(super) fn many(values: &[&str]) -> Value {
    serde_json::to_value(values).expect("is JSON")
}

/// A describer of a scripted server, signed in.
pub(super) fn describer_of(server: &Scripted) -> Describer {
    let credentials = Credentials::Bearer("token".to_owned().into());
    Describer::new(
        Exchange::new(server.client(Some(credentials)), "g".to_owned()),
        DescribeApi::V2,
        Limits::default(),
        Arc::new(Scratch::new().expect("is made")),
        Duration::from_mins(1),
        Arc::default(),
    )
}
