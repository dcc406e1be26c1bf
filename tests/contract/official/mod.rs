//! The official OpenAPI descriptions, and whether what was asked and answered keeps to them.
//!
//! They do not belong to this project and need not be there: the environment variable `CONSIGN_CONTRACT` names their
//! directory, otherwise it is `../shared/contract` beside the project. Without them nothing is checked, and one test says
//! so.
//!
//! The unit tests of the sandbox include this folder too: every answer that their client gets is checked.

mod check;
mod departures;
mod description;
mod schema;

use std::{path::PathBuf, sync::LazyLock};

pub(crate) use check::{Answer, Finding};
pub(crate) use departures::{DEPARTURES, Departure};
pub(crate) use description::{Description, Operation};

/// The files of the descriptions, below their directory.
const FILES: [&str; 2] = ["exchange-experience/api.yaml", "api-experience-hub-consumer/api.yaml"];

/// The official descriptions, where they are at hand.
pub(crate) fn official() -> Option<&'static Description> {
    static OFFICIAL: LazyLock<Option<Description>> = LazyLock::new(|| {
        let named = std::env::var_os("CONSIGN_CONTRACT").map(PathBuf::from);
        let beside = || {
            let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/contract"));
            beside.is_dir().then_some(beside)
        };
        named.or_else(beside).map(|directory| Description::read(&directory, &FILES))
    });
    OFFICIAL.as_ref()
}
