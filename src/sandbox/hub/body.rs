//! Reading request bodies: every member is checked, and all that is wrong is told at once.

use bytes::Bytes;
use serde_json::{Map, Value};
use url::Url;

use super::refusal::Refusal;

/// The most characters of a URI.
const URI: usize = 2048;

/// The most redirect URIs, and the most of anything else that comes as a list.
const LIST: usize = 100;

/// A body that is being read. A member that is `null` counts as left out; members that nobody asks for are passed over.
pub(super) struct Body {
    members: Map<String, Value>,
    wrong: Vec<String>,
}

impl Body {
    pub(super) fn read(bytes: &Bytes) -> Result<Self, Refusal> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(members)) => Ok(Self { members, wrong: Vec::new() }),
            Ok(_) => Err(Refusal::bad_request("The request body must be a JSON object")),
            Err(error) => Err(Refusal::bad_request(format!("The request body is not JSON: {error}"))),
        }
    }

    /// Refuses where something was wrong.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        if self.wrong.is_empty() { Ok(()) } else { Err(Refusal::invalid(self.wrong)) }
    }

    pub(super) fn complain(&mut self, text: String) {
        self.wrong.push(text);
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    /// Says that a member is missing, where it is; the answer is then a stand-in that nobody sees.
    fn required<T: Default>(&mut self, name: &str, value: Option<T>, known: usize) -> T {
        if value.is_none() && self.wrong.len() == known {
            self.complain(format!("{name}: must be given"));
        }
        value.unwrap_or_default()
    }

    /// A text of at most so many characters.
    pub(super) fn text(&mut self, name: &str, most: usize) -> Option<String> {
        match self.take(name)? {
            Value::String(text) if text.chars().count() <= most => return Some(text),
            Value::String(_) => self.complain(format!("{name}: size must be between 0 and {most}")),
            _ => self.complain(format!("{name}: must be a string")),
        }
        None
    }

    pub(super) fn required_text(&mut self, name: &str, most: usize) -> String {
        let known = self.wrong.len();
        let text = self.text(name, most);
        self.required(name, text, known)
    }

    /// An id, which is any text that is not empty, or a whole number: the description itself gives both.
    pub(super) fn id(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) if !text.is_empty() && text.len() <= 512 => return Some(text),
            Value::Number(number) if number.is_i64() || number.is_u64() => return Some(number.to_string()),
            _ => self.complain(format!("{name}: must be an id")),
        }
        None
    }

    pub(super) fn required_id(&mut self, name: &str) -> String {
        let known = self.wrong.len();
        let id = self.id(name);
        self.required(name, id, known)
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            Value::Bool(flag) => return Some(flag),
            _ => self.complain(format!("{name}: must be a boolean")),
        }
        None
    }

    pub(super) fn required_flag(&mut self, name: &str) -> bool {
        let known = self.wrong.len();
        let flag = self.flag(name);
        self.required(name, flag, known)
    }

    /// Texts, without those that come again.
    pub(super) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let Value::Array(values) = self.take(name)? else {
            self.complain(format!("{name}: must be an array"));
            return None;
        };
        if values.len() > LIST {
            self.complain(format!("{name}: must have at most {LIST} elements"));
            return None;
        }
        let mut texts: Vec<String> = Vec::with_capacity(values.len());
        for value in values {
            match value {
                Value::String(text) if text.chars().count() <= URI => {
                    if !texts.contains(&text) {
                        texts.push(text);
                    }
                }
                _ => {
                    self.complain(format!("{name}: must hold strings of at most {URI} characters"));
                    return None;
                }
            }
        }
        Some(texts)
    }

    /// A URI; an empty text stands for none.
    pub(super) fn uri(&mut self, name: &str) -> Option<String> {
        let text = self.text(name, URI)?;
        self.check_uri(name, &text);
        Some(text)
    }

    /// URIs.
    pub(super) fn uris(&mut self, name: &str) -> Option<Vec<String>> {
        let texts = self.texts(name)?;
        for text in &texts {
            self.check_uri(name, text);
        }
        Some(texts)
    }

    fn check_uri(&mut self, name: &str, text: &str) {
        if !text.is_empty() && Url::parse(text).is_err() {
            self.complain(format!("{name}: must be an absolute URI"));
        }
    }

    /// An object, as it is.
    pub(super) fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.take(name)? {
            Value::Object(members) => return Some(members),
            _ => self.complain(format!("{name}: must be an object")),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Body {
        Body::read(&Bytes::copy_from_slice(text.as_bytes())).unwrap_or_else(|_| panic!("{text} is an object"))
    }

    #[test]
    fn everything_that_is_wrong_is_told_once() {
        let mut body = read(r#"{"a": 1, "b": null, "c": "long", "d": ["x", 2], "e": "no uri"}"#);
        assert_eq!(body.required_text("a", 10), "");
        assert_eq!(body.required_text("b", 10), "");
        assert_eq!(body.text("c", 3), None);
        assert_eq!(body.texts("d"), None);
        body.uri("e");
        assert!(!body.required_flag("f"));
        let expected = [
            "a: must be a string",
            "b: must be given",
            "c: size must be between 0 and 3",
            "d: must hold strings of at most 2048 characters",
            "e: must be an absolute URI",
            "f: must be given",
        ];
        assert_eq!(body.wrong, expected);
        assert!(body.finish().is_err());
    }

    #[test]
    fn an_id_may_be_a_number_and_lists_hold_things_once() {
        let mut body = read(r#"{"a": 67890, "b": "inst-001", "c": ["x", "y", "x"], "d": 1.5}"#);
        assert_eq!((body.required_id("a"), body.required_id("b")), ("67890".to_owned(), "inst-001".to_owned()));
        assert_eq!(body.texts("c"), Some(vec!["x".to_owned(), "y".to_owned()]));
        assert_eq!(body.id("d"), None);
        assert_eq!(body.wrong, ["d: must be an id"]);
    }
}
