//! A migration: an organization is read into a directory, and what lies there is published to another one.
//!
//! Each half is a run of its own ([`run`](super::run)). What belongs to both is here:
//!
//! 1. [`check_ends`]: whether both servers let us in, before hours of reading.
//! 2. [`writing`]: the half that writes, once both ends are known and all was read.
//! 3. [`Aside`]: the source read into a folder of its own, to hold the target to it.
//! 4. [`CutoverMark`]: what tells that the source was cut over.

mod aside;
mod ends;
mod error;
mod mark;
mod writing;

pub use aside::Aside;
pub use ends::check_ends;
pub use error::MigrateError;
pub use mark::CutoverMark;
pub use writing::writing;
