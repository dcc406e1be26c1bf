//! Whether the server tells of publications by their coordinates.
//!
//! The status of the latest publication of a version is documented (EXCHANGE.md §3.3), but not every server may know
//! it. Only where it is known to work does "no such publication" mean that nothing is under way.

use std::sync::{Mutex, PoisonError};

use crate::{asset::Coordinates, exchange::Exchange};

#[derive(Debug, Default)]
pub(super) struct Witness(Mutex<Known>);

#[derive(Debug, Default, Clone)]
enum Known {
    /// Nothing was published yet that could be asked for.
    #[default]
    Nothing,
    /// This was published by us: the server must know of it.
    Ask(Coordinates),
    /// It was asked for, and told or not.
    Tells(bool),
}

impl Witness {
    /// Remembers something that was published in this run.
    pub(super) fn saw(&self, coordinates: &Coordinates) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*known, Known::Nothing) {
            *known = Known::Ask(coordinates.clone());
        }
    }

    /// Whether the server tells; asks it once, when there is something to ask for.
    pub(super) async fn tells(&self, exchange: &Exchange) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let coordinates = match known {
            Known::Nothing => return false,
            Known::Tells(tells) => return tells,
            Known::Ask(coordinates) => coordinates,
        };
        match exchange.publication_status(&exchange.latest_publication(&coordinates)).await {
            Ok(status) => {
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Known::Tells(status.is_some());
                status.is_some()
            }
            // No answer is no news.
            Err(_) => false,
        }
    }
}
