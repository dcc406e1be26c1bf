//! `consign cutover`: ends a migration at its source.

use tokio_util::sync::CancellationToken;

use super::{
    Exit, Problem,
    args::CutoverArgs,
    block_on, connect,
    migrate::{self, Aside},
    run::{Manner, load_job, selection},
    signals, undo,
};
use crate::{
    asset::Coordinates,
    job::{Job, Kind},
    report::{CUTOVER, Deed},
    work::{Cutover, Moved, Retirement, Selection, verify::verify},
};

pub(super) fn cutover(args: &CutoverArgs) -> Result<Exit, Problem> {
    let job = load_job(&args.job)?;
    if job.kind != Kind::Migrate {
        return Err(Problem::new(format!("{} is no job of kind `migrate`", args.job.job))
            .hint(Some("only a migration leaves a source behind")));
    }
    let only = selection(&args.only)?;
    block_on(async {
        let (ready, kept) = Box::pin(moved(&job, &only)).await?;
        let (deeds, ended) = carry_out(&job, ready, !args.yes).await?;
        let deeds: Vec<Deed> = deeds.into_iter().chain(kept).collect();
        let exit = match (ended, deeds.iter().any(|deed| deed.outcome == "kept")) {
            (false, _) => Exit::Stopped,
            (true, true) => Exit::Partial,
            (true, false) => Exit::Success,
        };
        let source = migrate::reading(&job).target.organization.unwrap_or_default();
        undo::show(CUTOVER, &job.name, &source, &deeds, args.json).map(|_| exit)
    })
}

/// Verifies the migration, and tells which versions of the source have moved, and what keeps the others.
async fn moved(job: &Job, only: &Selection) -> Result<(Vec<Coordinates>, Vec<Deed>), Problem> {
    let aside = Aside::of(job)?;
    let (writing, target) = migrate::read_ahead(&aside.job, &Manner::aside(job, only)).await?;
    let mut found = Moved::default();
    let verified = verify(&writing, &target.connection, only, |verified| found.note(&verified)).await;
    target.close().await;
    verified.map_err(|error| Problem::new(error.chain()).hint(error.hint()))?;
    let (mut ready, mut kept) = (Vec::new(), Vec::new());
    for version in aside.listed()? {
        let gav = version.to_string();
        match found.has(&version, &writing.remap) {
            _ if !only.contains(&gav) => {}
            Ok(()) => ready.push(version),
            Err(failure) => kept.push(undo::kept(gav, failure)),
        }
    }
    Ok((ready, kept))
}

async fn carry_out(job: &Job, ready: Vec<Coordinates>, is_rehearsal: bool) -> Result<(Vec<Deed>, bool), Problem> {
    let stop = CancellationToken::new();
    signals::watch(stop.clone());
    let source = connect::connect(&migrate::reading(job)).await?;
    if !is_rehearsal {
        leave_mark(job)?;
    }
    let cutover =
        Cutover { exchange: &source.connection.exchange, is_rehearsal, concurrency: job.pace.concurrency, stop };
    let mut deeds = Vec::new();
    let each = |version: &Coordinates, retirement| deeds.push(deed(version.to_string(), retirement, is_rehearsal));
    let ended = cutover.carry_out(ready, each).await;
    drop(cutover);
    source.close().await;
    Ok((deeds, ended))
}

/// From here on the source says of itself that it has moved.
fn leave_mark(job: &Job) -> Result<(), Problem> {
    let mark = migrate::cutover_mark(job);
    let made = mark.parent().map_or(Ok(()), fs_err::create_dir_all).and_then(|()| fs_err::write(&mark, "cut over\n"));
    made.map_err(|error| Problem::new("cannot take note of the cutover").because(&error))
}

fn deed(gav: String, retirement: Retirement, is_rehearsal: bool) -> Deed {
    match retirement {
        Retirement::Deprecated if is_rehearsal => Deed::new(gav, "would-deprecate"),
        Retirement::Deprecated => Deed::new(gav, "deprecated"),
        Retirement::Already => Deed::new(gav, "already"),
        Retirement::Kept(failure) => undo::kept(gav, failure),
    }
}
