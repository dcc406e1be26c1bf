//! Finding out whether a publication in doubt has happened.

use std::time::Duration;

use super::{Publish, Subject, compare::Comparison};
use crate::{
    engine::Outcome,
    exchange::{Asset, PublicationState},
    journal::Failure,
    work::failure,
};

/// How often an asset that cannot be found is looked for before it is taken for absent. A publication that was accepted
/// a moment ago may not be listed yet.
const PROBES: u32 = 2;

/// How long to wait between these looks.
const BETWEEN: Duration = Duration::from_secs(1);

impl Publish {
    /// Looks the asset up. `None`: it was not published, and may be.
    pub(super) async fn look_up(&self, subject: &mut Subject) -> Option<Outcome> {
        match self.exchange.asset(&subject.draft.coordinates).await {
            Ok(Some(asset)) => self.found(subject, &asset).await,
            Ok(None) => self.look_for_run(subject).await,
            Err(error) => Some(still_in_doubt(&error)),
        }
    }

    async fn found(&self, subject: &Subject, asset: &Asset) -> Option<Outcome> {
        match self.compare(subject, asset).await {
            Ok(Comparison::Same(proof)) => {
                Some(Self::published(subject, Some(format!("found on the server: {proof}"))))
            }
            // A development version is there to be published over: what we sent has not arrived.
            Ok(Comparison::Different(_)) if asset.is_development() => None,
            Ok(Comparison::Different(what)) => Some(self.follow_policy(subject, asset, &what).await),
            Err(outcome) => Some(still(outcome)),
        }
    }

    /// The asset is not there: perhaps its publication is still under way.
    async fn look_for_run(&self, subject: &mut Subject) -> Option<Outcome> {
        let link = self.exchange.latest_publication(&subject.draft.coordinates);
        match self.exchange.publication_status(&link).await {
            Ok(Some(status)) if status.state == PublicationState::Running => Some(self.wait_for(link)),
            // It ended between the two questions, or ended badly: the asset tells.
            Ok(Some(status)) if status.state == PublicationState::Completed && subject.fruitless_probes < PROBES => {
                Some(Self::look_again(subject))
            }
            Ok(None) if subject.fruitless_probes < PROBES => Some(Self::look_again(subject)),
            Ok(_) => None,
            Err(error) => Some(still_in_doubt(&error)),
        }
    }

    fn look_again(subject: &mut Subject) -> Outcome {
        subject.fruitless_probes += 1;
        Outcome::Again {
            failure: Failure::new("doubt", "not found on the server yet; looking again before sending it again"),
            after: BETWEEN,
            doubt: true,
        }
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
