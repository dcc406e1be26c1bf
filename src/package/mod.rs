//! (see the crate documentation)

pub mod detect;
