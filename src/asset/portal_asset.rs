//! How a portal of the API Experience Hub names the assets that it shows.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An asset of a portal, as paths name it: `group/asset/v1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortalAsset {
    /// The group.
    pub group_id: String,
    /// The asset.
    pub asset_id: String,
    /// What the hub calls a minor version: `v1`, or `1`; its own words also say `1.0`. It is sent as it is given.
    pub minor_version: String,
}

/// A text that names no asset of a portal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortalAssetError {
    /// It has not three parts.
    #[error("`{0}` is not group/asset/version, such as com.example/payment-api/v1")]
    Form(String),
    /// It names a full version.
    #[error("a portal knows `v{1}`, not the full version `{0}`")]
    FullVersion(String, String),
}

impl FromStr for PortalAsset {
    type Err = PortalAssetError;

    fn from_str(text: &str) -> Result<Self, PortalAssetError> {
        let parts: Vec<&str> = text.split('/').collect();
        let &[group, asset, version] = parts.as_slice() else { return Err(PortalAssetError::Form(text.to_owned())) };
        if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
            return Err(PortalAssetError::Form(text.to_owned()));
        }
        let mut numbers = version.split('.');
        if let (Some(major), Some(_), Some(_)) = (numbers.next(), numbers.next(), numbers.next()) {
            let major = major.trim_start_matches('v').to_owned();
            return Err(PortalAssetError::FullVersion(version.to_owned(), major));
        }
        let owned = str::to_owned;
        Ok(Self { group_id: owned(group), asset_id: owned(asset), minor_version: owned(version) })
    }
}

impl fmt::Display for PortalAsset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.group_id, self.asset_id, self.minor_version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_named_by_three_parts_of_which_the_last_is_no_full_version() {
        for text in ["g/a/v1", "g/a/1", "com.example/a/1.0"] {
            assert_eq!(text.parse::<PortalAsset>().expect("parses").to_string(), text);
        }
        for text in ["", "a/v1", "g/a/v1/x", "g//v1", "g/../v1"] {
            assert_eq!(text.parse::<PortalAsset>(), Err(PortalAssetError::Form(text.to_owned())));
        }
        let told = "g/a/1.2.3".parse::<PortalAsset>().expect_err("is a full version").to_string();
        assert_eq!(told, "a portal knows `v1`, not the full version `1.2.3`");
    }
}
