//! Whether a configuration is what a job declares.

use std::collections::BTreeSet;

use crate::{
    exchange::{Configuration, ConfigurationChange, DataType, NewConfiguration},
    job::{ValueType, Wish},
};

/// How many names are spelled out.
const MOST: usize = 5;

/// What has to be changed for a configuration to be as declared, and the same in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) change: ConfigurationChange,
    pub(super) words: Vec<String>,
}

/// A definition that is to be there, as the call that makes it takes it; `None` for one that is to be gone.
pub(super) fn wanted(key: &str, wish: &Wish) -> Option<NewConfiguration> {
    let Wish::There { name, value_type, values, asset_types } = wish else { return None };
    Some(NewConfiguration {
        tag_key: key.to_owned(),
        display_name: name.clone(),
        data_type: value_type.map(data_type),
        accepted_values: values.clone(),
        asset_type_restrictions: asset_types.clone(),
    })
}

fn data_type(value_type: ValueType) -> DataType {
    match value_type {
        ValueType::Enum => DataType::Enum,
        ValueType::Number => DataType::Number,
        ValueType::Date => DataType::Date,
        ValueType::Text => DataType::Text,
        ValueType::NumberList => DataType::NumberList,
        ValueType::TextList => DataType::TextList,
    }
}

/// What differs. Lists are sets; a name that is the key says nothing, and neither does what the server leaves out.
pub(super) fn difference(wanted: &NewConfiguration, there: &Configuration) -> Difference {
    let mut difference = Difference::default();
    let mut words = |text: String| difference.words.push(text);
    if let Some(name) = &there.display_name
        && *name != wanted.display_name
        && wanted.display_name != wanted.tag_key
    {
        words(format!("is called `{name}` there and `{}` here", wanted.display_name));
        difference.change.display_name = Some(wanted.display_name.clone());
    }
    if let (Some(data_type), Some(told)) = (wanted.data_type, &there.data_type)
        && there.values_type() != Some(data_type)
    {
        words(format!("is of the type {told} there and {data_type} here"));
        difference.change.data_type = Some(data_type);
    }
    let (here, held) = (set(&wanted.accepted_values), set(&there.accepted_values));
    if here != held {
        words(sides("takes", "any value", &here, &held));
        difference.change.accepted_values = Some(wanted.accepted_values.clone());
    }
    let (here, held) = (set(&wanted.asset_type_restrictions), set(&there.asset_type_restrictions));
    if here != held {
        words(sides("is for", "all types of asset", &here, &held));
        difference.change.asset_type_restrictions = Some(wanted.asset_type_restrictions.clone());
    }
    difference
}

fn set(texts: &[String]) -> BTreeSet<&str> {
    texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect()
}

/// Two sets side by side; of two long ones only what one has and the other lacks.
fn sides(verb: &str, anything: &str, here: &BTreeSet<&str>, held: &BTreeSet<&str>) -> String {
    if here.is_empty() || held.is_empty() || here.len().max(held.len()) <= MOST {
        let all = |set: &BTreeSet<&str>| if set.is_empty() { anything.to_owned() } else { list(set.iter().copied()) };
        return format!("{verb} {} there and {} here", all(held), all(here));
    }
    let only = |one: &BTreeSet<&str>, other: &BTreeSet<&str>, place: &str| {
        let names = list(one.difference(other).copied());
        (!names.is_empty()).then(|| format!("{names} only {place}"))
    };
    let parts = [only(held, here, "there"), only(here, held, "here")];
    format!("{verb} {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MOST);
    let shown = names[..names.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    fn declared() -> NewConfiguration {
        NewConfiguration {
            tag_key: "format".to_owned(),
            display_name: "Format".to_owned(),
            data_type: Some(DataType::Enum),
            accepted_values: texts(&["RAML", "OAS"]),
            asset_type_restrictions: texts(&["rest-api", "soap-api"]),
        }
    }

    fn configured() -> Configuration {
        Configuration {
            tag_key: "format".to_owned(),
            display_name: Some("Format".to_owned()),
            data_type: Some("enum".to_owned()),
            accepted_values: texts(&["OAS", "RAML", "OAS"]),
            asset_type_restrictions: texts(&["soap-api", "rest-api"]),
            ..Configuration::default()
        }
    }

    #[test]
    fn lists_are_compared_as_sets() {
        assert_eq!(difference(&declared(), &configured()), Difference::default());
    }

    #[test]
    fn every_difference_is_told_and_only_what_differs_is_changed() {
        let there = Configuration {
            display_name: Some("Formats".to_owned()),
            data_type: Some("text-list".to_owned()),
            accepted_values: Vec::new(),
            asset_type_restrictions: texts(&["rest-api"]),
            ..configured()
        };
        let found = difference(&declared(), &there);
        assert_eq!(
            found.words,
            [
                "is called `Formats` there and `Format` here",
                "is of the type text-list there and enum here",
                "takes any value there and `OAS`, `RAML` here",
                "is for `rest-api` there and `rest-api`, `soap-api` here",
            ]
        );
        let change = ConfigurationChange { display_name: Some("Format".to_owned()), ..ConfigurationChange::default() };
        let renamed = Configuration { display_name: Some("X".to_owned()), ..configured() };
        assert_eq!(difference(&declared(), &renamed).change, change);
    }

    #[test]
    fn what_is_not_said_is_no_difference() {
        let nameless = NewConfiguration { display_name: "format".to_owned(), data_type: None, ..declared() };
        assert_eq!(difference(&nameless, &configured()).words, Vec::<String>::new());
        let silent = Configuration { display_name: None, data_type: None, ..configured() };
        assert_eq!(difference(&declared(), &silent).words, Vec::<String>::new());
        let unheard = Configuration { data_type: Some("colour".to_owned()), ..configured() };
        assert_eq!(difference(&declared(), &unheard).words, ["is of the type colour there and enum here"]);
    }

    #[test]
    fn of_long_lists_only_the_difference_is_told() {
        let many: Vec<String> = (0..10).map(|n| format!("v{n}")).collect();
        let here = NewConfiguration { accepted_values: many[1..].to_vec(), ..declared() };
        let there = Configuration { accepted_values: many[..9].to_vec(), ..configured() };
        assert_eq!(difference(&here, &there).words, ["takes `v0` only there, `v9` only here"]);
    }
}
