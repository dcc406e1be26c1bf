//! The service behind the official bulk importer of API specifications, `api-catalog-cli` (API-CATALOG.md).
//!
//! A job brings a specification with its documentation and metadata, and leaves the version number to the server. The
//! job is compared with what Exchange holds (`compare`), a strategy chooses the version (`version`), and the rest is
//! translated into a form of [`super::publish`] and published by the rules of everybody else. Where only the metadata is
//! new, it is changed in place. What became of a job is read from the run that it started.

mod compare;
mod docs;
mod handler;
mod job;
mod plan;
mod request;
mod version;

pub(super) use handler::routes;
