//! A small tree of a YAML document, for descriptors that people write: text as it is spelled, with its place.
//!
//! Nothing is resolved: `1.10` stays `1.10`, and `no` is a word. An alias stands for the node it names, without a copy;
//! what the document would be with every alias written out is bounded, so that no bomb goes off further on.

use std::{collections::HashMap, rc::Rc};

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

use super::syntax::{SyntaxError, syntax_error};

/// Deeper documents are refused.
const MAX_DEPTH: usize = 16;
/// Larger ones, too; with every alias written out.
const MAX_NODES: usize = 200_000;

/// A node and where it begins, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// The line.
    pub(crate) line: u64,
    /// The column, in characters.
    pub(crate) column: u64,
    /// What it holds.
    pub(crate) value: Value,
    /// How many levels it has.
    height: usize,
    /// How many nodes it is, with every alias written out.
    size: usize,
}

/// What a node holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing: an empty value, `~` or `null`.
    Null,
    /// Text, as it is spelled.
    Text(String),
    /// A list.
    List(Vec<Rc<Node>>),
    /// A map, in the order of the text. No key is there twice.
    Map(Vec<(Key, Rc<Node>)>),
}

/// A key of a map and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// The key, as it is spelled.
    pub(crate) text: String,
    /// The line, from 1.
    pub(crate) line: u64,
    /// The column, from 1.
    pub(crate) column: u64,
}

/// Reads the first document of YAML.
pub(crate) fn read(text: &str) -> Result<Rc<Node>, SyntaxError> {
    let mut builder = Builder::default();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| syntax_error(&error))?;
        let at = (span.start.line() as u64, span.start.col() as u64 + 1);
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_null = style == ScalarStyle::Plain && matches!(text.as_ref(), "" | "~" | "null");
                let value = if is_null { Value::Null } else { Value::Text(text.into_owned()) };
                builder.leaf(at, value, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => builder.open(at, anchor, Value::List(Vec::new()))?,
            Event::MappingStart(_, anchor, _) => builder.open(at, anchor, Value::Map(Vec::new()))?,
            Event::SequenceEnd | Event::MappingEnd => builder.close()?,
            Event::Alias(anchor) => builder.alias(at, anchor)?,
            Event::UnresolvedAlias(_) => return Err(wrong(at, "the alias names no anchor before it")),
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    builder.root.ok_or_else(|| wrong((1, 1), "the document is empty"))
}

fn wrong((line, column): (u64, u64), message: &str) -> SyntaxError {
    SyntaxError { line, column, message: message.to_owned() }
}

/// A list or a map whose end has not been seen.
struct Open {
    at: (u64, u64),
    anchor: usize,
    value: Value,
    key: Option<Key>,
    height: usize,
    size: usize,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
    nodes: usize,
}

impl Builder {
    fn leaf(&mut self, at: (u64, u64), value: Value, anchor: usize) -> Result<(), SyntaxError> {
        let (line, column) = at;
        self.add(Rc::new(Node { line, column, value, height: 1, size: 1 }), at, anchor)
    }

    fn open(&mut self, at: (u64, u64), anchor: usize, value: Value) -> Result<(), SyntaxError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(wrong(at, "the document is nested too deep"));
        }
        self.open.push(Open { at, anchor, value, key: None, height: 1, size: 1 });
        Ok(())
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let (line, column) = open.at;
        let node = Node { line, column, value: open.value, height: open.height, size: open.size };
        self.add(Rc::new(node), open.at, open.anchor)
    }

    fn alias(&mut self, at: (u64, u64), anchor: usize) -> Result<(), SyntaxError> {
        let node = self.anchors.get(&anchor).map(Rc::clone);
        self.add(node.ok_or_else(|| wrong(at, "the alias names no anchor before it"))?, at, 0)
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Rc<Node>, at: (u64, u64), anchor: usize) -> Result<(), SyntaxError> {
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.nodes += 1;
        let Some(parent) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return Ok(());
        };
        parent.height = parent.height.max(node.height + 1);
        parent.size = parent.size.saturating_add(node.size);
        if self.nodes > MAX_NODES || parent.size > MAX_NODES || parent.height > MAX_DEPTH {
            return Err(wrong(at, "the document is too large"));
        }
        match &mut parent.value {
            Value::List(list) => list.push(node),
            Value::Map(map) => match parent.key.take() {
                Some(key) => map.push((key, node)),
                None => parent.key = Some(new_key(map, &node, at)?),
            },
            Value::Null | Value::Text(_) => {}
        }
        Ok(())
    }
}

fn new_key(map: &[(Key, Rc<Node>)], node: &Node, at: (u64, u64)) -> Result<Key, SyntaxError> {
    let (line, column) = at;
    let text = match &node.value {
        Value::Text(text) => text.clone(),
        Value::Null => String::new(),
        Value::List(_) | Value::Map(_) => return Err(wrong(at, "a key must be text")),
    };
    // Maps in descriptors are short; a long one is refused before it becomes slow.
    if map.len() >= 1000 {
        return Err(wrong(at, "the map has too many keys"));
    }
    if map.iter().any(|(key, _)| key.text == text) {
        return Err(wrong(at, &format!("key `{text}` is there twice")));
    }
    Ok(Key { text, line, column })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn get<'a>(node: &'a Node, key: &str) -> &'a Node {
        let Value::Map(map) = &node.value else { panic!("{node:?}") };
        map.iter().find(|(known, _)| known.text == key).map(|(_, node)| node.as_ref()).expect("is there")
    }

    #[test]
    fn text_keeps_its_spelling_and_its_place() {
        let root = read("a: 1.10\nb:\n  - no\n  - 'null'\n  -\n").expect("reads");
        let a = get(&root, "a");
        assert_eq!((&a.value, a.line, a.column), (&Value::Text("1.10".to_owned()), 1, 4));
        let Value::List(list) = &get(&root, "b").value else { panic!("{root:?}") };
        let values: Vec<&Value> = list.iter().map(|node| &node.value).collect();
        assert_eq!(values, [&Value::Text("no".to_owned()), &Value::Text("null".to_owned()), &Value::Null]);
    }

    #[test]
    fn an_alias_stands_for_what_it_names() {
        let root = read("a: &x [one]\nb: *x\n").expect("reads");
        assert_eq!(get(&root, "a").value, get(&root, "b").value);
    }

    #[test]
    fn bombs_loops_and_depth_are_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        let mut tower = "a0: &a0 [x]\n".to_owned();
        for level in 1..10_000 {
            tower.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
        }
        let deep = "[".repeat(100_000);
        for text in [bomb.as_str(), &tower, &deep, "a: &a [*a]", "a: *b", "{a: 1, a: 2}", "{[a]: 1}", "", "a: [\n"] {
            assert!(read(text).is_err(), "{}", &text[..text.len().min(60)]);
        }
    }

    #[test]
    fn a_key_that_is_there_twice_has_a_place() {
        let error = read("a: 1\n  \nb: 2\na: 3\n").expect_err("twice");
        assert_eq!((error.line, error.column, error.message.as_str()), (4, 1, "key `a` is there twice"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[ \\[\\]{}:,\"'!&*?|>\\-#%a-c0-9\n\t]{0,80}") {
            let _ = read(&text);
        }
    }
}
