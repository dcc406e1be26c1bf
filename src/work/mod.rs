//! The job kinds, and the run that carries one out.
//!
//! A kind is one folder whose `mod.rs` lists its steps in order: reading it from top to bottom tells what happens to an
//! item.

mod describe;
mod description;
mod existing;
mod failure;
mod memory;
pub mod plan;
mod publish;
mod rhythm;
mod run;
mod select;

pub use run::{Connection, RunError, RunOptions, RunOutcome, run};
pub use select::Selection;
