//! What a run would do, and why. Reads the source, the journal and the target; changes nothing.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc};

use futures::{StreamExt, stream};
use tokio::sync::mpsc;

use super::{
    Connection, Outlook, RunError, Selection,
    finding::{Finding, Level},
    foresight::Foresight,
    memory,
    publish::Earlier,
    rehearsal::Rehearsal,
    run::source_of,
    survey::Survey,
};
use crate::{
    asset::{Diagnosis, Problem, Sourced, Verdict},
    job::{Job, Kind, OnVanished},
    journal::{Entry, ItemRow, Reader, Readings, State},
};

/// Sourced items on their way to be looked at: bounds memory.
const AHEAD: usize = 64;

/// What would be done to an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// The asset is new.
    Create,
    /// The asset exists; this version is new.
    NewVersion,
    /// The content is there; what describes it would be changed.
    MetadataOnly,
    /// Nothing: the reason says why.
    Skip,
    /// The target holds other content under the same coordinates, and the job says to fail.
    Conflict,
    /// It waits for an item that failed.
    Blocked,
    /// What describes an asset that exists would be changed.
    Update,
    /// Access would be asked for.
    Request,
    /// Another tier would be asked for.
    ChangeTier,
    /// What is wanted was asked for already, and waits for somebody.
    Pending,
    /// What it is about is not there.
    NotFound,
    /// The input cannot be used.
    Invalid,
    /// The journal or the target has it already, as it is.
    Unchanged,
}

impl Intent {
    /// Whether a run would fail the item.
    #[must_use]
    pub fn fails(&self) -> bool {
        matches!(self, Self::Conflict | Self::Blocked | Self::NotFound | Self::Invalid)
    }
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

/// Plans a job; gives each item to `each`, in the order of the source, and returns what concerns the whole.
///
/// Without a connection only the source and the journal speak. `group` is the group of assets that name none.
pub async fn plan(
    job: &Job,
    connection: Option<&Connection>,
    group: &str,
    journal: Option<Reader>,
    only: &Selection,
    mut each: impl FnMut(Planned),
) -> Result<Outlook, RunError> {
    if let (Some(export), Some(connection)) = (&job.export, connection) {
        return super::export::plan((job, export), connection, journal.as_ref(), only, each).await;
    }
    // Whatever is wrong with the journal: then all files are read.
    let readings =
        Readings::open(&job.journal).map(|readings| memory::reading(&Arc::new(readings))).unwrap_or_default();
    let rehearsal = Rehearsal::of(source_of(job, group, readings.clone()), only).await?;
    let survey = Survey::begin(job, connection, &rehearsal).await?;
    let foresight = connection.map(|c| Foresight::new(job, c)).transpose()?;
    let (items, arriving) = mpsc::channel(AHEAD);
    let (source, options) = source_of(job, group, readings);
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
        .map(|sourced| foresee(foresight.as_ref(), journal.as_ref(), &survey, sourced))
        .buffered(job.pace.concurrency);
    {
        let mut found = std::pin::pin!(found);
        while let Some(planned) = found.next().await {
            each(planned);
        }
    }
    reading.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    let mut outlook = survey.end().await;
    if job.kind == Kind::Publish && only.is_all() && job.wave.is_none() {
        let vanished = journal.as_ref().map(|journal| rehearsal.vanished(journal, job)).unwrap_or_default();
        let (unrecognised, vanished): (Vec<_>, Vec<_>) =
            vanished.into_iter().partition(|(_, has_its_file)| *has_its_file);
        outlook.findings.extend(gone(
            &vanished,
            match job.publish.on_vanished {
                OnVanished::Report => "they stay as they are",
                OnVanished::Deprecate => "they are deprecated, unless the source looks incomplete",
            },
        ));
        let stay = "their files are still there, and hold no asset any more: they stay as they are";
        outlook.findings.extend(gone(&unrecognised, stay));
    }
    Ok(outlook)
}

/// So many of what vanished are named.
const NAMED: usize = 3;

/// What is no longer in the source, and what becomes of it.
fn gone(vanished: &[(String, bool)], then: &str) -> Option<Finding> {
    let named: Vec<&str> = vanished.iter().take(NAMED).map(|(gav, _)| gav.as_str()).collect();
    let more = vanished.len().checked_sub(NAMED).filter(|more| *more > 0);
    let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
    let message = format!("no longer in the source: {}{more}; {then}", named.join(", "));
    (!vanished.is_empty()).then(|| Finding::whole("vanished", Level::Warning, message))
}

pub(super) fn is_meant(sourced: &Sourced, only: &Selection) -> bool {
    sourced.gav().map_or_else(|| only.is_all(), |gav| only.contains(&gav))
}

/// The second claim to the same coordinates is a mistake, as it is for a run.
pub(super) fn refuse_duplicate(sourced: Sourced, places: &mut HashMap<String, String>) -> Sourced {
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

async fn foresee(
    foresight: Option<&Foresight>,
    journal: Option<&Reader>,
    survey: &Survey<'_>,
    sourced: Sourced,
) -> Planned {
    let (known, done) = match &sourced {
        Sourced::Draft(draft) => (standing(journal, draft.as_ref()), "published"),
        Sourced::Change(change) => (standing(journal, change.as_ref()), "updated"),
        Sourced::Listed(listed) => (standing(journal, listed.as_ref()), "exported"),
        Sourced::Application(wish) => (standing(journal, wish.as_ref()), "brought"),
        Sourced::Access(wanted) => (standing(journal, wanted.as_ref()), "requested"),
        Sourced::Diagnosis(diagnosis) => return diagnosed(diagnosis),
    };
    let (intent, reason) = match (known.as_ref().and_then(|known| remembered(known, done)), foresight) {
        (Some(known), _) => known,
        (None, Some(foresight)) => {
            let fingerprint = journal.zip(sourced.gav()).and_then(|(journal, gav)| journal.fingerprint(&gav).ok()?);
            let earlier = Earlier { published_as: known.and_then(|(row, _)| row.published_as), fingerprint };
            foresight.look(&sourced, earlier, survey).await
        }
        (None, None) => {
            let intent = match sourced {
                Sourced::Change(_) | Sourced::Application(_) => Intent::Update,
                Sourced::Access(_) => Intent::Request,
                _ => Intent::Create,
            };
            (intent, "not in the journal; the target was not asked".to_owned())
        }
    };
    let path = sourced.place().0.to_string();
    Planned { gav: sourced.gav(), path, intent, reason, item: Some(sourced) }
}

/// Where the journal has an item, and whether its source is as it was then.
fn standing<'a>(journal: Option<&Reader>, item: impl Into<Entry<'a>>) -> Option<(ItemRow, bool)> {
    journal?.standing(item).ok()?
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
fn remembered((row, unchanged): &(ItemRow, bool), done: &str) -> Option<(Intent, String)> {
    if !unchanged {
        return None;
    }
    let why = row.message.clone().unwrap_or_default();
    match row.state {
        State::Done => Some((Intent::Unchanged, format!("{done} by an earlier run"))),
        State::Skipped if row.class.as_deref() != Some("gone") => Some((Intent::Unchanged, why)),
        State::Failed => Some((Intent::Skip, format!("failed in an earlier run, `consign retry` opens it: {why}"))),
        State::Blocked if row.class.is_some() => Some((Intent::Blocked, why)),
        _ => None,
    }
}
