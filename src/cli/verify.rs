//! `consign verify`: whether the target is as the source says.

use std::io::Write;

use tokio_util::sync::CancellationToken;

use super::{
    Exit, Problem,
    args::VerifyArgs,
    block_on,
    connect::{self, Connected},
    migrate,
    plan::{definition, finish},
    run::{Manner, load_job, selection},
    signals, visible,
};
use crate::{
    job::{Job, Kind},
    report::{VerifiedDifference, VerifiedItem, VerifiedWhole, VerifyWriter},
    work::{
        Aside, Selection,
        verify::{Mismatch, Verdict, Verification, Verified, VerifyError, verify as compare, verify_groups},
    },
};

pub(super) fn verify(args: &VerifyArgs, quiet: bool) -> Result<Exit, Problem> {
    let mut job = load_job(&args.job)?;
    if args.portal.is_some() {
        // Portals take tokens only, so a connected app fetches one here.
        job.target.credentials.basic = false;
    }
    if job.kind == Kind::Export {
        return Err(Problem::new("a job of kind \"export\" brings nothing to a target")
            .hint(Some("verify the job that publishes the manifest of its directory")));
    }
    if args.portal.is_some() && job.kind.visits_a_portal() {
        let kind = job.kind.as_str();
        return Err(Problem::new(format!(
            "--portal tells what consumers see of assets, and a job of kind `{kind}` brings none"
        ))
        .hint(Some("without --portal, its own portal is held to the job")));
    }
    let only = selection(&args.only)?;
    if job.kind == Kind::Migrate {
        return block_on(migrated(&job, &only, args, quiet));
    }
    block_on(async {
        let connected = connect::connect(&job).await?;
        let exit = match args.portal {
            Some(_) => visible::hold(&job, &connected, &only, args).await,
            None => hold(&job, &connected, (None, None), &only, args.json).await,
        };
        connected.close().await;
        exit
    })
}

/// Holds both ends of a migration to each other: the source is read afresh, and nothing that an earlier run knew counts.
async fn migrated(job: &Job, only: &Selection, args: &VerifyArgs, quiet: bool) -> Result<Exit, Problem> {
    let stop = CancellationToken::new();
    signals::watch(stop.clone());
    let aside = Aside::of(job).map_err(|error| migrate::problem(&error))?.expect("only migrations are led here");
    let (writing, connected) = migrate::read_ahead(aside.job(), &Manner::aside(job, only, quiet), &stop).await?;
    let held = async {
        if args.portal.is_some() {
            return visible::hold(&writing, &connected, only, args).await;
        }
        let groups = aside.groups(&writing).map_err(|error| migrate::problem(&error))?;
        hold(&writing, &connected, (groups, Some(&aside)), only, args.json).await
    };
    let exit = stop.run_until_cancelled(Box::pin(held)).await.unwrap_or_else(|| Err(migrate::stopped()));
    connected.close().await;
    exit
}

async fn hold(
    job: &Job,
    connected: &Connected,
    (groups, aside): (Option<Vec<String>>, Option<&Aside>),
    only: &Selection,
    json: bool,
) -> Result<Exit, Problem> {
    let connection = &connected.connection;
    // Who is not let in learns that once, and not anew for every item.
    connection.exchange.client().sign_in().await.map_err(|error| {
        Problem::new(format!("cannot sign in at {}", connection.name)).because(&error).hint(error.hint())
    })?;
    let mut out = anstream::stdout().lock();
    let out: &mut dyn Write = &mut out;
    let mut writer = if json { VerifyWriter::json(out) } else { VerifyWriter::text(out) };
    let mut written = Ok(());
    let each = |verified| {
        let verified = match aside {
            Some(aside) => aside.named(verified),
            None => verified,
        };
        if written.is_ok() {
            written = writer.push(&item(verified));
        }
    };
    let verified = match groups {
        Some(groups) => verify_groups(job, connection, groups, only, each).await,
        None => compare(job, connection, only, each).await,
    };
    let verification = verified.map_err(|error| problem(&error))?;
    if verification.counts.values().all(|count| *count == 0) {
        must_mean_something(only)?;
    }
    let exit = if verification.is_equal() { Exit::Success } else { Exit::Partial };
    finish(written.and_then(|()| writer.finish(&whole(job.kind, verification)))).map(|_| exit)
}

/// Who names items means some: a mistake in a name must not look like success.
pub(super) fn must_mean_something(only: &Selection) -> Result<(), Problem> {
    if only.is_all() {
        return Ok(());
    }
    Err(Problem::new("--only matches nothing of the source")
        .hint(Some("a glob is held to group/asset/version, to asset/version and to the asset, each as a whole")))
}

pub(super) fn problem(error: &VerifyError) -> Problem {
    let exit = if error.has_begun() { Exit::Stopped } else { Exit::CouldNotStart };
    Problem::new(error.chain()).hint(error.hint()).exits(exit)
}

pub(super) fn item(verified: Verified) -> VerifiedItem {
    let difference = |Mismatch { datum, expected, actual }| VerifiedDifference { datum, expected, actual };
    VerifiedItem {
        gav: verified.gav,
        path: verified.path,
        verdict: verified.verdict.as_str(),
        differences: verified.differences.into_iter().map(difference).collect(),
        note: verified.note,
    }
}

fn whole(kind: Kind, verification: Verification) -> VerifiedWhole {
    let count = |verdict: Verdict| (verdict.as_str(), verification.counts.get(&verdict).copied().unwrap_or(0));
    VerifiedWhole {
        noun: match kind {
            Kind::Publish | Kind::Describe | Kind::Export | Kind::Migrate => "version",
            Kind::Applications => "application",
            Kind::Access => "contract",
        },
        counts: Verdict::ALL.into_iter().map(count).collect(),
        is_equal: verification.is_equal(),
        definitions: verification.definitions.into_iter().map(definition).collect(),
    }
}
