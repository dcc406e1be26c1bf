//! What a run would do, and why. Reads the source, the journal and the target; changes nothing.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc};

use futures::{StreamExt, stream};
use tokio::sync::mpsc;

use super::{
    Connection, RunError, Selection,
    describe::{Describe, Foreseen},
    existing::Existing,
    memory,
    publish::Publish,
    run::source_of,
};
use crate::{
    asset::{AssetChange, AssetDraft, Diagnosis, OnConflict, Problem, Sourced, Verdict},
    engine::Tally,
    job::{Job, Kind},
    journal::{Entry, Reader, Readings, State},
};

/// Sourced items on their way to be looked at: bounds memory.
const AHEAD: usize = 64;

/// What is known of an item when nobody is asked.
const NOT_ASKED: &str = "not in the journal; the target was not asked";

/// What would be done to an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// The asset is new.
    Create,
    /// The asset exists; this version is new.
    NewVersion,
    /// Nothing: the reason says why.
    Skip,
    /// The target holds other content under the same coordinates, and the job says to fail.
    Conflict,
    /// It waits for an item that failed.
    Blocked,
    /// What describes an asset that exists would be changed.
    Update,
    /// There is no such asset or version to change.
    NotFound,
    /// The input cannot be used.
    Invalid,
    /// The journal or the target has it already, as it is.
    Unchanged,
}

/// One item of a plan.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its coordinates, where they are known.
    pub gav: Option<String>,
    /// Where it comes from.
    pub path: String,
    /// What would be done.
    pub intent: Intent,
    /// Why.
    pub reason: String,
    /// The asset, with the origin of every value, or the change; `None` for what is wrong.
    pub item: Option<Sourced>,
}

/// Plans a job; gives each item to `each`, in the order of the source.
///
/// Without a connection only the source and the journal speak. `group` is the group of assets that name none.
pub async fn plan(
    job: &Job,
    connection: Option<&Connection>,
    group: &str,
    journal: Option<Reader>,
    only: &Selection,
    mut each: impl FnMut(Planned),
) -> Result<(), RunError> {
    let foresight = connection.map(|c| Foresight::new(job, c)).transpose().map_err(RunError::Scratch)?;
    let (items, arriving) = mpsc::channel(AHEAD);
    // Whatever is wrong with the journal: then all files are read.
    let reading = Readings::open(&job.journal).map(|readings| memory::reading(&Arc::new(readings))).unwrap_or_default();
    let (source, options) = source_of(job, group, reading);
    let reading = tokio::task::spawn_blocking(move || {
        source.scan(&options, &mut |sourced| match items.blocking_send(sourced) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        })
    });
    let mut places = HashMap::new();
    let found = stream::unfold(arriving, |mut arriving| async move { Some((arriving.recv().await?, arriving)) })
        .filter(|sourced| std::future::ready(is_meant(sourced, only)))
        .map(|sourced| refuse_duplicate(sourced, &mut places))
        .map(|sourced| foresee(foresight.as_ref(), journal.as_ref(), sourced))
        .buffered(job.pace.concurrency);
    let mut found = std::pin::pin!(found);
    while let Some(planned) = found.next().await {
        each(planned);
    }
    reading.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    Ok(())
}

fn is_meant(sourced: &Sourced, only: &Selection) -> bool {
    sourced.gav().map_or_else(|| only.is_all(), |gav| only.contains(&gav))
}

/// The second claim to the same coordinates is a mistake, as it is for a run.
fn refuse_duplicate(sourced: Sourced, places: &mut HashMap<String, String>) -> Sourced {
    let Some(gav) = sourced.gav() else { return sourced };
    let (path, line) = sourced.place();
    let place = line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}"));
    match places.get(&gav) {
        None => {
            places.insert(gav, place);
            sourced
        }
        Some(first) => {
            let message = format!("has the same coordinates as {first}: {gav}");
            let diagnosis = Diagnosis { line, ..Diagnosis::failed(path, Problem::Duplicate, message).gav(gav) };
            Sourced::Diagnosis(Box::new(diagnosis))
        }
    }
}

/// Whoever looks at the target: as the kind of the job does.
enum Foresight {
    Publish(Box<Publish>),
    Describe(Box<Describe>),
}

