//! What the names of a row stand for. Reads only, and most of it once for many rows.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Access, Subject, applications::Named, contract::NamedTier, grants};
use crate::{
    asset::{PortalAsset, WantedAccess},
    engine::Outcome,
    hub::{AppContract, HubError, choose_tier},
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

/// Which row speaks for which contract: two rows may name the same one in other words.
#[derive(Debug, Default)]
pub(super) struct Claims(Mutex<HashMap<ContractName, Claim>>);

/// What makes a contract: the id of the application, the asset, and the id of the instance.
type ContractName = (String, PortalAsset, String);

/// A row that speaks for a contract.
#[derive(Debug)]
struct Claim {
    key: String,
    application: Named,
}

impl Claims {
    /// Takes a contract for a row.
    ///
    /// # Errors
    /// When another row has it.
    fn take(&self, resolved: &Resolved, key: &str) -> Result<(), Failure> {
        let Resolved { application, shown, instance, .. } = resolved;
        let contract = (application.id.clone(), plain(shown), instance.clone());
        let claim = || Claim { key: key.to_owned(), application: application.clone() };
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = &taken.entry(contract).or_insert_with(claim).key;
        if first == key {
            return Ok(());
        }
        let message = format!("means the same contract as {first}");
        Err(Failure::new("duplicate", message).hint("an application has one contract with an instance: leave one row"))
    }

    /// The applications that rows speak for, by their names.
    pub(super) fn applications(&self) -> Vec<Named> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Named> = taken.values().map(|claim| claim.application.clone()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether a row speaks for a contract. One whose asset is not told in full is told by its instance.
    pub(super) fn covers(&self, application: &str, contract: &AppContract) -> bool {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let instance = &contract.instance_id;
        match contract.asset() {
            Some(asset) => taken.contains_key(&(application.to_owned(), plain(&asset), instance.clone())),
            None => taken.keys().any(|(of, _, known)| of == application && known == instance),
        }
    }
}

/// `v1` and `1` are the same to a portal.
fn plain(asset: &PortalAsset) -> PortalAsset {
    let minor_version = asset.minor_version.trim_start_matches('v').to_owned();
    PortalAsset { minor_version, ..asset.clone() }
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
