//! Who writes: a thread that commits whatever is queued as one group, or the caller, one write at a time.

use std::sync::Arc;

use rusqlite::{Connection, Transaction};

use super::{Commits, JournalError, Lock, alone::Alone, group::Group};

/// A handle to whoever writes.
#[derive(Debug, Clone)]
pub(super) enum Writer {
    /// The thread.
    Group(Group),
    /// The caller.
    Alone(Alone),
}

impl Writer {
    /// Begins to write; the thread to wait for at the end, where there is one.
    pub(super) fn start(
        connection: Connection,
        lock: &Arc<Lock>,
        commits: &Commits,
    ) -> Result<(Self, Option<std::thread::JoinHandle<()>>), JournalError> {
        match commits {
            Commits::Grouped => {
                let (group, thread) = Group::start(connection, Arc::clone(lock))?;
                Ok((Self::Group(group), Some(thread)))
            }
            Commits::OneByOne(witness) => {
                let alone = Alone::new(connection, Arc::clone(lock), Arc::clone(witness));
                Ok((Self::Alone(alone), None))
            }
        }
    }

    /// Makes a write and returns its answer once it is durable.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, JournalError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        match self {
            Self::Group(group) => group.write(job).await,
            Self::Alone(alone) => alone.write(job).await,
        }
    }

    /// Has a write made at some time, and does not wait for that. May block.
    ///
    /// For what may be lost with the process. A failure stops the writer, as any other, and is told to whoever writes
    /// next.
    pub(super) fn send<F>(&self, job: F)
    where
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<()> + Send + 'static,
    {
        match self {
            Self::Group(group) => group.send(job),
            Self::Alone(alone) => alone.send(job),
        }
    }
}
