//! The portal as it is on the server: pages, terms and images, in a form that can be compared.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    asset::Coordinates,
    engine::Outcome,
    exchange::{Edition, HOME_PAGE, Portal, PortalPage, Resource, TERMS_PAGE},
    net::CallError,
};

use super::{
    Describer, links, refused,
    site::{HOME, digest},
};

/// Pages and images that are read at once.
const AT_ONCE: usize = 4;

/// Texts by the names of their pages, and what stands for their images.
#[derive(Debug, Default)]
pub(in crate::work) struct Shown {
    /// The texts as they came.
    pub(in crate::work) texts: BTreeMap<String, String>,
    /// What stands for each image: a digest of its content, by its name.
    pub(in crate::work) digests: BTreeMap<String, String>,
}

impl Shown {
    /// A text as it is compared; nothing where there is none.
    pub(in crate::work) fn comparable(&self, name: &str) -> Option<String> {
        self.texts.get(name).map(|text| links::comparable(text, &self.digests))
    }
}

/// What people call a page: its path without the id that the server gave it, so that folders stay.
pub(super) fn name_of(page: &PortalPage) -> &str {
    let is_id = |part: &str| {
        let half = |half: &str| half.len() == 3 && half.bytes().all(|b| b.is_ascii_alphanumeric());
        part.split_once('-').is_some_and(|(one, two)| half(one) && half(two))
    };
    match page.path.split_once('/') {
        _ if page.path == HOME_PAGE => HOME,
        Some((id, name)) if is_id(id) => name,
        _ => &page.path,
    }
}

/// Finds a page by its name, by its path, or by its id and its name.
pub(super) fn find<'p>(portal: &'p Portal, name: &str) -> Option<&'p PortalPage> {
    let by_path = portal.pages.iter().find(|page| page.path == name || name_of(page) == name);
    by_path.or_else(|| portal.page(name))
}

impl Describer {
    /// Reads the texts of some pages, by the names that they are asked by, with all images that they show. With
    /// `all_images`, also those that nobody shows.
    pub(super) async fn read_pages(
        &self,
        coordinates: &Coordinates,
        edition: Edition,
        pages: &[(String, String)],
        all_images: bool,
    ) -> Result<Shown, Outcome> {
        let read = |(name, path): (String, String)| async move {
            let text = self.exchange.page_text(coordinates, edition, &path).await?;
            Ok::<_, CallError>(text.map(|text| (name, text)))
        };
        let texts: Vec<Option<(String, String)>> =
            stream::iter(pages.to_vec()).map(read).buffered(AT_ONCE).try_collect().await.map_err(refused)?;
        let texts: BTreeMap<String, String> = texts.into_iter().flatten().collect();
        let named: BTreeSet<String> = texts.values().flat_map(|text| links::names(text)).collect();
        let digests = if named.is_empty() && !all_images {
            BTreeMap::new()
        } else {
            self.read_images(coordinates, edition, |name| all_images || named.contains(name)).await?
        };
        Ok(Shown { texts, digests })
    }

    /// What stands for the images of a portal.
    pub(super) async fn read_images(
        &self,
        coordinates: &Coordinates,
        edition: Edition,
        is_wanted: impl Fn(&str) -> bool + Send,
    ) -> Result<BTreeMap<String, String>, Outcome> {
        let listed = self.exchange.resources(coordinates, edition).await.map_err(refused)?.unwrap_or_default();
        let wanted: Vec<Resource> = listed.into_iter().filter(|resource| is_wanted(resource.id())).collect();
        let read = |resource: Resource| async move {
            let content = self.exchange.resource(coordinates, edition, &resource).await?;
            Ok::<_, CallError>(content.map(|content| (resource.id().to_owned(), digest(&content.content))))
        };
        let read: Vec<Option<(String, String)>> =
            stream::iter(wanted).map(read).buffered(AT_ONCE).try_collect().await.map_err(refused)?;
        Ok(read.into_iter().flatten().collect())
    }

    /// What the draft holds that is not published and that we did not put there; nothing where publishing it is
    /// harmless. `ours` are the texts that are to be published, as they are compared.
    ///
    /// The draft has to be open.
    pub(super) async fn foreign_edits(
        &self,
        coordinates: &Coordinates,
        draft: &Portal,
        ours: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, Outcome> {
        if draft.is_draft_published == Some(true) {
            return Ok(Vec::new());
        }
        let published = self.exchange.pages(coordinates, Edition::Published).await.map_err(refused)?;
        let published = published.unwrap_or_default();
        let drafted = self.read_pages(coordinates, Edition::Draft, &places(draft), false).await?;
        let public = self.read_pages(coordinates, Edition::Published, &places(&published), false).await?;
        let names: BTreeSet<&String> = drafted.texts.keys().chain(public.texts.keys()).collect();
        let mut edits = Vec::new();
        for name in names {
            let text = drafted.comparable(name);
            let is_blank = text.as_deref().unwrap_or_default().is_empty();
            let is_ours = ours.get(name).is_some_and(|ours| is_blank || text.as_ref() == Some(ours));
            // A home page without a word is no page yet.
            let is_nothing = is_blank && matches!(name.as_str(), HOME | TERMS_PAGE) && !public.texts.contains_key(name);
            if text != public.comparable(name) && !is_ours && !is_nothing {
                edits.push(format!("page {name}"));
            }
        }
        if order(draft, &published) != order(&published, draft) {
            edits.push("the order of the pages".to_owned());
        }
        Ok(edits)
    }
}

/// Names and paths of all pages that somebody wrote, and of the terms.
pub(super) fn places(portal: &Portal) -> Vec<(String, String)> {
    let written = portal.pages.iter().filter(|page| !page.synthetic);
    let pages = written.map(|page| (name_of(page).to_owned(), page.path.clone()));
    pages.chain([(TERMS_PAGE.to_owned(), TERMS_PAGE.to_owned())]).collect()
}

/// The pages of one portal that another one has too, in order.
fn order<'p>(portal: &'p Portal, other: &Portal) -> Vec<&'p str> {
    let is_there = |page: &&PortalPage| other.pages.iter().any(|known| name_of(known) == name_of(page));
    portal.pages.iter().filter(is_there).map(name_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_by_name_by_path_and_with_folders() {
        let page =
            |path: &str, name: &str| PortalPage { path: path.to_owned(), name: name.to_owned(), synthetic: false };
        let portal = Portal {
            pages: vec![
                page("home", "home"),
                page("abc-def/Getting Started", "Getting Started"),
                page("ab1-2cd/docs/faq", "faq"),
            ],
            ..Portal::default()
        };
        let found = |name: &str| find(&portal, name).map(|page| page.path.as_str());
        assert_eq!(found("home"), Some("home"));
        assert_eq!(found("Getting Started"), Some("abc-def/Getting Started"));
        assert_eq!(found("abc-def/Getting Started"), Some("abc-def/Getting Started"));
        assert_eq!(found("docs/faq"), Some("ab1-2cd/docs/faq"));
        assert_eq!(found("Other"), None);
    }
}
