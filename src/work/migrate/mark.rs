//! What is left behind where a source was cut over.

use camino::{Utf8Path, Utf8PathBuf};

use super::MigrateError;
use crate::job::Job;

/// A file beside the journal of the half that reads. From the cutover on the versions of the source are deprecated for
/// having moved, and a migration that read that would deprecate them on the target as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutoverMark(Utf8PathBuf);

impl CutoverMark {
    /// That of a migration.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        let journal = job.export.as_ref().map_or(&job.journal, |export| &export.journal);
        Self(journal.with_extension("cutover"))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.0
    }

    /// Refuses to read a source that was cut over.
    ///
    /// # Errors
    /// [`MigrateError::CutOver`]
    pub fn refuse(&self) -> Result<(), MigrateError> {
        if self.0.exists() { Err(MigrateError::CutOver { mark: self.0.clone() }) } else { Ok(()) }
    }

    /// Takes note of a cutover.
    ///
    /// # Errors
    /// [`MigrateError::Mark`]
    pub fn leave(&self) -> Result<(), MigrateError> {
        let folder = self.0.parent().map_or(Ok(()), fs_err::create_dir_all);
        folder.and_then(|()| fs_err::write(&self.0, "cut over\n")).map_err(MigrateError::Mark)
    }
}
