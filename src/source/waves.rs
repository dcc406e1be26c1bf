//! Waves: the column `wave` cuts a manifest into parts that are brought one after the other.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use csv::ByteRecord;

use super::SourceError;

/// The column.
pub(crate) const COLUMN: &str = "wave";

/// So many waves are named where the one that is asked for is not there.
const TOLD: usize = 20;

/// The rows of one wave.
pub(crate) struct Wave<'w> {
    path: Utf8PathBuf,
    wanted: &'w str,
    /// The place of the column, and how many there are.
    column: (usize, usize),
    is_there: bool,
    others: BTreeSet<String>,
}

impl<'w> Wave<'w> {
    /// The wave that is asked for, in a manifest with these columns; `None`: all rows are meant.
    ///
    /// # Errors
    /// When there is no column that tells waves.
    pub(crate) fn of<'n>(
        path: &Utf8Path,
        wanted: Option<&'w str>,
        names: impl ExactSizeIterator<Item = &'n str>,
    ) -> Result<Option<Self>, SourceError> {
        let Some(wanted) = wanted else { return Ok(None) };
        let count = names.len();
        let Some(place) = { names }.position(|name| name == COLUMN) else {
            return Err(SourceError::Wave {
                path: path.to_owned(),
                message: format!("wave `{wanted}` is asked for, and there is no column \"{COLUMN}\""),
                hint: format!("add a column \"{COLUMN}\", or leave the wave out"),
            });
        };
        let column = (place, count);
        Ok(Some(Self { path: path.to_owned(), wanted, column, is_there: false, others: BTreeSet::new() }))
    }

    /// Whether a row is meant. One whose cells do not fit the columns may be of any wave, and is told in each.
    pub(crate) fn takes(&mut self, record: &ByteRecord) -> bool {
        let (place, count) = self.column;
        if record.len() != count {
            return true;
        }
        let cell = record.get(place).unwrap_or_default().trim_ascii();
        if cell == self.wanted.as_bytes() {
            self.is_there = true;
            return true;
        }
        if !cell.is_empty() && self.others.len() <= TOLD {
            self.others.insert(String::from_utf8_lossy(cell).into_owned());
        }
        false
    }

    /// Looks back on the whole manifest.
    ///
    /// # Errors
    /// When no row was of the wave.
    pub(crate) fn end(self) -> Result<(), SourceError> {
        if self.is_there {
            return Ok(());
        }
        let mut names: Vec<&str> = self.others.iter().take(TOLD).map(String::as_str).collect();
        if self.others.len() > TOLD {
            names.push("…");
        }
        let hint = match names.as_slice() {
            [] => format!("fill in the column \"{COLUMN}\""),
            names => format!("its waves are {}", names.join(", ")),
        };
        let message = format!("no row is of wave `{}`", self.wanted);
        Err(SourceError::Wave { path: self.path, message, hint })
    }
}
