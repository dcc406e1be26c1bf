//! The client of the API Experience Hub Consumer API: what a developer does in a portal (EXCHANGE.md §7).
//!
//! The twenty operations, one file per resource: what a portal shows (`discovery`), client applications
//! (`applications`), and the access of one to the other (`access`). [`Hub::connections`] and [`Hub::portals`] belong to the
//! Management API, and tell where the portal is.
//!
//! Everything goes through [`net::Client`](crate::net::Client); nothing here waits, repeats or keeps state. Each call says
//! where it is documented, what it refuses, and whether it may be sent again when it is not known what became of it:
//!
//! - What **reads, replaces or deletes** may ([`Repeat::Safe`](crate::net::Repeat)), and the door does so. A deletion that
//!   finds nothing is an answer, not an error.
//! - What **makes something new** (an application, a contract, a secret) may not. The door repeats it only where the server
//!   cannot have acted; otherwise the error's [`disposition`](crate::net::CallError::disposition) is *doubt*, and each call
//!   says where to look.
//!
//! The description contradicts itself about ids (UUIDs, whose examples are `12345` and `inst-001`; numbers that are texts
//! elsewhere) and about versions (`v1`, though spoken of as `1.0`). So an id is a text that is handed back as it came, and
//! a version is one as well. Errors besides 400 and 401 are not documented: a 404 is taken for "not there".
//!
//! Client secrets are [`SecretString`](secrecy::SecretString)s, which neither `Debug` nor serialization shows.

mod access;
mod address;
mod api;
mod applications;
mod asset;
mod contract;
mod discovery;
mod error;
mod portals;
mod requests;
mod tolerant;

pub use crate::asset::{PortalAsset, PortalAssetError};
pub use address::PortalAddress;
pub use api::Hub;
pub use applications::{
    Application, ApplicationChange, ApplicationSummary, ApplicationUpsert, ClientProvider, CreatedApplication,
    NewApplication,
};
pub use asset::{
    AssetCard, AssetDetail, AssetFile, AssetInstance, AssetOwner, AssetPage, CustomField, DetailCategory,
    VersionComponents,
};
pub use contract::{
    AppContract, Contract, ContractRequest, ContractStatus, CreatedContract, GrantType, GrantTypes, ProviderType, Tier,
    TierLimit,
};
pub use discovery::{AssetSearch, Found, ResourceContent, Sort, SortCriteria, SortDirection};
pub use error::HubError;
pub use portals::{Connection, Portal, PortalChoice};
pub use requests::AccessRequest;

#[cfg(test)]
mod tests;
