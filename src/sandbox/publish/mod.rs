//! Publishing (EXCHANGE.md §3).
//!
//! A publication is read and checked in three rounds. What the form alone tells is answered at once (`draft`), and so
//! is what the state of the coordinates forbids (`rules`). Then the coordinates are reserved, and the files are looked
//! into (`content`) without the lock; what is wrong with them is told through the status link, or at once where the
//! publisher waits.

mod archive;
mod budget;
mod content;
mod document;
mod draft;
mod facts;
mod form;
mod handler;
mod kinds;
mod legacy;
mod mutable;
mod pom;
mod progress;
mod rules;
mod staged;

pub(super) use archive::member;
pub(super) use budget::Budget;
pub(super) use content::{candidates, classifier_of};
pub(super) use draft::{Options, check_length, description_limit, normal_tags};
pub(super) use form::{Form, Upload, icon_limit, max_size};
pub(super) use handler::{Publisher, accept, routes};
pub(super) use kinds::check_icon;
pub(super) use mutable::accept_data;
pub(super) use rules::check_place;
pub(super) use staged::publish_files;
