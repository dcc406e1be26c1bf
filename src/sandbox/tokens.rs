//! Tokens that were issued: who holds them, and until when.
//!
//! Clients keep a token for as long as it says that it lives, the official one for an hour of commands. So it survives
//! a restart: memory answers every request, the shelf brings back what memory held.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    app::Shared,
    caller::Principal,
    directory::Directory,
    store::{Kept, State, StoreError, Tables, lock},
};

/// Those who hold a token by their tokens, and when each ends, in milliseconds since 1970.
type Held = HashMap<String, (Arc<Principal>, i64)>;

/// From how many tokens on the ended ones are looked for.
const MANY: usize = 1024;

/// All issued tokens that may be valid.
#[derive(Debug)]
pub(super) struct Tokens(Mutex<Held>);

/// A token as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Issued {
    token: String,
    /// The id of who holds it.
    principal: String,
    end: i64,
}

impl Kept for Issued {
    const KIND: &'static str = "token";
}

impl Tokens {
    /// The tokens of an earlier start. Those that have ended since are forgotten.
    pub(super) fn restore(state: &State, directory: &Directory) -> Result<Self, StoreError> {
        let now = state.now();
        let restore = |tables: &mut Tables| {
            let mut held = Held::new();
            for issued in tables.shelf::<Issued>("", usize::MAX, 0)? {
                match directory.by_id(&issued.principal).filter(|_| issued.end > now) {
                    Some(principal) => drop(held.insert(issued.token, (principal.clone(), issued.end))),
                    None => drop(tables.discard::<Issued>("", &issued.token)?),
                }
            }
            Ok::<_, StoreError>(held)
        };
        Ok(Self(Mutex::new(state.change(restore).0?)))
    }

    /// Takes out what has ended, now and then: as often as their number has doubled.
    fn take_ended(&self, now: i64) -> Vec<String> {
        let mut held = lock(&self.0);
        if held.len() < MANY || !held.len().is_power_of_two() {
            return Vec::new();
        }
        held.extract_if(|_, (_, end)| *end <= now).map(|(token, _)| token).collect()
    }
}

impl Shared {
    /// Issues a token.
    pub(super) async fn issue_token(&self, principal: &Arc<Principal>) -> Result<String, StoreError> {
        let token = Uuid::new_v4().to_string();
        let now = self.clock.now();
        let lifetime = i64::try_from(self.settings.token_lifetime.as_millis()).unwrap_or(i64::MAX);
        let end = now.saturating_add(lifetime);
        let issued = Issued { token: token.clone(), principal: principal.id.clone(), end };
        let ended = self.tokens.take_ended(now);
        let keep = |tables: &mut Tables| {
            for token in &ended {
                tables.discard::<Issued>("", token)?;
            }
            tables.keep("", &issued.token, &issued)
        };
        self.state.commit(keep).await?;
        lock(&self.tokens.0).insert(token.clone(), (principal.clone(), end));
        self.stats.token_issued();
        Ok(token)
    }

    /// Ends a token; those that do not end by themselves stay.
    pub(super) async fn revoke_token(&self, token: &str) -> Result<(), StoreError> {
        if lock(&self.tokens.0).remove(token).is_some() {
            self.state.commit(|tables| tables.discard::<Issued>("", token)).await?;
        }
        Ok(())
    }

    /// Who holds a token that is valid now, and when it ends, in milliseconds since 1970.
    pub(super) fn holder_of(&self, token: &str) -> Option<(Arc<Principal>, Option<i64>)> {
        if let Some(principal) = self.directory().by_token(token) {
            return Some((principal.clone(), None));
        }
        let held = lock(&self.tokens.0);
        let (principal, end) = held.get(token)?;
        (*end > self.clock.now()).then(|| (principal.clone(), Some(*end)))
    }
}
