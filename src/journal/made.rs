//! The versions that a job made on its target, and nobody before it.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::Serialize;

use super::{ItemId, JournalError, Reader, RunId, State, schema, transition};

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
    /// The same by the server's clock, where it tells the time.
    #[serde(skip)]
    pub server_time: Option<i64>,
    /// A digest of its files; `None` where an earlier version of consign made it.
    #[serde(skip)]
    pub content: Option<String>,
}

/// What was done to a version of the target, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Its coordinates there.
    pub gav: String,
    /// Whose version it is.
    pub whose: Whose,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The same by the server's clock, where it tells the time.
    pub server_time: Option<i64>,
    /// A digest of its files, where they are known.
    pub content: Option<String>,
}

/// Whose version it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// It was not there before: this job has made it.
    Ours,
    /// It is there, and this job is about to publish over it. Written before that is sent: whoever finds it afterwards
    /// cannot tell.
    Theirs,
    /// This job has published over it: it is whose it was.
    AsBefore,
}

impl Reader {
    /// What a job, by its key, made on the target, newest first. What needs another version was made after it.
    ///
    /// # Errors
    /// [`JournalError`]
    pub fn made(&self, job: &str) -> Result<Vec<Made>, JournalError> {
        let read = |row: &Row<'_>| {
            Ok(Made {
                item: ItemId(row.get(0)?),
                gav: row.get(1)?,
                at: row.get(2)?,
                server_time: row.get(3)?,
                content: row.get(4)?,
            })
        };
        self.read(|c| {
            let known =
                if schema::version(c)? < schema::KNOWS_CONTENTS { "NULL, NULL" } else { "server_time, content" };
            let theirs = if schema::version(c)? < schema::KNOWS_CONTENTS { "0" } else { "made.theirs" };
            c.prepare_cached(&format!(
                "SELECT made.item, made.gav, made.at, {known} FROM made JOIN item ON item.id = made.item
                 WHERE item.target = ?1 AND coalesce(item.job, ?2) = ?2 AND NOT {theirs} ORDER BY made.id DESC"
            ))?
            .query_map(params![self.target(), job], read)?
            .collect()
        })
    }

    /// What else a job, by its key, made that depends on the version of an item, newest first: at most so many.
    ///
    /// # Errors
    /// [`JournalError`]
    pub fn made_upon(&self, job: &str, item: ItemId, most: u32) -> Result<Vec<String>, JournalError> {
        self.read(|c| {
            c.prepare_cached(
                "SELECT DISTINCT made.gav FROM item base JOIN need ON need.gav IN (base.gav, base.published_as)
                 JOIN made ON made.item = need.item AND NOT made.theirs JOIN item ON item.id = made.item
                 WHERE base.id = ?1 AND item.target = base.target AND coalesce(item.job, ?2) = ?2
                 ORDER BY made.id DESC LIMIT ?3",
            )?
            .query_map(params![item.0, job, most], |row| row.get(0))?
            .collect()
        })
    }
}

/// Remembers what was done to a version.
pub(super) fn remember(tx: &Transaction<'_>, item: ItemId, brought: &Brought) -> rusqlite::Result<()> {
    let statement = match brought.whose {
        // Where it is written already that somebody else's stood there, that counts.
        Whose::Ours => {
            "INSERT INTO made (item, gav, at, server_time, content) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (item, gav) DO UPDATE
             SET at = excluded.at, server_time = excluded.server_time, content = excluded.content WHERE NOT theirs"
        }
        Whose::Theirs => {
            "INSERT OR IGNORE INTO made (item, gav, at, server_time, content, theirs) VALUES (?1, ?2, ?3, ?4, ?5, 1)"
        }
        Whose::AsBefore => {
            "UPDATE made SET at = ?3, server_time = ?4, content = ?5 WHERE item = ?1 AND gav = ?2 AND NOT theirs"
        }
    };
    let Brought { gav, at, server_time, content, .. } = brought;
    tx.prepare_cached(statement)?.execute(params![item.0, gav, at, server_time, content]).map(drop)
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
