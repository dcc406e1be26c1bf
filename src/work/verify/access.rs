//! Whether a portal holds the contracts that a job asks for.
//!
//! Contracts of the same applications that no row names are extra. A part of the rows says nothing of them.

use std::sync::Arc;

use futures::{StreamExt, stream};

use super::{
    Verification, Verified, VerifyError,
    actual::Unread,
    judge::{Judged, diagnosed, unasked},
    run::items,
};
use crate::{
    asset::{Sourced, WantedAccess},
    engine::Tally,
    job::Job,
    source::{self, Source},
    work::{Connection, Selection, access::Access},
};

/// Holds the portal to the source.
pub(super) async fn verify(
    job: &Job,
    (source, options): (Source, source::Options),
    connection: &Connection,
    only: &Selection,
    mut each: impl FnMut(Verified),
) -> Result<Verification, VerifyError> {
    let access = Access::of(job, connection, Arc::new(Tally::default()))?;
    let mut verification = Verification::default();
    let mut tell = |judged| verification.take(judged, &mut each);
    let is_whole = only.is_all() && options.wave.is_none();
    let judge = async |sourced| match sourced {
        Sourced::Access(wanted) => Some(judged(&access, &wanted).await),
        Sourced::Diagnosis(diagnosis) => diagnosed(&diagnosis).map(Ok),
        Sourced::Draft(_) | Sourced::Change(_) | Sourced::Listed(_) | Sourced::Application(_) => None,
    };
    items(judge, (source, options), (only, job.pace.concurrency), &mut tell).await?;
    if is_whole {
        let seen = access.seen();
        let look = async |application| access.surplus(application).await;
        let mut found = std::pin::pin!(stream::iter(&seen).map(look).buffered(job.pace.concurrency));
        while let Some(surplus) = found.next().await {
            let surplus = surplus.map_err(|error| VerifyError::Halted(Unread::from(error).failure))?;
            surplus.into_iter().map(Ok).try_for_each(&mut tell)?;
        }
    }
    Ok(verification)
}

async fn judged(access: &Access, wanted: &WantedAccess) -> Judged {
    let judged = access.judge(wanted).await;
    judged.or_else(|error| unasked(&wanted.key(), wanted.path.as_str(), wanted.line, error))
}
