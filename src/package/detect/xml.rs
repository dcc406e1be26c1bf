//! WSDL and XML schemas: the root element, the names, the imports.

use quick_xml::{Reader, events::BytesStart, events::Event};

use super::outline::cut;
use super::refs::{Reference, Strength};
use super::syntax::SyntaxError;
use super::text::{Places, position};

const WSDL_1: &str = "http://schemas.xmlsoap.org/wsdl/";
const WSDL_2: &str = "http://www.w3.org/ns/wsdl";
const SCHEMA: &str = "http://www.w3.org/2001/XMLSchema";

/// What the root element of an XML document makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// `definitions` of WSDL 1.1.
    Wsdl1,
    /// `description` of WSDL 2.0.
    Wsdl2,
    /// An XML schema.
    Schema,
    /// Anything else.
    Other,
}

/// What an XML document says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct XmlOutline {
    /// What it is.
    pub(crate) root: Root,
    /// `name` of the root element.
    pub(crate) name: Option<String>,
    /// The names of its services.
    pub(crate) services: Vec<String>,
    /// The documentation right below the root.
    pub(crate) documentation: Option<String>,
    /// Its imports and includes.
    pub(crate) references: Vec<Reference>,
}

/// Reads an XML document. Entities are never expanded, and a document type is not read.
pub(crate) fn read(text: &str) -> Result<XmlOutline, SyntaxError> {
    let mut outline =
        XmlOutline { root: Root::Other, name: None, services: Vec::new(), documentation: None, references: Vec::new() };
    let mut reader = Reader::from_str(text);
    let mut places = Places::new(text);
    let mut depth = 0_usize;
    let mut documentation: Option<String> = None;
    loop {
        let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|error| {
            let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
            let (line, column) = position(text, at);
            SyntaxError { line, column, message: error.to_string() }
        })?;
        match event {
            Event::Start(element) => {
                see(&element, depth, &mut outline, || places.of(tag_start(text, offset)));
                if depth == 1 && local(&element) == "documentation" && outline.documentation.is_none() {
                    documentation = Some(String::new());
                }
                depth += 1;
            }
            Event::Empty(element) => see(&element, depth, &mut outline, || places.of(tag_start(text, offset))),
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if depth == 1
                    && let Some(found) = documentation.take()
                {
                    outline.documentation = Some(found);
                }
            }
            Event::Text(content) => {
                if let Some(found) = &mut documentation
                    && found.len() < 4096
                {
                    found.push_str(cut(&content, 4096));
                }
            }
            Event::Eof if depth > 0 => {
                let (line, column) = position(text, text.len());
                return Err(SyntaxError { line, column, message: "the document ends inside an element".to_owned() });
            }
            Event::Eof => return Ok(outline),
            _ => {}
        }
    }
}

fn tag_start(text: &str, offset: usize) -> usize {
    let offset = text.floor_char_boundary(offset);
    text[offset..].find('<').map_or(offset, |found| offset + found)
}

fn local<'a>(element: &'a BytesStart<'_>) -> &'a str {
    let name: &'a str = &element[..element.name().0.len()];
    name.rsplit(':').next().unwrap_or(name)
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().with_checks(false).flatten().find(|a| a.key.0 == name)?;
    Some(
        quick_xml::escape::unescape(&found.value)
            .map_or_else(|_| found.value.to_string(), std::borrow::Cow::into_owned),
    )
}

/// The namespace of the root element: its prefix is declared on itself.
fn root_namespace(element: &BytesStart<'_>) -> Option<String> {
    let name = element.name().0;
    match name.split_once(':') {
        Some((prefix, _)) => attribute(element, &format!("xmlns:{prefix}")),
        None => attribute(element, "xmlns"),
    }
}

fn see(element: &BytesStart<'_>, depth: usize, outline: &mut XmlOutline, mut place: impl FnMut() -> (u64, u64)) {
    let local = local(element);
    if depth == 0 {
        let namespace = root_namespace(element).unwrap_or_default();
        outline.root = match (local, namespace.as_str()) {
            ("definitions", WSDL_1) => Root::Wsdl1,
            ("description", WSDL_2) => Root::Wsdl2,
            ("schema", SCHEMA) => Root::Schema,
            _ => Root::Other,
        };
        outline.name = attribute(element, "name");
        return;
    }
    if outline.root == Root::Other {
        return;
    }
    match local {
        "service" if depth == 1 => outline.services.extend(attribute(element, "name").or(Some(String::new()))),
        "import" | "include" | "redefine" | "override" => {
            let how = match local {
                "import" => "import",
                "include" => "include",
                _ => "redefine",
            };
            // `location` is WSDL's, `schemaLocation` that of schemas.
            for name in ["location", "schemaLocation"] {
                if let Some(target) = attribute(element, name) {
                    outline.references.push(Reference::new(&target, how, Strength::Needed, Some(place())));
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wsdl_is_known_by_its_root_and_shows_its_imports() {
        let text = "<?xml version=\"1.0\"?>\n<w:definitions xmlns:w=\"http://schemas.xmlsoap.org/wsdl/\" name=\"Orders\">\n\
                    <w:documentation>Takes &amp; keeps.</w:documentation>\n <w:import location=\"a%20b.wsdl\"/>\n\
                    <w:types><xs:schema xmlns:xs=\"x\"><xs:import namespace=\"n\" schemaLocation=\"t.xsd\"/>\
                    <xs:import namespace=\"m\"/></xs:schema></w:types><w:service name=\"S\"/></w:definitions>";
        let outline = read(text).expect("parses");
        assert_eq!((outline.root, outline.name.as_deref()), (Root::Wsdl1, Some("Orders")));
        assert_eq!(outline.services, ["S"]);
        let targets: Vec<_> = outline.references.iter().map(|r| (r.target.as_str(), r.position)).collect();
        assert_eq!(targets[0], ("a%20b.wsdl", Some((4, 2))));
        assert_eq!(targets[1].0, "t.xsd");
        assert_eq!(targets.len(), 2);
    }

    #[test]
    fn a_broken_document_has_a_place() {
        let error = read("<a>\n <b></c>\n</a>").expect_err("broken");
        assert_eq!(error.line, 2);
        assert_eq!(read("<a><b>").expect_err("cut off").line, 1);
    }

    #[test]
    fn definitions_of_another_namespace_are_no_wsdl() {
        let outline = read("<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'/>").expect("parses");
        assert_eq!(outline.root, Root::Other);
    }
}
