//! Promises of describing, against the sandbox of this process.

mod files;
mod instances;
mod place;
mod portal;
mod replies;
mod settling;
mod status;
mod values;
mod visibility;

use super::*;
use place::{Ended, Place, many, one, wish};

/// The engine drives items on many threads.
#[test]
fn the_steps_can_move_between_threads() {
    fn is_send<T: Send>(_: Option<T>) {}
    fn check<'a>(describer: &'a Describer, progress: &'a mut Progress, gav: &'a Coordinates, wish: &'a Description) {
        is_send(Some(describer.compare(gav, wish)));
        is_send(Some(describer.describe(progress, gav, wish)));
        is_send(Some(describer.promote(progress, gav, wish)));
    }
    let _ = check;
}
