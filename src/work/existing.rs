//! Which assets of the target existed before something was sent.
//!
//! The publish call takes name, description, contact and icon from the first version of an asset only: of an asset that
//! is new, nothing has to be read back. Digests keep this flat: eight bytes for an asset.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

use crate::asset::Coordinates;

/// What is known of it.
#[derive(Debug, Default)]
pub(super) struct Existing {
    hasher: RandomState,
    /// Whether every asset that existed before is in `known`.
    is_complete: bool,
    known: Mutex<HashSet<u64>>,
}

impl Existing {
    /// Takes a complete list of the assets of the target: group and asset id.
    #[cfg_attr(not(test), expect(dead_code, reason = "the look at the target before the first write fills it"))]
    pub(super) fn complete<'a>(assets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let hasher = RandomState::new();
        let known = assets.into_iter().map(|asset| hasher.hash_one(asset)).collect();
        Self { hasher, is_complete: true, known: Mutex::new(known) }
    }

    /// Whether the asset may exist, in whatever version. Where nothing is known, it may.
    pub(super) fn may_exist(&self, coordinates: &Coordinates) -> bool {
        !self.is_complete || self.lock().contains(&self.digest(coordinates))
    }

    /// Remembers that it exists now.
    pub(super) fn is_there(&self, coordinates: &Coordinates) {
        if self.is_complete {
            let digest = self.digest(coordinates);
            self.lock().insert(digest);
        }
    }

    fn digest(&self, coordinates: &Coordinates) -> u64 {
        self.hasher.hash_one((coordinates.group_id.as_str(), coordinates.asset_id.as_str()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<u64>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_may_exist_and_what_was_published_does() {
        let gav = |text: &str| text.parse::<Coordinates>().expect("parses");
        assert!(Existing::default().may_exist(&gav("g/a/1.0.0")));
        let existing = Existing::complete([("g", "a")]);
        assert!(existing.may_exist(&gav("g/a/2.0.0")) && !existing.may_exist(&gav("g/b/1.0.0")));
        existing.is_there(&gav("g/b/1.0.0"));
        assert!(existing.may_exist(&gav("g/b/1.0.1")));
    }
}