impl Foresight {
    fn new(job: &Job, connection: &Connection) -> std::io::Result<Self> {
        let (exchange, tally) = (connection.exchange.clone(), Arc::new(Tally::default()));
        Ok(match job.kind {
            Kind::Publish => Self::Publish(Box::new(Publish::new(exchange, job, Existing::default(), tally)?)),
            Kind::Describe => Self::Describe(Box::new(Describe::new(exchange, job, tally)?)),
        })
    }
}

async fn foresee(foresight: Option<&Foresight>, journal: Option<&Reader>, sourced: Sourced) -> Planned {
    let (intent, reason) = match &sourced {
        Sourced::Diagnosis(diagnosis) => return diagnosed(diagnosis),
        Sourced::Draft(draft) => match (remembered(journal, draft.as_ref(), "published"), foresight) {
            (Some(known), _) => known,
            (None, Some(Foresight::Publish(publish))) => on_target(publish, draft).await,
            (None, _) => (Intent::Create, NOT_ASKED.to_owned()),
        },
        Sourced::Change(change) => match (remembered(journal, change.as_ref(), "updated"), foresight) {
            (Some(known), _) => known,
            (None, Some(Foresight::Describe(describe))) => to_be_changed(describe, change).await,
            (None, _) => (Intent::Update, NOT_ASKED.to_owned()),
        },
    };
    let path = sourced.place().0.to_string();
    Planned { gav: sourced.gav(), path, intent, reason, item: Some(sourced) }
}

fn diagnosed(diagnosis: &Diagnosis) -> Planned {
    Planned {
        gav: diagnosis.gav.clone(),
        path: diagnosis.path.to_string(),
        intent: if diagnosis.verdict == Verdict::Skipped { Intent::Skip } else { Intent::Invalid },
        reason: match &diagnosis.hint {
            Some(hint) => format!("{diagnosis} ({hint})"),
            None => diagnosis.to_string(),
        },
        item: None,
    }
}

/// What the journal says of an item whose source has not changed.
fn remembered<'a>(journal: Option<&Reader>, item: impl Into<Entry<'a>>, done: &str) -> Option<(Intent, String)> {
    let (row, unchanged) = journal?.standing(item).ok()??;
    if !unchanged {
        return None;
    }
    let why = row.message.unwrap_or_default();
    match row.state {
        State::Done => Some((Intent::Unchanged, format!("{done} by an earlier run"))),
        State::Skipped if row.class.as_deref() != Some("gone") => Some((Intent::Unchanged, why)),
        State::Failed => Some((Intent::Skip, format!("failed in an earlier run, `consign retry` opens it: {why}"))),
        State::Blocked if row.class.is_some() => Some((Intent::Blocked, why)),
        _ => None,
    }
}

async fn on_target(publish: &Publish, draft: &AssetDraft) -> (Intent, String) {
    use super::publish::OnTarget;
    match publish.foresee(draft).await {
        Ok(OnTarget::NewAsset) => (Intent::Create, "the target has no such asset".to_owned()),
        Ok(OnTarget::NewVersion { latest }) => (Intent::NewVersion, format!("the latest version there is {latest}")),
        Ok(OnTarget::Development) => (Intent::NewVersion, "replaces the development version on the target".to_owned()),
        Ok(OnTarget::Same(proof)) => (Intent::Unchanged, format!("on the target already: {proof}")),
        Ok(OnTarget::Different(what)) => {
            let differs = format!("the target holds other content: {what}");
            match publish.on_conflict(draft) {
                OnConflict::Fail => (Intent::Conflict, differs),
                OnConflict::Skip => (Intent::Skip, differs),
                _ => (Intent::NewVersion, format!("{differs}; the next free version is published")),
            }
        }
        Err(failure) => (Intent::Invalid, failure.message),
    }
}

async fn to_be_changed(describe: &Describe, change: &AssetChange) -> (Intent, String) {
    match describe.foresee(change).await {
        Ok(Foreseen::Differs(what)) => (Intent::Update, what),
        Ok(Foreseen::Same(proof)) => (Intent::Unchanged, proof),
        Ok(Foreseen::Missing(what)) => (Intent::NotFound, what),
        Err(failure) => (Intent::Invalid, failure.message),
    }
}
