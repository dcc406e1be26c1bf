//! Links in HTML that stands in Markdown: `<img src>` and `<a href>`.

use std::ops::Range;

use super::links::{Destination, Kind};

/// Elements whose content is no markup.
const RAW: [&str; 4] = ["script", "style", "textarea", "title"];

/// The destinations in a stretch of HTML. What is broken is passed over: browsers make something of it, we do not.
pub(super) fn find(text: &str, range: Range<usize>, found: &mut Vec<Destination>) {
    let mut cursor = Cursor { text: &text[..range.end], at: range.start };
    while cursor.skip_to('<') {
        if cursor.rest().starts_with("<!--") {
            if !cursor.skip_past("-->") {
                return;
            }
            continue;
        }
        cursor.at += 1;
        let name = cursor.word().to_ascii_lowercase();
        let wanted = match name.as_str() {
            "" => continue,
            "img" => Some(("src", Kind::Image)),
            "a" => Some(("href", Kind::Link)),
            _ => None,
        };
        while let Some((attribute, value)) = cursor.attribute() {
            if let Some((wanted, kind)) = wanted
                && attribute.eq_ignore_ascii_case(wanted)
                && let Some(value) = value
            {
                // `&` is the one character of a path that is escaped in practice.
                let target = text[value.clone()].replace("&amp;", "&");
                found.push(Destination { kind, target, at: value.start, place: Some(value) });
            }
        }
        if RAW.contains(&name.as_str()) && !cursor.skip_past(&format!("</{name}")) {
            return;
        }
    }
}

struct Cursor<'a> {
    /// The text up to the end of the stretch.
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_to(&mut self, c: char) -> bool {
        match self.rest().find(c) {
            Some(by) => self.at += by,
            None => self.at = self.text.len(),
        }
        self.at < self.text.len()
    }

    /// Moves behind the next `end`, in whatever case it is written; false when there is none.
    fn skip_past(&mut self, end: &str) -> bool {
        let bytes = self.rest().as_bytes();
        match bytes.windows(end.len()).position(|window| window.eq_ignore_ascii_case(end.as_bytes())) {
            Some(by) => self.at += by + end.len(),
            None => self.at = self.text.len(),
        }
        self.at < self.text.len()
    }

    /// Letters, digits and dashes.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn skip_blank(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches(|c: char| c.is_whitespace() || c == '/').len();
    }

    /// The next attribute of a tag with the place of its value; nothing at the end of the tag.
    fn attribute(&mut self) -> Option<(&'a str, Option<Range<usize>>)> {
        self.skip_blank();
        let rest = self.rest();
        if rest.is_empty() || rest.starts_with(['>', '<']) {
            return None;
        }
        let is_end = |c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/' | '<');
        // A stray `=` counts as a name, so that every round moves on.
        let end = rest.char_indices().skip(1).find(|(_, c)| is_end(*c)).map_or(rest.len(), |(at, _)| at);
        let name = &rest[..end];
        self.at += end;
        let value = self.rest().trim_start().strip_prefix('=').map(str::trim_start);
        let Some(value) = value else { return Some((name, None)) };
        self.at = self.text.len() - value.len();
        let (open, end) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => (1, value[1..].find(quote).map(|end| end + 1)),
            _ => (0, Some(value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len()))),
        };
        let Some(end) = end else {
            self.at = self.text.len();
            return None;
        };
        let place = self.at + open..self.at + end;
        self.at += end + open;
        Some((name, Some(place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(html: &str) -> Vec<(Kind, String)> {
        let mut found = Vec::new();
        find(html, 0..html.len(), &mut found);
        for one in &found {
            let place = one.place.clone().expect("a place");
            assert_eq!(html[place].replace("&amp;", "&"), one.target);
        }
        found.into_iter().map(|one| (one.kind, one.target)).collect()
    }

    #[test]
    fn sources_of_images_and_links_are_found_however_they_are_quoted() {
        let html =
            "<p><IMG width=3 alt='a > b' SRC = \"a b.png\"/><img src=c.png><a class=x\nhref='d.md?a&amp;b'>e</a>";
        let expected = [(Kind::Image, "a b.png"), (Kind::Image, "c.png"), (Kind::Link, "d.md?a&b")];
        assert_eq!(targets(html), expected.map(|(kind, text)| (kind, text.to_owned())));
    }

    #[test]
    fn comments_scripts_and_other_attributes_are_passed_over() {
        let html =
            "<!-- <img src=a.png> --><script>'<img src=b.png>'</SCRIPT><img data-src=c.png alt=src><b src=d.png>";
        assert_eq!(targets(html), []);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn whatever_stands_there_is_read_without_panic(html in "[<>a-c=\"'/! é\n-]{0,60}", rest in "(<img src|<a href|é|=|\"|>| ){0,12}") {
            let html = format!("{html}{rest}");
            targets(&html);
        }
    }
}
