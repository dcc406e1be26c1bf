//! JSON and YAML, read as events into an [`Outline`]. This and the tree beside it are all that know the parsers.

use std::fmt;

use serde::{
    Deserialize, Serialize,
    de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Tag};

use super::outline::{Collector, Dialect, Outline};

/// Where and why a text is not JSON or YAML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct SyntaxError {
    /// The line, from 1.
    pub(crate) line: u64,
    /// The column, from 1.
    pub(crate) column: u64,
    /// What the parser says.
    pub(crate) message: String,
}

/// Which of the two languages a text is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// JSON: the text begins with a brace or a bracket, and says so by its name or parses as JSON.
    Json,
    /// YAML.
    Yaml,
}

/// Reads a document in the language it is written in.
///
/// Text that begins like JSON is read as JSON; where that fails and the name does not say JSON, as YAML, whose flow
/// style begins alike.
pub(crate) fn read(text: &str, is_named_json: bool, dialect: Dialect) -> Result<(Outline, Language), SyntaxError> {
    if text.trim_start().starts_with(['{', '[']) {
        match json(text, dialect) {
            Ok(outline) => return Ok((outline, Language::Json)),
            Err(error) if is_named_json => return Err(error),
            Err(_) => {}
        }
    }
    yaml(text, dialect).map(|outline| (outline, Language::Yaml))
}

/// Reads JSON.
pub(crate) fn json(text: &str, dialect: Dialect) -> Result<Outline, SyntaxError> {
    let mut collector = Collector::new(dialect);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Node(&mut collector).deserialize(&mut deserializer).and_then(|()| deserializer.end()).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        SyntaxError { line: error.line() as u64, column: error.column().max(1) as u64, message }
    })?;
    Ok(collector.finish())
}

/// Reads the first document of YAML. Aliases are not expanded, tags are kept.
///
/// Other parsers (SnakeYAML, js-yaml) let the lines of a quoted scalar begin as far left as they like, and published
/// specifications make use of it; ours does not, so such lines are moved to the right until they pass.
pub(crate) fn yaml(text: &str, dialect: Dialect) -> Result<Outline, SyntaxError> {
    const MAX_MOVED: usize = 500;
    const MAX_LENGTH: usize = 4 * 1024 * 1024;
    /// How much is parsed in vain, in bytes: each text that is moved costs a parse of everything before it.
    const MAX_PARSED: usize = 4 * 1024 * 1024;
    let mut moved: Option<String> = None;
    let mut parsed = 0;
    for _ in 0..MAX_MOVED {
        let current = moved.as_deref().unwrap_or(text);
        let error = match strict_yaml(current, dialect) {
            Ok(outline) => return Ok(outline),
            Err(error) => error,
        };
        let line = error.marker().line();
        let is_indent = matches!(error.kind(), ErrorKind::InvalidQuotedScalarIndent);
        match line_start(current, line).filter(|_| is_indent && text.len() <= MAX_LENGTH) {
            Some(start) if parsed < MAX_PARSED => {
                parsed += start;
                moved = Some(moved_right(current, start));
            }
            _ => return Err(syntax_error(&error)),
        }
    }
    strict_yaml(text, dialect).map_err(|error| syntax_error(&error))
}

pub(super) fn syntax_error(error: &ScanError) -> SyntaxError {
    let marker = error.marker();
    SyntaxError { line: marker.line() as u64, column: marker.col() as u64 + 1, message: error.info() }
}

/// Moves the line at `start`, which lies in a quoted scalar, and those below it that must: no line without a quote ends one.
fn moved_right(text: &str, start: usize) -> String {
    let mut moved = text[..start].to_owned();
    let mut rest = &text[start..];
    while let Some(line) = rest.split_inclusive('\n').next() {
        if !line.trim().is_empty() {
            moved.push_str(&" ".repeat(64));
        }
        moved.push_str(line);
        rest = &rest[line.len()..];
        if line.contains(['\'', '"']) {
            break;
        }
    }
    moved + rest
}

fn line_start(text: &str, line: usize) -> Option<usize> {
    let newline = line.checked_sub(2)?;
    text.match_indices('\n').nth(newline).map(|(at, _)| at + 1)
}

fn strict_yaml(text: &str, dialect: Dialect) -> Result<Outline, ScanError> {
    let mut collector = Collector::new(dialect);
    for next in Parser::new_from_str(text) {
        let (event, span) = next?;
        match event {
            Event::Scalar(value, style, _, tag) => {
                if collector.expects_key() {
                    collector.key(&value);
                } else {
                    let tag = tag.as_deref().filter(|tag| tag.is_custom()).map(Tag::suffix);
                    let is_string = style != ScalarStyle::Plain || !is_plain_literal(&value);
                    let position = Some((span.start.line() as u64, span.start.col() as u64 + 1));
                    collector.scalar(&value, is_string, tag, position);
                }
            }
            Event::MappingStart(..) => collector.begin_map(),
            Event::SequenceStart(..) => collector.begin_list(),
            Event::MappingEnd | Event::SequenceEnd => collector.end(),
            Event::Alias(_) | Event::UnresolvedAlias(_) => collector.opaque(),
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    Ok(collector.finish())
}

fn is_plain_literal(value: &str) -> bool {
    matches!(value, "" | "~" | "null" | "true" | "false") || value.parse::<f64>().is_ok()
}

/// One JSON value on its way into the collector.
struct Node<'a>(&'a mut Collector);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.scalar(if value { "true" } else { "false" }, false, None, None);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.scalar(&value.to_string(), false, None, None);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.scalar(&value.to_string(), false, None, None);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        // `{:?}` keeps the fraction of 1.0, which is a version for those who forget the quotes.
        self.0.scalar(&format!("{value:?}"), false, None, None);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.scalar(value, true, None, None);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.scalar("", false, None, None);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.begin_list();
        while list.next_element_seed(Node(self.0))?.is_some() {}
        self.0.end();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.begin_map();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            self.0.key(&key);
            map.next_value_seed(Node(self.0))?;
        }
        self.0.end();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::refs::Strength;
    use super::*;

    fn needed(outline: &Outline) -> Vec<&str> {
        outline.references.iter().filter(|r| r.strength == Strength::Needed).map(|r| r.target.as_str()).collect()
    }

    const DOCUMENT: &str = r##"{"openapi":"3.0.0","info":{"title":"T","version":1.0,"description":"d"},
