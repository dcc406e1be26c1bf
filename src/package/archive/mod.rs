//! Zip archives, read within a budget and written the same way every time.
//!
//! Nothing outside this module names the `zip` crate, which changes often.

mod error;
mod index;
mod names;
mod read;
mod write;

pub use error::ArchiveError;
pub(super) use index::{Zip, open as open_index};
pub use names::{NameFault, normalise};
pub use read::{Archive, Budget, Entry, entries, read_entry};
pub(super) use write::{WriteFault, ZipFile};
