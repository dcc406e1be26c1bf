//! The API Experience Hub: the Consumer API, by which a developer finds an API in a portal, makes an application and
//! asks for access (EXCHANGE.md §7), and the two calls of the Management API that tell where the portal is.
//!
//! A portal holds nothing of its own but applications and contracts: it shows what Exchange holds, as it is now. There
//! is one for every root organization. All answers, refusals included, have the shapes of this API, which are not
//! those of Exchange.

mod access;
mod applications;
mod body;
mod cards;
mod discovery;
mod documents;
mod offers;
mod portals;
mod records;
mod refusal;
mod routes;

pub(super) use routes::{control, routes};
