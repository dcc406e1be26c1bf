//! Reading a 409: it is never success unread.

use std::{sync::atomic::Ordering, time::Duration};

use super::{Publish, Subject, compare::Comparison};
use crate::{
    asset::{Coordinates, OnConflict},
    engine::{Ending, Outcome},
    exchange::{Asset, Conflict, VersionOrder},
    journal::Failure,
    net::Refusal,
    work::failure,
};

/// How long to leave a publication of the same coordinates that is in progress alone.
const IN_PROGRESS: Duration = Duration::from_secs(2);

/// After so many conflicts in a row that nobody can explain, something is wrong with the account rather than with the
/// assets (EXCHANGE.md U4).
const RIDDLES: u32 = 3;

impl Publish {
    pub(super) async fn resolve_conflict(&self, subject: &mut Subject, refusal: &Refusal) -> Outcome {
        match Conflict::of(refusal) {
            Conflict::Exists => self.compare_existing(subject, refusal).await,
            Conflict::Tombstone => self.step_over_tombstone(subject, refusal).await,
            Conflict::InProgress => Outcome::Again {
                failure: conflict("in-progress", refusal),
                after: refusal.retry_after.unwrap_or(IN_PROGRESS),
                doubt: true,
            },
            Conflict::RoleLimit => Outcome::Halt(conflict("role-limit", refusal).hint(
                "the publishing user holds too many roles: remove some, or set publish.assign_roles = false for a connected app",
            )),
            Conflict::Other => self.unknown_conflict(subject, refusal).await,
        }
    }

    async fn compare_existing(&self, subject: &mut Subject, refusal: &Refusal) -> Outcome {
        let asset = match self.exchange.asset(&subject.draft.coordinates).await {
            Ok(Some(asset)) => asset,
            // Refused because it exists, and not there: its publication must be under way.
            Ok(None) => {
                return Outcome::Again { failure: conflict("in-progress", refusal), after: IN_PROGRESS, doubt: true };
            }
            Err(error) => return failure::outcome(&error),
        };
        match self.compare(subject, &asset).await {
            Ok(Comparison::Same(proof)) => Self::there_already(subject, format!("already published: {proof}")),
            Ok(Comparison::Different(what)) => self.follow_policy(subject, &asset, &what).await,
            Err(outcome) => outcome,
        }
    }

    /// The target holds other content under these coordinates: its source says what to do, else the job does.
    pub(super) async fn follow_policy(&self, subject: &Subject, asset: &Asset, what: &str) -> Outcome {
        let message = format!("the target holds other content under these coordinates: {what}");
        let failure = Failure::new("conflict", message).http(Some(409));
        if let Some(already) = self.already(subject, asset).await {
            return already;
        }
        let order = match self.on_conflict(&subject.draft) {
            OnConflict::Fail => {
                return Outcome::Failed(failure.hint(match subject.draft.on_conflict {
                    Some(_) => "give it a new version, or another versionStrategy",
                    None => "give it a new version, or set publish.on_conflict to skip or bump-…",
                }));
            }
            OnConflict::Skip => return Outcome::End(Ending::Skipped(failure)),
            OnConflict::BumpPatch => VersionOrder::Patch,
            OnConflict::BumpMinor => VersionOrder::Minor,
            OnConflict::BumpMajor => VersionOrder::Major,
        };
        self.bump(subject, order, what).await
    }

    /// A bumped version of an earlier run may hold this content already: then there is nothing to bump.
    pub(super) async fn already(&self, subject: &Subject, asset: &Asset) -> Option<Outcome> {
        let bumps = self.on_conflict(&subject.draft).bumps() || self.settings.on_change.is_some_and(OnConflict::bumps);
        if !bumps {
            return None;
        }
        let here = &subject.draft.coordinates;
        let latest = self.exchange.latest(&here.group_id, &here.asset_id).await.ok()??;
        if latest.version == asset.version {
            return None;
        }
        match self.compare(subject, &latest).await {
            // Its turn comes under those coordinates: what describes it is compared there.
            Ok(Comparison::Same(proof)) => latest.coordinates().map(|there| Outcome::Retarget {
                note: format!("already published as {}: {proof}", latest.version),
                gav: there.to_string(),
            }),
            _ => None,
        }
    }

    async fn step_over_tombstone(&self, subject: &Subject, refusal: &Refusal) -> Outcome {
        let failure = conflict("tombstone", refusal);
        let order = match self.on_conflict(&subject.draft) {
            OnConflict::Fail | OnConflict::Skip => {
                return Outcome::Failed(failure.hint(
                    "this version was deleted and its number is burnt: publish a higher one, or hard-delete the tombstone",
                ));
            }
            OnConflict::BumpPatch => VersionOrder::Patch,
            OnConflict::BumpMinor => VersionOrder::Minor,
            OnConflict::BumpMajor => VersionOrder::Major,
        };
        self.bump(subject, order, "the version was deleted").await
    }

    pub(super) async fn bump(&self, subject: &Subject, order: VersionOrder, why: &str) -> Outcome {
        let here = &subject.draft.coordinates;
        if subject.draft.files.iter().any(|file| file.key.packaging == "pom") {
            return Outcome::Failed(
                Failure::new(
                    "conflict",
                    format!("{why}; its version stands in its POM and cannot be bumped from outside"),
                )
                .http(Some(409))
                .hint("raise the version in the project"),
            );
        }
        match self.exchange.next_available_version(&here.group_id, &here.asset_id, order).await {
            Ok(version) => match Coordinates::new(&here.group_id, &here.asset_id, version) {
                Ok(next) => Outcome::Retarget { note: format!("{why}: publishing as {next}"), gav: next.to_string() },
                Err(error) => Outcome::Failed(Failure::new("conflict", error.to_string())),
            },
            Err(error) => failure::outcome(&error),
        }
    }

    /// A 409 in words we do not know: if the asset is there it is the usual conflict, whatever the words.
    async fn unknown_conflict(&self, subject: &mut Subject, refusal: &Refusal) -> Outcome {
        match self.exchange.asset(&subject.draft.coordinates).await {
            Ok(Some(_)) => self.compare_existing(subject, refusal).await,
            Ok(None) => {
                let failure = conflict("conflict", refusal);
                if self.riddles.fetch_add(1, Ordering::Relaxed) + 1 >= RIDDLES {
                    return Outcome::Halt(failure.hint(
                        "several publications in a row were refused like this: the publishing user may hold too many roles",
                    ));
                }
                Outcome::Failed(failure)
            }
            Err(error) => failure::outcome(&error),
        }
    }
}

fn conflict(class: &str, refusal: &Refusal) -> Failure {
    Failure::new(class, refusal.to_string()).http(Some(refusal.status))
}
