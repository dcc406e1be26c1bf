//! A client application that a portal is to have: what a job of applications is made of.

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::PortalAsset;

/// What is to be true of a client application. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationWish {
    /// Its name, by which it is found: no two applications of a portal have the same.
    pub name: String,
    /// What it is; the empty text takes that away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its address; the empty text takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where users are sent back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<Vec<String>>,
    /// The grant types that it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// Whether the addresses of its instances are places to be sent back to as well. No server tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_endpoints: Option<bool>,
    /// The asset that it is made for. One that is there already needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<PortalAsset>,
    /// The instance of the asset, by its id or its name; `None`: the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Its id in the portal that it comes from; never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_id: Option<String>,
    /// The id that it signs in with in the portal that it comes from; never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_client_id: Option<String>,
    /// The manifest that says so.
    pub path: Utf8PathBuf,
    /// The line of the manifest, counted from 1.
    pub line: u64,
}

impl ApplicationWish {
    /// What the journal knows it by: `application/` and its name.
    #[must_use]
    pub fn key(&self) -> String {
        Self::key_of(&self.name)
    }

    /// The same for an application of that name.
    #[must_use]
    pub fn key_of(name: &str) -> String {
        format!("application/{name}")
    }
}
