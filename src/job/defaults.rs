//! `[defaults]` of a job: from TOML to the text that a cell of a manifest would hold.

use std::collections::BTreeMap;

use serde_json::Value;

/// Columns of which a single value may hold commas: their lists are written as JSON.
const LISTED: &[&str] = &["tags", "categories", "fields"];

/// Tables become dotted names, values the text of a cell.
///
/// # Errors
/// The name of the value, and what is wrong with it.
pub(super) fn flatten(table: &toml::Table) -> Result<BTreeMap<String, String>, (String, String)> {
    let mut flat = BTreeMap::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => {
                for (name, value) in inner {
                    let full = format!("{key}.{name}");
                    let text = cell(&full, value).map_err(|m| (full.clone(), m))?;
                    flat.insert(full, text);
                }
            }
            other => {
                flat.insert(key.clone(), cell(key, other).map_err(|m| (key.clone(), m))?);
            }
        }
    }
    Ok(flat)
}

/// The cell of a column.
fn cell(column: &str, value: &toml::Value) -> Result<String, String> {
    let dimension = column.split_once('.').map_or(column, |(dimension, _)| dimension);
    match value {
        toml::Value::Array(values) if LISTED.contains(&dimension) => {
            values.iter().map(listed).collect::<Result<Value, _>>().map(|list| list.to_string())
        }
        toml::Value::Array(values) => Ok(values.iter().map(scalar).collect::<Result<Vec<_>, _>>()?.join(",")),
        other => scalar(other),
    }
}

/// A member of a list: a value, or a key with its value.
fn listed(value: &toml::Value) -> Result<Value, String> {
    match value {
        toml::Value::Table(pair) => {
            let value = |value: &toml::Value| match value {
                toml::Value::Array(values) => values.iter().map(|value| scalar(value).map(Value::from)).collect(),
                other => scalar(other).map(Value::from),
            };
            pair.iter().map(|(key, member)| Ok((key.clone(), value(member)?))).collect()
        }
        other => scalar(other).map(Value::from),
    }
}

fn scalar(value: &toml::Value) -> Result<String, String> {
    Ok(match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        toml::Value::Datetime(time) => time.to_string(),
        toml::Value::Array(_) | toml::Value::Table(_) => {
            return Err("is nested too deep for a field of the publish call".to_owned());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(text: &str) -> BTreeMap<String, String> {
        flatten(&text.parse().expect("TOML")).expect("flattens")
    }

    #[test]
    fn tables_become_dotted_names_and_lists_keep_their_values_apart() {
        let flat = flat(
            "tags = ['a, b', 'c']\nkeywords = ['d', 'e']\nproperties.apiVersion = 'v1'\nfields.more = [1, 'x, y']\n\
             categories = [{ key = 'layer', value = ['A, B'] }, { key = 'n', value = 2 }]\ninstances.test = 'https://a.b'",
        );
        let expected = [
            ("categories", r#"[{"key":"layer","value":["A, B"]},{"key":"n","value":"2"}]"#),
            ("fields.more", r#"["1","x, y"]"#),
            ("instances.test", "https://a.b"),
            ("keywords", "d,e"),
            ("properties.apiVersion", "v1"),
            ("tags", r#"["a, b","c"]"#),
        ];
        assert_eq!(flat, expected.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect());
    }

    #[test]
    fn an_empty_list_is_not_lost() {
        assert_eq!(flat("tags = []\nfields = []\ncategories.layer = []").into_values().collect::<Vec<_>>(), ["[]"; 3]);
    }

    #[test]
    fn what_no_cell_can_hold_is_told_by_name() {
        for text in ["a.b.c = 1", "tags = [['x']]", "keywords = [{ a = 1 }]"] {
            let (name, why) = flatten(&text.parse().expect("TOML")).expect_err(text);
            assert!(!name.is_empty() && why.contains("nested too deep"), "{name}: {why}");
        }
    }
}
