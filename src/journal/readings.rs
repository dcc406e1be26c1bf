//! What files told when they were read, so that they need not be read again.
//!
//! Nothing here is needed: what is missing, damaged or not believed is read anew, and so are the files of a journal that
//! was deleted. Nothing else in the journal refers to it, and it belongs to no target: a file tells everybody the same.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use camino::Utf8Path;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{JournalError, RunId, open::connect_reader, writer::Writer};

/// Answers on their way to the file are written together: so many, or so many bytes.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 256 * 1024;

/// So many queries share a transaction: most of the price of a small one is that of its transaction, and while one lasts
/// the log of what is written meanwhile only grows.
const SHARED: u32 = 1000;

/// The answers of earlier runs, for the time of one scan, which blocks and has a thread of its own. Of an answer that is
/// recalled no more than a hash is kept.
#[derive(Debug)]
pub struct Readings {
    /// A panic in between leaves nothing half done.
    state: Mutex<State>,
    /// Who writes; nobody where the journal is only looked at.
    writer: Option<(Writer, RunId)>,
}

#[derive(Debug)]
struct State {
    connection: Connection,
    /// Queries since the transaction began.
    asked: u32,
    hasher: RandomState,
    /// What was asked for and found, by its hash. A collision keeps an answer that nobody asks for.
    met: HashSet<u64>,
    pending: Vec<Kept>,
    pending_bytes: usize,
}

/// An answer to be written.
#[derive(Debug)]
struct Kept {
    path: String,
    question: String,
    mark: Vec<u8>,
    told: Vec<u8>,
}

impl Readings {
    /// Opens the answers in a journal without ever changing them.
    pub fn open(journal: &Utf8Path) -> Result<Self, JournalError> {
        Self::begin(journal, None)
    }

    pub(super) fn attach(journal: &Utf8Path, writer: Writer, run: RunId) -> Result<Self, JournalError> {
        Self::begin(journal, Some((writer, run)))
    }

    fn begin(journal: &Utf8Path, writer: Option<(Writer, RunId)>) -> Result<Self, JournalError> {
        let connection = connect_reader(journal)?;
        connection.execute_batch("BEGIN").map_err(|source| JournalError::Sqlite {
            path: journal.to_owned(),
            action: "read",
            source,
        })?;
        let state = State {
            connection,
            asked: 0,
            hasher: RandomState::new(),
            met: HashSet::new(),
            pending: Vec::new(),
            pending_bytes: 0,
        };
        Ok(Self { state: Mutex::new(state), writer })
    }

    /// What was told when the file bore this mark. Trouble of any kind counts as not knowing.
    pub fn recall(&self, path: &str, question: &str, mark: &[u8]) -> Option<Vec<u8>> {
        let mut state = self.state();
        let told = state.find(path, question, mark).ok().flatten()?;
        let hash = state.hash(path, question);
        state.met.insert(hash);
        Some(told)
    }

    /// Remembers what a file tells, in place of what it told before.
    pub fn keep(&self, path: &str, question: &str, mark: &[u8], told: Vec<u8>) {
        if self.writer.is_none() {
            return;
        }
        let mut state = self.state();
        state.pending_bytes += told.len();
        state.pending.push(Kept { path: path.to_owned(), question: question.to_owned(), mark: mark.to_vec(), told });
        if state.pending.len() >= BATCH || state.pending_bytes >= BATCH_BYTES {
            self.write(&mut state);
        }
    }

    /// Ends a scan. After one that came to its end, what it never asked for is forgotten: the files are gone, or nobody
    /// is interested in them any more.
    pub fn end(&self, complete: bool) {
        let Some((writer, run)) = &self.writer else { return };
        let mut state = self.state();
        self.write(&mut state);
        if !complete {
            return;
        }
        let run = *run;
        // Trouble leaves answers that nobody asks for until the next scan.
        let _ = state.unmet(run, &mut |batch| {
            writer.send(move |tx| forget(tx, run, &batch));
        });
    }

    fn write(&self, state: &mut State) {
        state.pending_bytes = 0;
        let batch = mem::take(&mut state.pending);
        if let Some((writer, run)) = self.writer.as_ref().filter(|_| !batch.is_empty()) {
            let run = *run;
            writer.send(move |tx| keep(tx, run, &batch));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&mut self, path: &str, question: &str, mark: &[u8]) -> rusqlite::Result<Option<Vec<u8>>> {
        self.asked += 1;
        if self.asked > SHARED {
            self.asked = 0;
            self.connection.execute_batch("COMMIT; BEGIN")?;
        }
        self.connection
            .prepare_cached("SELECT told FROM reading WHERE path = ?1 AND question = ?2 AND mark = ?3")?
            .query_row(params![path, question, mark], |row| row.get(0))
            .optional()
    }

    fn hash(&self, path: &str, question: &str) -> u64 {
        self.hasher.hash_one((path, question))
    }

    /// Gives out, in batches, what earlier runs have read and this one did not ask for.
    fn unmet(&self, run: RunId, give: &mut dyn FnMut(Vec<(String, String)>)) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare("SELECT path, question FROM reading WHERE run <> ?1")?;
        let mut rows = statement.query([run.0])?;
        let mut batch = Vec::new();
        while let Some(row) = rows.next()? {
            let (path, question) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            if self.met.contains(&self.hash(path, question)) {
                continue;
            }
            batch.push((path.to_owned(), question.to_owned()));
            if batch.len() >= BATCH {
                give(mem::take(&mut batch));
            }
        }
        if !batch.is_empty() {
            give(batch);
        }
        Ok(())
    }
}

