//! API instances: the places where a version group of an asset is served (EXCHANGE.md §5.3).
//!
//! External ones are made through Exchange. Managed ones belong to API Manager, which the sandbox does not have: its
//! control surface places them, with an environment and SLA tiers, for rehearsals and for the Consumer API. Instances
//! belong to a version group and stay when a version goes.

mod external;
mod managed;
mod record;

pub(super) use external::routes;
pub(super) use managed::{control, provider};
pub(super) use record::{Environment, Instance, Tier, TierLimit, first_of, instances_of, mocking_service};
