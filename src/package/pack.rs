//! Packing: collects, checks, zips and hashes every file of a draft.
#![expect(clippy::result_large_err, reason = "a diagnosis is made once for an asset that is refused, never in a loop")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Seek},
};

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempPath;

use super::{
    archive::{Archive, Budget, WriteFault, ZipFile, normalise},
    content::{self, Fault},
    fingerprint::{self, FileFingerprint, Fingerprint, Sum},
    limits::{Limits, human},
    regular::{self, Snapshot},
    remap::Rewriter,
};
use crate::asset::{AssetDraft, AssetType, Diagnosis, DraftFile, FileContent, FileKey, Problem, Remap};

mod documentation;
mod raised;
mod rewritten;

/// The files of one asset, ready to send.
#[derive(Debug)]
pub struct Package {
    /// The files, in the order of the draft.
    pub parts: Vec<PackedFile>,
    /// What the asset holds.
    pub fingerprint: Fingerprint,
}

/// One file, ready to send. An archive made by us is a temporary file, which goes with this value.
#[derive(Debug)]
pub struct PackedFile {
    /// Its name in the publish call.
    pub key: FileKey,
    /// Its length in bytes.
    pub len: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// What it holds.
    pub fingerprint: FileFingerprint,
    path: Utf8PathBuf,
    snapshot: Snapshot,
    _temporary: Option<TempPath>,
}

impl PackedFile {
    /// Opens the file from its start, as often as wanted.
    ///
    /// # Errors
    /// When it cannot be opened, or is not the file any more that was packed. Its length is then not [`Self::len`],
    /// and a request that was promised so many bytes would break off or be cut short.
    pub fn open(&self) -> io::Result<File> {
        let (file, snapshot) = regular::open(self.path.as_std_path())?;
        if snapshot == self.snapshot {
            Ok(file)
        } else {
            Err(io::Error::other(format!("{} changed since it was packed", self.path)))
        }
    }

    /// Where the file is.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }
}

/// Packs every file of the draft; archives are written to temporary files inside `scratch`, an existing folder.
///
/// Reads files and blocks: call it where blocking is allowed. The same draft over the same files gives the same bytes.
///
/// # Errors
/// A diagnosis that names the file: missing, unreadable, no regular file, outside the draft's folder, changed while it
/// was read, larger than its limit, an archive that is none, a main file that is not in the root of its archive.
pub fn pack(draft: &AssetDraft, scratch: &Utf8Path, limits: &Limits) -> Result<Package, Diagnosis> {
    pack_remapped(draft, scratch, limits, &Remap::default())
}

/// As [`pack`], with all coordinates in the files brought in line with a table.
///
/// # Errors
/// As [`pack`]; and when two members of an archive would have one name.
pub fn pack_remapped(
    draft: &AssetDraft,
    scratch: &Utf8Path,
    limits: &Limits,
    remap: &Remap,
) -> Result<Package, Diagnosis> {
    let rewriters = Rewriters {
        specification: Rewriter::new(remap.with_modules(&draft.moves)),
        other: Rewriter::new(remap.clone()),
    };
    let mut keys = BTreeSet::new();
    let mut parts = Vec::with_capacity(draft.files.len());
    for file in &draft.files {
        let packed = if keys.insert(&file.key) {
            pack_file(draft, file, scratch, limits, rewriters.of(&file.key))
        } else {
            let message = format!("{} is given twice", file.key);
            Err(Diagnosis::failed(draft.path.clone(), Problem::Value, message))
        };
        parts.push(packed.map_err(|diagnosis| diagnosis.gav(&draft.coordinates))?);
    }
    let fingerprint = Fingerprint::new(parts.iter().map(|part| (part.key.clone(), part.fingerprint.clone())));
    Ok(Package { parts, fingerprint })
}

/// What rewrites files. Modules that a project has vendored are named in its specification alone.
struct Rewriters {
    specification: Rewriter,
    other: Rewriter,
}

