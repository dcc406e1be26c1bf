//! What can go wrong with the journal.

use camino::{Utf8Path, Utf8PathBuf};

/// The journal cannot be used. Nothing of it is lost: the last acknowledged state stands.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process works on the same journal.
    #[error("journal {path} is in use by {holder}")]
    Locked {
        /// The journal.
        path: Utf8PathBuf,
        /// Who holds the lock: a process id and since when, as far as it is known.
        holder: String,
    },
    /// The journal was written by a later consign.
    #[error("journal {path} has schema version {found}; this consign knows {known}")]
    Newer {
        /// The journal.
        path: Utf8PathBuf,
        /// The version in the file.
        found: i64,
        /// The version this program writes.
        known: i64,
    },
    /// The file is not a journal.
    #[error("{path} is not a journal of consign")]
    Foreign {
        /// The file.
        path: Utf8PathBuf,
    },
    /// The file has more than one name (hard links): a process that comes by another of them finds another lock and another log,
    /// and two logs for one file destroy it.
    #[error("journal {path} has {names} names (hard links); under another one it could be written to at the same time")]
    Linked {
        /// The journal.
        path: Utf8PathBuf,
        /// How many names the file has.
        names: u64,
    },
    /// There is no journal yet.
    #[error("there is no journal at {path}")]
    Absent {
        /// Where it was looked for.
        path: Utf8PathBuf,
    },
    /// The file is there, and holds no run.
    #[error("journal {path} is empty: no run was begun in it, or it was emptied")]
    Empty {
        /// The file.
        path: Utf8PathBuf,
    },
    /// The file is a journal, and broken.
    #[error("journal {path} is damaged: {found}")]
    Damaged {
        /// The journal.
        path: Utf8PathBuf,
        /// What SQLite found first.
        found: String,
    },
    /// The journal holds less than was written to it.
    #[error(
        "journal {path} knows of {known} runs, and {begun} were begun in it: it was emptied or cut off, or is an older copy"
    )]
    Behind {
        /// The journal.
        path: Utf8PathBuf,
        /// The last run that it knows.
        known: i64,
        /// The last run that was begun.
        begun: i64,
    },
    /// The file was removed, renamed or replaced while a run worked on it.
    #[error("journal {path} is no longer where it was: it was removed, renamed or replaced during the run")]
    Moved {
        /// Where it was.
        path: Utf8PathBuf,
    },
    /// The lock was removed or replaced while a run worked on the journal: another process may have got in.
    #[error("journal {path} is no longer this run's alone: its lock was removed or replaced, or another run was begun")]
    Unlocked {
        /// The journal.
        path: Utf8PathBuf,
    },
    /// The file or its folder cannot be used.
    #[error("cannot use journal {path}")]
    Io {
        /// The journal.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("journal {path} cannot be {action}")]
    Sqlite {
        /// The journal.
        path: Utf8PathBuf,
        /// What was tried: `read`, `written`, …
        action: &'static str,
        /// Why.
        source: rusqlite::Error,
    },
    /// A write of the same group failed, or an earlier one did and the writer has stopped.
    #[error(transparent)]
    Write(#[from] std::sync::Arc<JournalError>),
}

impl JournalError {
    /// What SQLite refused.
    ///
    /// A question of ours that it does not understand, or an answer that is none, is not the question's fault: the
    /// tables are no longer those that were made. The question itself, which SQLite quotes, tells nobody anything.
    pub(super) fn sqlite(path: &Utf8Path, action: &'static str, source: rusqlite::Error) -> Self {
        use rusqlite::{Error, ErrorCode};
        let path = path.to_owned();
        let found = match &source {
            Error::SqlInputError { msg, .. } => msg.clone(),
            Error::SqliteFailure(failure, Some(message)) if failure.code == ErrorCode::Unknown => message.clone(),
            Error::FromSqlConversionFailure(..)
            | Error::InvalidColumnType(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::QueryReturnedNoRows => source.to_string(),
            _ => return Self::Sqlite { path, action, source },
        };
        Self::Damaged { path, found }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Locked { .. } => Some("wait for the other run to end, or stop it; the lock goes with it".to_owned()),
            Self::Newer { .. } => Some("use the consign that wrote it, or another --journal".to_owned()),
            Self::Foreign { path } => Some(format!(
                "name another file with --journal; if consign wrote this one, it is damaged: move it and {path}-wal away \
                 and run again; {RECOGNISED}"
            )),
            Self::Linked { path, .. } => {
                Some(format!("make it a file of its own: `cp -p {path} {path}.own && mv {path}.own {path}`"))
            }
            Self::Absent { .. } => Some("run the job first, or name its journal with --journal".to_owned()),
            Self::Empty { .. } => Some(
                "run the job, which says whether anything was lost; or put a copy of the journal in its place"
                    .to_owned(),
            ),
            Self::Sqlite { path, source, .. } => sqlite_hint(path, source),
            Self::Write(error) => error.hint(),
            Self::Damaged { path, .. } => Some(damaged_hint(path)),
            Self::Behind { path, .. } => Some(format!(
                "put back the journal that was there, with its -wal file; or move this one away and run again: \
                 {RECOGNISED}; to go on with this one all the same, remove {path}.lock"
            )),
            Self::Moved { .. } => Some(format!(
                "put it back, with its -wal file, and run again; without it run again all the same: {RECOGNISED}"
            )),
            Self::Unlocked { path } => Some(format!(
                "see that no other process works on it, then run again: nothing is lost; leave {path}.lock where it is"
            )),
            Self::Io { source, .. } => io_hint(source).map(str::to_owned),
        }
    }
}

/// Why a journal that is lost costs nothing but time.
const RECOGNISED: &str = "what the server holds already is recognised by its content and skipped";

fn damaged_hint(path: &Utf8Path) -> String {
    format!(
        "the file is damaged: move {path} and {path}-wal away, or put a copy in their place, and run again; {RECOGNISED}"
    )
}

fn io_hint(error: &std::io::Error) -> Option<&'static str> {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::IsADirectory => Some("name a file with --journal"),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Some(WRITABLE),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(FULL),
        _ => None,
    }
}

const WRITABLE: &str = "the journal and its folder must be writable; --journal names another place";
const FULL: &str = "the disk is full: free some space, then run again; nothing acknowledged is lost";

fn sqlite_hint(path: &Utf8Path, error: &rusqlite::Error) -> Option<String> {
    use rusqlite::ErrorCode;
    let hint = match error.sqlite_error_code()? {
        ErrorCode::DiskFull => FULL,
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => WRITABLE,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => return Some(damaged_hint(path)),
        ErrorCode::SystemIoFailure => "the disk refused: check its health and free space, then run again",
        _ => return None,
    };
    Some(hint.to_owned())
}
