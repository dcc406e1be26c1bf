//! The copy of the state on disk: one table of JSON documents, written by one thread.
//!
//! The thread commits whatever has queued up meanwhile in one transaction, so that the cost of a commit is shared by
//! all who wait for it. What is committed survives the death of the process. It need not survive a loss of power:
//! nobody's catalog lives in a sandbox, and syncing every commit would make the disk the thing that is measured.

use std::{sync::mpsc, thread};

use camino::Utf8Path;
use rusqlite::{Connection, params};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::oneshot;

use super::StoreError;

/// The version of the tables.
pub(super) const SCHEMA: i64 = 1;

/// The most changes in one transaction.
const BATCH: usize = 2_000;

/// The kind of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Table {
    Asset,
    Version,
    Run,
    Tombstone,
    Accepted,
    Setting,
}

impl Table {
    fn as_str(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Version => "version",
            Self::Run => "run",
            Self::Tombstone => "tombstone",
            Self::Accepted => "accepted",
            Self::Setting => "setting",
        }
    }
}

/// One change of one record.
#[derive(Debug)]
pub(in super::super) struct Change {
    table: Table,
    key: String,
    /// `None` removes the record.
    body: Option<String>,
}

impl Change {
    pub(in super::super) fn put(table: Table, key: impl Into<String>, record: &impl Serialize) -> Self {
        let body = serde_json::to_string(record).expect("records have text keys and no failing serializers");
        Self { table, key: key.into(), body: Some(body) }
    }

    pub(in super::super) fn remove(table: Table, key: impl Into<String>) -> Self {
        Self { table, key: key.into(), body: None }
    }
}

enum Message {
    Write { changes: Vec<Change>, done: oneshot::Sender<()> },
    Close,
}

/// The handle to the writing thread; without a directory there is none, and nothing is kept.
#[derive(Debug)]
pub(in super::super) struct Disk(Option<Writer>);

#[derive(Debug)]
struct Writer {
    queue: mpsc::Sender<Message>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Resolves when a change is on disk.
#[derive(Debug)]
pub(in super::super) struct Durable(Option<oneshot::Receiver<()>>);

impl Durable {
    /// Waits.
    ///
    /// # Errors
    /// When the writer could not write; the change may be lost at the end of the process.
    pub(in super::super) async fn wait(self) -> Result<(), StoreError> {
        match self.0 {
            None => Ok(()),
            Some(done) => done.await.map_err(|_| StoreError::Stopped),
        }
    }
}

/// What was read from a table: keys and records.
pub(in super::super) struct Loaded(Connection);

impl Loaded {
    /// Opens or creates the database.
    pub(in super::super) fn open(path: &Utf8Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(2))?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match version {
            0 => connection.execute_batch(&format!(
                "BEGIN;
                 CREATE TABLE record (kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,
                                      PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;
                 PRAGMA user_version = {SCHEMA};
                 COMMIT;"
            ))?,
            SCHEMA => {}
            other => return Err(StoreError::Schema(other)),
        }
        Ok(Self(connection))
    }

    /// Reads every record of one kind.
    pub(in super::super) fn read<T: DeserializeOwned>(
        &self,
        table: Table,
        mut each: impl FnMut(String, T),
    ) -> Result<(), StoreError> {
        let mut statement = self.0.prepare("SELECT key, body FROM record WHERE kind = ?1")?;
        let mut rows = statement.query(params![table.as_str()])?;
        while let Some(row) = rows.next()? {
            let key: String = row.get(0)?;
            let record = serde_json::from_str(row.get_ref(1)?.as_str().unwrap_or_default())
                .map_err(|source| StoreError::Row { table: table.as_str().into(), key: key.clone(), source })?;
            each(key, record);
        }
        Ok(())
    }

    /// Starts to write.
    pub(in super::super) fn into_disk(self) -> Result<Disk, StoreError> {
        let (queue, inbox) = mpsc::channel();
        let thread =
            thread::Builder::new().name("sandbox-writer".to_owned()).spawn(move || write_all(self.0, &inbox))?;
        Ok(Disk(Some(Writer { queue, thread: Some(thread) })))
    }
}

impl Disk {
    /// A disk that keeps nothing.
    pub(in super::super) fn none() -> Self {
        Self(None)
    }

    /// Queues changes; they reach the disk in the order of the calls, together or not at all.
    pub(in super::super) fn write(&self, changes: Vec<Change>) -> Durable {
        let Some(writer) = self.0.as_ref().filter(|_| !changes.is_empty()) else { return Durable(None) };
        let (done, waits) = oneshot::channel();
        // A send fails only when the thread is gone; the dropped sender then tells whoever waits.
        let _ = writer.queue.send(Message::Write { changes, done });
        Durable(Some(waits))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.queue.send(Message::Close);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write_all(mut connection: Connection, inbox: &mpsc::Receiver<Message>) {
    while let Ok(first) = inbox.recv() {
        let mut batch = Vec::new();
        let mut waiting = Vec::new();
        let mut next = Some(first);
        let mut closing = false;
        while let Some(message) = next {
            match message {
                Message::Write { changes, done } => {
                    batch.extend(changes);
                    waiting.push(done);
                }
                Message::Close => closing = true,
            }
            next = if closing || batch.len() >= BATCH { None } else { inbox.try_recv().ok() };
        }
        match commit(&mut connection, &batch) {
            // Whoever does not wait any more need not be told.
            Ok(()) => waiting.into_iter().for_each(|done| _ = done.send(())),
            // Dropping the senders tells everyone who waits.
            Err(error) => tracing::error!(%error, "the sandbox cannot write its state"),
        }
        if closing {
            break;
        }
    }
}

fn commit(connection: &mut Connection, batch: &[Change]) -> rusqlite::Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    {
        let mut put =
            transaction.prepare_cached("INSERT OR REPLACE INTO record (kind, key, body) VALUES (?1, ?2, ?3)")?;
        let mut remove = transaction.prepare_cached("DELETE FROM record WHERE kind = ?1 AND key = ?2")?;
        for change in batch {
            match &change.body {
                Some(body) => put.execute(params![change.table.as_str(), change.key, body])?,
                None => remove.execute(params![change.table.as_str(), change.key])?,
            };
        }
    }
    transaction.commit()
}
