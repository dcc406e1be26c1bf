//! The versions of the source on their way into the journal, page by page.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

use super::{Trip, filter::Filter, trip::Portal};
use crate::{
    asset::{AssetType, Coordinates, Diagnosis, ListedVersion, Problem, Sourced},
    exchange::{AssetSummary, Exchange},
    hub::AssetCard,
    inventory::{Inventory, Left, list, shown},
    net::CallError,
    offload::offload,
};

/// What was listed.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The organizations that were read.
    pub(super) organizations: Vec<String>,
    /// Assets that the source has: whether their versions were looked at.
    assets: HashMap<String, bool>,
    /// Versions that the source has.
    versions: HashSet<String>,
    /// Those of them that the job asks for.
    wanted: HashSet<String>,
    /// Versions that cannot be named, and why.
    pub(super) unnamed: Vec<(String, String)>,
}

impl Listed {
    /// Why a folder is none of this run.
    pub(super) fn left(&self, gav: &Coordinates) -> Option<Left> {
        let name = gav.to_string();
        if self.wanted.contains(&name) {
            return None;
        }
        let is_looked_at = self.assets.get(&format!("{}/{}", gav.group_id, gav.asset_id));
        match is_looked_at {
            Some(true) if !self.versions.contains(&name) => Some(Left::Vanished),
            Some(_) => Some(Left::LeftOut),
            None => Some(Left::Vanished),
        }
    }
}

/// One asset with its versions.
struct Opened {
    summary: AssetSummary,
    found: list::Versions,
}

