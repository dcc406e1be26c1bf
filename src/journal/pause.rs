//! What a server has asked for, beyond the process that it asked.

use camino::Utf8Path;
use rusqlite::{OptionalExtension, params};

use super::{Journal, JournalError, open::connect_reader};

/// A pause that a server asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Until when nothing is sent, in milliseconds since 1970.
    pub until: i64,
    /// How often in a row it said "too fast" without saying for how long.
    pub level: u32,
}

impl Pause {
    /// What a server has asked for last, as far as the journal knows. Takes no lock, and changes nothing.
    ///
    /// # Errors
    /// When the journal is not there, is none, or is older than pauses are.
    pub fn asked_by(server: &str, journal: &Utf8Path) -> Result<Option<Self>, JournalError> {
        connect_reader(journal)?
            .query_row("SELECT until, level FROM pause WHERE server = ?1", [server], |row| {
                Ok(Self { until: row.get(0)?, level: row.get(1)? })
            })
            .optional()
            .map_err(|source| JournalError::sqlite(journal, "read", source))
    }
}

impl Journal {
    /// Writes down what a server asks for, durably.
    pub async fn keep_pause(&self, server: String, pause: Pause) -> Result<(), JournalError> {
        self.writer()
            .write(move |tx| {
                tx.prepare_cached("INSERT OR REPLACE INTO pause (server, until, level) VALUES (?1, ?2, ?3)")?
                    .execute(params![server, pause.until, pause.level])
                    .map(drop)
            })
            .await
    }
}
