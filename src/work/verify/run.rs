//! The whole: items as the source yields them, side by side; then what nobody has named.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc};

use futures::{StreamExt, stream};
use tokio::sync::mpsc;

use super::{
    Verdict, Verification, Verified, access,
    actual::{Looker, Unread},
    applications,
    expected::Expecter,
    extra::{self, AssetName},
    judge::{Judge, Judged, diagnosed},
};
use crate::{
    asset::{Coordinates, Sourced},
    job::{Job, Kind},
    journal::Failure,
    package::reading::Reading,
    source::{self, Source},
    work::{
        Connection, DefinitionFinding, RunError, Selection,
        definitions::Configured,
        place::Place,
        plan::{is_meant, refuse_duplicate},
        prepare::check_definitions,
        rehearsal::Rehearsal,
        run::source_of,
        scratch::Scratch,
    },
};

/// Sourced items on their way to be looked at: bounds memory.
const AHEAD: usize = 64;

/// What a target is held to.
#[derive(Debug, Clone)]
pub struct Against {
    /// Where the drafts come from.
    pub source: Source,
    /// What is said about it.
    pub options: source::Options,
    /// How much the source says.
    pub extent: Extent,
}

/// How much a source says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Extent {
    /// What is to be: anything that it does not say may be as it likes.
    #[default]
    Said,
    /// All there is: what it does not say is not there, and neither are other assets of these groups.
    All {
        /// Ids of groups on the target.
        groups: Vec<String>,
    },
}

/// Why it cannot be told whether the target is as it should be.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It could not begin.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The target does not let anything be read any more.
    #[error("stopped: {}", .0.message)]
    Halted(Failure),
}

impl VerifyError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Run(error) => error.hint(),
            Self::Halted(failure) => failure.hint.clone(),
        }
    }

    /// What happened, with its causes.
    #[must_use]
    pub fn chain(&self) -> String {
        crate::work::failure::chain(self)
    }

    /// Whether it had begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        matches!(self, Self::Halted(_))
    }
}

/// Holds the target of a job to its source. Gives each version to `each`, in the order of the source and what is extra
/// behind, and returns what the whole came to. Neither the target nor the journal of the job is touched.
///
/// # Errors
/// [`VerifyError`]; what is wrong with a single item is told to `each`.
pub async fn verify(
    job: &Job,
    connection: &Connection,
    only: &Selection,
    each: impl FnMut(Verified),
) -> Result<Verification, VerifyError> {
    let (source, options) = source_of(job, &connection.group, Reading::default());
    match job.kind {
        Kind::Applications => return applications::verify(job, (source, options), connection, only, each).await,
        Kind::Access => return access::verify(job, (source, options), connection, only, each).await,
        Kind::Publish | Kind::Describe | Kind::Export | Kind::Migrate => {}
    }
    verify_against(job, Against { source, options, extent: Extent::Said }, connection, only, each).await
}

/// The same, and what whole groups of the target hold beside it is extra.
///
/// # Errors
/// As [`verify`].
pub async fn verify_groups(
    job: &Job,
    connection: &Connection,
    groups: Vec<String>,
    only: &Selection,
    each: impl FnMut(Verified),
) -> Result<Verification, VerifyError> {
    let (source, options) = source_of(job, &connection.group, Reading::default());
    verify_against(job, Against { source, options, extent: Extent::All { groups } }, connection, only, each).await
}

/// The same, with drafts from somewhere else.
///
/// # Errors
/// As [`verify`].
pub async fn verify_against(
    job: &Job,
    against: Against,
    connection: &Connection,
    only: &Selection,
    mut each: impl FnMut(Verified),
) -> Result<Verification, VerifyError> {
    let Against { source, options, extent } = against;
    // All rows say who speaks for what versions share, and what is no surplus; those of other waves too.
    let whole = source::Options { wave: None, ..options.clone() };
    let rehearsal = Rehearsal::of((source.clone(), whole), &Selection::default()).await?;
    let definitions = definitions(job, connection).await?;
    let scratch = Arc::new(Scratch::new().map_err(RunError::Scratch)?);
    let judge = Judge {
        job,
        expecter: Expecter::new(job, &extent, Arc::clone(&scratch)),
        looker: Looker::new(connection.exchange.clone(), scratch),
    };
    let mut verification = Verification { definitions, ..Verification::default() };
    let mut tell = |judged| verification.take(judged, &mut each);
    let look = |sourced| item(&judge, &rehearsal, sourced);
    items(look, (source, options), (only, job.pace.concurrency), &mut tell).await?;
    if job.kind != Kind::Describe {
        surplus(&judge, &extent, &rehearsal, only, &mut tell).await?;
    }
    Ok(verification)
}

