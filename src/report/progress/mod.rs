//! What a run looks like while it goes on.
//!
//! A thread of its own draws, so that the run never waits for a slow terminal: [`Progress`] takes events as a sink and
//! hands over those that people want to read; the numbers are polled from the engine's tally and the network's door.

mod board;
mod drawer;
mod live;
mod plain;
mod terminal;

pub use drawer::Progress;
pub use live::{DoorView, Live, Style};
pub use terminal::log_writer;
