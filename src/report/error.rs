//! What can go wrong while drawing.

use std::io;

use camino::Utf8PathBuf;

use crate::journal::JournalError;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The output cannot be written.
    #[error("the output cannot be written")]
    Write(#[from] io::Error),
    /// A report file cannot be written.
    #[error("the report {path} cannot be written")]
    File {
        /// The file or folder.
        path: Utf8PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The journal knows no such item.
    #[error("the journal has no item `{name}` for target {target}")]
    NoSuchItem {
        /// What was asked for, printable.
        name: String,
        /// The target that the journal was read for.
        target: String,
    },
    /// The name means several items.
    #[error("`{name}` means more than one item: {}{}", .candidates.join(", "), if *.more { ", …" } else { "" })]
    Ambiguous {
        /// What was asked for, printable.
        name: String,
        /// What it can mean, printable.
        candidates: Vec<String>,
        /// Whether it can mean still more.
        more: bool,
    },
}

impl ReportError {
    /// Whether the reader of our output has gone away (`consign status | head`), which is no failure of ours.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Write(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoSuchItem { .. } => "name it as group/asset/version, as `consign status` and `consign plan` show it",
            Self::Ambiguous { .. } => "name one of them, as group/asset/version",
            Self::Journal(error) => return error.hint(),
            Self::Write(_) | Self::File { .. } => return None,
        };
        Some(hint.to_owned())
    }

    /// Names the file in an error of writing.
    pub(super) fn in_file(self, path: &camino::Utf8Path) -> Self {
        match self {
            Self::Write(source) => Self::File { path: path.to_owned(), source },
            other => other,
        }
    }
}

impl From<csv::Error> for ReportError {
    fn from(error: csv::Error) -> Self {
        Self::Write(error.into())
    }
}

impl From<serde_json::Error> for ReportError {
    fn from(error: serde_json::Error) -> Self {
        Self::Write(error.into())
    }
}
