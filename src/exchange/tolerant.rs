//! Reading what may be written in more than one way: where sources disagree, all spellings are taken (EXCHANGE.md §10).

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Takes `null` for the default.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Versions as texts or as objects with a `version` (EXCHANGE.md, conflict C16).
pub(super) fn versions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let values = Option::<Vec<Value>>::deserialize(deserializer)?.unwrap_or_default();
    let version = |value: Value| match value {
        Value::String(text) => Some(text),
        other => other.get("version").and_then(Value::as_str).map(str::to_owned),
    };
    Ok(values.into_iter().filter_map(version).collect())
}

/// A text, a number or nothing, as text.
pub(super) fn plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    })
}

/// Errors are texts; what is not text is kept as JSON.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.get("message").and_then(Value::as_str).map_or_else(|| other.to_string(), str::to_owned),
    };
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(values) => values.into_iter().map(text).collect(),
        Value::Null => Vec::new(),
        other => vec![text(other)],
    })
}

/// A small number, also as text; anything else is none.
pub(super) fn small_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    Ok(number.and_then(|number| u16::try_from(number).ok()))
}

/// A text or a number, as text; `null` and anything else is none.
pub(super) fn maybe_plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A list, or the one element that stands for it; `null` is empty.
pub(super) fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => Vec::new(),
        Value::Array(values) => values.into_iter().map(text).collect(),
        other => vec![text(other)],
    })
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
