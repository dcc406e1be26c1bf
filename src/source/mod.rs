//! Sources: a directory, a CSV manifest or a `catalog.yaml`, each yielding asset drafts, a CSV manifest of changes,
//! and one of the client applications of a portal.
//!
//! Scanning sends nothing and changes nothing. Every input becomes a [`Sourced`](crate::asset::Sourced): a complete
//! draft, or a diagnosis that says what is wrong and what to do; one bad input never stops the others. What is
//! recognised, where each value comes from and how versions and dependencies are mapped stands in `docs/sources.md`.
//!
//! What is read of the content of files is read by way of [`Options::reading`], so that a scan with a memory opens no file
//! that has not changed. Whoever adds something that reads has to take the same way.
//!
//! # Groups
//! The group of a draft is the manifest's `groupId`, else the job's group. The group that an `exchange.json` or a POM
//! names belongs to the organization the project came from, where the target organization may not publish; it is
//! noted in the origins and otherwise not used. A dependency on the project's own group (or organization) moves along:
//! it becomes a dependency on the job's group. Dependencies on any other group are left as they are.

mod applications;
mod archives;
mod catalog;
mod changes;
mod columns;
mod directory;
mod docs;
mod draft;
mod error;
mod extras;
mod facts;
mod header;
mod lines;
mod locate;
mod manifest;
mod maven;
mod moving;
mod naming;
mod options;
mod own_pom;
mod portal;
mod projects;
mod reader;
mod recognise;
mod spelling;
mod stamp;
mod table;
#[cfg(test)]
mod tests;
mod tree;
mod waves;

pub use error::SourceError;
pub use options::{Options, Source};
