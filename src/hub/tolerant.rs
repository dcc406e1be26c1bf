//! Reading what the description types in more than one way, or what servers write otherwise (EXCHANGE.md §7).

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

/// An id: a text that is not empty, or a number.
pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    maybe(Value::deserialize(deserializer)?)
        .filter(|id| !id.is_empty())
        .ok_or_else(|| D::Error::custom("an id is neither a text nor a number"))
}

/// An id that may be left out.
pub(super) fn maybe_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(maybe(Value::deserialize(deserializer)?).filter(|id| !id.is_empty()))
}

/// A text, or a number as text; anything else is the empty text.
pub(super) fn plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(maybe(Value::deserialize(deserializer)?).unwrap_or_default())
}

/// Takes `null` for the default.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A list of texts, among which numbers count as such; `null` is an empty one.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let values = Option::<Vec<Value>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(values.into_iter().filter_map(maybe).collect())
}

/// A whole number, also as text; anything else is none.
pub(super) fn maybe_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value.as_i64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok())))
}

/// A secret. A value of another type is none rather than an error, since errors quote what they do not like.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(maybe(Value::deserialize(deserializer)?).filter(|secret| !secret.is_empty()).map(SecretString::from))
}

fn maybe(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
