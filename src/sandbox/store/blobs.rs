//! The bytes of files, named by their content.

use std::io::{self, Read, Seek, Write};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use md5::Md5;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, SpooledTempFile};

/// Files up to this many bytes are held in memory until they are stored.
const SPOOL: usize = 256 * 1024;

/// The digests that the API shows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Digests {
    pub(in super::super) md5: [u8; 16],
    pub(in super::super) sha1: [u8; 20],
    pub(in super::super) sha256: [u8; 32],
}

impl Serialize for Digests {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = [self.md5.as_slice(), &self.sha1, &self.sha256].concat();
        serializer.serialize_str(&hex::encode(all))
    }
}

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let mut all = [0; 68];
        hex::decode_to_slice(text.as_bytes(), &mut all).map_err(serde::de::Error::custom)?;
        let mut digests = Self { md5: [0; 16], sha1: [0; 20], sha256: [0; 32] };
        digests.md5.copy_from_slice(&all[..16]);
        digests.sha1.copy_from_slice(&all[16..36]);
        digests.sha256.copy_from_slice(&all[36..]);
        Ok(digests)
    }
}

/// A file that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct StoredBlob {
    pub(in super::super) digests: Digests,
    pub(in super::super) size: u64,
}

/// A directory of files named by their SHA-256.
#[derive(Debug)]
pub(in super::super) struct Blobs {
    root: Utf8PathBuf,
    incoming: Utf8PathBuf,
}

impl Blobs {
    /// Opens a directory, and removes what an earlier process left half-written.
    pub(in super::super) fn open(root: &Utf8Path) -> io::Result<Self> {
        let incoming = root.join("incoming");
        if incoming.exists() {
            fs::remove_dir_all(&incoming)?;
        }
        fs::create_dir_all(&incoming)?;
        Ok(Self { root: root.to_owned(), incoming })
    }

    /// A file to fill: in memory at first, in this directory once it grows.
    pub(in super::super) fn spool(&self) -> SpooledTempFile {
        tempfile::spooled_tempfile_in(SPOOL, &self.incoming)
    }

    /// Where the bytes of a file are.
    pub(in super::super) fn path(&self, sha256: &[u8; 32]) -> Utf8PathBuf {
        let name = hex::encode(sha256);
        self.root.join(&name[..2]).join(&name[2..])
    }

    /// Stores bytes.
    pub(in super::super) fn store_bytes(&self, bytes: &[u8]) -> io::Result<StoredBlob> {
        self.store(&mut io::Cursor::new(bytes))
    }

    /// Stores what a reader yields from its beginning. The file appears whole or not at all.
    pub(in super::super) fn store(&self, reader: &mut (impl Read + Seek)) -> io::Result<StoredBlob> {
        let blob = digest(reader)?;
        let path = self.path(&blob.digests.sha256);
        if path.exists() {
            return Ok(blob);
        }
        let parent = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(parent)?;
        reader.rewind()?;
        let mut file = NamedTempFile::new_in(&self.incoming)?;
        io::copy(reader, &mut file)?;
        file.flush()?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(blob)
    }
}

fn digest(reader: &mut (impl Read + Seek)) -> io::Result<StoredBlob> {
    reader.rewind()?;
    let (mut md5, mut sha1, mut sha256) = (Md5::new(), Sha1::new(), Sha256::new());
    let mut buffer = vec![0; 64 * 1024];
    let mut size = 0;
    loop {
        let n = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        md5.update(&buffer[..n]);
        sha1.update(&buffer[..n]);
        sha256.update(&buffer[..n]);
        size += n as u64;
    }
    let digests =
        Digests { md5: md5.finalize().into(), sha1: sha1.finalize().into(), sha256: sha256.finalize().into() };
    Ok(StoredBlob { digests, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_stored_once_and_read_back() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = Utf8Path::from_path(directory.path()).expect("utf-8");
        let blobs = Blobs::open(root).expect("opens");
        let one = blobs.store_bytes(b"abc").expect("stores");
        let two = blobs.store(&mut io::Cursor::new(b"abc")).expect("stores");
        assert_eq!(one, two);
        assert_eq!(hex::encode(one.digests.md5), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(fs::read(blobs.path(&one.digests.sha256)).expect("reads"), b"abc");
        let text = serde_json::to_string(&one).expect("writes");
        assert_eq!(serde_json::from_str::<StoredBlob>(&text).expect("reads"), one);
    }
}
