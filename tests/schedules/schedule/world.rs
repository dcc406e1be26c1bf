//! One schedule from its beginning to its end: processes that die in a storm, then one in calm weather, then a look at
//! what has become of everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::body::Body;
use camino::Utf8PathBuf;
use consign::{
    engine::{Clock, Event, Sink, Tally},
    exchange::Exchange,
    job::Job,
    journal::{Commits, Lock, Reader, State, StatusFilter},
    net::{Client, ClientSettings, InProcessTransport, PaceSettings, RetrySettings},
    sandbox::Reset,
    work::{self, Connection, RunError, RunOptions, RunOutcome, StandIns},
};
use serde_json::Value;
use tokio::{
    task::yield_now,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    block::{Block, Visitor, organization},
    catalog::{Catalog, Expected},
    life::Life,
    plan::{Plan, Weather},
    wire::{Notes, ORIGIN, Wire},
};

/// Where the clock of the machine stands at first, in milliseconds since 1970.
const EPOCH: i64 = 1_795_000_000_000;

/// No process lives longer; one that does waits for something that never comes.
const EVER: Duration = Duration::from_hours(6);

/// What a schedule came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Processes that died.
    pub(crate) deaths: u64,
    /// Requests sent, and how many of them had a mishap.
    pub(crate) requests: u64,
    pub(crate) mishaps: u64,
    /// A hash of all that happened, and when.
    pub(crate) trace: u64,
}

/// A schedule under way.
struct World<'a> {
    plan: &'a Plan,
    catalog: &'a Catalog,
    block: &'a Block,
    visitor: &'a Visitor,
    organization: String,
    journal: Utf8PathBuf,
    start: Instant,
    /// How far the machine's clock is ahead of the time that really passed, in milliseconds.
    ahead: i64,
    notes: Arc<Mutex<Notes>>,
    events: Arc<Events>,
    told: Told,
}

/// How a process ended.
enum End {
    Died,
    Ended(Box<Result<RunOutcome, RunError>>),
}

/// Carries out the schedule of a seed, with the catalogs of its organization.
///
/// # Errors
/// What broke which promise.
pub(crate) async fn carry_out(
    seed: u64,
    block: &Block,
    visitor: &Visitor,
    catalogs: &[Catalog],
) -> Result<Told, String> {
    let plan = Plan::of(seed, catalogs.len());
    let catalog = &catalogs[plan.catalog];
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let world = World {
        plan: &plan,
        catalog,
        block,
        visitor,
        organization: organization(seed),
        journal: Utf8PathBuf::from_path_buf(folder.path().join("job.db")).expect("plain names"),
        start: Instant::now(),
        ahead: 0,
        notes: Arc::default(),
        events: Arc::default(),
        told: Told::default(),
    };
    world.unfold().await.map_err(|broken| format!("{broken}\n{} {plan:?}", catalog.name))
}

