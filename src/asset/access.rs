//! Access of a client application to an instance of an API, as a source asks for it.

use std::fmt;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::PortalAsset;

/// Access that is to be there: the contract of an application with an instance, at a tier (EXCHANGE.md §7). Everything is
/// told by the names that people know; what they stand for is found in the portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WantedAccess {
    /// The application, by its name; or by an id that it had elsewhere, which a mapping knows.
    pub application: String,
    /// The asset.
    pub asset: PortalAsset,
    /// The instance, by its id or its name.
    pub instance: String,
    /// The tier, by its name or its id; `None` for an instance without tiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Grant types that the application is to be able to use there; empty: whatever the provider offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant_types: Vec<String>,
    /// Whether the terms are accepted; `None`: as the job says. A job that does not accept them is not overruled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_terms: Option<bool>,
    /// Whether the source says that the contract is in force. Only whoever verifies wants to know: it is asked for in any
    /// case, and the journal does not keep it.
    #[serde(skip)]
    pub is_approved: bool,
    /// The manifest that asks for it.
    pub path: Utf8PathBuf,
    /// The line of the manifest, counted from 1.
    pub line: u64,
}

impl WantedAccess {
    /// What an item is known by: `access/<application>/<group>/<asset>/<version>/<instance>`.
    #[must_use]
    pub fn key(&self) -> String {
        self.to_string()
    }

    /// The same for an application, an asset and an instance, by what they are called.
    #[must_use]
    pub fn key_of(application: &str, asset: &PortalAsset, instance: &str) -> String {
        format!("access/{}/{asset}/{}", segment(application), segment(instance))
    }
}

impl fmt::Display for WantedAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Self::key_of(&self.application, &self.asset, &self.instance))
    }
}

/// A name with its slashes written otherwise, so that two keys are the same only where all their parts are.
fn segment(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_slashes_do_not_make_two_keys_one() {
        let wanted = |application: &str, instance: &str| WantedAccess {
            application: application.to_owned(),
            asset: "g/a/v1".parse().expect("parses"),
            instance: instance.to_owned(),
            tier: None,
            grant_types: Vec::new(),
            accept_terms: None,
            is_approved: false,
            path: "access.csv".into(),
            line: 2,
        };
        assert_eq!(wanted("Shop 1", "Live").key(), "access/Shop 1/g/a/v1/Live");
        assert_eq!(wanted("A/B", "a/b").key(), "access/A%2FB/g/a/v1/a%2Fb");
        assert_ne!(wanted("A/B", "x").key(), wanted("A%2FB", "x").key());
    }
}
