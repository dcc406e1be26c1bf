//! Maps of a descriptor, read key by key; whatever is wrong has a place.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::asset::Problem;
use crate::package::detect::{YamlKey, YamlNode, YamlValue};

/// What is wrong with a project, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wrong {
    pub(super) problem: Problem,
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) message: String,
}

/// Text with its place.
#[expect(clippy::struct_field_names, reason = "a text has a text and a place")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Text {
    /// A value that cannot be used.
    pub(super) fn wrong(&self, message: impl Into<String>) -> Wrong {
        self.failed(Problem::Value, message)
    }

    /// Something else that is wrong here.
    pub(super) fn failed(&self, problem: Problem, message: impl Into<String>) -> Wrong {
        Wrong { problem, line: self.line, column: self.column, message: message.into() }
    }

    /// Holds the text to a length in characters.
    pub(super) fn at_most(self, most: usize, what: &str) -> Result<Self, Wrong> {
        match self.text.chars().count() {
            count if count > most => {
                Err(self.wrong(format!("{what} has {count} characters, at most {most} are taken")))
            }
            _ => Ok(self),
        }
    }
}

fn wrong_node(node: &YamlNode, message: String) -> Wrong {
    Wrong { problem: Problem::Value, line: node.line, column: node.column, message }
}

fn wrong_key(key: &YamlKey, message: String) -> Wrong {
    Wrong { problem: Problem::Value, line: key.line, column: key.column, message }
}

/// A map whose keys are known.
pub(super) struct Fields<'a>(&'a [(YamlKey, Rc<YamlNode>)]);

impl<'a> Fields<'a> {
    /// Refuses anything but a map, and keys that are not `known`.
    pub(super) fn strict(node: &'a YamlNode, what: &str, known: &[&str]) -> Result<Self, Wrong> {
        let fields = Self::lenient(node, what)?;
        match fields.0.iter().find(|(key, _)| !known.contains(&key.text.as_str())) {
            Some((key, _)) => {
                let message = format!("{what} has no key `{}`; the keys are {}", key.text, known.join(", "));
                Err(wrong_key(key, message))
            }
            None => Ok(fields),
        }
    }

    /// Lets keys pass that others have put there.
    pub(super) fn lenient(node: &'a YamlNode, what: &str) -> Result<Self, Wrong> {
        match &node.value {
            YamlValue::Map(map) => Ok(Self(map)),
            _ => Err(wrong_node(node, format!("{what} must be a map"))),
        }
    }

    /// The value of a key that may have an older spelling. An empty value counts as none.
    pub(super) fn get(&self, name: &str, older: Option<&str>) -> Result<Option<&'a YamlNode>, Wrong> {
        let find = |name: &str| self.0.iter().find(|(key, _)| key.text == name);
        let (now, before) = (find(name), older.and_then(find));
        if let (Some(_), Some((key, _))) = (now, before) {
            return Err(wrong_key(
                key,
                format!("`{}` is an older spelling of `{name}`, which is there, too", key.text),
            ));
        }
        Ok(now.or(before).map(|(_, node)| node.as_ref()).filter(|node| node.value != YamlValue::Null))
    }

    /// The text of a key. Blank text counts as none.
    pub(super) fn text(&self, name: &str, older: Option<&str>) -> Result<Option<Text>, Wrong> {
        let text = self.get(name, older)?.map(|node| text(node, name)).transpose()?;
        Ok(text.filter(|text| !text.text.is_empty()))
    }

    /// The entries of a map under a key, in the order of the text.
    pub(super) fn entries(&self, name: &str, older: Option<&str>) -> Result<Vec<(Text, &'a YamlNode)>, Wrong> {
        let Some(node) = self.get(name, older)? else { return Ok(Vec::new()) };
        entries(node, name)
    }
}

/// The entries of a map whose keys anybody may choose.
pub(super) fn entries<'a>(node: &'a YamlNode, what: &str) -> Result<Vec<(Text, &'a YamlNode)>, Wrong> {
    let named = |key: &YamlKey| Text { text: key.text.trim().to_owned(), line: key.line, column: key.column };
    let map = Fields::lenient(node, &format!("`{what}`"))?.0;
    Ok(map.iter().map(|(key, node)| (named(key), node.as_ref())).collect())
}

/// One text.
pub(super) fn text(node: &YamlNode, what: &str) -> Result<Text, Wrong> {
    match &node.value {
        YamlValue::Text(text) => Ok(Text { text: text.trim().to_owned(), line: node.line, column: node.column }),
        _ => Err(wrong_node(node, format!("`{what}` must be text"))),
    }
}

/// One text or a list of texts; empty ones are dropped.
pub(super) fn texts(node: &YamlNode, what: &str) -> Result<Vec<Text>, Wrong> {
    let found = match &node.value {
        YamlValue::Null => Vec::new(),
        YamlValue::List(list) => {
            let given = list.iter().filter(|node| node.value != YamlValue::Null);
            given.map(|node| text(node, what)).collect::<Result<_, _>>()?
        }
        _ => vec![text(node, what)?],
    };
    Ok(found.into_iter().filter(|text| !text.text.is_empty()).collect())
}
