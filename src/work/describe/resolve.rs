//! Which version a row changes.

use super::{Describe, Subject};
use crate::{
    asset::{AssetChange, Coordinates, Version},
    engine::Outcome,
    journal::{Failure, Item},
    net::CallError,
    work::{description::MISSING, failure},
};

impl Describe {
    /// Asks for the latest version, where the row names none. The journal keeps which one it is: a run that is cut off
    /// goes on with the same one.
    pub(super) async fn resolve(&self, subject: &mut Subject, item: &Item) -> Outcome {
        if subject.coordinates.is_some() {
            return Outcome::Next;
        }
        let coordinates = match self.latest(&subject.change).await {
            Ok(Some(coordinates)) => coordinates,
            Ok(None) => return Outcome::Failed(no_asset(&subject.change)),
            Err(error) => return failure::outcome(&error),
        };
        subject.coordinates = Some(coordinates.clone());
        let gav = coordinates.to_string();
        if item.published_as.as_ref() == Some(&gav) {
            return Outcome::Next;
        }
        Outcome::Retarget { gav, note: format!("{} is the latest version", coordinates.version) }
    }

    /// The latest version of an asset; `None` where there is no such asset, or none with a version that can be named.
    pub(super) async fn latest(&self, change: &AssetChange) -> Result<Option<Coordinates>, CallError> {
        let asset = self.exchange.latest(&change.group_id, &change.asset_id).await?;
        let version: Option<Version> = asset.and_then(|asset| asset.version.parse().ok());
        Ok(version.map(|version| change.at(version)))
    }
}

/// There is nothing to change.
fn no_asset(change: &AssetChange) -> Failure {
    Failure::new(MISSING, format!("the target has no asset {}/{}", change.group_id, change.asset_id))
        .hint("publish it first, or correct its coordinates")
}
