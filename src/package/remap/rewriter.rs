//! Rewriting a file, whatever it is.

use super::{Edit, lexical::Finder, structured::Shape};
use crate::{
    asset::Remap,
    package::detect::{Encoding, decode},
};

/// Brings names and contents in line with a table.
#[derive(Debug)]
pub(in crate::package) struct Rewriter {
    remap: Remap,
    finder: Option<Finder>,
}

impl Rewriter {
    pub(in crate::package) fn new(remap: Remap) -> Self {
        Self { finder: Finder::new(&remap), remap }
    }

    /// Whether it changes nothing.
    pub(in crate::package) fn is_idle(&self) -> bool {
        self.finder.is_none()
    }

    /// Another name for a member of an archive, or another line of text; `None`: as before.
    pub(in crate::package) fn name(&self, name: &str) -> Option<String> {
        let edits = self.finder.as_ref()?.edits(&self.remap, name.as_bytes());
        if edits.is_empty() { None } else { String::from_utf8(apply(name.as_bytes(), &edits)).ok() }
    }

    /// Other content for a file of this name; `None`: as before.
    pub(in crate::package) fn content(&self, name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let finder = self.finder.as_ref()?;
        if is_binary(bytes) {
            return self.wide(finder, name, bytes);
        }
        if !finder.is_worth_a_look(bytes) {
            return None;
        }
        let edits = self.edits(finder, name, bytes);
        if edits.is_empty() { None } else { Some(apply(bytes, &edits)) }
    }

    /// Where something is left to change: the place, and what stands there.
    pub(super) fn changes(&self, name: &str, bytes: &[u8]) -> Vec<(std::ops::Range<usize>, String)> {
        let Some(finder) = &self.finder else { return Vec::new() };
        let text = |edit: &Edit| String::from_utf8_lossy(&bytes[edit.range.clone()]).into_owned();
        self.edits(finder, name, bytes).iter().map(|edit| (edit.range.clone(), text(edit))).collect()
    }

    /// What stands in several values is taken as one first; the rest as it stands.
    fn edits(&self, finder: &Finder, name: &str, bytes: &[u8]) -> Vec<Edit> {
        let skipped = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let structured = std::str::from_utf8(&bytes[skipped..]).map(|text| Shape::of(name).edits(&self.remap, text));
        let mut edits = structured.unwrap_or_default();
        for edit in &mut edits {
            edit.range = edit.range.start + skipped..edit.range.end + skipped;
        }
        edits.sort_by_key(|edit| edit.range.start);
        edits.dedup_by(|later, first| later.range.start < first.range.end);
        let overlaps = |edit: &Edit| {
            let after = edits.partition_point(|known| known.range.end <= edit.range.start);
            edits.get(after).is_some_and(|known| known.range.start < edit.range.end)
        };
        let lexical: Vec<Edit> = finder.edits(&self.remap, bytes).into_iter().filter(|edit| !overlaps(edit)).collect();
        edits.extend(lexical);
        edits.sort_by_key(|edit| edit.range.start);
        edits
    }

    /// A text in UTF-16, which is written as it was.
    fn wide(&self, finder: &Finder, name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let decoded = decode(bytes).ok().filter(|decoded| decoded.encoding == Encoding::Utf16)?;
        let is_little = match bytes {
            [0xFF, 0xFE, ..] => true,
            [0xFE, 0xFF, ..] => false,
            [_, second, ..] => *second == 0,
            _ => return None,
        };
        let mark = if matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) { &bytes[..2] } else { &[] };
        let encode = |text: &str| {
            let units = text.encode_utf16().flat_map(|u| if is_little { u.to_le_bytes() } else { u.to_be_bytes() });
            mark.iter().copied().chain(units).collect::<Vec<u8>>()
        };
        let text = decoded.text.as_ref();
        let edits = self.edits(finder, name, text.as_bytes());
        // What does not come back as it was is no such text.
        if edits.is_empty() || encode(text) != bytes {
            return None;
        }
        String::from_utf8(apply(text.as_bytes(), &edits)).ok().map(|text| encode(&text))
    }
}

/// Whether replacing bytes would break a file: its parts are found by their place or length.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes.contains(&0) || bytes.starts_with(b"%PDF-")
}

fn apply(bytes: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut done = 0;
    for edit in edits {
        out.extend_from_slice(&bytes[done..edit.range.start]);
        out.extend_from_slice(edit.text.as_bytes());
        done = edit.range.end;
    }
    out.extend_from_slice(&bytes[done..]);
    out
}
