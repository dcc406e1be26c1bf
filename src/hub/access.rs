//! The access of applications to instances: tiers, grant types and contracts (EXCHANGE.md §7).

use futures::Stream;
use http::Method;

use super::{
    AppContract, Contract, ContractRequest, CreatedContract, GrantTypes, Hub, PortalAsset, Tier, api::LastPage,
};
use crate::net::{Call, CallError, Lane, Repeat};

impl Hub {
    /// The tiers of an instance; empty where it has none; `None` where it is not there.
    ///
    /// `getTiers`: `GET …/assets/{groupId}/{assetId}/{minorVersion}/instances/{instanceId}/tiers`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn tiers(&self, asset: &PortalAsset, instance_id: &str) -> Result<Option<Vec<Tier>>, CallError> {
        self.find(self.asset_path(asset, &[&"instances", &instance_id, &"tiers"])?).await
    }

    /// The grant types that the provider of an instance knows; `None` where the instance is not there.
    ///
    /// `getGrantTypesByInstanceId`: `GET …/instances/{instanceId}/provider/grantTypes`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn instance_grant_types(
        &self,
        asset: &PortalAsset,
        instance_id: &str,
    ) -> Result<Option<GrantTypes>, CallError> {
        self.find(self.asset_path(asset, &[&"instances", &instance_id, &"provider", &"grantTypes"])?).await
    }

    /// The grant types that the provider of an application knows; `None` where the application is not there.
    ///
    /// `getGrantTypesByApplicationId`: `GET …/applications/{applicationId}/provider/grantTypes`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn application_grant_types(&self, application_id: &str) -> Result<Option<GrantTypes>, CallError> {
        self.find(self.path(&[&"applications", &application_id, &"provider", &"grantTypes"])?).await
    }

    /// Asks for access. The contract is in force at once, or waits for somebody to approve it: its status tells.
    ///
    /// `createContract`: `POST …/assets/{groupId}/{assetId}/{minorVersion}/contracts`. It is repeated only where the server
    /// cannot have acted. After a doubt [`contract`](Self::contract) tells whether it was made.
    ///
    /// # Errors
    /// [`CallError`]; a refusal where the terms are not accepted, the tier is not offered, or there is a contract already.
    pub async fn create_contract(
        &self,
        asset: &PortalAsset,
        request: &ContractRequest,
    ) -> Result<CreatedContract, CallError> {
        let path = self.asset_path(asset, &[&"contracts"])?;
        self.send(Method::POST, path, request, Repeat::OnlyIfRefused).await?.json()
    }

    /// The contract of an application with an instance; `None` where there is none.
    ///
    /// `getContract`: `GET …/assets/{groupId}/{assetId}/{minorVersion}/contracts/{applicationId}/{instanceId}`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn contract(
        &self,
        asset: &PortalAsset,
        application_id: &str,
        instance_id: &str,
    ) -> Result<Option<Contract>, CallError> {
        self.find(self.asset_path(asset, &[&"contracts", &application_id, &instance_id])?).await
    }

    /// As [`contract`](Self::contract), for whoever asks again and again: it waits behind what others have to do.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn poll_contract(
        &self,
        asset: &PortalAsset,
        application_id: &str,
        instance_id: &str,
    ) -> Result<Option<Contract>, CallError> {
        let call = Call::get(self.asset_path(asset, &[&"contracts", &application_id, &instance_id])?).lane(Lane::Poll);
        self.found(call).await?.map(|reply| reply.json()).transpose()
    }

    /// All contracts of an application, page by page as they are asked for.
    ///
    /// `getContractsByApplicationId`: `GET …/applications/{applicationId}/contracts` with `limit` (at most 250) and
    /// `offset`. A read.
    ///
    /// # Errors
    /// [`CallError`], as an entry, which is the last; 404 where there is no such application.
    pub fn contracts(&self, application_id: &str) -> impl Stream<Item = Result<AppContract, CallError>> + Send + '_ {
        let path = self.path(&[&"applications", &application_id, &"contracts"]);
        self.entries(path, Vec::new(), LastPage::Short, |contract: &AppContract| contract.contract_id.clone())
    }

    /// Asks for another tier for a contract. One that nobody needs to approve holds at once.
    ///
    /// `assignSlaTierToContract`: `PATCH …/applications/{applicationId}/contracts/{contractId}/tiers/{tierId}`, without a
    /// body. The same tier twice leaves the same, so it may be repeated.
    ///
    /// # Errors
    /// [`CallError`]; a refusal where there is no such contract, or the instance has no such tier.
    pub async fn assign_tier(
        &self,
        application_id: &str,
        contract_id: &str,
        tier_id: &str,
    ) -> Result<Contract, CallError> {
        let path = self.path(&[&"applications", &application_id, &"contracts", &contract_id, &"tiers", &tier_id])?;
        self.client().call(Call::new(Method::PATCH, path).repeat(Repeat::Safe)).await?.json()
    }
}
