//! `consign undo`: removes from the target what a job made there, newest first.
//!
//! Only versions that the journal knows as made by this job are touched: what was there before, what was only described,
//! and development versions that were published over stay. So does a version that is not the one that was made: somebody
//! has made it anew since, or holds other content in it. What depends on a version was made after it, so it goes first.

use std::collections::HashSet;

use camino::Utf8Path;
use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use super::{
    RunError, Selection,
    contents::{ContentError, contents},
    failure,
    scratch::Scratch,
};
use crate::{
    asset::Coordinates,
    exchange::{Asset, DeleteType, DownloadError, Exchange, InstanceGroup},
    journal::{Failure, Journal, JournalError, Made, Reader},
    net::CallError,
    package::Fingerprint,
};

/// A version that was made later than this after the journal says so was made by somebody else, in milliseconds. The
/// server's time is known to a second, and what a reply takes.
const AFTERWARDS: i64 = 5_000;

/// The same where only our own clock told the time.
const CLOCKS_APART: i64 = 5 * 60_000;

/// Dependents that are named; more tell nothing more.
const NAMED: u32 = 3;

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
        let scratch = Scratch::new().map_err(RunError::Scratch)?;
        while !left.is_empty() {
            if self.stop.is_cancelled() {
                return Ok(false);
            }
            let batch = self.next_batch(reader, &mut left).map_err(RunError::JournalBroke)?;
            let removals = join_all(batch.iter().map(|made| self.remove(made, scratch.path()))).await;
            for (made, removal) in batch.into_iter().zip(removals) {
                let gav = made.gav.clone();
                let removal = match removal {
                    Removal::Kept(failure) if failure.http == Some(409) => {
                        let upon = reader.made_upon(job, made.item, NAMED).map_err(RunError::JournalBroke)?;
                        Removal::Kept(needed(failure, &upon))
                    }
                    Removal::Kept(failure) => Removal::Kept(failure),
                    removed => {
                        self.journal.forget_made(made).await.map_err(RunError::JournalBroke)?;
                        removed
                    }
                };
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

    async fn remove(&self, made: &Made, scratch: &Utf8Path) -> Removal {
        let coordinates: Coordinates = match made.gav.parse() {
            Ok(coordinates) => coordinates,
            Err(error) => return Removal::Kept(Failure::new("journal", format!("the journal's entry: {error}"))),
        };
        match self.try_remove(&coordinates, made, scratch).await {
            Ok(removal) => removal,
            Err(error) => Removal::Kept(kept(&error, self.how)),
        }
    }

    async fn try_remove(
        &self,
        coordinates: &Coordinates,
        made: &Made,
        scratch: &Utf8Path,
    ) -> Result<Removal, CallError> {
        let Some(asset) = self.exchange.asset(coordinates).await? else { return Ok(Removal::Gone) };
        match self.is_another(&asset, made, scratch).await {
            Ok(None) => {}
            Ok(Some(why)) => return Ok(Removal::Kept(not_ours(why))),
            Err(ContentError::Download(DownloadError::Call(error))) => return Err(error),
            Err(error) => return Ok(Removal::Kept(Failure::new("local-file", failure::chain(&error)))),
        }
        if is_last_of_its_group(&asset) {
            self.remove_instances(&asset).await?;
        }
        Ok(if self.exchange.delete(coordinates, self.how).await? { Removal::Removed } else { Removal::Gone })
    }

    /// What tells that a version is not the one that was made; `None`: it is, as far as anybody knows.
    async fn is_another(
        &self,
        asset: &Asset,
        made: &Made,
        scratch: &Utf8Path,
    ) -> Result<Option<&'static str>, ContentError> {
        if is_later(asset, made) {
            return Ok(Some("it was made anew since this job made it"));
        }
        let Some(content) = &made.content else { return Ok(None) };
        let there = Fingerprint::new(contents(self.exchange, asset, scratch).await?);
        Ok((there.to_string() != *content).then_some("it holds other files than this job has sent"))
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

/// Whether the server says that it made the version after this job did.
fn is_later(asset: &Asset, made: &Made) -> bool {
    let created = asset.created_date.as_deref().and_then(|date| date.parse::<jiff::Timestamp>().ok());
    let latest = made.server_time.map_or(made.at.saturating_add(CLOCKS_APART), |at| at.saturating_add(AFTERWARDS));
    created.is_some_and(|created| created.as_millisecond() > latest)
}

fn not_ours(why: &str) -> Failure {
    Failure::new("not-ours", format!("it is not the version that this job made: {why}"))
        .hint("where it is to go all the same, remove it by hand")
}

/// Who needs it, where that is known.
fn needed(failure: Failure, upon: &[String]) -> Failure {
    if upon.is_empty() {
        return failure;
    }
    let upon = upon.join(", ");
    failure.hint(format!("{upon}, which this job made as well, depends on it: remove that with it, by another --only"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::ItemId;

    #[test]
    fn a_version_that_the_server_made_later_than_this_job_is_another_one() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let made = |at, server_time| Made { item: ItemId(1), gav: String::new(), at, server_time, content: None };
        let there = |date: Option<&str>| Asset { created_date: date.map(str::to_owned), ..Asset::default() };
        let (noon, late) = ("2026-01-01T12:00:00.000Z", "2026-01-01T12:00:30.000Z");
        // Our clock is an hour slow; the server's tells.
        let known = made(at("2026-01-01T11:00:00Z"), Some(at(noon)));
        assert!(!is_later(&there(Some(noon)), &known) && is_later(&there(Some(late)), &known));
        let unknown = made(at(noon), None);
        assert!(!is_later(&there(Some(late)), &unknown) && is_later(&there(Some("2026-01-01T12:06:00Z")), &unknown));
        assert!(!is_later(&there(None), &known) && !is_later(&there(Some("yesterday")), &known));
    }
}
