//! What the sandbox knows: the state in memory, its copy on disk, and the bytes of files.
//!
//! The state in memory answers every read. A change is made under the lock and handed, still under it, to the one
//! thread that writes; whoever must not forget it waits for that thread afterwards, without the lock.

mod blobs;
mod disk;
mod record;
mod state;

use std::sync::{Mutex, MutexGuard};

pub(super) use blobs::{Blobs, StoredBlob};
pub(super) use disk::{Change, Disk, Durable, Loaded, Table};
pub(super) use record::{
    AssetRecord, FileRecord, MinorRecord, Outcome, Payload, RunKind, RunRecord, TagValues, TagsChange, Tombstone,
    VersionRecord,
};
pub(super) use state::{Asset, Ended, Ga, State, Tables};

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
    /// A row that this version does not understand.
    #[error("the sandbox cannot read back {table} `{key}`")]
    Row {
        /// The kind of the record.
        table: String,
        /// The name of the record.
        key: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The database was written by another version.
    #[error("the sandbox's database has version {0}, this program knows {current}", current = disk::SCHEMA)]
    Schema(i64),
    /// The writer ended.
    #[error("the sandbox's writer has stopped")]
    Stopped,
}
