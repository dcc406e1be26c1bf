//! What a publication must know of what is not there yet: others that are under way, and the room that is left.

use serde_json::json;

use crate::asset::Coordinates;

use super::{Claim, Outcome, RunRecord, StoreError, Tables, tables::number};

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

    /// Whether an organization and those below it hold fewer versions than they may.
    ///
    /// Counting takes a look at all of them, so it is put off: as many versions as there was room for can come before
    /// it is needed again, and each has an id greater than the one before.
    pub(in super::super) fn has_room(&self, root: &str, below: &[&str], most: u64) -> Result<bool, StoreError> {
        const COUNT: &str = "SELECT COUNT(*) FROM asset a JOIN version v ON v.asset = a.id
             WHERE a.organization IN (SELECT value FROM json_each(?1))";
        let most = number(most);
        let newest: i64 = self.value("SELECT COALESCE(MAX(id), 0) FROM version", [])?.unwrap_or_default();
        if newest < self.room.borrow().get(root).copied().unwrap_or(most) {
            return Ok(true);
        }
        let count: i64 = self.value(COUNT, [json!(below).to_string()])?.unwrap_or_default();
        self.room.borrow_mut().insert(root.to_owned(), newest.saturating_add(most.saturating_sub(count)));
        Ok(count < most)
    }
}
