//! An Exchange in a box: a server that answers as Anypoint Exchange does, for trials, tests and rehearsals.
//!
//! The contract is EXCHANGE.md and the official OpenAPI; `docs/sandbox.md` says what is simulated, how to make things go
//! wrong, and which reading was taken where the sources are silent.
//!
//! [`Sandbox::open`] makes one, [`serve`] and [`serve_tls`] put it on a socket, [`Sandbox::router`] hands it to tests without one.
//! Every resource of the API has a module with a `routes` function; they meet in one store, a
//! database in a directory: the one that was given, or one that ends with the process. This room shares [`crate::asset`] with the client and nothing
//! else, so that a mistake of one is not hidden by the same mistake of the other.

mod accept;
mod accounts;
mod app;
mod assets;
mod authority;
mod caller;
mod catalog;
mod clock;
mod connection;
mod control;
mod describe;
mod directory;
mod faults;
mod files;
mod gate;
mod graph;
mod greeting;
mod hub;
mod icons;
mod instances;
mod legacy;
mod lifecycle;
mod maven;
mod metadata;
mod organizations;
mod page;
mod portal;
mod problem;
mod publish;
mod quirks;
mod runs;
mod semantic;
mod server;
mod settings;
mod sharing;
mod specification;
mod stats;
mod store;
#[cfg(test)]
mod tests;
mod tokens;
mod unzip;
mod view;

pub use app::{Credentials, Sandbox, SandboxError};
pub use authority::AuthorityError;
pub use connection::Reset;
pub use directory::DirectoryError;
pub use faults::{FaultKind, Faults};
pub use quirks::{Quirk, Quirks};
pub use server::{Running, serve, serve_tls};
pub use settings::{DEFAULT_ORGANIZATION, Latency, OrganizationSetting, RateLimit, SettingError, Settings};
pub use store::StoreError;
