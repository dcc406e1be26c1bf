//! What publishing an asset would meet on the target; reads only.

use std::collections::BTreeSet;

use super::{Publish, Subject, compare::Comparison, retarget};
use crate::{
    asset::AssetDraft,
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
    /// A development version, which is published over.
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
}

impl Publish {
    /// Looks at the target: under the coordinates of the draft, or those that an earlier run has published it as. Other
    /// versions of the source speak for the data that it `yields`.
    pub(in crate::work) async fn foresee(
        &self,
        draft: &AssetDraft,
        yields: &BTreeSet<String>,
        published_as: Option<String>,
    ) -> Result<OnTarget, Failure> {
        let mut draft = draft.clone();
        if let Some(there) = published_as.and_then(|gav| gav.parse().ok()) {
            retarget(&mut draft, there);
        }
        let mut wish = self.wish(&draft);
        wish.yield_to_others(yields);
        let mut subject = Subject::new(draft.clone(), wish);
        if let Some(failure) = failure::of(self.package(&mut subject).await) {
            return Err(failure);
        }
        let there = self.exchange.asset(&draft.coordinates).await.map_err(|error| failure::failure(&error))?;
        match there {
            Some(asset) if asset.is_development() => Ok(OnTarget::Development),
            Some(asset) => self.weigh(&subject, &asset).await,
            None => {
                let latest = self.exchange.latest(&draft.coordinates.group_id, &draft.coordinates.asset_id).await;
                Ok(match latest.map_err(|error| failure::failure(&error))? {
                    Some(asset) => OnTarget::NewVersion { latest: asset.version },
                    None => OnTarget::NewAsset,
                })
            }
        }
    }

    async fn weigh(&self, subject: &Subject, asset: &Asset) -> Result<OnTarget, Failure> {
        match self.compare(subject, asset).await {
            Ok(Comparison::Same(proof)) => Ok(OnTarget::Same { proof, differences: self.differences(subject).await? }),
            Ok(Comparison::Different(what)) => Ok(OnTarget::Different(what)),
            Err(outcome) => Err(failure::of(outcome).unwrap_or_else(|| Failure::new("unknown", "cannot compare"))),
        }
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
