//! What the engine tells: typed events, for the terminal, JSON lines and reports alike.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use serde::Serialize;

use crate::{
    asset::{Diagnosis, Verdict},
    journal::{Counts, Disagreement, Failure, State},
};

/// Something that happened in a run. Whatever is shown of it can be rebuilt from the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// A run begins.
    Start {
        /// The job.
        job: String,
        /// The run's own id.
        run: String,
        /// The target, as people know it.
        target: String,
        /// Where the journal is.
        journal: String,
    },
    /// The source is being read.
    Scanning {
        /// Items met so far.
        items: u64,
    },
    /// The source has been read.
    Scanned {
        /// Items the journal did not know.
        new: u64,
        /// Items whose source has changed.
        changed: u64,
        /// Items that are as they were.
        unchanged: u64,
        /// Inputs that failed or were skipped before anything was sent.
        diagnosed: u64,
        /// Open items that are no longer in the source.
        gone: u64,
    },
    /// Assets that were published are no longer in the source.
    Vanished {
        /// How many versions.
        count: u64,
        /// The coordinates of the first of them.
        gavs: Vec<String>,
        /// Whether they are deprecated in this run.
        deprecated: bool,
        /// Why they are not, though the job says so.
        #[serde(skip_serializing_if = "Option::is_none")]
        spared: Option<String>,
    },
    /// Versions of one asset say different things about data that they share: the highest of them is believed.
    Disagreements {
        /// The first of them.
        first: Vec<Disagreement>,
    },
    /// An input fails or is skipped before anything is sent.
    Diagnosed {
        /// The coordinates of the asset, as far as they are known.
        gav: Option<String>,
        /// The file or folder.
        path: String,
        /// The line, counted from 1.
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<u64>,
        /// Failed or skipped.
        #[serde(serialize_with = "name")]
        state: State,
        /// What is wrong, and what to do.
        #[serde(flatten)]
        failure: Failure,
    },
    /// A category or a custom field was brought to the target, or left as it differs.
    Definition {
        /// `categories` or `fields`.
        dimension: &'static str,
        /// Its key.
        key: String,
        /// What was done: `created`, `updated`, `deleted`, `kept`, or that it was `there` or `absent` already.
        done: &'static str,
        /// Why.
        note: String,
    },
    /// Something was found before the first write.
    Finding {
        /// The item that it is about; `None`: the whole run.
        gav: Option<String>,
        /// What was looked at.
        check: &'static str,
        /// `failure`, `warning` or `note`.
        level: &'static str,
        /// What was found.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// An item moved to another state.
    Item {
        /// Its coordinates.
        gav: String,
        /// The state entered.
        #[serde(serialize_with = "name")]
        state: State,
        /// The step it stands before.
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<&'static str>,
        /// How often a step was begun.
        attempt: u32,
        /// Why: of a failure, a skip or another try.
        #[serde(flatten, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
        /// What else is worth telling.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// No new work is taken; what is in flight ends or is parked.
    Stopping {
        /// Why.
        reason: String,
    },
}

impl Event {
    /// Tells a diagnosis.
    #[must_use]
    pub fn diagnosed(diagnosis: &Diagnosis) -> Self {
        Self::Diagnosed {
            gav: diagnosis.gav.clone(),
            path: diagnosis.path.to_string(),
            line: diagnosis.line,
            state: match diagnosis.verdict {
                Verdict::Failed => State::Failed,
                Verdict::Skipped => State::Skipped,
            },
            failure: Failure {
                class: diagnosis.problem.as_str().to_owned(),
                http: None,
                message: diagnosis.message.clone(),
                hint: diagnosis.hint.clone(),
            },
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn name<S: serde::Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.as_str())
}

/// Takes events; must not block.
pub trait Sink: Send + Sync + 'static {
    /// Takes one event.
    fn emit(&self, event: &Event);
}

/// Drops every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSink;

impl Sink for NoSink {
    fn emit(&self, _event: &Event) {}
}

/// Running totals of a run, readable at any time by whoever draws progress.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Mutex<Counts>,
    /// Accepted publications.
    pub published: AtomicU64,
    /// Accepted updates of what existed.
    pub updated: AtomicU64,
}

impl Tally {
    /// The counts by state.
    #[must_use]
    pub fn counts(&self) -> Counts {
        *self.lock()
    }

    /// Takes counts from the journal.
    pub fn set(&self, counts: Counts) {
        *self.lock() = counts;
    }

    /// Moves one item, and as many as it released from blocked to ready.
    pub fn moved(&self, from: State, to: State, released: u64) {
        let mut counts = self.lock();
        *counts.of(from) = counts.of(from).saturating_sub(1);
        *counts.of(to) += 1;
        counts.blocked = counts.blocked.saturating_sub(released);
        counts.ready += released;
    }

    /// Counts an accepted publication.
    pub fn add_published(&self) {
        self.published.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an accepted update of what existed.
    pub fn add_updated(&self) {
        self.updated.fetch_add(1, Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
