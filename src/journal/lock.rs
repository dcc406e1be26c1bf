//! One process at a time: a lock file beside the journal.
//!
//! The operating system holds the lock and releases it when the process ends, however it ends. The text in the file
//! tells people who it is, and the next process how many runs the journal has seen: a journal that was emptied, cut off or
//! replaced by an older copy is as good a database as any, and would be believed.
//!
//! Anybody may remove the file, and let a second process in. So the lock is not all: a run writes nothing once another one
//! was begun in its journal, and stops when its lock is no longer where it was.

use std::{
    fs::{File, Metadata, TryLockError},
    io::{self, Read, Seek, Write},
    sync::atomic::{AtomicI64, Ordering::Relaxed},
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::Connection;

use super::{JournalError, RunId, private, schema};

/// What stands before the number of the last run that was begun.
const BEGUN: &str = "begun: ";

/// How often a lock that is taken is asked for again, and after how long.
const PATIENCE: u32 = 10;
const MOMENT: Duration = Duration::from_millis(10);

/// Held for as long as a process works on a journal.
#[derive(Debug)]
pub struct Lock {
    journal: Utf8PathBuf,
    path: Utf8PathBuf,
    file: File,
    /// The run of this process, once it is begun; 0 before.
    run: AtomicI64,
    /// The last run that was begun before the lock was taken, as far as is known; 0 when nothing is.
    begun: i64,
}

impl Lock {
    /// Takes the lock of a journal, at once or not at all. Makes the journal's folder where there is none.
    pub fn take(journal: &Utf8Path) -> Result<Self, JournalError> {
        // Whoever comes by another name, a link, finds the same lock.
        let real = journal.canonicalize_utf8().unwrap_or_else(|_| journal.to_owned());
        let path = Self::path(&real);
        let io = |source| JournalError::Io { path: Self::path(&real), source };
        if let Some(folder) = journal.parent().filter(|folder| !folder.as_str().is_empty()) {
            fs_err::create_dir_all(folder).map_err(io)?;
        }
        let mut file = private::open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                // Whoever holds it may be writing the text just now: what can be read is good enough for a message.
                let text = text(&mut file);
                let holder =
                    text.lines().next().filter(|line| !line.is_empty()).unwrap_or("another process").to_owned();
                return Err(JournalError::Locked { path: journal.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let begun = text(&mut file).lines().find_map(|line| line.strip_prefix(BEGUN)?.trim().parse().ok());
        let lock = Self { journal: journal.to_owned(), path, file, run: AtomicI64::new(0), begun: begun.unwrap_or(0) };
        lock.write(lock.begun);
        Ok(lock)
    }

    /// The same, asking again for a tenth of a second: a process that is killed while it starts a command leaves a copy of
    /// its lock to that, until the command has become a process of its own.
    pub fn take_soon(journal: &Utf8Path) -> Result<Self, JournalError> {
        for _ in 0..PATIENCE {
            match Self::take(journal) {
                Err(JournalError::Locked { .. }) => std::thread::sleep(MOMENT),
                taken => return taken,
            }
        }
        Self::take(journal)
    }

    /// Refuses a journal that knows fewer runs than were begun in it. One that is not there begins anew.
    pub(super) fn compare(&self, is_there: bool, known: i64) -> Result<(), JournalError> {
        let (path, begun) = (&self.journal, self.begun);
        if known >= begun {
            return Ok(());
        }
        if is_there {
            return Err(JournalError::Behind { path: path.clone(), known, begun });
        }
        tracing::warn!(%path, "the journal is gone and begins anew: what the target holds is looked up there");
        Ok(())
    }

    /// Whether it counts no run, as a lock that was made just now.
    pub(super) fn counts_none(&self) -> bool {
        self.begun == 0
    }

    /// Forgets the runs of a journal that is gone. Before another one is begun in its place: a process that dies in
    /// between leaves one that knows of no run, and would be refused for ever.
    pub(super) fn forget(&self) {
        self.write(0);
    }

    /// Remembers that a run has begun: it is in the journal, durably.
    pub(super) fn note(&self, run: RunId) {
        self.run.store(run.0, Relaxed);
        self.write(run.0);
    }

    /// Refuses to write once another process has begun a run: it got in past a lock that was removed. Asked within the
    /// transaction, this leaves no instant at which both write.
    pub(super) fn must_be_last(&self, connection: &Connection) -> Result<(), JournalError> {
        let run = self.run.load(Relaxed);
        if run > 0 && schema::last_run(connection, &self.journal)? > run {
            return Err(JournalError::Unlocked { path: self.journal.clone() });
        }
        Ok(())
    }

    /// Where the lock is, and which file it is.
    pub(super) fn place(&self) -> io::Result<(&Utf8Path, Metadata)> {
        Ok((&self.path, self.file.metadata()?))
    }

    fn write(&self, begun: i64) {
        let mut text = format!("process {} since {}\n", std::process::id(), jiff::Timestamp::now());
        if begun > 0 {
            text += &format!("{BEGUN}{begun}\n");
        }
        // A full disk must not keep anybody from the lock; without its text less is noticed, and nothing else changes.
        let mut file = &self.file;
        let _ =
            file.rewind().and_then(|()| file.write_all(text.as_bytes())).and_then(|()| file.set_len(text.len() as u64));
    }

    /// The journal that is locked.
    #[must_use]
    pub fn journal(&self) -> &Utf8Path {
        &self.journal
    }

    fn path(journal: &Utf8Path) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("{journal}.lock"))
    }
}

/// As much of the text as anybody wants to know, as far as it can be read.
fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    let _ = file.rewind().and_then(|()| file.take(200).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_and_told_who_holds_it_until_the_first_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
        let first = Lock::take(&journal).unwrap();
        let refused = Lock::take(&journal).unwrap_err();
        assert!(
            matches!(&refused, JournalError::Locked { holder, .. } if holder.contains(&std::process::id().to_string())),
            "{refused}"
        );
        drop(first);
        Lock::take(&journal).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_journal_finds_the_same_lock() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        fs_err::write(folder.join("j.db"), "").unwrap();
        std::os::unix::fs::symlink(folder.join("j.db"), folder.join("link.db")).unwrap();
        let _first = Lock::take(&folder.join("j.db")).unwrap();
        assert!(matches!(Lock::take(&folder.join("link.db")), Err(JournalError::Locked { .. })));
    }

    #[test]
    fn a_journal_that_knows_less_than_was_begun_in_it_is_refused_and_one_that_is_gone_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
        let lock = Lock::take(&journal).unwrap();
        lock.compare(false, 0).unwrap();
        lock.note(RunId(11));
        drop(lock);
        // Taking the lock and not getting to a run changes nothing about it.
        drop(Lock::take(&journal).unwrap());
        let lock = Lock::take(&journal).unwrap();
        lock.compare(true, 11).unwrap();
        lock.compare(true, 12).unwrap();
        lock.compare(false, 0).unwrap();
        let refused = lock.compare(true, 9).unwrap_err();
        assert!(matches!(refused, JournalError::Behind { known: 9, begun: 11, .. }), "{refused}");
        lock.forget();
        drop(lock);
        let lock = Lock::take(&journal).unwrap();
        lock.compare(true, 0).unwrap();
        lock.note(RunId(1));
        drop(lock);
        Lock::take(&journal).unwrap().compare(true, 1).unwrap();
        fs_err::write(format!("{journal}.lock"), b"\xff\nbegun: many\n").unwrap();
        Lock::take(&journal).unwrap().compare(true, 0).unwrap();
    }
}
