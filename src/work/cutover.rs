//! `consign cutover`: what has moved is deprecated where it was.

use std::collections::{HashMap, HashSet};

use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use super::{
    failure,
    verify::{Mismatch, Verdict, Verified},
};
use crate::{
    asset::{Coordinates, Lifecycle, Remap},
    exchange::Exchange,
    journal::Failure,
    net::CallError,
};

/// What a verification says of whole assets of the target: one version that is not as it should be keeps all of them.
#[derive(Debug, Default)]
pub struct Moved {
    versions: HashSet<String>,
    doubted: HashMap<String, &'static str>,
}

/// What became of a version of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retirement {
    /// It is deprecated now, or would be.
    Deprecated,
    /// It was so before, or is gone.
    Already,
    /// It stays as it is.
    Kept(Failure),
}

/// The end of a migration, at its source.
pub struct Cutover<'a> {
    /// The source.
    pub exchange: &'a Exchange,
    /// Whether it is only told what would be done.
    pub is_rehearsal: bool,
    /// How many versions are asked about at once.
    pub concurrency: usize,
    /// Ends it early.
    pub stop: CancellationToken,
}

impl Moved {
    /// Takes note of what was found on the target.
    pub fn note(&mut self, verified: &Verified) {
        let Some(gav) = &verified.gav else { return };
        if verified.verdict == Verdict::Equal || is_retired(verified) {
            self.versions.insert(gav.clone());
        } else {
            self.doubted.entry(asset_of(gav).to_owned()).or_insert(verified.verdict.as_str());
        }
    }

    /// Whether a version of the source is on the target, and its asset as it should be; else why not.
    ///
    /// # Errors
    /// What keeps it.
    pub fn has(&self, version: &Coordinates, remap: &Remap) -> Result<(), Failure> {
        let there = remap.coordinates(version).to_string();
        if let Some(verdict) = self.doubted.get(asset_of(&there)) {
            let message =
                format!("the target is not as the source says: a version of {} is {verdict}", asset_of(&there));
            return Err(Failure::new("verify", message).hint("`consign verify` tells what differs"));
        }
        if self.versions.contains(&there) {
            return Ok(());
        }
        Err(Failure::new("verify", format!("it was not held to {there}"))
            .hint("it is not among what this job verifies"))
    }
}

/// Whether nothing differs but that the source is deprecated: by a cutover before this one.
fn is_retired(verified: &Verified) -> bool {
    let is_state = |mismatch: &Mismatch| {
        mismatch.datum == "status"
            && mismatch.expected == Lifecycle::Deprecated.as_str()
            && mismatch.actual == Lifecycle::Published.as_str()
    };
    verified.verdict == Verdict::Different
        && verified.differences.iter().all(is_state)
        && !verified.differences.is_empty()
}

fn asset_of(gav: &str) -> &str {
    gav.rsplit_once('/').map_or(gav, |(asset, _)| asset)
}

impl Cutover<'_> {
    /// Deprecates versions of the source, and tells each as it goes; `false` where it was stopped before the end. May be
    /// repeated.
    pub async fn carry_out(&self, versions: Vec<Coordinates>, mut each: impl FnMut(&Coordinates, Retirement)) -> bool {
        let retire = async |version: Coordinates| {
            let retired = self.retire(&version).await;
            (version, retired)
        };
        let retired = stream::iter(versions).take_until(self.stop.cancelled()).map(retire);
        let mut retired = std::pin::pin!(retired.buffered(self.concurrency.max(1)));
        while let Some((version, retirement)) = retired.next().await {
            each(&version, retirement);
        }
        !self.stop.is_cancelled()
    }

    async fn retire(&self, version: &Coordinates) -> Retirement {
        self.try_retire(version).await.unwrap_or_else(|error| Retirement::Kept(failure::failure(&error)))
    }

    async fn try_retire(&self, version: &Coordinates) -> Result<Retirement, CallError> {
        let Some(asset) = self.exchange.asset(version).await? else { return Ok(Retirement::Already) };
        if asset.is_development() {
            let message = "it is in development, and only what was published can be deprecated";
            return Ok(Retirement::Kept(Failure::new("status", message)));
        }
        if asset.status.as_deref() == Some(Lifecycle::Deprecated.as_str()) {
            return Ok(Retirement::Already);
        }
        if !self.is_rehearsal {
            self.exchange.put_status(version, Lifecycle::Deprecated).await?;
        }
        Ok(Retirement::Deprecated)
    }
}
