//! Values of an asset on their way to a draft: each under the name of its manifest column, with its origin.
//!
//! Precedence is the order of filling: a value that is there is never replaced.

use std::collections::BTreeMap;

use crate::asset::Origin;

/// Values by the name of their manifest column (`version`, `tags`, `properties.apiVersion`).
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    values: BTreeMap<String, (String, Origin)>,
    /// Groups under which the files name what goes with the asset to another one.
    pub(crate) moves: BTreeMap<String, String>,
}

impl Facts {
    /// Sets a value that is not there yet. Blank text is no value.
    pub(crate) fn fill(&mut self, key: &str, text: &str, origin: Origin) {
        let text = text.trim();
        if !text.is_empty() && !self.values.contains_key(key) {
            self.values.insert(key.to_owned(), (text.to_owned(), origin));
        }
    }

    /// Sets a value, whoever said something before. Blank text is no value.
    pub(crate) fn replace(&mut self, key: &str, text: &str, origin: Origin) {
        if !text.trim().is_empty() {
            self.remove(key);
            self.fill(key, text, origin);
        }
    }

    /// As [`Facts::fill`], where there may be nothing to say.
    pub(crate) fn fill_some(&mut self, key: &str, text: Option<&str>, origin: Origin) {
        if let Some(text) = text {
            self.fill(key, text, origin);
        }
    }

    /// Fills in everything that others know.
    pub(crate) fn fill_from(&mut self, others: Self) {
        for (key, value) in others.values {
            self.values.entry(key).or_insert(value);
        }
        for (from, to) in others.moves {
            self.moves.entry(from).or_insert(to);
        }
    }

    /// Gives values another text.
    pub(crate) fn change(&mut self, other: impl Fn(&str, &str) -> Option<String>) {
        for (key, (text, _)) in &mut self.values {
            if let Some(changed) = other(key, text) {
                *text = changed;
            }
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|(text, _)| text.as_str())
    }

    pub(crate) fn origin(&self, key: &str) -> Option<&Origin> {
        self.values.get(key).map(|(_, origin)| origin)
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<(String, Origin)> {
        self.values.remove(key)
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.values.remove(key);
    }

    /// Everything under a prefix, such as `properties.`, without the prefix.
    pub(crate) fn take_prefix(&mut self, prefix: &str) -> Vec<(String, String, Origin)> {
        let keys: Vec<String> = self.values.keys().filter(|key| key.starts_with(prefix)).cloned().collect();
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            if let Some((text, origin)) = self.values.remove(&key) {
                found.push((key[prefix.len()..].to_owned(), text, origin));
            }
        }
        found
    }
}

/// Splits comma-separated text; blanks around values and empty values are dropped.
pub(crate) fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Folds runs of white space to one blank.
pub(crate) fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cuts text to so many characters.
pub(crate) fn clip(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| text[..end].trim_end())
}

/// The first paragraph of a description, folded, cut to the 255 characters that Exchange takes (EXCHANGE.md §3.1).
pub(crate) fn summary(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let paragraph = text.split("\n\n").map(str::trim).find(|paragraph| !paragraph.is_empty()).unwrap_or_default();
    let folded = fold(paragraph);
    if folded.chars().count() <= 255 {
        return folded;
    }
    format!("{}…", clip(&folded, 254))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_to_say_something_is_heard() {
        let mut facts = Facts::default();
        facts.fill("name", " ", Origin::Pom);
        facts.fill("name", "A", Origin::ExchangeJson);
        facts.fill("name", "B", Origin::Defaults);
        assert_eq!((facts.get("name"), facts.origin("name")), (Some("A"), Some(&Origin::ExchangeJson)));
    }

    #[test]
    fn descriptions_are_cut_at_a_character() {
        assert_eq!(summary("\n one\r\n two \n\nthree"), "one two");
        let long = summary(&"é".repeat(400));
        assert_eq!((long.chars().count(), long.ends_with("é…")), (255, true));
    }
}
