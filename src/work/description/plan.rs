//! What differs, with all that is needed to send it.

use crate::{
    asset::{Coordinates, Description},
    engine::Outcome,
    exchange::{Asset, AssetMetadata},
    work::failure,
};

use super::{
    Describer, Difference, texts,
    values::{Valued, compare_categories, compare_tags},
};

/// What is to be sent, and what that is in words.
#[derive(Debug)]
pub(super) struct Plan {
    /// What differs.
    pub(super) differences: Vec<Difference>,
    /// The asset as it was read.
    pub(super) asset: Asset,
    pub(super) metadata: AssetMetadata,
    pub(super) tags: Option<Vec<String>>,
    pub(super) values: Vec<Valued>,
}

impl Describer {
    /// Reads what the wish speaks of, and compares; `None` where the version is not there.
    pub(super) async fn plan(&self, coordinates: &Coordinates, wish: &Description) -> Result<Option<Plan>, Outcome> {
        let read = self.exchange.asset(coordinates).await.map_err(|error| failure::outcome(&error))?;
        let Some(asset) = read else { return Ok(None) };
        let (metadata, mut differences) = texts::compare(&asset, wish).map_err(Outcome::Failed)?;
        let tags = compare_tags(&asset, wish).map(|(tags, difference)| {
            differences.push(difference);
            tags
        });
        let mut values = Vec::new();
        let categories = compare_categories(&asset, &wish.categories);
        let fields = self.compare_fields(&asset, &wish.fields).await?;
        for (valued, difference) in categories.into_iter().chain(fields) {
            values.push(valued);
            differences.push(difference);
        }
        if let Some(status) = wish.status
            && asset.status.as_deref() != Some(status.as_str())
        {
            let there = asset.status.as_deref().unwrap_or_default();
            differences.push(Difference::between("status", there, status.as_str()));
        }
        Ok(Some(Plan { differences, asset, metadata, tags, values }))
    }
}
