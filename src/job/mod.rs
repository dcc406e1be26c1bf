//! The job file: what to bring from where to where, at what pace.
//!
//! [`Job::load`] reads and checks the file; mistakes are told with line and column. The command line and the
//! environment are laid over it. Paths in the file are relative to the file.

mod defaults;
mod definitions;
mod error;
mod export;
mod file;
mod migrate;
mod model;
mod place;
mod portal;
mod read;
mod remap;
mod resolve;
mod secrets;
mod settings;
mod text;
mod wave;

pub use crate::asset::OnConflict;
pub use definitions::{Definition, Definitions, ValueType, Wish};
pub use error::JobError;
pub use export::{Companions, Export, Filter, Groups};
pub use file::{
    CredentialsFrom, DescribeApi, Kind, Metadata, Mode, OnDifference, OnVanished, SourceSpec, WhenDifferent,
    WhenPending,
};
pub use migrate::Route;
pub use model::{DEFAULT_HOST, Job, Overrides, Pace, PackageLimits, Place, Publish, Target};
pub use portal::{Access, Applications, PortalName, Secrets};
pub use text::{criterion as parse_criterion, duration as parse_duration};
