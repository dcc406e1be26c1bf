//! Whether the portal holds the contracts that the rows ask for.

use futures::TryStreamExt;

use super::{
    Access,
    applications::Named,
    contract::{Fit, NamedTier, Standing},
    resolve::{Resolved, Unresolved},
};
use crate::{
    asset::WantedAccess,
    hub::{AppContract, ContractStatus},
    job::WhenPending,
    net::CallError,
    work::{
        portal::MISSING,
        verify::{Mismatch, Verdict, Verified},
    },
};

impl Access {
    /// Holds a contract to its row.
    pub(in crate::work) async fn judge(&self, wanted: &WantedAccess) -> Result<Verified, CallError> {
        let told = |verdict| Verified {
            gav: Some(wanted.key()),
            path: Some(format!("{}:{}", wanted.path, wanted.line)),
            verdict,
            differences: Vec::new(),
            note: None,
        };
        let resolved = match self.resolve(wanted).await {
            Ok(resolved) => resolved,
            Err(Unresolved::Unread(error)) => return Err(error),
            Err(Unresolved::Wrong(failure)) => {
                let verdict = if failure.class == MISSING { Verdict::Missing } else { Verdict::Invalid };
                return Ok(Verified { note: Some(failure.message), ..told(verdict) });
            }
        };
        let Some(standing) = self.standing(&resolved).await? else { return Ok(told(Verdict::Missing)) };
        let (differences, note) = self.differences(wanted, &resolved, &standing);
        let verdict = if differences.is_empty() { Verdict::Equal } else { Verdict::Different };
        Ok(Verified { differences, note, ..told(verdict) })
    }

    /// What is not as wanted, and what else there is to say. What waits for somebody is as wanted, where the job leaves it and
    /// the row does not say that it is in force.
    fn differences(
        &self,
        row: &WantedAccess,
        resolved: &Resolved,
        standing: &Standing,
    ) -> (Vec<Mismatch>, Option<String>) {
        let wanted = resolved.tier.as_ref().map(NamedTier::label).unwrap_or_default();
        let differs = |datum: &str, expected: &str, actual: &str| {
            let (datum, expected, actual) = (datum.to_owned(), expected.to_owned(), actual.to_owned());
            (vec![Mismatch { datum, expected, actual }], None)
        };
        let is_left = self.settings.pending == WhenPending::Leave && !row.is_approved;
        match standing.fits(resolved.tier.as_ref()) {
            Fit::InForce => (Vec::new(), None),
            Fit::Pending if is_left => (Vec::new(), Some("waits for approval".to_owned())),
            Fit::TierPending { .. } if is_left => (Vec::new(), Some(format!("tier `{wanted}` waits for approval"))),
            Fit::Pending => differs("status", ContractStatus::Approved.as_str(), ContractStatus::Pending.as_str()),
            Fit::TierPending { holds } => differs("tier", wanted, &holds),
            Fit::OtherTier { there } => differs("tier", wanted, &there),
            Fit::Refused(status) => differs("status", ContractStatus::Approved.as_str(), status.as_str()),
        }
    }

    /// The applications of which rows have been looked at.
    pub(in crate::work) fn seen(&self) -> Vec<Named> {
        self.claims.applications()
    }

    /// The contracts of an application, in force or asked for, that no row has named.
    pub(in crate::work) async fn surplus(&self, application: &Named) -> Result<Vec<Verified>, CallError> {
        let contracts: Vec<AppContract> = self.hub.contracts(&application.id).try_collect().await?;
        let counts = |contract: &AppContract| {
            let status = contract.status.as_ref();
            let is_over = matches!(status, Some(ContractStatus::Rejected | ContractStatus::Revoked));
            !is_over && !self.claims.covers(&application.id, contract)
        };
        let told = |contract: AppContract| {
            let instance = contract.instance_name.as_ref().unwrap_or(&contract.instance_id);
            let gav = match contract.asset() {
                Some(asset) => WantedAccess::key_of(&application.name, &asset, instance),
                None => format!("access/{}/{}/{instance}", application.name, contract.asset_id),
            };
            let note = Some(format!("contract {}", contract.contract_id));
            Verified { gav: Some(gav), path: None, verdict: Verdict::Extra, differences: Vec::new(), note }
        };
        Ok(contracts.into_iter().filter(counts).map(told).collect())
    }
}
