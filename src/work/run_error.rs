//! Why a run cannot start or go on.

use super::{
    DefinitionsError, Obstacles,
    applications::{IdsError, VaultError},
    failure,
};
use crate::{journal::JournalError, net::CallError, source::SourceError};

/// Why a run could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The source cannot be used.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(JournalError),
    /// The journal could not be written or read any more: items in flight are in doubt, and the next run probes them.
    #[error("stopped: the journal failed")]
    JournalBroke(#[source] JournalError),
    /// The target lets nobody in.
    #[error("cannot sign in at {target}")]
    SignIn {
        /// The target.
        target: String,
        /// Why.
        source: CallError,
    },
    /// What was found before the first write keeps everything from being sent.
    #[error("{0}")]
    Obstacles(Box<Obstacles>),
    /// The definitions of the job could not be brought to the target.
    #[error(transparent)]
    Definitions(DefinitionsError),
    /// The organization cannot be listed.
    #[error("cannot list the assets of {organization}")]
    Listing {
        /// The organization.
        organization: String,
        /// Why.
        source: CallError,
    },
    /// The organization lists nothing, and is none of those of whoever signs the calls.
    #[error("no asset is listed for {organization}, and it is no organization of yours")]
    Nowhere {
        /// The organization.
        organization: String,
    },
    /// The directory of an inventory cannot be read or written.
    #[error("cannot work in the directory {path}")]
    Directory {
        /// The directory.
        path: camino::Utf8PathBuf,
        /// Whether versions have been brought there before.
        begun: bool,
        /// Why.
        source: std::io::Error,
    },
    /// There is no place for the secrets of applications.
    #[error(transparent)]
    Secrets(#[from] VaultError),
    /// The file of old and new ids cannot be written; the applications are there.
    #[error("cannot write the ids of applications to {path}")]
    Ids {
        /// The file.
        path: camino::Utf8PathBuf,
        /// Why.
        source: Box<IdsError>,
    },
    /// There is no room for archives.
    #[error("cannot make a folder for temporary files")]
    Scratch(#[source] std::io::Error),
}

impl RunError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Source(error) => error.hint().map(str::to_owned),
            Self::Journal(error) | Self::JournalBroke(error) => error.hint(),
            Self::SignIn { source, .. } | Self::Listing { source, .. } => source.hint().map(str::to_owned),
            Self::Obstacles(_) => None,
            Self::Nowhere { .. } => Some("source.organization names it, by its id or its name".to_owned()),
            Self::Directory { begun: false, .. } => Some("export.directory names it".to_owned()),
            Self::Directory { begun: true, .. } => {
                Some("make room, or name another export.directory, and run again to go on".to_owned())
            }
            Self::Definitions(error) => error.hint(),
            Self::Secrets(error) => Some(error.hint().to_owned()),
            Self::Ids { .. } => Some("applications.ids names another one; the next run writes it".to_owned()),
            Self::Scratch(_) => Some("TMPDIR names the folder to use".to_owned()),
        }
    }

    /// Whether work had begun, so that another run goes on.
    #[must_use]
    pub fn is_resumable(&self) -> bool {
        match self {
            Self::JournalBroke(_) | Self::Ids { .. } => true,
            Self::Directory { begun, .. } => *begun,
            Self::Listing { source, .. } => source.disposition() != crate::net::Disposition::Final,
            Self::Definitions(error) => error.is_passing(),
            _ => false,
        }
    }

    /// What happened, with its causes.
    #[must_use]
    pub fn chain(&self) -> String {
        failure::chain(self)
    }
}
