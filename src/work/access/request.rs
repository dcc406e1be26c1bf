//! Asking for a contract, or for another tier of one that is there.

use std::sync::Arc;

use futures::TryStreamExt;

use super::{
    Access, Look, Subject,
    await_decision::Token,
    contract::{Fit, NamedTier, Standing},
    resolve::{Resolved, unread},
};
use crate::{
    engine::{Ending, Outcome},
    hub::{AppContract, ContractRequest},
    job::{WhenDifferent, WhenPending},
    journal::Failure,
    net::CallError,
    work::failure,
};

/// The class of what is there already, as it is wanted.
pub(super) const SAME: &str = "same-contract";

/// The class of what is there and waits for somebody.
pub(super) const PENDING: &str = "pending";

/// Who has asked for what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// This job, in this run or in one that was cut off.
    Us,
    /// Somebody before.
    Another,
}

impl Access {
    pub(super) async fn request(&self, subject: &mut Subject) -> Outcome {
        let Some(resolved) = subject.resolved.clone() else {
            return Outcome::Failed(Failure::new("journal", "the names of the row were not looked up"));
        };
        let found = match std::mem::take(&mut subject.look) {
            Look::Found(standing) => Some(standing),
            Look::Nothing => None,
            Look::Due => match self.standing(&resolved).await {
                Ok(found) => found,
                Err(error) => return unread(&error, false),
            },
        };
        match found {
            Some(standing) => self.meet(&resolved, &standing, Asker::Another).await,
            None => self.ask(subject, &resolved).await,
        }
    }

    /// Looks for what a request has left on the portal, of which nobody has heard. What it has not left is done again.
    pub(super) async fn look_up(&self, subject: &mut Subject) -> Option<Outcome> {
        let resolved = subject.resolved.clone()?;
        match self.standing(&resolved).await {
            Ok(Some(standing)) => {
                if matches!(standing.fits(resolved.tier.as_ref()), Fit::OtherTier { .. }) {
                    subject.look = Look::Found(standing);
                    return None;
                }
                Some(self.meet(&resolved, &standing, Asker::Us).await)
            }
            Ok(None) => {
                subject.look = Look::Nothing;
                None
            }
            // Not having been told is no proof that nothing happened.
            Err(error) => Some(unread(&error, true)),
        }
    }

    /// The contract of an application with an instance, as far as it takes to tell how it fits.
    pub(super) async fn standing(&self, resolved: &Resolved) -> Result<Option<Standing>, CallError> {
        let Resolved { application, asset, instance, tier, .. } = resolved;
        let Some(contract) = self.hub.contract(asset, &application.id, instance).await? else { return Ok(None) };
        self.in_full(contract.into(), &application.id, tier.as_ref()).await.map(Some)
    }

    /// The same with what only the list tells, where that matters.
    pub(super) async fn in_full(
        &self,
        standing: Standing,
        application: &str,
        tier: Option<&NamedTier>,
    ) -> Result<Standing, CallError> {
        if !standing.needs_the_list(tier) {
            return Ok(standing);
        }
        let is_it = |listed: &AppContract| std::future::ready(listed.contract_id == standing.id);
        let listed = std::pin::pin!(self.hub.contracts(application).try_filter(is_it)).try_next().await?;
        Ok(match listed {
            Some(listed) => standing.listed(listed),
            None => standing,
        })
    }

    /// Does what the job says about a contract that is there.
    async fn meet(&self, resolved: &Resolved, standing: &Standing, asker: Asker) -> Outcome {
        match standing.fits(resolved.tier.as_ref()) {
            Fit::OtherTier { there } => self.differ(resolved, standing, &there).await,
            fit => self.settle(resolved, standing, fit, asker),
        }
    }

    /// How a contract ends, or waits, that was asked for as it is wanted.
    fn settle(&self, resolved: &Resolved, standing: &Standing, fit: Fit, asker: Asker) -> Outcome {
        let id = &standing.id;
        let waits = match fit {
            Fit::InForce if asker == Asker::Us => return done(format!("contract {id} is in force")),
            Fit::InForce => return skipped(SAME, format!("contract {id} is in force as wanted")),
            Fit::Refused(status) => return Outcome::Failed(refused(id, status.as_str())),
            Fit::OtherTier { there } => return Outcome::Failed(other_tier(id, &there, resolved)),
            Fit::Pending => format!("contract {id} waits for approval"),
            Fit::TierPending { holds } => {
                format!("contract {id} holds at tier `{holds}`; the other one waits for approval")
            }
        };
        match (self.settings.pending, asker) {
            (WhenPending::Poll, _) => Token::of(resolved, standing).wait(0),
            (WhenPending::Leave, Asker::Us) => done(waits),
            (WhenPending::Leave, Asker::Another) => skipped(PENDING, waits),
        }
    }