impl Trip<'_> {
    /// Lists all organizations; gives each version that the job asks for, and each that cannot be named, to `each`.
    ///
    /// # Errors
    /// Where the source cannot be listed.
    pub(super) async fn list(&self, mut each: impl AsyncFnMut(Sourced)) -> Result<Listed, (String, CallError)> {
        let filter = Filter::new(&self.export.filter).expect("the globs were looked at with the job");
        if let Some(portal) = self.portal {
            let shown = Box::pin(self.list_shown(portal, &filter, each)).await;
            return shown.map_err(|error| (portal.label.clone(), error));
        }
        let mut listed = Listed { organizations: self.organizations().await, ..Listed::default() };
        for organization in listed.organizations.clone() {
            let exchange = self.exchange.for_organization(&organization);
            let wrong = |error: CallError| (organization.clone(), error);
            let opened = list::assets(&exchange)
                .map_ok(|summary| self.open(&exchange, &filter, summary))
                .try_buffered(self.job.pace.concurrency);
            let mut opened = std::pin::pin!(opened);
            while let Some(asset) = opened.try_next().await.map_err(wrong)? {
                if self.stop.is_cancelled() {
                    return Ok(listed);
                }
                for sourced in self.versions(&filter, &mut listed, asset).await {
                    each(sourced).await;
                }
            }
        }
        Ok(listed)
    }

    /// Asks for the versions of an asset, where one of them can be meant.
    async fn open(
        &self,
        exchange: &Exchange,
        filter: &Filter<'_>,
        summary: AssetSummary,
    ) -> Result<(AssetSummary, Option<Opened>), CallError> {
        let kind = summary.asset_type.as_deref().map(|text| {
            let Ok(kind) = text.parse::<AssetType>();
            kind
        });
        if kind.is_some_and(|kind| !filter.takes_asset(&kind, summary.modified_at.as_deref())) {
            return Ok((summary, None));
        }
        let found = list::versions(exchange, &summary).await?;
        Ok((summary.clone(), Some(Opened { summary, found })))
    }

    async fn versions(
        &self,
        filter: &Filter<'_>,
        listed: &mut Listed,
        (summary, opened): (AssetSummary, Option<Opened>),
    ) -> Vec<Sourced> {
        let name = format!("{}/{}", summary.group_id, summary.asset_id);
        let is_known = listed.assets.get(&name).is_some_and(|is_looked_at| *is_looked_at);
        let Some(Opened { summary, found }) = opened.filter(|_| !is_known) else {
            listed.assets.entry(name).or_insert(false);
            return Vec::new();
        };
        listed.assets.insert(name.clone(), true);
        listed.versions.extend(found.versions.iter().map(ToString::to_string));
        let mut sourced = unreadable(listed, &name, found.unnamed);
        let latest = found.latest.unwrap_or_default();
        let told = summary.modified_at.clone().or(latest.updated_date.clone());
        let kind = latest.kind();
        if !filter.takes_asset(&kind, told.as_deref()) {
            return sourced;
        }
        let mut leads = true;
        let wanted: Vec<Coordinates> = found.versions.into_iter().filter(|gav| filter.takes(gav)).collect();
        for coordinates in wanted {
            listed.wanted.insert(coordinates.to_string());
            let is_latest = coordinates.version.to_string() == latest.version;
            let state = if is_latest { latest.status.as_deref() } else { None };
            let path = self.inventory.folder(&coordinates);
            let stamp = self.stamp(told.as_deref(), state, &latest.version);
            let version = ListedVersion { coordinates, asset_type: kind.clone(), path, leads, shown_as: None, stamp };
            sourced.push(Sourced::Listed(Box::new(self.checked(version).await)));
            leads = false;
        }
        sourced
    }

    /// Lists what a portal shows.
    async fn list_shown(
        &self,
        portal: &Portal,
        filter: &Filter<'_>,
        mut each: impl AsyncFnMut(Sourced),
    ) -> Result<Listed, CallError> {
        let mut listed = Listed { organizations: vec![portal.label.clone()], ..Listed::default() };
        let cards = shown::assets(&portal.hub).await?;
        let opened = stream::iter(cards).map(Ok).map_ok(|card| self.open_shown(portal, filter, card));
        let opened = opened.try_buffered(self.job.pace.concurrency);
        let mut opened = std::pin::pin!(opened);
        while let Some((card, found)) = opened.try_next().await? {
            if self.stop.is_cancelled() {
                return Ok(listed);
            }
            for sourced in self.shown_versions(filter, &mut listed, &card, found).await {
                each(sourced).await;
            }
        }
        Ok(listed)
    }

    /// Asks for the versions of an asset that a portal shows, where one of them can be meant.
    async fn open_shown(
        &self,
        portal: &Portal,
        filter: &Filter<'_>,
        card: AssetCard,
    ) -> Result<(AssetCard, Option<shown::Versions>), CallError> {
        let Ok(kind) = card.asset_type.parse::<AssetType>();
        if !filter.takes_asset(&kind, card.updated_date.as_deref()) {
            return Ok((card, None));
        }
        let found = shown::versions(&portal.hub, &card).await?;
        Ok((card, Some(found)))
    }

    async fn shown_versions(
        &self,
        filter: &Filter<'_>,
        listed: &mut Listed,
        card: &AssetCard,
        found: Option<shown::Versions>,
    ) -> Vec<Sourced> {
        let name = format!("{}/{}", card.group_id, card.asset_id);
        listed.assets.insert(name.clone(), found.is_some());
        let Some(shown::Versions { versions, unnamed }) = found else { return Vec::new() };
        listed.versions.extend(versions.iter().map(|version| version.coordinates.to_string()));
        let mut sourced = unreadable(listed, &name, unnamed);
        let Ok(kind) = card.asset_type.parse::<AssetType>();
        let mut leads = true;
        for version in versions.into_iter().filter(|version| filter.takes(&version.coordinates)) {
            let shown::ShownVersion { coordinates, minor_version, details } = version;
            listed.wanted.insert(coordinates.to_string());
            let changed = details.updated_date.as_deref().or(card.updated_date.as_deref());
            let stamp = self.stamp(changed, details.life_cycle_state.as_deref(), &minor_version);
            let (path, asset_type) = (self.inventory.folder(&coordinates), kind.clone());
            let shown_as = Some(minor_version);
            let version = ListedVersion { coordinates, asset_type, path, leads, shown_as, stamp };
            sourced.push(Sourced::Listed(Box::new(self.checked(version).await)));
            leads = false;
        }
        sourced
    }

    /// What a list tells of changes. Where it tells nothing, every run reads anew.
    fn stamp(&self, changed: Option<&str>, state: Option<&str>, latest: &str) -> String {
        let changed = changed.filter(|_| !self.export.reread).unwrap_or(self.run);
        let states: Vec<&str> = self.export.filter.status.iter().map(|status| status.as_str()).collect();
        let told = [changed, state.unwrap_or_default(), latest, &states.join(",")].join("\n");
        hex::encode(&Sha256::digest(told)[..16])
    }

    /// A version that was brought, and whose folder is not whole any more, is brought again.
    async fn checked(&self, mut listed: ListedVersion) -> ListedVersion {
        let known = self.memory.and_then(|memory| memory.standing(&listed).ok().flatten());
        let is_brought = known.is_some_and(|(row, is_same)| {
            is_same
                && matches!(row.state, crate::journal::State::Done | crate::journal::State::Skipped)
                && !matches!(row.class.as_deref(), Some(super::FILTER | "gone"))
        });
        if is_brought {
            let (inventory, gav): (Inventory, Coordinates) = (self.inventory.clone(), listed.coordinates.clone());
            let is_there = offload(move || inventory.record(&gav).is_some_and(|record| inventory.is_complete(&record)));
            if !is_there.await {
                listed.stamp = format!("{}-{}", listed.stamp, self.run);
            }
        }
        listed
    }
}

/// Tells versions that cannot be named.
fn unreadable(listed: &mut Listed, name: &str, unnamed: Vec<(String, String)>) -> Vec<Sourced> {
    let mut sourced = Vec::with_capacity(unnamed.len());
    for (version, why) in unnamed {
        let named = format!("{name}/{version}");
        let message = format!("cannot be read: {why}");
        let hint = "no call of the API can name it";
        sourced.push(Sourced::Diagnosis(Box::new(
            Diagnosis::skipped(named.clone(), Problem::Value, message).gav(&named).hint(hint),
        )));
        listed.unnamed.push((named, why));
    }
    sourced
}

/// Batches of what is listed, so that the journal commits many at once.
pub(super) const BATCH: usize = 256;

/// A smaller batch waits no longer than this: where each asset takes a call, many of them take a while.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
