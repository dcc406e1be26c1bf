//! What a request would meet in the portal; reads only.

use super::{Access, contract::Fit, request};
use crate::{
    asset::WantedAccess,
    job::WhenDifferent,
    journal::Failure,
    work::{failure, portal::MISSING},
};

/// What a row would come to; the text says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::work) enum Foreseen {
    /// It would be asked for.
    Request(String),
    /// Another tier would be asked for.
    ChangeTier(String),
    /// It is there, as wanted.
    Same(String),
    /// It is asked for as wanted, and waits for somebody.
    Pending(String),
    /// It is there at another tier, and is left.
    Left(String),
    /// It is there, and the item would fail.
    Conflict(String),
    /// The portal does not have what the row names.
    Missing(String),
}

impl Access {
    /// Looks at the portal.
    pub(in crate::work) async fn foresee(&self, wanted: &WantedAccess) -> Result<Foreseen, Failure> {
        let resolved = match self.resolve(wanted).await.map_err(Failure::from) {
            Ok(resolved) => resolved,
            Err(failure) if failure.class == MISSING => return Ok(Foreseen::Missing(failure.message)),
            Err(failure) => return Err(failure),
        };
        let standing = self.standing(&resolved).await.map_err(|error| failure::failure(&error))?;
        let tier = resolved.tier.as_ref().map(|tier| format!(" at tier `{}`", tier.label())).unwrap_or_default();
        let Some(standing) = standing else {
            let refused = self.refuses_terms(wanted).await.map_err(|error| failure::failure(&error))?;
            return refused.map_or_else(|| Ok(Foreseen::Request(format!("there is no contract{tier} yet"))), Err);
        };
        let id = &standing.id;
        Ok(match standing.fits(resolved.tier.as_ref()) {
            Fit::InForce => Foreseen::Same(format!("contract {id} is in force{tier}")),
            Fit::Pending => Foreseen::Pending(format!("contract {id}{tier} waits for approval")),
            Fit::TierPending { holds } => {
                Foreseen::Pending(format!("contract {id} holds at tier `{holds}`; the other one waits for approval"))
            }
            Fit::OtherTier { there } => {
                let told = request::other_tier(id, &there, &resolved).message;
                match self.settings.on_difference {
                    WhenDifferent::Update => Foreseen::ChangeTier(told),
                    WhenDifferent::Skip => Foreseen::Left(told),
                    WhenDifferent::Fail => Foreseen::Conflict(told),
                }
            }
            Fit::Refused(status) => Foreseen::Conflict(request::refused(id, status.as_str()).message),
        })
    }
}
