//! The one thread that writes: it commits whatever is queued as one group and acknowledges when the group is durable.
//!
//! A transaction per transition makes hundreds to a few thousand per second; groups make tens of thousands, with the
//! same guarantee for each.

use std::{
    sync::{Arc, OnceLock},
    thread,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::{JournalError, Lock, place::Place};

/// At most this many jobs share a commit, so that the first of them does not wait for ever.
const MOST: usize = 256;

/// Jobs queued before callers wait. Bounds memory while a source is faster than the disk.
const QUEUE: usize = 1024;

type Job = Box<dyn FnOnce(&Transaction<'_>) -> (rusqlite::Result<()>, Acknowledge) + Send>;
/// Called with the outcome of the commit.
type Acknowledge = Box<dyn FnOnce(Result<(), Arc<JournalError>>) + Send>;

/// A handle to the writing thread. The thread ends, and closes the file, when the last handle is gone.
#[derive(Debug, Clone)]
pub(super) struct Group {
    jobs: mpsc::Sender<Job>,
    /// Why the thread has stopped. Set before anybody can notice that it has.
    failure: Arc<OnceLock<Arc<JournalError>>>,
}

impl Group {
    pub(super) fn start(
        connection: Connection,
        lock: Arc<Lock>,
    ) -> Result<(Self, thread::JoinHandle<()>), JournalError> {
        let path = lock.journal().to_owned();
        let place = Place::of(&lock)?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let failure = Arc::new(OnceLock::new());
        let reason = Arc::clone(&failure);
        let files = path.clone();
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || {
                run(connection, queue, &lock, &place, &reason);
                // Held until the last write: a journal may be dropped with writes queued.
                drop(lock);
            })
            .map_err(|source| JournalError::Io { path: files, source })?;
        Ok((Self { jobs, failure }, thread))
    }

    /// Runs a job in the next group and returns its answer once the group is durable.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, JournalError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        let job: Job = Box::new(move |transaction| {
            let (status, value) = match job(transaction) {
                Ok(value) => (Ok(()), Some(value)),
                Err(error) => (Err(error), None),
            };
            let acknowledge: Acknowledge = Box::new(move |committed| {
                let outcome = committed.map(|()| value.expect("a group with a failed job is not committed"));
                // The caller may have gone; the write stands all the same.
                let _ = answer.send(outcome);
            });
            (status, acknowledge)
        });
        if self.jobs.send(job).await.is_err() {
            return Err(self.reason().into());
        }
        match outcome.await {
            Ok(outcome) => Ok(outcome?),
            Err(_) => Err(self.reason().into()),
        }
    }

    /// Has a job done in some later group, and does not wait for that. Blocks while the queue is full.
    ///
    /// For what may be lost with the process. A failure stops the writer, as any other, and is told to whoever writes
    /// next.
    pub(super) fn send<F>(&self, job: F)
    where
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<()> + Send + 'static,
    {
        let job: Job = Box::new(move |transaction| (job(transaction), Box::new(|_| ())));
        // Nobody takes jobs any more after a failure, which is told elsewhere.
        let _ = self.jobs.blocking_send(job);
    }

    fn reason(&self) -> Arc<JournalError> {
        Arc::clone(self.failure.get().expect("the writer outlives its handles unless a write failed"))
    }
}

/// Commits groups until every handle is gone or a write fails. After a failure nothing more is written: what was
/// acknowledged stands, and the run must stop.
fn run(
    mut connection: Connection,
    mut queue: mpsc::Receiver<Job>,
    lock: &Lock,
    place: &Place,
    reason: &OnceLock<Arc<JournalError>>,
) {
    while let Some(first) = queue.blocking_recv() {
        let mut jobs = vec![first];
        while jobs.len() < MOST
            && let Ok(job) = queue.try_recv()
        {
            jobs.push(job);
        }
        // Jobs that did not run outlive the setting of the reason, which their callers read.
        let mut waiting = Vec::with_capacity(jobs.len());
        let written = commit(&mut connection, lock, &mut jobs, &mut waiting);
        // What went into a file that nobody will find again must not be acknowledged.
        let outcome = written.and_then(|()| place.check());
        let outcome = outcome.map_err(|error| Arc::clone(reason.get_or_init(|| Arc::new(error))));
        for acknowledge in waiting {
            acknowledge(outcome.clone());
        }
        if outcome.is_err() {
            return;
        }
    }
    // Leaves one tidy file behind; a failure costs nothing, the log is replayed at the next opening.
    let _ = connection.pragma_update(None, "wal_checkpoint", "TRUNCATE");
}

fn commit(
    connection: &mut Connection,
    lock: &Lock,
    jobs: &mut Vec<Job>,
    waiting: &mut Vec<Acknowledge>,
) -> Result<(), JournalError> {
    let failed = |source| JournalError::sqlite(lock.journal(), "written", source);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    lock.must_be_last(&transaction)?;
    for job in jobs.drain(..) {
        let (status, acknowledge) = job(&transaction);
        waiting.push(acknowledge);
        status.map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}
