//! What differs between the target and a wish, in words.

use std::{collections::BTreeSet, fmt};

/// The most characters of a value that are shown.
const MOST_SHOWN: usize = 60;

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::work) enum Differences {
    /// The version is not there.
    NotThere,
    /// What differs; nothing where the wish is true already.
    Found(Vec<Difference>),
}

/// One datum that is not as it is wished to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::work) struct Difference {
    /// Which: `tags`, `categories.layer`, `page Home`, …
    pub(in crate::work) datum: String,
    /// From what to what, or how it changes.
    pub(in crate::work) change: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.datum, self.change)
    }
}

impl Difference {
    /// A change that is told in words.
    pub(in crate::work) fn new(datum: impl Into<String>, change: impl Into<String>) -> Self {
        Self { datum: datum.into(), change: change.into() }
    }

    /// From one value to another; nothing is `none`.
    pub(in crate::work) fn between(datum: impl Into<String>, from: &str, to: &str) -> Self {
        Self::new(datum, format!("{} → {}", shown(from), shown(to)))
    }

    /// What joins and what leaves a set.
    pub(super) fn of_sets(datum: impl Into<String>, from: &BTreeSet<String>, to: &BTreeSet<String>) -> Self {
        let joins = to.difference(from).map(|value| format!("+{}", shown(value)));
        let leaves = from.difference(to).map(|value| format!("−{}", shown(value)));
        Self::new(datum, joins.chain(leaves).collect::<Vec<_>>().join(" "))
    }
}

/// A value, short enough for a line; nothing is `none`.
pub(in crate::work) fn shown(value: &str) -> String {
    if value.trim().is_empty() {
        return "none".to_owned();
    }
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(values: &[&str]) -> BTreeSet<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn a_difference_says_what_changes() {
        let tags = Difference::of_sets("tags", &set(&["kept", "legacy"]), &set(&["kept", "payments"]));
        assert_eq!(tags.to_string(), "tags: +payments −legacy");
        let layer = Difference::between("categories.layer", "System", "Process");
        assert_eq!(layer.to_string(), "categories.layer: System → Process");
        assert_eq!(Difference::between("description", "", "One\n two").to_string(), "description: none → One two");
        let long = Difference::between("description", "a", &"é".repeat(100)).to_string();
        assert!(long.ends_with("é…") && long.chars().count() < 85, "{long}");
    }
}
