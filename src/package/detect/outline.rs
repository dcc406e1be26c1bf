//! What a specification in JSON or YAML says about itself, collected from a stream of parser events.
//!
//! Nothing is built in memory but the top two levels of scalars and the references, so that a specification of many
//! megabytes costs little more than its parse, and YAML aliases are never expanded.

use std::collections::{BTreeMap, BTreeSet};

use super::refs::{Reference, Strength};

/// How references are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `$ref` of OpenAPI, AsyncAPI and JSON Schema.
    Refs,
    /// `!include`, `uses` and `extends` of RAML.
    Raml,
}

/// Values longer than this are cut when they are kept: nothing that consign shows is longer.
const KEEP: usize = 4096;

/// The outline of one document.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Outline {
    /// The scalars of the first two levels, by path: `openapi`, `info.title`.
    pub(crate) scalars: BTreeMap<String, String>,
    /// The keys of the top level.
    pub(crate) keys: BTreeSet<String>,
    /// How many entries the top-level containers have.
    pub(crate) sizes: BTreeMap<String, usize>,
    /// What it refers to.
    pub(crate) references: Vec<Reference>,
}

impl Outline {
    /// A scalar of the first two levels.
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.scalars.get(path).map(String::as_str)
    }

    /// Whether the document has a top-level key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// How many entries a top-level container has.
    pub(crate) fn size(&self, key: &str) -> usize {
        self.sizes.get(key).copied().unwrap_or(0)
    }
}

/// What the keys of a map mean, and whether a reference inside counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Keys are keywords.
    Keywords,
    /// Keys are names that people chose: a property may well be called `example` or `$ref`.
    Names,
    /// The children are examples: objects that may be references, or plain data.
    Examples,
    /// One example.
    Example,
    /// `mapping` of a discriminator: values may be references.
    Mapping,
    /// A vendor extension: references count only where the file is there.
    Extension,
    /// Data: what looks like a reference is none.
    Data,
}

struct Frame {
    mode: Mode,
    is_map: bool,
    key: String,
    expects_key: bool,
    /// The whole map or list is the key of the map around it (YAML's `? {…}`).
    is_key: bool,
}

/// Collects an [`Outline`] from events.
pub(crate) struct Collector {
    dialect: Dialect,
    outline: Outline,
    frames: Vec<Frame>,
}

/// Where a scalar stands in the text: line and column, counted from 1.
pub(crate) type Position = Option<(u64, u64)>;

impl Collector {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, outline: Outline::default(), frames: Vec::new() }
    }

    pub(crate) fn finish(self) -> Outline {
        self.outline
    }

    /// Whether the next scalar is a key.
    pub(crate) fn expects_key(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.is_map && frame.expects_key)
    }

    /// A key of the current map.
    pub(crate) fn key(&mut self, key: &str) {
        let depth = self.frames.len();
        if depth == 1 && self.outline.keys.len() < 1000 {
            self.outline.keys.insert(key.to_owned());
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.key.clear();
            frame.key.push_str(key);
            frame.expects_key = false;
        }
    }

    /// A map begins.
    pub(crate) fn begin_map(&mut self) {
        self.begin(true);
    }

    /// A list begins.
    pub(crate) fn begin_list(&mut self) {
        self.begin(false);
    }

    /// The innermost map or list ends.
    pub(crate) fn end(&mut self) {
        if self.frames.pop().is_some_and(|frame| frame.is_key) {
            self.key("?");
        } else {
            self.value_done();
        }
    }

    /// A scalar: a value of the current key, an element, or the document itself. `is_string` is false for numbers,
    /// booleans and null; `tag` is a YAML tag without its `!`.
    pub(crate) fn scalar(&mut self, value: &str, is_string: bool, tag: Option<&str>, position: Position) {
        match self.dialect {
            Dialect::Refs if is_string => self.find_ref(value, position),
            Dialect::Raml => self.find_include(value, tag, position),
            Dialect::Refs => {}
        }
        self.keep(value);
        self.value_done();
    }

    /// Something that cannot hold a reference and has no text: an alias.
    pub(crate) fn opaque(&mut self) {
        if self.expects_key() {
            self.key("*");
        } else {
            self.value_done();
        }
    }

    fn begin(&mut self, is_map: bool) {
        let is_key = self.expects_key();
        if let [top] = self.frames.as_slice()
            && top.is_map
            && !is_key
            && self.outline.sizes.len() < 1000
        {
            self.outline.sizes.insert(top.key.clone(), 0);
        }
        let mode = match self.frames.last() {
            _ if is_key => Mode::Data,
            Some(frame) => child_mode(frame, is_map),
            None => Mode::Keywords,
        };
        self.frames.push(Frame { mode, is_map, key: String::new(), expects_key: true, is_key });
    }

    fn value_done(&mut self) {
        if let [top, _] = self.frames.as_slice()
            && let Some(size) = self.outline.sizes.get_mut(&top.key)
        {
            *size += 1;
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.expects_key = true;
        }
    }

    fn keep(&mut self, value: &str) {
        let path = match self.frames.as_slice() {
            [top] if top.is_map => top.key.clone(),
            [top, second] if top.is_map && second.is_map => format!("{}.{}", top.key, second.key),
            _ => return,
        };
        if self.outline.scalars.len() < 2000 {
            self.outline.scalars.entry(path).or_insert_with(|| cut(value, KEEP).to_owned());
        }
    }

    fn find_ref(&mut self, value: &str, position: Position) {
        let Some(frame) = self.frames.last() else { return };
        let strength = match (frame.mode, frame.key.as_str()) {
            (Mode::Keywords | Mode::Names, "$ref") => Strength::Needed,
            (Mode::Example | Mode::Examples, "$ref" | "externalValue") | (Mode::Extension, "$ref") => Strength::Welcome,
            (Mode::Mapping, _) if value.contains(['/', '.']) => Strength::Welcome,
            _ => return,
        };
        self.outline.references.push(Reference::new(value, "$ref", strength, position));
    }

    fn find_include(&mut self, value: &str, tag: Option<&str>, position: Position) {
        if tag == Some("include") {
            self.outline.references.push(Reference::new(value, "!include", Strength::Needed, position));
            return;
        }
        let how = match self.frames.as_slice() {
            [top] if top.is_map && matches!(top.key.as_str(), "extends") => "extends",
            [top, second] if top.is_map && top.key == "uses" && second.is_map => "uses",
            _ => return,
        };
        self.outline.references.push(Reference::new(value, how, Strength::Needed, position));
    }
}

fn child_mode(frame: &Frame, is_map: bool) -> Mode {
    let key = if frame.is_map { frame.key.as_str() } else { "" };
    match frame.mode {
        Mode::Extension => Mode::Extension,
        Mode::Names => Mode::Keywords,
        Mode::Examples => Mode::Example,
        Mode::Data | Mode::Example | Mode::Mapping => Mode::Data,
        Mode::Keywords => match key {
            "examples" if is_map => Mode::Examples,
            "examples" | "example" | "default" | "enum" | "const" | "payloadExample" => Mode::Data,
            "mapping" => Mode::Mapping,
            "properties" | "patternProperties" | "definitions" | "$defs" | "dependentSchemas" | "schemas"
            | "parameters" | "headers" | "responses" | "requestBodies" | "securitySchemes" | "links" | "callbacks"
            | "pathItems" | "paths" | "channels" | "messages" | "operations" | "components" | "variables"
            | "scopes" => Mode::Names,
            extension if extension.starts_with("x-") => Mode::Extension,
            _ => Mode::Keywords,
        },
    }
}

/// Cuts text at a character boundary, to at most so many bytes.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
