//! The memory of a scan: what the journal knows of files.

use std::sync::Arc;

use camino::Utf8Path;

use crate::{
    journal::Readings,
    package::reading::{Mark, Memory, Question, Reading},
};

/// The journal, as those who read files see it.
struct Remembered(Arc<Readings>);

impl Memory for Remembered {
    fn recall(&self, question: &Question<'_>, path: &Utf8Path, mark: &Mark) -> Option<Vec<u8>> {
        self.0.recall(path.as_str(), &question.name(), mark.as_bytes())
    }

    fn keep(&self, question: &Question<'_>, path: &Utf8Path, mark: &Mark, told: Vec<u8>) {
        self.0.keep(path.as_str(), &question.name(), mark.as_bytes(), told);
    }
}

/// Reads what the journal does not remember.
pub(super) fn reading(readings: &Arc<Readings>) -> Reading {
    Reading::with(Arc::new(Remembered(Arc::clone(readings))))
}
