//! The state behind its lock, and the thread that commits.
//!
//! Changes are made in one open transaction, which everybody sees at once, since there is one connection. The thread
//! commits whatever has come together meanwhile, so that the cost of a commit is shared by all who wait for it.
//!
//! Nothing happens in the background: a run that is due is put into effect by the next request that looks at the
//! state. So a paused clock, a restart and a busy server all see the same.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
};

use camino::Utf8Path;
use tokio::sync::oneshot;

use super::super::clock::Clock;
use super::{StoreError, Tables, lock};

/// The state, its clock and the thread that commits.
#[derive(Debug)]
pub(in super::super) struct State {
    tables: Arc<Mutex<Tables>>,
    /// The thread that commits; without it every change is committed at once.
    committer: Option<Committer>,
    clock: Arc<Clock>,
}

/// Resolves when a change is on disk.
#[derive(Debug)]
pub(in super::super) struct Durable(Option<oneshot::Receiver<()>>);

impl Durable {
    /// Waits.
    ///
    /// # Errors
    /// When the change could not be committed: it did not happen.
    pub(in super::super) async fn wait(self) -> Result<(), StoreError> {
        match self.0 {
            None => Ok(()),
            Some(done) => done.await.map_err(|_| StoreError::Lost),
        }
    }
}

impl State {
    /// Opens the state in a file.
    pub(in super::super) fn open(path: &Utf8Path, clock: Arc<Clock>, one_by_one: bool) -> Result<Self, StoreError> {
        let tables = Arc::new(Mutex::new(Tables::open(path)?));
        let committer = if one_by_one { None } else { Some(Committer::start(tables.clone())?) };
        Ok(Self { tables, committer, clock })
    }

    pub(in super::super) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Looks at the state as it is now.
    pub(in super::super) fn read<T, E: From<StoreError>>(
        &self,
        look: impl FnOnce(&Tables) -> Result<T, E>,
    ) -> Result<T, E> {
        self.change(|tables| look(tables)).0
    }

    /// Changes the state; the second part of the answer resolves when the change is on disk.
    ///
    /// A change that fails after it wrote takes back all that is not committed yet, and whoever waits is told.
    pub(in super::super) fn change<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(&mut Tables) -> Result<T, E>,
    ) -> (Result<T, E>, Durable) {
        let mut tables = lock(&self.tables);
        let now = self.clock.now();
        let outcome = tables.attempt(|tables| tables.settle(now)).map_err(E::from);
        let outcome = outcome.and_then(|()| tables.attempt(change));
        let waits = tables.await_commit();
        match &self.committer {
            None => tables.commit(),
            Some(committer) if waits.is_some() => {
                drop(tables);
                committer.wake();
            }
            Some(_) => {}
        }
        (outcome, Durable(waits))
    }

    /// Changes the state, and comes back when the change is on disk, as [`State::commit`] does; for where nothing else
    /// happens yet.
    pub(in super::super) fn commit_at_once<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(&mut Tables) -> Result<T, E>,
    ) -> Result<T, E> {
        let (outcome, Durable(waits)) = self.change(change);
        let answer = outcome?;
        lock(&self.tables).commit();
        match waits.map(|mut done| done.try_recv()) {
            None | Some(Ok(())) => Ok(answer),
            Some(Err(_)) => Err(StoreError::Lost.into()),
        }
    }

    /// Changes the state, and waits until the change is on disk.
    pub(in super::super) async fn commit<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(&mut Tables) -> Result<T, E>,
    ) -> Result<T, E> {
        let (outcome, durable) = self.change(change);
        let answer = outcome?;
        durable.wait().await?;
        Ok(answer)
    }
}

/// The thread that commits. It ends, with a last commit, when it is dropped.
#[derive(Debug)]
struct Committer {
    wake: Option<mpsc::SyncSender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Committer {
    fn start(tables: Arc<Mutex<Tables>>) -> Result<Self, StoreError> {
        // One call that waits is enough: the commit takes all that is there by then.
        let (wake, calls) = mpsc::sync_channel(1);
        let run = move || {
            while calls.recv().is_ok() {
                lock(&tables).commit();
            }
        };
        let thread = thread::Builder::new().name("sandbox-writer".to_owned()).spawn(run)?;
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }

    fn wake(&self) {
        // Full means that a call waits already; closed cannot be, while there is a handle.
        let _ = self.wake.as_ref().map(|wake| wake.try_send(()));
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
