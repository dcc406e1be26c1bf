//! What belongs to an asset as a whole: name, description, contact (EXCHANGE.md §3.12).

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Exchange, api::asset_path};
use crate::net::{Body, Call, CallError, Repeat};

/// A change of an asset; `None` leaves the datum as it is, an empty text empties it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AssetMetadata {
    /// The name, 1 to 256 characters; it cannot be emptied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The description, at most 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whom to ask, at most 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    /// Where to ask, at most 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
}

impl AssetMetadata {
    /// Whether nothing is to be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Exchange {
    /// Changes name, description or contact, for all versions of an asset. Sends nothing where nothing is to be changed.
    ///
    /// From the specification: `PATCH v2:/assets/{g}/{a}`, 204. The same values twice leave the same, so the call may be
    /// repeated.
    ///
    /// # Errors
    /// [`CallError`]; 400 for what is too long, 404 where there is no such asset.
    pub async fn patch_asset(&self, group_id: &str, asset_id: &str, metadata: &AssetMetadata) -> Result<(), CallError> {
        if metadata.is_empty() {
            return Ok(());
        }
        let body = serde_json::to_value(metadata).expect("is an object of texts");
        let call = Call::new(Method::PATCH, asset_path(group_id, asset_id, &[])?);
        self.client().call(call.repeat(Repeat::Safe).body(Body::Json(body))).await.map(drop)
    }
}
