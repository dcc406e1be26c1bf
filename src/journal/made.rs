//! The versions that a job made on its target, and nobody before it.

use rusqlite::{OptionalExtension, Transaction, params};
use serde::Serialize;

use super::{ItemId, JournalError, Reader, RunId, State, transition};

/// The class of items whose version was removed again.
pub const UNDONE: &str = "undone";

/// A version that this job made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// The item it was made for.
    #[serde(skip)]
    pub item: ItemId,
    /// Its coordinates on the target.
    pub gav: String,
    /// When it was there, in milliseconds since 1970.
    pub at: i64,
}

impl Reader {
    /// What a job, by its key, made on the target, newest first. What needs another version was made after it.
    ///
    /// # Errors
    /// [`JournalError`]
    pub fn made(&self, job: &str) -> Result<Vec<Made>, JournalError> {
        self.read(|c| {
            c.prepare_cached(
                "SELECT made.item, made.gav, made.at FROM made JOIN item ON item.id = made.item
                 WHERE item.target = ?1 AND coalesce(item.job, ?2) = ?2 ORDER BY made.id DESC",
            )?
            .query_map(params![self.target(), job], |row| {
                Ok(Made { item: ItemId(row.get(0)?), gav: row.get(1)?, at: row.get(2)? })
            })?
            .collect()
        })
    }
}

/// Remembers that an item's version was made.
pub(super) fn remember(tx: &Transaction<'_>, item: ItemId, gav: &str) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO made (item, gav, at) VALUES (?1, ?2, ?3)")?
        .execute(params![item.0, gav, transition::now()])
        .map(drop)
}

/// Forgets a version that was removed. An item that stood there is brought again by the next run.
pub(super) fn forget(tx: &Transaction<'_>, run: RunId, made: &Made) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM made WHERE item = ?1 AND gav = ?2", params![made.item.0, made.gav])?;
    let stands_there: Option<bool> = tx
        .query_row(
            "SELECT coalesce(published_as, gav) = ?2 FROM item WHERE id = ?1",
            params![made.item.0, made.gav],
            |row| row.get(0),
        )
        .optional()?;
    if stands_there != Some(true) {
        return Ok(());
    }
    // Without a digest it counts as changed, without a fingerprint as never published.
    tx.execute(
        "UPDATE item SET state = 'skipped', step = NULL, attempt = 0, doubt = 0, due = NULL, token = NULL, retired = 0,
                published_as = NULL, draft = NULL, digest = x'', fingerprint = NULL, http = NULL, class = ?2,
                message = 'removed from the target by `consign undo`', hint = 'the next run brings it again'
         WHERE id = ?1",
        params![made.item.0, UNDONE],
    )?;
    transition::append_event(tx, made.item, run, State::Skipped, None, 0, Some("removed from the target by undo"))
}
