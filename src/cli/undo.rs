//! `consign undo`: removes what a job made.

use tokio_util::sync::CancellationToken;

use super::{
    Exit, Problem,
    args::UndoArgs,
    block_on,
    connect::{self, Connected},
    plan::finish,
    run::{load_job, selection},
    signals,
    status::journal_problem,
};
use crate::{
    exchange::DeleteType,
    job::Job,
    journal::{Commits, Failure, Journal, Lock, Reader, RunTotals},
    report::{Deed, DeedWords, UNDO, deeds_json, deeds_text},
    work::{Removal, Selection, Undo, Undone},
};

pub(super) fn undo(args: &UndoArgs) -> Result<Exit, Problem> {
    let job = load_job(&args.job)?;
    if job.kind.visits_a_portal() {
        let kind = job.kind.as_str();
        return Err(Problem::new(format!("what a job of kind \"{kind}\" has made in a portal is not undone"))
            .hint(Some("`consign hub apps delete` deletes an application, and ends its contracts")));
    }
    let only = selection(&args.only)?;
    if args.yes { carry_out(&job, &only, args) } else { foresee(&job, &only, args) }
}

/// Shows what would be removed; asks no server.
fn foresee(job: &Job, only: &Selection, args: &UndoArgs) -> Result<Exit, Problem> {
    let reader = Reader::open(&job.journal).map_err(journal_problem)?;
    let target = reader.target_name().map_err(journal_problem)?;
    let made = Undo::foresee(&reader, &job.key(), only).map_err(journal_problem)?;
    let rows: Vec<Deed> = made.into_iter().map(|made| Deed::would_remove(made.gav, made.at)).collect();
    show(UNDO, &job.name, &target, &rows, args.json)
}

fn carry_out(job: &Job, only: &Selection, args: &UndoArgs) -> Result<Exit, Problem> {
    block_on(async {
        let stop = CancellationToken::new();
        signals::watch(stop.clone());
        // A journal that is not there is not made: then nothing is known to have been made either.
        Reader::open(&job.journal).map_err(journal_problem)?;
        let lock = Lock::take_soon(&job.journal).map_err(journal_problem)?;
        let connected = connect::connect(job).await?;
        let exit = remove(job, lock, &connected, only, args, stop).await;
        connected.close().await;
        exit
    })
}

async fn remove(
    job: &Job,
    lock: Lock,
    connected: &Connected,
    only: &Selection,
    args: &UndoArgs,
    stop: CancellationToken,
) -> Result<Exit, Problem> {
    let connection = &connected.connection;
    connection.exchange.client().stop_with(stop.clone());
    connection.exchange.client().sign_in().await.map_err(|error| {
        Problem::new(format!("cannot sign in at {}", connection.name)).because(&error).hint(error.hint())
    })?;
    let journal =
        Journal::open_locked(lock, &connection.key, &job.key(), &Commits::default()).await.map_err(journal_problem)?;
    let how = if args.soft { DeleteType::Soft } else { DeleteType::Hard };
    let undo = Undo { exchange: &connection.exchange, journal: &journal, how, concurrency: job.pace.concurrency, stop };
    let mut rows = Vec::new();
    let ended = undo.carry_out(&job.key(), only, |undone| rows.push(row(undone))).await;
    drop(undo);
    let kept = rows.iter().any(|row| row.outcome == "kept");
    let outcome = match &ended {
        Ok(true) if kept => "partial",
        Ok(true) => "complete",
        Ok(false) | Err(_) => "stopped",
    };
    let door = connection.exchange.client().counters();
    let totals = RunTotals {
        uuid: journal.run_uuid().to_owned(),
        outcome: Some(outcome.to_owned()),
        requests: door.requests,
        refused: door.refused,
        bytes: door.bytes_sent,
        ..RunTotals::default()
    };
    // What an undo ends with is more worth telling than that its end could not be written.
    let recorded = journal.record_totals(totals).await;
    journal.close().await;
    let shown = show(UNDO, &job.name, &connection.name, &rows, args.json)?;
    let ended = ended.map_err(|error| Problem::new(error.chain()).hint(error.hint()).exits(Exit::Stopped))?;
    recorded.map_err(journal_problem)?;
    Ok(match (ended, kept) {
        (false, _) => Exit::Stopped,
        (true, true) => Exit::Partial,
        (true, false) => shown,
    })
}

fn row(undone: Undone) -> Deed {
    let Undone { gav, removal } = undone;
    match removal {
        Removal::Removed => Deed::new(gav, "removed"),
        Removal::Gone => Deed::new(gav, "gone"),
        Removal::Kept(failure) => kept(gav, failure),
    }
}

/// A version of which nothing has become what was asked for.
pub(super) fn kept(gav: String, failure: Failure) -> Deed {
    Deed { message: Some(failure.message), hint: failure.hint, ..Deed::new(gav, "kept") }
}

pub(super) fn show(words: DeedWords, job: &str, server: &str, deeds: &[Deed], json: bool) -> Result<Exit, Problem> {
    let mut out = anstream::stdout().lock();
    finish(if json {
        deeds_json(words, job, server, deeds, &mut out)
    } else {
        deeds_text(words, server, deeds, &mut out)
    })
}
