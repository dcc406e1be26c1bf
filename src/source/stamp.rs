//! The stamp of an asset: a digest that stays the same as long as nothing that goes in was touched.

use camino::Utf8Path;
use sha2::{Digest, Sha256};

use crate::asset::{DraftFile, FileContent};

/// SHA-256, in hex, over the key of every file and, for each file that goes into it, its path, size and modification
/// time in nanoseconds. Paths are relative to the root of their archive, so that a moved folder keeps its stamp. A file
/// that is gone counts as one of no size and time. No content is read.
pub(crate) fn of(files: &[DraftFile]) -> String {
    let mut digest = Sha256::new();
    for file in files {
        digest.update(file.key.to_string().as_bytes());
        digest.update([0]);
        match &file.content {
            FileContent::File(path) => add(&mut digest, path, path.file_name().unwrap_or_default()),
            FileContent::Zip { root, members } => {
                for member in members {
                    add(&mut digest, &root.join(member), member.as_str());
                }
            }
            FileContent::Raised { root, main, members } => {
                for member in std::iter::once(main).chain(members) {
                    add(&mut digest, &root.join(member), member.as_str());
                }
            }
            // Pages by name, in their order, which is content too.
            FileContent::Docs(docs) => {
                for page in &docs.pages {
                    add(&mut digest, &page.path, &page.name);
                }
                for path in docs.terms.iter().chain(&docs.images) {
                    let within = path.strip_prefix(&docs.root).unwrap_or(path);
                    add(&mut digest, path, within.as_str());
                }
            }
        }
    }
    hex::encode(digest.finalize())
}

fn add(digest: &mut Sha256, path: &Utf8Path, name: &str) {
    let metadata = path.metadata().ok();
    let size = metadata.as_ref().map_or(0, std::fs::Metadata::len);
    let modified = metadata.and_then(|m| m.modified().ok());
    let nanos = modified.and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok()).map_or(0, |d| d.as_nanos());
    digest.update(name.as_bytes());
    digest.update([0]);
    digest.update(size.to_be_bytes());
    digest.update(nanos.to_be_bytes());
}
