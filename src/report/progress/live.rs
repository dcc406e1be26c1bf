//! Where progress is read from, and how it is shown.

use std::{fmt, io::IsTerminal, sync::Arc};

use crate::engine::Tally;

/// Where the numbers of a run come from; polled while it is drawn.
#[derive(Clone)]
pub struct Live {
    /// Items by state, and what was published.
    pub tally: Arc<Tally>,
    /// What has gone through the door to the network.
    pub door: Arc<dyn Fn() -> DoorView + Send + Sync>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("tally", &self.tally).finish_non_exhaustive()
    }
}

/// What has gone through the door to the network in this run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DoorView {
    /// Requests sent.
    pub requests: u64,
    /// Of these, polls of status links.
    pub polls: u64,
    /// Answers that told us to slow down.
    pub refused: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Why nothing is sent just now, where that is so: `server asked to wait until 12:00:03 (429)`.
    pub waits: Option<String>,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Drawn in place, many times a second.
    Terminal,
    /// Lines without any control character, now and then.
    Plain,
    /// Not at all.
    Quiet,
}

impl Style {
    /// [`Style::Terminal`] when stderr is a terminal that can be drawn on and no CI looks on; otherwise
    /// [`Style::Plain`].
    #[must_use]
    pub fn detect() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "false");
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if std::io::stderr().is_terminal() && !dumb && !set("CI") { Self::Terminal } else { Self::Plain }
    }
}
