//! One run of a job: scan, order, work, tell.

use std::{sync::Arc, sync::atomic::Ordering, time::Instant};

use tokio_util::sync::CancellationToken;

use super::{
    RunError, Selection,
    access::Access,
    applications::{self, Applications},
    describe::Describe,
    existing::Existing,
    export::{Export, Origin, Portal, Trip},
    memory,
    pause::{keep_pace, resume_pace},
    preflight::Known,
    prepare::Preparation,
    publish::Publish,
    scan::Scan,
};
use crate::{
    engine::{Clock, Ended, Engine, Event, Limits, Sink, Tally, Work},
    exchange::Exchange,
    hub::Hub,
    inventory::Inventory,
    job::{self, Job, Kind, OnVanished},
    journal::{
        Commits, Counts, Failure, Journal, JournalError, Lock, RunTotals, ScanCounts, ScanEnd, StatusFilter, Vanished,
    },
    net::LONGEST_WAIT,
    package::reading::Reading,
    source::{self, Source},
};

/// The target of a run.
#[derive(Clone)]
pub struct Connection {
    /// The client.
    pub exchange: Exchange,
    /// The portal, for a job that works on one: its calls go through the same door.
    pub hub: Option<Hub>,
    /// The target as the journal names it: items of one target are never taken for those of another.
    pub key: String,
    /// The target as people know it.
    pub name: String,
    /// The group of assets that name none.
    pub group: String,
}

/// What a run is asked for beside the job.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Which items.
    pub only: Selection,
    /// Whether failed items are opened again first.
    pub retry: bool,
    /// What a test puts in the place of the machine.
    pub stand_ins: StandIns,
}

/// What a test may put in the place of the machine, so that a run happens again exactly as it did: who watches over the
/// writes of the journal, and what time it is. A run of the command leaves all of it out.
#[derive(Debug, Clone, Default)]
pub struct StandIns {
    /// How the journal is committed.
    pub commits: Commits,
    /// The time; that of this machine where it is left out.
    pub clock: Option<Clock>,
}

/// How a run ended, and what it did.
#[derive(Debug, Clone)]
pub struct RunOutcome {
    /// The run's own id.
    pub run: String,
    /// How it ended.
    pub ended: Ended,
    /// All items of the job by state.
    pub counts: Counts,
    /// What was read from the source.
    pub scanned: ScanCounts,
    /// What was sent.
    pub totals: RunTotals,
    /// How long it took.
    pub seconds: f64,
}

/// Carries out a job on a journal that nobody else works on.
pub async fn run(
    job: &Job,
    lock: Lock,
    connection: Connection,
    options: RunOptions,
    sink: Arc<dyn Sink>,
    tally: Arc<Tally>,
    stop: CancellationToken,
) -> Result<RunOutcome, RunError> {
    let started = Instant::now();
    let client = connection.exchange.client().clone();
    client.stop_with(stop.clone());
    let clock = options.stand_ins.clock.unwrap_or_else(Clock::start);
    resume_pace(&client, lock.journal(), clock);
    let sign_in = client.sign_in();
    sign_in.await.map_err(|source| RunError::SignIn { target: connection.name.clone(), source })?;
    let commits = &options.stand_ins.commits;
    let journal = Journal::open_locked(lock, &connection.key, &job.key(), commits).await.map_err(RunError::Journal)?;
    let journal = Arc::new(journal);
    sink.emit(&Event::Start {
        job: job.name.clone(),
        run: journal.run_uuid().to_owned(),
        target: connection.name.clone(),
        journal: job.journal.to_string(),
    });
    let shift = Shift { job, connection, options, sink, tally, stop, clock, journal: Arc::clone(&journal) };
    let worked = tokio::select! {
        biased;
        worked = shift.work() => worked,
        never = keep_pace(&client, &journal, clock) => match never {},
    };
    let outcome = match worked {
        Ok((ended, scanned)) => shift.sum_up(ended, scanned, started).await,
        Err(error) => {
            // A run that ends before its items has ended all the same; the error that it ends with is the one to tell.
            let _ = shift.record("stopped").await;
            Err(error)
        }
    };
    drop(shift);
    if let Some(journal) = Arc::into_inner(journal) {
        journal.close().await;
    }
    outcome
}

