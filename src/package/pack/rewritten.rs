//! Packing what names assets that move: each file as it reads at the target.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs::File,
    io::Write,
};

use camino::Utf8Path;
use sha2::{Digest, Sha256};
use tempfile::TempPath;

use super::{
    Content, Job, Opened, PackedFile, Refusal, changed, content, fingerprint::Sum, open_inside, read_fault, unreadable,
};
use crate::{
    asset::{Diagnosis, Problem},
    package::{
        archive::{WriteFault, ZipFile},
        content::Fault,
        limits::human,
        regular::{self, Snapshot},
        remap::RewriteFault,
    },
};

/// A larger member of an archive is streamed as it is.
const MAX_MEMBER: u64 = 64 << 20;

impl Job<'_> {
    /// The members by the names that they get, in the order of these.
    pub(super) fn renamed<'c, 'f>(
        &self,
        root: &Utf8Path,
        content: &'c BTreeMap<&str, Content<'f>>,
    ) -> Result<BTreeMap<String, &'c Content<'f>>, Diagnosis> {
        let mut renamed = BTreeMap::new();
        for (name, member) in content {
            let name = self.rewriter.name(name).unwrap_or_else(|| (*name).to_owned());
            match renamed.entry(name) {
                Entry::Vacant(place) => _ = place.insert(member),
                Entry::Occupied(place) => return Err(twice(root, place.key())),
            }
        }
        Ok(renamed)
    }

    /// Adds one member to an archive; answers its SHA-256.
    pub(super) fn add(
        &self,
        zip: &mut ZipFile,
        folder: &Utf8Path,
        name: &str,
        member: &Content<'_>,
    ) -> Result<Sum, Refusal> {
        let path = match member {
            Content::File(path) => path,
            Content::Text(text) => {
                let rewritten = self.rewriter.content(name, text.as_bytes());
                return whole(zip, name, rewritten.as_deref().unwrap_or(text.as_bytes()));
            }
        };
        let (_, mut file, snapshot) = open_inside(folder, path)?;
        if !self.rewriter.is_idle() && snapshot.len <= MAX_MEMBER {
            let bytes = read(path, &mut file, &snapshot)?;
            let rewritten = self.rewriter.content(name, &bytes);
            return whole(zip, name, &rewritten.unwrap_or(bytes));
        }
        zip.start(name, snapshot.len)?;
        content::copy(&mut file, &snapshot, |chunk| zip.write(chunk)).map_err(|fault| match fault {
            Fault::Sink(fault) => Refusal::Write(fault),
            Fault::Read(error) => Refusal::Diagnosis(unreadable(path, &error)),
            Fault::Changed(how) => Refusal::Diagnosis(changed(path, how)),
        })
    }

    /// A file as it reads at the target; `None`: as it is.
    pub(super) fn rewritten(
        &self,
        path: &Utf8Path,
        real: &Utf8Path,
        file: &mut File,
        snapshot: &Snapshot,
    ) -> Result<Option<TempPath>, Diagnosis> {
        if self.rewriter.is_idle() {
            return Ok(None);
        }
        if !matches!(self.key.packaging.as_str(), "zip" | "jar") {
            let bytes = read(path, file, snapshot)?;
            let name = if self.key.packaging == "pom" { "pom.xml" } else { path.file_name().unwrap_or_default() };
            let rewritten = self.rewriter.content(name, &bytes);
            return rewritten.map(|bytes| self.keep(&bytes)).transpose();
        }
        let rewritten = self.rewriter.archive(real, self.scratch, self.limit);
        let is_same = regular::open(real.as_std_path()).is_ok_and(|(_, now)| now == *snapshot);
        if !is_same {
            return Err(changed(path, "was written to while it was read"));
        }
        rewritten.or_else(|fault| match fault {
            // Whatever is wrong with it is told where it is packed as it is.
            RewriteFault::Archive => Ok(None),
            RewriteFault::Twice(name) => Err(twice(path, &name)),
            RewriteFault::Write(WriteFault::Io(error)) => Err(self.scratch_fault(&error)),
            RewriteFault::Write(WriteFault::TooLarge) => {
                let message = format!("{} with its coordinates rewritten is over {}", self.key, human(self.limit));
                Err(self.too_large(path, format!("{message}: {}", self.limit_reached())))
            }
        })
    }

    /// Packs what was made of a file; `path` is shown.
    pub(super) fn rewritten_file(&self, path: &Utf8Path, temporary: TempPath) -> Result<PackedFile, Diagnosis> {
        let fault = |error| self.scratch_fault(&error);
        let real = camino::Utf8PathBuf::try_from(temporary.to_path_buf())
            .map_err(|error| self.scratch_fault(&std::io::Error::other(error)))?;
        let (file, snapshot) = regular::open(&temporary).map_err(fault)?;
        self.packed(path, Opened { real, file, snapshot, temporary: Some(temporary) })
    }

    fn keep(&self, bytes: &[u8]) -> Result<TempPath, Diagnosis> {
        let (mut file, temporary) = self.temporary()?.into_parts();
        file.write_all(bytes).map_err(|error| self.scratch_fault(&error))?;
        Ok(temporary)
    }
}

fn whole(zip: &mut ZipFile, name: &str, bytes: &[u8]) -> Result<Sum, Refusal> {
    zip.start(name, bytes.len() as u64)?;
    zip.write(bytes)?;
    Ok(Sha256::digest(bytes).into())
}

fn read(path: &Utf8Path, file: &mut File, snapshot: &Snapshot) -> Result<Vec<u8>, Diagnosis> {
    let mut bytes = Vec::new();
    content::copy(file, snapshot, |chunk| {
        bytes.extend_from_slice(chunk);
        Ok(())
    })
    .map_err(|fault| read_fault(path, fault))?;
    Ok(bytes)
}

fn twice(path: &Utf8Path, name: &str) -> Diagnosis {
    let message = format!("{name:?} is there already, and the same file of another group would come to lie there");
    Diagnosis::failed(path, Problem::Duplicate, message)
        .hint("leave out one of the two copies below exchange_modules, or change [remap]")
}
