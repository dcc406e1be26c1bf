//! What a plan tells beside its items: definitions, and what the run would find before its first write.

use std::{collections::HashSet, ops::ControlFlow};

use tokio::sync::{Mutex, OnceCell};

use super::{
    Connection, RunError, Selection,
    definitions::{Configured, DefinitionFinding},
    finding::{Finding, Level},
    place::Place,
    plan::Intent,
    preflight::Examination,
    prepare::{check_definitions, failure, undecided},
    run::source_of,
};
use crate::{
    asset::{AssetDraft, Coordinates, Sourced},
    job::{Job, Kind},
};

/// What a plan tells of the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Definitions that are not as declared.
    pub definitions: Vec<DefinitionFinding>,
    /// What concerns the whole run.
    pub findings: Vec<Finding>,
}

/// Looks at the target for a plan. Nothing is read that a plan without work does not need.
pub(super) struct Survey<'a> {
    job: &'a Job,
    group: &'a str,
    only: &'a Selection,
    place: Option<Place>,
    configured: Configured,
    definitions: Vec<DefinitionFinding>,
    started: OnceCell<Started>,
}

/// What is known once there is something to send.
struct Started {
    /// What the source brings, by its coordinates.
    brought: HashSet<Coordinates>,
    examination: Mutex<(Examination, u64)>,
}

impl<'a> Survey<'a> {
    /// Compares the definitions of the job with the target; without a connection nothing is looked at.
    pub(super) async fn begin(
        job: &'a Job,
        connection: Option<&Connection>,
        group: &'a str,
        only: &'a Selection,
    ) -> Result<Self, RunError> {
        let mut survey = Self {
            job,
            group,
            only,
            place: None,
            configured: Configured::default(),
            definitions: Vec::new(),
            started: OnceCell::new(),
        };
        let is_of_use = !job.definitions.is_empty() || (job.preflight && job.kind == Kind::Publish);
        if let Some(connection) = connection.filter(|_| is_of_use) {
            let place = Place::of(&connection.exchange).await;
            survey.definitions = check_definitions(job, &place, &mut survey.configured).await?;
            survey.place = Some(place);
        }
        Ok(survey)
    }

    /// What would be done to an item after all.
    pub(super) async fn judge(&self, draft: &AssetDraft, foreseen: (Intent, String)) -> (Intent, String) {
        let (intent, reason) = foreseen;
        let Some(place) = self.place.as_ref().filter(|_| self.job.preflight && self.job.kind == Kind::Publish) else {
            return (intent, reason);
        };
        if !matches!(intent, Intent::Create | Intent::NewVersion) {
            return (intent, reason);
        }
        let started = self.started.get_or_init(|| self.start(place)).await;
        let is_outside = |need: &&Coordinates| !started.brought.contains(*need);
        let outside: Vec<Coordinates> = draft.dependencies.iter().filter(is_outside).cloned().collect();
        let mut guard = started.examination.lock().await;
        let (examination, new) = &mut *guard;
        let (wrong, told): (Vec<_>, Vec<_>) = examination
            .item(draft, &draft.coordinates, &outside)
            .await
            .into_iter()
            .partition(|finding| finding.level == Level::Failure);
        if !wrong.is_empty() {
            let failure = failure(&wrong);
            let hint = failure.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
            return (Intent::Invalid, format!("{}{hint}", failure.message));
        }
        *new += 1;
        let told = told.iter().map(|finding| format!("; {}: {}", finding.level.as_str(), finding.message));
        (intent, told.fold(reason, |reason, more| reason + &more))
    }

    async fn start(&self, place: &Place) -> Started {
        let brought = self.brought().await;
        let items = brought.len() as u64;
        let examination =
            Examination::begin(self.job.publish.on_conflict, place.clone(), self.configured.clone(), items).await;
        Started { brought, examination: Mutex::new((examination, 0)) }
    }

    /// The coordinates that the source brings. It is read twice for that: an item may need what comes after it.
    async fn brought(&self) -> HashSet<Coordinates> {
        let (source, options) = source_of(self.job, self.group);
        let only = self.only.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let mut brought = HashSet::new();
            let scanned = source.scan(&options, &mut |sourced| {
                if let Sourced::Draft(draft) = sourced
                    && only.contains(&draft.coordinates.to_string())
                {
                    brought.insert(draft.coordinates);
                }
                ControlFlow::Continue(())
            });
            // The plan itself reads the source as well, and tells what is wrong with it.
            scanned.map(|()| brought).unwrap_or_default()
        });
        reading.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// What is to be told of the whole.
    pub(super) async fn end(self) -> Outlook {
        let mut findings = undecided(&self.definitions);
        if let Some(started) = self.started.into_inner() {
            let (mut examination, new) = started.examination.into_inner();
            findings.extend(examination.whole(new, new).await);
            findings.extend(examination.end().0);
        }
        Outlook { definitions: self.definitions, findings }
    }
}
