//! What a change would meet on the target; reads only.

use super::Describe;
use crate::{
    asset::AssetChange,
    journal::Failure,
    work::{description::Differences, failure},
};

/// What a change would come to; the text says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::work) enum Foreseen {
    /// There is no such asset, or no such version of it.
    Missing(String),
    /// All is as the row says.
    Same(String),
    /// This is what would be changed.
    Differs(String),
}

impl Describe {
    /// Looks at the target.
    pub(in crate::work) async fn foresee(&self, change: &AssetChange) -> Result<Foreseen, Failure> {
        let (coordinates, which) = match change.coordinates() {
            Some(named) => (named, String::new()),
            None => match self.latest(change).await.map_err(|error| failure::failure(&error))? {
                Some(latest) => {
                    let which = format!("latest is {}; ", latest.version);
                    (latest, which)
                }
                None => return Ok(Foreseen::Missing("the target has no such asset".to_owned())),
            },
        };
        let found = self.describer.compare(&coordinates, &change.description).await;
        let differences = match found {
            Ok(Differences::Found(differences)) => differences,
            Ok(Differences::NotThere) => return Ok(Foreseen::Missing("the target has no such version".to_owned())),
            Err(outcome) => {
                return Err(failure::of(outcome).unwrap_or_else(|| Failure::new("unknown", "cannot compare")));
            }
        };
        if differences.is_empty() {
            return Ok(Foreseen::Same(format!("{which}nothing differs")));
        }
        let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
        Ok(Foreseen::Differs(format!("{which}{}", told.join("; "))))
    }
}
