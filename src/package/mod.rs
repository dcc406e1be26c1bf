//! From a draft to the files to send: collection, deterministic archives, size limits, fingerprints.
//!
//! * [`pack`] turns an [`AssetDraft`](crate::asset::AssetDraft) into a [`Package`]: the same draft over the same files
//!   gives the same bytes on every machine.
//! * [`Fingerprint`] says what an asset holds whoever zipped it, so that what the server sends back can be compared with
//!   what we would send, although the server rewrites archives (EXCHANGE.md §2.8).
//! * [`docs`] makes the archive of an asset's documentation from Markdown files.
//! * [`detect`] tells what a file is, what belongs to it and what it says of itself.
//! * [`reading`] reads a file once, and remembers what it told for as long as it has not changed.
//! * [`remap`] rewrites coordinates in what is packed when assets move, and proves that none of the source is left.
//! * [`archive`] reads archives that nobody vouches for within a [`archive::Budget`], and is the only place that knows
//!   the `zip` crate.

pub mod archive;
mod bounded;
mod content;
pub mod detect;
pub mod docs;
mod fingerprint;
mod limits;
mod pack;
pub mod reading;
mod regular;
pub mod remap;

pub use archive::{ArchiveError, Budget as ArchiveBudget};
pub(crate) use bounded::Bounded;
pub use fingerprint::{FileFingerprint, Fingerprint, fingerprint_file};
pub use limits::Limits;
pub use pack::{Package, PackedFile, pack, pack_remapped};
