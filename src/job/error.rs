//! What can be wrong with a job file.

use camino::Utf8PathBuf;

/// The job cannot be used. The message names the place, the hint says what to do.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The file cannot be read.
    #[error("cannot read job file {path}")]
    Read {
        /// The job file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of definitions that the job names cannot be read.
    #[error("cannot read the definitions {path}")]
    Definitions {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML, or has keys or values that no job has.
    #[error("{path}: {message}")]
    Parse {
        /// The job file, or one that it names.
        path: Utf8PathBuf,
        /// What the parser says, with line, column and the line itself.
        message: String,
        /// Whether it is about credentials: the values are left out of the message then.
        is_secret: bool,
    },
    /// A value is missing, out of range, or contradicts another one.
    #[error("{path}: {key}: {message}")]
    Value {
        /// The job file.
        path: Utf8PathBuf,
        /// The key, with its table.
        key: String,
        /// What is wrong with it.
        message: String,
    },
}

impl JobError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some("`consign init DIR` writes a first job file for a directory".to_owned()),
            Self::Parse { is_secret: true, .. } => Some(
                "secrets never stand in a job file: name the variable that holds one (client_secret_env), a file or a \
                 command"
                    .to_owned(),
            ),
            Self::Definitions { .. } => Some("definitions.file is a path relative to the job file".to_owned()),
            Self::Parse { .. } | Self::Value { .. } => None,
        }
    }
}
