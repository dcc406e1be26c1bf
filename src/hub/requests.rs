//! Asking for access by the names that people know.

use futures::TryStreamExt;

use super::{AppContract, Contract, ContractRequest, CreatedContract, Hub, HubError, PortalAsset, Tier};

/// Access that is asked for, with the tier by name or id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequest {
    /// The asset.
    pub asset: PortalAsset,
    /// The id of the application.
    pub application_id: String,
    /// The id of the instance.
    pub instance_id: String,
    /// The tier; `None` where the instance has none.
    pub tier: Option<String>,
    /// Whether the terms and conditions are accepted.
    pub accepted_terms: bool,
}

impl Hub {
    /// Asks for access, after a look at the tiers: one that is not offered, and none where one is needed, are told before
    /// anything is sent.
    ///
    /// # Errors
    /// [`HubError::NoTier`], [`HubError::TierNeeded`], and as [`create_contract`](Self::create_contract).
    pub async fn request_access(&self, request: &AccessRequest) -> Result<CreatedContract, HubError> {
        let AccessRequest { asset, application_id, instance_id, tier, accepted_terms } = request;
        let tiers = self.tiers(asset, instance_id).await?.unwrap_or_default();
        let tier_id = match tier {
            Some(tier) => Some(pick(&tiers, tier, instance_id)?.id.clone()),
            None if tiers.iter().any(Tier::is_active) => {
                return Err(HubError::TierNeeded { instance: instance_id.clone(), offers: offers(&tiers) });
            }
            None => None,
        };
        let request = ContractRequest {
            application_id: application_id.clone(),
            instance_id: instance_id.clone(),
            accepted_terms: *accepted_terms,
            tier_id,
        };
        Ok(self.create_contract(asset, &request).await?)
    }

    /// Changes the tier of a contract, which is looked up together with the tiers of its instance.
    ///
    /// # Errors
    /// [`HubError::NoContract`], [`HubError::NoTier`], and as [`assign_tier`](Self::assign_tier).
    pub async fn change_tier(&self, application_id: &str, contract_id: &str, tier: &str) -> Result<Contract, HubError> {
        let contracts = self.contracts(application_id);
        let found = std::pin::pin!(contracts.try_filter(|known| std::future::ready(known.contract_id == contract_id)));
        let contract = { found }.try_next().await?.ok_or_else(|| HubError::NoContract {
            contract: contract_id.to_owned(),
            application: application_id.to_owned(),
        })?;
        let tier_id = match contract.asset() {
            Some(asset) => {
                let tiers = self.tiers(&asset, &contract.instance_id).await?.unwrap_or_default();
                pick(&tiers, tier, &contract.instance_id)?.id.clone()
            }
            // A server that does not tell the asset leaves the tiers in the dark; then only an id can be meant.
            None => tier.to_owned(),
        };
        Ok(self.assign_tier(application_id, contract_id, &tier_id).await?)
    }
}

impl AppContract {
    /// The asset that it gives access to; `None` where that is not told in full.
    #[must_use]
    pub fn asset(&self) -> Option<PortalAsset> {
        Some(PortalAsset {
            group_id: self.group_id.clone()?,
            asset_id: self.asset_id.clone(),
            minor_version: self.minor_version.clone()?,
        })
    }
}

/// The active tier of a name or an id. An id comes first, then the very name, then the name in another case.
fn pick<'a>(tiers: &'a [Tier], wanted: &str, instance: &str) -> Result<&'a Tier, HubError> {
    let active = || tiers.iter().filter(|tier| tier.is_active());
    active()
        .find(|tier| tier.id == wanted)
        .or_else(|| active().find(|tier| tier.name == wanted))
        .or_else(|| active().find(|tier| tier.name.to_lowercase() == wanted.to_lowercase()))
        .ok_or_else(|| HubError::NoTier {
            instance: instance.to_owned(),
            tier: wanted.to_owned(),
            offers: offers(tiers),
        })
}

fn offers(tiers: &[Tier]) -> Vec<String> {
    tiers.iter().filter(|tier| tier.is_active()).map(|tier| format!("{} ({})", tier.name, tier.id)).collect()
}
