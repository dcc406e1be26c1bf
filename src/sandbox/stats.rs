//! What happened, in numbers.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use serde_json::{Value, json};

use super::{FaultKind, store::lock};

/// Counts since the process started.
#[derive(Debug, Default)]
pub(super) struct Stats {
    /// Answers by endpoint and status; a connection that was reset counts under `reset`.
    requests: Mutex<BTreeMap<String, BTreeMap<String, u64>>>,
    faults: Mutex<BTreeMap<&'static str, u64>>,
    accepted: AtomicU64,
    refused: AtomicU64,
    polls: AtomicU64,
    tokens: AtomicU64,
    bytes: AtomicU64,
    limited: AtomicU64,
    in_flight: AtomicU64,
    most_in_flight: AtomicU64,
}

/// One request in flight.
#[derive(Debug)]
pub(super) struct Flight<'a>(&'a Stats);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

impl Stats {
    pub(super) fn flight(&self) -> Flight<'_> {
        let now = self.in_flight.fetch_add(1, Relaxed) + 1;
        self.most_in_flight.fetch_max(now, Relaxed);
        Flight(self)
    }

    pub(super) fn answered(&self, endpoint: &str, status: &str) {
        let mut requests = lock(&self.requests);
        if !requests.contains_key(endpoint) {
            requests.insert(endpoint.to_owned(), BTreeMap::new());
        }
        let Some(statuses) = requests.get_mut(endpoint) else { return };
        match statuses.get_mut(status) {
            Some(count) => *count += 1,
            None => drop(statuses.insert(status.to_owned(), 1)),
        }
    }

    pub(super) fn fault(&self, kind: FaultKind) {
        *lock(&self.faults).entry(kind.as_str()).or_default() += 1;
    }

    pub(super) fn accepted(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(super) fn polled(&self) {
        self.polls.fetch_add(1, Relaxed);
    }

    pub(super) fn token_issued(&self) {
        self.tokens.fetch_add(1, Relaxed);
    }

    pub(super) fn received(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn rate_limited(&self) {
        self.limited.fetch_add(1, Relaxed);
    }

    pub(super) fn report(&self, ended: super::store::Ended, duplicates: &BTreeMap<String, u32>) -> Value {
        json!({
            "requests": *lock(&self.requests),
            "publications": {
                "accepted": self.accepted.load(Relaxed),
                "refused": self.refused.load(Relaxed),
                "completed": ended.completed,
                "failed": ended.failed,
            },
            "polls": self.polls.load(Relaxed),
            "tokensIssued": self.tokens.load(Relaxed),
            "bytesReceived": self.bytes.load(Relaxed),
            "maxInFlight": self.most_in_flight.load(Relaxed),
            "duplicatePublishes": duplicates,
            "faults": *lock(&self.faults),
            "rateLimited": self.limited.load(Relaxed),
        })
    }
}
