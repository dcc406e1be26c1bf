//! Ids in running text: found by what they are, or by what stands around them.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::Edit;
use crate::asset::{Moved, Remap, Version, is_uuid};

/// What stands before the group in an address of Exchange or of its Maven facade.
const BEFORE_GROUP: &[&[u8]] = &[b"/exchange/", b"/api/v1/assets/", b"/api/v2/assets/", b"/maven/"];

/// What stands before an organization.
const BEFORE_ORGANIZATION: &[&[u8]] = &[b"/organizations/", b"organizationId="];

/// What stands before the group of a vendored module.
const MODULES: &[u8] = b"exchange_modules/";

/// Finds ids that move.
#[derive(Debug)]
pub(super) struct Finder {
    found: AhoCorasick,
    /// As the table spells them.
    ids: Vec<String>,
}

impl Finder {
    /// `None` where there is nothing to find.
    pub(super) fn new(remap: &Remap) -> Option<Self> {
        let mut patterns: Vec<&str> = remap.mentioned().into_iter().chain(remap.hosts()).collect();
        patterns.sort_unstable();
        patterns.dedup();
        if patterns.is_empty() {
            return None;
        }
        let ids: Vec<String> = patterns.into_iter().map(str::to_owned).collect();
        // A UUID is the same in capitals; whether anything else is, is asked where it is found.
        let mut found = AhoCorasick::builder();
        let found = found.match_kind(MatchKind::LeftmostLongest).ascii_case_insensitive(true).build(&ids);
        Some(Self { found: found.expect("a table of ids is smaller than an automaton may be"), ids })
    }

    /// Whether any id stands in it, as part of a word or not.
    pub(super) fn is_worth_a_look(&self, bytes: &[u8]) -> bool {
        self.found.is_match(bytes)
    }

    /// What is to be replaced, in the order of the text.
    pub(super) fn edits(&self, remap: &Remap, bytes: &[u8]) -> Vec<Edit> {
        let mut edits: Vec<Edit> = Vec::new();
        for found in self.found.find_iter(bytes) {
            let is_done = edits.last().is_some_and(|last| found.start() < last.range.end);
            let id = &self.ids[found.pattern().as_usize()];
            if !is_done && let Some(edit) = edit(remap, bytes, id, found.range()) {
                edits.push(edit);
            }
        }
        edits
    }
}

fn edit(remap: &Remap, bytes: &[u8], id: &str, range: Range<usize>) -> Option<Edit> {
    let (before, after) = (&bytes[..range.start], &bytes[range.end..]);
    let is_unmistakable = is_uuid(id);
    let is_it = is_unmistakable || bytes[range.clone()] == *id.as_bytes();
    if !is_it || !is_whole(before, after, is_unmistakable) {
        return None;
    }
    if let Some(host) = remap.host(id).filter(|_| ends(before, b"//")) {
        return Some(Edit { range, text: host.to_owned() });
    }
    let whole = |to: &str| Edit { range: range.clone(), text: to.to_owned() };
    let rest = Rest::of(after);
    let (asset, version) = rest.as_ref().map_or(("", None), |rest| (rest.asset, rest.version));
    if ends(before, MODULES) {
        return remap.module(id, asset, version).map(|moved| moved_edit(&range, rest.as_ref(), &moved));
    }
    if BEFORE_ORGANIZATION.iter().any(|words| ends(before, words)) {
        return remap.organization(id).map(whole);
    }
    let in_address = || BEFORE_GROUP.iter().any(|words| ends(before, words)) || is_below_a_portal(before);
    if let Some(rest) = &rest
        && (is_unmistakable || rest.version.is_some() || in_address())
        && let Some(moved) = remap.asset(id, asset, version)
    {
        return Some(moved_edit(&range, Some(rest), &moved));
    }
    remap.id(id).filter(|_| is_unmistakable).map(whole)
}

/// Replaces a group, and what follows it as far as that moves as well.
fn moved_edit(range: &Range<usize>, rest: Option<&Rest<'_>>, moved: &Moved<'_>) -> Edit {
    let (mut end, mut text) = (range.end, moved.group.to_owned());
    if let (Some(rest), Some(asset)) = (rest, moved.asset) {
        text.push_str(rest.separator);
        text.push_str(asset);
        end += rest.separator.len() + rest.asset.len();
        if let (Some(before), Some(version)) = (rest.version, moved.version) {
            text.push_str(rest.separator);
            text.push_str(version);
            end += rest.separator.len() + before.len();
        }
    }
    Edit { range: range.start..end, text }
}

/// What follows a group: `/asset/version`, or with colons.
struct Rest<'a> {
    /// A slash in JSON may be escaped.
    separator: &'static str,
    asset: &'a str,
    version: Option<&'a str>,
}

impl<'a> Rest<'a> {
    fn of(after: &'a [u8]) -> Option<Self> {
        let separator = ["/", "\\/", ":"].into_iter().find(|separator| after.starts_with(separator.as_bytes()))?;
        let asset = part(&after[separator.len()..])?;
        let behind = &after[separator.len() + asset.len()..];
        let version = behind.strip_prefix(separator.as_bytes()).and_then(part);
        Some(Self { separator, asset, version: version.filter(|text| text.parse::<Version>().is_ok()) })
    }
}

/// The part of a path that a text begins with; a full stop at its end belongs to the sentence.
fn part(text: &[u8]) -> Option<&str> {
    let legal = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let end = text.iter().position(|b| !legal(b)).unwrap_or(text.len());
    let part = std::str::from_utf8(&text[..end]).ok()?.trim_end_matches('.');
    (!part.is_empty()).then_some(part)
}

/// Whether an id is a word of its own. A UUID is one whatever word it is joined to, but where a digit of its kind stands
/// beside it: then it is a part of something longer, which may mean something else.
fn is_whole(before: &[u8], after: &[u8], is_unmistakable: bool) -> bool {
    if is_unmistakable {
        let is_escape = matches!(before, [.., b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
        return (is_escape || !before.last().is_some_and(u8::is_ascii_hexdigit))
            && !after.first().is_some_and(u8::is_ascii_hexdigit);
    }
    let goes_on = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let is_joined = |b: Option<&u8>, next: Option<&u8>| goes_on(b) || (b == Some(&b'.') && goes_on(next));
    !is_joined(before.last(), before.iter().nth_back(1)) && !is_joined(after.first(), after.get(1))
}

/// Whether a text ends with words, or with the same words as JSON may escape them.
fn ends(text: &[u8], words: &[u8]) -> bool {
    if text.ends_with(words) {
        return true;
    }
    let mut rest = text;
    for byte in words.iter().rev() {
        let Some(shorter) = rest.strip_suffix(&[*byte]) else { return false };
        rest = shorter;
        if *byte == b'/' {
            let Some(shorter) = rest.strip_suffix(b"\\") else { return false };
            rest = shorter;
        }
    }
    true
}

/// Whether a text ends with `/exchange/portals/<name>/`.
fn is_below_a_portal(text: &[u8]) -> bool {
    let Some(rest) = text.strip_suffix(b"/") else { return false };
    let name = rest.iter().rev().take_while(|b| !matches!(b, b'/' | b' ' | b'\n' | b'"')).count();
    rest[..rest.len() - name].ends_with(b"/exchange/portals/")
}
