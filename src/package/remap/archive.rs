//! Rewriting archives that somebody else packed.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Write},
};

use camino::Utf8Path;
use tempfile::{NamedTempFile, TempPath};

use super::Rewriter;
use crate::package::archive::{Archive, ArchiveError, Budget, Entry, WriteFault, ZipFile};

/// A larger member is not looked into: no text that names assets comes near this.
pub(super) const MAX_MEMBER: u64 = 64 << 20;

/// How deep archives in archives are looked into: those of a Mule application hold copies of what it depends on.
pub(super) const MAX_DEPTH: usize = 3;

/// Why an archive could not be rewritten.
#[derive(Debug)]
pub(in crate::package) enum RewriteFault {
    /// It cannot be read: whoever packs it says why.
    Archive,
    /// The new one cannot be written.
    Write(WriteFault),
    /// Two members would have one name.
    Twice(String),
}

impl From<ArchiveError> for RewriteFault {
    fn from(_: ArchiveError) -> Self {
        Self::Archive
    }
}

impl From<WriteFault> for RewriteFault {
    fn from(fault: WriteFault) -> Self {
        Self::Write(fault)
    }
}

impl From<io::Error> for RewriteFault {
    fn from(error: io::Error) -> Self {
        Self::Write(WriteFault::Io(error))
    }
}

/// Whether a file is an archive that is looked into, by its name.
pub(super) fn is_archive(name: &str) -> bool {
    matches!(name.rsplit_once('.'), Some((_, "zip" | "jar" | "ZIP" | "JAR")))
}

/// Whether an archive is signed: with another content its signature would be wrong.
fn is_signed(entries: &[Entry]) -> bool {
    let is_signature = |name: &str| name.starts_with("META-INF/") && name.to_ascii_uppercase().ends_with(".SF");
    entries.iter().any(|entry| is_signature(&entry.name))
}

impl Rewriter {
    /// A ready archive in line with the table, in `scratch`, its members in their order; `None`: nothing in it changes.
    pub(in crate::package) fn archive(
        &self,
        path: &Utf8Path,
        scratch: &Utf8Path,
        limit: u64,
    ) -> Result<Option<TempPath>, RewriteFault> {
        if self.is_idle() { Ok(None) } else { self.archive_at(path, scratch, limit, 0) }
    }

    fn archive_at(
        &self,
        path: &Utf8Path,
        scratch: &Utf8Path,
        limit: u64,
        depth: usize,
    ) -> Result<Option<TempPath>, RewriteFault> {
        let place = Place { scratch, depth };
        let mut archive = Archive::open(path, &Budget::default())?;
        let entries = archive.entries().to_vec();
        if is_signed(&entries) {
            return Ok(None);
        }
        // Most archives stay as they are: deflating again costs many times what looking does.
        let mut changes = false;
        for entry in &entries {
            changes = self.name(&entry.name).is_some() || self.member(&mut archive, entry, &place)?.is_some();
            if changes {
                break;
            }
        }
        if !changes {
            return Ok(None);
        }
        // What was inflated for looking is not counted against the budget twice.
        let mut archive = Archive::open(path, &Budget::default())?;
        let (file, temporary) = temporary(scratch)?;
        let (mut zip, mut names) = (ZipFile::new(file, limit), HashSet::new());
        for entry in &entries {
            let name = self.name(&entry.name).unwrap_or_else(|| entry.name.clone());
            if !names.insert(name.clone()) {
                return Err(RewriteFault::Twice(name));
            }
            match self.member(&mut archive, entry, &place)? {
                Some(content) => {
                    zip.start(&name, content.len() as u64)?;
                    zip.write(&content)?;
                }
                None => copy(&mut archive, entry, &name, &mut zip)?,
            }
        }
        zip.finish()?;
        Ok(Some(temporary))
    }

    /// Other content for a member.
    fn member(&self, archive: &mut Archive, entry: &Entry, place: &Place<'_>) -> Result<Option<Vec<u8>>, RewriteFault> {
        if entry.len > MAX_MEMBER {
            return Ok(None);
        }
        let Some(bytes) = archive.read(&entry.name, MAX_MEMBER)? else { return Ok(None) };
        if !is_archive(&entry.name) || place.depth + 1 >= MAX_DEPTH {
            return Ok(self.content(&entry.name, &bytes));
        }
        let (mut file, inner) = temporary(place.scratch)?;
        file.write_all(&bytes)?;
        drop(file);
        let Some(path) = Utf8Path::from_path(&inner) else { return Ok(None) };
        match self.archive_at(path, place.scratch, u64::MAX, place.depth + 1) {
            Ok(Some(changed)) => Ok(Some(std::fs::read(&changed)?)),
            // An archive in an archive may be anything, a broken example as well.
            Ok(None) | Err(RewriteFault::Archive) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

/// Where an archive is unpacked, and how deep it lies in others.
struct Place<'a> {
    scratch: &'a Utf8Path,
    depth: usize,
}

/// Takes a member over as it is.
fn copy(archive: &mut Archive, entry: &Entry, name: &str, zip: &mut ZipFile) -> Result<(), RewriteFault> {
    zip.start(name, entry.len)?;
    let mut refused = None;
    let read = archive.visit(entry, |chunk| {
        zip.write(chunk).map_err(|fault| {
            refused = Some(fault);
            ArchiveError::Io(io::Error::other("the new archive cannot be written"))
        })
    });
    refused.map_or(Ok(()), |fault| Err(RewriteFault::Write(fault)))?;
    Ok(read?)
}

pub(super) fn temporary(scratch: &Utf8Path) -> io::Result<(File, TempPath)> {
    let file: NamedTempFile = tempfile::Builder::new().prefix("consign-").suffix(".zip").tempfile_in(scratch)?;
    Ok(file.into_parts())
}