impl World<'_> {
    async fn unfold(mut self) -> Result<Told, String> {
        if let Some(first) = &self.catalog.first {
            self.calm(first).await?;
            std::fs::remove_file(&self.journal).map_err(|error| error.to_string())?;
        }
        self.set_weather(self.plan.weather.clone());
        let stormy = self.plan.deaths.iter().copied().map(Some).chain([None]);
        for (death, jump) in stormy.zip(&self.plan.jumps) {
            self.ahead += jump;
            let life = death.map_or_else(Life::default, Life::until);
            if let End::Died = self.process(&self.catalog.job, life, true).await? {
                self.told.deaths += 1;
            }
        }
        self.set_weather(Weather::default());
        self.ahead += self.plan.jumps.last().unwrap_or(&0);
        self.calm(&self.catalog.job).await?;
        self.check().await?;
        self.check_rest().await?;
        Ok(self.sum_up())
    }

    fn set_weather(&self, weather: Weather) {
        self.notes().weather = weather;
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One process, from its start to its end or to its death.
    async fn process(&self, job: &Job, life: Life, retry: bool) -> Result<End, String> {
        let first = self.notes().sent.len();
        let options = RunOptions {
            retry,
            stand_ins: StandIns {
                commits: Commits::OneByOne(Arc::new(life.clone())),
                clock: Some(Clock::at(EPOCH + self.ahead + millis(self.start.elapsed()))),
            },
            ..RunOptions::default()
        };
        let (sink, tally) = (Arc::clone(&self.events) as Arc<dyn Sink>, Arc::new(Tally::default()));
        let lock = self.lock().await?;
        let run = work::run(job, lock, self.connect(life.clone()), options, sink, tally, CancellationToken::new());
        let end = tokio::select! {
            biased;
            () = life.ended() => End::Died,
            outcome = timeout(EVER, run) => match outcome {
                Ok(outcome) => End::Ended(Box::new(outcome)),
                Err(_) => return Err(format!("a process that never ends, after {} instants", life.passed())),
            },
        };
        self.check_wire(first)?;
        Ok(end)
    }

    /// The lock of the journal, once what is left of the process before is gone: tasks of this thread, and a thread that
    /// reads the source. The clock stands meanwhile: how long a thread takes is no part of the schedule.
    async fn lock(&self) -> Result<Lock, String> {
        for _ in 0..100_000 {
            if let Ok(lock) = Lock::take(&self.journal) {
                return Ok(lock);
            }
            yield_now().await;
            std::thread::sleep(Duration::from_micros(100));
        }
        Lock::take(&self.journal).map_err(|error| error.to_string())
    }

    fn connect(&self, life: Life) -> Connection {
        let server =
            InProcessTransport::new(self.block.router.clone(), |extensions| extensions.get::<Reset>().is_some());
        let client = Client::new(ClientSettings {
            origin: ORIGIN.parse().expect("an origin"),
            transport: Arc::new(Wire::new(server, life, self.start, Arc::clone(&self.notes))),
            credentials: Some(self.visitor.credentials(self.plan.is_bearer)),
            pace: PaceSettings {
                requests_per_second: self.plan.requests_per_second,
                concurrency: self.plan.concurrency,
                ..PaceSettings::default()
            },
            retry: RetrySettings { seed: Some(7), ..RetrySettings::default() },
            user_agent: "consign-schedule".to_owned(),
        });
        Connection {
            exchange: Exchange::new(client, self.organization.clone()),
            key: self.organization.clone(),
            name: ORIGIN.to_owned(),
            group: self.organization.clone(),
            hub: None,
        }
    }

    /// Calm weather: what is left is done, and nothing fails but what the server does not end in time. Later that turns
    /// out to be there.
    async fn calm(&self, job: &Job) -> Result<(), String> {
        const ROUNDS: usize = 5;
        for _ in 0..ROUNDS {
            let outcome = self.settle(job).await?;
            if outcome.counts.failed == 0 && outcome.counts.open() == 0 && outcome.counts.total() > 0 {
                return Ok(());
            }
            if !self.block.hangs {
                break;
            }
            sleep(Duration::from_hours(5)).await;
        }
        Err(format!("not everything succeeded: {}", self.items()))
    }

    /// A process that has to come to its end: every item is final, or blocked by one that failed.
    async fn settle(&self, job: &Job) -> Result<RunOutcome, String> {
        let End::Ended(outcome) = self.process(job, Life::default(), true).await? else {
            return Err("it died without a death".to_owned());
        };
        let outcome = outcome.map_err(|error| format!("the calm run failed: {}", error.chain()))?;
        if outcome.counts.open() > outcome.counts.blocked || (outcome.counts.blocked > 0 && outcome.counts.failed == 0)
        {
            return Err(format!("items are left open: {:?}, {}", outcome.counts, self.items()));
        }
        Ok(outcome)
    }

    fn items(&self) -> String {
        let mut rows = Vec::new();
        let read = Reader::open(&self.journal).and_then(|reader| reader.rows(StatusFilter::All, |row| rows.push(row)));
        match read {
            Ok(()) => serde_json::to_string(&rows).unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    }

    /// No token for another server, no request above the pace.
    fn check_wire(&self, first: usize) -> Result<(), String> {
        let notes = self.notes();
        if let Some(violation) = notes.violations.first() {
            return Err(violation.clone());
        }
        // A token may be fetched while all permits are held by those who wait for it.
        if notes.most_in_flight > self.plan.concurrency + 1 {
            return Err(format!("{} requests in flight, {} allowed", notes.most_in_flight, self.plan.concurrency));
        }
        let Some(rate) = self.plan.requests_per_second else { return Ok(()) };
        let times: Vec<Duration> = notes.sent[first..].iter().map(|sent| sent.at).collect();
        for (at, time) in times.iter().enumerate() {
            let within = times[at..].iter().take_while(|other| **other < *time + Duration::from_secs(1)).count();
            if u32::try_from(within).map_or(f64::INFINITY, f64::from) > rate.ceil() {
                return Err(format!("{within} requests within a second from {time:?}, {rate} allowed"));
            }
        }
        Ok(())
    }

    /// The server holds what the job says, once, and the journal says the same.
    async fn check(&self) -> Result<(), String> {
        if let Some(illegal) = self.events.illegal() {
            return Err(illegal);
        }
        self.check_moves()?;
        let stats = self.block.sandbox.stats();
        let mut twice = stats["duplicatePublishes"].as_object().into_iter().flatten();
        if let Some((gav, count)) = twice.find(|(gav, _)| gav.starts_with(&self.organization)) {
            return Err(format!("{gav} was published {count} times too often"));
        }
        for expected in &self.catalog.expected {
            self.check_asset(expected).await?;
        }
        self.check_nothing_else().await
    }

    async fn check_asset(&self, expected: &Expected) -> Result<(), String> {
        let name = format!("{}/{}", expected.asset, expected.version);
        let found = self.get(&format!("/exchange/api/v2/assets/{}/{name}", self.organization)).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |key: &str| found[key].as_array().cloned().unwrap_or_default();
        let tags: BTreeSet<String> = list("labels").iter().map(text).collect();
        let fields: BTreeMap<String, String> =
            list("customFields").iter().map(|field| (text(&field["key"]), text(&field["value"]))).collect();
        let status = text(&found["status"]);
        if tags != expected.tags || fields != expected.fields || status != expected.status {
            let seen = format!("{status:?}, tags {tags:?}, fields {fields:?}");
            return Err(format!("{name} is {seen} instead of {expected:?}\n{}", self.items()));
        }
        Ok(())
    }

    async fn check_nothing_else(&self) -> Result<(), String> {
        let list = self.get(&format!("/exchange/api/v2/assets?organizationId={}&limit=100", self.organization)).await;
        let mut found: Vec<String> = Vec::new();
        for asset in list.as_array().into_iter().flatten() {
            found.extend(asset["assetId"].as_str().map(str::to_owned));
        }
        found.sort();
        found.dedup();
        let mut wanted: Vec<String> = self.catalog.expected.iter().map(|expected| expected.asset.clone()).collect();
        wanted.sort();
        wanted.dedup();
        if found == wanted { Ok(()) } else { Err(format!("the server holds {found:?} instead of {wanted:?}")) }
    }

    /// Every move in the journal is a legal one.
    fn check_moves(&self) -> Result<(), String> {
        let reader = Reader::open(&self.journal).map_err(|error| error.to_string())?;
        let mut rows = Vec::new();
        reader.rows(StatusFilter::All, |row| rows.push(row)).map_err(|error| error.to_string())?;
        for row in rows {
            let events = reader.events(row.id).map_err(|error| error.to_string())?;
            for pair in events.windows(2) {
                let (from, to) = (pair[0].state, pair[1].state);
                if !from.may_become(to) {
                    return Err(format!("{:?} went from {from} to {to}: {events:?}", row.gav));
                }
            }
            if events.last().is_some_and(|event| event.state != row.state) {
                return Err(format!("{:?} is {} and its last event says otherwise: {events:?}", row.gav, row.state));
            }
        }
        Ok(())
    }

    /// One more run has nothing to do.
    async fn check_rest(&self) -> Result<(), String> {
        let before = self.notes().sent.len();
        self.calm(&self.catalog.job).await?;
        match self.notes().sent[before..].iter().find(|sent| sent.is_write()) {
            Some(write) => Err(format!("a run with nothing to do sent {write:?}")),
            None => Ok(()),
        }
    }

    /// Asks the server past the wire.
    async fn get(&self, path: &str) -> Value {
        let token = &self.visitor.token;
        let request = http::Request::get(path).header("authorization", format!("bearer {token}"));
        let request = request.body(Body::empty()).expect("a plain request");
        let Ok(reply) = self.block.router.clone().oneshot(request).await;
        let body = axum::body::to_bytes(reply.into_body(), usize::MAX).await.unwrap_or_default();
        serde_json::from_slice(&body).unwrap_or_default()
    }

    fn sum_up(mut self) -> Told {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hasher = DefaultHasher::new();
        notes.sent.hash(&mut hasher);
        self.events.hash(&mut hasher);
        self.told.requests = notes.sent.len() as u64;
        self.told.mishaps = notes.sent.iter().filter(|sent| sent.mishap.is_some()).count() as u64;
        self.told.trace = hasher.finish();
        self.told
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What the engine tells, held to what may be told.
#[derive(Debug, Default)]
struct Events(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    states: BTreeMap<String, State>,
    told: Vec<String>,
    illegal: Option<String>,
}

impl Events {
    fn illegal(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).illegal.clone()
    }

    fn hash(&self, hasher: &mut DefaultHasher) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).told.hash(hasher);
    }
}

impl Sink for Events {
    fn emit(&self, event: &Event) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            // Another process takes up items where the last one left them.
            Event::Start { .. } => known.states.clear(),
            Event::Item { gav, state, step, .. } => {
                known.told.push(format!("{gav} {state} {step:?}"));
                if let Some(from) = known.states.insert(gav.clone(), *state)
                    && (from.is_final() || !from.may_become(*state))
                {
                    known.illegal = Some(format!("{gav} was told to go from {from} to {state}"));
                }
            }
            _ => {}
        }
    }
}
