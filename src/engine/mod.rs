//! The engine: claims items from the journal, drives them through their steps, parks those that wait, and stops when
//! asked. It knows no API and never prints.
//!
//! A job kind implements [`Work`]: it lists its steps, and every step can be acted on and, when it may already have
//! happened, probed. Before a step that changes the server the engine writes the intent; after it the outcome. An item
//! found in `acting` after a crash is in doubt: it is probed before anything is sent again. That gives the effect of
//! exactly once over an API that is not idempotent.
//!
//! Memory is bounded by a window of items in hand; everything else stays in the journal.

mod clock;
mod drive;
mod event;
mod run;
mod work;

#[cfg(test)]
mod tests;

pub use clock::Clock;
pub use event::{Event, NoSink, Sink, Tally};
pub use run::{Ended, Engine, Limits};
pub use work::{Effect, Ending, Outcome, Step, Work};
