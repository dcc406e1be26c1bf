//! A migration whose source is read into a folder of its own: what lies in the inventory, and what the journals say, may be
//! old.

use std::{collections::BTreeSet, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    MigrateError,
    writing::{groups, listed},
};
use crate::{
    asset::Coordinates,
    inventory,
    job::{Export, Filter, Job, SourceSpec},
    work::{scratch::Scratch, verify::Verified},
};

/// A migration whose source is read into a folder that goes with this value.
pub struct Aside {
    job: Job,
    export: Export,
    /// Where people know the inventory.
    known_as: Utf8PathBuf,
    _folder: Scratch,
}

impl Aside {
    /// Makes the folder, with what people have said in the manifest of the inventory: that is what is meant.
    ///
    /// # Errors
    /// [`MigrateError::Scratch`]; `None` where the job is no migration.
    pub fn of(job: &Job) -> Result<Option<Self>, MigrateError> {
        let Some(export) = &job.export else { return Ok(None) };
        let folder = Scratch::new().map_err(MigrateError::Scratch)?;
        let root = folder.path();
        let known_as = export.directory.clone();
        let directory = root.join("inventory");
        bring(&known_as, &directory).map_err(MigrateError::Scratch)?;
        let export =
            Export { journal: root.join("export.db"), directory, reread: true, companions: None, ..export.clone() };
        let source = SourceSpec::Manifest(export.manifest());
        let job = Job { source, export: Some(export.clone()), ..job.clone() };
        Ok(Some(Self { job, export, known_as, _folder: folder }))
    }

    /// The migration, to be read and held to its target.
    #[must_use]
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// What was read, by the coordinates of the source.
    ///
    /// # Errors
    /// [`MigrateError::Inventory`]
    pub fn listed(&self) -> Result<Vec<Coordinates>, MigrateError> {
        listed(&self.export.manifest())
    }

    /// The groups of the target that are to hold nothing else; `None` where the job brings only a part of the source.
    ///
    /// # Errors
    /// [`MigrateError::Inventory`]
    pub fn groups(&self, writing: &Job) -> Result<Option<Vec<String>>, MigrateError> {
        if self.export.filter != Filter::default() || self.job.wave.is_some() {
            return Ok(None);
        }
        let groups = groups(&self.export.manifest())?;
        let there: BTreeSet<String> = groups.iter().map(|group| writing.remap.group(group).to_owned()).collect();
        Ok(Some(there.into_iter().collect()))
    }

    /// What was found, with the places of the inventory that people know: the folder here is gone when they read it.
    #[must_use]
    pub fn named(&self, verified: Verified) -> Verified {
        let rename = |text: String| text.replace(self.export.directory.as_str(), self.known_as.as_str());
        Verified { path: verified.path.map(rename), note: verified.note.map(rename), ..verified }
    }
}

fn bring(from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
    fs_err::create_dir(to)?;
    for name in inventory::MANIFEST_FILES {
        let file = from.join(name);
        if file.exists() {
            fs_err::copy(file, to.join(name))?;
        }
    }
    Ok(())
}
