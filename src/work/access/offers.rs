//! What instances offer: asked for once, however many rows are about them.

use std::sync::Arc;

use super::once::Once;
use crate::{
    hub::{GrantTypes, Hub, PortalAsset, Tier},
    net::CallError,
    work::portal::{ShownAssets, ShownError},
};

/// What is known of assets, their instances, and the providers of applications.
#[derive(Debug, Default)]
pub(super) struct Offers {
    assets: ShownAssets,
    terms: Once<PortalAsset, bool>,
    tiers: Once<(PortalAsset, String), Arc<Vec<Tier>>>,
    grants: Once<(PortalAsset, String), Option<Arc<GrantTypes>>>,
    providers: Once<String, Option<Arc<GrantTypes>>>,
}

impl Offers {
    /// How the portal itself names the asset, and the id of the instance that is named.
    pub(super) async fn instance(
        &self,
        hub: &Hub,
        asset: &PortalAsset,
        named: &str,
    ) -> Result<(PortalAsset, String), ShownError> {
        let (shown, instance) = self.assets.named(hub, asset, Some(named)).await?;
        Ok((shown, instance.id))
    }

    /// The tiers of an instance.
    pub(super) async fn tiers(
        &self,
        hub: &Hub,
        asset: &PortalAsset,
        instance: &str,
    ) -> Result<Arc<Vec<Tier>>, CallError> {
        let ask = async || Ok(Arc::new(hub.tiers(asset, instance).await?.unwrap_or_default()));
        self.tiers.get(&(asset.clone(), instance.to_owned()), ask).await
    }

    /// The grant types of the provider of an instance.
    pub(super) async fn grant_types(
        &self,
        hub: &Hub,
        asset: &PortalAsset,
        instance: &str,
    ) -> Result<Option<Arc<GrantTypes>>, CallError> {
        let ask = async || Ok(hub.instance_grant_types(asset, instance).await?.map(Arc::new));
        self.grants.get(&(asset.clone(), instance.to_owned()), ask).await
    }

    /// The grant types of the provider of an application.
    pub(super) async fn grant_types_of(
        &self,
        hub: &Hub,
        application: &str,
    ) -> Result<Option<Arc<GrantTypes>>, CallError> {
        let ask = async || Ok(hub.application_grant_types(application).await?.map(Arc::new));
        self.providers.get(&application.to_owned(), ask).await
    }

    /// Whether an asset has terms and conditions.
    pub(super) async fn has_terms(&self, hub: &Hub, asset: &PortalAsset) -> Result<bool, CallError> {
        let ask = async || Ok(hub.terms(asset).await?.is_some_and(|terms| !terms.trim().is_empty()));
        self.terms.get(asset, ask).await
    }
}
