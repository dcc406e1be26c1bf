//! What a publication must know of what is not there yet: the others that are under way.

use crate::asset::Coordinates;

use super::{Claim, Outcome, RunRecord, StoreError, Tables};

impl Tables {
    /// What the other publications of an asset that have not taken effect yet say of it.
    pub(in super::super) fn claims(&self, gav: &Coordinates) -> Result<Vec<Claim>, StoreError> {
        const SQL: &str = "SELECT body FROM run INDEXED BY run_of
             WHERE gav > ?1 || '/' AND gav < ?1 || '0' AND kind = 0 AND state = 0";
        let is_other = |other: &Coordinates| {
            (&other.group_id, &other.asset_id) == (&gav.group_id, &gav.asset_id) && other.version != gav.version
        };
        let mut claims: Vec<Claim> = self.reserved.values().filter(|claim| is_other(&claim.gav)).cloned().collect();
        let runs: Vec<RunRecord> = self.documents(SQL, [format!("{}/{}", gav.group_id, gav.asset_id)])?;
        for run in runs.into_iter().filter(|run| is_other(&run.gav)) {
            let Outcome::Completed(Some(payload)) = run.outcome else { continue };
            claims.push(Claim {
                gav: run.gav,
                organization: run.organization,
                asset_type: run.asset_type,
                api_version: payload.version.and_then(|version| version.api_version),
            });
        }
        Ok(claims)
    }
}
