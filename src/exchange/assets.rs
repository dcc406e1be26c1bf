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
        let Coordinates { asset_id, version, .. } = coordinates;
        let found = self.find(Call::get(version_path(coordinates, &[&"asset"])?)).await?;
        found.map(|asset| about(asset, asset_id, Some(&version.to_string()))).transpose()
    }

    /// Reads the latest version of an asset, which also lists the others; `None` where there is none.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn latest(&self, group_id: &str, asset_id: &str) -> Result<Option<Asset>, CallError> {
        let found = self.find(Call::get(asset_path(group_id, asset_id, &[&"asset"])?)).await?;
        found.map(|asset| about(asset, asset_id, None)).transpose()
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

/// An asset that is the one that was asked for. Something else that happens to be JSON would be taken for a version that
/// holds nothing.
fn about(asset: Asset, asset_id: &str, version: Option<&str>) -> Result<Asset, CallError> {
    let is_asked = |told: &str, asked: &str| told.is_empty() || told == asked;
    let says_nothing = asset.asset_id.is_empty() && asset.version.is_empty();
    if !says_nothing && is_asked(&asset.asset_id, asset_id) && version.is_none_or(|v| is_asked(&asset.version, v)) {
        return Ok(asset);
    }
    Err(CallError::BadReply {
        reason: format!("it is not about {asset_id}{}", version.map(|v| format!("/{v}")).unwrap_or_default()),
        request_id: None,
        source: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_about_something_else_is_none_about_the_asset() {
        let told = |asset_id: &str, version: &str| {
            let asset = Asset { asset_id: asset_id.to_owned(), version: version.to_owned(), ..Asset::default() };
            about(asset, "orders", Some("1.0.0")).is_ok()
        };
        assert!(told("orders", "1.0.0") && told("", "1.0.0") && told("orders", ""));
        assert!(!told("", "") && !told("stock", "1.0.0") && !told("orders", "1.0.1"));
    }
}
