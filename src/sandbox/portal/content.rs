//! What a portal holds.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::{
    problem::Problem,
    store::{Kept, StoredBlob},
};
use super::names::{HOME, is_id, split_path};

/// The most pages of a portal, `home` included. No source names a limit; without one a portal could grow for ever.
pub(super) const MAX_PAGES: usize = 500;

/// The most resources of a portal (EXCHANGE.md §5.2).
pub(super) const MAX_RESOURCES: usize = 100;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Page {
    /// `abc-def`, which a page keeps when it is renamed; empty for `home`.
    #[serde(default)]
    pub(super) id: String,
    /// The name, after its folders where it has any.
    pub(super) title: String,
    /// The Markdown; `None` where nobody wrote any yet.
    pub(super) text: Option<StoredBlob>,
}

impl Page {
    pub(super) fn home() -> Self {
        Self { id: String::new(), title: HOME.to_owned(), text: None }
    }

    pub(super) fn is_home(&self) -> bool {
        self.id.is_empty()
    }

    /// `abc-def/Name`, or `home`.
    pub(super) fn path(&self) -> String {
        if self.is_home() { self.title.clone() } else { format!("{}/{}", self.id, self.title) }
    }

    /// The name without folders.
    pub(super) fn name(&self) -> &str {
        self.title.rsplit('/').next().unwrap_or(&self.title)
    }

    /// The official `Page`; `synthetic` marks a home page that nobody wrote.
    pub(super) fn view(&self) -> Value {
        let mut view = json!({ "path": self.path(), "name": self.name() });
        if self.is_home() && self.text.is_none() {
            view["synthetic"] = true.into();
        }
        view
    }
}

/// A resource: an image that pages show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Resource {
    /// The path without `resources/`.
    pub(super) id: String,
    pub(super) blob: StoredBlob,
}

/// The pages and resources of a minor version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Portal {
    /// In the order in which they are shown; `home` is always among them.
    pub(super) pages: Vec<Page>,
    #[serde(default)]
    pub(super) resources: Vec<Resource>,
}

impl Kept for Portal {
    const KIND: &'static str = "portal";
}

impl Default for Portal {
    fn default() -> Self {
        Self { pages: vec![Page::home()], resources: Vec::new() }
    }
}

/// A page that was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it is in the list.
    pub(super) at: usize,
    /// Whether it was asked for by its path, not by its name alone or an old name.
    pub(super) is_exact: bool,
}

impl Portal {
    /// Looks for a page: by path, by id (a page keeps it when it is renamed), by name as old paths do.
    pub(super) fn find(&self, path: &str) -> Option<Found> {
        let path = path.trim_matches('/');
        let (id, title) = if is_id(path) { (Some(path), "") } else { split_path(path) };
        if let Some(at) = id.and_then(|id| self.pages.iter().position(|page| page.id == id)) {
            return Some(Found { at, is_exact: self.pages[at].title == title });
        }
        let at = self.pages.iter().position(|page| page.title == path)?;
        Some(Found { at, is_exact: self.pages[at].is_home() })
    }

    /// Whether a page has an id.
    pub(super) fn has_id(&self, id: &str) -> bool {
        self.pages.iter().any(|page| page.id == id)
    }

    /// Adds a page.
    pub(super) fn add(&mut self, page: Page) -> Result<(), Problem> {
        if self.pages.len() >= MAX_PAGES {
            return Err(Problem::bad_request(format!("A portal must NOT have more than {MAX_PAGES} pages")));
        }
        self.pages.push(page);
        Ok(())
    }

    pub(super) fn resource(&self, id: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.id == id)
    }

    /// What stands for the order of the pages.
    pub(super) fn revision(&self) -> String {
        let mut digest = Sha256::new();
        for page in &self.pages {
            digest.update(page.path());
            digest.update([0]);
        }
        hex::encode(&digest.finalize()[..20])
    }

    /// Puts pages into an order of paths or names; those that are not named follow in their order.
    ///
    /// # Errors
    /// With the first that is not there, or is named twice.
    pub(super) fn arrange<'a>(&mut self, order: impl IntoIterator<Item = &'a str>) -> Result<(), &'a str> {
        let mut places = vec![usize::MAX; self.pages.len()];
        for (place, path) in order.into_iter().enumerate() {
            let at = self.find(path).ok_or(path)?.at;
            if places[at] != usize::MAX {
                return Err(path);
            }
            places[at] = place;
        }
        let mut pages: Vec<(usize, Page)> = places.into_iter().zip(self.pages.drain(..)).collect();
        pages.sort_by_key(|(place, _)| *place);
        self.pages = pages.into_iter().map(|(_, page)| page).collect();
        Ok(())
    }

    pub(super) fn page_views(&self) -> Vec<Value> {
        self.pages.iter().map(Page::view).collect()
    }

    pub(super) fn resource_views(&self) -> Vec<Value> {
        self.resources.iter().map(|resource| json!({ "path": format!("resources/{}", resource.id) })).collect()
    }
}

/// A portal that is being edited, and the terms that will go with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Draft {
    pub(super) portal: Portal,
    /// What the draft changes of the terms.
    #[serde(default)]
    pub(super) terms: Option<TermsEdit>,
}

impl Kept for Draft {
    const KIND: &'static str = "portal draft";
}

/// A change of terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TermsEdit {
    Written(StoredBlob),
    Removed,
}

/// The terms of a version group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Terms {
    pub(super) text: StoredBlob,
}

impl Kept for Terms {
    const KIND: &'static str = "terms";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portal() -> Portal {
        let page = |id: &str, title: &str| Page { id: id.to_owned(), title: title.to_owned(), text: None };
        Portal { pages: vec![Page::home(), page("aaa-aaa", "A"), page("bbb-bbb", "docs/B")], resources: Vec::new() }
    }

    fn titles(portal: &Portal) -> Vec<&str> {
        portal.pages.iter().map(|page| page.title.as_str()).collect()
    }

    #[test]
    fn pages_are_found_by_path_by_id_and_by_name() {
        let portal = portal();
        let found = |path| portal.find(path).map(|found| (found.at, found.is_exact));
        assert_eq!(found("home"), Some((0, true)));
        assert_eq!(found("aaa-aaa/A"), Some((1, true)));
        assert_eq!(found("aaa-aaa/Old name"), Some((1, false)));
        assert_eq!(found("aaa-aaa"), Some((1, false)));
        assert_eq!(found("A"), Some((1, false)));
        assert_eq!(found("docs/B"), Some((2, false)));
        assert_eq!(found("bbb-bbb/docs/B"), Some((2, true)));
        assert_eq!((found("B"), found("ccc-ccc/A")), (None, None));
    }

    #[test]
    fn an_order_names_pages_once_and_leaves_the_rest_behind() {
        let mut portal = portal();
        let before = portal.revision();
        assert_eq!(portal.arrange(["docs/B"]), Ok(()));
        assert_eq!(titles(&portal), ["docs/B", "home", "A"]);
        assert_ne!(portal.revision(), before);
        assert_eq!(portal.arrange(["home", "aaa-aaa/A"]), Ok(()));
        assert_eq!(portal.revision(), before);
        assert_eq!(portal.arrange(["A", "A"]), Err("A"));
        assert_eq!(portal.arrange(["C"]), Err("C"));
        assert_eq!(titles(&portal), ["home", "A", "docs/B"]);
    }
}
