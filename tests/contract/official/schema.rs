//! The schemas of OpenAPI 3.0 as JSON Schema.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// What OpenAPI says in a schema besides JSON Schema, and what would be read as something else there.
const FOREIGN: [&str; 6] = ["nullable", "example", "discriminator", "xml", "externalDocs", "deprecated"];

/// Makes a validator of a schema without references.
pub(super) fn compile(schema: &Value) -> Validator {
    let schema = translate(schema);
    jsonschema::options()
        .with_draft(Draft::Draft7)
        .should_validate_formats(true)
        .build(&schema)
        .unwrap_or_else(|error| panic!("the description holds a schema that is none: {error}: {schema}"))
}

/// Rewrites a schema: `nullable` becomes a type.
fn translate(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let mut out = Map::new();
    for (name, value) in members.iter().filter(|(name, _)| !is_foreign(name)) {
        let value = match (name.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                properties.iter().map(|(name, schema)| (name.clone(), translate(schema))).collect()
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => schemas.iter().map(translate).collect(),
            ("items" | "not" | "additionalProperties", schema) => translate(schema),
            (_, value) => value.clone(),
        };
        out.insert(name.clone(), value);
    }
    if members.get("nullable") == Some(&Value::Bool(true)) {
        if let Some(kind) = out.get("type").cloned() {
            out.insert("type".to_owned(), json!([kind, "null"]));
        }
        if let Some(Value::Array(values)) = out.get_mut("enum") {
            values.push(Value::Null);
        }
    }
    Value::Object(out)
}

fn is_foreign(name: &str) -> bool {
    name.starts_with("x-") || FOREIGN.contains(&name)
}

/// The types that a schema names, its own and those of its parts.
fn types(schema: &Value) -> Vec<&str> {
    let own = schema.get("type").and_then(Value::as_str);
    let parts = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|name| schema.get(name)?.as_array()).flatten();
    own.into_iter().chain(parts.flat_map(types)).collect()
}

/// The value that a text of a path, a query or a header stands for.
///
/// An empty value is 0 or `false` where the description says so (`NullableInteger`, `NullableBoolean`).
pub(super) fn from_text(schema: &Value, text: &str) -> Value {
    let types = types(schema);
    if types.iter().any(|kind| ["integer", "number"].contains(kind)) {
        let number = if text.is_empty() { Some(json!(0)) } else { None };
        return number.or_else(|| text.parse::<i64>().ok().map(Into::into)).unwrap_or_else(|| {
            text.parse::<f64>().ok().filter(|number| number.is_finite()).map_or_else(|| json!(text), Into::into)
        });
    }
    match (types.contains(&"boolean"), text) {
        (true, "true") => true.into(),
        (true, "false" | "") => false.into(),
        _ => json!(text),
    }
}

/// Whether a schema is of arrays.
pub(super) fn is_array(schema: &Value) -> bool {
    types(schema).contains(&"array")
}
