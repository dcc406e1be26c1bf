//! `definitions.toml`: the categories and custom fields of the source, as a job declares them.

use serde::Serialize;

use crate::exchange::{Configuration, DataType};

/// One category or custom field.
#[derive(Debug, Serialize)]
struct Declared<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    data_type: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    values: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    asset_types: &'a [String],
}

#[derive(Debug, Serialize)]
struct Tables<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<Declared<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Declared<'a>>,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    definitions: Tables<'a>,
}

/// The declarations, sorted by key: the tables of a job file, to be named by it or put into it.
#[must_use]
pub fn write(categories: &[Configuration], fields: &[Configuration]) -> String {
    let document =
        Document { definitions: Tables { categories: declared(categories, false), fields: declared(fields, true) } };
    let head = "# The categories and custom fields of the source, as a job declares them.\n\n";
    format!("{head}{}", toml::to_string_pretty(&document).expect("are tables of texts"))
}

fn declared(known: &[Configuration], is_field: bool) -> Vec<Declared<'_>> {
    let mut declared: Vec<Declared<'_>> = known
        .iter()
        .map(|known| Declared {
            key: &known.tag_key,
            name: known.display_name.as_deref().filter(|name| *name != known.tag_key && !name.is_empty()),
            data_type: is_field.then(|| known.values_type().unwrap_or(DataType::Text).as_str()),
            values: &known.accepted_values,
            asset_types: &known.asset_type_restrictions,
        })
        .collect();
    declared.sort_by(|one, other| one.key.cmp(other.key));
    declared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_those_of_a_job() {
        let configuration = |key: &str, data_type: Option<&str>, values: &[&str]| Configuration {
            tag_key: key.to_owned(),
            display_name: Some(format!("The {key}")),
            data_type: data_type.map(str::to_owned),
            accepted_values: values.iter().map(|value| (*value).to_owned()).collect(),
            ..Configuration::default()
        };
        let text = write(
            &[configuration("layer", None, &["System", "Pro\"cess"])],
            &[configuration("due", Some("date"), &[]), configuration("colour", Some("enum"), &["red"])],
        );
        let read: toml::Table = text.parse().expect("is TOML");
        let told = &read["definitions"];
        assert_eq!(told["categories"][0]["values"][1].as_str(), Some("Pro\"cess"));
        assert!(told["categories"][0].get("type").is_none(), "a category has no type");
        assert_eq!(
            (told["fields"][0]["key"].as_str(), told["fields"][1]["type"].as_str()),
            (Some("colour"), Some("date"))
        );
    }
}
