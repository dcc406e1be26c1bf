//! `kind = "applications"`: brings client applications to a portal.
//!
//! 1. **match**: whether the caller has an application of the name. His are listed once for all items.
//! 2. **create**: makes it for an instance of an asset. A name is there once in a portal, so that a request that arrives
//!    twice is refused; in doubt the application is looked for by its name.
//! 3. **compare**: what differs, of what the row says; the job says what becomes of that.
//! 4. **update**: replaces it, with all that the row does not say as it was. The same twice leaves the same.
//! 5. **deliver**: brings the secret where the job says. At least once: what is owed is remembered until it is known to
//!    have arrived, and the secret is read back where the process that was told it is gone.
//!
//! The journal keeps by which ids the portal knows an application, and never its secret.

mod compare;
mod create;
mod deliver;
mod foresee;
mod ids;
mod row;
#[cfg(all(test, unix))]
mod tests;
mod vault;
mod verify;

use std::sync::Arc;

use secrecy::SecretString;

pub(super) use foresee::Foreseen;
pub use ids::IdsError;
pub(super) use ids::write as write_ids;
use vault::Vault;
pub use vault::VaultError;

use self::ids::Ids;
use super::{
    failure,
    portal::{OwnApplications, ShownAssets},
    publish::SAME_CONTENT,
};
use crate::{
    asset::ApplicationWish,
    engine::{Effect, Ending, Outcome, Step, Tally, Work},
    hub::{Application, Hub},
    job,
    journal::{Failure, Item},
    net::Hidden,
};

const MATCH: &str = "match";
const CREATE: &str = "create";
const COMPARE: &str = "compare";
const UPDATE: &str = "update";
const DELIVER: &str = "deliver";

const STEPS: &[Step] = &[
    Step { name: MATCH, effect: Effect::Local },
    Step { name: CREATE, effect: Effect::Write },
    Step { name: COMPARE, effect: Effect::Local },
    Step { name: UPDATE, effect: Effect::Write },
    Step { name: DELIVER, effect: Effect::Write },
];

/// The class of items whose name is somebody else's, or that differ where the job says that this is a failure.
const CONFLICT: &str = "conflict";

/// What bringing applications needs beside the rows.
pub(super) struct Applications {
    hub: Hub,
    on_difference: job::WhenDifferent,
    own: OwnApplications,
    shown: ShownAssets,
    vault: Vault,
    tally: Arc<Tally>,
}

/// An application under way.
pub(super) struct Subject {
    wish: ApplicationWish,
    /// By which ids it is known, as far as that is known.
    ids: Ids,
    /// As it was read last.
    found: Option<Application>,
    /// The secret, where the server has just told it.
    issued: Option<Issued>,
    /// Whether this process made it, so that it is as the row says.
    is_new: bool,
}

/// A secret in hand. No words for people hold it meanwhile.
struct Issued {
    secret: SecretString,
    _hidden: Hidden,
}

impl Applications {
    pub(super) fn new(hub: Hub, settings: &job::Applications, tally: Arc<Tally>) -> Self {
        Self {
            hub,
            on_difference: settings.on_difference,
            own: OwnApplications::default(),
            shown: ShownAssets::default(),
            vault: Vault::new(settings.secrets.clone()),
            tally,
        }
    }

    /// Refuses a place for secrets that cannot be used, before anything is made that would need it.
    pub(super) async fn check(&self) -> Result<(), VaultError> {
        self.vault.check().await
    }

    /// Looks for the application in the list of all.
    async fn find(&self, subject: &mut Subject, item: &Item) -> Outcome {
        match self.own.id(&self.hub, &subject.wish.name).await {
            Ok(Some(id)) => {
                subject.ids.are_of(&id);
                to(COMPARE)
            }
            // The list is older than what this run has made.
            Ok(None) if matches!(item.step.as_deref(), Some(UPDATE | DELIVER)) => Outcome::Next,
            Ok(None) => to_create(subject),
            Err(error) => failure::outcome(&error),
        }
    }

    /// Takes a secret in hand.
    fn hold(&self, secret: SecretString) -> Issued {
        Issued { _hidden: self.hub.client().hide(&secret), secret }
    }
}

/// Goes on with a step.
fn to(step: &'static str) -> Outcome {
    Outcome::To { step, fingerprint: None, note: None }
}

/// Goes on with making it. The journal knows of that before anything is sent, so that the secret is owed even to a run that
/// finds the application and nothing else.
fn to_create(subject: &mut Subject) -> Outcome {
    subject.ids.are_awaited();
    to(CREATE)
}

fn done(note: impl Into<String>) -> Outcome {
    Outcome::End(Ending::Done { note: Some(note.into()), fingerprint: None })
}

/// Left as it is.
fn left(class: &str, why: impl Into<String>) -> Outcome {
    Outcome::End(Ending::Skipped(Failure::new(class, why)))
}

impl Work for Applications {
    type Subject = Subject;

    fn steps(&self) -> &'static [Step] {
        STEPS
    }

    fn open(&self, item: &Item) -> Result<Subject, Failure> {
        let unreadable = |error: serde_json::Error| {
            Failure::new("journal", format!("the journal's entry cannot be read: {error}"))
                .hint("the journal was written by another version: `consign retry` reads the source anew")
        };
        let wish: ApplicationWish = serde_json::from_str(&item.draft).map_err(unreadable)?;
        let ids = Ids::of(&wish, item.ids.as_deref());
        Ok(Subject { wish, ids, found: None, issued: None, is_new: false })
    }

    async fn act(&self, subject: &mut Subject, item: &Item, step: &'static str) -> Outcome {
        match step {
            MATCH => self.find(subject, item).await,
            CREATE => self.create(subject, item).await,
            COMPARE => self.compare(subject, item).await,
            UPDATE => self.update(subject).await,
            DELIVER => self.deliver(subject).await,
            _ => Outcome::Next,
        }
    }

    fn ids(&self, subject: &Subject) -> Option<String> {
        subject.ids.to_json()
    }

    async fn probe(&self, subject: &mut Subject, _item: &Item, step: &'static str) -> Option<Outcome> {
        match step {
            CREATE => self.look_for_it(subject).await,
            DELIVER => self.has_arrived(subject).await,
            // To replace it again does no harm.
            _ => None,
        }
    }
}
