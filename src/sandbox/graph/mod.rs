//! The Graph API: assets, and of them what a query selects (EXCHANGE.md §6).
//!
//! A query is read in three steps. The document is parsed and turned into a plan that holds only what the schema knows
//! (`plan`, `schema`), with the values of its variables and arguments (`variables`, `input`). Then the plan is answered from the tables
//! (`answer`), which finds assets as listings do (`search`). Size and depth of a query and the number of assets that it
//! may touch are bounded, whatever its fragments say.

mod answer;
mod failure;
mod handler;
mod input;
mod plan;
mod schema;
mod search;
mod variables;

pub(super) use handler::routes;
