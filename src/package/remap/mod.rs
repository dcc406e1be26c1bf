//! Coordinates rewritten in what is sent, when assets move to another organization.
//!
//! A [`Remap`](crate::asset::Remap) says what becomes what; a `Rewriter` brings files and archives in line with it. Only the bytes
//! that name something that moves are replaced, so that formatting and comments stay; what names nothing of the kind stays byte
//! for byte as it was, and a ready archive is packed anew only where something in it changes.
//!
//! Ids of organizations and business groups are UUIDs, which mean nothing else: they are replaced wherever they stand in a
//! text, in capitals as well. Any other id is a word like many (`shop`), and is replaced only where the place tells what it is: below
//! `exchange_modules/`, in `group/asset/version` and `group:asset:version`, in addresses of Exchange, in POMs and in
//! `exchange.json`. Binary files and signed archives are left alone.
//!
//! [`leftovers`] is the proof: it reads what is about to be sent and believes nothing of the above.

mod archive;
mod lexical;
mod proof;
mod rewriter;
mod structured;
#[cfg(test)]
mod tests;

pub(super) use archive::RewriteFault;
pub use proof::{Leftover, What, leftovers};
pub(super) use rewriter::Rewriter;

/// What rewrites texts that stand in no file; it answers `None` where nothing changes.
pub(crate) fn text_rewriter(remap: &crate::asset::Remap) -> impl Fn(&str) -> Option<String> {
    let rewriter = Rewriter::new(remap.clone());
    move |text| rewriter.name(text)
}

/// A replacement in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    range: std::ops::Range<usize>,
    text: String,
}
