//! What an organization holds: read from Exchange, kept as a directory that people read, edit and publish.
//!
//! * [`list`] finds every asset and every version; [`read`] reads all that belongs to one version into a [`Record`].
//! * The directory holds a folder for each version, with the record as `asset.json`, and a manifest that a job of kind
//!   `publish` takes.
//!
//! Nothing here is written to a server.

pub mod list;
mod names;
pub mod read;
mod record;

pub use record::{FileRecord, IdentityRecord, Note, OtherInstance, PageRecord, Record, ResourceRecord};

#[cfg(test)]
mod tests;
