//! How a cell or a default spells tags, categories, custom fields and instances.
//!
//! An empty cell says nothing, and what is there stays. `[]` takes away. Values that hold commas are spelled as a JSON
//! list: `["a, b", "c"]`. A text that is not a list, but begins like one, is spelled as a list of one: `["[a]"]`.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use crate::asset::{ExternalInstance, Spelled, Values};

use super::facts::list;

/// The most characters that the name of an instance takes (EXCHANGE.md §5.3).
const MAX_INSTANCE_NAME: usize = 150;
/// The most characters that the address of an instance takes (EXCHANGE.md §5.3).
const MAX_ADDRESS: usize = 2048;

/// All tags: separated by commas, or a JSON list. An empty list: none.
pub(crate) fn tags(text: &str) -> Result<Vec<String>, String> {
    match json_list(text)? {
        Some(values) => Ok(values.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect()),
        None => Ok(list(text)),
    }
}

/// The values of one key: a text, or a JSON list, whose values keep their blanks.
pub(crate) fn value(text: &str) -> Result<Spelled, String> {
    Ok(json_list(text)?.map_or_else(|| Spelled::One(text.trim().to_owned()), Spelled::Many))
}

/// All values, as the API's own form field spells them: `[{"key": "layer", "value": "System, Experience"}]`, where a
/// value is a text, a number or a list of them (EXCHANGE.md §3.1). Keys that it does not name are taken away.
pub(crate) fn all(text: &str) -> Result<Values, String> {
    let wanted = "wanted is a JSON list such as [{\"key\": \"layer\", \"value\": \"System\"}]";
    let pairs: Vec<Value> = serde_json::from_str(text).map_err(|error| format!("{wanted}: {error}"))?;
    let mut by_key = BTreeMap::new();
    for pair in pairs {
        let Value::Object(mut pair) = pair else { return Err(format!("{wanted}; `{pair}` is no pair")) };
        let (key, value) = (pair.remove("key"), pair.remove("value"));
        let (Some(Value::String(key)), Some(value), true) = (key, value, pair.is_empty()) else {
            return Err(format!("{wanted}; a pair has a \"key\" and a \"value\" and nothing else"));
        };
        let spelled = match value {
            Value::Array(values) => {
                let values = values.into_iter().map(|value| plain(value, &key));
                Spelled::Many(values.map(|value| Ok(value?.trim().to_owned())).collect::<Result<_, String>>()?)
            }
            value => Spelled::One(plain(value, &key)?.trim().to_owned()),
        };
        if key.trim().is_empty() {
            return Err("a key is empty".to_owned());
        }
        if by_key.contains_key(key.trim()) {
            return Err(format!("key `{key}` is there twice"));
        }
        by_key.insert(key.trim().to_owned(), spelled);
    }
    // A key without a value is a key that is not named.
    by_key.retain(|_, values| !values.list().is_empty());
    Ok(Values { exactly: true, by_key })
}

/// Where an API runs: the name from the column, the address from the cell.
pub(crate) fn instance(name: &str, text: &str) -> Result<ExternalInstance, String> {
    let (name, text) = (name.trim(), text.trim());
    if name.is_empty() || name.chars().count() > MAX_INSTANCE_NAME {
        return Err(format!("the name of an instance has 1 to {MAX_INSTANCE_NAME} characters"));
    }
    if text.chars().count() > MAX_ADDRESS {
        return Err(format!("the address has more than {MAX_ADDRESS} characters"));
    }
    let is_address =
        Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
    if !is_address || text.chars().any(char::is_whitespace) {
        return Err(format!("`{text}` is no address such as https://api.example.com/orders"));
    }
    Ok(ExternalInstance { name: name.to_owned(), endpoint_uri: text.to_owned(), is_public: None })
}

/// The cell that holds this text, whatever it begins with: that of somebody who knows nothing of lists.
pub(crate) fn of_text(text: &str) -> String {
    if text.trim_start().starts_with('[') { of_values(&[text]) } else { text.to_owned() }
}

/// The cell that holds these values: separated by commas, or a list where a value needs it.
pub(crate) fn of_values(values: &[impl AsRef<str>]) -> String {
    let needs_list = |value: &str| value.is_empty() || value.contains(',') || value.starts_with('[');
    if values.is_empty() || values.iter().any(|value| needs_list(value.as_ref())) {
        return values.iter().map(AsRef::as_ref).collect::<Value>().to_string();
    }
    values.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")
}

