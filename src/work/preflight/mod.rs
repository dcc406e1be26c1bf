//! What reads of the target tell before the first write: everything that is found is reported at once.
//!
//! It is looked at once per run, after the scan, and only when there is something to send. What is found about an item
//! fails that item, the others go on; what is found about the whole keeps everything from being sent. Only documented
//! reads are made, and few: lists by the page, each item against what the lists hold. A server that does not know a
//! call, or does not let us make it, has said nothing: a publication tells the rest, as it does without all this.

mod dependencies;
mod examination;
mod existing;
mod groups;
mod limits;
mod quota;
mod reads;
mod rights;
mod tombstones;
mod values;

#[cfg(test)]
mod tests;

pub(in crate::work) use {examination::Examination, existing::Known, rights::rights_at};

/// The class of an item that fails before anything is sent for it.
pub(in crate::work) const CLASS: &str = "preflight";
