//! What can go wrong with the journal.

use camino::Utf8PathBuf;

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
    /// There is no journal yet.
    #[error("there is no journal at {path}")]
    Absent {
        /// Where it was looked for.
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
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Locked { .. } => Some("wait for the other run to end, or stop it; the lock goes with it".to_owned()),
            Self::Newer { .. } => Some("use the consign that wrote it, or another --journal".to_owned()),
            Self::Foreign { .. } => Some("name another file with --journal".to_owned()),
            Self::Absent { .. } => Some("run the job first, or name its journal with --journal".to_owned()),
            Self::Sqlite { source, .. } => sqlite_hint(source),
            Self::Write(error) => error.hint(),
            Self::Io { .. } => None,
        }
    }
}

fn sqlite_hint(error: &rusqlite::Error) -> Option<String> {
    use rusqlite::ErrorCode;
    let hint = match error.sqlite_error_code()? {
        ErrorCode::DiskFull => "the disk is full: free some space, then run again; nothing acknowledged is lost",
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
            "the journal and its folder must be writable"
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            "the file is damaged: keep a copy, move it away and run again; what the server holds already is recognised \
             by its content and skipped"
        }
        ErrorCode::SystemIoFailure => "the disk refused: check its health and free space, then run again",
        _ => return None,
    };
    Some(hint.to_owned())
}
