//! What the sandbox knows: a database of all that grows, and the bytes of files.
//!
//! The tables answer every read, so that memory does not grow with the catalog: it holds the pages of the database
//! that were used last, and what belongs to requests in flight. A change is made under the lock, in a transaction that
//! stays open; whoever must not forget it waits afterwards, without the lock, for the one thread that commits.

mod ahead;
mod blobs;
mod census;
mod changes;
mod database;
mod listing;
mod record;
mod shelf;
mod state;
mod tables;

use std::sync::{Mutex, MutexGuard};

pub(super) use blobs::{Blobs, StoredBlob};
pub(super) use listing::{Listing, Order, Reach};
pub(super) use record::{
    AssetRecord, Claim, FileRecord, MinorRecord, Outcome, Payload, RunKind, RunRecord, Share, TagValue, TagValues,
    TagsChange, Tombstone, VersionRecord,
};
pub(super) use shelf::Kept;
pub(super) use state::State;
#[cfg(test)]
pub(super) use tables::Held;
pub(super) use tables::{Asset, Ended, Tables};

/// The directory of the bytes of files, beside the database.
pub(super) const BLOBS: &str = "blobs";

/// Locks, and goes on after a panic elsewhere: every change is made by one call that cannot stop half-way.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Why a sandbox cannot start, or cannot remember.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The database.
    #[error("the sandbox cannot use its database")]
    Database(#[from] rusqlite::Error),
    /// The database is broken.
    #[error("the sandbox's database is damaged: {0}")]
    Damaged(String),
    /// The database is empty, and there are files that it knew.
    #[error("the sandbox's database is empty or gone, and there are files of an earlier start beside it")]
    Emptied,
    /// A row that this version does not understand.
    #[error("the sandbox cannot read back what it stored")]
    Row(#[source] serde_json::Error),
    /// The database was written by another version.
    #[error("the sandbox's database has version {0}, this program knows {current}", current = database::SCHEMA)]
    Schema(i64),
    /// A change that could not be committed.
    #[error("the sandbox could not write a change")]
    Lost,
}

impl StoreError {
    /// Whether another process has the database open.
    pub(super) fn is_in_use(&self) -> bool {
        let Self::Database(error) = self else { return false };
        error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
    }

    /// Whether what is stored cannot be used any more, whoever tries.
    pub(super) fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match self {
            Self::Damaged(_) | Self::Emptied | Self::Row(_) => true,
            Self::Database(error) => matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase)),
            Self::Io(_) | Self::Schema(_) | Self::Lost => false,
        }
    }
}
