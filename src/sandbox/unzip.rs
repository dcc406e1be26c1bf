//! Opening archives without trust.
//!
//! Whoever opens an archive holds its whole index in memory, about two hundred bytes for every entry that it claims to
//! have. A file of two hundred megabytes can claim four million, which is known only once they are read.

use std::{
    cell::Cell,
    io::{self, Read, Seek, SeekFrom},
    rc::Rc,
};

use zip::{
    ZipArchive,
    result::{ZipError, ZipResult},
};

/// The most bytes that are read to learn what an archive holds: enough for fifty thousand entries with long names.
const MAX_INDEX: u64 = 16 * 1024 * 1024;

const TOO_LONG: &str = "it has too many entries";

/// A file that yields so many bytes and no more.
#[derive(Debug)]
pub(super) struct Bounded<R> {
    file: R,
    left: Rc<Cell<u64>>,
}

/// Opens an archive. What its members unpack to is for the caller to bound.
///
/// # Errors
/// When the file is no archive, or its index is too long.
pub(super) fn open<R: Read + Seek>(file: R) -> ZipResult<ZipArchive<Bounded<R>>> {
    let left = Rc::new(Cell::new(MAX_INDEX));
    let opened = ZipArchive::new(Bounded { file, left: left.clone() });
    if left.replace(u64::MAX) == 0 {
        return Err(ZipError::InvalidArchive(TOO_LONG.into()));
    }
    opened
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::other(TOO_LONG));
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let size = self.file.read(&mut buffer[..most])?;
        self.left.set(left.saturating_sub(size as u64));
        Ok(size)
    }
}

impl<R: Seek> Seek for Bounded<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    /// An archive whose index claims entries that all are the same empty file (APPNOTE 4.3.12, 4.3.14, 4.3.15).
    fn claiming(entries: u64, name: usize) -> Vec<u8> {
        let length = u16::try_from(name).expect("a short name").to_le_bytes();
        let name = vec![b'n'; name];
        let mut archive = [b"PK\x03\x04".as_slice(), &[0; 22], &length, &[0; 2], &name].concat();
        let start = archive.len() as u64;
        let entry = [b"PK\x01\x02".as_slice(), &[0; 24], &length, &[0; 16], &name].concat();
        for _ in 0..entries {
            archive.extend_from_slice(&entry);
        }
        let (end, size) = (archive.len() as u64, archive.len() as u64 - start);
        archive
            .extend_from_slice(&[b"PK\x06\x06".as_slice(), &44_u64.to_le_bytes(), &[45, 0, 45, 0], &[0; 8]].concat());
        for number in [entries, entries, size, start] {
            archive.extend_from_slice(&number.to_le_bytes());
        }
        archive.extend_from_slice(&[b"PK\x06\x07".as_slice(), &[0; 4], &end.to_le_bytes(), &[1, 0, 0, 0]].concat());
        archive.extend_from_slice(&[b"PK\x05\x06".as_slice(), &[0; 4], &[0xff; 12], &[0; 2]].concat());
        archive
    }

    #[test]
    fn an_index_that_is_too_long_is_not_read_to_its_end() {
        assert_eq!(open(Cursor::new(claiming(1000, 60))).expect("opens").len(), 1);
        let refused = open(Cursor::new(claiming(20_000, 1000))).expect_err("twenty megabytes of names");
        assert!(refused.to_string().contains("too many entries"), "{refused}");
    }

    #[test]
    fn large_members_are_read_to_their_end() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        let bytes = vec![7; 20 * 1024 * 1024];
        writer.start_file("a", stored).expect("starts");
        writer.write_all(&bytes).expect("writes");
        let mut archive = open(writer.finish().expect("finishes")).expect("opens");
        let read = io::copy(&mut archive.by_index(0).expect("is there"), &mut io::sink()).expect("reads");
        assert_eq!(read, bytes.len() as u64);
    }
}
