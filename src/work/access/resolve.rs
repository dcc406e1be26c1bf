//! What the names of a row stand for. Reads only, and most of it once for many rows.

use std::sync::Arc;

use super::{Access, Subject, applications::Named, contract::NamedTier, grants};
use crate::{
    asset::{PortalAsset, WantedAccess},
    engine::Outcome,
    hub::{HubError, choose_tier},
    journal::{Failure, Item},
    net::CallError,
    work::{
        failure,
        portal::{MISSING, ShownError},
    },
};

/// What a row is about, by the ids that calls take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) application: Named,
    pub(super) asset: PortalAsset,
    /// The same as the portal itself names it: by that contracts are told from each other.
    pub(super) shown: PortalAsset,
    pub(super) instance: String,
    /// The tier that is wanted; `None`: the instance has none.
    pub(super) tier: Option<NamedTier>,
}

/// Why a row cannot be resolved.
#[derive(Debug)]
pub(super) enum Unresolved {
    /// It is wrong, or the portal does not have what it names.
    Wrong(Failure),
    /// The portal could not be asked.
    Unread(CallError),
}

impl From<CallError> for Unresolved {
    fn from(error: CallError) -> Self {
        Self::Unread(error)
    }
}

impl From<HubError> for Unresolved {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Call(error) | HubError::Unlisted(error) => Self::Unread(error),
            wrong => Self::Wrong(told(&wrong)),
        }
    }
}

impl From<Unresolved> for Failure {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved {
            Unresolved::Wrong(failure) => failure,
            Unresolved::Unread(error) => failure::failure(&error),
        }
    }
}

impl From<ShownError> for Unresolved {
    fn from(error: ShownError) -> Self {
        match error {
            ShownError::Call(error) => Self::Unread(error),
            ShownError::Missing(failure) => Self::Wrong(failure),
        }
    }
}

/// What it means for a step that something could not be read: nothing was sent by that.
pub(super) fn unread(error: &CallError, is_in_doubt: bool) -> Outcome {
    match failure::outcome(error) {
        Outcome::Again { failure, after, .. } => Outcome::Again { failure, after, doubt: is_in_doubt },
        outcome => outcome,
    }
}

/// What is wrong, by its kind.
fn told(error: &HubError) -> Failure {
    let class = match error {
        HubError::NoTier { .. } | HubError::TierNeeded { .. } => "tier",
        _ => MISSING,
    };
    let failure = Failure::new(class, error.to_string());
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl Access {
    /// The first step. A write that is in doubt stays so while the names of its row cannot be looked up.
    pub(super) async fn resolve_step(&self, subject: &mut Subject, item: &Item) -> Outcome {
        if subject.resolved.is_some() {
            return Outcome::Next;
        }
        match self.resolve(&subject.wanted).await {
            Ok(resolved) => {
                subject.resolved = Some(Arc::new(resolved));
                Outcome::Next
            }
            Err(Unresolved::Wrong(failure)) => Outcome::Failed(failure),
            Err(Unresolved::Unread(error)) => unread(&error, item.doubt),
        }
    }

    /// Finds out what a row names, and whether it can be had.
    pub(super) async fn resolve(&self, wanted: &WantedAccess) -> Result<Resolved, Unresolved> {
        let WantedAccess { application, asset, instance, tier, grant_types, .. } = wanted;
        let application = self.applications.find(&self.hub, application).await?.map_err(Unresolved::Wrong)?;
        let (shown, instance) = self.offers.instance(&self.hub, asset, instance).await?;
        let tiers = self.offers.tiers(&self.hub, asset, &instance).await?;
        let tier = choose_tier(&tiers, tier.as_deref(), &instance)?.map(NamedTier::from);
        let resolved = Resolved { application, asset: asset.clone(), shown, instance, tier };
        self.check_grant_types(grant_types, &resolved).await?;
        self.claims.take(&resolved, &wanted.key()).map_err(Unresolved::Wrong)?;
        Ok(resolved)
    }

    /// Whether both providers know what the row wants to use; where it names nothing, nobody is asked.
    async fn check_grant_types(&self, wanted: &[String], resolved: &Resolved) -> Result<(), Unresolved> {
        if wanted.is_empty() {
            return Ok(());
        }
        let Resolved { application, asset, instance, .. } = resolved;
        if let Some(offered) = self.offers.grant_types(&self.hub, asset, instance).await? {
            grants::check(wanted, &offered, &format!("instance {instance}")).map_err(Unresolved::Wrong)?;
        }
        if let Some(offered) = self.offers.grant_types_of(&self.hub, &application.id).await? {
            let whose = format!("application `{}`", application.name);
            grants::check(wanted, &offered, &whose).map_err(Unresolved::Wrong)?;
        }
        Ok(())
    }
}
