//! Opening archives within bounds.
//!
//! Whoever opens an archive holds its whole index in memory, some hundred bytes and a name of up to 64 KiB for every
//! entry that it claims to have; and looks for its end record from the end of the file backwards, which in a large file
//! without one takes as long as reading it.

use std::{
    cell::Cell,
    io::{Read, Seek},
    rc::Rc,
};

use zip::{ZipArchive, read::Config, result::ZipError, unstable::read::ZipIterable};

use super::ArchiveError;
use crate::package::Bounded;

/// The most bytes that are read to learn what an archive holds: room for a hundred thousand entries with names of half a
/// kilobyte.
const MAX_INDEX: u64 = 64 * 1024 * 1024;

const TOO_LONG: &str = "its directory is too long, or there is none at its end";

/// An open archive.
pub(in crate::package) type Zip<R> = ZipArchive<Bounded<R>>;

/// Opens an archive of at most `most` entries. What they inflate to is for the caller to bound.
pub(in crate::package) fn open<R: Read + Seek>(file: R, most: usize) -> Result<Zip<R>, ArchiveError> {
    let left = Rc::new(Cell::new(MAX_INDEX));
    let mut file = Bounded::new(file, &left);
    let fault = |error: ZipError| match left.get() {
        0 => ArchiveError::Invalid(TOO_LONG.to_owned()),
        _ => error.into(),
    };
    // The end record is asked first: the full reader builds an index of all entries before anybody can count them.
    let count = ZipIterable::try_new(&mut file, Config::default()).map_err(fault)?.len();
    if count > most {
        return Err(ArchiveError::Entries { count, limit: most });
    }
    let zip = ZipArchive::new(file).map_err(fault)?;
    left.set(u64::MAX);
    Ok(zip)
}
