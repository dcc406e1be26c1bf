//! What has changed since this job brought the asset to the target.

use super::{DESCRIBE, Imprint, PACKAGE, Publish, Subject, arrive::SAME_CONTENT, look::nothing_sent};
use crate::{
    asset::{Lifecycle, OnConflict},
    engine::{Ending, Outcome},
    journal::{Failure, Item, Retired},
};

impl Publish {
    /// After packaging: whether there is anything to send, and what.
    pub(super) fn weigh_change(subject: &mut Subject, item: &Item) -> Outcome {
        // An item that stood further on already may have been sent by the run that got it there: all of it is compared.
        if item.step.as_deref().is_some_and(|step| step != PACKAGE) {
            return Outcome::Next;
        }
        let Some((before, now)) = known(subject, item) else { return Outcome::Next };
        if !now.has_content_of(&before) {
            return Outcome::Next;
        }
        let proof = "its files hold what this job has published already".to_owned();
        // What was deprecated when it vanished is looked at as a whole when it comes back.
        if item.retired == Retired::No {
            now.forget_known(&before, &mut subject.wish);
        }
        if subject.wish.is_empty() {
            let failure = Failure::new(SAME_CONTENT, format!("{proof}, and nothing else has changed"));
            return Outcome::End(Ending::Skipped(failure));
        }
        subject.found = Some(proof);
        Outcome::To { step: DESCRIBE, fingerprint: None, note: None }
    }

    /// Before publishing, and when what was sent is in doubt: what `publish.on_change` says where this job has published other content under the same
    /// version. A development version is there to be published over.
    pub(super) async fn follow_change(&self, subject: &mut Subject, item: &Item) -> Option<Outcome> {
        let on_change = self.settings.on_change?;
        let (before, now) = known(subject, item)?;
        let is_development = subject.draft.status == Some(Lifecycle::Development);
        if now.has_content_of(&before) || is_development || subject.change_is_known {
            return None;
        }
        let here = &subject.draft.coordinates;
        let what = format!("its content has changed since it was published as {here}");
        let order = match on_change {
            OnConflict::Fail => {
                let hint = "give it a new version, or set publish.on_change to bump-…";
                return Some(Outcome::Failed(Failure::new("changed", what).hint(hint)));
            }
            OnConflict::Skip => return Some(Outcome::End(Ending::Skipped(Failure::new("changed", what)))),
            OnConflict::BumpPatch => crate::exchange::VersionOrder::Patch,
            OnConflict::BumpMinor => crate::exchange::VersionOrder::Minor,
            OnConflict::BumpMajor => crate::exchange::VersionOrder::Major,
        };
        let bumped = nothing_sent(self.bump(subject, order, &what).await);
        // A server that could not say the next version is asked again: until then nothing is decided.
        subject.change_is_known = matches!(bumped, Outcome::Retarget { .. });
        Some(bumped)
    }
}

/// What was brought last, and what would be brought now.
fn known(subject: &Subject, item: &Item) -> Option<(Imprint, Imprint)> {
    Some((Imprint::parse(item.fingerprint.as_deref()?)?, subject.imprint.clone()?))
}
