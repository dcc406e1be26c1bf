//! The journal: the SQLite file that is the memory of a job and, at once, its work queue.
//!
//! A source writes items into it in batches, the engine claims ready items from it in a bounded window, and every
//! transition is one row of the append-only `event` table. Resuming is nothing special: it is running again on a
//! journal that is not empty.
//!
//! # Guarantees
//! - One thread owns the writing connection. It commits whatever is queued as one group, and answers only when the
//!   group is durable (WAL, `synchronous=FULL`): what was acknowledged survives `kill -9` and power loss. Where a run
//!   is to be repeated exactly, its caller commits one by one instead ([`Commits`]).
//! - Nothing is acknowledged that went into a file which nobody will find again: the journal and its log must still lie
//!   where they were.
//! - A journal that is damaged, or holds less than was written to it, is refused before anything is sent.
//! - One process at a time: a lock file beside the journal, held by the operating system, which a crash releases. Where
//!   somebody removes it and a second process gets in, the first one writes nothing from then on.
//! - Items belong to a target, so that a rehearsal on the sandbox is never taken for the real thing, and to the job that
//!   met them last, so that jobs that share a journal leave alone what is not theirs.
//! - Only legal moves are written; [`State::may_become`] is the one place that says which.

mod alone;
mod claims;
mod edges;
mod entry;
mod error;
mod group;
mod item;
mod lock;
mod made;
mod open;
mod order;
mod outgoing;
mod pause;
mod place;
mod private;
mod reader;
mod readings;
mod scan;
mod schema;
mod state;
mod transition;
mod upsert;
mod vanish;
mod writer;

#[cfg(test)]
mod tests;

pub use alone::{Commits, Witness};
pub use claims::Disagreement;
pub use entry::Entry;
pub use error::JournalError;
pub use item::{Counts, EXPORT_KEY, EventRow, Failure, Item, ItemId, ItemRow, PORTAL_KEY, Retired, RunTotals};
pub use lock::Lock;
pub use made::{Brought, Made, UNDONE, Whose};
pub use open::{Journal, RunId};
pub use pause::Pause;
pub use reader::{Reader, StatusFilter};
pub use readings::Readings;
pub use state::State;
pub use transition::Change;
pub use upsert::{Offer, ScanCounts, ScanEnd};
pub use vanish::Vanished;
