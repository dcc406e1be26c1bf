//! The portal of an asset: pages, resources and terms (EXCHANGE.md §2.7, §3.12, §5.1, §5.2).
//!
//! Pages and resources belong to a minor version, terms to a version group. Both are edited in a draft, which belongs
//! to the minor version too and is a whole portal of its own; publishing puts it in the place of what was published. A
//! docs archive is unpacked when its run is accepted, and published when the run takes effect.
//!
//! Texts and images are blobs. The portal itself is a list of names on the shelf, of bounded length.
//!
//! For other rooms that show a portal, with `minor` as `MinorVersion { group, asset, minor }`:
//!
//! * [`pages`]`(tables, minor)`: name and path of every published page, in order; `None` where nothing is published;
//! * [`page`]`(tables, minor, path)`: the text of a published page, by path, id or name;
//! * [`resource`]`(tables, minor, id)`: the bytes of a published resource, `id` without `resources/`;
//! * [`terms`]`(tables, group, asset, version_group)`: the terms of a version group;
//! * [`text`]`(shared, blob)`: the text that a blob holds, read without the lock;
//! * [`html`]`(markdown)`: a page as harmless HTML; [`image_response`]`(shared, id, blob)`: a resource as an answer.

mod content;
mod docs;
mod draft;
mod html;
mod images;
mod names;
mod order;
mod place;
mod published;
mod render;
mod resources;
mod routes;
mod search;
mod shelves;
mod terms;

pub(super) use docs::{Docs, DocsError, publish_docs, unpack};
pub(super) use html::html;
pub(super) use images::image_response;
pub(super) use routes::routes;
pub(super) use shelves::{MinorVersion, forget_group, forget_minor, page, pages, resource, resource_ids, terms, text};
