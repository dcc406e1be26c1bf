//! What goes along with the assets of an organization: the client applications of its portals, and what they have access
//! to.
//!
//! * [`read`] reads them from every portal of the organizations that were read.
//! * `applications.csv` and `access.csv` hold them in the form that the jobs of kind `applications` and `access` read.
//!
//! Owners, client secrets and ids cannot be carried: whoever makes an application elsewhere owns it, and is told a new
//! secret. No secret is kept here, not even for a moment in a record.

mod form;
mod read;

pub use form::{ACCESS, APPLICATIONS};
pub(super) use read::settled;
pub use read::{Sought, read, read_one};

use super::Note;

/// What came of looking for companions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Companions {
    /// The job leaves them out.
    #[default]
    Unwanted,
    /// No portal shows itself.
    Nowhere {
        /// Why.
        why: String,
        /// Whether it may be otherwise the next time: the portals could not be asked for.
        is_failure: bool,
    },
    /// Those of these portals, by name and id.
    Of(Vec<Portal>),
}

/// A portal, and what was read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portal {
    /// The name, with the id where that tells more.
    pub label: String,
    /// What it has, or why it could not be read.
    pub found: Result<Found, String>,
}

/// The companions of one portal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The applications, by name.
    pub applications: Vec<Application>,
    /// Their contracts, by application, asset and instance.
    pub access: Vec<Access>,
    /// What is not in the rows as it is in the portal.
    pub notes: Vec<Note>,
}

/// A client application: a row of `applications.csv`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Application {
    /// The name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Its address.
    pub url: String,
    /// Where users are sent back to.
    pub redirect_uris: Vec<String>,
    /// The grant types that it uses.
    pub grant_types: Vec<String>,
    /// An asset that it uses, as a row names it; empty where none is known.
    pub asset: String,
    /// The instance of that asset, by its name or id.
    pub instance: String,
    /// The id that it signs in with, in the portal that it comes from.
    pub client_id: String,
}

/// A contract: a row of `access.csv`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// The application, by name.
    pub application: String,
    /// The asset, as a row names it.
    pub asset: String,
    /// The instance, by its name or id.
    pub instance: String,
    /// The tier, by name; empty where there is none.
    pub tier: String,
    /// Where the contract stands.
    pub status: String,
}
