//! What people and machines get to see: progress, summary, tables, and report files.
//!
//! This room only draws. It takes the engine's events as they happen, or reads the journal; it never talks to the
//! network and changes nothing.
//!
//! # Guarantees
//! - Results go to the writer that is given (stdout, a file), words for people to stderr.
//! - No colour carries meaning, and results have none at all: text is enough.
//! - What comes from files or servers is shown by way of [`printable`]: no control character, no escape sequence and no
//!   invisible character reaches a terminal, a table or a report file raw.
//! - Whatever lists items streams them from the journal: memory does not grow with their number.

pub mod plan;

mod deeds;
mod error;
mod explain;
mod files;
mod json_lines;
mod outlook;
mod progress;
mod status;
mod summary;
mod table;
mod text;
mod verify;
mod visible;

#[cfg(test)]
mod fixture;

pub use deeds::{CUTOVER, Deed, DeedWords, UNDO, deeds_json, deeds_text};
pub use error::ReportError;
pub use explain::{Explanation, explain_json, explain_text};
pub use files::{Format, ReportMeta, write_all, write_file, write_report};
pub use json_lines::{Fanout, JsonLines};
pub use outlook::{PlanOutlook, PlannedDefinition, PlannedFinding};
pub use plan::{Action, PlanAction, PlanWriter, PlannedValue};
pub use progress::{DoorView, Live, Progress, Style, log_writer};
pub use status::{StatusJson, report_json, status_json, status_text};
pub use summary::{Outcome, Summary};
pub(crate) use table::{Table, left};
pub use text::printable;
pub(crate) use text::{JsonText, width};
pub use verify::{VerifiedDifference, VerifiedItem, VerifiedWhole, VerifyWriter};
pub use visible::{VisibleItem, VisibleVersion, VisibleWhole, VisibleWriter};
