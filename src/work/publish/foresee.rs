//! What publishing an asset would meet on the target; reads only.

use super::{Publish, Subject, compare::Comparison};
use crate::{asset::AssetDraft, exchange::Asset, journal::Failure, work::failure};

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
    /// This version, with the same content; the text is the proof.
    Same(String),
    /// This version, with other content; the text says what differs.
    Different(String),
}

impl Publish {
    /// Looks at the target.
    pub(in crate::work) async fn foresee(&self, draft: &AssetDraft) -> Result<OnTarget, Failure> {
        let mut subject = Subject::new(draft.clone(), self.wish(draft));
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
            Ok(Comparison::Same(proof)) => Ok(OnTarget::Same(proof)),
            Ok(Comparison::Different(what)) => Ok(OnTarget::Different(what)),
            Err(outcome) => Err(failure::of(outcome).unwrap_or_else(|| Failure::new("unknown", "cannot compare"))),
        }
    }
}
