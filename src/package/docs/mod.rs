//! Documentation: from Markdown files to the docs archive that Exchange unpacks (EXCHANGE.md §2.7, §5.2).
//!
//! * [`collect`] takes an ordered list of pages, or [`of_folder`] a folder of them, and finds out what goes along: the
//!   images that the pages show. What Exchange would refuse is told with its place: names, sizes, missing images.
//! * Packing renders the [`Documentation`](crate::asset::Documentation) anew, with links that hold in Exchange. Only the
//!   destinations of links change, and only those that have to; every other byte of a page stays as it is.
//! * A docs archive that somebody else made is held to the same rules.
//!
//! # Links
//! An image in Exchange is reached as `resources/<name>` from every page. How pages link to each other is written down
//! nowhere; the reading here is the name of the page, percent-encoded and without `.md`, since that is how the API
//! addresses pages (`…/portal/pages/<name>`, EXCHANGE.md §5.1). A link that leads to neither a page nor an image stays
//! as it is: it may be meant for the server. When it is relative it is noted, for `plan` to show.

mod collect;
mod folder;
mod html;
mod links;
mod names;
mod page;
mod ready;
mod render;

pub use collect::collect;
pub use folder::of_folder;
pub use names::page_name;
pub(in crate::package) use ready::check as check_archive;
pub(in crate::package) use render::render;
