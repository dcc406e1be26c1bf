//! Whether the files of an open journal still lie where they were.
//!
//! A file that somebody removes, renames or replaces can still be written to by whoever has it open, and nobody would
//! ever read it again: a run would report success, and its journal would be gone. SQLite has an eye on that only when it
//! tidies up (`databaseIsUnmoved`).

use std::{fs::Metadata, io};

use camino::Utf8PathBuf;

use super::{JournalError, Lock};

/// Where an open journal and its log lie.
#[derive(Debug)]
pub(super) struct Place {
    /// The journal as it was asked for.
    journal: Utf8PathBuf,
    /// The real names of its files, and which files those are.
    files: Vec<(Utf8PathBuf, Identity)>,
    /// The same of its lock.
    lock: (Utf8PathBuf, Identity),
}

impl Place {
    /// Remembers where the files of a journal are that is open and has been written to.
    pub(super) fn of(lock: &Lock) -> Result<Self, JournalError> {
        let journal = lock.journal();
        let found = |source| JournalError::Io { path: journal.to_owned(), source };
        // SQLite follows links, and puts the log beside the file that they lead to.
        let real = journal.canonicalize_utf8().map_err(found)?;
        let mut files = Vec::new();
        for (name, is_needed) in [(real.clone(), true), (Utf8PathBuf::from(format!("{real}-wal")), false)] {
            match name.metadata() {
                Ok(metadata) => files.push((name, identity(&metadata))),
                // There is no log where the file system has no shared memory.
                Err(error) if !is_needed && error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(found(error)),
            }
        }
        let (name, metadata) = lock.place().map_err(found)?;
        Ok(Self { journal: journal.to_owned(), files, lock: (name.to_owned(), identity(&metadata)) })
    }

    /// Refuses when any of them is elsewhere, or another file in its place.
    pub(super) fn check(&self) -> Result<(), JournalError> {
        for file in &self.files {
            if !self.is_there(file)? {
                return Err(JournalError::Moved { path: self.journal.clone() });
            }
        }
        if self.is_there(&self.lock)? { Ok(()) } else { Err(JournalError::Unlocked { path: self.journal.clone() }) }
    }

    fn is_there(&self, (name, known): &(Utf8PathBuf, Identity)) -> Result<bool, JournalError> {
        match name.metadata() {
            Ok(metadata) => Ok(identity(&metadata) == *known),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(JournalError::Io { path: self.journal.clone(), source }),
        }
    }
}

/// Tells a file from every other one that is there at the same time.
#[cfg(unix)]
type Identity = (u64, u64);

/// Elsewhere an open file cannot be removed or replaced.
#[cfg(not(unix))]
type Identity = ();

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {}

#[cfg(all(test, unix))]
mod tests {
    use camino::Utf8Path;

    use super::*;

    #[test]
    fn what_is_removed_renamed_or_replaced_is_noticed_and_what_is_only_written_to_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let (journal, log) = (folder.join("real.db"), folder.join("real.db-wal"));
        let link = folder.join("link.db");
        std::os::unix::fs::symlink(&journal, &link).unwrap();
        let make = || {
            fs_err::write(&journal, "one").unwrap();
            fs_err::write(&log, "two").unwrap();
            Place::of(&Lock::take(&link).unwrap()).unwrap()
        };
        let moved = |place: &Place| matches!(place.check(), Err(JournalError::Moved { path }) if path == link);

        let place = make();
        fs_err::write(&log, "longer").unwrap();
        place.check().unwrap();
        fs_err::remove_file(&log).unwrap();
        assert!(moved(&place), "the log is gone");

        let place = make();
        fs_err::rename(&journal, folder.join("away.db")).unwrap();
        assert!(moved(&place), "the journal is elsewhere");
        fs_err::copy(folder.join("away.db"), &journal).unwrap();
        assert!(moved(&place), "a copy is another file");
        fs_err::rename(folder.join("away.db"), &journal).unwrap();
        place.check().unwrap();

        let lock = folder.join("real.db.lock");
        fs_err::rename(&lock, folder.join("away.lock")).unwrap();
        assert!(matches!(place.check(), Err(JournalError::Unlocked { path }) if path == link), "the lock is gone");
        fs_err::write(&lock, "").unwrap();
        assert!(matches!(place.check(), Err(JournalError::Unlocked { .. })), "another file lets another process in");
    }
}
