//! Why a migration cannot go on.

use std::io;

use camino::Utf8PathBuf;

use crate::{job::JobError, net::CallError, work::failure};

/// Why a migration cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The source says of itself that it has moved.
    #[error("the source of this migration was cut over: its versions are deprecated because they have moved")]
    CutOver {
        /// What tells so.
        mark: Utf8PathBuf,
    },
    /// The cutover cannot be told to later runs.
    #[error("cannot take note of the cutover")]
    Mark(#[source] io::Error),
    /// One of the servers lets nobody in.
    #[error("cannot sign in at the {end}, {name}")]
    SignIn {
        /// `source` or `target`.
        end: &'static str,
        /// The server.
        name: String,
        /// Why.
        source: CallError,
    },
    /// Both ends are one.
    #[error("the source and the target are the same organization")]
    Circle,
    /// Nothing can be published at the target.
    #[error("nothing can be published at the target: {message}")]
    Target {
        /// What was found.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Groups of the source would be looked for on the target under their old ids.
    #[error("nothing says what becomes of the business groups {}", .groups.join(", "))]
    Homeless {
        /// Their ids.
        groups: Vec<String>,
    },
    /// What the job says contradicts what the servers told.
    #[error(transparent)]
    Job(#[from] JobError),
    /// What was read cannot be read.
    #[error("the inventory cannot be read")]
    Inventory(#[source] io::Error),
    /// There is no room to read the source into.
    #[error("cannot make a folder to read the source into")]
    Scratch(#[source] io::Error),
}

impl MigrateError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::CutOver { mark } => Some(format!("to bring it again, deprecations and all, remove {mark}")),
            Self::SignIn { source, .. } => source.hint().map(str::to_owned),
            Self::Circle => Some("target.organization, or target.group, says where it goes".to_owned()),
            Self::Target { hint, .. } => hint.clone(),
            Self::Homeless { groups } => groups.first().map(|first| {
                format!("name each in the job: [remap] groups = {{ \"{first}\" = \"<a group of the target>\" }}")
            }),
            Self::Job(error) => error.hint(),
            Self::Scratch(_) => Some("TMPDIR names the folder to use".to_owned()),
            Self::Mark(_) | Self::Inventory(_) => None,
        }
    }

    /// What happened, with its causes.
    #[must_use]
    pub fn chain(&self) -> String {
        failure::chain(self)
    }
}
