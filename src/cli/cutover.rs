//! `consign cutover`: ends a migration at its source.

use tokio_util::sync::CancellationToken;

use super::{
    Exit, Problem,
    args::CutoverArgs,
    block_on, connect, migrate,
    run::{Manner, load_job, selection},
    signals, undo,
};
use crate::{
    asset::Coordinates,
    job::Job,
    report::{CUTOVER, Deed},
    work::{Aside, Cutover, CutoverMark, Moved, Retirement, Selection, verify::verify},
};

pub(super) fn cutover(args: &CutoverArgs, quiet: bool) -> Result<Exit, Problem> {
    let job = load_job(&args.job)?;
    let only = selection(&args.only)?;
    let Some(reading) = job.reading() else {
        return Err(Problem::new(format!("{} is no job of kind `migrate`", args.job.job))
            .hint(Some("only a migration leaves a source behind")));
    };
    block_on(async {
        let stop = CancellationToken::new();
        signals::watch(stop.clone());
        let (ready, kept) = Box::pin(moved(&job, &only, &Manner::aside(&job, &only, quiet), &stop)).await?;
        let (deeds, ended) = carry_out(&job, &reading, ready, !args.yes, stop).await?;
        let deeds: Vec<Deed> = deeds.into_iter().chain(kept).collect();
        let exit = match (ended, deeds.iter().any(|deed| deed.outcome == "kept")) {
            (false, _) => Exit::Stopped,
            (true, true) => Exit::Partial,
            (true, false) => Exit::Success,
        };
        let source = reading.target.organization.unwrap_or_default();
        undo::show(CUTOVER, &job.name, &source, &deeds, args.json).map(|_| exit)
    })
}

/// Verifies the migration, and tells which versions of the source have moved, and what keeps the others.
async fn moved(
    job: &Job,
    only: &Selection,
    manner: &Manner,
    stop: &CancellationToken,
) -> Result<(Vec<Coordinates>, Vec<Deed>), Problem> {
    let aside = Aside::of(job).map_err(|error| migrate::problem(&error))?.expect("only migrations are led here");
    let (writing, target) = migrate::read_ahead(aside.job(), manner, stop).await?;
    let mut found = Moved::default();
    let verifying = verify(&writing, &target.connection, only, |verified| found.note(&verified));
    let verified = stop.run_until_cancelled(Box::pin(verifying)).await;
    target.close().await;
    verified.ok_or_else(migrate::stopped)?.map_err(|error| Problem::new(error.chain()).hint(error.hint()))?;
    let (mut ready, mut kept) = (Vec::new(), Vec::new());
    for version in aside.listed().map_err(|error| migrate::problem(&error))? {
        let gav = version.to_string();
        match found.has(&version, &writing.remap) {
            _ if !only.contains(&gav) => {}
            Ok(()) => ready.push(version),
            Err(failure) => kept.push(undo::kept(gav, failure)),
        }
    }
    Ok((ready, kept))
}

async fn carry_out(
    job: &Job,
    reading: &Job,
    ready: Vec<Coordinates>,
    is_rehearsal: bool,
    stop: CancellationToken,
) -> Result<(Vec<Deed>, bool), Problem> {
    let source = connect::connect(reading).await?;
    if !is_rehearsal {
        CutoverMark::of(job).leave().map_err(|error| migrate::problem(&error))?;
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

fn deed(gav: String, retirement: Retirement, is_rehearsal: bool) -> Deed {
    match retirement {
        Retirement::Deprecated if is_rehearsal => Deed::new(gav, "would-deprecate"),
        Retirement::Deprecated => Deed::new(gav, "deprecated"),
        Retirement::Already => Deed::new(gav, "already"),
        Retirement::Kept(failure) => undo::kept(gav, failure),
    }
}
