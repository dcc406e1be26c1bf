//! Reading archives that nobody vouches for.

use std::{
    collections::HashSet,
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use super::{ArchiveError, index, index::Zip, normalise};
use crate::package::regular;

const CHUNK: usize = 64 * 1024;

/// The reader seeks before each entry, which throws its buffer away: with many small entries a large one is read in vain.
const READ_AHEAD: usize = 8 * 1024;

/// Below this an entry may inflate in any proportion: a page of blanks is no bomb.
const RATIO_FLOOR: u64 = 16 * 1024 * 1024;

/// The bits of a mode that tell the kind of file, and what they say of a regular one.
const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// How much of an archive is read before it counts as hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The most entries.
    pub entries: usize,
    /// The most bytes that all entries together may inflate to.
    pub inflated: u64,
    /// The most bytes out of one byte in, once an entry has passed 16 MiB.
    pub ratio: u64,
}

impl Default for Budget {
    /// Room for the largest jar that Exchange takes (200 MB, EXCHANGE.md §3.8) at ten times its size. Real specifications
    /// inflate to less than 40 times their size; deflate ends at 1032.
    fn default() -> Self {
        Self { entries: 100_000, inflated: 2 << 30, ratio: 200 }
    }
}

/// One file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, normalised: relative, with forward slashes.
    pub name: String,
    /// Its length in bytes, as the archive declares it.
    pub len: u64,
    index: usize,
    packed: u64,
}

/// An open archive. All reading through one value draws on one budget.
#[derive(Debug)]
pub struct Archive {
    zip: Zip<BufReader<File>>,
    entries: Vec<Entry>,
    budget: Budget,
    inflated: u64,
}

impl Archive {
    /// Opens an archive and checks its directory: number of entries, names, duplicates. Nothing is inflated yet.
    pub fn open(path: impl AsRef<Path>, budget: &Budget) -> Result<Self, ArchiveError> {
        let (file, _) = regular::open(path.as_ref()).map_err(ArchiveError::Io)?;
        let zip = index::open(BufReader::with_capacity(READ_AHEAD, file), budget.entries)?;
        if zip.has_duplicate_names() {
            return Err(ArchiveError::Invalid("two entries have one name".to_owned()));
        }
        let entries = directory(&zip)?;
        Ok(Self { zip, entries, budget: *budget, inflated: 0 })
    }

    /// The files in the archive, folders left out, in the order of its directory.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The content of one file, or nothing when there is none of that name.
    ///
    /// # Errors
    /// When it is longer than `max_len` bytes, or anything is wrong with the archive.
    pub fn read(&mut self, name: &str, max_len: u64) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name).cloned() else { return Ok(None) };
        let too_long = || ArchiveError::Entry { name: name.to_owned(), limit: max_len };
        if entry.len > max_len {
            return Err(too_long());
        }
        let mut content = Vec::new();
        self.visit(&entry, |chunk| {
            content.extend_from_slice(chunk);
            if content.len() as u64 > max_len { Err(too_long()) } else { Ok(()) }
        })?;
        Ok(Some(content))
    }

    /// Inflates one entry chunk by chunk; the checksum is verified at its end.
    pub(in crate::package) fn visit(
        &mut self,
        entry: &Entry,
        mut take: impl FnMut(&[u8]) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let mut reader = self.zip.by_index(entry.index)?;
        let mut buffer = vec![0; usize::try_from(entry.len).map_or(CHUNK, |length| length.clamp(1, CHUNK))];
        let mut length = 0_u64;
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) if length != entry.len => {
                    let name = entry.name.clone();
                    return Err(ArchiveError::Length { name, found: length, declared: entry.len });
                }
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            length += count as u64;
            self.inflated += count as u64;
            if self.inflated > self.budget.inflated {
                return Err(ArchiveError::Inflated { limit: self.budget.inflated });
            }
            if length > RATIO_FLOOR && length / self.budget.ratio.max(1) > entry.packed {
                return Err(ArchiveError::Ratio { name: entry.name.clone(), limit: self.budget.ratio });
            }
            take(&buffer[..count])?;
        }
    }
}

fn directory(zip: &Zip<BufReader<File>>) -> Result<Vec<Entry>, ArchiveError> {
    let mut entries = Vec::with_capacity(zip.len());
    let mut seen = HashSet::with_capacity(zip.len());
    for index in 0..zip.len() {
        let entry = zip.by_index_data(index)?;
        let raw = entry.name()?;
        // A lone `./` or `/` is the root folder itself, which some tools write.
        let name = match normalise(&raw) {
            Ok(name) => name,
            Err(super::NameFault::Empty) if entry.is_dir() => continue,
            Err(fault) => return Err(ArchiveError::Name { name: raw.into_owned(), fault }),
        };
        if entry.is_dir() {
            continue;
        }
        // The kind of file is told by Unix only, and not by every archiver there.
        if !matches!(entry.unix_mode().unwrap_or(0) & FILE_TYPE, 0 | REGULAR) {
            return Err(ArchiveError::NotAFile(name));
        }
        if !seen.insert(name.clone()) {
            return Err(ArchiveError::Twice(name));
        }
        entries.push(Entry { name, len: entry.size(), index, packed: entry.compressed_size() });
    }
    Ok(entries)
}

