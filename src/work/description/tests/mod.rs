//! Promises of describing, against the sandbox of this process.

mod place;
mod status;
mod values;

use place::{Place, many, one, wish};
