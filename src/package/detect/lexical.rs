//! Looks at text without parsing it: the words that make a first guess, and the two languages (GraphQL, protobuf) of
//! which only a few words matter.

use super::refs::{Reference, Strength};
use super::spec::Guess;
use super::text::Places;

/// The keys of which one has to stand on the top level of a document in JSON or YAML.
const ROOT_KEYS: &[&str] = &["openapi", "swagger", "asyncapi", "swaggerVersion"];

/// Whether the text mentions a key that may make it an asset. Cheap, and right more often than not: the parser decides.
pub(crate) fn mentions_a_root_key(text: &str) -> bool {
    ROOT_KEYS.iter().any(|key| key_at(text, key).is_some())
        || (text.contains("skills") && text.contains("version"))
        || text.contains("modelcontextprotocol")
        || text.contains("version_detail")
        || text.contains("manifest_version")
        || text.contains("dxt_version")
}

/// Whether a document may refer to other files, or is RAML: a look at the bytes, without parsing.
///
/// Most specifications only refer to themselves (`"$ref": "#/…"`).
pub(crate) fn may_refer(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return true };
    if text.contains("#%RAML") || text.contains("import") || text.contains("include") {
        return true;
    }
    text.match_indices("$ref").any(|(at, word)| {
        let rest = text[at + word.len()..].trim_start_matches(['"', '\'', ' ', '\t']);
        let value = rest.strip_prefix(':').unwrap_or(rest).trim_start_matches(['"', '\'', ' ', '\t']);
        !value.starts_with('#')
    }) || text.contains("externalValue")
        || text.contains("mapping")
}

/// Whether a RAML file without its first line is plainly an API: it has a title, and resources.
pub(crate) fn is_raml_without_header(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let starts = |word: &str| text.lines().any(|line| line.starts_with(word));
    !text.trim_start_matches('\u{feff}').trim_start().starts_with("#%") && starts("title:") && starts("/")
}

/// The format that a text was surely meant in, so that a parse error is worth telling: its root key stands near the
/// top, or its first line says so.
pub(crate) fn meant_as(guess: Guess, text: &str) -> Option<&'static str> {
    const NEAR: usize = 2048;
    match guess {
        Guess::Raml => Some("RAML"),
        Guess::Xml if text.trim_start().starts_with('<') => Some("WSDL"),
        Guess::Marked => Some("YAML"),
        Guess::GraphQl => Some("GraphQL"),
        Guess::Protobuf => Some("protobuf"),
        Guess::Structured => [("openapi", "OpenAPI"), ("swagger", "OpenAPI"), ("asyncapi", "AsyncAPI")]
            .into_iter()
            .find(|(key, _)| key_at(text, key).is_some_and(|at| at < NEAR))
            .map(|(_, name)| name),
        Guess::Xml => None,
    }
}

/// Where `key` stands as a key: quoted anywhere, or plain at the beginning of a line, with a colon behind.
fn key_at(text: &str, key: &str) -> Option<usize> {
    text.match_indices(key).map(|(at, _)| at).find(|&at| {
        let before = text[..at].chars().next_back();
        let after = &text[at + key.len()..];
        match before {
            Some(quote @ ('"' | '\'')) => {
                after.strip_prefix(quote).is_some_and(|rest| rest.trim_start().starts_with(':'))
            }
            None | Some('\n' | '\r') => after.trim_start_matches([' ', '\t']).starts_with(':'),
            Some(_) => false,
        }
    })
}

/// Blanks out `#` comments, strings and block strings, so that only code is left. Offsets stay.
fn without(text: &str, line_comments: &[&str], block: Option<(&str, &str)>, strings: &[&str]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let blank = |out: &mut String, part: &str| out.extend(part.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }));
    while let Some(c) = rest.chars().next() {
        let mut skipped = None;
        if line_comments.iter().any(|mark| rest.starts_with(mark)) {
            skipped = Some(rest.find('\n').unwrap_or(rest.len()));
        } else if let Some((open, close)) = block.filter(|(open, _)| rest.starts_with(open)) {
            skipped = Some(rest[open.len()..].find(close).map_or(rest.len(), |i| i + open.len() + close.len()));
        } else if let Some(quote) = strings.iter().find(|quote| rest.starts_with(**quote)) {
            skipped = Some(string_end(rest, quote));
        }
        if let Some(end) = skipped {
            blank(&mut out, &rest[..end]);
            rest = &rest[end..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

fn string_end(text: &str, quote: &str) -> usize {
    let mut at = quote.len();
    while at < text.len() {
        if text[at..].starts_with(quote) {
            return at + quote.len();
        }
        let c = text[at..].chars().next().map_or(1, char::len_utf8);
        let escaped =
            if text[at..].starts_with('\\') { text[at + 1..].chars().next().map_or(0, char::len_utf8) } else { 0 };
        // A quote of one character does not reach over the end of its line.
        if quote.len() == 1 && text[at..].starts_with('\n') {
            return at;
        }
        at += c + escaped;
    }
    text.len()
}

/// Whether a GraphQL document defines a schema: `Some(true)` for one of an Apollo federation, `None` for queries.
pub(crate) fn graphql(text: &str) -> Option<bool> {
    let code = without(text, &["#"], None, &["\"\"\"", "\""]);
    let mut depth = 0_i32;
    let mut defines = false;
    for word in words(&code) {
        match word {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            "schema" | "type" | "interface" | "union" | "enum" | "input" | "scalar" | "extend" if depth == 0 => {
                defines = true;
            }
            "query" | "mutation" | "subscription" | "fragment" if depth == 0 && !defines => return None,
            _ => {}
        }
    }
    let federated = text.contains("specs.apollo.dev/federation") || code.contains("@key(") || code.contains("@key (");
    defines.then_some(federated)
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '@')).flat_map(|part| {
        let cut = part
            .char_indices()
            .next_back()
            .map_or(0, |(i, c)| if c.is_ascii_alphanumeric() || c == '_' { part.len() } else { i });
        [&part[..cut], &part[cut..]]
    })
}

/// What a protobuf file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proto {
    /// Its package.
    pub(crate) package: Option<String>,
    /// Its services.
    pub(crate) services: Vec<String>,
    /// Its imports.
    pub(crate) imports: Vec<Reference>,
}

