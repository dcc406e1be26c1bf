//! Whether we may write where the job publishes to, as far as reads tell (EXCHANGE.md §1.3, §1.5).

use super::reads::Ear;
use crate::{
    asset::Coordinates,
    exchange::{Asset, AssetQuery, AssetSummary},
    work::{
        finding::{Finding, Level},
        place::Place,
    },
};

const CHECK: &str = "rights";

/// The same, before anything else of the target is known.
pub(in crate::work) async fn rights_at(place: &Place) -> Option<Finding> {
    let mut ear = Ear::default();
    let listed = place.own.list_page(&AssetQuery::default(), 0).await;
    let sample = ear.hear("the assets of the organization", listed).and_then(|page| page.items.into_iter().next());
    look_at(place, sample.as_ref(), &mut ear).await
}

/// What the credentials lack, where the server says so.
///
/// The profile lists the organizations that its user contributes to. An organization that is not among them is only
/// suspicious: a role for a single asset is no role in its organization. So an asset that we may edit speaks for us; and
/// where the server does not tell, nobody is refused. Of a connected app the profile tells nothing: it is that of the
/// user who made it (§1.5), and only an asset tells what the app may do.
pub(super) async fn look_at(place: &Place, sample: Option<&AssetSummary>, ear: &mut Ear) -> Option<Finding> {
    let me = place.me.as_ref()?;
    let contributes = me.contributor_of.as_ref()?;
    let target = place.own.organization();
    let is_named = |id: &str| contributes.iter().any(|known| known.id == id);
    // An answer that knows no organization at all knows nothing of ours.
    if me.organizations.is_empty() || me.line(target).any(is_named) || is_named(place.root.organization()) {
        return None;
    }
    let is_refused = match asset_of(place, sample, ear).await {
        Some(asset) => asset.permissions.is_some_and(|held| held.is_empty()),
        None => !me.is_connected_app,
    };
    if !is_refused {
        return None;
    }
    let finding = Finding::whole(
        CHECK,
        Level::Failure,
        format!("the credentials may read in the organization {target}, not publish"),
    );
    Some(finding.hint(
        "give the user or connected app the role Exchange Contributor there; if the server is wrong about that, preflight.skip = true",
    ))
}

/// An asset of the organization, where there is one to ask about.
async fn asset_of(place: &Place, sample: Option<&AssetSummary>, ear: &mut Ear) -> Option<Asset> {
    let sample = sample?;
    let at = format!("{}/{}/{}", sample.group_id, sample.asset_id, sample.version).parse::<Coordinates>().ok()?;
    ear.hear("an asset of the organization", place.own.asset(&at).await)?
}
