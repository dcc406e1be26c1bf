//! consign publishes and migrates API assets in bulk to Anypoint Exchange.
//!
//! A job says what to bring where; the journal remembers how far each item got; a run can be stopped or killed
//! anywhere and finishes next time. Every module is a room, and a room never imports one above it:
//!
//! | room | what lives there |
//! |---|---|
//! | [`cli`] | one file per subcommand: arguments, one library call, exit code |
//! | [`work`] | one file per job kind: its steps in order |
//! | [`report`] | progress, summary, plan and status tables, JSON, CSV, JUnit, HTML |
//! | [`engine`] | claim, act, park, order, retry, stop; knows no API |
//! | [`source`] | directory, manifest and catalog.yaml: each yields asset drafts |
//! | [`inventory`] | what an organization holds, as a directory that people read, edit and publish |
//! | [`package`] | detection, collection, deterministic archives, fingerprints |
//! | [`exchange`] | the client of the Exchange API |
//! | [`hub`] | the client of the API Experience Hub Consumer API |
//! | [`net`] | the one door to the network |
//! | [`journal`] | the SQLite file: the memory of a job and its work queue |
//! | [`job`] | the job file |
//! | [`sandbox`] | an Exchange in a box |
//! | [`asset`] | pure nouns |
//!
//! Facts of the API are cited by their place in the project's fact sheet, as `EXCHANGE.md §3.7`; the sheet travels with
//! the plans rather than with the code. What the sandbox makes of them is written down in `docs/sandbox.md`, what is
//! recognised in files in `docs/sources.md`, what a job may say in `docs/jobs.md`.

pub mod asset;
pub mod cli;
pub mod engine;
pub mod exchange;
pub mod hub;
pub mod inventory;
pub mod job;
pub mod journal;
pub mod net;
mod offload;
pub mod package;
pub mod report;
pub mod sandbox;
pub mod source;
pub mod work;
