//! What to scan, and what the job says about it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use camino::Utf8PathBuf;

use crate::{
    asset::{Remap, Sourced},
    package::reading::Reading,
};

use super::{SourceError, applications, catalog, changes, directory, manifest};

/// What the job says about its source.
#[derive(Debug, Default, Clone)]
pub struct Options {
    /// The group of assets that name none: the target's organization or group.
    pub group: String,
    /// Globs, relative to the directory, of what is looked at; empty: everything. A `*` does not reach over a `/`.
    pub include: Vec<String>,
    /// Globs of what is left out, even where `include` names it.
    pub exclude: Vec<String>,
    /// `[defaults]` of the job, by manifest column: `status`, `tags` (`a,b`), `properties.apiVersion`, …
    pub defaults: BTreeMap<String, String>,
    /// The facts of this build, name and value, that the conditions of a catalog are held to. A name that is there
    /// twice fulfils none.
    pub criteria: Vec<(String, String)>,
    /// The rows of a manifest that are meant, by its column `wave`; `None`: all.
    pub wave: Option<String>,
    /// What becomes of coordinates that the source names.
    pub remap: Remap,
    /// How files are read: with a memory, those that have not changed are not.
    pub reading: Reading,
}

/// Where assets come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A directory, in which assets are recognised by content.
    Directory(Utf8PathBuf),
    /// A CSV manifest.
    Manifest(Utf8PathBuf),
    /// A `catalog.yaml`: the descriptor of the official bulk importer.
    Catalog(Utf8PathBuf),
    /// A CSV manifest of changes of assets that exist.
    Changes(Utf8PathBuf),
    /// A CSV manifest of client applications.
    Applications(Utf8PathBuf),
}

impl Source {
    /// Yields every asset, every change and every diagnosis, in a stable order: a directory by path, a manifest by
    /// line, a catalog by project. Stops early when the sink breaks. Blocks: call it on a thread of its own.
    ///
    /// # Errors
    /// When the source itself cannot be used. What is wrong with a single input goes to the sink.
    pub fn scan(&self, options: &Options, sink: &mut dyn FnMut(Sourced) -> ControlFlow<()>) -> Result<(), SourceError> {
        match self {
            Self::Directory(root) => directory::scan(root, options, sink),
            Self::Manifest(path) => manifest::scan(path, options, sink),
            Self::Catalog(path) => catalog::scan(path, options, sink),
            Self::Changes(path) => changes::scan(path, options, sink),
            Self::Applications(path) => applications::scan(path, options, sink),
        }
    }
}
