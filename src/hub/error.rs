//! Why something cannot be done, beyond what a single call says.

use crate::net::CallError;

/// Why something in a portal cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The portals cannot be listed by this caller.
    #[error("the portal is not named, and the portals cannot be listed")]
    Unlisted(#[source] CallError),
    /// No portal is there, or none of that name.
    #[error("there is no portal{}", .wanted.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default())]
    NoPortal {
        /// The portal that was named.
        wanted: Option<String>,
    },
    /// Several portals are meant.
    #[error("there are several portals: {}", .portals.join(", "))]
    SeveralPortals {
        /// Their names and ids.
        portals: Vec<String>,
    },
    /// There is no such asset.
    #[error("the portal shows no asset {0}")]
    NoAsset(String),
    /// There is no such application.
    #[error("there is no application `{0}`")]
    NoApplication(String),
    /// There is no such contract.
    #[error("there is no contract {contract} of application {application}")]
    NoContract {
        /// The contract that was named.
        contract: String,
        /// The application.
        application: String,
    },
    /// An instance has no such tier, or not one that can be asked for.
    #[error("instance {instance} has no active tier `{tier}`; it offers {}", offered(.offers))]
    NoTier {
        /// The instance.
        instance: String,
        /// The tier that was named.
        tier: String,
        /// The tiers that can be asked for.
        offers: Vec<String>,
    },
    /// An instance has tiers, and none was chosen.
    #[error("instance {instance} has tiers, and one must be chosen: {}", offered(.offers))]
    TierNeeded {
        /// The instance.
        instance: String,
        /// The tiers that can be asked for.
        offers: Vec<String>,
    },
}

fn offered(offers: &[String]) -> String {
    if offers.is_empty() { "none".to_owned() } else { offers.join(", ") }
}

impl HubError {
    /// What a person can do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Call(error) => error.hint(),
            Self::Unlisted(_) => {
                Some("name both ids, as whoever runs the portal knows them: --portal ID and --target-organization ID")
            }
            Self::NoPortal { .. } | Self::SeveralPortals { .. } => {
                Some("`consign hub portals` lists them; name one with --portal")
            }
            Self::NoAsset(_) => Some("`consign hub assets list` shows what there is, with group, asset and version"),
            Self::NoApplication(_) => Some("`consign hub apps list` shows your applications, with name and id"),
            Self::NoContract { .. } => Some("`consign hub access list` shows the contracts of an application"),
            Self::NoTier { .. } | Self::TierNeeded { .. } => {
                Some("`consign hub access tiers` shows them; name one with its name or id")
            }
        }
    }

    /// The call that failed, where one did.
    #[must_use]
    pub fn call(&self) -> Option<&CallError> {
        match self {
            Self::Call(error) | Self::Unlisted(error) => Some(error),
            _ => None,
        }
    }
}
