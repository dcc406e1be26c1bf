//! Whether two archives say the same, whoever packed them.

use std::{
    collections::BTreeMap,
    io::{self, Read, Seek},
};

use sha2::{Digest, Sha256};

use super::super::unzip;

/// What Exchange writes into an archive itself.
const WRITTEN: &str = "exchange.json";

/// The most that is unpacked to be compared; an archive in the store was unpacked once already.
const MOST: u64 = 512 * 1024 * 1024;

/// A digest of the names and the bytes of the files of an archive, which does not depend on order, times or compression.
/// `None` for what is no archive: that equals nothing.
pub(super) fn fingerprint(file: &mut (impl Read + Seek)) -> Option<String> {
    let mut archive = unzip::open(file).ok()?;
    let mut files = BTreeMap::new();
    let mut left = MOST;
    for index in 0..archive.len() {
        let member = archive.by_index(index).ok()?;
        let name = member.name().ok()?.into_owned();
        if name.ends_with('/') || name == WRITTEN {
            continue;
        }
        let mut digest = Sha256::new();
        let size = io::copy(&mut member.take(left), &mut Sink(&mut digest)).ok()?;
        left = left.checked_sub(size).filter(|left| *left > 0)?;
        files.insert(name, digest.finalize());
    }
    let mut whole = Sha256::new();
    for (name, digest) in files {
        whole.update((name.len() as u64).to_le_bytes());
        whole.update(name);
        whole.update(digest);
    }
    Some(hex::encode(whole.finalize()))
}

/// Digests what is written.
struct Sink<'a>(&'a mut Sha256);

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn archive(method: CompressionMethod, files: &[(&str, &str)]) -> Cursor<Vec<u8>> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).expect("starts");
            writer.write_all(text.as_bytes()).expect("writes");
        }
        writer.finish().expect("finishes")
    }

    #[test]
    fn only_names_and_bytes_count() {
        let print = |method, files: &[(&str, &str)]| fingerprint(&mut archive(method, files));
        let one = print(CompressionMethod::Deflated, &[("a", "1"), ("b", "2"), ("exchange.json", "{}")]);
        assert!(one.is_some());
        assert_eq!(one, print(CompressionMethod::Stored, &[("b", "2"), ("a", "1")]));
        assert_ne!(one, print(CompressionMethod::Deflated, &[("a", "1"), ("b", "3")]));
        assert_ne!(one, print(CompressionMethod::Deflated, &[("a", "1"), ("c", "2")]));
        assert_eq!(fingerprint(&mut Cursor::new(b"no archive")), None);
    }
}
