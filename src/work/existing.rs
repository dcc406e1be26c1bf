//! Which assets existed before something was sent.
//!
//! The publish call takes name, description, contact and icon from the first version of an asset only: of an asset that
//! is new, nothing has to be read back.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

use super::preflight::Known;
use crate::asset::Coordinates;

/// The assets that were there before this run, and those that it has made since.
#[derive(Debug, Default)]
pub(super) struct Existing {
    before: Known,
    hasher: RandomState,
    /// Digests keep this flat: eight bytes for an asset.
    since: Mutex<HashSet<u64>>,
}

impl Existing {
    /// Starts with what was known before the first write.
    pub(super) fn new(before: Known) -> Self {
        Self { before, ..Self::default() }
    }

    /// Whether the asset may exist, in whatever version. Where nothing is known, it may.
    pub(super) fn may_exist(&self, coordinates: &Coordinates) -> bool {
        self.before.existing.may_exist(&coordinates.group_id, &coordinates.asset_id)
            || self.lock().contains(&self.digest(coordinates))
    }

    /// Whether this version is surely not there yet: the asset is not, or its latest version is older.
    pub(super) fn is_surely_new(&self, coordinates: &Coordinates) -> bool {
        !self.lock().contains(&self.digest(coordinates)) && self.before.existing.is_surely_new(coordinates)
    }

    /// Remembers that it exists now.
    pub(super) fn is_there(&self, coordinates: &Coordinates) {
        let digest = self.digest(coordinates);
        self.lock().insert(digest);
    }

    fn digest(&self, coordinates: &Coordinates) -> u64 {
        self.hasher.hash_one((&coordinates.group_id, &coordinates.asset_id))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<u64>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
