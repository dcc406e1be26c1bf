//! What can be wrong with an archive.

use std::io;

use camino::Utf8Path;
use zip::result::ZipError;

use super::NameFault;
use crate::asset::{Diagnosis, Problem};

/// Why an archive is not read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Io(#[source] io::Error),
    /// Not an archive, or a broken one.
    #[error("not a readable zip archive: {0}")]
    Invalid(String),
    /// An archive of a kind that is not read: encrypted, split, or compressed by a rare method.
    #[error("the archive uses what is not supported: {0}")]
    Unsupported(String),
    /// An entry would unpack to a dangerous place.
    #[error("the name of the entry {name:?} {fault}")]
    Name {
        /// The name as the archive gives it.
        name: String,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// An entry is a symbolic link, a device or the like: unpacked, it would lead elsewhere.
    #[error("the entry {0:?} is not a file")]
    NotAFile(String),
    /// An entry is longer or shorter than the archive says.
    #[error("the entry {name:?} holds {found} bytes, the archive says {declared}")]
    Length {
        /// The entry.
        name: String,
        /// What it holds.
        found: u64,
        /// What its header says.
        declared: u64,
    },
    /// Two entries have one name.
    #[error("the archive holds {0:?} twice")]
    Twice(String),
    /// More entries than the budget allows.
    #[error("the archive declares {count} entries, at most {limit} are read")]
    Entries {
        /// How many it declares.
        count: usize,
        /// The budget.
        limit: usize,
    },
    /// More content than the budget allows.
    #[error("the archive unpacks to more than {limit} bytes")]
    Inflated {
        /// The budget in bytes.
        limit: u64,
    },
    /// One entry is larger than the caller takes.
    #[error("the entry {name:?} is larger than {limit} bytes")]
    Entry {
        /// The entry.
        name: String,
        /// What the caller takes, in bytes.
        limit: u64,
    },
    /// An entry inflates out of proportion: a bomb.
    #[error("the entry {name:?} inflates to more than {limit} times its size")]
    Ratio {
        /// The entry.
        name: String,
        /// The budget.
        limit: u64,
    },
}

impl ArchiveError {
    /// Says it about a file.
    #[must_use]
    pub fn diagnosis(&self, path: &Utf8Path) -> Diagnosis {
        let problem = match self {
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => Problem::Missing,
            Self::Io(_) => Problem::Unreadable,
            Self::Inflated { .. } | Self::Entry { .. } | Self::Entries { .. } | Self::Ratio { .. } => Problem::TooLarge,
            Self::Unsupported(_) => Problem::Unsupported,
            Self::Invalid(_) | Self::Name { .. } | Self::NotAFile(_) | Self::Length { .. } | Self::Twice(_) => {
                Problem::Invalid
            }
        };
        let message = match self {
            Self::Io(error) => format!("{self}: {error}"),
            other => other.to_string(),
        };
        Diagnosis::failed(path, problem, message)
    }
}

impl From<io::Error> for ArchiveError {
    /// The inflater reports broken data and wrong checksums as input/output errors; they are faults of the archive.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
                Self::Invalid(error.to_string())
            }
            io::ErrorKind::Other if error.raw_os_error().is_none() => Self::Invalid(error.to_string()),
            _ => Self::Io(error),
        }
    }
}

impl From<ZipError> for ArchiveError {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::Io(error) => error.into(),
            ZipError::UnsupportedArchive(what) => Self::Unsupported(what.to_owned()),
            ZipError::CompressionMethodNotSupported(method) => {
                Self::Unsupported(format!("compression method {method}"))
            }
            ZipError::InvalidPassword => Self::Unsupported("encryption".to_owned()),
            ZipError::InvalidArchive(what) => Self::Invalid(what.into_owned()),
            other => Self::Invalid(other.to_string()),
        }
    }
}
