//! The directory of an inventory: a folder for each asset version, which is there whole or not at all.
//!
//! A folder is built beside the others, in `.partial/`, and renamed into its place. Whatever ends the process leaves the
//! folders that are there as they are.

use std::{fs::File, io};

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};

use super::{FileRecord, Record, names};
use crate::asset::Coordinates;

/// The folder of all assets.
const ASSETS: &str = "assets";

/// Where folders are built.
const PARTIAL: &str = ".partial";

/// The record of a version, in its folder.
const RECORD: &str = "asset.json";

/// The largest record that is read: far more than any version has to say.
const MAX_RECORD: u64 = 64 * 1024 * 1024;

/// A directory with an inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    root: Utf8PathBuf,
}

impl Inventory {
    /// The inventory in a directory.
    #[must_use]
    pub fn at(root: impl Into<Utf8PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Makes the directory ready: what a run that was cut off has left half built is removed.
    ///
    /// # Errors
    /// Where it cannot be written to.
    pub fn prepare(&self) -> io::Result<()> {
        fs_err::create_dir_all(self.root.join(ASSETS))?;
        let partial = self.root.join(PARTIAL);
        if partial.symlink_metadata().is_ok() {
            fs_err::remove_dir_all(&partial)?;
        }
        fs_err::create_dir_all(partial)
    }

    /// The folder of a version, whether it is there or not.
    #[must_use]
    pub fn folder(&self, of: &Coordinates) -> Utf8PathBuf {
        self.root.join(Self::place(of))
    }

    /// The folder of a version, as seen from the directory.
    #[must_use]
    pub fn place(of: &Coordinates) -> Utf8PathBuf {
        let version = of.version.to_string();
        [of.group_id.as_str(), &of.asset_id, &version]
            .iter()
            .fold(Utf8PathBuf::from(ASSETS), |path, id| path.join(names::folder(id)))
    }

    /// The record of a version; `None` where there is none that can be read.
    #[must_use]
    pub fn record(&self, of: &Coordinates) -> Option<Record> {
        read(&self.folder(of).join(RECORD)).filter(|record| record.coordinates == *of)
    }

    /// Whether all that a record names lies in the folder of its version.
    #[must_use]
    pub fn is_complete(&self, record: &Record) -> bool {
        let folder = self.folder(&record.coordinates);
        let has = |file: &Utf8Path, size: Option<u64>| {
            folder
                .join(file)
                .metadata()
                .is_ok_and(|found| found.is_file() && size.is_none_or(|size| size == found.len()))
        };
        let files = record.files.iter().chain(&record.icon);
        files.filter_map(|file| Some((file.file.as_ref()?, file.size))).all(|(file, size)| has(file, size))
            && record.pages.iter().chain(&record.terms).all(|page| has(&page.file, None))
            && record.resources.iter().all(|resource| has(&resource.file, Some(resource.size)))
    }

    /// An empty folder to build a version in.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn begin(&self, of: &Coordinates) -> io::Result<Utf8PathBuf> {
        let folder = self.partial(of, "new");
        clear(&folder)?;
        fs_err::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Puts what was built into the place of what was there.
    ///
    /// # Errors
    /// Where it cannot be written or renamed.
    pub fn finish(&self, built: &Utf8Path, record: &Record) -> io::Result<()> {
        let text = serde_json::to_string_pretty(record).map_err(io::Error::other)?;
        let path = built.join(RECORD);
        fs_err::write(&path, text + "\n")?;
        File::open(&path)?.sync_all()?;
        let folder = self.folder(&record.coordinates);
        if let Some(above) = folder.parent() {
            fs_err::create_dir_all(above)?;
        }
        let old = self.partial(&record.coordinates, "old");
        clear(&old)?;
        if folder.symlink_metadata().is_ok() {
            fs_err::rename(&folder, &old)?;
        }
        fs_err::rename(built, &folder)?;
        clear(&old)
    }

    fn partial(&self, of: &Coordinates, what: &str) -> Utf8PathBuf {
        let mark = hex::encode(&Sha256::digest(of.to_string())[..12]);
        self.root.join(PARTIAL).join(format!("{mark}-{what}"))
    }

    /// Brings a file from the folder that is there into the one that is being built, where it surely is the same: what
    /// the server tells of it agrees with what the record told, and the content with both. Answers its length.
    #[must_use]
    pub fn reuse(&self, built: &Utf8Path, old: &Record, wanted: &FileRecord) -> Option<(u64, String)> {
        let known =
            old.files.iter().chain(&old.icon).find(|file| file.key == wanted.key && file.is_same_content(wanted))?;
        let from = self.folder(&old.coordinates).join(known.file.as_ref()?);
        let to = built.join(wanted.file.as_ref()?);
        let mut content = File::open(from).ok()?;
        let mut copy = File::create(&to).ok()?;
        let mut digest = Digested { hash: Sha256::new(), to: &mut copy };
        let length = io::copy(&mut content, &mut digest).ok()?;
        let sha256 = hex::encode(digest.hash.finalize());
        let is_same = known.sha256.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(&sha256));
        if is_same {
            return Some((length, sha256));
        }
        // Somebody has edited it: what the source has is fetched.
        drop(copy);
        let _ = fs_err::remove_file(to);
        None
    }

    /// Gives every record of the directory, in the order of groups, assets and versions, oldest first.
    ///
    /// # Errors
    /// Where a folder cannot be listed. A folder without a record that can be read is passed over.
    pub fn records(&self, mut each: impl FnMut(Record)) -> io::Result<()> {
        for group in folders(&self.root.join(ASSETS))? {
            for asset in folders(&group)? {
                let mut versions: Vec<(String, Utf8PathBuf)> = Vec::new();
                for folder in folders(&asset)? {
                    let path = folder.join(RECORD);
                    if let Some(record) = read(&path) {
                        versions.push((record.coordinates.version.sort_key(), path));
                    }
                }
                versions.sort_unstable();
                versions.into_iter().filter_map(|(_, path)| read(&path)).for_each(&mut each);
            }
        }
        Ok(())
    }
}

/// Writes, and sums up.
struct Digested<'a> {
    hash: Sha256,
    to: &'a mut File,
}

impl io::Write for Digested<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn read(path: &Utf8Path) -> Option<Record> {
    let metadata = path.symlink_metadata().ok()?;
    if !metadata.is_file() || metadata.len() > MAX_RECORD {
        return None;
    }
    serde_json::from_slice(&fs_err::read(path).ok()?).ok()
}

/// The folders in a folder, sorted; none where it is not there.
fn folders(path: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
    let entries = match path.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.into_path());
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn clear(folder: &Utf8Path) -> io::Result<()> {
    match fs_err::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
