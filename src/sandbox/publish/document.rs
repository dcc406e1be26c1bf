//! Whether a main file is the kind of document that its classifier promises.
//!
//! This is a look at the head of a document, not a validation: the real server parses the whole, the sandbox only
//! refuses what could not be meant.

use quick_xml::{Reader, events::Event};
use serde_json::Value;

/// What a document turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Format {
    /// `raml`, `oas`, `wsdl`, …
    pub(super) name: &'static str,
    /// `1.0`, `3.0.1`, …
    pub(super) version: Option<String>,
}

impl Format {
    /// The media type, as `x-allowed-api-spec-formats` names it.
    pub(super) fn media_type(&self) -> String {
        match (self.name, self.version.as_deref()) {
            ("oas", Some(version)) => {
                let short: Vec<&str> = version.split('.').take(2).collect();
                format!("application/vnd.oai.openapi;version={}", short.join("."))
            }
            ("oas", None) => "application/vnd.oai.openapi".to_owned(),
            (name, _) => format!("application/{name}"),
        }
    }
}

/// Looks at a main file.
///
/// # Errors
/// When the document is not what the classifier says; the text tells why.
pub(super) fn check(classifier: &str, file: &str, bytes: &[u8]) -> Result<Format, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let format = |name, version: Option<&str>| Ok(Format { name, version: version.map(str::to_owned) });
    match classifier {
        "raml" => {
            let (version, kind) = raml_header(file, bytes)?;
            match kind {
                "" | "Overlay" | "Extension" => format("raml", Some(version)),
                kind => Err(format!("`{file}` is a RAML {kind}, not an API specification")),
            }
        }
        "raml-fragment" => {
            let (version, kind) = raml_header(file, bytes)?;
            if kind.is_empty() {
                return Err(format!("`{file}` is an API specification, not a RAML fragment"));
            }
            format("raml", Some(version))
        }
        "oas" => {
            let found = top_level(file, bytes, &["openapi", "swagger"])?;
            match found {
                Some((key, version)) if (key == "openapi" && version.starts_with('3')) || version.starts_with('2') => {
                    format("oas", Some(&version))
                }
                Some((key, version)) => Err(format!("`{file}` says `{key}: {version}`, which is not OAS 2.0 or 3.x")),
                None => Err(format!("`{file}` is not an OAS document: it has neither `openapi` nor `swagger`")),
            }
        }
        "evented-api" => match top_level(file, bytes, &["asyncapi"])? {
            Some((_, version)) => format("asyncapi", Some(&version)),
            None => Err(format!("`{file}` is not an AsyncAPI document: it has no `asyncapi`")),
        },
        "wsdl" => match xml_root(file, bytes)?.as_str() {
            "definitions" => format("wsdl", Some("1.1")),
            "description" => format("wsdl", Some("2.0")),
            root => Err(format!("`{file}` is not a WSDL: its root is <{root}>")),
        },
        "graphql" | "graphql-apollo" => {
            const WORDS: [&str; 10] =
                ["type", "schema", "scalar", "enum", "interface", "input", "union", "extend", "directive", "query"];
            has_word(file, bytes, &WORDS, "GraphQL schema").and(format("graphql", None))
        }
        "protobuf" => {
            has_word(file, bytes, &["syntax", "message", "service", "package", "import", "enum"], "protobuf definition")
                .and(format("protobuf", None))
        }
        _ => format("other", None),
    }
}

/// Refuses what is not JSON.
pub(super) fn check_json(file: &str, bytes: &[u8]) -> Result<(), String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes)
        .map(drop)
        .map_err(|error| format!("`{file}` is not JSON: {error}"))
}

fn text<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, String> {
    std::str::from_utf8(bytes).map_err(|_| format!("`{file}` is not UTF-8"))
}

