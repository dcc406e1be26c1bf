//! `consign run` and `consign retry`.

use std::{
    io::{Stdout, Write},
    sync::Arc,
};

use camino::Utf8PathBuf;
use tokio_util::sync::CancellationToken;

use super::{
    Exit, Problem,
    args::{OnlyArgs, RunArgs},
    block_on,
    connect::{self, Connected},
    migrate,
    plan::{self, finish},
    signals,
    status::journal_problem,
};
use crate::{
    engine::{Ended, Sink, Tally},
    job::{Job, Kind},
    journal::{Lock, Reader},
    report::{self, DoorView, Fanout, JsonLines, Live, Outcome, Progress, ReportError, ReportMeta, Style, Summary},
    work::{self, Connection, RunError, RunOptions, RunOutcome, Selection},
};

pub(super) fn run(args: &RunArgs, quiet: bool, retry: bool) -> Result<Exit, Problem> {
    let job = load_job(&args.job)?;
    let only = selection(&args.only)?;
    if args.dry_run {
        return plan::plan_job(&job, &only, plan::View { json: args.json, offline: false, values: false, quiet });
    }
    let manner = Manner {
        said: said(&job),
        json: args.json,
        aside: false,
        quiet,
        report: args.report.clone(),
        options: RunOptions { only, retry, ..RunOptions::default() },
    };
    block_on(async {
        let stop = CancellationToken::new();
        signals::watch(stop.clone());
        if let Some(after) = args.max_duration {
            let stop = stop.clone();
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                stop.cancel();
            });
        }
        if job.kind == Kind::Migrate {
            migrate::run(&job, &manner, stop).await
        } else {
            alone(&job, &manner, stop).await
        }
    })
}

/// How a run is carried out and told.
#[derive(Clone)]
pub(super) struct Manner {
    /// The job as a command line names it.
    pub(super) said: String,
    /// Whether events are printed as JSON.
    pub(super) json: bool,
    /// Whether its results are not what was asked for: they are told on stderr.
    pub(super) aside: bool,
    pub(super) quiet: bool,
    /// Where reports are written.
    pub(super) report: Option<Utf8PathBuf>,
    pub(super) options: RunOptions,
}

impl Manner {
    /// That of a run whose results somebody else works on.
    pub(super) fn aside(job: &Job, only: &Selection, quiet: bool) -> Self {
        let options = RunOptions { only: only.clone(), ..RunOptions::default() };
        Self { said: said(job), json: false, aside: true, quiet, report: None, options }
    }

    /// Makes room for the reports before anything is done that they would tell.
    pub(super) fn prepare(&self) -> Result<(), Problem> {
        let Some(folder) = &self.report else { return Ok(()) };
        fs_err::create_dir_all(folder).map_err(|error| Problem::new("no reports can be written").because(&error))
    }
}

/// Carries out a job of one half.
async fn alone(job: &Job, manner: &Manner, stop: CancellationToken) -> Result<Exit, Problem> {
    // Before anything else: the sandbox's state beside the journal is no more for two than the journal is.
    let lock = Lock::take_soon(&job.journal).map_err(journal_problem)?;
    manner.prepare()?;
    // The server may have asked for minutes.
    if stop.run_until_cancelled(connect::pause(job)).await.is_none() {
        return Ok(Exit::Stopped);
    }
    let connected = connect::connect(job).await?;
    let exit = carry_out(job, lock, &connected, manner, stop).await;
    connected.close().await;
    exit
}

pub(super) fn load_job(args: &super::args::JobArgs) -> Result<Job, Problem> {
    Job::load(&args.job, &args.overrides(), &|name| std::env::var(name).ok())
        .map_err(|error| Problem::of(&error).hint(error.hint()))
}

pub(super) fn selection(args: &OnlyArgs) -> Result<Selection, Problem> {
    Selection::new(&args.only).map_err(|error| Problem::new("--only").because(&error))
}

pub(super) async fn carry_out(
    job: &Job,
    lock: Lock,
    connected: &Connected,
    manner: &Manner,
    stop: CancellationToken,
) -> Result<Exit, Problem> {
    let tally = Arc::new(Tally::default());
    let progress = Arc::new(Progress::start(style(manner.quiet), live(&connected.connection, &tally)));
    let lines = manner.json.then(|| Arc::new(JsonLines::new(std::io::stdout())));
    let mut sinks: Vec<Arc<dyn Sink>> = vec![Arc::clone(&progress) as _];
    sinks.extend(lines.iter().map(|lines| Arc::clone(lines) as Arc<dyn Sink>));
    let sink = Arc::new(Fanout(sinks));
    let result = work::run(job, lock, connected.connection.clone(), manner.options.clone(), sink, tally, stop).await;
    progress.finish();
    let outcome = result.map_err(|error| problem(&error))?;
    let summary = summary(job, &outcome);
    if let Some(lines) = &lines {
        lines.summary(&summary);
    }
    let told = tell(job, manner, &summary, &outcome, lines.as_deref());
    let reported = write_reports(job, manner, connected, &summary);
    let exit = exit(&outcome);
    // The work is done either way; but whoever asked for results and got none must not read success.
    told.and(reported).map_err(|problem| match exit {
        Exit::Success => problem,
        exit => problem.exits(exit),
    })?;
    Ok(exit)
}

