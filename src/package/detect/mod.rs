//! Detection: what a file is, what it says about itself, and which other files belong to it.
//!
//! Everything here judges by content. A name only decides which question is asked first (`.json` is read as JSON), and
//! never makes a file an asset. Nothing is expanded (no YAML alias, no XML entity), and every reader is bounded by the
//! size of the file.

mod lexical;
mod outline;
mod refs;
mod spec;
mod syntax;
mod text;
mod xml;
