//! The tags of a version (EXCHANGE.md §4.1).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Exchange, api::version_path};
use crate::{asset::Coordinates, net::CallError};

/// Tags as Exchange keeps them: a set, in lower case. Two lists mean the same when this is the same.
#[must_use]
pub fn tag_set<T: AsRef<str>>(tags: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    let normal = |tag: T| tag.as_ref().trim().to_lowercase();
    tags.into_iter().map(normal).filter(|tag| !tag.is_empty()).collect()
}

impl Exchange {
    /// Replaces all tags of a version; an empty list takes them all away.
    ///
    /// From the Describe guide: `PUT v2:…/tags` with `[{"value": …}]`, 204. Tags belong to the minor version, or to the
    /// version group as others have seen it (EXCHANGE.md §10 C4): other versions may share them, and the last write wins.
    /// The whole set is sent, so the call may be repeated.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn put_tags<T: AsRef<str>>(&self, coordinates: &Coordinates, tags: &[T]) -> Result<(), CallError> {
        let body: Vec<Value> = tags.iter().map(|tag| json!({ "value": tag.as_ref() })).collect();
        self.replace(version_path(coordinates, &[&"tags"])?, body.into()).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_case_and_repetition_make_no_difference() {
        assert_eq!(tag_set(["B", " a ", "a", ""]), tag_set(["a", "b"]));
        assert_ne!(tag_set(["a"]), tag_set(["a", "b"]));
    }
}