fn problem(error: &RunError) -> Problem {
    let exit = if error.is_resumable() { Exit::Stopped } else { Exit::CouldNotStart };
    Problem::new(error.chain()).hint(error.hint()).exits(exit)
}

fn style(quiet: bool) -> Style {
    if quiet { Style::Quiet } else { Style::detect() }
}

fn live(connection: &Connection, tally: &Arc<Tally>) -> Live {
    let client = connection.exchange.client().clone();
    let door = move || {
        let counters = client.counters();
        DoorView {
            requests: counters.requests,
            polls: counters.polls,
            refused: counters.refused,
            bytes: counters.bytes_sent,
            waits: counters.waiting_reason,
        }
    };
    Live { tally: Arc::clone(tally), door: Arc::new(door) }
}

fn summary(job: &Job, outcome: &RunOutcome) -> Summary {
    let totals = &outcome.totals;
    let is_export = job.kind == Kind::Export;
    // The journal counts what is new; on a portal that is made, not published.
    let visits = job.kind.visits_a_portal();
    Summary {
        job: job.name.clone(),
        run: outcome.run.clone(),
        outcome: match &outcome.ended {
            Ended::Complete if outcome.counts.failed + outcome.counts.blocked == 0 => Outcome::Complete,
            Ended::Complete => Outcome::Partial,
            Ended::Stopped | Ended::Halted(_) => Outcome::Stopped,
        },
        counts: outcome.counts,
        published: if visits { 0 } else { totals.published },
        updated: if is_export { 0 } else { totals.updated },
        exported: is_export.then_some(totals.updated),
        created: visits.then_some(totals.published),
        requests: totals.requests,
        polls: totals.polls,
        refused: totals.refused,
        bytes: totals.bytes,
        seconds: outcome.seconds,
    }
}

/// The job as a command line names it.
fn said(job: &Job) -> String {
    let wave = job.wave.as_ref().map(|wave| format!(" --wave '{wave}'")).unwrap_or_default();
    format!("{}{wave}", job.file)
}

/// Says what happened and what to do next.
fn tell(
    job: &Job,
    manner: &Manner,
    summary: &Summary,
    outcome: &RunOutcome,
    lines: Option<&JsonLines<Stdout>>,
) -> Result<(), Problem> {
    let reader = Reader::open(&job.journal).map_err(journal_problem)?;
    let text = |out: &mut dyn Write| summary.write_text(&manner.said, &reader, out);
    // The summary is the result of a run; with --json the last line is, and people read along on stderr.
    let written = match lines {
        Some(lines) => {
            // Nobody is left to tell when stderr is gone.
            let _ = text(&mut anstream::stderr().lock());
            lines.lost().map_or(Ok(()), |error| Err(ReportError::Write(error)))
        }
        None if manner.aside => text(&mut anstream::stderr().lock()).or(Ok(())),
        None => text(&mut anstream::stdout().lock()),
    };
    if let Some(failure) = outcome.halted() {
        Problem::new(format!("stopped: {}", failure.message)).hint(failure.hint.as_deref()).print();
    }
    finish(written).map(drop).map_err(|problem| {
        problem.hint(Some(format!(
            "the run itself has ended as told: `consign status {}` shows where it stands",
            manner.said
        )))
    })
}

fn write_reports(job: &Job, manner: &Manner, connected: &Connected, summary: &Summary) -> Result<(), Problem> {
    let Some(folder) = &manner.report else { return Ok(()) };
    let reader = Reader::open(&job.journal).map_err(journal_problem)?;
    let meta = ReportMeta { job: job.name.clone(), target: connected.connection.name.clone() };
    report::write_all(folder, &reader, &meta, summary).map_err(|error| Problem::of(&error))
}

fn exit(outcome: &RunOutcome) -> Exit {
    match &outcome.ended {
        Ended::Complete if outcome.counts.failed + outcome.counts.blocked == 0 => Exit::Success,
        Ended::Complete => Exit::Partial,
        // Credentials that let nothing through are as good as none.
        Ended::Halted(failure) if failure.class == "credentials" && outcome.totals.published == 0 => {
            Exit::CouldNotStart
        }
        Ended::Stopped | Ended::Halted(_) => Exit::Stopped,
    }
}
