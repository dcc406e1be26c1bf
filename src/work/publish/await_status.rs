//! Polling a publication until it is completed.

use std::time::Duration;

use super::{Making, PUBLISH, Publish, Sender, Subject, imprint::Imprint, send::Token};
use crate::{
    engine::Outcome,
    exchange::{PublicationState, PublicationStatus},
    journal::{Failure, Item},
    net::Disposition,
    work::failure,
};

/// A status link may be slow to appear. When it has been missing for so long, the server has forgotten the publication,
/// and its coordinates tell what became of it (EXCHANGE.md §3.3).
const LOST_AFTER: Duration = Duration::from_secs(60);

/// The same where the server named another server to ask: then its own not knowing is no delay but what it says.
const LOST_ELSEWHERE_AFTER: Duration = Duration::from_secs(5);

impl Publish {
    pub(super) async fn await_status(&self, subject: &mut Subject, item: &Item) -> Outcome {
        let text = item.token.as_deref().unwrap_or_default();
        let Ok(token) = serde_json::from_str::<Token>(text) else {
            let failure = Failure::new("journal", "the journal holds no status link");
            return Outcome::Back { step: PUBLISH, failure, after: Duration::ZERO, doubt: true };
        };
        // What was sent is on the server now; the archives only take up room.
        subject.package = None;
        subject.imprint = token.imprint.as_deref().and_then(Imprint::parse);
        if token.overwrites {
            subject.making = Making::Over;
        }
        if token.imprint.is_none() {
            subject.sender = Sender::Stranger;
        }
        subject.asking.ask();
        let status = match self.exchange.publication_status(&token.link).await {
            Ok(status) => status,
            Err(error) => match error.disposition() {
                Disposition::Final => return self.not_told(subject, failure::outcome(&error)).await,
                // Not being told is no news about the publication.
                Disposition::Again { .. } | Disposition::Doubt { .. } => {
                    subject.asking.untold(failure::failure(&error));
                    return match failure::outcome(&error) {
                        _ if self.is_overdue(subject) => self.late(subject).await,
                        Outcome::Halt(failure) => Outcome::Halt(failure),
                        _ => self.ask_again(subject, item),
                    };
                }
            },
        };
        match status {
            Some(status) => self.read_status(subject, item, &status).await,
            None => self.status_missing(subject, item, token.elsewhere.as_deref()).await,
        }
    }

    /// The publication has ended. What it has brought is known only where this job has sent it.
    fn arrived(&self, subject: &mut Subject, note: Option<String>) -> Outcome {
        if subject.sender != Sender::Stranger {
            return self.published(subject, note);
        }
        let failure = Failure::new("in-progress", "a publication that this journal does not know has ended: comparing");
        Outcome::Back { step: PUBLISH, failure, after: Duration::ZERO, doubt: true }
    }

    /// Nobody will tell what becomes of the publication: the asset itself may.
    async fn not_told(&self, subject: &mut Subject, outcome: Outcome) -> Outcome {
        let Outcome::Failed(failure) = outcome else { return outcome };
        match self.is_there(subject).await {
            Ok(true) => self.arrived(subject, Some(format!("the asset is there; its status: {}", failure.message))),
            _ => Outcome::GaveUp(failure.hint("it was accepted: `consign retry` goes on asking for it")),
        }
    }

    async fn read_status(&self, subject: &mut Subject, item: &Item, status: &PublicationStatus) -> Outcome {
        subject.asking.known();
        if subject.asking.polls() == 1 {
            self.rhythm.learn(status.state != PublicationState::Running);
        }
        match status.state {
            PublicationState::Completed => {
                self.witness.saw(&subject.draft.coordinates);
                self.arrived(subject, None)
            }
            // What somebody else has sent may be no good, ours may be.
            PublicationState::Failed if subject.sender == Sender::Stranger => self.arrived(subject, None),
            PublicationState::Failed => refused_publication(status),
            PublicationState::Running if self.is_overdue(subject) => self.late(subject).await,
            PublicationState::Running => self.ask_again(subject, item),
        }
    }

    /// The link is not known to the server: not yet, or no more.
    async fn status_missing(&self, subject: &mut Subject, item: &Item, elsewhere: Option<&str>) -> Outcome {
        let lost_for = subject.asking.lost();
        match self.is_there(subject).await {
            Ok(true) => {
                return self.arrived(subject, Some("the status link is gone, the asset is there".to_owned()));
            }
            Ok(false) => {}
            Err(outcome) => return outcome,
        }
        let patience = if elsewhere.is_some() { LOST_ELSEWHERE_AFTER } else { LOST_AFTER };
        if lost_for < patience && !self.is_overdue(subject) {
            return self.ask_again(subject, item);
        }
        if let Some(address) = elsewhere {
            return Outcome::GaveUp(self.told_elsewhere(address));
        }
        let failure = Failure::new("lost", "the server knows neither the publication nor the asset");
        Outcome::Back { step: PUBLISH, failure, after: Duration::ZERO, doubt: true }
    }

    /// It was accepted, so that it must not be sent again, and here nobody knows of it.
    fn told_elsewhere(&self, address: &str) -> Failure {
        let origin = self.exchange.client().origin();
        let message = format!(
            "the publication was accepted, and what becomes of it is told at `{address}`, where no credentials of {origin} \
             go; {origin} itself knows neither the publication nor the asset"
        );
        Failure::new("foreign-origin", message).hint(
            "where that is another name of the same server, make it target.host; otherwise what stands before the server \
             rewrites its links; `consign retry` goes on asking here",
        )
    }

    /// Whether the server lists the asset, whatever it holds.
    async fn is_there(&self, subject: &Subject) -> Result<bool, Outcome> {
        match self.exchange.asset(&subject.draft.coordinates).await {
            Ok(asset) => Ok(asset.is_some()),
            Err(error) => Err(failure::outcome(&error)),
        }
    }

    fn ask_again(&self, subject: &Subject, item: &Item) -> Outcome {
        let after = self.rhythm.next(subject.asking.polls()).min(self.settings.deadline);
        Outcome::Wait { token: item.token.clone().unwrap_or_default(), after }
    }

    fn is_overdue(&self, subject: &Subject) -> bool {
        subject.asking.waited() > self.settings.deadline
    }

    /// The publication has had its time: the asset may be there all the same.
    async fn late(&self, subject: &mut Subject) -> Outcome {
        match self.is_there(subject).await {
            Ok(true) => self.arrived(subject, Some("found after its deadline had passed".to_owned())),
            _ => Outcome::GaveUp(
                subject
                    .asking
                    .overdue("publication")
                    .hint("`consign retry` goes on asking; publish.deadline gives publications more time"),
            ),
        }
    }
}

/// The server took the package and then refused it: it says why step by step.
fn refused_publication(status: &PublicationStatus) -> Outcome {
    let words: Vec<String> = status
        .steps
        .iter()
        .filter(|step| !step.errors.is_empty())
        .map(|step| format!("{}: {}", step.description, step.errors.join("; ")))
        .collect();
    let code = status.steps.iter().filter(|step| !step.errors.is_empty()).find_map(|step| step.status_code);
    let message =
        if words.is_empty() { "the publication failed without a reason".to_owned() } else { words.join("; ") };
    let failure = Failure::new("publication", message).http(code);
    // A fault of the server's own may pass; what it says about the package will not.
    match code {
        Some(429 | 500..=599) => Outcome::Back { step: PUBLISH, failure, after: Duration::from_secs(2), doubt: true },
        _ => Outcome::Failed(failure.hint("mend the asset, then run again")),
    }
}
