//! Describing assets: tags, categories and custom fields, and what an organization configures of them (EXCHANGE.md §4).
//!
//! A configuration belongs to a root organization and holds for all business groups below it. Values hang on the id of
//! their configuration, not on its key: a configuration that is gone takes its values out of sight at once, on all
//! assets, and one that is made later with the same key does not bring them back.

mod configuration;
mod configurations;
mod sweep;
mod value;
mod values;

use axum::Router;

use super::app::App;

pub(super) use configuration::{Configuration, Dimension, root};
pub(super) use value::{Given, TagValue};
pub(super) use values::scope;

pub(super) fn routes() -> Router<App> {
    configurations::routes().merge(values::routes())
}
