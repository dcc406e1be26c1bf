//! The job kinds, and the run that carries one out.
//!
//! A kind is one folder whose `mod.rs` lists its steps in order: reading it from top to bottom tells what happens to an
//! item.

mod access;
mod applications;
mod asking;
mod contents;
mod cutover;
mod definitions;
mod describe;
mod description;
mod existing;
mod export;
mod failure;
mod finding;
mod foresight;
mod memory;
mod migrate;
mod pause;
mod place;
pub mod plan;
mod portal;
mod preflight;
mod prepare;
mod publish;
mod rehearsal;
mod rhythm;
mod run;
mod run_error;
mod scan;
mod scratch;
mod select;
mod survey;
#[cfg(test)]
mod testing;
mod undo;
pub mod verify;

pub use applications::{IdsError, VaultError};
pub use cutover::{Cutover, Moved, Retirement};
pub use definitions::{DefinitionAction, DefinitionFinding, DefinitionsError};
pub use finding::{Finding, Level, Obstacles};
pub use migrate::{Aside, CutoverMark, MigrateError, check_ends, writing};
pub use pause::{pause_left, resume_pace};
pub use run::{Connection, RunOptions, RunOutcome, StandIns, run};
pub use run_error::RunError;
pub use select::Selection;
pub use survey::Outlook;
pub use undo::{Removal, Undo, Undone};
