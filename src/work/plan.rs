//! What a run would do, and why. Reads the source, the journal and the target; changes nothing.

use std::{
    collections::{BTreeSet, HashMap},
    ops::ControlFlow,
    sync::Arc,
};

use futures::{StreamExt, stream};
use tokio::sync::mpsc;

use super::{
    Connection, Outlook, RunError, Selection, description::Difference, existing::Existing, memory, publish::Publish,
    rehearsal::Rehearsal, run::source_of, survey::Survey,
};
use crate::{
    asset::{AssetDraft, Diagnosis, OnConflict, Problem, Sourced, Verdict},
    engine::Tally,
    job::Job,
    journal::{ItemRow, Reader, Readings, State},
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
    /// The input cannot be published.
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
    /// The asset, with the origin of every value.
    pub draft: Option<Box<AssetDraft>>,
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
    // Whatever is wrong with the journal: then all files are read.
    let readings =
        Readings::open(&job.journal).map(|readings| memory::reading(&Arc::new(readings))).unwrap_or_default();
    let rehearsal = Rehearsal::of(source_of(job, group, readings.clone()), only).await?;
    let survey = Survey::begin(job, connection, &rehearsal).await?;
    let publish = connection
        .map(|c| Publish::new(c.exchange.clone(), job, Existing::default(), Arc::new(Tally::default())))
        .transpose()
        .map_err(RunError::Scratch)?;
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
        .map(|sourced| foresee(publish.as_ref(), journal.as_ref(), &survey, sourced))
        .buffered(job.pace.concurrency);
    {
        let mut found = std::pin::pin!(found);
        while let Some(planned) = found.next().await {
            each(planned);
        }
    }
    reading.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    Ok(survey.end().await)
}

fn is_meant(sourced: &Sourced, only: &Selection) -> bool {
    match sourced {
        Sourced::Draft(draft) => only.contains(&draft.coordinates.to_string()),
        Sourced::Diagnosis(_) => only.is_all(),
    }
}

/// The second claim to the same coordinates is a mistake, as it is for a run.
fn refuse_duplicate(sourced: Sourced, places: &mut HashMap<String, String>) -> Sourced {
    let Sourced::Draft(draft) = &sourced else { return sourced };
    let place = draft.line.map_or_else(|| draft.path.to_string(), |line| format!("{}:{line}", draft.path));
    let gav = draft.coordinates.to_string();
    match places.get(&gav) {
        None => {
            places.insert(gav, place);
            sourced
        }
        Some(first) => {
            let message = format!("has the same coordinates as {first}: {gav}");
            let diagnosis = Diagnosis::failed(draft.path.clone(), Problem::Duplicate, message).gav(gav);
            Sourced::Diagnosis(Box::new(diagnosis))
        }
    }
}

async fn foresee(
    publish: Option<&Publish>,
    journal: Option<&Reader>,
    survey: &Survey<'_>,
    sourced: Sourced,
) -> Planned {
    let draft = match sourced {
        Sourced::Draft(draft) => draft,
        Sourced::Diagnosis(diagnosis) => return diagnosed(&diagnosis),
    };
    let known = journal.and_then(|journal| journal.standing(&draft).ok()?);
    let (intent, reason) = match known.as_ref().and_then(remembered) {
        Some(known) => known,
        None => match publish {
            Some(publish) => {
                let yields = survey.yields(&draft.coordinates);
                let published_as = known.and_then(|(row, _)| row.published_as);
                survey.judge(&draft, on_target(publish, &draft, &yields, published_as).await).await
            }
            None => (Intent::Create, "not in the journal; the target was not asked".to_owned()),
        },
    };
    Planned {
        gav: Some(draft.coordinates.to_string()),
        path: draft.path.to_string(),
        intent,
        reason,
        draft: Some(draft),
    }
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
        draft: None,
    }
}

/// What the journal says of an item whose source has not changed.
fn remembered((row, unchanged): &(ItemRow, bool)) -> Option<(Intent, String)> {
    if !unchanged {
        return None;
    }
    let why = row.message.clone().unwrap_or_default();
    match row.state {
        State::Done => Some((Intent::Unchanged, "published by an earlier run".to_owned())),
        State::Skipped if row.class.as_deref() != Some("gone") => Some((Intent::Unchanged, why)),
        State::Failed => Some((Intent::Skip, format!("failed in an earlier run, `consign retry` opens it: {why}"))),
        State::Blocked if row.class.is_some() => Some((Intent::Blocked, why)),
        _ => None,
    }
}

async fn on_target(
    publish: &Publish,
    draft: &AssetDraft,
    yields: &BTreeSet<String>,
    published_as: Option<String>,
) -> (Intent, String) {
    use super::publish::OnTarget;
    let has_published = published_as.is_some();
    match publish.foresee(draft, yields, published_as).await {
        Ok(OnTarget::NewAsset) => (Intent::Create, "the target has no such asset".to_owned()),
        Ok(OnTarget::NewVersion { latest }) => (Intent::NewVersion, format!("the latest version there is {latest}")),
        Ok(OnTarget::Development) => (Intent::NewVersion, "replaces the development version on the target".to_owned()),
        Ok(OnTarget::Same { proof, differences }) if differences.is_empty() => {
            (Intent::Unchanged, format!("on the target already: {proof}"))
        }
        Ok(OnTarget::Same { differences, .. }) => (Intent::MetadataOnly, told(&differences)),
        Ok(OnTarget::Different(what)) => {
            let differs = format!("the target holds other content: {what}");
            match publish.on_other_content(draft, has_published) {
                OnConflict::Fail => (Intent::Conflict, differs),
                OnConflict::Skip => (Intent::Skip, differs),
                _ => (Intent::NewVersion, format!("{differs}; the next free version is published")),
            }
        }
        Err(failure) => (Intent::Invalid, failure.message),
    }
}

/// Differences on one line.
fn told(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
