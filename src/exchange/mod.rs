//! The client of the Exchange API, one file per resource, in the API's own names (EXCHANGE.md §3–§6).
//!
//! Everything goes through [`net::Client`](crate::net::Client); nothing here waits, repeats or keeps state. Each call says
//! where it is documented, what it refuses, and whether it may be sent again when it is not known what became of it:
//!
//! - What **reads, replaces or deletes** may: sending it twice leaves what sending it once leaves, and the door does so
//!   ([`Repeat::Safe`](crate::net::Repeat)). A deletion that finds nothing is an answer, not an error.
//! - What **makes something new** (a publication, a configuration, a page, a resource, an instance, a share) may not. The
//!   door repeats it only where the server cannot have acted; otherwise the error's
//!   [`disposition`](crate::net::CallError::disposition) is *doubt*, and the caller looks before it sends again.
//!
//! Where sources disagree about a shape, all of them are read.

mod accounts;
mod api;
mod assets;
mod configurations;
mod conflict;
mod field_value;
mod files;
mod icon;
mod instances;
mod listing;
mod metadata;
mod model;
mod mutable_data;
mod organization;
mod portal;
mod publication;
mod resources;
mod sharing;
mod status;
mod status_link;
mod tags;
mod tolerant;
mod upload;
mod v1;
mod values;

pub use accounts::{Me, Organization};
pub use api::Exchange;
pub use assets::DeleteType;
pub use configurations::{Configuration, ConfigurationChange, ConfigurationName, Dimension, Force, NewConfiguration};
pub use conflict::Conflict;
pub use field_value::{DataType, DataTypeError, FieldValue, FieldValueError};
pub use files::{DownloadError, DownloadedFile};
pub use icon::IconKind;
pub use instances::{Instance, InstanceChange, InstanceGroup, NewInstance, NoVersionGroup};
pub use listing::{AssetQuery, Page};
pub use metadata::AssetMetadata;
pub use model::{Asset, AssetFile, AssetSummary, Attribute, Category, CustomField, Dependency, Owner, PublishedAsset};
pub use mutable_data::{MutableData, MutableDataError, MutableDataRequest, ValueChange};
pub use organization::{Limits, OrganizationSwitch, VersionOrder};
pub use portal::{Edition, HOME_PAGE, Portal, PortalPage, TERMS_PAGE};
pub use publication::{Accepted, PublicationState, PublicationStatus, PublicationStep, PublishHeaders, PublishRequest};
pub use resources::{NewResource, Resource, ResourceContent};
pub use sharing::{Grant, Identity, VersionGroup};
pub use status::{AffordanceDetail, StatusTransition};
pub use status_link::{StatusLink, StatusLinkError};
pub use tags::tag_set;
pub use upload::UploadFile;

#[cfg(test)]
mod tests;