/// The files in an archive; see [`Archive::open`].
pub fn entries(path: impl AsRef<Path>, budget: &Budget) -> Result<Vec<Entry>, ArchiveError> {
    Ok(Archive::open(path, budget)?.entries)
}

/// The content of one file of an archive, within the default budget; see [`Archive::read`].
pub fn read_entry(path: impl AsRef<Path>, name: &str, max_len: u64) -> Result<Option<Vec<u8>>, ArchiveError> {
    Archive::open(path, &Budget::default())?.read(name, max_len)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn zip_of(members: &[(&str, &[u8])]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = ZipWriter::new(file.reopen().unwrap());
        for (name, content) in members {
            if name.ends_with('/') {
                zip.add_directory(*name, SimpleFileOptions::default()).unwrap();
            } else {
                zip.start_file(*name, SimpleFileOptions::default()).unwrap();
                zip.write_all(content).unwrap();
            }
        }
        zip.finish().unwrap();
        file
    }

    #[test]
    fn files_are_listed_and_read_and_folders_left_out() {
        let file = zip_of(&[("a/", b""), ("a/b.txt", b"hello"), ("./c", b"")]);
        let names: Vec<_> =
            entries(file.path(), &Budget::default()).unwrap().into_iter().map(|e| (e.name, e.len)).collect();
        assert_eq!(names, [("a/b.txt".to_owned(), 5), ("c".to_owned(), 0)]);
        assert_eq!(read_entry(file.path(), "a/b.txt", 5).unwrap().as_deref(), Some(&b"hello"[..]));
        assert_eq!(read_entry(file.path(), "nothing", 5).unwrap(), None);
        assert!(matches!(read_entry(file.path(), "a/b.txt", 4), Err(ArchiveError::Entry { limit: 4, .. })));
    }

    #[test]
    fn names_that_climb_out_are_refused() {
        for name in ["../evil", "/etc/passwd", "a\\..\\b"] {
            let file = zip_of(&[(name, b"x")]);
            let error = entries(file.path(), &Budget::default()).unwrap_err();
            assert!(matches!(error, ArchiveError::Name { .. }), "{name}: {error}");
        }
    }

    #[test]
    fn two_spellings_of_one_name_are_refused() {
        let file = zip_of(&[("a/b", b"1"), ("a//b", b"2")]);
        assert!(matches!(entries(file.path(), &Budget::default()), Err(ArchiveError::Twice(name)) if name == "a/b"));
    }

    #[test]
    fn more_entries_than_the_budget_are_refused_before_they_are_read() {
        let file = zip_of(&[("a", b""), ("b", b""), ("c", b"")]);
        let budget = Budget { entries: 2, ..Budget::default() };
        assert!(matches!(entries(file.path(), &budget), Err(ArchiveError::Entries { count: 3, limit: 2 })));
    }

    #[test]
    fn a_bomb_is_stopped_by_its_ratio_and_by_the_total() {
        let file = zip_of(&[("bomb", &vec![0; 20 << 20])]);
        let read = |budget: Budget| Archive::open(file.path(), &budget).unwrap().read("bomb", u64::MAX).unwrap_err();
        assert!(matches!(read(Budget::default()), ArchiveError::Ratio { limit: 200, .. }));
        let small = Budget { inflated: 1 << 20, ..Budget::default() };
        assert!(matches!(read(small), ArchiveError::Inflated { limit: 1_048_576 }));
    }

    #[test]
    fn what_is_no_archive_or_is_damaged_is_invalid() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"openapi: 3.0.0").unwrap();
        assert!(matches!(entries(file.path(), &Budget::default()), Err(ArchiveError::Invalid(_))));

        let file = zip_of(&[("a", &b"some content that is long enough to be deflated, deflated, deflated".repeat(9))]);
        let mut bytes = std::fs::read(file.path()).unwrap();
        bytes[45] ^= 0xff;
        std::fs::write(file.path(), bytes).unwrap();
        let error = read_entry(file.path(), "a", 10_000).unwrap_err();
        assert!(matches!(error, ArchiveError::Invalid(_)), "{error:?}");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]

        #[test]
        fn a_damaged_archive_is_read_as_it_was_or_refused(at in 0_usize..10_000, bits in 1_u8.., cut in 0_usize..400) {
            let content = b"openapi: 3.0.3, and so on, and so on, and so on".repeat(20);
            let file = zip_of(&[("a/b.yaml", &content), ("c.yaml", b"short")]);
            let mut bytes = std::fs::read(file.path()).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= bits;
            bytes.truncate(bytes.len() - if cut < bytes.len() { cut / 4 } else { 0 });
            std::fs::write(file.path(), bytes).unwrap();
            if let Ok(Some(back)) = read_entry(file.path(), "a/b.yaml", 10_000) {
                proptest::prop_assert_eq!(back, content);
            }
        }
    }
}