/// The version of `#%RAML 1.0 Trait`, and what follows it.
fn raml_header<'a>(file: &str, bytes: &'a [u8]) -> Result<(&'a str, &'a str), String> {
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = text(file, line)?.trim();
    let header = line.strip_prefix("#%RAML").ok_or_else(|| format!("`{file}` does not begin with #%RAML"))?;
    let mut words = header.split_whitespace();
    match words.next() {
        Some(version @ ("0.8" | "1.0")) => Ok((version, words.next().unwrap_or_default())),
        _ => Err(format!("`{file}` begins with `{line}`, which is not RAML 0.8 or 1.0")),
    }
}

/// The first of some keys at the top level of a JSON or YAML document, and its value.
fn top_level(file: &str, bytes: &[u8], keys: &[&str]) -> Result<Option<(String, String)>, String> {
    let text = text(file, bytes)?;
    if text.trim_start().starts_with('{') {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("`{file}` is not JSON: {error}"))?;
        let found = keys.iter().find_map(|key| Some((*key, value.get(key)?)));
        let show = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return Ok(found.map(|(key, value)| (key.to_owned(), show(value))));
    }
    let found = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        let key = key.trim_end().trim_matches(['"', '\'']);
        let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        keys.contains(&key).then(|| (key.to_owned(), value.to_owned()))
    });
    Ok(found)
}

/// The name of the root element of a well-formed XML document. Entities are not expanded.
fn xml_root(file: &str, bytes: &[u8]) -> Result<String, String> {
    let mut reader = Reader::from_reader(bytes);
    let mut root = None;
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(start) | Event::Empty(start)) if root.is_none() => {
                root = Some(start.local_name().as_ref().to_owned());
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => return Err(format!("`{file}` is not XML: {error}")),
        }
        buffer.clear();
    }
    root.ok_or_else(|| format!("`{file}` is not XML: it has no element"))
}

fn has_word(file: &str, bytes: &[u8], words: &[&str], what: &str) -> Result<(), String> {
    let text = text(file, bytes)?;
    let mut found = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    if found.any(|word| words.contains(&word)) { Ok(()) } else { Err(format!("`{file}` is not a {what}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_apart() {
        for (classifier, text, format) in [
            ("raml", "#%RAML 1.0\ntitle: x\n", "raml 1.0"),
            ("raml", "\u{feff}#%RAML 0.8\r\ntitle: x\n", "raml 0.8"),
            ("raml-fragment", "#%RAML 1.0 DataType\n", "raml 1.0"),
            ("oas", "# hello\nopenapi: \"3.0.1\" # x\n", "oas 3.0.1"),
            ("oas", "{\"swagger\": \"2.0\"}", "oas 2.0"),
            ("evented-api", "asyncapi: 2.0.0\n", "asyncapi 2.0.0"),
            ("wsdl", "<?xml version='1.0'?><wsdl:definitions xmlns:wsdl='w'/>", "wsdl 1.1"),
            ("graphql", "type Query { a: Int }", "graphql "),
            ("protobuf", "syntax = \"proto3\";", "protobuf "),
        ] {
            let found = check(classifier, "f", text.as_bytes()).expect(text);
            assert_eq!(format!("{} {}", found.name, found.version.unwrap_or_default()), format, "{text}");
        }
    }

    #[test]
    fn the_wrong_kind_of_document_is_refused() {
        for (classifier, text) in [
            ("raml", "#%RAML 1.0 Trait\n"),
            ("raml", "openapi: 3.0.0\n"),
            ("raml-fragment", "#%RAML 1.0\n"),
            ("oas", "swagger: '1.2'\n"),
            ("oas", "asyncapi: 2.0.0\n"),
            ("oas", "info:\n  openapi: 3.0.0\n"),
            ("oas", "{\"openapi\": "),
            ("wsdl", "<xs:schema xmlns:xs='x'/>"),
            ("wsdl", "definitions"),
            ("evented-api", "\u{0}"),
            ("graphql", ""),
        ] {
            assert!(check(classifier, "f", text.as_bytes()).is_err(), "{classifier} {text}");
        }
    }

    #[test]
    fn media_types_carry_the_short_version() {
        let format = Format { name: "oas", version: Some("3.0.1".to_owned()) };
        assert_eq!(format.media_type(), "application/vnd.oai.openapi;version=3.0");
    }
}
