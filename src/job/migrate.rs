//! A migration is two jobs: one that reads an organization into a directory, and one that publishes what lies there.

use std::collections::BTreeSet;

use super::{
    Export, JobError,
    definitions::Definitions,
    file::{Kind, SourceSpec},
    model::Job,
};
use crate::asset::{Remap, RemapError};

/// Where the assets of a migration come from and go to, once both servers have told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'a> {
    /// The organization that is read.
    pub from: &'a str,
    /// The organization that is written to.
    pub to: &'a str,
    /// The group of what was the organization's own.
    pub group: &'a str,
}

impl Job {
    /// The half of a migration that reads; `None` for any other job.
    #[must_use]
    pub fn reading(&self) -> Option<Self> {
        let export = self.export.as_ref().filter(|_| self.kind == Kind::Migrate)?;
        Some(Self {
            kind: Kind::Export,
            target: export.source.clone(),
            source: SourceSpec::Organization(export.directory.clone()),
            wave: None,
            definitions: Definitions::default(),
            pace: export.pace,
            remap: Remap::default(),
            journal: export.journal.clone(),
            sandbox: export.sandbox.clone(),
            ..self.clone()
        })
    }

    /// The half that writes. The organization that is read becomes the one that is written to, whatever else the table
    /// says; the definitions are those of the inventory, where the job declares no others.
    ///
    /// # Errors
    /// [`JobError`] where the table contradicts that, or the definitions in the inventory cannot be read.
    pub fn writing(&self, route: Route<'_>) -> Result<Self, JobError> {
        let wrong = |error: RemapError| JobError::Value {
            path: self.file.clone(),
            key: "remap".to_owned(),
            message: error.to_string(),
        };
        let remap = self.remap.clone().and_organization(route.from, route.to, route.group).map_err(wrong)?;
        let mut definitions = self.definitions.clone();
        let declared = self.export.as_ref().map(|export| export.directory.join("definitions.toml"));
        if let Some(file) = declared.filter(|file| file.exists()) {
            definitions.add(Definitions::of_file(&file)?);
        }
        let mut publish = self.publish.clone();
        // A source may hold them, and the target is to hold the same.
        publish.snapshots_allowed.get_or_insert(true);
        Ok(Self { kind: Kind::Publish, export: None, remap, definitions, publish, ..self.clone() })
    }
}

impl Export {
    /// Organizations of the source that were read and have no place on the target, by the groups of what was read.
    #[must_use]
    pub fn unplaced<'a>(&self, groups: impl IntoIterator<Item = &'a str>, remap: &Remap) -> BTreeSet<&'a str> {
        let is_organization = |group: &str| match &self.groups {
            super::Groups::Named(named) => named.iter().any(|name| name == group),
            super::Groups::All | super::Groups::None => uuid::Uuid::parse_str(group).is_ok(),
        };
        groups.into_iter().filter(|group| is_organization(group) && remap.group(group) == *group).collect()
    }
}
