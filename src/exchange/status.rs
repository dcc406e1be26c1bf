//! The lifecycle of a version: what it may become, and making it that (EXCHANGE.md §3.9).

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Exchange, api::version_path, tolerant::nullable};
use crate::{
    asset::{Coordinates, Lifecycle},
    net::{Call, CallError},
};

/// Whether a version may go to a state, as the server sees it now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatusTransition {
    /// The state: a lifecycle state, or a deletion under a name of the server's.
    pub target_status: String,
    /// `allowed` or `disallowed`.
    pub affordance: String,
    /// What stands in the way.
    #[serde(deserialize_with = "nullable")]
    pub affordance_details: Vec<AffordanceDetail>,
}

/// One thing that stands in the way of a transition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AffordanceDetail {
    /// The server's code: `INVALID_TRANSITION`, `SNAPSHOT_TRANSITION`, `OLD_ASSET_HARD_DELETION`,
    /// `DEVELOPMENT_DEPENDENCIES`, `ASSET_HAS_DEPENDENTS`, or another.
    pub code: String,
    /// The same for people.
    pub description: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Actions {
    #[serde(deserialize_with = "nullable")]
    status_transitions: Vec<StatusTransition>,
}

impl StatusTransition {
    /// Whether nothing stands in the way. Another word than `allowed` is taken for a no.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.affordance == "allowed"
    }
}

impl Exchange {
    /// Moves a version to another lifecycle state: published or deprecated.
    ///
    /// From the specification: `PUT …/status`, 204. The same state twice is no mistake, so the call may be repeated.
    ///
    /// # Errors
    /// [`CallError`]; 400 for `development`, which no version goes back to; 403 for whoever may not (deprecating takes an
    /// administrator); a refusal while a dependency is in development.
    pub async fn put_status(&self, coordinates: &Coordinates, status: Lifecycle) -> Result<(), CallError> {
        let body = json!({ "status": status.as_str() });
        self.replace(version_path(coordinates, &[&"status"])?, body).await.map(drop)
    }

    /// What a version may become, and what stands in the way; `None` where there is no such version.
    ///
    /// From the specification: `GET …/actions?include=statusTransitions`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn actions(&self, coordinates: &Coordinates) -> Result<Option<Vec<StatusTransition>>, CallError> {
        let call = Call::get(version_path(coordinates, &[&"actions"])?).query("include", "statusTransitions");
        Ok(self.find::<Actions>(call).await?.map(|actions| actions.status_transitions))
    }
}
