//! Which row speaks for which contract: two rows may name the same one in other words.
//!
//! The journal keeps what a row speaks for, so that the other one is told in each later run as it was in the first.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{applications::Named, resolve::Resolved};
use crate::{
    asset::PortalAsset,
    hub::AppContract,
    journal::{Failure, JournalError, Reader},
};

/// The rows that speak for each contract. There are several only where the journal says so: then none of them is carried
/// out, since nobody knows which one is meant.
#[derive(Debug, Default)]
pub(super) struct Claims(Mutex<HashMap<ContractName, Vec<Claim>>>);

/// What makes a contract, by the names that the portal gives.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct ContractName {
    /// The id of the application.
    application: String,
    asset: PortalAsset,
    /// The id of the instance.
    instance: String,
}

/// A row that speaks for a contract.
#[derive(Debug)]
struct Claim {
    key: String,
    /// The application, as soon as the row was looked at in this run.
    application: Option<Named>,
}

impl ContractName {
    fn new(application: &str, asset: &PortalAsset, instance: &str) -> Self {
        // `v1` and `1` are the same to a portal.
        let minor_version = asset.minor_version.trim_start_matches('v').to_owned();
        let asset = PortalAsset { minor_version, ..asset.clone() };
        Self { application: application.to_owned(), asset, instance: instance.to_owned() }
    }

    pub(super) fn of(resolved: &Resolved) -> Self {
        Self::new(&resolved.application.id, &resolved.shown, &resolved.instance)
    }

    /// As the journal keeps it.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("is plain data with text keys")
    }
}

impl Claims {
    /// What the rows of a job, as the last scan has met them, spoke for in earlier runs.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(super) fn of(reader: &Reader, job: &str) -> Result<Self, JournalError> {
        let mut taken: HashMap<ContractName, Vec<Claim>> = HashMap::new();
        reader.ids_met(job, |key, ids| {
            let Ok(contract) = serde_json::from_str(ids) else { return };
            taken.entry(contract).or_default().push(Claim { key: key.to_owned(), application: None });
        })?;
        Ok(Self(Mutex::new(taken)))
    }

    /// Takes a contract for a row.
    ///
    /// # Errors
    /// When another row has it.
    pub(super) fn take(&self, resolved: &Resolved, key: &str) -> Result<(), Failure> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let claims = taken.entry(ContractName::of(resolved)).or_default();
        if let Some(other) = claims.iter().find(|claim| claim.key != key) {
            let message = format!("means the same contract as {}", other.key);
            let hint = "an application has one contract with an instance: leave one row";
            return Err(Failure::new("duplicate", message).hint(hint));
        }
        *claims = vec![Claim { key: key.to_owned(), application: Some(resolved.application.clone()) }];
        Ok(())
    }

    /// The applications that rows speak for, by their names.
    pub(super) fn applications(&self) -> Vec<Named> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Named> = taken.values().flatten().filter_map(|claim| claim.application.clone()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether a row speaks for a contract. One whose asset is not told in full is told by its instance.
    pub(super) fn covers(&self, application: &str, contract: &AppContract) -> bool {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let instance = &contract.instance_id;
        match contract.asset() {
            Some(asset) => taken.contains_key(&ContractName::new(application, &asset, instance)),
            None => taken.keys().any(|known| known.application == application && known.instance == *instance),
        }
    }
}
