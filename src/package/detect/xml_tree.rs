//! A small tree of an XML document, for POM files: elements, text, attributes; nothing else.

use quick_xml::{Reader, events::BytesStart, events::Event};

use super::syntax::SyntaxError;
use super::text::position;

/// Deeper documents are refused.
const MAX_DEPTH: usize = 64;

/// One element.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// The local name.
    pub(crate) name: String,
    /// The value of its `key` attribute, the only one that POM files of Exchange use.
    pub(crate) key: Option<String>,
    /// Its text, trimmed.
    pub(crate) text: String,
    /// Its children.
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The first child of a name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of a name, unless it is empty.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }

    /// Every element below, this one included.
    pub(crate) fn any(&self, test: &dyn Fn(&Self) -> bool) -> bool {
        test(self) || self.children.iter().any(|child| child.any(test))
    }
}

fn open(element: &BytesStart<'_>) -> Element {
    let name = element.name().0;
    let key = element.attributes().with_checks(false).flatten().find(|a| a.key.0 == "key");
    Element {
        name: name.rsplit(':').next().unwrap_or(name).to_owned(),
        key: key.map(|a| a.value.to_string()),
        ..Element::default()
    }
}

/// Reads a document into a tree.
pub(crate) fn read(text: &str) -> Result<Element, SyntaxError> {
    let mut reader = Reader::from_str(text);
    let mut stack = vec![Element::default()];
    let fail = |at: u64, message: String| {
        let (line, column) = position(text, usize::try_from(at).unwrap_or(usize::MAX));
        SyntaxError { line, column, message }
    };
    loop {
        let event = reader.read_event().map_err(|error| fail(reader.error_position(), error.to_string()))?;
        match event {
            Event::Start(_) if stack.len() > MAX_DEPTH => {
                return Err(fail(reader.buffer_position(), "too many nested elements".to_owned()));
            }
            Event::Start(element) => stack.push(open(&element)),
            Event::Empty(element) => {
                if let Some(parent) = stack.last_mut() {
                    parent.children.push(open(&element));
                }
            }
            Event::End(_) => close(&mut stack),
            Event::Text(content) => push_text(&mut stack, &content),
            Event::CData(content) => push_text(&mut stack, &content),
            Event::GeneralRef(name) => {
                let entity = format!("&{};", &*name);
                let resolved =
                    quick_xml::escape::unescape(&entity).map_or(entity.clone(), std::borrow::Cow::into_owned);
                push_text(&mut stack, &resolved);
            }
            Event::Eof if stack.len() > 1 => {
                return Err(fail(text.len() as u64, "the document ends inside an element".to_owned()));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let root = stack.pop().and_then(|mut top| top.children.pop());
    root.ok_or_else(|| fail(0, "the document is empty".to_owned()))
}

fn close(stack: &mut Vec<Element>) {
    if stack.len() > 1
        && let Some(mut done) = stack.pop()
        && let Some(parent) = stack.last_mut()
    {
        done.text.truncate(done.text.trim_end().len());
        done.text.drain(..done.text.len() - done.text.trim_start().len());
        parent.children.push(done);
    }
}

fn push_text(stack: &mut [Element], text: &str) {
    if let Some(top) = stack.last_mut() {
        top.text.push_str(text);
    }
}
