//! `consign undo`: removes from the target what a job made there, newest first.
//!
//! Only versions that the journal knows as made by this job are touched: what was there before, what was only described,
//! and development versions that were published over stay. What depends on a version was made after it, so it goes first.

use std::collections::HashSet;

use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use super::{RunError, Selection, failure};
use crate::{
    asset::Coordinates,
    exchange::{Asset, DeleteType, Exchange, InstanceGroup},
    journal::{Failure, Journal, JournalError, Made, Reader},
    net::CallError,
};

/// What became of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Removed,
    /// It was gone already.
    Gone,
    /// It is still there.
    Kept(Failure),
}

/// One version, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// Its coordinates on the target.
    pub gav: String,
    /// What became of it.
    pub removal: Removal,
}

/// The removal of what a job made.
pub struct Undo<'a> {
    /// The target.
    pub exchange: &'a Exchange,
    /// The journal, opened by nobody else.
    pub journal: &'a Journal,
    /// Whether the numbers of the versions are free afterwards.
    pub how: DeleteType,
    /// How many removals are under way at once.
    pub concurrency: usize,
    /// Ends it early.
    pub stop: CancellationToken,
}

impl Undo<'_> {
    /// What would be removed of what a job, by its key, has made; newest first.
    ///
    /// # Errors
    /// [`JournalError`]
    pub fn foresee(reader: &Reader, job: &str, only: &Selection) -> Result<Vec<Made>, JournalError> {
        let mut made = reader.made(job)?;
        made.retain(|made| only.contains(&made.gav));
        Ok(made)
    }

    /// Removes it, and tells each as it goes; `false` where it was stopped before the end. May be repeated.
    ///
    /// # Errors
    /// [`RunError::JournalBroke`]
    pub async fn carry_out(&self, job: &str, only: &Selection, mut each: impl FnMut(Undone)) -> Result<bool, RunError> {
        let reader = self.journal.reader();
        let mut left = Self::foresee(reader, job, only).map_err(RunError::JournalBroke)?;
        left.reverse();
        while !left.is_empty() {
            if self.stop.is_cancelled() {
                return Ok(false);
            }
            let batch = self.next_batch(reader, &mut left).map_err(RunError::JournalBroke)?;
            let removals = join_all(batch.iter().map(|made| self.remove(&made.gav))).await;
            for (made, removal) in batch.into_iter().zip(removals) {
                let gav = made.gav.clone();
                if !matches!(removal, Removal::Kept(_)) {
                    self.journal.forget_made(made).await.map_err(RunError::JournalBroke)?;
                }
                each(Undone { gav, removal });
            }
        }
        Ok(true)
    }

    /// The newest ones that do not need each other and are no versions of one asset: these may go at once.
    fn next_batch(&self, reader: &Reader, left: &mut Vec<Made>) -> Result<Vec<Made>, JournalError> {
        let (mut batch, mut held) = (Vec::new(), HashSet::new());
        while let Some(made) = left.last() {
            let asset = made.gav.rsplit_once('/').map_or(made.gav.as_str(), |(asset, _)| asset).to_owned();
            if batch.len() >= self.concurrency.max(1) || held.contains(&made.gav) || !held.insert(asset) {
                break;
            }
            held.extend(reader.needs(made.item.0)?);
            batch.extend(left.pop());
        }
        Ok(batch)
    }

    async fn remove(&self, gav: &str) -> Removal {
        let coordinates: Coordinates = match gav.parse() {
            Ok(coordinates) => coordinates,
            Err(error) => return Removal::Kept(Failure::new("journal", format!("the journal's entry: {error}"))),
        };
        match self.try_remove(&coordinates).await {
            Ok(true) => Removal::Removed,
            Ok(false) => Removal::Gone,
            Err(error) => Removal::Kept(kept(&error, self.how)),
        }
    }

    async fn try_remove(&self, coordinates: &Coordinates) -> Result<bool, CallError> {
        let Some(asset) = self.exchange.asset(coordinates).await? else { return Ok(false) };
        if is_last_of_its_group(&asset) {
            self.remove_instances(&asset).await?;
        }
        self.exchange.delete(coordinates, self.how).await
    }

    /// External instances do not go with their version, and keep the last one of its group from going
    /// (EXCHANGE.md §3.10).
    async fn remove_instances(&self, asset: &Asset) -> Result<(), CallError> {
        let Some(version_group) = &asset.version_group else { return Ok(()) };
        let is_evented = asset.asset_type == "evented-api";
        let Ok(group) = InstanceGroup::new(&asset.group_id, &asset.asset_id, version_group, is_evented) else {
            return Ok(());
        };
        let instances = self.exchange.instances(&group).await?.unwrap_or_default();
        for instance in instances.iter().filter(|instance| instance.is_external()) {
            self.exchange.delete_instance(&group, &instance.id).await?;
        }
        Ok(())
    }
}

/// Whether no other version stands beside it in its group: those of one major number (EXCHANGE.md §2.4).
fn is_last_of_its_group(asset: &Asset) -> bool {
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    let own = major(&asset.version);
    asset.all_versions().iter().skip(1).all(|other| major(other) != own)
}

/// Why it is still there, and what to do.
fn kept(error: &CallError, how: DeleteType) -> Failure {
    let failure = failure::failure(error);
    match error.http() {
        Some(409) => failure.hint("something that this job did not make depends on it, or runs on it: remove that first"),
        Some(400 | 403) if how == DeleteType::Hard => failure.hint(
            "the organization may not allow hard deletion, or the account may not delete: --soft deletes and leaves the number blocked",
        ),
        _ => failure,
    }
}
