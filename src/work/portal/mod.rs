//! What the jobs on a portal share: the caller's applications, listed once, and what the portal shows, read once each.

mod own;
mod shown;

pub(super) use own::OwnApplications;
pub(super) use shown::{ShownAssets, ShownError};
