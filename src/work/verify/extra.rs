//! What the target holds and the source does not name: further versions, and where all of a group is meant, further
//! assets.

use futures::{Stream, StreamExt, stream};

use super::{
    Verdict, Verified,
    actual::{Looker, Unread},
    judge::{Judged, unknown},
};
use crate::{
    asset::{Coordinates, Version},
    exchange::{AssetQuery, AssetSummary},
};

/// An asset of which versions may be left over.
pub(super) type AssetName = (String, String);

/// The versions of an asset that the source does not name.
pub(super) async fn versions(
    looker: &Looker,
    (group, asset): &AssetName,
    is_named: impl Fn(&Coordinates) -> bool,
) -> Vec<Judged> {
    let latest = match looker.exchange.latest(group, asset).await {
        Ok(latest) => latest,
        Err(error) => return vec![unknown(extra(format!("{group}/{asset}")), error.into())],
    };
    let Some(latest) = latest else { return Vec::new() };
    let mut versions: Vec<Version> = latest.all_versions().into_iter().filter_map(|text| text.parse().ok()).collect();
    versions.sort_unstable();
    let there = versions.into_iter().filter_map(|version| Coordinates::new(group, asset, version).ok());
    there.filter(|there| !is_named(there)).map(|there| Ok(extra(there.to_string()))).collect()
}

/// The assets of a group.
pub(super) fn assets<'a>(looker: &Looker, group: &'a str) -> impl Stream<Item = Result<AssetName, Unread>> + 'a {
    let start = (looker.exchange.for_organization(group), Some(0));
    let listed = stream::unfold(start, |(organization, offset)| async move {
        let (items, next) = match organization.list_page(&AssetQuery::default(), offset?).await {
            Ok(page) => (page.items.into_iter().map(Ok).collect(), page.next),
            Err(error) => (vec![Err(Unread::from(error))], None),
        };
        Some((stream::iter(items), (organization, next)))
    });
    let is_its_own = move |asset: &AssetSummary| asset.group_id == group;
    listed.flatten().filter_map(move |asset: Result<AssetSummary, Unread>| {
        std::future::ready(match asset {
            Ok(asset) => is_its_own(&asset).then_some(Ok((asset.group_id, asset.asset_id))),
            Err(unread) => Some(Err(unread)),
        })
    })
}

/// Something that nobody expects.
pub(super) fn extra(gav: String) -> Verified {
    Verified { gav: Some(gav), path: None, verdict: Verdict::Extra, differences: Vec::new(), note: None }
}
