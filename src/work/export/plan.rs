//! What an export would bring; lists the source, and reads nothing more of it.

use tokio_util::sync::CancellationToken;

use super::{Portal, Trip, trip::gone};
use crate::{
    asset::Sourced,
    inventory::{Inventory, Left},
    job::{Export, Job},
    journal::{Reader, State},
    offload::offload,
    work::{
        Connection, Outlook, RunError, Selection,
        plan::{Intent, Planned},
    },
};

/// Plans an export; gives each version to `each`.
pub(in crate::work) async fn plan(
    (job, export): (&Job, &Export),
    connection: &Connection,
    journal: Option<&Reader>,
    only: &Selection,
    mut each: impl FnMut(Planned),
) -> Result<Outlook, RunError> {
    let (inventory, stop) = (Inventory::at(&export.directory), CancellationToken::new());
    let portal = Portal::of(export, connection);
    // No stamp of a plan is kept: what changes with every run is new to it.
    let trip = Trip {
        job,
        export,
        exchange: &connection.exchange,
        portal: portal.as_ref(),
        name: &connection.name,
        memory: journal,
        run: "plan",
        inventory: &inventory,
        stop: &stop,
    };
    let listed = trip.list(async |sourced| {
        if sourced.gav().is_none_or(|gav| only.contains(&gav)) {
            each(planned(sourced, journal));
        }
    });
    let listed = listed.await.map_err(|(organization, source)| RunError::Listing { organization, source })?;
    let root = inventory.root().to_owned();
    let vanished = offload(move || {
        let mut vanished = Vec::new();
        let each = |record: crate::inventory::Record| {
            if listed.left(&record.coordinates) == Some(Left::Vanished) {
                vanished.push(record.coordinates.to_string());
            }
        };
        inventory.records(each).map(|()| vanished)
    });
    let vanished = vanished.await.map_err(|source| RunError::Directory { path: root, begun: false, source })?;
    Ok(Outlook { findings: gone(&vanished).into_iter().collect(), ..Outlook::default() })
}

fn planned(sourced: Sourced, journal: Option<&Reader>) -> Planned {
    let (gav, path) = (sourced.gav(), sourced.place().0.to_string());
    let (intent, reason) = match &sourced {
        Sourced::Listed(listed) => {
            let known = journal.and_then(|journal| journal.standing(listed.as_ref()).ok().flatten());
            judge(known.map(|(row, is_same)| (row.state, row.message.unwrap_or_default(), is_same)))
        }
        Sourced::Diagnosis(diagnosis) => {
            let reason = diagnosis.to_string();
            return Planned { gav: diagnosis.gav.clone(), path, intent: Intent::Skip, reason, item: None };
        }
        Sourced::Draft(_) | Sourced::Change(_) | Sourced::Application(_) | Sourced::Access(_) => {
            (Intent::Invalid, "is none that is read".to_owned())
        }
    };
    Planned { gav, path, intent, reason, item: Some(sourced) }
}

fn judge(known: Option<(State, String, bool)>) -> (Intent, String) {
    match known {
        None => (Intent::Create, "it is not in the directory yet".to_owned()),
        Some((State::Done, _, true)) => (Intent::Unchanged, "exported by an earlier run".to_owned()),
        Some((State::Skipped, why, true)) => (Intent::Unchanged, why),
        Some((State::Failed, why, true)) => {
            (Intent::Skip, format!("failed in an earlier run, `consign retry` opens it: {why}"))
        }
        Some((_, _, true)) => (Intent::Create, "an earlier run was stopped before it".to_owned()),
        Some((_, _, false)) => {
            (Intent::Update, "the asset has changed on the source, or its folder is not whole".to_owned())
        }
    }
}
