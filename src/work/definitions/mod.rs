//! The categories and custom fields that a job declares: compared with what is configured, and brought there.
//!
//! They belong to the root organization and hold for all business groups below it (EXCHANGE.md §4.1), so all calls are
//! made there. One or two lists are read in every run of a job that declares some; nothing else is sent where all is as
//! declared. What is missing is created before any asset is sent, since a publication that names an unknown key fails.
//! What differs is somebody's decision: the job says whose (`on_difference`).

mod compare;
mod configured;
mod finding;
mod settle;

#[cfg(test)]
mod tests;

pub(super) use configured::Configured;
pub use finding::{DefinitionAction, DefinitionFinding};
pub use settle::DefinitionsError;
pub(super) use {finding::check, settle::settle};
