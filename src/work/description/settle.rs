//! Asking for a change that is under way until it is over.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    engine::Outcome,
    exchange::{PublicationState, PublicationStatus, StatusLink},
    journal::{Failure, Item},
    net::Disposition,
    work::{asking::Asking, failure},
};

use super::{DESCRIBE, Describer, Progress, send::DECLARE};

/// A status link may be slow to appear. When it has been missing for so long, the server has forgotten the change, and
/// the asset itself tells what became of it.
const LOST_AFTER: Duration = Duration::from_secs(10);

/// What the step needs: kept in the journal before the first poll.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Token {
    /// Where to ask; nowhere where the server named another server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<StatusLink>,
    /// What is changed, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    told: Vec<String>,
}

impl Token {
    pub(super) fn new(link: Option<StatusLink>, told: Vec<String>) -> Self {
        Self { link, told }
    }

    /// Whether categories or custom fields are changed.
    fn holds_values(&self) -> bool {
        self.told.iter().any(|words| words.starts_with("categories.") || words.starts_with("fields."))
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a token is plain data")
    }
}

impl Describer {
    pub(super) async fn ask(&self, progress: &mut Progress, item: &Item) -> Outcome {
        let Some(text) = item.token.as_deref() else { return Outcome::Next };
        let Ok(token) = serde_json::from_str::<Token>(text) else {
            return again(Failure::new("journal", "the journal holds no status link"), Duration::ZERO);
        };
        progress.asking.ask();
        let Some(link) = &token.link else { return self.without_link(progress, item, token) };
        let status = match self.exchange.publication_status(link).await {
            Ok(status) => status,
            Err(error) => {
                progress.asking.untold(failure::failure(&error));
                return match (failure::outcome(&error), error.disposition()) {
                    (halt @ Outcome::Halt(_), _) => halt,
                    (Outcome::Failed(failure), Disposition::Final) => Outcome::GaveUp(failure),
                    (other, Disposition::Final) => other,
                    // Not being told is no news about the change.
                    _ if self.is_overdue(progress) => Self::overdue(progress),
                    _ => self.ask_again(progress, item),
                };
            }
        };
        let Some(status) = status else { return self.missing(progress, item) };
        progress.asking.known();
        if progress.asking.polls() == 1 {
            self.rhythm.learn(status.state != PublicationState::Running);
        }
        match status.state {
            PublicationState::Completed => self.completed(progress, token),
            PublicationState::Failed => given_back(&token, &status),
            PublicationState::Running if self.is_overdue(progress) => Self::overdue(progress),
            PublicationState::Running => self.ask_again(progress, item),
        }
    }

    fn completed(&self, progress: &mut Progress, token: Token) -> Outcome {
        progress.accepted(&self.tally);
        progress.remember(token.told);
        progress.asking = Asking::default();
        Outcome::Next
    }

    /// Nobody tells when the change is over: after a while it is compared again.
    fn without_link(&self, progress: &mut Progress, item: &Item, token: Token) -> Outcome {
        if progress.asking.waited() < LOST_AFTER {
            return self.ask_again(progress, item);
        }
        self.completed(progress, token);
        again(Failure::new("lost", "nobody tells what became of the change: comparing again"), Duration::ZERO)
    }

    /// The link is not known to the server: not yet, or no more. Comparing again is harmless either way.
    fn missing(&self, progress: &mut Progress, item: &Item) -> Outcome {
        if progress.asking.lost() < LOST_AFTER && !self.is_overdue(progress) {
            return self.ask_again(progress, item);
        }
        progress.asking = Asking::default();
        again(Failure::new("lost", "the server does not know the change any more: comparing again"), Duration::ZERO)
    }

    fn ask_again(&self, progress: &Progress, item: &Item) -> Outcome {
        let after = self.rhythm.next(progress.asking.polls()).min(self.deadline);
        Outcome::Wait { token: item.token.clone().unwrap_or_default(), after }
    }

    fn is_overdue(&self, progress: &Progress) -> bool {
        progress.asking.waited() > self.deadline
    }

    fn overdue(progress: &Progress) -> Outcome {
        let failure = progress.asking.overdue("change");
        Outcome::GaveUp(failure.hint("`consign retry` goes on asking; publish.deadline gives changes more time"))
    }
}

/// Reads, compares and sends anew.
fn again(failure: Failure, after: Duration) -> Outcome {
    Outcome::Back { step: DESCRIBE, failure, after, doubt: true }
}

/// The server took the change and then refused it.
fn given_back(token: &Token, status: &PublicationStatus) -> Outcome {
    let code = status.steps.iter().filter(|step| !step.errors.is_empty()).find_map(|step| step.status_code);
    let words = status.errors();
    let message = if words.is_empty() { "the change failed without a reason".to_owned() } else { words.join("; ") };
    let failure = Failure::new("refused", message).http(code);
    // A fault of the server's own may pass; what it says about the values will not.
    match code {
        Some(429 | 500..=599) => again(failure, Duration::from_secs(2)),
        _ if token.holds_values() => Outcome::Failed(failure.hint(DECLARE)),
        _ => Outcome::Failed(failure.hint("correct what was sent, then run again")),
    }
}
