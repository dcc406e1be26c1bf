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
        let tier_id = choose_tier(&tiers, tier.as_deref(), instance_id)?.map(|tier| tier.id.clone());
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

/// The tier that is asked for, of those of an instance: an instance with tiers needs one, and one without takes none.
///
/// # Errors
/// [`HubError::NoTier`], [`HubError::TierNeeded`].
pub fn choose_tier<'a>(tiers: &'a [Tier], wanted: Option<&str>, instance: &str) -> Result<Option<&'a Tier>, HubError> {
    match wanted {
        Some(wanted) => pick(tiers, wanted, instance).map(Some),
        None if tiers.iter().any(Tier::is_active) => {
            Err(HubError::TierNeeded { instance: instance.to_owned(), offers: offers(tiers) })
        }
        None => Ok(None),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(id: &str, name: &str, active: bool) -> Tier {
        serde_json::from_value(serde_json::json!({"id": id, "name": name, "active": active})).expect("is a tier")
    }

    #[test]
    fn an_instance_with_tiers_needs_one_of_them_and_one_without_takes_none() {
        let tiers = [tier("1", "Gold", true), tier("2", "gold", true), tier("3", "Old", false)];
        let chosen = |wanted| choose_tier(&tiers, wanted, "i").map(|tier| tier.expect("one is chosen").id.clone());
        assert_eq!(chosen(Some("gold")).expect("the very name comes first"), "2");
        assert_eq!(chosen(Some("GOLD")).expect("another case"), "1");
        assert_eq!(chosen(Some("2")).expect("an id"), "2");
        let told = chosen(Some("Old")).expect_err("is not active").to_string();
        assert_eq!(told, "instance i has no active tier `Old`; it offers Gold (1), gold (2)");
        assert!(matches!(choose_tier(&tiers, None, "i"), Err(HubError::TierNeeded { .. })));
        assert_eq!(choose_tier(&[], None, "i").expect("takes none"), None);
        assert_eq!(choose_tier(&tiers[2..], None, "i").expect("none can be asked for"), None);
        assert!(matches!(choose_tier(&[], Some("Gold"), "i"), Err(HubError::NoTier { .. })));
    }
}
