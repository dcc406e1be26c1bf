//! What files hold, whoever packed them.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    fmt,
    path::Path,
};

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{
    archive::{Archive, ArchiveError, Budget},
    content::{self, Fault},
    regular,
};
use crate::asset::FileKey;

/// The SHA-256 of one entry.
pub(super) type Sum = [u8; 32];

/// What one file of an asset holds.
///
/// For an archive: the names and contents of its entries, without those that the server adds (`exchange.json` in the
/// root, `exchange_modules/`; EXCHANGE.md §2.8). For any other file: its bytes. An archive that holds one file has the
/// fingerprint of that file, since the server zips specifications that were sent bare.
///
/// Displayed as 64 hexadecimal digits; two files have the same content exactly when these are equal.
#[derive(Debug, Clone)]
pub struct FileFingerprint {
    sum: Sum,
    entries: BTreeMap<String, Sum>,
}

impl FileFingerprint {
    pub(super) fn single(sum: Sum) -> Self {
        Self { sum, entries: BTreeMap::new() }
    }

    pub(super) fn archive(mut entries: BTreeMap<String, Sum>) -> Self {
        entries.retain(|name, _| !is_added_by_the_server(name));
        let sum = match entries.first_key_value() {
            Some((_, sum)) if entries.len() == 1 => *sum,
            _ => {
                let mut hash = Sha256::new();
                for (name, sum) in &entries {
                    hash.update((name.len() as u64).to_le_bytes());
                    hash.update(name);
                    hash.update(sum);
                }
                hash.finalize().into()
            }
        };
        Self { sum, entries }
    }

    /// Whether both files hold the same.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.sum == other.sum
    }

    /// The SHA-256 of an entry of an archive, in hex.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<String> {
        self.entries.get(name).map(hex::encode)
    }

    /// The names of the entries that only one of two archives has, or that differ; nothing for other files.
    #[must_use]
    pub fn differences<'a>(&'a self, other: &'a Self) -> BTreeSet<&'a str> {
        if self.same_content(other) {
            return BTreeSet::new();
        }
        let names = self.entries.keys().chain(other.entries.keys());
        names.filter(|name| self.entries.get(*name) != other.entries.get(*name)).map(String::as_str).collect()
    }
}

impl PartialEq for FileFingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.same_content(other)
    }
}

impl Eq for FileFingerprint {}

impl fmt::Display for FileFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.sum))
    }
}

impl Serialize for FileFingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What an asset holds: its primary files, that is all but the documentation, the icon and the POM, which the server
/// keeps per asset or per minor version, or makes itself.
///
/// Displayed as 64 hexadecimal digits, equal exactly when the same kinds of file hold the same. How a file was packed
/// does not count: a specification sent as `files.oas.yaml` equals the `files.oas.zip` that the server made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(BTreeMap<FileKey, FileFingerprint>);

impl Fingerprint {
    /// The fingerprint of an asset that has these files.
    pub fn new(files: impl IntoIterator<Item = (FileKey, FileFingerprint)>) -> Self {
        let (secondary, primary): (BTreeMap<_, _>, BTreeMap<_, _>) =
            files.into_iter().partition(|(key, _)| is_secondary(key));
        // A parent POM is published as nothing but a POM: then that is the content.
        let poms = |key: &FileKey| key.classifier.is_none() && key.packaging == "pom";
        Self(if primary.is_empty() { secondary.into_iter().filter(|(key, _)| poms(key)).collect() } else { primary })
    }