impl Rewriters {
    fn of(&self, key: &FileKey) -> &Rewriter {
        let is_other = matches!(key.classifier(), "" | "docs" | "icon" | "custom" | "studio-plugin");
        if is_other { &self.other } else { &self.specification }
    }
}

fn pack_file(
    draft: &AssetDraft,
    file: &DraftFile,
    scratch: &Utf8Path,
    limits: &Limits,
    rewriter: &Rewriter,
) -> Result<PackedFile, Diagnosis> {
    let (limit, setting) = limits.of(&file.key);
    let job = Job {
        key: &file.key,
        asset_type: &draft.asset_type,
        main_file: draft.properties.get("mainFile").map(String::as_str).filter(|name| !name.is_empty()),
        scratch,
        limit,
        setting,
        rewriter,
    };
    match &file.content {
        FileContent::File(path) => job.as_it_is(&folder_of(path, &draft.path), path),
        FileContent::Zip { root, members } => job.zipped(root, members),
        FileContent::Raised { root, main, members } => job.raised(root, main, members),
        FileContent::Docs(docs) => job.documented(docs),
    }
}

/// The folder that a file may not be linked out of: that of the asset, or its own where it does not lie in that.
fn folder_of(file: &Utf8Path, asset: &Utf8Path) -> Utf8PathBuf {
    if file != asset && file.starts_with(asset) {
        return asset.to_owned();
    }
    match file.parent() {
        Some(parent) if parent.as_str().is_empty() => Utf8PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => asset.to_owned(),
    }
}

/// One file to pack, with what applies to it.
struct Job<'a> {
    key: &'a FileKey,
    asset_type: &'a AssetType,
    main_file: Option<&'a str>,
    scratch: &'a Utf8Path,
    limit: u64,
    setting: &'static str,
    rewriter: &'a Rewriter,
}

