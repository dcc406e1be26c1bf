//! What an organization holds: read from Exchange, kept as a directory that people read, edit and publish.
//!
//! * [`list`] finds every asset and every version; [`read`] reads all that belongs to one version into a [`Record`].
//! * [`shown`] does both for what a portal shows.
//! * An [`Inventory`] is the directory: a folder for each version, with the record as `asset.json`.
//! * [`companions`] are the client applications of its portals, and what they have access to.
//! * [`compile`] makes of all records what people and jobs read: a manifest, the definitions, a summary.
//!
//! Nothing here is written to a server.

pub mod companions;
mod compile;
pub mod definitions;
mod documents;
mod folder;
mod kept;
pub mod list;
mod listed;
mod manifest;
mod names;
pub mod read;
mod record;
pub mod shown;
mod summary;

pub use compile::{Compiled, Left, Told, compile};
pub use folder::Inventory;
pub use kept::{MANIFEST_FILES, Written};
pub use listed::listed;
pub use record::{FileRecord, IdentityRecord, Note, OtherInstance, PageRecord, Record, ResourceRecord};

#[cfg(test)]
mod tests;
