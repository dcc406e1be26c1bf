//! Before an upload: the target may hold the asset already, and a read costs less than a package that is refused.

use super::{Making, PUBLISH, Publish, Subject, compare::Comparison};
use crate::{engine::Outcome, journal::Whose, work::failure};

impl Publish {
    /// Looks at the version, unless it is surely new. `None`: it may be sent.
    pub(super) async fn look_first(&self, subject: &mut Subject) -> Option<Outcome> {
        let here = subject.draft.coordinates.clone();
        if self.existing.is_surely_new(&here) || subject.looked_at.as_ref() == Some(&here) {
            return None;
        }
        self.look(subject).await
    }

    /// Looks at the version, whatever is known of it. `None`: it is not there, and may be sent.
    pub(super) async fn look(&self, subject: &mut Subject) -> Option<Outcome> {
        let here = subject.draft.coordinates.clone();
        let asset = match self.exchange.asset(&here).await {
            Ok(asset) => asset,
            Err(error) => return Some(nothing_sent(failure::outcome(&error))),
        };
        subject.looked_at = Some(here);
        let asset = asset?;
        self.forgotten.trace();
        match self.compare(subject, &asset).await {
            Ok(Comparison::Same(proof)) => Some(Self::there_already(subject, format!("already published: {proof}"))),
            // A development version is there to be published over.
            Ok(Comparison::Different(_)) if asset.is_development() && subject.making == Making::Over => None,
            // That it was there is written down before anything is sent.
            Ok(Comparison::Different(_)) if asset.is_development() => {
                subject.making = Making::Over;
                subject.brings(Whose::Theirs, None);
                let note = Some("a version in development is there: it is published over".to_owned());
                Some(Outcome::To { step: PUBLISH, fingerprint: None, note })
            }
            Ok(Comparison::Different(what)) => Some(nothing_sent(self.follow_policy(subject, &asset, &what).await)),
            Err(outcome) => Some(nothing_sent(outcome)),
        }
    }
}

/// A read that failed leaves no doubt about a write that was not made.
pub(super) fn nothing_sent(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Again { failure, after, .. } => Outcome::Again { failure, after, doubt: false },
        other => other,
    }
}
