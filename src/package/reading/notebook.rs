//! A memory for tests, which can be looked into.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Mark, Memory, Question, Reading};

/// Remembers in a map, and counts.
#[derive(Debug, Default)]
pub(crate) struct Notebook(Mutex<Notes>);

#[derive(Debug, Default)]
struct Notes {
    known: BTreeMap<(String, Utf8PathBuf), (Mark, Vec<u8>)>,
    /// What was asked for and not known: these files were read.
    read: BTreeSet<(String, Utf8PathBuf)>,
    recalled: usize,
}

impl Notebook {
    /// A way to files that makes use of this notebook.
    pub(crate) fn reading(self: &Arc<Self>) -> Reading {
        Reading::with(Arc::clone(self) as Arc<dyn Memory>)
    }

    /// Which questions had to be put to files since this was asked the last time.
    pub(crate) fn take_read(&self) -> Vec<String> {
        let read = std::mem::take(&mut self.notes().read);
        read.into_iter().map(|(question, path)| format!("{question} of {path}")).collect()
    }

    /// All answers: the file, the question, what it told.
    pub(crate) fn answers(&self) -> Vec<String> {
        let notes = self.notes();
        let answer = |((question, path), (_, told)): (&(String, Utf8PathBuf), &(Mark, Vec<u8>))| {
            format!("{path}, {question}: {}", String::from_utf8_lossy(told))
        };
        let mut answers: Vec<String> = notes.known.iter().map(answer).collect();
        answers.sort();
        answers
    }

    /// How many answers are known.
    pub(crate) fn len(&self) -> usize {
        self.notes().known.len()
    }

    /// How many answers were recalled.
    pub(crate) fn recalled(&self) -> usize {
        self.notes().recalled
    }

    /// Replaces every answer.
    pub(crate) fn spoil(&self, with: impl Fn(&[u8]) -> Vec<u8>) {
        for (_, told) in self.notes().known.values_mut() {
            *told = with(told);
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().expect("nothing panics while it is held")
    }
}

impl Memory for Notebook {
    fn recall(&self, question: &Question<'_>, path: &Utf8Path, mark: &Mark) -> Option<Vec<u8>> {
        let key = (question.name().into_owned(), path.to_owned());
        let notes = &mut *self.notes();
        match notes.known.get(&key) {
            Some((known, told)) if known == mark => {
                notes.recalled += 1;
                Some(told.clone())
            }
            _ => {
                notes.read.insert(key);
                None
            }
        }
    }

    fn keep(&self, question: &Question<'_>, path: &Utf8Path, mark: &Mark, told: Vec<u8>) {
        let key = (question.name().into_owned(), path.to_owned());
        self.notes().known.insert(key, (*mark, told));
    }
}
