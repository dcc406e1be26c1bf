//! A migration from the command line: both halves, one after the other.

use tokio_util::sync::CancellationToken;

use super::{
    Exit, Problem,
    connect::{self, Connected},
    run::{Manner, carry_out},
    status::journal_problem,
};
use crate::{
    job::Job,
    journal::Lock,
    work::{CutoverMark, MigrateError, check_ends, writing},
};

/// Carries it out: all is read, and what was read is written. What could not be read keeps nothing else back.
pub(super) async fn run(job: &Job, manner: &Manner, stop: CancellationToken) -> Result<Exit, Problem> {
    CutoverMark::of(job).refuse().map_err(|error| problem(&error))?;
    let reading = reading(job);
    let locks = (
        Lock::take_soon(&reading.journal).map_err(journal_problem)?,
        Lock::take_soon(&job.journal).map_err(journal_problem)?,
    );
    let aside = Manner { report: manner.report.as_ref().map(|folder| folder.join("export")), ..manner.clone() };
    aside.prepare()?;
    manner.prepare()?;
    let Some((source, target)) = Box::pin(ends(&reading, job, &stop)).await? else { return Ok(Exit::Stopped) };
    let exit = both(job, &reading, locks, (&source, &target), (&aside, manner), stop).await;
    source.close().await;
    target.close().await;
    exit
}

async fn both(
    job: &Job,
    reading: &Job,
    locks: (Lock, Lock),
    (source, target): (&Connected, &Connected),
    (first, second): (&Manner, &Manner),
    stop: CancellationToken,
) -> Result<Exit, Problem> {
    let read = Box::pin(carry_out(reading, locks.0, source, first, stop.clone())).await?;
    if !matches!(read, Exit::Success | Exit::Partial) {
        return Ok(read);
    }
    let writing = writing(job, &source.connection, &target.connection).map_err(|error| problem(&error))?;
    let written = Box::pin(carry_out(&writing, locks.1, target, second, stop)).await?;
    Ok(if matches!(written, Exit::Success) { read } else { written })
}

/// Reads the source, for a plan of what would be written, and returns that half. Nothing is sent to the target.
pub(super) async fn read_ahead(
    job: &Job,
    manner: &Manner,
    stop: &CancellationToken,
) -> Result<(Job, Connected), Problem> {
    let reading = reading(job);
    let lock = Lock::take_soon(&reading.journal).map_err(journal_problem)?;
    let Some((source, target)) = Box::pin(ends(&reading, job, stop)).await? else { return Err(stopped()) };
    let read = Box::pin(carry_out(&reading, lock, &source, manner, stop.clone())).await;
    let writing = read.and_then(|read| match read {
        Exit::Success | Exit::Partial => {
            writing(job, &source.connection, &target.connection).map_err(|error| problem(&error))
        }
        exit => Err(Problem::new("the source was not read to its end").exits(exit)),
    });
    source.close().await;
    match writing {
        Ok(writing) => Ok((writing, target)),
        Err(problem) => {
            target.close().await;
            Err(problem)
        }
    }
}

/// The half that reads.
pub(super) fn reading(job: &Job) -> Job {
    job.reading().expect("only migrations are led here")
}

/// Both ends, once they have let us in; `None` where it was stopped before.
async fn ends(reading: &Job, job: &Job, stop: &CancellationToken) -> Result<Option<(Connected, Connected)>, Problem> {
    // The servers may have asked for minutes.
    for half in [reading, job] {
        if stop.run_until_cancelled(connect::pause(half)).await.is_none() {
            return Ok(None);
        }
    }
    let source = connect::connect(reading).await?;
    let target = connect::connect(job).await?;
    match stop.run_until_cancelled(check_ends(job, &source.connection, &target.connection)).await {
        Some(Ok(())) => Ok(Some((source, target))),
        checked => {
            source.close().await;
            target.close().await;
            checked.transpose().map(|_| None).map_err(|error| problem(&error))
        }
    }
}

/// What is said where somebody has stopped it before there was a result.
pub(super) fn stopped() -> Problem {
    Problem::new("stopped before the end").exits(Exit::Stopped)
}

pub(super) fn problem(error: &MigrateError) -> Problem {
    Problem::new(error.chain()).hint(error.hint())
}