    /// The primary files.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<FileKey, FileFingerprint> {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hash = Sha256::new();
        for (key, file) in &self.0 {
            let kind = key.classifier.as_deref().unwrap_or(&key.packaging);
            hash.update((kind.len() as u64).to_le_bytes());
            hash.update(kind);
            hash.update(file.sum);
        }
        f.pad(&hex::encode(hash.finalize()))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn is_secondary(key: &FileKey) -> bool {
    matches!((key.classifier(), key.packaging.as_str()), ("docs" | "icon", _) | ("", "pom"))
}

fn is_added_by_the_server(name: &str) -> bool {
    name == "exchange.json" || name.starts_with("exchange_modules/")
}

/// Whether a file is an archive of a specification, which the server unpacks and rewrites (EXCHANGE.md §2.8). Other
/// archives are goods that it passes on.
pub(super) fn is_specification_archive(key: &FileKey) -> bool {
    key.packaging == "zip" && !matches!(key.classifier(), "" | "docs" | "custom" | "studio-plugin")
}

/// What a file holds, read from disk: one that was downloaded, or one that somebody packed before us.
///
/// # Errors
/// When it cannot be read, or is the archive of a specification and no sound one within the budget.
pub fn fingerprint_file(
    key: &FileKey,
    file: impl AsRef<Path>,
    budget: &Budget,
) -> Result<FileFingerprint, ArchiveError> {
    let file = file.as_ref();
    if key.packaging == "zip" {
        match Archive::open(file, budget).and_then(|mut archive| of_archive(&mut archive)) {
            // Whatever else is zipped may be encrypted or packed in rare ways; then its bytes are its content.
            Err(error) if is_specification_archive(key) || matches!(error, ArchiveError::Io(_)) => return Err(error),
            Ok(fingerprint) => return Ok(fingerprint),
            Err(_) => {}
        }
    }
    let (mut handle, snapshot) = regular::open(file).map_err(ArchiveError::Io)?;
    match content::copy(&mut handle, &snapshot, |_| Ok::<_, Infallible>(())) {
        Ok(sum) => Ok(FileFingerprint::single(sum)),
        Err(Fault::Read(error)) => Err(ArchiveError::Io(error)),
        Err(Fault::Changed(how)) => Err(ArchiveError::Io(std::io::Error::other(format!("the file {how}")))),
    }
}

/// What an open archive holds. What the server adds is not even inflated.
pub(super) fn of_archive(archive: &mut Archive) -> Result<FileFingerprint, ArchiveError> {
    let entries = archive.entries().to_vec();
    let mut sums = BTreeMap::new();
    for entry in entries.into_iter().filter(|entry| !is_added_by_the_server(&entry.name)) {
        let mut hash = Sha256::new();
        archive.visit(&entry, |chunk| {
            hash.update(chunk);
            Ok(())
        })?;
        sums.insert(entry.name, hash.finalize().into());
    }
    Ok(FileFingerprint::archive(sums))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, u8)]) -> FileFingerprint {
        FileFingerprint::archive(entries.iter().map(|(name, sum)| ((*name).to_owned(), [*sum; 32])).collect())
    }

    fn key(text: &str) -> FileKey {
        text.parse().expect("a key")
    }

    #[test]
    fn what_the_server_adds_does_not_count() {
        let sent = archive(&[("api.raml", 1), ("types/a.raml", 2)]);
        let back = archive(&[
            ("api.raml", 1),
            ("exchange.json", 9),
            ("exchange_modules/g/a/1.0.0/x.raml", 8),
            ("types/a.raml", 2),
        ]);
        assert!(sent.same_content(&back));
        let nested = archive(&[("api.raml", 1), ("types/a.raml", 2), ("types/exchange.json", 9)]);
        assert!(!sent.same_content(&nested), "an exchange.json below the root is content");
    }

    #[test]
    fn a_single_file_equals_the_archive_of_it() {
        let single = FileFingerprint::single([1; 32]);
        assert!(single.same_content(&archive(&[("api.yaml", 1), ("exchange.json", 7)])));
        assert!(!single.same_content(&archive(&[("api.yaml", 2)])));
        assert!(!single.same_content(&archive(&[("api.yaml", 1), ("other.yaml", 1)])));
    }

    #[test]
    fn names_and_contents_count_and_differences_are_named() {
        let one = archive(&[("a", 1), ("b", 2), ("c", 3)]);
        let two = archive(&[("a", 1), ("b", 9), ("d", 3)]);
        assert!(!one.same_content(&two));
        assert_eq!(one.differences(&two).into_iter().collect::<Vec<_>>(), ["b", "c", "d"]);
        assert!(one.differences(&one.clone()).is_empty());
    }

    #[test]
    fn an_asset_is_its_primary_files() {
        let spec = || (key("files.oas.yaml"), FileFingerprint::single([1; 32]));
        let extra = |text: &str, sum: u8| (key(text), FileFingerprint::single([sum; 32]));
        let bare = Fingerprint::new([spec()]);
        let dressed =
            Fingerprint::new([spec(), extra("files.docs.zip", 2), extra("files.icon.svg", 3), extra("files.pom", 4)]);
        assert_eq!(bare.to_string(), dressed.to_string());
        let zipped = Fingerprint::new([(key("files.oas.zip"), archive(&[("api.yaml", 1)]))]);
        assert_eq!(bare.to_string(), zipped.to_string());
        let other = Fingerprint::new([(key("files.raml.raml"), FileFingerprint::single([1; 32]))]);
        assert_ne!(bare.to_string(), other.to_string());
    }

    #[test]
    fn a_lone_pom_is_content() {
        let pom = |sum: u8| Fingerprint::new([(key("files.pom"), FileFingerprint::single([sum; 32]))]);
        assert_ne!(pom(1).to_string(), pom(2).to_string());
    }
}
