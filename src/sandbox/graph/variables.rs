//! The values of the variables of an operation.

use async_graphql_parser::{
    Positioned,
    types::{BaseType, Type, VariableDefinition},
};
use serde_json::{Map, Value};

use super::failure::Flaw;

/// Checks the values that came with a query against the declarations of its operation, and fills in defaults. Values
/// that are not declared are left out.
pub(super) fn values(
    declared: &[Positioned<VariableDefinition>],
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<Flaw>> {
    let mut values = Map::new();
    let mut flaws = Vec::new();
    for definition in declared {
        let (name, kind) = (definition.node.name.node.as_str(), &definition.node.var_type.node);
        match value(&definition.node, given.get(name)) {
            Ok(Some(value)) => _ = values.insert(name.to_owned(), value),
            Ok(None) => {}
            Err(why) => {
                flaws.push(Flaw::new(format!("Variable \"${name}\" of type \"{kind}\" {why}"), definition.pos));
            }
        }
    }
    if flaws.is_empty() { Ok(values) } else { Err(flaws) }
}

fn value(definition: &VariableDefinition, given: Option<&Value>) -> Result<Option<Value>, String> {
    let kind = &definition.var_type.node;
    let default = definition.default_value.as_ref().and_then(|value| value.node.clone().into_json().ok());
    let Some(value) = given.cloned().or(default) else {
        return if kind.nullable { Ok(None) } else { Err("is required, but was not provided.".to_owned()) };
    };
    if fits(&value, kind) { Ok(Some(value)) } else { Err(format!("got an invalid value: {}.", shorten(&value))) }
}

/// Whether a value is of a type. What a named type that is no scalar takes, the argument that it is used for tells.
fn fits(value: &Value, kind: &Type) -> bool {
    if value.is_null() {
        return kind.nullable;
    }
    match &kind.base {
        BaseType::List(inner) => match value {
            Value::Array(items) => items.iter().all(|item| fits(item, inner)),
            single => fits(single, inner),
        },
        BaseType::Named(name) => match name.as_str() {
            "String" => value.is_string(),
            "ID" => value.is_string() || value.is_i64(),
            "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "Float" => value.is_number(),
            "Boolean" => value.is_boolean(),
            _ => true,
        },
    }
}

/// A value for a message.
pub(super) fn shorten(value: &Value) -> String {
    const MOST: usize = 80;
    let text = value.to_string();
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain("…".chars()).collect() }
}
