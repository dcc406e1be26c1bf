//! A CSV file, read as a stream: what all manifests have in common.

use std::{
    cell::Cell,
    io::{self, Read as _, Seek as _, SeekFrom},
    ops::ControlFlow,
    rc::Rc,
};

use camino::{Utf8Path, Utf8PathBuf};
use csv::{ByteRecord, Reader, ReaderBuilder};
use fs_err::File;

use super::SourceError;
use super::draft::Place;
use super::lines::Lines;
use super::waves::Wave;
use crate::{
    asset::{Diagnosis, Problem},
    package::Bounded,
};

/// What is read of one row, in bytes. A quote that is not closed makes a row of all the rest of a file, which is held in
/// memory as a whole.
const MAX_ROW: u64 = 8 * 1024 * 1024;

/// A CSV file whose header has been read.
pub(crate) struct Table {
    path: Utf8PathBuf,
    reader: Reader<Bounded<File>>,
    lines: Lines<File>,
    left: Rc<Cell<u64>>,
    /// Of the file, in bytes.
    length: u64,
}

impl Table {
    /// Opens a file; returns the names in its header too. Takes UTF-8 with or without a mark.
    ///
    /// # Errors
    /// When it cannot be read, is empty, or is no UTF-8 text at all.
    pub(crate) fn open(path: &Utf8Path) -> Result<(Self, Vec<String>), SourceError> {
        let unreadable = |cause| SourceError::Unreadable { path: path.to_owned(), cause };
        // A FIFO would be waited for, and nothing but a file can be read twice.
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(SourceError::WrongKind { path: path.to_owned(), expected: "file" });
        }
        if is_utf16(path).map_err(unreadable)? {
            let message = "the manifest is UTF-16".to_owned();
            return Err(SourceError::Header { path: path.to_owned(), message, hint: "save it as UTF-8".to_owned() });
        }
        let open = || File::open(path).map_err(unreadable);
        let left = Rc::new(Cell::new(MAX_ROW));
        let file = Bounded::new(open()?, &left);
        let length = file.get_ref().metadata().map_err(unreadable)?.len();
        // Rows of a wrong length are diagnosed by whoever reads them, with their line, and do not end the run.
        let reader =
            ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(64 * 1024).from_reader(file);
        let mut table = Self { path: path.to_owned(), reader, lines: Lines::new(open()?), left, length };
        let mut record = ByteRecord::new();
        while table.next(&mut record)? {
            if !is_blank(&record) {
                let header = record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
                return Ok((table, header));
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
        let mut record = ByteRecord::new();
        while self.next(&mut record)? {
            if is_blank(&record) {
                continue;
            }
            let offset = record.position().map_or(0, csv::Position::byte);
            let line = self.line(offset)?;
            if each(line, &record).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// As [`Table::rows`], those of one wave.
    ///
    /// # Errors
    /// As [`Table::rows`]; and when there was no row of the wave.
    pub(crate) fn rows_of(
        &mut self,
        wave: Option<Wave<'_>>,
        each: &mut dyn FnMut(u64, &ByteRecord) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let Some(mut wave) = wave else { return self.rows(each) };
        let mut is_cut_off = false;
        self.rows(&mut |line, record| {
            if !wave.takes(record) {
                return ControlFlow::Continue(());
            }
            let flow = each(line, record);
            is_cut_off = flow.is_break();
            flow
        })?;
        if is_cut_off { Ok(()) } else { wave.end() }
    }

    /// Reads the next row; `false` at the end.
    fn next(&mut self, record: &mut ByteRecord) -> Result<bool, SourceError> {
        self.left.set(MAX_ROW);
        let begin = self.reader.position().byte();
        let error = match self.reader.read_byte_record(record) {
            Ok(true) if self.reader.position().byte() >= self.length => return self.check_quotes(begin).map(|()| true),
            Ok(is_there) => return Ok(is_there),
            Err(error) => error,
        };
        if self.left.get() > 0 {
            return Err(self.unreadable(into_io(error)));
        }
        let (path, line) = (self.path.clone(), self.line(begin)?);
        let message = format!("the row is larger than {MAX_ROW} bytes");
        Err(SourceError::Row { path, line, message, hint: "check that every quote is closed".to_owned() })
    }

    /// Refuses a last row whose quote is not closed: it has swallowed the rows behind it. Quotes come in pairs, also
    /// those that stand for themselves.
    fn check_quotes(&mut self, begin: u64) -> Result<(), SourceError> {
        let mut file = File::open(&self.path).map_err(|cause| self.unreadable(cause))?;
        let mut row = Vec::new();
        let read = file.seek(SeekFrom::Start(begin)).and_then(|_| file.take(MAX_ROW).read_to_end(&mut row));
        read.map_err(|cause| self.unreadable(cause))?;
        let row = row.trim_ascii();
        let is_open = row.iter().fold(false, |is_open, byte| is_open ^ (*byte == b'"'));
        if !is_open || !row.contains(&b'\n') {
            return Ok(());
        }
        let (path, line) = (self.path.clone(), self.line(begin)?);
        let message = "a quote is not closed before the end of the file".to_owned();
        Err(SourceError::Row {
            path,
            line,
            message,
            hint: "close it: what follows it was taken for its text".to_owned(),
        })
    }

    fn line(&mut self, offset: u64) -> Result<u64, SourceError> {
        self.lines.at(offset).map_err(|cause| self.unreadable(cause))
    }

    fn unreadable(&self, cause: io::Error) -> SourceError {
        SourceError::Unreadable { path: self.path.clone(), cause }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_is_not_closed_ends_the_manifest_with_its_line_before_the_memory_is_full() {
        let folder = tempfile::tempdir().expect("temp");
        let path = Utf8Path::from_path(folder.path()).expect("utf-8").join("m.csv");
        let rows = format!("{},y\n", "x".repeat(1000)).repeat(20_000);
        assert!(rows.len() as u64 > 2 * MAX_ROW);
        fs_err::write(&path, format!("a,b\n1,2\n\n3,\"{rows}")).expect("writes");
        let (mut table, _) = Table::open(&path).expect("opens");
        let mut lines = Vec::new();
        let error = table.rows(&mut |line, _| {
            lines.push(line);
            ControlFlow::Continue(())
        });
        assert_eq!(lines, [2]);
        assert!(matches!(&error, Err(SourceError::Row { line: 4, .. })), "{error:?}");
        fs_err::write(&path, &rows).expect("writes");
        let (mut table, _) = Table::open(&path).expect("opens");
        table.rows(&mut |_, _| ControlFlow::Continue(())).expect("a long file of short rows is none of its business");
    }

    #[test]
    fn a_quote_that_swallows_the_last_rows_is_told_and_one_that_is_closed_is_not() {
        let folder = tempfile::tempdir().expect("temp");
        let path = Utf8Path::from_path(folder.path()).expect("utf-8").join("m.csv");
        let read = |text: &str| {
            fs_err::write(&path, text).expect("writes");
            let (mut table, _) = Table::open(&path)?;
            table.rows(&mut |_, _| ControlFlow::Continue(()))
        };
        let swallowed = read("a,b\n1,2\n3,\"x\n5,6\n7,8\n");
        assert!(matches!(&swallowed, Err(SourceError::Row { line: 3, .. })), "{swallowed:?}");
        for text in
            ["a,b\n3,\"x\ny\"\n", "a,b\n3,\"x\ny\"", "a,b\n3,\"5\"\" pipe\n\"\n\n", "a,b\n3,5\" pipe\n", "a,b\n3,\n"]
        {
            read(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        }
    }
}