/// Reads the imports of any protobuf file.
pub(crate) fn proto(text: &str) -> Proto {
    let code = without(text, &["//"], Some(("/*", "*/")), &["\"", "'"]);
    let mut services = Vec::new();
    let mut imports = Vec::new();
    let mut package = None;
    let mut places = Places::new(text);
    let mut offset = 0;
    for line in code.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let at = offset + (line.len() - trimmed.len());
        if let Some(rest) = trimmed.strip_prefix("service ") {
            let name: String =
                rest.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                services.push(name);
            }
        } else if let Some(rest) = trimmed.strip_prefix("package ") {
            package = rest.split(';').next().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        } else if trimmed.strip_prefix("import").is_some_and(|rest| rest.starts_with(' ') || rest.starts_with('\t')) {
            // The string was blanked out of the code; it is read from the text at the same place.
            let statement = text.get(at..offset + line.len()).unwrap_or_default();
            let path = statement.split(['"', '\'']).nth(1).unwrap_or_default();
            // Every compiler brings the well-known types along.
            if !path.is_empty() && !path.starts_with("google/protobuf/") {
                imports.push(Reference::new(path, "import", Strength::Needed, Some(places.of(at))));
            }
        }
        offset += line.len();
    }
    Proto { package, services, imports }
}

/// Reads a protobuf file that defines a service.
pub(crate) fn protobuf(text: &str) -> Option<Proto> {
    Some(proto(text)).filter(|file| !file.services.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_schema_is_told_from_queries() {
        assert_eq!(graphql("# c\n\"\"\"type\"\"\"\ntype Query { a(query: Int): String }"), Some(false));
        assert_eq!(graphql("query A { type }\nfragment F on T { enum }"), None);
        assert_eq!(graphql("{ type }"), None);
        assert_eq!(
            graphql(
                "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.0\")\ntype A @key(fields: \"id\") {a:Int}"
            ),
            Some(true)
        );
        assert_eq!(graphql("schema { query: Q }"), Some(false));
    }

    #[test]
    fn protobuf_shows_services_and_imports() {
        let text = "syntax = \"proto3\";\nimport \"a/b.proto\"; // import \"no.proto\";\n/* import \"no2.proto\"; */\n\
                    import public 'c.proto';\nimport \"google/protobuf/any.proto\";\nservice Orders {\n}\n";
        let file = protobuf(text).expect("a service");
        assert_eq!(file.services, ["Orders"]);
        let imports: Vec<_> = file.imports.iter().map(|i| (i.target.as_str(), i.position)).collect();
        assert_eq!(imports, [("a/b.proto", Some((2, 1))), ("c.proto", Some((4, 1)))]);
        assert!(protobuf("message A {}").is_none());
    }

    #[test]
    fn keys_are_found_where_keys_stand() {
        assert!(mentions_a_root_key("{\"info\":{},\"openapi\" : \"3\"}"));
        assert!(mentions_a_root_key("a: 1\nswagger: '2.0'"));
        assert!(!mentions_a_root_key("see openapi: a text"));
        assert!(!mentions_a_root_key("a: \"swagger\""));
    }

    #[test]
    fn a_raml_api_is_known_without_its_first_line() {
        assert!(is_raml_without_header(b"title: A\n/orders:\n  get:\n"));
        assert!(!is_raml_without_header(b"#%RAML 1.0\ntitle: A\n/orders:\n"));
        assert!(!is_raml_without_header(b"get:\n  description: part of a resource\n"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_scanners_panic(text in "[\"'{}()#/*\\\\ a-zé\n@:]{0,60}") {
            let _ = graphql(&text);
            let _ = proto(&text);
            let _ = mentions_a_root_key(&text);
            prop_assert_eq!(without(&text, &["#"], None, &["\""]).lines().count(), text.lines().count());
        }
    }
}
