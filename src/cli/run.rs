//! `consign run` and `consign retry`.

use std::{
    io::{Stdout, Write},
    sync::Arc,
};

use tokio_util::sync::CancellationToken;

use super::{
    Exit, Problem,
    args::RunArgs,
    block_on,
    connect::{self, Connected},
    plan::{self, finish},
    signals,
    status::journal_problem,
};
use crate::{
    engine::{Ended, Sink, Tally},
    job::Job,
    journal::{Lock, Reader},
    report::{self, DoorView, Fanout, JsonLines, Live, Outcome, Progress, ReportError, ReportMeta, Style, Summary},
    work::{self, Connection, RunError, RunOptions, RunOutcome, Selection},
};

pub(super) fn run(args: &RunArgs, quiet: bool, retry: bool) -> Result<Exit, Problem> {
    let job = load_job(&args.job)?;
    let only = selection(&args.only)?;
    if args.dry_run {
        return plan::plan_job(&job, &only, plan::View { json: args.json, offline: false, values: false });
    }
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
        // Before anything else: the sandbox's state beside the journal is no more for two than the journal is.
        let lock = Lock::take(&job.journal).map_err(journal_problem)?;
        if let Some(folder) = &args.report {
            fs_err::create_dir_all(folder)
                .map_err(|error| Problem::new("no reports can be written").because(&error))?;
        }
        // The server may have asked for minutes.
        if stop.run_until_cancelled(connect::pause(&job)).await.is_none() {
            return Ok(Exit::Stopped);
        }
        let connected = connect::connect(&job).await?;
        let exit =
            carry_out(&job, lock, &connected, args, quiet, RunOptions { only, retry, ..RunOptions::default() }, stop)
                .await;
        connected.close().await;
        exit
    })
}

pub(super) fn load_job(args: &super::args::JobArgs) -> Result<Job, Problem> {
    Job::load(&args.job, &args.overrides(), &|name| std::env::var(name).ok())
        .map_err(|error| Problem::of(&error).hint(error.hint()))
}

pub(super) fn selection(globs: &[String]) -> Result<Selection, Problem> {
    Selection::new(globs).map_err(|error| Problem::new("--only").because(&error))
}

async fn carry_out(
    job: &Job,
    lock: Lock,
    connected: &Connected,
    args: &RunArgs,
    quiet: bool,
    options: RunOptions,
    stop: CancellationToken,
) -> Result<Exit, Problem> {
    let tally = Arc::new(Tally::default());
    let progress = Arc::new(Progress::start(style(quiet), live(&connected.connection, &tally)));
    let lines = args.json.then(|| Arc::new(JsonLines::new(std::io::stdout())));
    let mut sinks: Vec<Arc<dyn Sink>> = vec![Arc::clone(&progress) as _];
    sinks.extend(lines.iter().map(|lines| Arc::clone(lines) as Arc<dyn Sink>));
    let sink = Arc::new(Fanout(sinks));
    let result = work::run(job, lock, connected.connection.clone(), options, sink, tally, stop).await;
    progress.finish();
    let outcome = result.map_err(|error| problem(&error))?;
    let summary = summary(job, &outcome);
    if let Some(lines) = &lines {
        lines.summary(&summary);
    }
    let told = tell(job, &summary, &outcome, lines.as_deref());
    let reported = write_reports(job, args, connected, &summary);
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
    Summary {
        job: job.name.clone(),
        run: outcome.run.clone(),
        outcome: match &outcome.ended {
            Ended::Complete if outcome.counts.failed + outcome.counts.blocked == 0 => Outcome::Complete,
            Ended::Complete => Outcome::Partial,
            Ended::Stopped | Ended::Halted(_) => Outcome::Stopped,
        },
        counts: outcome.counts,
        published: totals.published,
        updated: totals.updated,
        requests: totals.requests,
        polls: totals.polls,
        refused: totals.refused,
        bytes: totals.bytes,
        seconds: outcome.seconds,
    }
}

/// Says what happened and what to do next.
fn tell(job: &Job, summary: &Summary, outcome: &RunOutcome, lines: Option<&JsonLines<Stdout>>) -> Result<(), Problem> {
    let reader = Reader::open(&job.journal).map_err(journal_problem)?;
    let text = |out: &mut dyn Write| summary.write_text(job.file.as_str(), &reader, out);
    // The summary is the result of a run; with --json the last line is, and people read along on stderr.
    let written = match lines {
        Some(lines) => {
            // Nobody is left to tell when stderr is gone.
            let _ = text(&mut anstream::stderr().lock());
            lines.lost().map_or(Ok(()), |error| Err(ReportError::Write(error)))
        }
        None => text(&mut anstream::stdout().lock()),
    };
    if let Some(failure) = outcome.halted() {
        Problem::new(format!("stopped: {}", failure.message)).hint(failure.hint.as_deref()).print();
    }
    finish(written).map(drop).map_err(|problem| {
        problem.hint(Some(format!(
            "the run itself has ended as told: `consign status {}` shows where it stands",
            job.file
        )))
    })
}

fn write_reports(job: &Job, args: &RunArgs, connected: &Connected, summary: &Summary) -> Result<(), Problem> {
    let Some(folder) = &args.report else { return Ok(()) };
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