impl Job<'_> {
    /// Takes a file byte for byte.
    fn as_it_is(&self, root: &Utf8Path, path: &Utf8Path) -> Result<PackedFile, Diagnosis> {
        let (real, mut file, snapshot) = open_inside(&real_folder(root)?, path)?;
        if snapshot.len > self.limit {
            let message = format!("{} is {}, {}", self.key, human(snapshot.len), self.limit_reached());
            return Err(self.too_large(path, message));
        }
        if let Some(rewritten) = self.rewritten(path, &real, &mut file, &snapshot)? {
            return self.rewritten_file(path, rewritten);
        }
        file.rewind().map_err(|error| unreadable(path, &error))?;
        self.packed(path, Opened { real, file, snapshot, temporary: None })
    }

    /// A file that is open, as it will be sent; `path` is shown.
    fn packed(&self, path: &Utf8Path, opened: Opened) -> Result<PackedFile, Diagnosis> {
        let Opened { real, mut file, snapshot, temporary } = opened;
        let sha256 = content::copy(&mut file, &snapshot, |_| Ok(())).map_err(|fault| read_fault(path, fault))?;
        let fingerprint = if self.key.packaging == "zip" {
            self.ready_made(path, &real, sha256)?
        } else {
            FileFingerprint::single(sha256)
        };
        Ok(PackedFile {
            key: self.key.clone(),
            len: snapshot.len,
            sha256,
            fingerprint,
            path: real,
            snapshot,
            _temporary: temporary,
        })
    }

    /// What an archive holds that somebody else packed. That of a specification has to be sound.
    fn ready_made(&self, path: &Utf8Path, real: &Utf8Path, sha256: Sum) -> Result<FileFingerprint, Diagnosis> {
        if self.key.classifier() == "docs" {
            return self.ready_docs(path, real);
        }
        if !fingerprint::is_specification_archive(self.key) {
            let read = fingerprint::fingerprint_file(self.key, real, &Budget::default());
            return Ok(read.unwrap_or_else(|_| FileFingerprint::single(sha256)));
        }
        let diagnosis = |error: super::archive::ArchiveError| error.diagnosis(path);
        let mut archive = Archive::open(real, &Budget::default()).map_err(diagnosis)?;
        self.demand_main_file(path, archive.entries().iter().map(|entry| entry.name.as_str()))?;
        fingerprint::of_archive(&mut archive).map_err(diagnosis)
    }

    /// Makes an archive of the members.
    fn zipped(&self, root: &Utf8Path, members: &[Utf8PathBuf]) -> Result<PackedFile, Diagnosis> {
        let names = member_names(root, members)?;
        if names.is_empty() {
            let message = format!("there is nothing to put into {}", self.key);
            return Err(Diagnosis::failed(root, Problem::Missing, message));
        }
        self.demand_main_file(root, names.keys().map(String::as_str))?;
        let folder = real_folder(root)?;
        let content = names.iter().map(|(name, member)| (name.as_str(), Content::File(root.join(member)))).collect();
        self.write(root, &folder, &content)
    }

    /// Writes an archive; `content` is in the order of its names.
    fn write(
        &self,
        root: &Utf8Path,
        folder: &Utf8Path,
        content: &BTreeMap<&str, Content<'_>>,
    ) -> Result<PackedFile, Diagnosis> {
        let (file, temporary) = self.temporary()?.into_parts();
        let path = Utf8PathBuf::try_from(temporary.to_path_buf())
            .map_err(|error| self.scratch_fault(&io::Error::other(error)))?;
        let mut zip = ZipFile::new(file, self.limit);
        let mut sums = BTreeMap::new();
        for (name, member) in self.renamed(root, content)? {
            let sum = self.add(&mut zip, folder, &name, member).map_err(|refusal| match refusal {
                Refusal::Diagnosis(diagnosis) => diagnosis,
                Refusal::Write(fault) => self.write_fault(fault, root, content),
            })?;
            sums.insert(name, sum);
        }
        let (len, sha256) = zip.finish().map_err(|fault| self.write_fault(fault, root, content))?;
        let snapshot = regular::open(&temporary).map_err(|error| self.scratch_fault(&error))?.1;
        Ok(PackedFile {
            key: self.key.clone(),
            len,
            sha256,
            fingerprint: FileFingerprint::archive(sums),
            path,
            snapshot,
            _temporary: Some(temporary),
        })
    }

    /// The server looks for the main file in the root folder of the archive and nowhere else (EXCHANGE.md §2.3).
    fn demand_main_file<'n>(&self, path: &Utf8Path, mut names: impl Iterator<Item = &'n str>) -> Result<(), Diagnosis> {
        let Some(main) = self.main_file.filter(|_| fingerprint::is_specification_archive(self.key)) else {
            return Ok(());
        };
        if !main.contains('/') && names.any(|name| name == main) {
            return Ok(());
        }
        let message = format!("the main file {main:?} is not in the root folder of {}", self.key);
        Err(Diagnosis::failed(path, Problem::Missing, message)
            .hint("zip the content of the folder, not the folder, and name the main file without a path"))
    }

    fn temporary(&self) -> Result<tempfile::NamedTempFile, Diagnosis> {
        tempfile::Builder::new()
            .prefix("consign-")
            .suffix(".zip")
            .tempfile_in(self.scratch)
            .map_err(|error| self.scratch_fault(&error))
    }

    fn write_fault(&self, fault: WriteFault, root: &Utf8Path, content: &BTreeMap<&str, Content<'_>>) -> Diagnosis {
        match fault {
            WriteFault::Io(error) => self.scratch_fault(&error),
            WriteFault::TooLarge => {
                let total = human(content.values().map(Content::size).sum());
                let (count, limit) = (content.len(), self.limit_reached());
                let message = format!("{} of {count} files with {total} does not fit: {limit}", self.key);
                self.too_large(root, message)
            }
        }
    }

    fn scratch_fault(&self, error: &io::Error) -> Diagnosis {
        let message = format!("{} cannot be written here: {error}", self.key);
        Diagnosis::failed(self.scratch, Problem::Unreadable, message)
            .hint("this folder holds the archives until they are sent: make room in it, or name another one")
    }

    fn limit_reached(&self) -> String {
        format!("the limit is {} ({})", human(self.limit), self.setting)
    }

    fn too_large(&self, path: &Utf8Path, message: String) -> Diagnosis {
        Diagnosis::failed(path, Problem::TooLarge, message).hint(format!(
            "raise {} if the server takes more, or leave out what the asset can do without",
            self.setting
        ))
    }
}

