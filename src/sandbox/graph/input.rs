//! Whether arguments are what the schema takes.

use serde_json::{Map, Value};

use super::{
    schema::{Argument, Input},
    variables::shorten,
};

/// Checks the arguments of a field, or the members of one that is an object. Nulls are left out, and a single value
/// becomes a list where a list is taken.
///
/// # Errors
/// A sentence for the first that is wrong.
pub(super) fn accept_members(
    owner: &str,
    known: &'static [Argument],
    given: Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let mut accepted = Map::new();
    for (name, value) in given {
        let Some(argument) = known.iter().find(|argument| argument.name == name) else {
            return Err(format!("Unknown argument \"{name}\" on {}.", owner.to_lowercase()));
        };
        if !value.is_null() {
            accepted.insert(name, accept(argument, value)?);
        }
    }
    match known.iter().find(|argument| argument.required && !accepted.contains_key(argument.name)) {
        None => Ok(accepted),
        Some(Argument { name, input, .. }) => {
            let kind = input.name();
            Err(format!("{owner} argument \"{name}\" of type \"{kind}!\" is required, but it was not provided."))
        }
    }
}

fn accept(argument: &'static Argument, value: Value) -> Result<Value, String> {
    let (name, input) = (argument.name, argument.input);
    let wrong = |value: &Value| {
        let kind = input.name();
        Err(format!("Argument \"{name}\" has an invalid value: expected type \"{kind}\", found {}.", shorten(value)))
    };
    let is_valid = match (input, &value) {
        (Input::Text, value) => value.is_string(),
        (Input::Number, value) => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        (Input::Flag, value) => value.is_boolean(),
        (Input::Name(_, names), value) => value.as_str().is_some_and(|text| names.contains(&text)),
        (Input::Texts, Value::Array(items)) => items.iter().all(Value::is_string),
        (Input::Texts, single) => single.is_string(),
        (Input::Object(..), value) => value.is_object(),
        (Input::Objects(..), Value::Array(items)) => items.iter().all(Value::is_object),
        (Input::Objects(..), single) => single.is_object(),
    };
    if !is_valid {
        return wrong(&value);
    }
    let members = |value, known| match value {
        Value::Object(members) => accept_members(&format!("Field \"{name}\""), known, members).map(Value::Object),
        other => Ok(other),
    };
    match (input, value) {
        (Input::Object(_, known), value) => members(value, known),
        (Input::Objects(_, known), Value::Array(items)) => items.into_iter().map(|item| members(item, known)).collect(),
        (Input::Objects(_, known), single) => Ok(Value::Array(vec![members(single, known)?])),
        (Input::Texts, single @ Value::String(_)) => Ok(Value::Array(vec![single])),
        (_, value) => Ok(value),
    }
}
