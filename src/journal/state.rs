//! The states of an item, and which may follow which.

use std::{fmt, str::FromStr};

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Known, not yet put in order.
    Pending,
    /// Waits for an item it depends on.
    Blocked,
    /// May be claimed.
    Ready,
    /// The intent is written: something is being done to it. Found after a crash, it is in doubt.
    Acting,
    /// Waits for the server, or for the time of its next try; costs nothing.
    Waiting,
    /// Done.
    Done,
    /// Left as it is, for a reason.
    Skipped,
    /// Failed for good, until `retry` or a changed source reopens it.
    Failed,
}

impl State {
    /// All states, in the order of an item's life.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Blocked,
        Self::Ready,
        Self::Acting,
        Self::Waiting,
        Self::Done,
        Self::Skipped,
        Self::Failed,
    ];

    /// The stable name: in the journal, in `--json`, on screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Blocked => "blocked",
            Self::Ready => "ready",
            Self::Acting => "acting",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Skipped | Self::Failed)
    }

    /// Whether the move is legal. An item never leaves a final state but to be opened again.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use State::{Acting, Blocked, Done, Failed, Pending, Ready, Skipped, Waiting};
        match self {
            Pending | Blocked => matches!(next, Pending | Blocked | Ready | Skipped | Failed),
            Ready => !matches!(next, Done),
            Acting | Waiting => !matches!(next, Pending | Blocked),
            Done | Skipped => matches!(next, Pending | Failed | Skipped),
            Failed => matches!(next, Pending | Failed | Skipped),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a state of an item"))
    }
}

impl rusqlite::ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl rusqlite::types::FromSql for State {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        value.as_str()?.parse().map_err(|e: String| rusqlite::types::FromSqlError::Other(e.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_done_without_being_acted_on() {
        let sources: Vec<State> = State::ALL.into_iter().filter(|s| s.may_become(State::Done)).collect();
        assert_eq!(sources, [State::Acting, State::Waiting]);
    }

    #[test]
    fn a_final_item_is_only_reopened_as_pending() {
        for state in State::ALL.into_iter().filter(|s| s.is_final()) {
            for next in [State::Ready, State::Acting, State::Waiting, State::Blocked, State::Done] {
                assert!(!state.may_become(next), "{state} -> {next}");
            }
        }
    }
}
