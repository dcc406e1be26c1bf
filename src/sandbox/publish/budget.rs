//! How many bytes of uploads there may be at once, so that nobody fills the memory or the disk.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use axum::http::StatusCode;

use super::super::problem::Problem;

/// The most bytes of all uploads that are being read or looked into.
const MOST: u64 = 2 * 1024 * 1024 * 1024;

/// What all uploads in flight take.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Budget(Arc<AtomicU64>);

/// What one upload takes; given back when it is dropped.
#[derive(Debug)]
pub(in super::super) struct Spent {
    budget: Budget,
    bytes: u64,
}

impl Budget {
    /// The start of an upload.
    pub(super) fn open(&self) -> Spent {
        Spent { budget: self.clone(), bytes: 0 }
    }
}

impl Spent {
    /// Takes more.
    pub(super) fn take(&mut self, bytes: u64) -> Result<(), Problem> {
        self.bytes += bytes;
        if self.budget.0.fetch_add(bytes, Relaxed) + bytes > MOST {
            return Err(Problem::plain(StatusCode::SERVICE_UNAVAILABLE, "Too many uploads are in flight"));
        }
        Ok(())
    }
}

impl Drop for Spent {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_upload_took_is_free_again_when_it_ends_however_it_ended() {
        let budget = Budget::default();
        let (mut first, mut second) = (budget.open(), budget.open());
        assert!(first.take(MOST).is_ok());
        assert_eq!(second.take(1).map_err(|problem| problem.status), Err(503));
        drop(first);
        drop(second);
        assert!(budget.open().take(MOST).is_ok());
    }
}
