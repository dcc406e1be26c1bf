//! A CSV file, read as a stream: what all manifests have in common.

use std::ops::ControlFlow;

use camino::{Utf8Path, Utf8PathBuf};
use csv::{ByteRecord, Reader, ReaderBuilder};
use fs_err::File;

use super::SourceError;
use super::draft::Place;
use super::lines::Lines;
use crate::asset::{Diagnosis, Problem};

/// A CSV file whose header has been read.
pub(crate) struct Table {
    path: Utf8PathBuf,
    reader: Reader<File>,
    lines: Lines<File>,
}

impl Table {
    /// Opens a file; returns the names in its header too. Takes UTF-8 with or without a mark.
    ///
    /// # Errors
    /// When it cannot be read, is empty, or is no UTF-8 text at all.
    pub(crate) fn open(path: &Utf8Path) -> Result<(Self, Vec<String>), SourceError> {
        let unreadable = |cause| SourceError::Unreadable { path: path.to_owned(), cause };
        if path.is_dir() {
            return Err(SourceError::WrongKind { path: path.to_owned(), expected: "file" });
        }
        if is_utf16(path).map_err(unreadable)? {
            let message = "the manifest is UTF-16".to_owned();
            return Err(SourceError::Header { path: path.to_owned(), message, hint: "save it as UTF-8".to_owned() });
        }
        let open = || File::open(path).map_err(unreadable);
        // Rows of a wrong length are diagnosed by whoever reads them, with their line, and do not end the run.
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(64 * 1024).from_reader(open()?);
        let lines = Lines::new(open()?);
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(|error| unreadable(into_io(error)))? {
            if !is_blank(&record) {
                let header = record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
                return Ok((Self { path: path.to_owned(), reader, lines }, header));
            }
        }
        let message = "the manifest is empty".to_owned();
        let hint = "its first line must name the columns".to_owned();
        Err(SourceError::Header { path: path.to_owned(), message, hint })
    }

    /// Gives every row that is not blank, with its line, until `each` breaks.
    ///
    /// # Errors
    /// When the file cannot be read any further.
    pub(crate) fn rows(
        &mut self,
        each: &mut dyn FnMut(u64, &ByteRecord) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let unreadable = |cause| SourceError::Unreadable { path: self.path.clone(), cause };
        let mut record = ByteRecord::new();
        while self.reader.read_byte_record(&mut record).map_err(|error| unreadable(into_io(error)))? {
            if is_blank(&record) {
                continue;
            }
            let offset = record.position().map_or(0, csv::Position::byte);
            let line = self.lines.at(offset).map_err(unreadable)?;
            if each(line, &record).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// The cells of a row as text, without the blanks around them.
///
/// # Errors
/// When their number is not that of the columns, or one is not UTF-8.
pub(crate) fn texts<'r, 'n>(
    place: &Place<'_>,
    names: impl ExactSizeIterator<Item = &'n str>,
    record: &'r ByteRecord,
) -> Result<Vec<&'r str>, Box<Diagnosis>> {
    if record.len() != names.len() {
        let message = format!("the row has {} cells, the header has {}", record.len(), names.len());
        let hint = "check the commas, and that every quote is closed; quote cells that hold a comma";
        return Err(Box::new(place.failed(Problem::Invalid, message).hint(hint)));
    }
    let text = |(name, cell): (&str, &'r [u8])| {
        std::str::from_utf8(cell).map(str::trim).map_err(|_| {
            let message = format!("column \"{name}\": the text is not UTF-8");
            Box::new(place.failed(Problem::Encoding, message).hint("save the manifest as UTF-8"))
        })
    };
    names.zip(record).map(text).collect()
}

fn is_utf16(path: &Utf8Path) -> std::io::Result<bool> {
    use std::io::Read;
    let mut head = Vec::with_capacity(2);
    File::open(path)?.take(2).read_to_end(&mut head)?;
    Ok(head == b"\xFF\xFE" || head == b"\xFE\xFF" || head.contains(&0))
}

fn into_io(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

fn is_blank(record: &ByteRecord) -> bool {
    record.iter().all(|cell| cell.trim_ascii().is_empty())
}
