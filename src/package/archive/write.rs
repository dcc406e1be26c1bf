//! Writing archives: the same members give the same bytes on every machine.

use std::{
    cell::RefCell,
    fs::File,
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    rc::Rc,
};

use sha2::{Digest, Sha256};
use zip::{CompressionMethod, DateTime, System, ZipWriter, write::SimpleFileOptions};

/// The deflate level: the knee of the curve.
///
/// Over 1,216 real specifications (8.0 MB) level 1 packs into 1.85 MB, level 2 into 1.49, level 4 into 1.33, level 5 into
/// 1.30, level 6 into 1.29, level 9 into 1.28; level 5 took about 0.6 of the time of level 6 and twice that of level 1,
/// on a busy machine. Uploads cost more than the processor does, and what is refused for its size is refused for good,
/// so that level 1 would be dear. `cargo bench --bench package` measures it again.
const LEVEL: i64 = 5;

/// An archive up to this size is built in memory and written at once: most are, and the writer seeks back to each
/// member's header, which would cost four system calls a member.
const IN_MEMORY: usize = 256 * 1024;

const CHUNK: usize = 64 * 1024;

/// Why an archive could not be written.
#[derive(Debug)]
pub(in crate::package) enum WriteFault {
    /// The disk said no.
    Io(io::Error),
    /// The archive outgrew its limit.
    TooLarge,
}

impl From<io::Error> for WriteFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// An archive being written. Members must come in the order of their names; the caller sees to that.
pub(in crate::package) struct ZipFile {
    zip: ZipWriter<Out>,
    fault: Rc<RefCell<Option<WriteFault>>>,
}

impl ZipFile {
    /// Begins an archive in an empty file. Writing stops when it outgrows `limit` bytes.
    pub(in crate::package) fn new(file: File, limit: u64) -> Self {
        let fault = Rc::default();
        let out = Out { file, memory: Some(Vec::new()), spilled: None, at: 0, end: 0, limit, fault: Rc::clone(&fault) };
        Self { zip: ZipWriter::new(out), fault }
    }

    /// Begins a member of `len` bytes.
    pub(in crate::package) fn start(&mut self, name: &str, len: u64) -> Result<(), WriteFault> {
        // All that the format stores beside the content is fixed here, none of it left to the platform or to the crate's
        // defaults: time, mode, system, level. Sizes and checksum go into the header (the writer seeks back), so that no
        // data descriptor is needed, which strict readers refuse.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .last_modified_time(DateTime::DEFAULT)
            .system(System::Unix)
            .unix_permissions(0o644)
            .large_file(len >= u64::from(u32::MAX));
        self.zip.start_file(name, options).map_err(io::Error::from)?;
        self.check()
    }

    /// Adds content to the member.
    pub(in crate::package) fn write(&mut self, chunk: &[u8]) -> Result<(), WriteFault> {
        self.zip.write_all(chunk)?;
        self.check()
    }

    /// Ends the archive; answers its length in bytes and its SHA-256.
    pub(in crate::package) fn finish(self) -> Result<(u64, [u8; 32]), WriteFault> {
        let out = self.zip.finish().map_err(io::Error::from)?;
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        Ok(out.finish()?)
    }

    fn check(&self) -> Result<(), WriteFault> {
        self.fault.take().map_or(Ok(()), Err)
    }
}

/// Where the archive goes: memory first, the file when it grows.
///
/// Its first failure is remembered and everything after it swallowed: the `zip` crate finishes an archive when it is
/// dropped, and would complain on stderr, which belongs to our caller.
struct Out {
    file: File,
    memory: Option<Vec<u8>>,
    spilled: Option<BufWriter<File>>,
    at: u64,
    end: u64,
    limit: u64,
    fault: Rc<RefCell<Option<WriteFault>>>,
}

impl Out {
    fn put(&mut self, chunk: &[u8]) -> io::Result<()> {
        if let Some(memory) = &mut self.memory {
            let at = usize::try_from(self.at).map_err(io::Error::other)?;
            if at + chunk.len() <= IN_MEMORY {
                if memory.len() < at + chunk.len() {
                    memory.resize(at + chunk.len(), 0);
                }
                memory[at..at + chunk.len()].copy_from_slice(chunk);
                return Ok(());
            }
            let mut writer = BufWriter::with_capacity(CHUNK, self.file.try_clone()?);
            writer.write_all(memory)?;
            writer.seek(SeekFrom::Start(self.at))?;
            self.memory = None;
            self.spilled = Some(writer);
        }
        match &mut self.spilled {
            Some(writer) => writer.write_all(chunk),
            // A failure has closed both.
            None => Ok(()),
        }
    }

    fn fail(&mut self, fault: WriteFault) {
        self.memory = None;
        self.spilled = None;
        *self.fault.borrow_mut() = Some(fault);
    }

    fn is_broken(&self) -> bool {
        self.memory.is_none() && self.spilled.is_none()
    }

    fn finish(mut self) -> io::Result<(u64, [u8; 32])> {
        let mut hash = Sha256::new();
        if let Some(memory) = &self.memory {
            self.file.write_all(memory)?;
            hash.update(memory);
            return Ok((self.end, hash.finalize().into()));
        }
        if let Some(mut writer) = self.spilled.take() {
            writer.flush()?;
        }
        self.file.rewind()?;
        let mut buffer = vec![0; CHUNK];
        loop {
            match self.file.read(&mut buffer) {
                Ok(0) => return Ok((self.end, hash.finalize().into())),
                Ok(count) => hash.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Write for Out {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        let after = self.at + chunk.len() as u64;
        if !self.is_broken() {
            if after > self.limit {
                self.fail(WriteFault::TooLarge);
            } else if let Err(error) = self.put(chunk) {
                self.fail(WriteFault::Io(error));
            }
        }
        self.at = after;
        self.end = self.end.max(after);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Out {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        if let Some(writer) = &mut self.spilled
            && let Err(error) = writer.seek(SeekFrom::Start(self.at))
        {
            self.fail(WriteFault::Io(error));
        }
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes one member of so many bytes that do not compress to a file that cannot be written to.
    fn write_in_vain(bytes: u32) -> Result<(u64, [u8; 32]), WriteFault> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = ZipFile::new(File::open(file.path()).unwrap(), u64::MAX);
        zip.start("a", bytes.into())?;
        for word in 0..bytes / 4 {
            zip.write(&word.wrapping_mul(2_654_435_761).to_le_bytes())?;
        }
        zip.finish()
    }

    #[test]
    fn a_disk_that_says_no_is_an_error_in_memory_and_after_the_spill() {
        assert!(matches!(write_in_vain(1000), Err(WriteFault::Io(_))));
        assert!(matches!(write_in_vain(1_000_000), Err(WriteFault::Io(_))));
    }

    #[test]
    fn an_archive_that_outgrows_its_limit_stops() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = ZipFile::new(file.reopen().unwrap(), 100);
        zip.start("a", 1 << 30).unwrap();
        let noise: Vec<u8> = (0..100_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        assert!(matches!(zip.write(&noise), Err(WriteFault::TooLarge)));
        drop(zip);
        assert_eq!(file.as_file().metadata().unwrap().len(), 0);
    }
}
