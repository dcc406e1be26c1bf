//! Opening a journal, and the handle to it.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{Connection, OpenFlags};

use super::{
    Change, Commits, Counts, Failure, JournalError, Lock, Made, Offer, Reader, Readings, RunTotals, ScanCounts,
    ScanEnd, claims, edges::Cycle, made, order, private, scan::Scan, schema, transition, upsert, writer::Writer,
};

/// The number of a run in its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunId(pub i64);

/// A journal opened for a run: locked, migrated, and bound to one target and one job.
#[derive(Debug)]
pub struct Journal {
    path: Utf8PathBuf,
    target: i64,
    job: Arc<str>,
    run: RunId,
    uuid: String,
    may_have_forgotten: bool,
    reader: Reader,
    writer: Option<Writer>,
    thread: Option<std::thread::JoinHandle<()>>,
    _lock: Arc<Lock>,
}

impl Journal {
    /// Opens or creates the journal at `path`, which only one job works on, and begins a run against `target`.
    pub async fn open(path: &Utf8Path, target: &str) -> Result<Self, JournalError> {
        Self::open_locked(Lock::take_soon(path)?, target, "", &Commits::default()).await
    }

    /// Opens or creates the journal whose lock is held, and begins a run of `job` against `target`. Items that other jobs
    /// brought are left alone.
    pub async fn open_locked(lock: Lock, target: &str, job: &str, commits: &Commits) -> Result<Self, JournalError> {
        let path = lock.journal().to_owned();
        let is_there = path.exists();
        if !is_there {
            lock.forget();
        }
        let connection = connect(&path, commits)?;
        lock.compare(is_there, schema::last_run(&connection, &path)?)?;
        let is_uncounted = lock.counts_none();
        let lock = Arc::new(lock);
        let (writer, thread) = Writer::start(connection, &lock, commits)?;
        let uuid = uuid::Uuid::now_v7().to_string();
        let (name, run_uuid) = (target.to_owned(), uuid.clone());
        let (target, run) = writer.write(move |tx| begin_run(tx, &name, &run_uuid)).await?;
        lock.note(run);
        let reader = Reader::attach(&path, target, job)?;
        let may_have_forgotten = is_uncounted || !reader.has_run_to_an_end()?;
        Ok(Self {
            path,
            target,
            job: job.into(),
            run,
            uuid,
            may_have_forgotten,
            reader,
            writer: Some(writer),
            thread,
            _lock: lock,
        })
    }

    /// Where the journal is.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The run's own id.
    #[must_use]
    pub fn run_uuid(&self) -> &str {
        &self.uuid
    }

    /// Whether an earlier run may have sent what this journal knows nothing of: until a run has come to its end, it may
    /// stand in the place of one that was deleted.
    #[must_use]
    pub fn may_have_forgotten(&self) -> bool {
        self.may_have_forgotten
    }

    /// Queries; they see everything that was acknowledged.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What files told when they were read, for the time of one scan. To be dropped before the journal is closed.
    pub fn readings(&self) -> Result<Readings, JournalError> {
        Readings::attach(&self.path, self.writer().clone(), self.run)
    }

    /// Takes in a batch of what a source yields.
    pub async fn offer(&self, batch: Vec<Offer>) -> Result<ScanCounts, JournalError> {
        self.write_scan(move |tx, scan| upsert::offer(tx, scan, &batch)).await
    }

    /// Ends the scan: what is open and was not met is skipped as gone, what is done and was not met is opened to be
    /// deprecated where `retire`, and versions are told who speaks for what they share. All of it as far as this job brought
    /// it; where the journal is too old to know, what vanished has to have come from `source` (a file, or a folder and all
    /// below it; empty: any).
    pub async fn end_scan(&self, retire: bool, source: &Utf8Path) -> Result<ScanEnd, JournalError> {
        let source = source.to_owned();
        self.write_scan(move |tx, scan| upsert::end_scan(tx, scan, retire, &source)).await
    }

    async fn write_scan<T: Send + 'static>(
        &self,
        write: impl FnOnce(&rusqlite::Transaction<'_>, Scan<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (target, run, job) = (self.target, self.run, Arc::clone(&self.job));
        self.writer().write(move |tx| write(tx, Scan { target, run, job: &job })).await
    }

    /// Reopens failed items of this job; what they blocked opens with them. Returns how many.
    pub async fn reopen_failed(&self, gavs: Option<Vec<String>>) -> Result<u64, JournalError> {
        self.write_scan(move |tx, scan| transition::reopen_failed(tx, scan, gavs.as_deref())).await
    }

    /// Puts open items in order: who is ready, who waits for whom. Items in a cycle fail, and are returned by name.
    pub async fn put_in_order(&self) -> Result<Vec<Cycle>, JournalError> {
        let (target, run) = (self.target, self.run);
        self.writer().write(move |tx| order::put_in_order(tx, target, run)).await
    }

    /// Decides anew who speaks for what versions share, once it has turned out which of them are not on the target.
    /// Returns whether there is more to do now.
    pub async fn share_anew(&self) -> Result<bool, JournalError> {
        let (target, run) = (self.target, self.run);
        self.writer()
            .write(move |tx| {
                claims::share_out(tx, target, run)?;
                order::put_in_order(tx, target, run)
            })
            .await?;
        Ok(self.counts()?.ready > 0)
    }

    /// Writes one transition, durably, and releases who waited for it. Returns how many items became ready.
    pub async fn apply(&self, change: Change) -> Result<u64, JournalError> {
        let run = self.run;
        self.writer().write(move |tx| transition::apply(tx, run, &change)).await
    }

