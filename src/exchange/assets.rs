//! Asset versions: read and delete (EXCHANGE.md §3.10, §6).

use http::{HeaderName, HeaderValue, Method};

use super::{
    Asset, Exchange,
    api::{absent, asset_path, version_path},
};
use crate::{
    asset::Coordinates,
    net::{Call, CallError, Repeat},
};

/// How a version is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeleteType {
    /// The version's number stays blocked.
    Soft,
    /// The version's number is free again.
    Hard,
}

impl DeleteType {
    /// The value of `x-delete-type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Soft => "soft-delete",
            Self::Hard => "hard-delete",
        }
    }
}

impl Exchange {
    /// Reads one version with its files; `None` where there is none.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn asset(&self, coordinates: &Coordinates) -> Result<Option<Asset>, CallError> {
        self.find(Call::get(version_path(coordinates, &[&"asset"])?)).await
    }

    /// Reads the latest version of an asset, which also lists the others; `None` where there is none.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn latest(&self, group_id: &str, asset_id: &str) -> Result<Option<Asset>, CallError> {
        self.find(Call::get(asset_path(group_id, asset_id, &[&"asset"])?)).await
    }

    /// Deletes one version; `false` where there was none.
    ///
    /// # Errors
    /// [`CallError`]; 409 while others depend on the version.
    pub async fn delete(&self, coordinates: &Coordinates, how: DeleteType) -> Result<bool, CallError> {
        // Deleting twice leaves the same: a second answer of 404 is a success, too.
        let call = Call::new(Method::DELETE, version_path(coordinates, &[])?)
            .repeat(Repeat::Safe)
            .header(HeaderName::from_static("x-delete-type"), HeaderValue::from_static(how.as_str()));
        Ok(absent(self.client().call(call).await)?.is_some())
    }
}
