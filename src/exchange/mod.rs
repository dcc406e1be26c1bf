//! The client of the Exchange API, one file per resource, in the API's own names (EXCHANGE.md §3, §6).
//!
//! Everything goes through [`net::Client`](crate::net::Client); nothing here waits, repeats or keeps state.

mod accounts;
mod api;
mod assets;
mod conflict;

mod files;
mod model;
mod publication;
mod status_link;
mod upload;

pub use accounts::Organization;
pub use api::Exchange;
pub use assets::{AssetQuery, DeleteType, Page, VersionOrder};
pub use conflict::Conflict;
pub use files::{DownloadError, DownloadedFile};
pub use model::{Asset, AssetFile, AssetSummary, Attribute, Category, CustomField, Dependency, PublishedAsset};
pub use publication::{Accepted, PublicationState, PublicationStatus, PublicationStep, PublishHeaders, PublishRequest};
pub use status_link::{StatusLink, StatusLinkError};
pub use upload::UploadFile;

#[cfg(test)]
mod tests;
