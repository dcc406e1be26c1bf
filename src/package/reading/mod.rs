//! Reading a file of a source once, and remembering what it told for as long as it has not changed.
//!
//! What is remembered is only ever a function of the bytes of one file and of its name: an outline, the files that it
//! refers to, the links of a page. Everything that is made of it – which files are parts of others, which values an asset
//! has, what is wrong – is worked out anew by every scan, so that no change of options, of other files or of a job has
//! to find and forget anything.
//!
//! A memory only saves work. One that is gone, cannot be read, or holds something else than it should is as good as
//! none: the file is read.

mod file;
mod mark;
mod memory;
#[cfg(test)]
pub(crate) mod notebook;
#[cfg(test)]
mod tests;

pub use file::Reading;
#[cfg(test)]
pub(crate) use mark::DETECTION;
pub use mark::Mark;
pub use memory::{Memory, Question};
