//! One schedule from its beginning to its end: processes that die in a storm, then one in calm weather, then a look at
//! what has become of everything.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use camino::Utf8PathBuf;
use consign::{
    engine::{Clock, Sink, Tally},
    exchange::Exchange,
    hub::{Hub, PortalAddress, PortalChoice},
    job::Job,
    journal::{Commits, Lock, PORTAL_KEY, Reader, StatusFilter},
    net::{Client, ClientSettings, InProcessTransport, PaceSettings, RetrySettings},
    sandbox::Reset,
    work::{self, Connection, RunOptions, RunOutcome, StandIns},
};
use tokio::{
    task::yield_now,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    assets,
    block::{Block, Visitor, organization},
    catalog::{Catalog, Goods},
    events::Events,
    life::Life,
    plan::{Plan, Weather},
    portal::{AWAY, Portal},
    secrets::Folder,
    server::Server,
    visit::{Answers, Visit},
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
    server: Server,
    folder: Folder,
    /// What the server answered on the portal before the job began.
    before: Answers,
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
    /// A run that could not go on says why.
    Ended(Box<Result<RunOutcome, String>>),
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
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("plain names");
    let world = World {
        plan: &plan,
        catalog,
        block,
        visitor,
        server: Server::new(block.router.clone(), visitor.token.clone(), organization(seed)),
        folder: Folder::new(path),
        before: Answers::default(),
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
        let job = self.folder.of(&self.catalog.job);
        let visit = self.make_ready().await?;
        self.set_weather(self.plan.weather.clone());
        if !self.plan.is_late {
            self.send_owner(visit.as_ref());
        }
        let stormy = self.plan.deaths.iter().copied().map(Some).chain([None]);
        for (death, jump) in stormy.zip(&self.plan.jumps) {
            self.ahead += jump;
            let life = death.map_or_else(Life::default, Life::until);
            if let End::Died = self.process(&job, life, true).await? {
                self.told.deaths += 1;
            }
        }
        self.set_weather(Weather::default());
        self.ahead += self.plan.jumps.last().unwrap_or(&0);
        if self.plan.is_late {
            self.send_owner(visit.as_ref());
        }
        self.calm(&job).await?;
        self.check(&job, visit.as_ref()).await.map_err(|broken| format!("{broken}\n{}", self.items()))?;
        self.check_rest(&job).await?;
        Ok(self.sum_up())
    }

    /// What is there before the job begins.
    async fn make_ready(&mut self) -> Result<Option<Visit>, String> {
        match &self.catalog.goods {
            Goods::Assets { first: None, .. } => Ok(None),
            Goods::Assets { first: Some(first), .. } => {
                self.calm(&self.folder.of(&first.job)).await?;
                if !first.is_known {
                    std::fs::remove_file(self.folder.journal()).map_err(|error| error.to_string())?;
                }
                Ok(None)
            }
            Goods::Portal(portal) => {
                let visit = Visit::of(self.server.clone()).await?;
                visit.furnish(portal).await?;
                self.before = Answers::of(self.block);
                Ok(Some(visit))
            }
        }
    }

    /// Where contracts have an owner, he looks after them from now on.
    fn send_owner(&self, visit: Option<&Visit>) {
        if let (Goods::Portal(Portal { has_owner: true, .. }), Some(visit)) = (&self.catalog.goods, visit) {
            tokio::spawn(visit.clone().approve(AWAY));
        }
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
        let clock = Clock::at(EPOCH + self.ahead + millis(self.start.elapsed()));
        let options = RunOptions {
            retry,
            stand_ins: StandIns { commits: Commits::OneByOne(Arc::new(life.clone())), clock: Some(clock) },
            ..RunOptions::default()
        };
        let (sink, tally) = (Arc::clone(&self.events) as Arc<dyn Sink>, Arc::new(Tally::default()));
        let lock = self.lock().await?;
        let run = async {
            let connection = self.connect(job, life.clone(), clock).await?;
            let run = work::run(job, lock, connection, options, sink, tally, CancellationToken::new());
            run.await.map_err(|error| error.chain())
        };
        let end = tokio::select! {
            biased;
            () = life.ended() => End::Died,
            outcome = timeout(EVER, run) => match outcome {
                Ok(outcome) => End::Ended(Box::new(outcome)),
                Err(_) => return Err(format!("a process that never ends, after {} instants", life.passed())),
            },
        };
        if job.kind.visits_a_portal() {
            self.folder.look();
        }
        self.check_wire(first)?;
        Ok(end)
    }

    /// The lock of the journal, once what is left of the process before is gone: tasks of this thread, and a thread that
    /// reads the source. The clock stands meanwhile: how long a thread takes is no part of the schedule.
    async fn lock(&self) -> Result<Lock, String> {
        for _ in 0..100_000 {
            if let Ok(lock) = Lock::take(&self.folder.journal()) {
                return Ok(lock);
            }
            yield_now().await;
            std::thread::sleep(Duration::from_micros(100));
        }
        Lock::take(&self.folder.journal()).map_err(|error| error.to_string())
    }

    /// The target, as the command finds it.
    async fn connect(&self, job: &Job, life: Life, clock: Clock) -> Result<Connection, String> {
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
        let organization = self.server.organization.clone();
        let mut connection = Connection {
            exchange: Exchange::new(client.clone(), organization.clone()),
            key: organization.clone(),
            name: ORIGIN.to_owned(),
            group: organization.clone(),
            hub: None,
        };
        if job.kind.visits_a_portal() {
            work::resume_pace(&client, &job.journal, clock);
            let choice = PortalChoice { organization: Some(organization), ..PortalChoice::default() };
            let hub = Hub::open(&client, &choice).await.map_err(|error| format!("no portal: {error}"))?;
            let PortalAddress { target_organization, portal } = hub.address();
            connection.key = format!("{PORTAL_KEY}{target_organization}/{portal}");
            connection.hub = Some(hub);
        }
        Ok(connection)
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
        let outcome = outcome.map_err(|error| format!("the calm run failed: {error}"))?;
        if outcome.counts.open() > outcome.counts.blocked || (outcome.counts.blocked > 0 && outcome.counts.failed == 0)
        {
            return Err(format!("items are left open: {:?}, {}", outcome.counts, self.items()));
        }
        Ok(outcome)
    }

    /// What the journal knows of all items: what they are, and how they got there.
    fn items(&self) -> String {
        let read = || {
            let (reader, mut rows, mut told) = (Reader::open(&self.folder.journal())?, Vec::new(), String::new());
            reader.rows(StatusFilter::All, |row| rows.push(row))?;
            for row in rows {
                told += &serde_json::to_string(&row).unwrap_or_default();
                for event in reader.events(row.id)? {
                    let (state, step) = (event.state, event.step.unwrap_or_default());
                    told += &format!("\n    {}: {state} {step} {}", event.at, event.note.unwrap_or_default());
                }
                told.push('\n');
            }
            Ok(told)
        };
        read().unwrap_or_else(|error: consign::journal::JournalError| error.to_string())
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
    async fn check(&self, job: &Job, visit: Option<&Visit>) -> Result<(), String> {
        if let Some(illegal) = self.events.illegal() {
            return Err(illegal);
        }
        self.check_moves()?;
        match (&self.catalog.goods, visit) {
            (Goods::Portal(portal), Some(visit)) => {
                let apps = visit.check(portal).await?;
                self.folder.check(portal, job, &apps, &self.events.words())?;
                Answers::of(self.block).since(&self.before).check(portal)
            }
            (Goods::Portal(_), None) => Err("nobody visits the portal".to_owned()),
            (Goods::Assets { expected, .. }, _) => {
                self.check_published_once()?;
                assets::check(&self.server, expected).await
            }
        }
    }

    fn check_published_once(&self) -> Result<(), String> {
        let stats = self.block.sandbox.stats();
        let mut twice = stats["duplicatePublishes"].as_object().into_iter().flatten();
        match twice.find(|(gav, _)| gav.starts_with(&self.server.organization)) {
            Some((gav, count)) => Err(format!("{gav} was published {count} times too often")),
            None => Ok(()),
        }
    }

    /// Every move in the journal is a legal one.
    fn check_moves(&self) -> Result<(), String> {
        let reader = Reader::open(&self.folder.journal()).map_err(|error| error.to_string())?;
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
    async fn check_rest(&self, job: &Job) -> Result<(), String> {
        let (before, delivered) = (self.notes().sent.len(), self.folder.delivered());
        self.calm(job).await?;
        if self.folder.delivered() != delivered {
            return Err("a run with nothing to do delivered secrets".to_owned());
        }
        match self.notes().sent[before..].iter().find(|sent| sent.is_write()) {
            Some(write) => Err(format!("a run with nothing to do sent {write:?}")),
            None => Ok(()),
        }
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
