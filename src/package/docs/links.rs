//! Where the links of a Markdown text lead, and where exactly that is written.

use std::{collections::HashMap, ops::Range};

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};
use serde::{Deserialize, Serialize};

use super::html;

/// GitHub's Markdown, which Exchange speaks (EXCHANGE.md §5.2).
const GITHUB: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS);

/// What a destination is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    /// The reader may go there.
    Link,
    /// It is shown in the page.
    Image,
}

/// One destination as it is written once; a definition may serve many links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    pub(super) kind: Kind,
    /// Where it leads, with escapes and entities resolved. Percent-escapes are left.
    pub(super) target: String,
    /// A place to show to people, in bytes from the start.
    pub(super) at: usize,
    /// The bytes to put another destination in place of; `None` where the notation is too odd to tell.
    pub(super) place: Option<Range<usize>>,
}

/// A link whose end has not been read yet.
struct Open<'a> {
    kind: Kind,
    link_type: LinkType,
    target: CowStr<'a>,
    label: CowStr<'a>,
    /// How far its text goes.
    text_end: usize,
}

/// All destinations of a text. Automatic links (`<https://…>`) have nothing to change and are left out.
pub(super) fn find(text: &str) -> Vec<Destination> {
    let mut found = Vec::new();
    let mut definitions: HashMap<usize, usize> = HashMap::new();
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut events = Parser::new_ext(text, GITHUB).into_offset_iter();
    while let Some((event, range)) = events.next() {
        match event {
            Event::Start(Tag::Link { link_type, dest_url: target, id: label, .. }) => {
                open.push(Open { kind: Kind::Link, link_type, target, label, text_end: range.start + 1 });
            }
            Event::Start(Tag::Image { link_type, dest_url: target, id: label, .. }) => {
                open.push(Open { kind: Kind::Image, link_type, target, label, text_end: range.start + 2 });
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                let Some(link) = open.pop() else { continue };
                match link.link_type {
                    LinkType::Inline => found.push(inline(text, &link, range.clone())),
                    LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut => {
                        if let Some(definition) = events.reference_definitions().get(&link.label) {
                            add_definition(text, &link, definition.span.clone(), &mut found, &mut definitions);
                        }
                    }
                    _ => {}
                }
                reach(&mut open, range.end);
            }
            Event::Start(Tag::HtmlBlock) => html::find(text, range, &mut found),
            Event::InlineHtml(_) => {
                reach(&mut open, range.end);
                html::find(text, range, &mut found);
            }
            _ => reach(&mut open, range.end),
        }
    }
    found
}

/// The text of the innermost link goes at least so far.
fn reach(open: &mut [Open<'_>], end: usize) {
    if let Some(link) = open.last_mut() {
        link.text_end = link.text_end.max(end);
    }
}

/// `[text](destination "title")`: the destination stands behind the text.
fn inline(text: &str, link: &Open<'_>, span: Range<usize>) -> Destination {
    let start = text.get(link.text_end..span.end).and_then(|rest| rest.find("](")).map(|at| link.text_end + at + 2);
    let place = start.and_then(|start| locate(text, start..span.end, &link.target));
    Destination { kind: link.kind, target: link.target.to_string(), at: span.start, place }
}

/// `[label]: destination "title"`, once for all links that use it. An image among them makes it an image.
fn add_definition(
    text: &str,
    link: &Open<'_>,
    span: Range<usize>,
    found: &mut Vec<Destination>,
    known: &mut HashMap<usize, usize>,
) {
    let index = *known.entry(span.start).or_insert_with(|| {
        let start = end_of_label(&text[span.clone()]).map(|end| span.start + end);
        let place = start.and_then(|start| locate(text, start..span.end, &link.target));
        found.push(Destination { kind: link.kind, target: link.target.to_string(), at: span.start, place });
        found.len() - 1
    });
    if link.kind == Kind::Image {
        found[index].kind = Kind::Image;
    }
}

/// Behind the `]:` of a definition.
fn end_of_label(definition: &str) -> Option<usize> {
    let mut escaped = false;
    let end = definition.bytes().position(|byte| {
        let is_end = byte == b']' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    })?;
    definition[end..].starts_with("]:").then_some(end + 2)
}

/// Finds a destination in a stretch of text that begins before it; certain that it is read as `target`.
fn locate(text: &str, within: Range<usize>, target: &str) -> Option<Range<usize>> {
    let stretch = &text[within.clone()];
    let start = within.start + (stretch.len() - stretch.trim_start().len());
    let rest = &text[start..within.end];
    let (place, is_bracketed) = match rest.strip_prefix('<') {
        Some(inner) => (start + 1..start + 1 + unescaped(inner, |c| matches!(c, '>' | '<' | '\n'))?, true),
        None => (start..start + bare_length(rest), false),
    };
    let raw = &text[place.clone()];
    (raw == target || reads_as(raw, is_bracketed, target)).then_some(place)
}

/// Where a character of a kind stands without a backslash before it.
fn unescaped(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let is_it = !escaped && wanted(c);
        escaped = c == '\\' && !escaped;
        is_it.then_some(at)
    })
}

