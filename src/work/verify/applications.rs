//! Whether a portal holds what a job brings there.
//!
//! What the caller has in the portal and no row names is extra; rows that cannot be used name it all the same, as far as
//! they have a name.

use std::{collections::HashSet, ops::ControlFlow, sync::Arc};

use super::{
    Verification, Verified, VerifyError,
    actual::Unread,
    judge::{Judged, diagnosed, unasked},
    run::items,
};
use crate::{
    asset::{ApplicationWish, Sourced},
    engine::Tally,
    job::Job,
    net::CallError,
    source::{self, Source, SourceError},
    work::{Connection, RunError, Selection, applications::Applications},
};

/// Holds the portal to the source.
pub(super) async fn verify(
    job: &Job,
    (source, options): (Source, source::Options),
    connection: &Connection,
    only: &Selection,
    mut each: impl FnMut(Verified),
) -> Result<Verification, VerifyError> {
    let settings = job.applications.as_ref().expect("a job of applications says how");
    let hub = connection.hub.clone().expect("such a job is led into its portal");
    let applications = Applications::new(hub, settings, Arc::new(Tally::default()));
    let mut verification = Verification::default();
    let mut tell = |judged| verification.take(judged, &mut each);
    // Rows of other waves name applications too.
    let whole = source::Options { wave: None, ..options.clone() };
    let named = named(source.clone(), whole).await.map_err(RunError::from)?;
    let judge = async |sourced| match sourced {
        Sourced::Application(wish) => Some(judged(&applications, &wish).await),
        Sourced::Diagnosis(diagnosis) => diagnosed(&diagnosis).map(Ok),
        Sourced::Draft(_) | Sourced::Change(_) | Sourced::Listed(_) | Sourced::Access(_) => None,
    };
    items(judge, (source, options), (only, job.pace.concurrency), &mut tell).await?;
    let mut surplus = applications.surplus(&named).await.map_err(halted)?;
    surplus.retain(|extra| extra.gav.as_deref().is_some_and(|gav| only.contains(gav)));
    surplus.into_iter().map(Ok).try_for_each(&mut tell)?;
    Ok(verification)
}

async fn judged(applications: &Applications, wish: &ApplicationWish) -> Judged {
    let judged = applications.judge(wish).await;
    judged.or_else(|error| unasked(&wish.key(), wish.path.as_str(), wish.line, error))
}

/// Without the list of what there is nothing can be said of what is left over.
fn halted(error: CallError) -> VerifyError {
    VerifyError::Halted(Unread::from(error).failure)
}

/// What the source names, whether or not it can be used.
async fn named(source: Source, options: source::Options) -> Result<HashSet<String>, SourceError> {
    let read = move || {
        let mut named = HashSet::new();
        let scanned = source.scan(&options, &mut |sourced| {
            named.extend(match sourced {
                Sourced::Diagnosis(diagnosis) => diagnosis.gav,
                sourced => sourced.gav(),
            });
            ControlFlow::Continue(())
        });
        scanned.map(|()| named)
    };
    crate::offload::offload(read).await
}
