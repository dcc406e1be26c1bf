//! Finding out whether a publication in doubt has happened.

use std::time::Duration;

use tokio::time::Instant;

use super::{Making, Publish, Sender, Subject, compare::Comparison};
use crate::{
    engine::Outcome,
    exchange::{Asset, PublicationState},
    journal::{Failure, Item, Whose},
    work::failure,
};

/// How long an asset that cannot be found is looked for before it is taken for absent and sent again. The server may
/// work on what it took before the reply was lost, and may not tell of it until it is done: sending it again too early
/// is the one way to publish something twice.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same where the server has answered with an error of its own, or tells of every publication under way.
const SHORT_PATIENCE: Duration = Duration::from_secs(2);

/// How long to wait between looks: longer each time.
const FIRST_LOOK: Duration = Duration::from_secs(1);
const SLOWEST_LOOK: Duration = Duration::from_secs(5);

impl Publish {
    /// Looks the asset up. `None`: it was not published, and may be.
    pub(super) async fn look_up(&self, subject: &mut Subject, item: &Item) -> Option<Outcome> {
        match self.exchange.asset(&subject.draft.coordinates).await {
            Ok(Some(asset)) => self.found(subject, &asset, item).await,
            Ok(None) => self.look_for_run(subject).await,
            Err(error) => Some(still_in_doubt(&error)),
        }
    }

    async fn found(&self, subject: &mut Subject, asset: &Asset, item: &Item) -> Option<Outcome> {
        match self.compare(subject, asset).await {
            Ok(Comparison::Same(proof)) if subject.sender == Sender::Stranger => {
                Some(Self::there_already(subject, format!("already published: {proof}")))
            }
            Ok(Comparison::Same(proof)) => {
                if subject.sender == Sender::Us {
                    self.tally.add_published();
                }
                Some(self.published(subject, Some(format!("found on the server: {proof}"))))
            }
            // A development version is there to be published over: what we sent has not arrived.
            Ok(Comparison::Different(_)) if asset.is_development() => {
                subject.making = Making::Over;
                subject.brings(Whose::Theirs, None);
                None
            }
            // What is there may be what this job has brought before: then it never came to sending what has changed since.
            Ok(Comparison::Different(what)) => match self.follow_change(subject, item).await {
                Some(outcome) => Some(still(outcome)),
                None => Some(self.follow_policy(subject, asset, &what).await),
            },
            Err(outcome) => Some(still(outcome)),
        }
    }

    /// The asset is not there: perhaps its publication is still under way.
    async fn look_for_run(&self, subject: &mut Subject) -> Option<Outcome> {
        let link = self.exchange.latest_publication(&subject.draft.coordinates);
        let status = match self.exchange.publication_status(&link).await {
            Ok(status) => status,
            Err(error) => return Some(still_in_doubt(&error)),
        };
        match status.map(|status| status.state) {
            Some(PublicationState::Running) => return Some(self.accepted(subject, link)),
            // It ended badly: there is nothing that could still appear.
            Some(PublicationState::Failed) => return None,
            None if subject.answered || self.witness.tells(&self.exchange).await => {
                return Self::look_again(subject, SHORT_PATIENCE);
            }
            // It ended between the two questions, or nobody knows.
            Some(PublicationState::Completed) | None => {}
        }
        Self::look_again(subject, PATIENCE)
    }

    /// Looks again later, or gives up: `None`.
    fn look_again(subject: &mut Subject, patience: Duration) -> Option<Outcome> {
        if subject.doubted_since.get_or_insert_with(Instant::now).elapsed() >= patience {
            (subject.doubted_since, subject.fruitless_looks) = (None, 0);
            return None;
        }
        subject.fruitless_looks += 1;
        Some(Outcome::Unsure {
            failure: Failure::new("doubt", "not found on the server yet; looking again before sending it again"),
            after: (FIRST_LOOK * subject.fruitless_looks).min(SLOWEST_LOOK),
        })
    }
}

/// A probe that failed leaves the doubt.
fn still_in_doubt(error: &crate::net::CallError) -> Outcome {
    still(failure::outcome(error))
}

fn still(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Again { failure, after, .. } => Outcome::Again { failure, after, doubt: true },
        other => other,
    }
}
