//! Pure nouns: what an asset is and how its parts are named. No I/O happens in this room.
//!
//! Client and sandbox share these types and nothing else, so that a mistake of one is not hidden by the same
//! mistake of the other.

mod access;
mod application;
mod change;
mod coordinates;
mod description;
mod diagnosis;
mod draft;
mod file_key;
mod kind;
mod lifecycle;
mod listed;
mod on_conflict;
mod portal_asset;
mod remap;
mod values;
mod version;

pub use access::WantedAccess;
pub use application::ApplicationWish;
pub use change::AssetChange;
pub use coordinates::{Coordinates, CoordinatesError};
pub use description::{Claim, Description, ExternalInstance, Scope, Visibility, VisibilityError};
pub use diagnosis::{Diagnosis, Problem, Verdict};
pub use draft::{AssetDraft, DocsPage, Documentation, DraftFile, FileContent, Origin, Sourced};
pub use file_key::{FileKey, FileKeyError};
pub use kind::AssetType;
pub use lifecycle::Lifecycle;
pub use listed::ListedVersion;
pub use on_conflict::OnConflict;
pub use portal_asset::{PortalAsset, PortalAssetError};
pub(crate) use remap::is_uuid;
pub use remap::{Moved, Remap, RemapError, RemapTables};
pub use values::{Spelled, Values};
pub use version::{MappedVersion, Version, VersionError};
