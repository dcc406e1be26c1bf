//! What the engine tells, held to what may be told.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash},
    sync::{Mutex, MutexGuard, PoisonError},
};

use consign::{
    engine::{Event, Sink},
    journal::State,
};

#[derive(Debug, Default)]
pub(crate) struct Events(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    states: BTreeMap<String, State>,
    told: Vec<String>,
    /// All words for people.
    words: String,
    illegal: Option<String>,
}

impl Events {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn illegal(&self) -> Option<String> {
        self.known().illegal.clone()
    }

    pub(crate) fn words(&self) -> String {
        self.known().words.clone()
    }

    pub(crate) fn hash(&self, hasher: &mut DefaultHasher) {
        self.known().told.hash(hasher);
    }
}

impl Sink for Events {
    fn emit(&self, event: &Event) {
        let mut known = self.known();
        match event {
            // Another process takes up items where the last one left them.
            Event::Start { .. } => known.states.clear(),
            Event::Item { gav, state, step, failure, note, .. } => {
                let words =
                    failure.iter().flat_map(|failure| [Some(&failure.message), failure.hint.as_ref()]).flatten();
                words.chain(note).for_each(|words| known.words.push_str(words));
                known.told.push(format!("{gav} {state} {step:?}"));
                if let Some(from) = known.states.insert(gav.clone(), *state)
                    && (from.is_final() || !from.may_become(*state))
                {
                    known.illegal = Some(format!("{gav} was told to go from {from} to {state}"));
                }
            }
            _ => {}
        }
    }
}