"paths":{"/a":{"$ref":"a.json"},"/b":{"get":{"responses":{"200":{"content":{"x/y":{
  "example":{"$ref":"not.json"},"examples":{"one":{"value":{"$ref":"no.json"}},"two":{"$ref":"maybe.json"}},
  "schema":{"properties":{"example":{"$ref":"e.json"},"$ref":{"type":"string"},"default":{"$ref":"#/x"}},
            "default":{"$ref":"no2.json"},"enum":[{"$ref":"no3.json"}]}}}}}}}}}"##;

    #[test]
    fn json_and_yaml_give_the_same_outline() {
        let from_json = json(DOCUMENT, Dialect::Refs).expect("parses");
        let mut from_yaml = yaml(DOCUMENT, Dialect::Refs).expect("parses");
        assert_eq!(from_yaml.references[0].position, Some((2, 23)));
        from_yaml.references.iter_mut().for_each(|r| r.position = None);
        assert_eq!(from_json, from_yaml);
        assert_eq!((from_json.get("info.title"), from_json.get("info.version")), (Some("T"), Some("1.0")));
        assert_eq!(from_json.size("paths"), 2);
    }

    #[test]
    fn what_only_looks_like_a_reference_is_none() {
        let outline = json(DOCUMENT, Dialect::Refs).expect("parses");
        assert_eq!(needed(&outline), ["a.json", "e.json", "#/x"]);
        assert!(outline.references.iter().any(|r| r.target == "maybe.json" && r.strength == Strength::Welcome));
    }

    #[test]
    fn versions_keep_their_spelling_in_yaml() {
        let outline = yaml("openapi: 3.0.0\ninfo:\n  version: 1.10\n  title: no\n", Dialect::Refs).expect("parses");
        assert_eq!((outline.get("info.version"), outline.get("info.title")), (Some("1.10"), Some("no")));
    }

    #[test]
    fn raml_includes_are_found_wherever_they_stand() {
        let text = "#%RAML 1.0\ntitle: a\nuses:\n  l: libs/l.raml\ntypes:\n  A: !include t/a b.raml\n/x:\n  get:\n    \
                    responses: {200: {body: {example: !include e.json}}}\n";
        let outline = yaml(text, Dialect::Raml).expect("parses");
        assert_eq!(needed(&outline), ["libs/l.raml", "t/a b.raml", "e.json"]);
        assert_eq!(outline.references[1].position.map(|p| p.0), Some(6));
    }

    #[test]
    fn errors_have_a_place() {
        let error = read("{\n \"openapi\": }", true, Dialect::Refs).expect_err("broken");
        assert_eq!((error.line, error.column), (2, 13));
        let error = yaml("a: b\nc: [d\n", Dialect::Refs).expect_err("broken");
        assert!(error.line >= 2, "{error:?}");
    }

    #[test]
    fn quoted_text_may_begin_further_left() {
        let text = "openapi: 3.0.0\ninfo:\n    description: 'one\n\n  two\n    '\n    title: T\n";
        let outline = yaml(text, Dialect::Refs).expect("parses");
        assert_eq!(outline.get("info.title"), Some("T"));
    }

    #[test]
    fn much_quoted_text_may_begin_further_left() {
        let text = "one\n".repeat(2_000);
        let text =
            format!("info:\n    x: \"\n{text}\n  \"\n    y: '{text}\n'\n    title: 'T\nof\n\n two'\n    version: v1\n");
        let outline = yaml(&text, Dialect::Refs).expect("parses");
        assert_eq!((outline.get("info.title"), outline.get("info.version")), (Some("T of\ntwo"), Some("v1")));
    }

    #[test]
    fn complex_keys_and_aliases_do_not_confuse() {
        let outline = yaml("? {a: b}\n: {c: d}\nx: &x 1\ny: *x\ninfo:\n  title: t\n", Dialect::Refs).expect("parses");
        assert_eq!(outline.get("info.title"), Some("t"));
        assert!(outline.has("y"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in "[ \\[\\]{}:,\"'!&*?|>\\-#%@a-z0-9\n\t$]{0,80}") {
            let _ = read(&text, false, Dialect::Refs);
            let _ = read(&text, true, Dialect::Raml);
        }
    }
}