/// The declarations of the job that are not true.
async fn definitions(job: &Job, connection: &Connection) -> Result<Vec<DefinitionFinding>, RunError> {
    if job.definitions.is_empty() {
        return Ok(Vec::new());
    }
    let place = Place::of(&connection.exchange).await;
    check_definitions(job, &place, &mut Configured::default()).await
}

/// What the source names, so many items side by side, told in its order.
pub(super) async fn items<T, F: Future<Output = Option<T>>>(
    look: impl Fn(Sourced) -> F,
    (source, options): (Source, source::Options),
    (only, at_once): (&Selection, usize),
    tell: &mut impl FnMut(T) -> Result<(), VerifyError>,
) -> Result<(), VerifyError> {
    let (sender, arriving) = mpsc::channel(AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        source.scan(&options, &mut |sourced| match sender.blocking_send(sourced) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        })
    });
    let mut places = HashMap::new();
    {
        let judged = stream::unfold(arriving, async |mut arriving| Some((arriving.recv().await?, arriving)))
            .filter(|sourced| std::future::ready(is_meant(sourced, only)))
            .map(|sourced| refuse_duplicate(sourced, &mut places))
            .map(look)
            .buffered(at_once);
        let mut judged = std::pin::pin!(judged);
        while let Some(judged) = judged.next().await {
            if let Some(judged) = judged {
                tell(judged)?;
            }
        }
    }
    reading.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())).map_err(RunError::from)?;
    Ok(())
}

async fn item(judge: &Judge<'_>, rehearsal: &Rehearsal, sourced: Sourced) -> Option<Judged> {
    match sourced {
        Sourced::Draft(draft) => {
            let yields = rehearsal.yields_of(&draft.coordinates.to_string());
            let brings_terms = rehearsal.says_for_group(&draft, "terms");
            Some(judge.draft(&draft, &yields, brings_terms, |there| rehearsal.brings(there)).await)
        }
        Sourced::Change(change) => {
            let yields = rehearsal.yields_of(&change.gav());
            Some(judge.change(&change, &yields).await)
        }
        // What is only listed has not been read, and says nothing; what a portal is to have is no asset.
        Sourced::Listed(_) | Sourced::Application(_) | Sourced::Access(_) => None,
        Sourced::Diagnosis(diagnosis) => diagnosed(&diagnosis).map(Ok),
    }
}

/// What the source does not name.
async fn surplus(
    judge: &Judge<'_>,
    extent: &Extent,
    rehearsal: &Rehearsal,
    only: &Selection,
    tell: &mut impl FnMut(Judged) -> Result<(), VerifyError>,
) -> Result<(), VerifyError> {
    let is_named = |there: &Coordinates| rehearsal.brings(there) || !only.contains(&there.to_string());
    let look = async |name: AssetName| extra::versions(&judge.looker, &name, is_named).await;
    let named = rehearsal.assets().map_err(RunError::Journal)?;
    let names = named.iter().filter_map(|name| split(name));
    let mut found = std::pin::pin!(stream::iter(names).map(look).buffered(judge.job.pace.concurrency));
    while let Some(found) = found.next().await {
        found.into_iter().try_for_each(&mut *tell)?;
    }
    let Extent::All { groups } = extent else { return Ok(()) };
    for group in groups {
        let mut assets = std::pin::pin!(extra::assets(&judge.looker, group));
        while let Some(asset) = assets.next().await {
            match asset {
                Ok((group, asset)) if named.contains(&format!("{group}/{asset}")) => {}
                Ok(name) => look(name).await.into_iter().try_for_each(&mut *tell)?,
                Err(unread) => tell(unread_list(group, unread))?,
            }
        }
    }
    Ok(())
}

/// A list that cannot be read: then nobody knows what is in it.
fn unread_list(group: &str, unread: Unread) -> Judged {
    super::judge::unknown(Verified { verdict: Verdict::Unread, ..extra::extra(format!("{group}/*")) }, unread)
}

fn split(name: &str) -> Option<AssetName> {
    name.split_once('/').map(|(group, asset)| (group.to_owned(), asset.to_owned()))
}
