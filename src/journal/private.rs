//! Files that only their owner may read.
//!
//! A journal holds no secrets, but what it holds is nobody else's business: names and texts of an organization's APIs,
//! addresses of people, what servers said. A file that is there already keeps the mode that somebody gave it.

use std::{
    fs::{File, OpenOptions},
    io,
};

use camino::Utf8Path;

/// Opens a file for reading and writing; a new one is its owner's alone.
pub(super) fn open(path: &Utf8Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes an empty file for SQLite, which gives the files beside it (the log and its index) the same mode. Where that
/// fails, SQLite fails too, and tells why.
pub(super) fn prepare(path: &Utf8Path) {
    if !path.exists() {
        let _ = open(path);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::journal::Journal;

    #[tokio::test]
    async fn a_journal_and_the_files_beside_it_are_their_owners_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let path = folder.join("j.db");
        let journal = Journal::open(&path, "target").await.expect("opens");
        let mut seen = Vec::new();
        for entry in folder.read_dir_utf8().expect("is there") {
            let entry = entry.expect("is readable");
            let mode = entry.metadata().expect("is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", entry.path());
            seen.push(entry.file_name().to_owned());
        }
        seen.sort();
        assert_eq!(seen, ["j.db", "j.db-shm", "j.db-wal", "j.db.lock"]);
        journal.close().await;
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("is ours");
        Journal::open(&path, "target").await.expect("opens").close().await;
        let mode = fs_err::metadata(&path).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "what somebody has set stays");
    }
}