fn keep(tx: &Transaction<'_>, run: RunId, batch: &[Kept]) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(
        "INSERT OR REPLACE INTO reading (path, question, mark, told, run) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for Kept { path, question, mark, told } in batch {
        statement.execute(params![path, question, mark, told, run.0])?;
    }
    Ok(())
}

/// Forgets answers, unless this run has written them anew.
fn forget(tx: &Transaction<'_>, run: RunId, batch: &[(String, String)]) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached("DELETE FROM reading WHERE path = ?1 AND question = ?2 AND run <> ?3")?;
    for (path, question) in batch {
        statement.execute(params![path, question, run.0])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;
    use crate::journal::{Journal, Reader};

    struct Place {
        _folder: tempfile::TempDir,
        path: Utf8PathBuf,
    }

    fn place() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("job.db");
        Place { _folder: folder, path }
    }

    impl Place {
        /// One scan, on a thread where it may block.
        async fn scan<T: Send + 'static>(&self, scan: impl FnOnce(&Readings) -> T + Send + 'static) -> T {
            let journal = Journal::open(&self.path, "org").await.unwrap();
            let readings = journal.readings().unwrap();
            let told = tokio::task::spawn_blocking(move || scan(&readings)).await.unwrap();
            journal.close().await;
            told
        }

        fn count(&self) -> i64 {
            Connection::open(&self.path)
                .unwrap()
                .query_row("SELECT count(*) FROM reading", [], |row| row.get(0))
                .unwrap()
        }
    }

    #[tokio::test]
    async fn what_is_kept_is_recalled_by_later_scans_under_its_mark_only() {
        let place = place();
        place
            .scan(|readings| {
                readings.keep("a", "q", b"1", b"old".to_vec());
                readings.keep("a", "q", b"2", b"told".to_vec());
                readings.keep("a", "r", b"2", b"other".to_vec());
                readings.end(true);
            })
            .await;
        let told = place
            .scan(|readings| {
                [("a", "q", b"2"), ("a", "r", b"2"), ("a", "q", b"1"), ("b", "q", b"2")]
                    .map(|(path, question, mark)| readings.recall(path, question, mark))
            })
            .await;
        assert_eq!(told, [Some(b"told".to_vec()), Some(b"other".to_vec()), None, None]);
    }

    #[tokio::test]
    async fn a_complete_scan_forgets_what_it_never_asked_for_and_no_other_does() {
        let place = place();
        let many = i64::try_from(3 * BATCH).unwrap();
        place
            .scan(move |readings| {
                (0..many).for_each(|n| readings.keep(&format!("f{n}"), "q", b"1", Vec::new()));
                readings.end(true);
            })
            .await;
        assert_eq!(place.count(), many);
        place.scan(|readings| readings.end(false)).await;
        assert_eq!(place.count(), many, "it was stopped before its end");
        place
            .scan(|readings| {
                // One is as it was, one has changed, one is asked for and cannot be read any more.
                assert!(readings.recall("f1", "q", b"1").is_some());
                assert!(readings.recall("f2", "q", b"2").is_none());
                readings.keep("f2", "q", b"2", Vec::new());
                assert!(readings.recall("f3", "q", b"2").is_none());
                readings.end(true);
            })
            .await;
        assert_eq!(place.count(), 2);
    }

    #[tokio::test]
    async fn whoever_only_looks_changes_nothing() {
        let place = place();
        place
            .scan(|readings| {
                readings.keep("a", "q", b"1", b"told".to_vec());
                readings.end(true);
            })
            .await;
        let readings = Readings::open(&place.path).unwrap();
        assert_eq!(readings.recall("a", "q", b"1"), Some(b"told".to_vec()));
        readings.keep("b", "q", b"1", Vec::new());
        readings.end(true);
        assert_eq!(place.count(), 1);
    }

    #[tokio::test]
    async fn a_journal_without_answers_or_with_damaged_ones_is_as_good_as_none() {
        let place = place();
        place.scan(|readings| readings.end(true)).await;
        let journal = Connection::open(&place.path).unwrap();
        journal.execute("INSERT INTO reading VALUES ('a', 'q', x'31', zeroblob(3), 0)", []).unwrap();
        let readings = Readings::open(&place.path).unwrap();
        assert_eq!(readings.recall("a", "q", b"1"), Some(vec![0; 3]), "as it is: whoever asked judges it");
        drop(readings);
        journal.execute_batch("DROP TABLE reading").unwrap();
        let readings = Readings::open(&place.path).unwrap();
        assert_eq!(readings.recall("a", "q", b"1"), None);
        readings.end(true);
    }

    #[tokio::test]
    async fn a_journal_of_an_earlier_version_is_brought_up_and_read_until_then() {
        let place = place();
        place.scan(|readings| readings.end(true)).await;
        let journal = Connection::open(&place.path).unwrap();
        let older = "DROP TABLE made; DROP TABLE reading; DROP TABLE pause; ALTER TABLE item DROP COLUMN job; ALTER TABLE item DROP COLUMN ids; \
                     PRAGMA user_version = 2";
        journal.execute_batch(older).unwrap();
        assert_eq!(Readings::open(&place.path).unwrap().recall("a", "q", b"1"), None);
        assert!(Reader::open(&place.path).is_ok());
        place.scan(|readings| readings.keep("a", "q", b"1", Vec::new())).await;
        assert_eq!(place.count(), 0, "what a scan that was cut off has read is read again");
        place
            .scan(|readings| {
                readings.keep("a", "q", b"1", Vec::new());
                readings.end(false);
            })
            .await;
        assert_eq!(place.count(), 1);
    }
}
