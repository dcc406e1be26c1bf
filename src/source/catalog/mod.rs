//! A `catalog.yaml`: the descriptor of the official bulk importer, taken as it is.
//!
//! `descriptor` reads what is written, `conditions` holds the facts of a build against it, `project` makes assets of what
//! is left, and `scan` gives them out in the order of the text. What is read, and what it means, stands in
//! `docs/sources.md`.

mod conditions;
mod descriptor;
mod fields;
mod paths;
mod project;
mod scan;
#[cfg(test)]
mod tests;
mod versions;

pub(crate) use scan::scan;
