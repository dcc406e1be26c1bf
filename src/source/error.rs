//! Why a source as a whole cannot be used.

use camino::Utf8PathBuf;

/// The source itself cannot be used. What is wrong with a single input is a [`Diagnosis`](crate::asset::Diagnosis).
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The directory or the manifest cannot be read.
    #[error("source `{path}` cannot be read")]
    Unreadable {
        /// What was given.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The directory is a file, or the manifest a folder.
    #[error("source `{path}` is not a {expected}")]
    WrongKind {
        /// What was given.
        path: Utf8PathBuf,
        /// `directory` or `file`.
        expected: &'static str,
    },
    /// A glob of `include` or `exclude`.
    #[error("`{glob}` is not a glob")]
    Glob {
        /// The glob.
        glob: String,
        /// Why.
        #[source]
        cause: globset::Error,
    },
    /// The descriptor of a catalog is none, or is wrong beyond a single project.
    #[error("{path}:{line}:{column}: {message}")]
    Descriptor {
        /// The descriptor.
        path: Utf8PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The job has defaults that mean nothing to its source.
    #[error("defaults: {message}")]
    Defaults {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A row of the manifest is such that nothing behind it can be read.
    #[error("{path}:{line}: {message}")]
    Row {
        /// The manifest.
        path: Utf8PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The manifest has no rows of the wave that is asked for.
    #[error("{path}: {message}")]
    Wave {
        /// The manifest.
        path: Utf8PathBuf,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The first line of the manifest is no usable header.
    #[error("{path}:1: {message}")]
    Header {
        /// The manifest.
        path: Utf8PathBuf,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
}

impl SourceError {
    /// What to do about it, where there is more to say than the message does.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Header { hint, .. }
            | Self::Row { hint, .. }
            | Self::Descriptor { hint, .. }
            | Self::Wave { hint, .. }
            | Self::Defaults { hint, .. } => Some(hint),
            _ => None,
        }
    }
}
