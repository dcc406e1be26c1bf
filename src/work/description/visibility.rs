//! Who sees a version group: one call names all that are public, and makes the others private (EXCHANGE.md §5.4).

use crate::{
    asset::{Coordinates, Visibility},
    engine::Outcome,
    exchange::{Asset, VersionGroup},
    journal::Failure,
};

use super::{Describer, Difference, Progress, not_there, refused};

impl Describer {
    /// What differs.
    pub(super) async fn compare_visibility(
        &self,
        coordinates: &Coordinates,
        asset: &Asset,
        wished: Visibility,
    ) -> Result<Option<Difference>, Outcome> {
        let group = group_of(coordinates, asset)?;
        let groups = self.read_groups(coordinates).await?;
        Ok(change(&groups, group, wished).map(|(_, difference)| difference))
    }

    /// Makes the version group of a version public or private; the others stay as they are. The list is read right
    /// before it is sent, and nobody else of this run sends one for the asset meanwhile.
    pub(super) async fn bring_visibility(
        &self,
        progress: &mut Progress,
        coordinates: &Coordinates,
        wished: Visibility,
    ) -> Result<(), Outcome> {
        let (group_id, asset_id) = (&coordinates.group_id, &coordinates.asset_id);
        let _turn = self.turns.take(format!("{group_id}/{asset_id}")).await;
        let asset = self.exchange.asset(coordinates).await.map_err(refused)?;
        let asset = asset.ok_or_else(|| not_there(coordinates))?;
        let group = group_of(coordinates, &asset)?;
        let groups = self.read_groups(coordinates).await?;
        if let Some((public, difference)) = change(&groups, group, wished) {
            self.exchange.put_public(group_id, asset_id, &public).await.map_err(refused)?;
            progress.accepted(&self.tally);
            progress.tell(&[difference]);
        }
        Ok(())
    }

    async fn read_groups(&self, coordinates: &Coordinates) -> Result<Vec<VersionGroup>, Outcome> {
        let read = self.exchange.version_groups(&coordinates.group_id, &coordinates.asset_id).await;
        Ok(read.map_err(refused)?.unwrap_or_default())
    }
}

/// All groups that are to be public, where that is another list than there is.
fn change<'a>(groups: &'a [VersionGroup], group: &'a str, wished: Visibility) -> Option<(Vec<&'a str>, Difference)> {
    let public = groups.iter().filter(|known| known.is_public).map(|known| known.version_group.as_str());
    let mut public: Vec<&str> = public.collect();
    let there = Visibility::from(public.contains(&group));
    if there == wished {
        return None;
    }
    match wished {
        Visibility::Public => public.push(group),
        Visibility::Private => public.retain(|known| *known != group),
    }
    Some((public, Difference::between("visibility", there.as_str(), wished.as_str())))
}

/// The version group as the server tells it.
fn group_of<'a>(coordinates: &Coordinates, asset: &'a Asset) -> Result<&'a str, Outcome> {
    let told = asset.version_group.as_deref().map(str::trim).filter(|group| !group.is_empty());
    told.ok_or_else(|| {
        let message = format!("the server tells no version group of {coordinates}, and visibility belongs to one");
        Outcome::Failed(Failure::new("input", message).hint("leave the visibility of this version out"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(told: &[(&str, bool)]) -> Vec<VersionGroup> {
        let group = |(name, is_public): &(&str, bool)| VersionGroup {
            version_group: (*name).to_owned(),
            is_public: *is_public,
            ..VersionGroup::default()
        };
        told.iter().map(group).collect()
    }

    #[test]
    fn the_whole_list_goes_out_and_only_where_it_changes() {
        let there = groups(&[("v1", true), ("v2", false)]);
        let sent = |group, wished| change(&there, group, wished).map(|(public, told)| (public, told.to_string()));
        let told = "visibility: private → public".to_owned();
        assert_eq!(sent("v2", Visibility::Public), Some((vec!["v1", "v2"], told)));
        assert_eq!(sent("v1", Visibility::Private).map(|(public, _)| public), Some(vec![]));
        assert_eq!(sent("v1", Visibility::Public), None);
        assert_eq!(sent("v2", Visibility::Private), None);
        assert_eq!(sent("v3", Visibility::Public).map(|(public, _)| public), Some(vec!["v1", "v3"]), "not listed yet");
    }
}
