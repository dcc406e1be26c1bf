//! Single pages: edited in the draft, and published with it. The other pages stay (EXCHANGE.md §5.1).

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::{
    asset::{Coordinates, DocsPage, Documentation, FileContent, FileKey},
    engine::Outcome,
    exchange::{Asset, Edition, HOME_PAGE, NewResource, Portal, TERMS_PAGE},
    offload::offload,
};

use super::{
    Describer, Difference, Progress,
    docs::being_edited,
    links,
    portal::{Shown, find, name_of},
    refused,
    site::{Site, digest},
};

/// What a page is called while it is packed alone: its own name may hold folders, which no archive has.
const ALONE: &str = "page";

/// A page that differs, with the images that it shows.
#[derive(Debug)]
pub(super) struct PageWrite {
    name: String,
    text: String,
    site: Site,
}

impl PageWrite {
    fn comparable(&self) -> String {
        links::comparable(&self.text, &self.site.digests())
    }
}

impl Describer {
    /// The pages that differ from what is published.
    pub(super) async fn compare_pages(
        &self,
        coordinates: &Coordinates,
        asset: &Asset,
        wish: &BTreeMap<String, Utf8PathBuf>,
    ) -> Result<Vec<(PageWrite, Difference)>, Outcome> {
        if wish.is_empty() {
            return Ok(Vec::new());
        }
        let portal = self.exchange.pages(coordinates, Edition::Published).await.map_err(refused)?.unwrap_or_default();
        let mut pages = Vec::new();
        for (name, path) in wish {
            let name = page_name(name);
            // It may be named by its path, too.
            let name = find(&portal, name).map_or(name, name_of);
            pages.push(self.read_page(coordinates, asset, name, path).await?);
        }
        let wanted: Vec<(String, String)> =
            pages.iter().filter_map(|page| Some((page.name.clone(), path_of(&portal, &page.name)?))).collect();
        let shown = self.read_pages(coordinates, Edition::Published, &wanted, false).await?;
        let mut differing = Vec::new();
        for page in pages {
            let change = match shown.comparable(&page.name) {
                Some(there) if there == page.comparable() => continue,
                Some(_) => "changed",
                None => "added",
            };
            let difference = Difference::new(format!("page {}", page.name), change);
            differing.push((page, difference));
        }
        Ok(differing)
    }

    /// Reads a page as it goes into an archive: checked, with its images beside it.
    async fn read_page(
        &self,
        coordinates: &Coordinates,
        asset: &Asset,
        name: &str,
        path: &Utf8PathBuf,
    ) -> Result<PageWrite, Outcome> {
        let folder = path.parent().filter(|folder| !folder.as_str().is_empty());
        let docs = Documentation {
            root: folder.map_or_else(|| ".".into(), ToOwned::to_owned),
            pages: vec![DocsPage { name: ALONE.to_owned(), path: path.clone() }],
            terms: None,
            images: Vec::new(),
            may_miss_images: false,
            notes: Vec::new(),
        };
        let docs = (FileKey::new("docs", "zip"), FileContent::Docs(docs));
        let packed = self.pack(coordinates, asset.kind(), docs, path).await?;
        let mut site = offload(move || Site::read(packed.path())).await?;
        let text = site.pages.pop().map(|(_, text)| text).unwrap_or_default();
        Ok(PageWrite { name: name.to_owned(), text, site })
    }

    /// Writes pages into the draft and publishes it, unless somebody else has unpublished changes there.
    pub(super) async fn send_pages(
        &self,
        progress: &mut Progress,
        coordinates: &Coordinates,
        pages: &[PageWrite],
    ) -> Result<(), Outcome> {
        let open = async || {
            let draft = self.exchange.portal(coordinates, Edition::Draft).await.map_err(refused)?;
            Ok::<_, Outcome>(draft.unwrap_or_default())
        };
        let mut draft = open().await?;
        let ours = pages.iter().map(|page| (page.name.clone(), page.comparable())).collect();
        let edits = self.foreign_edits(coordinates, &draft, &ours).await?;
        if !edits.is_empty() {
            return Err(being_edited(&edits));
        }
        for page in pages {
            if path_of(&draft, &page.name).is_none() {
                match self.exchange.create_page(coordinates, &page.name).await {
                    Ok(_) => progress.accepted(&self.tally),
                    // Made by a call whose reply was lost.
                    Err(error) if error.http() == Some(409) => {}
                    Err(error) => return Err(refused(error)),
                }
                draft = open().await?;
            }
            let path = path_of(&draft, &page.name).unwrap_or_else(|| page.name.clone());
            self.write_page(progress, coordinates, page, &path).await?;
        }
        self.exchange.publish_portal(coordinates).await.map_err(refused)?;
        progress.accepted(&self.tally);
        Ok(())
    }

    async fn write_page(
        &self,
        progress: &mut Progress,
        coordinates: &Coordinates,
        page: &PageWrite,
        path: &str,
    ) -> Result<(), Outcome> {
        let place = [(page.name.clone(), path.to_owned())];
        let shown: Shown = self.read_pages(coordinates, Edition::Draft, &place, !page.site.images.is_empty()).await?;
        if shown.comparable(&page.name).is_some_and(|there| there == page.comparable()) {
            return Ok(());
        }
        let mut paths = BTreeMap::new();
        for (name, content) in &page.site.images {
            let digest = digest(content);
            let known = shown.digests.iter().find(|(_, known)| **known == digest);
            let path = if let Some((known, _)) = known {
                format!("resources/{known}")
            } else {
                let new = NewResource { name: name.clone(), content: content.clone() };
                let made = self.exchange.create_resource(coordinates, &new).await.map_err(refused)?;
                progress.accepted(&self.tally);
                made.path
            };
            paths.insert(name.clone(), path);
        }
        let text = links::replace(&page.text, &paths);
        self.exchange.put_page(coordinates, path, &text).await.map_err(refused)?;
        progress.accepted(&self.tally);
        Ok(())
    }
}

/// The name as the API knows it: `home` in lower case, and the terms by their path.
fn page_name(name: &str) -> &str {
    match name.trim() {
        home if home.eq_ignore_ascii_case(HOME_PAGE) => HOME_PAGE,
        "terms" => TERMS_PAGE,
        other => other,
    }
}

/// The path of a page that is there. The home page and the terms can always be written.
fn path_of(portal: &Portal, name: &str) -> Option<String> {
    if matches!(name, HOME_PAGE | TERMS_PAGE) {
        return Some(name.to_owned());
    }
    find(portal, name).map(|page| page.path.clone())
}
