//! One process at a time: a lock file beside the journal.
//!
//! The operating system holds the lock and releases it when the process ends, however it ends. The text in the file
//! only tells people who it is.

use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{JournalError, private};

/// Held for as long as a process works on a journal.
#[derive(Debug)]
pub struct Lock {
    journal: Utf8PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock of a journal, at once or not at all. Makes the journal's folder where there is none.
    pub fn take(journal: &Utf8Path) -> Result<Self, JournalError> {
        let path = Self::path(journal);
        let io = |source| JournalError::Io { path: path.clone(), source };
        if let Some(folder) = journal.parent().filter(|folder| !folder.as_str().is_empty()) {
            fs_err::create_dir_all(folder).map_err(io)?;
        }
        let mut file = private::open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Whoever holds it may be writing the text just now: what can be read is good enough for a message.
                let _ = file.take(200).read_to_string(&mut holder);
                let holder = holder.trim();
                let holder = if holder.is_empty() { "another process" } else { holder }.to_owned();
                return Err(JournalError::Locked { path: journal.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        // A full disk must not keep anybody from the lock; the text is a courtesy.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "process {} since {}", std::process::id(), jiff::Timestamp::now()));
        Ok(Self { journal: journal.to_owned(), _file: file })
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
}
