//! The images that Markdown shows, by content: servers give them other names (EXCHANGE.md §5.2).

use std::{collections::BTreeMap, ops::Range};

use percent_encoding::percent_decode_str;

/// What the path of a resource begins with.
const FOLDER: &str = "resources/";

/// One place where a text names a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mention {
    /// Where, in bytes.
    place: Range<usize>,
    /// The name, decoded, without the folder.
    name: String,
}

/// All places that name a resource: `resources/` and what follows up to something that ends a link.
fn mentions(text: &str) -> Vec<Mention> {
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | '[' | ']' | '?' | '#' | '`');
    let mut found = Vec::new();
    for (start, _) in text.match_indices(FOLDER) {
        // `my-resources/x` and `other/resources/x` lead elsewhere; `./resources/x` does not.
        let before = &text[..start];
        let before = before.strip_suffix("./").unwrap_or(before);
        if before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.')) {
            continue;
        }
        let rest = &text[start + FOLDER.len()..];
        let end = rest.find(ends).unwrap_or(rest.len());
        if end > 0 {
            let name = percent_decode_str(&rest[..end]).decode_utf8_lossy().into_owned();
            found.push(Mention { place: start..start + FOLDER.len() + end, name });
        }
    }
    found
}

/// The names of the resources that a text shows.
pub(super) fn names(text: &str) -> impl Iterator<Item = String> {
    mentions(text).into_iter().map(|mention| mention.name)
}

/// The text with other paths in the place of the resources that it names; those that are not known stay.
pub(super) fn replace(text: &str, paths: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for Mention { place, name } in mentions(text) {
        if let Some(path) = paths.get(&name) {
            out.push_str(&text[at..place.start]);
            out.push_str(path);
            at = place.end;
        }
    }
    out.push_str(&text[at..]);
    out
}

/// A text in the one form in which two are compared: line ends, blank ends and the names of images make no difference.
pub(in crate::work) fn comparable(text: &str, digests: &BTreeMap<String, String>) -> String {
    replace(text.replace("\r\n", "\n").trim_end(), digests)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
    }

    #[test]
    fn images_are_found_however_they_are_written() {
        let text = "![a](resources/a.png) <img src=\"resources/b%20c.png\"> ![d](./resources/d.png#x)\n[e]: resources/e.png\n\
                    see my-resources/f.png, https://x/resources/g.png and resources/";
        assert_eq!(names(text).collect::<Vec<_>>(), ["a.png", "b c.png", "d.png", "e.png"]);
    }

    #[test]
    fn texts_agree_when_their_images_do() {
        let ours = comparable("# A\r\n![x](resources/dog.png)\r\n", &map(&[("dog.png", "1")]));
        let theirs = comparable("# A\n![x](resources/dog-77.png)", &map(&[("dog-77.png", "1")]));
        assert_eq!(ours, theirs);
        let other = comparable("# A\n![x](resources/dog-77.png)", &map(&[("dog-77.png", "2")]));
        assert_ne!(ours, other);
        assert_eq!(replace("![x](resources/y.png)", &map(&[])), "![x](resources/y.png)");
    }
}
