//! What publishing an asset would meet on the target; reads only.

use std::collections::BTreeSet;

use super::{Imprint, Publish, Subject, compare::Comparison, retarget};
use crate::{
    asset::{AssetDraft, Lifecycle, OnConflict},
    engine::Outcome,
    exchange::Asset,
    journal::Failure,
    work::{
        description::{Difference, Differences},
        failure,
    },
};

/// What the target holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::work) enum OnTarget {
    /// No version of the asset.
    NewAsset,
    /// Other versions of it.
    NewVersion {
        /// The latest of them.
        latest: String,
    },
    /// A development version with other content, which is published over.
    Development,
    /// This version, with the same content.
    Same {
        /// The proof.
        proof: String,
        /// What describes it otherwise than the source does.
        differences: Vec<Difference>,
    },
    /// This version, with other content; the text says what differs.
    Different(String),
    /// What this job published, which has changed in the source since; the job says what to do then.
    Changed(OnConflict),
}

/// What an earlier run has made of an asset.
#[derive(Debug, Clone, Default)]
pub(in crate::work) struct Earlier {
    /// The coordinates it was published as, where these are not its own.
    pub(in crate::work) published_as: Option<String>,
    /// The digest that the journal keeps.
    pub(in crate::work) fingerprint: Option<String>,
}

impl Publish {
    /// Looks at the target. Other versions of the source speak for the data that it `yields`.
    pub(in crate::work) async fn foresee(
        &self,
        draft: &AssetDraft,
        yields: &BTreeSet<String>,
        earlier: Earlier,
    ) -> Result<OnTarget, Failure> {
        let mut draft = draft.clone();
        if let Some(there) = earlier.published_as.and_then(|gav| gav.parse().ok()) {
            retarget(&mut draft, there);
        }
        let mut wish = self.wish(&draft);
        wish.yield_to_others(yields);
        let mut subject = Subject::new(draft.clone(), wish);
        if let Some(failure) = failure::of(self.package(&mut subject).await) {
            return Err(failure);
        }
        let before = earlier.fingerprint.as_deref().and_then(Imprint::parse);
        if let Some(changed) = self.changed_since(&mut subject, before.as_ref()) {
            return Ok(changed);
        }
        let there = self.exchange.asset(&draft.coordinates).await.map_err(|error| failure::failure(&error))?;
        if let Some(asset) = there {
            return self.weigh(&mut subject, &asset).await;
        }
        let latest = self.exchange.latest(&draft.coordinates.group_id, &draft.coordinates.asset_id).await;
        Ok(match latest.map_err(|error| failure::failure(&error))? {
            Some(asset) => OnTarget::NewVersion { latest: asset.version },
            None => OnTarget::NewAsset,
        })
    }

    /// What the journal knows to have changed; leaves in the wish what it does not know to be true already.
    fn changed_since(&self, subject: &mut Subject, before: Option<&Imprint>) -> Option<OnTarget> {
        let (before, now) = (before?, subject.imprint.clone()?);
        if now.has_content_of(before) {
            now.forget_known(before, &mut subject.wish);
            return None;
        }
        let is_development = subject.draft.status == Some(Lifecycle::Development);
        self.settings.on_change.filter(|_| !is_development).map(OnTarget::Changed)
    }

    async fn weigh(&self, subject: &mut Subject, asset: &Asset) -> Result<OnTarget, Failure> {
        let unknown =
            |outcome: Outcome| failure::of(outcome).unwrap_or_else(|| Failure::new("unknown", "cannot compare"));
        let what = match self.compare(subject, asset).await.map_err(unknown)? {
            Comparison::Same(proof) => {
                return Ok(OnTarget::Same { proof, differences: self.differences(subject).await? });
            }
            Comparison::Different(_) if asset.is_development() => return Ok(OnTarget::Development),
            Comparison::Different(what) => what,
        };
        // The version that an earlier run has bumped it to may be there.
        if let Some(Outcome::Retarget { gav, note }) = self.already(subject, asset).await
            && let Ok(there) = gav.parse()
        {
            retarget(&mut subject.draft, there);
            return Ok(OnTarget::Same { proof: note, differences: self.differences(subject).await? });
        }
        Ok(OnTarget::Different(what))
    }

    async fn differences(&self, subject: &Subject) -> Result<Vec<Difference>, Failure> {
        if subject.wish.is_empty() {
            return Ok(Vec::new());
        }
        match self.describer.compare(&subject.draft.coordinates, &subject.wish).await {
            Ok(Differences::Found(differences)) => Ok(differences),
            Ok(Differences::NotThere) => Ok(Vec::new()),
            Err(outcome) => Err(failure::of(outcome).unwrap_or_else(|| Failure::new("unknown", "cannot compare"))),
        }
    }
}
