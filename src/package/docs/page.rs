//! What a page is known for: how long it is, and where its links stand and lead.

use std::{collections::BTreeMap, ops::Range};

use serde::{Deserialize, Serialize};

use super::links::{self, Destination, Kind};
use crate::package::detect::{self, Target};

/// A page as far as the work on its links needs it; the text itself is only read again to be packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Page {
    /// The length in bytes.
    pub(super) bytes: usize,
    /// The length in characters.
    pub(super) characters: usize,
    /// The links that may lead to a file, in the order in which they are found.
    pub(super) links: Vec<Link>,
}

/// A link of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) kind: Kind,
    /// Where it leads, with escapes and entities resolved. Percent-escapes are left.
    pub(super) target: String,
    /// The line to show to people, from 1.
    pub(super) line: u64,
    /// The column, in characters from 1.
    pub(super) column: u64,
    /// The bytes to put another destination in place of; `None` where the notation is too odd to tell.
    pub(super) place: Option<Range<usize>>,
    /// How many characters these are.
    pub(super) written: usize,
}

impl Page {
    /// Looks through a text.
    pub(super) fn of(text: &str) -> Self {
        let mut found = links::find(text);
        found.retain(|link| detect::reference_target(&link.target) != Target::NoFile);
        let positions = positions(text, &found);
        let link = |found: Destination| {
            let (line, column) = positions[&found.at];
            let written = found.place.clone().map_or(0, |place| text[place].chars().count());
            Link { kind: found.kind, target: found.target, line, column, place: found.place, written }
        };
        Self { bytes: text.len(), characters: text.chars().count(), links: found.into_iter().map(link).collect() }
    }

    /// How many characters the page has with these destinations in place of its own.
    pub(super) fn characters_with(&self, edits: &[(&Link, String)]) -> usize {
        let taken: usize = edits.iter().map(|(link, _)| link.written).sum();
        let put: usize = edits.iter().map(|(_, destination)| destination.chars().count()).sum();
        self.characters.saturating_sub(taken) + put
    }
}

/// Line and column of every link, in one pass: a page may be long and have many.
fn positions(text: &str, links: &[Destination]) -> BTreeMap<usize, (u64, u64)> {
    let mut positions: BTreeMap<usize, (u64, u64)> = links.iter().map(|link| (link.at, (1, 1))).collect();
    let (mut from, mut line, mut column) = (0, 1, 1);
    for (at, position) in &mut positions {
        for c in text[from..*at].chars() {
            if c == '\n' {
                (line, column) = (line + 1, 1);
            } else {
                column += 1;
            }
        }
        from = *at;
        *position = (line, column);
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_have_their_place_and_those_to_the_web_are_left_out() {
        let page = Page::of("é ![a](b.png)\n[w](https://x.test) [r]\n\n[r]: c%20d.md 't'\n");
        let links: Vec<_> = page.links.iter().map(|link| (link.target.as_str(), link.line, link.column)).collect();
        assert_eq!(links, [("b.png", 1, 3), ("c%20d.md", 4, 1)]);
        assert_eq!(page.links[1].written, "c%20d.md".len());
        assert_eq!((page.bytes, page.characters), (58, 57));
    }

    #[test]
    fn the_length_follows_the_destinations() {
        let page = Page::of("[é](é.md)");
        assert_eq!(page.characters_with(&[(&page.links[0], "ab".to_owned())]), page.characters - 4 + 2);
    }
}
