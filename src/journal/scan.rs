//! Whose scan it is: a scan speaks about what its own job brought, and about nothing else.
//!
//! Several jobs may share a journal, knowing it or not. What one of them does not meet may well be the other's.

use super::RunId;

/// A scan under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan<'a> {
    pub(super) target: i64,
    pub(super) run: RunId,
    /// The job: its kind and name. Whoever meets an item last has brought it.
    pub(super) job: &'a str,
}

/// What a job has brought: `?3` is the job. A journal that was written before jobs were known tells by where an item lies:
/// `?4` is the file or folder of the source, and all below it; empty: any.
pub(super) const OWN: &str = "(job = ?3 OR (job IS NULL
     AND (?4 = '' OR path = ?4 OR substr(path, 1, length(?4) + 1) = ?4 || '/')))";