/// What a member of an archive holds.
enum Content<'a> {
    File(Utf8PathBuf),
    Text(&'a str),
}

impl Content<'_> {
    /// The size in bytes; 0 for a file that is gone.
    fn size(&self) -> u64 {
        match self {
            Self::File(path) => std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
            Self::Text(text) => text.len() as u64,
        }
    }
}

/// A file that is to be sent as it is.
struct Opened {
    real: Utf8PathBuf,
    file: File,
    snapshot: Snapshot,
    temporary: Option<TempPath>,
}

/// Why a member did not get into the archive: its own fault, or the archive's.
enum Refusal {
    Diagnosis(Diagnosis),
    Write(WriteFault),
}

impl From<Diagnosis> for Refusal {
    fn from(diagnosis: Diagnosis) -> Self {
        Self::Diagnosis(diagnosis)
    }
}

impl From<WriteFault> for Refusal {
    fn from(fault: WriteFault) -> Self {
        Self::Write(fault)
    }
}

/// The names that the members get in the archive, in the order they get there: bytewise, on every machine.
fn member_names<'m>(root: &Utf8Path, members: &'m [Utf8PathBuf]) -> Result<BTreeMap<String, &'m Utf8Path>, Diagnosis> {
    let mut names = BTreeMap::new();
    for member in members {
        let refuse = |message: String| Diagnosis::failed(root.join(member), Problem::Value, message);
        let name = normalise(member.as_str()).map_err(|fault| {
            refuse(format!("the name {:?} {fault} and cannot go into an archive", member.as_str()))
                .hint("rename the file")
        })?;
        if names.insert(name.clone(), member.as_path()).is_some() {
            return Err(refuse(format!("{name:?} is given twice")));
        }
    }
    Ok(names)
}

fn real_folder(root: &Utf8Path) -> Result<Utf8PathBuf, Diagnosis> {
    root.canonicalize_utf8().map_err(|error| unreadable(root, &error))
}

fn open_inside(folder: &Utf8Path, path: &Utf8Path) -> Result<(Utf8PathBuf, File, Snapshot), Diagnosis> {
    let open = || {
        let real = regular::inside(folder, path)?;
        let (file, snapshot) = regular::open(real.as_std_path())?;
        Ok((real, file, snapshot))
    };
    open().map_err(|error| unreadable(path, &error))
}

fn read_fault(path: &Utf8Path, fault: Fault<std::convert::Infallible>) -> Diagnosis {
    match fault {
        Fault::Read(error) => unreadable(path, &error),
        Fault::Changed(how) => changed(path, how),
    }
}

fn unreadable(path: &Utf8Path, error: &io::Error) -> Diagnosis {
    if error.kind() == io::ErrorKind::NotFound {
        return Diagnosis::failed(path, Problem::Missing, "the file does not exist");
    }
    Diagnosis::failed(path, Problem::Unreadable, format!("cannot be packed: {error}"))
}

fn changed(path: &Utf8Path, how: &str) -> Diagnosis {
    Diagnosis::failed(path, Problem::Unreadable, format!("the file {how}")).hint("run again when nothing writes to it")
}

#[cfg(test)]
mod tests;