/// A run under way.
struct Shift<'a> {
    job: &'a Job,
    connection: Connection,
    options: RunOptions,
    sink: Arc<dyn Sink>,
    tally: Arc<Tally>,
    stop: CancellationToken,
    clock: Clock,
    journal: Arc<Journal>,
}

impl Shift<'_> {
    async fn work(&self) -> Result<(Ended, ScanCounts), RunError> {
        if self.options.retry {
            self.reopen().await.map_err(RunError::JournalBroke)?;
        }
        if let (Kind::Export, Some(export)) = (self.job.kind, &self.job.export) {
            return Box::pin(self.export(export)).await;
        }
        let scanned = self.scan().await?;
        if self.stop.is_cancelled() {
            return Ok((Ended::Stopped, scanned));
        }
        self.settle(scanned).await.map_err(RunError::JournalBroke)?;
        let known = self.prepare().await?;
        if self.stop.is_cancelled() {
            return Ok((Ended::Stopped, scanned));
        }
        let (exchange, tally) = (self.connection.exchange.clone(), Arc::clone(&self.tally));
        let ended = match self.job.kind {
            Kind::Publish => {
                let publish = Publish::new(exchange, self.job, Existing::new(known), tally);
                self.drive(publish.map(|publish| publish.asking_first(self.forgotten()))).await?
            }
            Kind::Describe => self.describe().await?,
            Kind::Export | Kind::Migrate => unreachable!("whatever reads an organization says which"),
            Kind::Applications => self.applications().await?,
            Kind::Access => {
                let access = Access::of(self.job, &self.connection, tally)?;
                let access = access.after(self.journal.reader(), &self.job.key()).map_err(RunError::JournalBroke)?;
                self.drive(Ok(access)).await?
            }
        };
        Ok((ended, scanned))
    }

    /// An organization that is none lists nothing, and would make all that was read of another one look gone.
    async fn refuse_nowhere(&self) -> Result<(), RunError> {
        let organization = self.connection.exchange.organization();
        // Where nobody tells, nothing speaks against it.
        let Ok(known) = Exchange::my_organizations(self.connection.exchange.client()).await else { return Ok(()) };
        if known.is_empty() || known.iter().any(|known| known.id == organization) {
            return Ok(());
        }
        Err(RunError::Nowhere { organization: organization.to_owned() })
    }

    /// Brings the organization into its directory. What was brought is compiled whatever became of the rest.
    async fn export(&self, export: &job::Export) -> Result<(Ended, ScanCounts), RunError> {
        let inventory = Inventory::at(&export.directory);
        let portal = Portal::of(export, &self.connection);
        let trip = Trip {
            job: self.job,
            export,
            exchange: &self.connection.exchange,
            portal: portal.as_ref(),
            name: &self.connection.name,
            memory: Some(self.journal.reader()),
            run: self.journal.run_uuid(),
            inventory: &inventory,
            stop: &self.stop,
        };
        let (scanned, seen) = trip.offer(&self.journal, &self.options.only, &*self.sink).await?;
        if self.stop.is_cancelled() {
            return Ok((Ended::Stopped, scanned));
        }
        if scanned == ScanCounts::default() && portal.is_none() {
            self.refuse_nowhere().await?;
        }
        self.settle(scanned).await.map_err(RunError::JournalBroke)?;
        let (exchange, tally) = (self.connection.exchange.clone(), Arc::clone(&self.tally));
        let (states, attempts) = (export.filter.status.clone(), self.job.pace.attempts);
        let origin = Origin::new(exchange, portal.as_ref().map(|portal| portal.hub.clone()));
        let ended = self.drive(Ok(Export::new(origin, inventory.clone(), states, attempts, tally))).await?;
        let is_whole = trip.compile(&self.journal, seen, &*self.sink).await?;
        let ended = if is_whole { ended } else { Ended::Stopped };
        Ok((ended, scanned))
    }

    /// How many items an earlier run may have had in hand that this journal does not know.
    fn forgotten(&self) -> u32 {
        let Limits { acting, waiting, .. } = limits(self.job);
        if self.journal.may_have_forgotten() { u32::try_from(acting + waiting).unwrap_or(u32::MAX) } else { 0 }
    }

    /// Makes changes. A row about a version that turns out not to be there speaks for nothing: what other rows have left
    /// to it is said by them after all.
    async fn describe(&self) -> Result<Ended, RunError> {
        let (exchange, tally) = (&self.connection.exchange, &self.tally);
        let drive = || self.drive(Describe::new(exchange.clone(), self.job, Arc::clone(tally)));
        let ended = drive().await?;
        let is_final = !matches!(ended, Ended::Complete);
        if is_final || !self.journal.share_anew().await.map_err(RunError::JournalBroke)? {
            return Ok(ended);
        }
        tally.set(self.journal.counts().map_err(RunError::JournalBroke)?);
        drive().await
    }

    /// Brings applications. By which ids they are known is written down whatever became of the rest.
    async fn applications(&self) -> Result<Ended, RunError> {
        let settings = self.job.applications.as_ref().expect("a job of applications says how");
        let hub = self.connection.hub.clone().expect("such a job is led into its portal");
        let work = Applications::new(hub, settings, Arc::clone(&self.tally));
        work.check().await?;
        let ended = self.drive(Ok(work)).await?;
        let written = applications::write_ids(self.journal.reader(), &self.job.key(), &settings.ids);
        written.map_err(|source| RunError::Ids { path: settings.ids.clone(), source: Box::new(source) })?;
        Ok(ended)
    }

    /// Does what is to be done, as its kind does it.
    async fn drive<W: Work>(&self, work: std::io::Result<W>) -> Result<Ended, RunError> {
        let engine = Engine::new(
            Arc::clone(&self.journal),
            Arc::new(work.map_err(RunError::Scratch)?),
            Arc::clone(&self.sink),
            Arc::clone(&self.tally),
            limits(self.job),
            self.clock,
            self.stop.clone(),
        );
        engine.run().await.map_err(RunError::JournalBroke)
    }

    /// Looks at the target, and makes it ready.
    async fn prepare(&self) -> Result<Known, RunError> {
        let preparation = Preparation {
            job: self.job,
            exchange: &self.connection.exchange,
            journal: &self.journal,
            sink: &*self.sink,
            tally: &self.tally,
            stop: &self.stop,
        };
        Box::pin(preparation.prepare()).await
    }

    /// Opens failed items again; with `--only`, those that are meant.
    async fn reopen(&self) -> Result<(), JournalError> {
        let mut wanted = None;
        if !self.options.only.is_all() {
            let mut gavs = Vec::new();
            self.journal.reader().rows(StatusFilter::Failed, |row| gavs.extend(row.gav))?;
            gavs.retain(|gav| self.options.only.contains(gav));
            wanted = Some(gavs);
        }
        self.journal.reopen_failed(wanted).await.map(drop)
    }

    async fn scan(&self) -> Result<ScanCounts, RunError> {
        let readings = self.journal.readings().ok().map(Arc::new);
        let scan = Scan {
            source: source_of(
                self.job,
                &self.connection.group,
                readings.as_ref().map(memory::reading).unwrap_or_default(),
            ),
            readings,
            only: self.options.only.clone(),
            stop: self.stop.clone(),
            sink: Arc::clone(&self.sink),
        };
        scan.into_journal(&self.journal).await
    }

    /// Puts what was read in order, and tells it.
    async fn settle(&self, scanned: ScanCounts) -> Result<(), JournalError> {
        let ScanEnd { gone, vanished, unrecognised, disagreements } =
            self.journal.end_scan(self.retires(), self.job.source.root()).await?;
        self.journal.put_in_order().await?;
        self.tally.set(self.journal.counts()?);
        let ScanCounts { new, changed, unchanged, diagnosed } = scanned;
        self.sink.emit(&Event::Scanned { new, changed, unchanged, diagnosed, gone });
        if !disagreements.is_empty() {
            self.sink.emit(&Event::Disagreements { first: disagreements });
        }
        let missing = [vanished, unrecognised].into_iter().filter(|missing| missing.count > 0);
        for Vanished { count, gavs, retired: deprecated, spared } in missing.filter(|_| self.looks_for_vanished()) {
            self.sink.emit(&Event::Vanished { count, gavs, deprecated, spared });
        }
        Ok(())
    }

    /// Whether what vanished from the source is deprecated. A run that was told to look at a part of it leaves the rest.
    fn retires(&self) -> bool {
        self.looks_for_vanished() && self.job.publish.on_vanished == OnVanished::Deprecate && self.options.only.is_all()
    }

    /// Whether anything can vanish: a change that is no longer asked for stays made, and a row that is gone from a wave may
    /// have gone to another one.
    fn looks_for_vanished(&self) -> bool {
        self.job.kind == Kind::Publish && self.job.wave.is_none()
    }

    async fn sum_up(&self, ended: Ended, scanned: ScanCounts, started: Instant) -> Result<RunOutcome, RunError> {
        let counts = self.journal.counts().map_err(RunError::JournalBroke)?;
        let outcome = match &ended {
            Ended::Complete if counts.failed + counts.blocked == 0 => "complete",
            Ended::Complete => "partial",
            Ended::Stopped | Ended::Halted(_) => "stopped",
        };
        let totals = self.record(outcome).await.map_err(RunError::JournalBroke)?;
        Ok(RunOutcome {
            run: totals.uuid.clone(),
            ended,
            counts,
            scanned,
            totals,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Writes what was sent into the journal.
    async fn record(&self, outcome: &str) -> Result<RunTotals, JournalError> {
        let door = self.connection.exchange.client().counters();
        let totals = RunTotals {
            uuid: self.journal.run_uuid().to_owned(),
            outcome: Some(outcome.to_owned()),
            published: self.tally.published.load(Ordering::Relaxed),
            updated: self.tally.updated.load(Ordering::Relaxed),
            requests: door.requests,
            polls: door.polls,
            refused: door.refused,
            bytes: door.bytes_sent,
            ..RunTotals::default()
        };
        self.journal.record_totals(totals.clone()).await?;
        Ok(totals)
    }
}

/// The source of a job.
pub(super) fn source_of(job: &Job, group: &str, reading: Reading) -> (Source, source::Options) {
    let source = match (job.kind, &job.source) {
        (_, job::SourceSpec::Directory(path)) => Source::Directory(path.clone()),
        (Kind::Publish, job::SourceSpec::Manifest(path)) => Source::Manifest(path.clone()),
        (Kind::Describe, job::SourceSpec::Manifest(path)) => Source::Changes(path.clone()),
        (_, job::SourceSpec::Catalog(path)) => Source::Catalog(path.clone()),
        (Kind::Applications, job::SourceSpec::Manifest(path)) => Source::Applications(path.clone()),
        (Kind::Access, job::SourceSpec::Manifest(path)) => Source::Access(path.clone()),
        (Kind::Applications | Kind::Access, _) => unreachable!("a job on a portal reads a manifest"),
        (Kind::Export | Kind::Migrate, _) | (_, job::SourceSpec::Organization(_)) => {
            unreachable!("an organization is listed, and a migration is carried out as its halves")
        }
    };
    let options = source::Options {
        group: group.to_owned(),
        include: job.include.clone(),
        exclude: job.exclude.clone(),
        defaults: job.defaults.clone(),
        criteria: job.criteria.clone(),
        wave: job.wave.clone(),
        remap: job.remap.clone(),
        reading,
    };
    (source, options)
}

/// So many contracts wait for somebody at once. The server does nothing for them, so that only memory is at stake.
const PENDING_CONTRACTS: usize = 100_000;

/// Some items are packaged while as many others have their requests in flight.
fn limits(job: &Job) -> Limits {
    let pace = &job.pace;
    let waiting = if job.kind == Kind::Access { PENDING_CONTRACTS } else { pace.publications };
    Limits { acting: 2 * pace.concurrency, waiting, attempts: pace.attempts, pause: LONGEST_WAIT }
}

/// Why a run was halted, if it was.
impl RunOutcome {
    /// The failure that stopped the run before its end.
    #[must_use]
    pub fn halted(&self) -> Option<&Failure> {
        match &self.ended {
            Ended::Halted(failure) => Some(failure),
            Ended::Complete | Ended::Stopped => None,
        }
    }
}
