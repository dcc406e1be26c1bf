//! `kind = "access"`: asks for the access of client applications to instances of APIs (EXCHANGE.md §7).
//!
//! 1. **resolve**: what the names of a row stand for: the application, the instance, the tier; and whether the grant types
//!    go together. What many rows name is asked for once. Nothing is sent where one of them is wrong.
//! 2. **request**: look whether there is a contract. Where there is none, it is asked for, its terms accepted as the job
//!    says; where there is one with another tier, that is changed as the job says.
//! 3. **await**: ask until somebody has decided, where the job waits for that.
//!
//! A request in doubt (a lost reply, a crash) is looked for before anything is sent again: an application has one contract
//! with an instance, and the portal tells it. What an owner has turned down or ended stays so; a person has to decide.

mod applications;
mod await_decision;
mod claims;
mod contract;
mod foresee;
mod grants;
mod offers;
mod once;
mod request;
mod resolve;
#[cfg(test)]
mod tests;
mod verify;

pub(super) use foresee::Foreseen;

use std::sync::Arc;

use applications::Applications;
use claims::{Claims, ContractName};
use contract::Standing;
use offers::Offers;
use resolve::Resolved;

use crate::{
    asset::WantedAccess,
    engine::{Effect, Outcome, Step, Tally, Work},
    hub::Hub,
    job::{self, Job},
    journal::{Failure, Item, JournalError, Reader},
    source::Mapping,
    work::{Connection, RunError, asking::Asking},
};

const RESOLVE: &str = "resolve";
const REQUEST: &str = "request";
const AWAIT: &str = "await";

const STEPS: &[Step] = &[
    Step { name: RESOLVE, effect: Effect::Local },
    Step { name: REQUEST, effect: Effect::Write },
    Step { name: AWAIT, effect: Effect::Await },
];

/// What asking for access needs beside the rows.
pub(super) struct Access {
    hub: Hub,
    settings: job::Access,
    applications: Applications,
    offers: Offers,
    claims: Claims,
    tally: Arc<Tally>,
}

/// Access that is being asked for.
pub(super) struct Subject {
    wanted: WantedAccess,
    /// What its names stand for, once that is known.
    resolved: Option<Arc<Resolved>>,
    /// What a look for its contract has found, until something is done about it.
    look: Look,
    /// The questions whether somebody has decided.
    asking: Asking,
}

/// What a look for a contract has found.
#[derive(Debug, Default)]
enum Look {
    /// Nobody has looked, or what was found was seen to.
    #[default]
    Due,
    /// There is none.
    Nothing,
    /// There is one.
    Found(Standing),
}

impl Access {
    fn new(hub: Hub, settings: job::Access, mapping: Mapping, tally: Arc<Tally>) -> Self {
        Self {
            hub,
            settings,
            applications: Applications::new(mapping),
            offers: Offers::default(),
            claims: Claims::default(),
            tally,
        }
    }

    /// What a job asks for, on the portal that it is connected to.
    ///
    /// # Errors
    /// When the mapping of applications cannot be read.
    pub(super) fn of(job: &Job, connection: &Connection, tally: Arc<Tally>) -> Result<Self, RunError> {
        let settings = job.access.clone().expect("a job of this kind says how access is asked for");
        let hub = connection.hub.clone().expect("a job of this kind is led into a portal");
        let mapping = settings.applications.as_deref().map(Mapping::read).transpose()?.unwrap_or_default();
        Ok(Self::new(hub, settings, mapping, tally))
    }

    /// The same, with what its rows spoke for in earlier runs, once the source was scanned.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(super) fn after(self, reader: &Reader, job: &str) -> Result<Self, JournalError> {
        Ok(Self { claims: Claims::of(reader, job)?, ..self })
    }

    fn subject(wanted: WantedAccess) -> Subject {
        Subject { wanted, resolved: None, look: Look::Due, asking: Asking::default() }
    }
}

impl Work for Access {
    type Subject = Subject;

    fn steps(&self) -> &'static [Step] {
        STEPS
    }

    fn open(&self, item: &Item) -> Result<Subject, Failure> {
        let wanted = serde_json::from_str(&item.draft).map_err(|error| {
            Failure::new("journal", format!("the journal's entry cannot be read: {error}"))
                .hint("the journal was written by another version: `consign retry` reads the source anew")
        })?;
        Ok(Self::subject(wanted))
    }

    async fn act(&self, subject: &mut Subject, item: &Item, step: &'static str) -> Outcome {
        match step {
            RESOLVE => self.resolve_step(subject, item).await,
            REQUEST => self.request(subject).await,
            _ => self.await_decision(subject, item).await,
        }
    }

    /// Which contract the row speaks for.
    fn ids(&self, subject: &Subject) -> Option<String> {
        subject.resolved.as_ref().map(|resolved| ContractName::of(resolved).to_json())
    }

    async fn probe(&self, subject: &mut Subject, _item: &Item, step: &'static str) -> Option<Outcome> {
        if step == REQUEST { self.look_up(subject).await } else { None }
    }
}