    /// Forgets a version that was removed from the target again: the next run brings it anew.
    pub async fn forget_made(&self, made: Made) -> Result<(), JournalError> {
        let run = self.run;
        self.writer().write(move |tx| made::forget(tx, run, &made)).await
    }

    /// Adds to the totals of this run.
    pub async fn record_totals(&self, totals: RunTotals) -> Result<(), JournalError> {
        let run = self.run;
        self.writer().write(move |tx| transition::record_totals(tx, run, &totals)).await
    }

    /// Counts items of this job by state.
    pub fn counts(&self) -> Result<Counts, JournalError> {
        self.reader.counts()
    }

    /// Closes the file in good order. Dropping the journal does the same without waiting for it.
    pub async fn close(self) {
        let Self { reader, writer, thread, .. } = self;
        // The last connection to go tidies up: it must be the writing one.
        drop(reader);
        drop(writer);
        if let Some(thread) = thread {
            // The thread only writes; it does not panic, and if it did there is nothing left to save.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    pub(super) fn run(&self) -> RunId {
        self.run
    }

    pub(super) fn writer(&self) -> &Writer {
        self.writer.as_ref().expect("only close() takes the writer, and it takes the journal too")
    }
}

fn begin_run(tx: &rusqlite::Transaction<'_>, target: &str, uuid: &str) -> rusqlite::Result<(i64, RunId)> {
    tx.execute("INSERT OR IGNORE INTO target (name) VALUES (?1)", [target])?;
    let target: i64 = tx.query_row("SELECT id FROM target WHERE name = ?1", [target], |row| row.get(0))?;
    tx.execute(
        "INSERT INTO run (target, uuid, started) VALUES (?1, ?2, ?3)",
        rusqlite::params![target, uuid, transition::now()],
    )?;
    Ok((target, RunId(tx.last_insert_rowid())))
}

/// Opens the file for writing: checked, migrated, durable.
fn connect(path: &Utf8Path, commits: &Commits) -> Result<Connection, JournalError> {
    let sqlite = |source| JournalError::sqlite(path, "opened", source);
    refuse_other_things(path)?;
    refuse_links(path)?;
    private::prepare(path);
    let mut connection = Connection::open(path).map_err(sqlite)?;
    check(&connection, path)?;
    // WAL needs shared memory; where there is none (some network mounts) SQLite answers with another mode, which is
    // durable as well, only slower.
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(sqlite)?;
    if !mode.eq_ignore_ascii_case("wal") {
        tracing::warn!(%path, mode, "the journal's file system has no WAL; writing will be slower");
    }
    let synchronous = match commits {
        Commits::Grouped => "FULL",
        Commits::OneByOne(_) => "OFF",
    };
    connection.pragma_update(None, "synchronous", synchronous).map_err(sqlite)?;
    connection.pragma_update(None, "temp_store", "FILE").map_err(sqlite)?;
    connection.set_prepared_statement_cache_capacity(64);
    if matches!(commits, Commits::Grouped) {
        schema::examine(&connection, path)?;
    }
    schema::migrate(&mut connection).map_err(sqlite)?;
    Ok(connection)
}

/// SQLite would only say that it cannot open it.
fn refuse_other_things(path: &Utf8Path) -> Result<(), JournalError> {
    if path.is_dir() {
        return Err(JournalError::Io { path: path.to_owned(), source: std::io::ErrorKind::IsADirectory.into() });
    }
    // A pipe would be waited for, a device be read.
    match path.metadata() {
        Ok(found) if !found.is_file() => Err(JournalError::Foreign { path: path.to_owned() }),
        _ => Ok(()),
    }
}

/// Symbolic links lead to one lock and one log, hard links do not.
fn refuse_links(path: &Utf8Path) -> Result<(), JournalError> {
    #[cfg(unix)]
    let names = path.metadata().map_or(1, |found| std::os::unix::fs::MetadataExt::nlink(&found));
    #[cfg(not(unix))]
    let names = 1;
    if names > 1 { Err(JournalError::Linked { path: path.to_owned(), names }) } else { Ok(()) }
}

/// Refuses files that are not journals, and journals of a later consign.
pub(super) fn check(connection: &Connection, path: &Utf8Path) -> Result<(), JournalError> {
    // A plan that looks at what is bound, a limit above all, is made anew for every value: most statements here are short,
    // and to plan them takes longer than to run them.
    let _ = connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true);
    let sqlite = |source: rusqlite::Error| match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => JournalError::Foreign { path: path.to_owned() },
        _ => JournalError::sqlite(path, "read", source),
    };
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(sqlite)?;
    if !schema::is_ours(connection).map_err(sqlite)? {
        return Err(JournalError::Foreign { path: path.to_owned() });
    }
    let (found, known) = (schema::version(connection).map_err(sqlite)?, schema::known_version());
    if found > known {
        return Err(JournalError::Newer { path: path.to_owned(), found, known });
    }
    Ok(())
}

/// Opens the file for reading only.
pub(super) fn connect_reader(path: &Utf8Path) -> Result<Connection, JournalError> {
    if !path.exists() {
        return Err(JournalError::Absent { path: path.to_owned() });
    }
    refuse_other_things(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|source| JournalError::Sqlite {
        path: path.to_owned(),
        action: "opened",
        source,
    })?;
    check(&connection, path)?;
    // A file that was made and never written to: whoever made it was stopped by a full disk, or killed.
    match schema::version(&connection) {
        Ok(0) => Err(JournalError::Empty { path: path.to_owned() }),
        _ => Ok(connection),
    }
}

/// The failure of an item in a cycle.
pub(super) fn cycle_failure(cycle: &Cycle) -> Failure {
    Failure::new("cycle", format!("depends on itself: {cycle}")).hint("take one dependency out of the circle")
}
