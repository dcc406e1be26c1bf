//! What this job brought to the target last, kept in the journal: it tells what has changed since.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    asset::{AssetDraft, Description},
    package::Package,
};

/// Digests of what was brought. The content decides whether a new version is needed, each datum whether it is compared
/// with the target at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Imprint {
    /// Of what belongs to the version alone: files, type, properties, dependencies, keywords.
    content: String,
    /// Of the primary files alone: what can be told of a version by reading it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    files: String,
    /// Of what can be changed afterwards: by datum.
    #[serde(default)]
    data: BTreeMap<String, String>,
}

impl Imprint {
    /// Takes the digests. Where the asset lies, when it was written, how it was zipped and what to do about a conflict do
    /// not count.
    pub(super) fn of(draft: &AssetDraft, package: &Package, wish: &Description) -> Self {
        let said = (&draft.asset_type, &draft.properties, &draft.dependencies, &draft.keywords);
        let said = serde_json::to_string(&said).expect("plain data with text keys");
        let files = package.fingerprint.to_string();
        let content = Sha256::new().chain_update(said).chain_update(&files).finalize();
        let mut data: BTreeMap<String, String> =
            wish.claims().into_iter().map(|claim| (claim.datum, claim.digest)).collect();
        // Claims know nothing of what files hold.
        data.remove("terms");
        for datum in ["docs", "icon"] {
            let part = package.parts.iter().find(|part| part.key.classifier() == datum);
            if let (Some(digest), Some(part)) = (data.get_mut(datum), part) {
                *digest = part.fingerprint.to_string();
            }
        }
        data.extend(wish.status.map(|status| ("status".to_owned(), status.to_string())));
        Self { content: hex::encode(content), files, data }
    }

    /// Reads what the journal holds; `None` for what another version of consign wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The text that the journal keeps.
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("texts by text keys")
    }

    /// The same content, of which nothing has been said yet.
    pub(super) fn content_only(&self) -> Self {
        Self { content: self.content.clone(), files: self.files.clone(), data: BTreeMap::new() }
    }

    /// The digest of the primary files; `None` where an earlier version of consign took the imprint.
    pub(super) fn files(&self) -> Option<&str> {
        Some(self.files.as_str()).filter(|files| !files.is_empty())
    }

    /// Whether the version holds the same.
    pub(super) fn has_content_of(&self, other: &Self) -> bool {
        self.content == other.content
    }

    /// Takes out of a wish what was brought already.
    pub(super) fn forget_known(&self, before: &Self, wish: &mut Description) {
        let known: BTreeSet<String> = self
            .data
            .iter()
            .filter(|(datum, said)| before.data.get(*datum) == Some(*said))
            .map(|(datum, _)| datum.clone())
            .collect();
        wish.yield_to_others(&known);
        if known.contains("status") {
            wish.status = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::{Lifecycle, Spelled};

    fn imprint(data: &[(&str, &str)]) -> Imprint {
        let data = data.iter().map(|(datum, said)| ((*datum).to_owned(), (*said).to_owned())).collect();
        Imprint { content: "c".to_owned(), files: "f".to_owned(), data }
    }

    #[test]
    fn what_was_brought_is_not_wished_for_again() {
        let mut wish = Description {
            name: Some("A".to_owned()),
            tags: Some(vec!["t".to_owned()]),
            categories: [("layer".to_owned(), Spelled::One("System".to_owned()))].into_iter().collect(),
            status: Some(Lifecycle::Published),
            ..Description::default()
        };
        let now = imprint(&[("name", "1"), ("tags", "2"), ("categories.layer", "3"), ("status", "published")]);
        let before = imprint(&[("name", "1"), ("tags", "old"), ("status", "published")]);
        now.forget_known(&before, &mut wish);
        assert_eq!((wish.name, wish.status), (None, None));
        assert!(wish.tags.is_some() && wish.categories.contains_key("layer"), "one changed, one is new");
    }

    #[test]
    fn an_imprint_reads_back_and_an_older_form_is_none() {
        let known = imprint(&[("tags", "1")]);
        assert_eq!(Imprint::parse(&known.to_text()), Some(known));
        assert_eq!(Imprint::parse("6d2f"), None);
    }
}
