//! Coordinates that are written in several values: `groupId`, `artifactId` and `version` of one element or object.

use std::ops::Range;

use quick_xml::{Reader, events::Event};

use super::Edit;
use crate::asset::{Moved, Remap};

/// Deeper documents are not looked into.
const MAX_DEPTH: usize = 256;

/// Elements of a POM that hold an organization.
const ORGANIZATIONS: &[&str] = &["organizationId", "businessGroupId"];

/// What a file is, told by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `exchange.json`.
    Descriptor,
    /// Any other JSON.
    Json,
    /// A POM.
    Pom,
    /// `pom.properties`, which Maven puts beside the POM in a jar.
    Properties,
    /// Anything else.
    Text,
}

impl Shape {
    pub(super) fn of(name: &str) -> Self {
        let name = name.rsplit('/').next().unwrap_or(name);
        match (name, name.rsplit_once('.').map(|(_, extension)| extension)) {
            ("exchange.json", _) => Self::Descriptor,
            ("pom.properties", _) => Self::Properties,
            ("pom.xml", _) | (_, Some("pom")) => Self::Pom,
            (_, Some("json")) => Self::Json,
            _ => Self::Text,
        }
    }

    /// What is to be replaced. Nothing, where a file is not what its name says: its text is looked at all the same.
    pub(super) fn edits(self, remap: &Remap, text: &str) -> Vec<Edit> {
        match self {
            Self::Descriptor | Self::Json => json(remap, text, self == Self::Descriptor),
            Self::Pom => pom(remap, text).unwrap_or_default(),
            Self::Properties => properties(remap, text),
            Self::Text => Vec::new(),
        }
    }
}

/// Where the values stand that name one thing.
#[derive(Debug, Default)]
struct Fields {
    group: Option<Range<usize>>,
    asset: Option<Range<usize>>,
    version: Option<Range<usize>>,
    organizations: Vec<Range<usize>>,
}

impl Fields {
    fn note(&mut self, name: &str, range: Range<usize>) {
        match name {
            "groupId" => self.group = Some(range),
            "assetId" | "artifactId" => self.asset = Some(range),
            "version" => self.version = Some(range),
            name if ORGANIZATIONS.contains(&name) => self.organizations.push(range),
            _ => {}
        }
    }

    /// `modules`: whether groups count that only modules are moved of.
    fn edits(&self, remap: &Remap, text: &str, modules: bool, edits: &mut Vec<Edit>) {
        let read = |range: &Option<Range<usize>>| range.as_ref().map(|range| &text[range.clone()]);
        let moved = |group: &str| -> Option<Moved<'_>> {
            let (asset, version) = (read(&self.asset).unwrap_or_default(), read(&self.version));
            if modules { remap.module(group, asset, version) } else { remap.asset(group, asset, version) }
        };
        let group = self.group.as_ref().map(|range| &text[range.clone()]);
        if let Some(moved) = group.and_then(moved) {
            let parts = [(&self.group, Some(moved.group)), (&self.asset, moved.asset), (&self.version, moved.version)];
            for (range, to) in parts {
                let changed = range.clone().zip(to).filter(|(range, to)| text[range.clone()] != **to);
                edits.extend(changed.map(|(range, to)| Edit { range, text: to.to_owned() }));
            }
        }
        for range in &self.organizations {
            let id = &text[range.clone()];
            let module = || if modules { remap.module(id, "", None).map(|moved| moved.group) } else { None };
            let to = remap.organization(id).or_else(module);
            edits.extend(to.map(|to| Edit { range: range.clone(), text: to.to_owned() }));
        }
    }
}

/// An object or a list under way.
#[derive(Debug, Default)]
struct Level {
    is_object: bool,
    key: Option<Range<usize>>,
    fields: Fields,
}

/// A descriptor says what it is about; of other JSON only objects count that hold all three of the coordinates.
fn json(remap: &Remap, text: &str, is_descriptor: bool) -> Vec<Edit> {
    let bytes = text.as_bytes();
    let (mut edits, mut levels, mut at) = (Vec::new(), Vec::<Level>::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' if levels.len() < MAX_DEPTH => {
                levels.push(Level { is_object: bytes[at] == b'{', ..Level::default() });
            }
            b'{' | b'[' => return edits,
            b'}' | b']' => {
                if let Some(Level { fields, is_object: true, .. }) = levels.pop()
                    && (is_descriptor || (fields.asset.is_some() && fields.version.is_some()))
                {
                    fields.edits(remap, text, is_descriptor, &mut edits);
                }
            }
            b',' => levels.iter_mut().rev().take(1).for_each(|level| level.key = None),
            b'"' => {
                let range = at + 1..end_of_string(bytes, at + 1);
                at = range.end;
                if let Some(level) = levels.last_mut().filter(|level| level.is_object) {
                    match level.key.clone() {
                        None => level.key = Some(range),
                        Some(key) => level.fields.note(&text[key], range),
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    edits
}

/// Where the quotation mark stands that ends a string.
fn end_of_string(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

/// An element under way.
#[derive(Debug, Default)]
struct Element {
    name: String,
    start: usize,
    has_children: bool,
    fields: Fields,
    /// The values of its children, by name.
    values: Vec<(String, Range<usize>)>,
}

fn pom(remap: &Remap, text: &str) -> Option<Vec<Edit>> {
    let mut reader = Reader::from_str(text);
    let mut stack: Vec<Element> = Vec::new();
    let mut edits = Vec::new();
    let (mut groups, mut values) = (Vec::new(), Vec::new());
    loop {
        let before = usize::try_from(reader.buffer_position()).ok()?;
        let event = reader.read_event().ok()?;
        let after = usize::try_from(reader.buffer_position()).ok()?;
        match event {
            Event::Start(_) if stack.len() >= MAX_DEPTH => return None,
            Event::Start(start) => {
                stack.last_mut().into_iter().for_each(|parent| parent.has_children = true);
                stack.push(Element { name: local(start.name().0), start: after, ..Element::default() });
            }
            Event::Empty(_) => stack.last_mut().into_iter().for_each(|parent| parent.has_children = true),
            Event::End(_) => {
                let element = stack.pop()?;
                if element.has_children {
                    element.fields.edits(remap, text, false, &mut edits);
                    groups.extend(element.fields.group.map(|range| text[range].to_owned()));
                    if element.name == "properties" {
                        values.extend(element.values);
                    }
                } else if let Some(parent) = stack.last_mut() {
                    let range = trimmed(text, element.start..before);
                    parent.fields.note(&element.name, range.clone());
                    parent.values.push((element.name, range));
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    // A group may stand in a property that the coordinates refer to.
    for (name, range) in values {
        let is_group =
            groups.iter().any(|group| group.strip_prefix("${").and_then(|g| g.strip_suffix('}')) == Some(&name));
        let (from, to) = (&text[range.clone()], remap.group(&text[range.clone()]));
        if is_group && from != to {
            edits.push(Edit { range, text: to.to_owned() });
        }
    }
    Some(edits)
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or(name).to_owned()
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = &text[range.clone()];
    let start = range.start + (inner.len() - inner.trim_start().len());
    start..start + inner.trim().len()
}

fn properties(remap: &Remap, text: &str) -> Vec<Edit> {
    let (mut fields, mut edits, mut at) = (Fields::default(), Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        if let Some((key, value)) = line.split_once('=') {
            let start = at + key.len() + 1;
            fields.note(key.trim(), trimmed(text, start..start + value.len()));
        }
        at += line.len();
    }
    fields.edits(remap, text, false, &mut edits);
    edits
}
