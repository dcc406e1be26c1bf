//! The caller writes, one transaction at a time, and somebody watches.
//!
//! Without a thread of its own a journal keeps step with a clock that is paused, and a schedule of a seed happens again
//! exactly as it did. The witness may let the process die, as far as the journal can tell, before or after any write.

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use futures::{FutureExt, future::BoxFuture};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{JournalError, Lock};

/// How the writes of a journal are committed.
#[derive(Debug, Clone, Default)]
pub enum Commits {
    /// By a thread of the journal's own, in groups: fast, and safe from a loss of power.
    #[default]
    Grouped,
    /// Each by itself, by whoever writes, under the eyes of a witness. Safe from the death of the process, not from a
    /// loss of power.
    OneByOne(Arc<dyn Witness>),
}

/// Watches writes, and may keep them from happening.
pub trait Witness: fmt::Debug + Send + Sync {
    /// A write is about to be made. It is never made where this does not resolve.
    fn before(&self) -> BoxFuture<'static, ()>;

    /// A write is made. Whoever asked for it never learns where this does not resolve.
    fn after(&self) -> BoxFuture<'static, ()>;
}

/// The caller as writer.
#[derive(Debug, Clone)]
pub(super) struct Alone {
    connection: Arc<Mutex<Connection>>,
    lock: Arc<Lock>,
    witness: Arc<dyn Witness>,
    /// Why nothing is written any more.
    failure: Arc<OnceLock<Arc<JournalError>>>,
}

impl Alone {
    pub(super) fn new(connection: Connection, lock: Arc<Lock>, witness: Arc<dyn Witness>) -> Self {
        Self { connection: Arc::new(Mutex::new(connection)), lock, witness, failure: Arc::default() }
    }

    pub(super) async fn write<T>(
        &self,
        job: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        self.witness.before().await;
        let answer = self.commit(job)?;
        self.witness.after().await;
        Ok(answer)
    }

    /// What a witness keeps back is lost, as it would be with the process.
    pub(super) fn send(&self, job: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>) {
        if self.witness.before().now_or_never().is_some() {
            // The next write tells.
            let _ = self.commit(job);
        }
    }

    fn commit<T>(&self, job: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, JournalError> {
        if let Some(failure) = self.failure.get() {
            return Err(Arc::clone(failure).into());
        }
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        self.transact(&mut connection, job)
            .map_err(|error| Arc::clone(self.failure.get_or_init(|| Arc::new(error))).into())
    }

    fn transact<T>(
        &self,
        connection: &mut Connection,
        job: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let failed = |source| JournalError::sqlite(self.lock.journal(), "written", source);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        self.lock.must_be_last(&transaction)?;
        let answer = job(&transaction).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(answer)
    }
}
