//! Waiting until somebody has decided about a contract.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Access, REQUEST, Subject,
    contract::{Fit, NamedTier, Standing},
    request::refused,
    resolve::Resolved,
};
use crate::{
    asset::PortalAsset,
    engine::{Ending, Outcome},
    job::WhenPending,
    journal::{Failure, Item},
    net::{CallError, Disposition},
    work::failure,
};

/// A person decides: who looks often learns nothing sooner.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
const GROWTH: f64 = 1.5;

/// What is asked about; the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Token {
    application: String,
    asset: PortalAsset,
    instance: String,
    contract: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tier: Option<NamedTier>,
}

impl Token {
    pub(super) fn of(resolved: &Resolved, standing: &Standing) -> Self {
        Self {
            application: resolved.application.id.clone(),
            asset: resolved.asset.clone(),
            instance: resolved.instance.clone(),
            contract: standing.id.clone(),
            tier: resolved.tier.clone(),
        }
    }

    /// Waits, after so many questions.
    pub(super) fn wait(&self, asked: u32) -> Outcome {
        let token = serde_json::to_string(self).expect("is plain data with text keys");
        Outcome::Wait { token, after: pause(asked) }
    }
}

/// How long to wait before the next question.
fn pause(asked: u32) -> Duration {
    let exponent = i32::try_from(asked.min(20)).unwrap_or(20);
    FIRST.mul_f64(GROWTH.powi(exponent)).min(LONGEST)
}

impl Access {
    pub(super) async fn await_decision(&self, subject: &mut Subject, item: &Item) -> Outcome {
        let text = item.token.as_deref().unwrap_or_default();
        let Ok(token) = serde_json::from_str::<Token>(text) else {
            let failure = Failure::new("journal", "the journal does not hold what is waited for");
            return Outcome::Back { step: REQUEST, failure, after: Duration::ZERO, doubt: true };
        };
        subject.asking.ask();
        let standing = match self.poll(&token).await {
            Ok(Some(standing)) => standing,
            Ok(None) => {
                let message = format!("contract {} is not there any more", token.contract);
                return Outcome::Failed(Failure::new("gone", message).hint("`consign retry` asks for it anew"));
            }
            Err(error) => return self.untold(subject, &token, &error),
        };
        subject.asking.known();
        match standing.fits(token.tier.as_ref()) {
            Fit::InForce => {
                let note = Some(format!("contract {} was approved", standing.id));
                Outcome::End(Ending::Done { note, fingerprint: None })
            }
            Fit::Refused(status) => Outcome::Failed(refused(&standing.id, status.as_str())),
            Fit::OtherTier { there } => {
                let message = format!("somebody has asked for tier `{there}` meanwhile");
                let failure = Failure::new("changed", message);
                Outcome::Back { step: REQUEST, failure, after: Duration::ZERO, doubt: true }
            }
            Fit::Pending | Fit::TierPending { .. } => self.go_on(subject, &token),
        }
    }

    async fn poll(&self, token: &Token) -> Result<Option<Standing>, CallError> {
        let contract = self.hub.poll_contract(&token.asset, &token.application, &token.instance).await?;
        let Some(contract) = contract else { return Ok(None) };
        self.in_full(contract.into(), &token.application, token.tier.as_ref()).await.map(Some)
    }

    /// Not being told is no news about the contract.
    fn untold(&self, subject: &mut Subject, token: &Token, error: &CallError) -> Outcome {
        let outcome = failure::outcome(error);
        if error.disposition() == Disposition::Final || matches!(outcome, Outcome::Halt(_)) {
            return outcome;
        }
        subject.asking.untold(failure::failure(error));
        self.go_on(subject, token)
    }

    /// Asks again, unless that was done for long enough, or the job does not wait any more.
    ///
    /// What was given up is looked at anew by `retry`: nothing is kept that would speak of an older row.
    fn go_on(&self, subject: &Subject, token: &Token) -> Outcome {
        if self.settings.pending == WhenPending::Leave {
            let note = Some(format!("contract {} waits for approval", token.contract));
            return Outcome::End(Ending::Done { note, fingerprint: None });
        }
        if subject.asking.waited() < self.settings.deadline {
            return token.wait(subject.asking.polls());
        }
        let failure = subject.asking.overdue("request for access");
        Outcome::Failed(failure.hint(
            "its owner approves it in API Manager, then `consign retry` looks again; \
             pending = \"leave\" under [access] does not wait",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_come_ever_more_seldom_and_at_least_once_a_minute() {
        let pauses: Vec<Duration> = (0..40).map(pause).collect();
        assert!(pauses.is_sorted());
        assert_eq!((pauses[0], pauses[39]), (FIRST, LONGEST));
    }
}
