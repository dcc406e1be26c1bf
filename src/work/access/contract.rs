//! A contract as it stands, held to what is wanted. Pure.

use serde::{Deserialize, Serialize};

use crate::hub::{AppContract, Contract, ContractStatus, CreatedContract, Tier};

/// A contract that is there, as far as anybody has told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) id: String,
    pub(super) status: ContractStatus,
    /// The tier that was asked for last.
    pub(super) requested: Option<NamedTier>,
    /// The tier that holds; only the list of an application's contracts tells it.
    pub(super) granted: Option<NamedTier>,
}

/// A tier, by its id and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NamedTier {
    pub(super) id: String,
    pub(super) name: String,
    /// Whether nobody needs to approve it.
    #[serde(default)]
    pub(super) is_automatic: bool,
}

/// What a contract is to somebody who wants it at a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fit {
    /// It is in force, as wanted.
    InForce,
    /// It is asked for as wanted, and somebody has to approve it.
    Pending,
    /// It is in force at another tier, and somebody has to approve the one that is wanted.
    TierPending {
        /// The one that holds until then.
        holds: String,
    },
    /// Another tier was asked for.
    OtherTier {
        /// Which.
        there: String,
    },
    /// It was turned down, or ended, or stands in a way that nobody knows.
    Refused(ContractStatus),
}

impl From<&Tier> for NamedTier {
    fn from(tier: &Tier) -> Self {
        Self { id: tier.id.clone(), name: tier.name.clone(), is_automatic: tier.auto_approve }
    }
}

impl NamedTier {
    /// Ids are compared; a server that tells another one for the same name has made the tier anew.
    fn is(&self, other: &Self) -> bool {
        self.id == other.id
    }

    /// The name, or the id of a tier without one.
    pub(super) fn label(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }
}

impl From<Contract> for Standing {
    fn from(contract: Contract) -> Self {
        let requested = contract.requested_tier.as_ref().map(NamedTier::from);
        Self { id: contract.id, status: contract.status, requested, granted: None }
    }
}

impl From<CreatedContract> for Standing {
    fn from(contract: CreatedContract) -> Self {
        let requested = contract.requested_tier.as_ref().map(NamedTier::from);
        Self { id: contract.id, status: contract.status, requested, granted: None }
    }
}

impl Standing {
    /// Whether only the list can tell how it fits: it does not name the tier; or it is in force, and the tier that was asked
    /// for last is one that somebody has to approve.
    pub(super) fn needs_the_list(&self, wanted: Option<&NamedTier>) -> bool {
        let Some(wanted) = wanted else { return false };
        match &self.requested {
            None => true,
            Some(requested) => self.status == ContractStatus::Approved && requested.is(wanted) && !wanted.is_automatic,
        }
    }

    /// The same with what the list tells of it.
    pub(super) fn listed(mut self, listed: AppContract) -> Self {
        let tier = |tier: Option<Tier>| tier.as_ref().map(NamedTier::from);
        self.requested = self.requested.or(tier(listed.requested_tier));
        self.granted = tier(listed.tier);
        self.status = listed.status.unwrap_or(self.status);
        self
    }

    /// How it fits what is wanted. An instance without tiers wants none.
    pub(super) fn fits(&self, wanted: Option<&NamedTier>) -> Fit {
        let is_approved = match &self.status {
            ContractStatus::Approved => true,
            ContractStatus::Pending => false,
            other => return Fit::Refused(other.clone()),
        };
        let Some(wanted) = wanted else { return if is_approved { Fit::InForce } else { Fit::Pending } };
        // Where no other one is asked for, the one that holds is the last one that was.
        let Some(last) = self.requested.as_ref().or(self.granted.as_ref()) else {
            return Fit::OtherTier { there: "none that is told".to_owned() };
        };
        match &self.granted {
            _ if !last.is(wanted) => Fit::OtherTier { there: last.label().to_owned() },
            _ if !is_approved => Fit::Pending,
            Some(holds) if !holds.is(wanted) => Fit::TierPending { holds: holds.label().to_owned() },
            _ => Fit::InForce,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(id: &str, is_automatic: bool) -> NamedTier {
        NamedTier { id: id.to_owned(), name: format!("Tier {id}"), is_automatic }
    }

    fn standing(status: ContractStatus, requested: Option<&str>, granted: Option<&str>) -> Standing {
        let named = |id: &str| tier(id, false);
        Standing { id: "7".to_owned(), status, requested: requested.map(named), granted: granted.map(named) }
    }

    #[test]
    fn a_contract_fits_by_its_status_and_the_tier_that_was_asked_for_last() {
        use ContractStatus::{Approved, Other, Pending, Rejected};
        let one = tier("1", false);
        let fits = |status, requested, granted| standing(status, requested, granted).fits(Some(&one));
        let other = |there: &str| Fit::OtherTier { there: there.to_owned() };
        assert_eq!(fits(Approved, Some("1"), None), Fit::InForce);
        assert_eq!(fits(Approved, Some("1"), Some("1")), Fit::InForce);
        assert_eq!(fits(Approved, None, Some("1")), Fit::InForce, "nothing else is asked for");
        assert_eq!(fits(Pending, Some("1"), None), Fit::Pending);
        assert_eq!(fits(Approved, Some("1"), Some("2")), Fit::TierPending { holds: "Tier 2".to_owned() });
        assert_eq!(fits(Approved, Some("2"), Some("1")), other("Tier 2"), "somebody wants to leave it");
        assert_eq!(fits(Pending, Some("2"), None), other("Tier 2"));
        assert_eq!(fits(Approved, None, None), other("none that is told"));
        assert_eq!(fits(Rejected, Some("1"), None), Fit::Refused(Rejected));
        let odd = Other("FAILED".to_owned());
        assert_eq!(fits(odd.clone(), Some("1"), None), Fit::Refused(odd));
    }

    #[test]
    fn an_instance_without_tiers_needs_only_the_status() {
        let fits = |status| standing(status, None, None).fits(None);
        assert_eq!((fits(ContractStatus::Approved), fits(ContractStatus::Pending)), (Fit::InForce, Fit::Pending));
        assert!(!standing(ContractStatus::Approved, None, None).needs_the_list(None));
    }

    #[test]
    fn the_list_is_read_only_where_nothing_else_tells() {
        let approved = |requested| standing(ContractStatus::Approved, requested, None);
        let (by_hand, automatic) = (tier("1", false), tier("1", true));
        assert!(approved(None).needs_the_list(Some(&automatic)), "no tier is told");
        assert!(approved(Some("1")).needs_the_list(Some(&by_hand)), "it may wait for somebody");
        assert!(!approved(Some("1")).needs_the_list(Some(&automatic)));
        assert!(!approved(Some("2")).needs_the_list(Some(&by_hand)), "it is another one in any case");
        assert!(!standing(ContractStatus::Pending, Some("1"), None).needs_the_list(Some(&by_hand)));
    }
}
