//! Values of categories and custom fields, as a source spells them.

use std::{collections::BTreeMap, ops::Deref};

use serde::{Deserialize, Serialize};

/// The values of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Spelled {
    /// One text, as a cell holds it. Whether commas separate values in it is up to the type of the key: they do in lists
    /// and in categories, and they do not in a text.
    One(String),
    /// Single values, commas and all. None at all takes the key away from the asset.
    Many(Vec<String>),
}

impl Spelled {
    /// No value: the key is taken away.
    #[must_use]
    pub fn nothing() -> Self {
        Self::Many(Vec::new())
    }

    /// Whether the key is to be taken away.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Many(values) if values.is_empty())
    }

    /// The single values where commas separate them.
    #[must_use]
    pub fn list(&self) -> Vec<String> {
        match self {
            Self::One(text) => {
                text.split(',').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
            }
            Self::Many(values) => values.clone(),
        }
    }

    /// The text that a form of the API holds, where values are separated by commas that cannot be escaped, and trimmed
    /// (EXCHANGE.md §3.1). `None` where a value holds a comma itself, or blanks at its ends, or where there is none: such a
    /// change needs a call of its own.
    #[must_use]
    pub fn csv(&self) -> Option<String> {
        match self {
            Self::One(text) => Some(text.clone()),
            Self::Many(values) => {
                let is_lost = |value: &String| value.contains(',') || value.trim() != value;
                (!values.is_empty() && !values.iter().any(is_lost)).then(|| values.join(","))
            }
        }
    }
}

impl From<Vec<String>> for Spelled {
    fn from(values: Vec<String>) -> Self {
        Self::Many(values)
    }
}

/// The values of the categories, or of the custom fields, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Values {
    /// Whether these are all: a key that is not named is taken away. Otherwise it stays as it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exactly: bool,
    /// By key.
    #[serde(rename = "values", skip_serializing_if = "BTreeMap::is_empty")]
    pub by_key: BTreeMap<String, Spelled>,
}

impl Values {
    /// Whether they say nothing.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        !self.exactly && self.by_key.is_empty()
    }
}

impl Deref for Values {
    type Target = BTreeMap<String, Spelled>;

    fn deref(&self) -> &Self::Target {
        &self.by_key
    }
}

impl FromIterator<(String, Spelled)> for Values {
    fn from_iter<T: IntoIterator<Item = (String, Spelled)>>(values: T) -> Self {
        Self { exactly: false, by_key: values.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_holds_what_commas_do_not_break() {
        let many = |values: &[&str]| Spelled::Many(values.iter().map(|v| (*v).to_owned()).collect());
        assert_eq!(many(&["a", "b"]).csv().as_deref(), Some("a,b"));
        assert_eq!((many(&["a, b"]).csv(), many(&["a", "b "]).csv()), (None, None));
        assert_eq!(Spelled::nothing().csv(), None);
        let one = Spelled::One("Hello, world".to_owned());
        assert_eq!((one.csv().as_deref(), one.list().len()), (Some("Hello, world"), 2));
    }

    #[test]
    fn values_read_back_as_they_were_written() {
        let mut values: Values =
            [("k".to_owned(), Spelled::One("a,b".to_owned())), ("gone".to_owned(), Spelled::nothing())]
                .into_iter()
                .collect();
        for exactly in [false, true] {
            values.exactly = exactly;
            let text = serde_json::to_string(&values).expect("is plain data");
            assert_eq!(serde_json::from_str::<Values>(&text).expect("reads"), values, "{text}");
        }
    }
}
