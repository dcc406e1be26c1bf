//! Rows of the journal, as the rest of the program sees them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::State;

/// What the name of a target begins with where it is an organization that is read, and nothing is sent to.
pub const EXPORT_KEY: &str = "export:";

/// What the name of a target begins with where it is a portal of the API Experience Hub.
pub const PORTAL_KEY: &str = "portal:";

/// The number of an item in its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId(pub i64);

/// An item as the engine claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number.
    pub id: ItemId,
    /// Its coordinates.
    pub gav: String,
    /// Where it stands: ready, acting (found after a crash) or waiting.
    pub state: State,
    /// The step it stands before; `None` is the first.
    pub step: Option<String>,
    /// How often a step was begun.
    pub attempt: u32,
    /// Whether the step may have happened already.
    pub doubt: bool,
    /// When it is due, in milliseconds since 1970.
    pub due: Option<i64>,
    /// What the step waits with.
    pub token: Option<String>,
    /// The coordinates after a version bump.
    pub published_as: Option<String>,
    /// The digest of what was published last.
    pub fingerprint: Option<String>,
    /// The draft, as JSON.
    pub draft: String,
    /// Data that it has something to say about, and that another version of the asset speaks for.
    pub yields: BTreeSet<String>,
    /// Whether it vanished from the source.
    pub retired: Retired,
    /// By which ids the target knows it, as JSON.
    pub ids: Option<String>,
}

/// Whether an item vanished from the source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Retired {
    /// It did not.
    #[default]
    No,
    /// It did, and is to be deprecated.
    Gone,
    /// It did, was deprecated, and has come back.
    Back,
}

/// Longest message kept, in characters.
const MAX_MESSAGE: usize = 4_000;

/// Why an item failed, was skipped, or is tried again: what happened, what the server said, what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable word for the kind of failure: `refused`, `conflict`, `invalid`, `deadline`, …
    pub class: String,
    /// The status of the server's answer, where there was one.
    pub http: Option<u16>,
    /// What happened, with the server's own words.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without an answer of the server.
    ///
    /// A message that is longer than anybody reads is cut: a server may say whatever it likes, once for every item.
    pub fn new(class: impl Into<String>, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
            message.truncate(end);
            message.push('…');
        }
        Self { class: class.into(), http: None, message, hint: None }
    }

    /// Adds the status of the answer.
    #[must_use]
    pub fn http(mut self, status: Option<u16>) -> Self {
        self.http = status;
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// How many items stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each field is the state of its name")]
pub struct Counts {
    pub pending: u64,
    pub blocked: u64,
    pub ready: u64,
    pub acting: u64,
    pub waiting: u64,
    pub done: u64,
    pub skipped: u64,
    pub failed: u64,
}

impl Counts {
    /// Reads counts by state.
    pub(super) fn from_map(map: &BTreeMap<State, u64>) -> Self {
        let mut counts = Self::default();
        for (state, count) in map {
            *counts.of(*state) += count;
        }
        counts
    }

    /// The count of one state.
    pub fn of(&mut self, state: State) -> &mut u64 {
        match state {
            State::Pending => &mut self.pending,
            State::Blocked => &mut self.blocked,
            State::Ready => &mut self.ready,
            State::Acting => &mut self.acting,
            State::Waiting => &mut self.waiting,
            State::Done => &mut self.done,
            State::Skipped => &mut self.skipped,
            State::Failed => &mut self.failed,
        }
    }

    /// All items.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.open() + self.done + self.skipped + self.failed
    }

    /// Items with work left. A blocked item counts: it waits for one that failed or is not done yet.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.pending + self.blocked + self.ready + self.acting + self.waiting
    }
}

/// An item as reports show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemRow {
    /// Its number in the journal.
    #[serde(skip)]
    pub id: i64,
    /// Its coordinates, where they are known.
    pub gav: Option<String>,
    /// The file or manifest it comes from.
    pub path: String,
    /// The line of the manifest or of the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<i64>,
    /// Where it stands.
    #[serde(serialize_with = "state_name")]
    pub state: State,
    /// The step it stands before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// How often a step was begun.
    pub attempt: u32,
    /// The coordinates after a version bump.
    #[serde(rename = "publishedAs", skip_serializing_if = "Option::is_none")]
    pub published_as: Option<String>,
    /// The kind of failure or reason.
    pub class: Option<String>,
    /// The status of the server's last answer that mattered.
    pub http: Option<u16>,
    /// What happened.
    pub message: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn state_name<S: serde::Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.as_str())
}

/// One transition of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRow {
    /// The run in which it happened.
    pub run: i64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The state entered.
    #[serde(serialize_with = "state_name")]
    pub state: State,
    /// The step.
    pub step: Option<String>,
    /// The attempt.
    pub attempt: u32,
    /// The status of the server's answer.
    pub http: Option<u16>,
    /// What was said.
    pub note: Option<String>,
}

/// What one run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RunTotals {
    /// The run's own id.
    pub uuid: String,
    /// When it began, in milliseconds since 1970.
    pub started: i64,
    /// When it ended; `None` while it runs, or after it was killed.
    pub ended: Option<i64>,
    /// complete, partial or stopped.
    pub outcome: Option<String>,
    /// Accepted publications.
    pub published: u64,
    /// Accepted updates of what existed.
    pub updated: u64,
    /// Requests sent.
    pub requests: u64,
    /// Of these, polls of status links.
    pub polls: u64,
    /// Answers that told us to slow down.
    pub refused: u64,
    /// Bytes sent.
    pub bytes: u64,
}
