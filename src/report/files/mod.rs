//! Report files: what a job came to, for spreadsheets, CI servers, browsers and programs.
//!
//! Each form is a function from the journal to a writer; items are streamed.

mod csv;
mod html;
mod junit;
mod write;

pub use write::{Format, ReportMeta, write_all, write_file, write_report};
