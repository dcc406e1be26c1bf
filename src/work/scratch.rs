//! A folder for the files of one command, which goes when the command does: packages to be sent, files to be compared,
//! journals to be thrown away.
//!
//! A process that is killed leaves its folder behind, with all that it had packed. So whoever makes a folder removes those
//! that nobody holds any more. The operating system tells: it releases a lock when the process ends, however it ends.

use std::{
    fs::{File, Metadata},
    io,
    path::Path,
    sync::Once,
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

/// What the names of all of them begin with.
const PREFIX: &str = "consign-";

/// The file whose lock tells that a folder is in use.
const LOCK: &str = ".lock";

/// A folder is made before it is locked: so long nobody takes it for a dead one.
const YOUNG: Duration = Duration::from_mins(1);

/// A folder in use, which only its owner may look into. It is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    path: Utf8PathBuf,
    // Some systems remove no folder that has an open file in it: this goes first.
    _lock: File,
    _folder: TempDir,
}

impl Scratch {
    /// Makes a folder where temporary files belong (`TMPDIR`).
    ///
    /// # Errors
    /// Where none can be made, or its name is not UTF-8.
    pub(super) fn new() -> io::Result<Self> {
        static SWEPT: Once = Once::new();
        let scratch = Self::within(&std::env::temp_dir())?;
        SWEPT.call_once(|| scratch.sweep());
        Ok(scratch)
    }

    fn within(place: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.tempdir_in(place)?;
        let path = Utf8PathBuf::try_from(folder.path().to_owned()).map_err(io::Error::other)?;
        let lock = File::create_new(path.join(LOCK))?;
        // Where the file system knows no locks, nobody else gets this one either, and nothing is ever swept.
        let _ = lock.try_lock();
        Ok(Self { path, _lock: lock, _folder: folder })
    }

    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Removes what processes have left that are no more. Whatever cannot be removed stays.
    fn sweep(&self) {
        let Some(place) = self.path.parent() else { return };
        let (Ok(own), Ok(entries)) = (self.path.symlink_metadata(), place.read_dir_utf8()) else { return };
        for entry in entries.flatten().filter(|entry| entry.file_name().starts_with(PREFIX)) {
            let folder = entry.path();
            let is_old = folder.symlink_metadata().is_ok_and(|found| is_like(&found, &own) && is_older(&found, &own));
            if is_old && is_dead(folder) && fs_err::remove_dir_all(folder).is_ok() {
                tracing::debug!(%folder, "removed what a process had left that was killed");
            }
        }
    }
}

/// Whether it is a folder of the same owner: in a place where all may write, others can put anything.
fn is_like(found: &Metadata, own: &Metadata) -> bool {
    #[cfg(unix)]
    let is_ours = {
        use std::os::unix::fs::MetadataExt;
        found.uid() == own.uid()
    };
    #[cfg(not(unix))]
    let is_ours = true;
    found.is_dir() && is_ours
}

/// By the clock of the file system, which gave both their times.
fn is_older(found: &Metadata, own: &Metadata) -> bool {
    let (Ok(found), Ok(own)) = (found.modified(), own.modified()) else { return false };
    own.duration_since(found).is_ok_and(|age| age > YOUNG)
}

/// Whether it was once locked and is no more. A folder without the file is not one of these.
fn is_dead(folder: &Utf8Path) -> bool {
    let lock = folder.join(LOCK);
    let is_file = lock.symlink_metadata().is_ok_and(|found| found.is_file());
    is_file && File::open(lock).is_ok_and(|lock| lock.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    /// A folder of an earlier process, made so long ago.
    fn left(place: &Path, name: &str, age: Duration) -> (Utf8PathBuf, File) {
        let folder = Utf8Path::from_path(place).unwrap().join(name);
        fs_err::create_dir(&folder).unwrap();
        let lock = File::create_new(folder.join(LOCK)).unwrap();
        lock.try_lock().unwrap();
        fs_err::write(folder.join("package.zip"), "content").unwrap();
        File::open(&folder).unwrap().set_modified(SystemTime::now() - age).unwrap();
        (folder, lock)
    }

    #[test]
    fn a_folder_goes_with_its_command_and_is_its_owners_alone() {
        let place = tempfile::tempdir().unwrap();
        let scratch = Scratch::within(place.path()).unwrap();
        let path = scratch.path().to_owned();
        fs_err::write(path.join("package.zip"), "content").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
        drop(scratch);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_killed_process_has_left_is_removed_and_nothing_else() {
        const HOUR: Duration = Duration::from_hours(1);
        let place = tempfile::tempdir().unwrap();
        let (dead, lock) = left(place.path(), "consign-dead", HOUR);
        drop(lock);
        let (alive, _held) = left(place.path(), "consign-alive", HOUR);
        let (young, lock) = left(place.path(), "consign-young", Duration::ZERO);
        drop(lock);
        let (other, lock) = left(place.path(), "somebody-elses", HOUR);
        drop(lock);
        let (unknown, lock) = left(place.path(), "consign-by-hand", HOUR);
        drop(lock);
        fs_err::remove_file(unknown.join(LOCK)).unwrap();
        File::open(&unknown).unwrap().set_modified(SystemTime::now() - HOUR).unwrap();

        let scratch = Scratch::within(place.path()).unwrap();
        scratch.sweep();
        assert!(!dead.exists());
        for kept in [&alive, &young, &other, &unknown] {
            assert!(kept.join("package.zip").exists(), "{kept}");
        }
        assert!(scratch.path().exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let (place, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (folder, lock) = left(elsewhere.path(), "consign-far", Duration::from_hours(1));
        drop(lock);
        std::os::unix::fs::symlink(&folder, place.path().join("consign-link")).unwrap();
        Scratch::within(place.path()).unwrap().sweep();
        assert!(folder.join("package.zip").exists());
    }
}