    /// There is a contract, and another tier was asked for.
    async fn differ(&self, resolved: &Resolved, standing: &Standing, there: &str) -> Outcome {
        let Some(tier) = &resolved.tier else { return Outcome::Failed(other_tier(&standing.id, there, resolved)) };
        match self.settings.on_difference {
            WhenDifferent::Update => {}
            WhenDifferent::Skip => {
                return skipped("other-tier", other_tier(&standing.id, there, resolved).message);
            }
            WhenDifferent::Fail => return Outcome::Failed(other_tier(&standing.id, there, resolved)),
        }
        let application = &resolved.application.id;
        let changed = match self.hub.assign_tier(application, &standing.id, &tier.id).await {
            Ok(changed) => changed.into(),
            // The next try looks first, since the step is in doubt then.
            Err(error) => return failure::outcome(&error),
        };
        self.tally.add_updated();
        let told = format!("tier changed from `{there}` to `{}`; ", tier.label());
        match self.answered(resolved, changed).await {
            Outcome::End(Ending::Done { note, fingerprint }) => {
                Outcome::End(Ending::Done { note: note.map(|note| told + &note), fingerprint })
            }
            outcome => outcome,
        }
    }

    /// Asks for a contract. Whoever takes the terms for accepted says so.
    async fn ask(&self, subject: &mut Subject, resolved: &Arc<Resolved>) -> Outcome {
        match self.refuses_terms(&subject.wanted).await {
            Ok(None) => {}
            Ok(Some(failure)) => return Outcome::Failed(failure),
            Err(error) => return unread(&error, false),
        }
        let Resolved { application, asset, instance, tier, .. } = &**resolved;
        let request = ContractRequest {
            application_id: application.id.clone(),
            instance_id: instance.clone(),
            accepted_terms: true,
            tier_id: tier.as_ref().map(|tier| tier.id.clone()),
        };
        match self.hub.create_contract(asset, &request).await {
            Ok(made) => {
                self.tally.add_published();
                self.answered(resolved, made.into()).await
            }
            Err(error) if error.http() == Some(409) => self.read_conflict(resolved, &error).await,
            Err(error) => failure::outcome(&error),
        }
    }

    /// What the portal has answered to a request of ours. It may not tell the tier, which is the one that was asked for.
    async fn answered(&self, resolved: &Resolved, mut standing: Standing) -> Outcome {
        if standing.requested.is_none() {
            standing.requested.clone_from(&resolved.tier);
        }
        let tier = resolved.tier.as_ref();
        // Whether it is new or changed: an automatic tier holds at once, and any other one is told by the list.
        if standing.needs_the_list(tier) {
            standing = match self.in_full(standing, &resolved.application.id, tier).await {
                Ok(standing) => standing,
                Err(error) => return unread(&error, true),
            };
        }
        let fit = standing.fits(tier);
        self.settle(resolved, &standing, fit, Asker::Us)
    }

    /// A 409 is never success unread: there is a contract, whoever has asked for it, or the portal means something else.
    async fn read_conflict(&self, resolved: &Resolved, refusal: &CallError) -> Outcome {
        match self.standing(resolved).await {
            Ok(Some(standing)) => self.meet(resolved, &standing, Asker::Another).await,
            Ok(None) => Outcome::Failed(failure::failure(refusal)),
            Err(error) => unread(&error, true),
        }
    }

    /// Why a contract must not be asked for: there are terms, and nobody has accepted them. Where there are none, there is
    /// nothing to accept.
    pub(super) async fn refuses_terms(
        &self,
        wanted: &crate::asset::WantedAccess,
    ) -> Result<Option<Failure>, CallError> {
        if self.settings.accept_terms && wanted.accept_terms != Some(false) {
            return Ok(None);
        }
        if !self.offers.has_terms(&self.hub, &wanted.asset).await? {
            return Ok(None);
        }
        let message = format!("{} has terms and conditions, and nobody has accepted them", wanted.asset);
        let hint = if self.settings.accept_terms {
            "the row says acceptTerms = false: empty the cell to accept them".to_owned()
        } else {
            format!(
                "read them (`consign hub assets terms {}`), say accept_terms = true under [access], and `consign retry`",
                wanted.asset
            )
        };
        Ok(Some(Failure::new("terms", message).hint(hint)))
    }
}

fn done(note: String) -> Outcome {
    Outcome::End(Ending::Done { note: Some(note), fingerprint: None })
}

fn skipped(class: &str, why: String) -> Outcome {
    Outcome::End(Ending::Skipped(Failure::new(class, why)))
}

/// A contract that somebody has turned down or ended, in the portal's own word.
pub(super) fn refused(id: &str, status: &str) -> Failure {
    let failure = Failure::new("contract", format!("contract {id} is {status}"));
    failure.hint("its owner decides in API Manager; `consign hub access change-tier` asks anew; then `consign retry`")
}

/// A contract at another tier.
pub(super) fn other_tier(id: &str, there: &str, resolved: &Resolved) -> Failure {
    let wanted = resolved.tier.as_ref().map_or("none", NamedTier::label);
    let message = format!("contract {id} asks for tier `{there}`, and `{wanted}` is wanted");
    Failure::new("conflict", message).hint("on_difference = \"update\" under [access] changes it")
}
