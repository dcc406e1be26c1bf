//! Whether the portal holds what the rows say.

use std::collections::HashSet;

use super::{Applications, compare::differences};
use crate::{
    asset::ApplicationWish,
    net::CallError,
    work::{
        description::shown,
        verify::{Mismatch, Verdict, Verified},
    },
};

impl Applications {
    /// Holds an application to its row.
    pub(in crate::work) async fn judge(&self, wish: &ApplicationWish) -> Result<Verified, CallError> {
        let told = |verdict, differences| Verified {
            gav: Some(wish.key()),
            path: Some(format!("{}:{}", wish.path, wish.line)),
            verdict,
            differences,
            note: None,
        };
        let id = self.own.id(&self.hub, &wish.name).await?;
        let application = match &id {
            Some(id) => self.hub.application(id).await?,
            None => None,
        };
        let Some(application) = application else {
            let note = self.hub.application_exists(&wish.name).await?;
            let note = note.then(|| "an application of somebody else has the name".to_owned());
            return Ok(Verified { note, ..told(Verdict::Missing, Vec::new()) });
        };
        let mismatches: Vec<Mismatch> = differences(wish, &application)
            .into_iter()
            .map(|known| Mismatch {
                datum: known.datum.to_owned(),
                expected: shown(&known.wanted),
                actual: shown(&known.found),
            })
            .collect();
        let verdict = if mismatches.is_empty() { Verdict::Equal } else { Verdict::Different };
        Ok(told(verdict, mismatches))
    }

    /// The caller's applications that no row names, by their keys and in order.
    pub(in crate::work) async fn surplus(&self, named: &HashSet<String>) -> Result<Vec<Verified>, CallError> {
        let own = self.own.all(&self.hub).await?;
        let mut keys: Vec<String> = own.keys().map(|name| ApplicationWish::key_of(name)).collect();
        keys.retain(|key| !named.contains(key));
        keys.sort_unstable();
        let extra =
            |key| Verified { gav: Some(key), path: None, verdict: Verdict::Extra, differences: Vec::new(), note: None };
        Ok(keys.into_iter().map(extra).collect())
    }
}