/// The values of a JSON list. `None`: the text is none.
fn json_list(text: &str) -> Result<Option<Vec<String>>, String> {
    if !text.trim_start().starts_with('[') {
        return Ok(None);
    }
    let values: Vec<Value> = serde_json::from_str(text).map_err(|error| {
        format!("what begins with `[` must be a JSON list such as [\"a, b\", \"c\"], or [] for none: {error}")
    })?;
    values.into_iter().map(|value| plain(value, "the list")).collect::<Result<_, _>>().map(Some)
}

/// A single value as text.
fn plain(value: Value, within: &str) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("{within}: `{other}` is neither a text nor a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(values: &[&str]) -> Spelled {
        Spelled::Many(values.iter().map(|value| (*value).to_owned()).collect())
    }

    #[test]
    fn a_list_holds_commas_and_an_empty_one_takes_away() {
        assert_eq!(value("Hello, world"), Ok(Spelled::One("Hello, world".to_owned())));
        assert_eq!(value(r#" ["a, b", 5, " c "] "#), Ok(many(&["a, b", "5", " c "])), "blanks in a list are meant");
        assert_eq!(value("[]"), Ok(Spelled::nothing()));
        assert_eq!(tags(" a, ,b "), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(tags(r#"[" a, b ", " "]"#), Ok(vec!["a, b".to_owned()]));
        assert_eq!(tags("[ ]"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_nearly_a_list_is_told() {
        for text in ["[a]", "[\"a\"", "[[\"a\"]]", "[null]", "[{\"key\": \"a\"}]"] {
            assert!(value(text).is_err() && tags(text).is_err(), "{text}");
        }
        assert!(value("[wip] text").expect_err("refused").contains("[\"a, b\", \"c\"]"));
        assert_eq!(value(r#"["[wip] text"]"#), Ok(many(&["[wip] text"])));
    }

    #[test]
    fn a_list_of_pairs_says_all_there_is() {
        let read = all(r#"[{"key":"layer","value":"A, B"},{"key":"n","value":2.50},{"key":"l","value":["x, y", 1]}]"#)
            .expect("reads");
        assert!(read.exactly);
        assert_eq!(read["layer"], Spelled::One("A, B".to_owned()));
        assert_eq!((read["n"].list(), &read["l"]), (vec!["2.5".to_owned()], &many(&["x, y", "1"])));
        assert_eq!(all("[]"), Ok(Values { exactly: true, ..Values::default() }));
        assert_eq!(all(r#"[{"key":"a","value":[]},{"key":"b","value":""}]"#), all("[]"));
    }

    #[test]
    fn wrong_pairs_are_told() {
        for (text, words) in [
            ("layer=System", "JSON list"),
            (r#"{"key":"a","value":"b"}"#, "JSON list"),
            (r#"["a"]"#, "no pair"),
            (r#"[{"key":"a"}]"#, "a \"key\" and a \"value\""),
            (r#"[{"key":"a","value":"b","type":"c"}]"#, "nothing else"),
            (r#"[{"key":"a","value":null}]"#, "neither a text nor a number"),
            (r#"[{"key":"a","value":"b"},{"key":"a ","value":"c"}]"#, "twice"),
            (r#"[{"key":" ","value":"b"}]"#, "empty"),
        ] {
            let error = all(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn an_instance_needs_an_address() {
        let read = instance("production", " https://api.example.com/a?b=c ").expect("reads");
        assert_eq!((read.name.as_str(), read.endpoint_uri.as_str()), ("production", "https://api.example.com/a?b=c"));
        let long = format!("https://a.example/{}", "x".repeat(MAX_ADDRESS));
        for address in ["[]", "api.example.com", "ftp://a.example", "https://", "https://a b", long.as_str()] {
            assert!(instance("p", address).is_err(), "{address}");
        }
        assert!(instance(&"n".repeat(151), "https://a.example").is_err());
        assert!(instance(&"é".repeat(150), "https://a.example").is_ok());
    }

    #[test]
    fn what_is_written_reads_back() {
        for values in [vec![], vec!["a, \"b\""], vec!["[", "é"], vec!["a", "b"]] {
            let expected: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            assert_eq!(tags(&of_values(&values)), Ok(expected));
        }
        assert_eq!((of_values(&["a", "b"]), of_text("[a] b")), ("a,b".to_owned(), r#"["[a] b"]"#.to_owned()));
    }
}