/// The length of a destination without brackets: to the first blank, or the parenthesis that closes the link.
fn bare_length(text: &str) -> usize {
    let (mut depth, mut escaped) = (0_usize, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if c.is_ascii_whitespace() || c.is_ascii_control() => return at,
            '(' if !escaped => depth += 1,
            ')' if !escaped && depth == 0 => return at,
            ')' if !escaped => depth -= 1,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// Whether Markdown takes the text of a destination for this target.
fn reads_as(raw: &str, is_bracketed: bool, target: &str) -> bool {
    let probe = if is_bracketed { format!("[x](<{raw}>)") } else { format!("[x]({raw})") };
    Parser::new(&probe)
        .any(|event| matches!(event, Event::Start(Tag::Link { dest_url, .. }) if dest_url.as_ref() == target))
}

/// The text with other destinations in their places.
pub(super) fn rewrite(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(place, _)| place.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (place, destination) in edits {
        out.push_str(&text[at..place.start]);
        out.push_str(&destination);
        at = place.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Line and column of a place, both counted from 1.
pub(super) fn line_and_column(text: &str, at: usize) -> (u64, u64) {
    let before = &text[..at];
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line as u64, column as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn targets(text: &str) -> Vec<(Kind, String)> {
        find(text).into_iter().map(|one| (one.kind, one.target)).collect()
    }

    fn images(expected: &[&str]) -> Vec<(Kind, String)> {
        expected.iter().map(|text| (Kind::Image, (*text).to_owned())).collect()
    }

    /// The text with every destination replaced by `X`, and the destinations in the order in which they stand.
    fn emptied(text: &str) -> String {
        rewrite(text, find(text).into_iter().map(|one| (one.place.expect("a place"), "X".to_owned())).collect())
    }

    #[test]
    fn destinations_are_found_in_every_notation() {
        assert_eq!(targets("![a](b.png)"), images(&["b.png"]));
        assert_eq!(targets("![a](<b c.png> \"t\") ![a]( d.png 't' )"), images(&["b c.png", "d.png"]));
        assert_eq!(targets("![a][r] ![r][] ![r]\n\n[r]: <e f.png>\n"), images(&["e f.png"]));
        assert_eq!(targets("| a |\n|---|\n| ![x](a.png) |\n"), images(&["a.png"]));
        assert_eq!(
            targets("<p align=center>\n<img\n src=\"a.png\">\n</p>\n\nb <img src='c.png'/>"),
            images(&["a.png", "c.png"])
        );
        assert_eq!(
            targets("[![a](b.png)](c.md#d)"),
            [(Kind::Image, "b.png".to_owned()), (Kind::Link, "c.md#d".to_owned())]
        );
        assert_eq!(targets("[a][r] ![b][r]\n\n[r]: x.png"), images(&["x.png"]));
    }

    #[test]
    fn code_and_escaped_brackets_hold_no_links() {
        assert_eq!(
            targets("`![a](b.png)`\n\n    ![a](b.png)\n\n```\n<img src=c.png>\n```\n\n!\\[a](b) <https://x>"),
            []
        );
    }

    #[test]
    fn only_the_destination_is_taken_out() {
        for (text, expected) in [
            ("é [a](b(c).md) d", "é [a](X) d"),
            ("[a\\](b](c \"](d\")", "[a\\](b](X \"](d\")"),
            ("[`](x)`](c)\r\n", "[`](x)`](X)\r\n"),
            ("[](a)", "[](X)"),
            ("![](<a b>)", "![](<X>)"),
            ("[a](b\\)c)", "[a](X)"),
            ("[a](b&amp;c)", "[a](X)"),
            ("[x\\]]: a.md 't'\n\n[x\\]]", "[x\\]]: X 't'\n\n[x\\]]"),
            ("[r]:\n  a.md\n\n[r]", "[r]:\n  X\n\n[r]"),
            ("> * [a](b.md)\n>   [c]( d.md\n>   )", "> * [a](X)\n>   [c]( X\n>   )"),
            ("[![a](b)](c)", "[![a](X)](X)"),
        ] {
            assert_eq!(emptied(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_located_is_found_without_a_place() {
        let found = find("> [a](\n> b.md)");
        assert_eq!((found[0].target.as_str(), found[0].place.clone()), ("b.md", None));
    }

    #[test]
    fn places_are_told_in_lines_and_characters() {
        assert_eq!(line_and_column("a\né [x](y)", 5), (2, 3));
    }

    /// What Markdown makes of a text, without where its links lead.
    fn shape(text: &str) -> Vec<String> {
        let blank = |event: Event<'_>| match event {
            Event::Start(Tag::Link { .. }) => "link".to_owned(),
            Event::Start(Tag::Image { .. }) => "image".to_owned(),
            Event::Html(_) | Event::InlineHtml(_) => "html".to_owned(),
            other => format!("{other:?}"),
        };
        Parser::new_ext(text, GITHUB).map(blank).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn rewriting_touches_nothing_but_destinations(
            parts in proptest::collection::vec(
                prop_oneof![
                    Just("[a](b.md)"), Just("![x](<a b.png> 't')"), Just("[r]"), Just("\n\n[r]: c.md 't'\n\n"), Just("<img src=\"d.png\">"),
                    Just("\n> "), Just("\n- "), Just("`"), Just("["), Just("]"), Just("("), Just(")"), Just("\\"), Just("<"), Just(">"),
                    Just("|"), Just("\n|-|\n"), Just("é"), Just(" "), Just("\n"), Just("**"), Just("![^1]"), Just("&amp;"), Just("\r\n"),
                ],
                0..24,
            )
        ) {
            let text = parts.concat();
            let found: Vec<_> = find(&text).into_iter().filter_map(|one| one.place).collect();
            // Written back as they are, the text is the same.
            let same = found.iter().map(|place| (place.clone(), text[place.clone()].to_owned())).collect();
            prop_assert_eq!(&rewrite(&text, same), &text);
            // With other destinations it is the same text around them, and the same Markdown.
            let other = rewrite(&text, found.iter().map(|place| (place.clone(), "resources/x-1.png".to_owned())).collect());
            let mut around = text.clone();
            let mut sorted = found.clone();
            sorted.sort_by_key(|place| std::cmp::Reverse(place.start));
            for place in &sorted {
                around.replace_range(place.clone(), "resources/x-1.png");
            }
            prop_assert_eq!(&other, &around);
            prop_assert_eq!(shape(&other), shape(&text));
            let back: Vec<_> = find(&other).into_iter().filter(|one| one.place.is_some()).map(|one| one.target).collect();
            prop_assert_eq!(back, vec!["resources/x-1.png".to_owned(); found.len()]);
        }

        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,80}") {
            let places: Vec<_> = find(&text).into_iter().filter_map(|one| one.place).collect();
            prop_assert!(places.iter().all(|place| text.get(place.clone()).is_some()));
        }
    }
}
