//! All pages at once, by a docs archive (EXCHANGE.md §2.7): compared page by page, and sent whole.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use crate::{
    asset::{Coordinates, FileContent, FileKey},
    engine::Outcome,
    exchange::{Asset, Edition, Portal, TERMS_PAGE, UploadFile},
    journal::Failure,
    offload::offload,
    package::PackedFile,
};

use super::{
    Describer, Difference, links,
    portal::{Shown, name_of},
    refused,
    site::{HOME, Site},
};

impl Describer {
    /// The archive to send, where pages, terms or images differ.
    pub(super) async fn compare_docs(
        &self,
        coordinates: &Coordinates,
        asset: &Asset,
        docs: &FileContent,
    ) -> Result<Option<(PackedFile, Vec<Difference>)>, Outcome> {
        let root = match docs {
            FileContent::File(path) => path,
            FileContent::Docs(documentation) => &documentation.root,
            FileContent::Zip { root, .. } | FileContent::Raised { root, .. } => root,
        };
        let key = FileKey::new("docs", "zip");
        let packed = self.pack(coordinates, asset.kind(), (key, docs.clone()), root).await?;
        let path = packed.path().to_owned();
        let site = offload(move || Site::read(&path)).await?;
        let differences = self.compare_site(coordinates, &site).await?;
        if differences.is_empty() {
            return Ok(None);
        }
        Ok(Some((packed, differences)))
    }

    async fn compare_site(&self, coordinates: &Coordinates, site: &Site) -> Result<Vec<Difference>, Outcome> {
        let portal = self.exchange.pages(coordinates, Edition::Published).await;
        let portal = portal.map_err(refused)?.unwrap_or_default();
        let ours = site.comparable();
        let mut wanted: Vec<(String, String)> = portal
            .pages
            .iter()
            .filter(|page| !page.synthetic)
            .map(|page| (name_of(page).to_owned(), page.path.clone()))
            .collect();
        if site.terms.is_some() {
            wanted.push((TERMS_PAGE.to_owned(), TERMS_PAGE.to_owned()));
        }
        let shown = self.read_pages(coordinates, Edition::Published, &wanted, !site.images.is_empty()).await?;
        Ok(differing(site, &ours, &shown, &portal))
    }

    /// Refuses to replace all pages while somebody edits them: the archive would close the draft.
    pub(super) async fn demand_no_draft(&self, coordinates: &Coordinates) -> Result<(), Outcome> {
        let published = self.exchange.portal(coordinates, Edition::Published).await.map_err(refused)?;
        if published.is_none_or(|portal| portal.is_draft_published != Some(false)) {
            return Ok(());
        }
        let Some(draft) = self.exchange.portal(coordinates, Edition::Draft).await.map_err(refused)? else {
            return Ok(());
        };
        let edits = self.foreign_edits(coordinates, &draft, &BTreeMap::new()).await?;
        if edits.is_empty() { Ok(()) } else { Err(being_edited(&edits)) }
    }
}

/// What differs, page by page.
fn differing(site: &Site, ours: &BTreeMap<String, String>, shown: &Shown, portal: &Portal) -> Vec<Difference> {
    let is_shown =
        |name: &str| name != TERMS_PAGE && (name != HOME || shown.comparable(name).is_some_and(|t| !t.is_empty()));
    let theirs: BTreeSet<&str> = shown.texts.keys().map(String::as_str).filter(|name| is_shown(name)).collect();
    let mut differences = Vec::new();
    for (name, text) in ours {
        if !theirs.contains(name.as_str()) {
            differences.push(Difference::new(format!("page {name}"), "added"));
        } else if shown.comparable(name).as_ref() != Some(text) {
            differences.push(Difference::new(format!("page {name}"), "changed"));
        }
    }
    for name in theirs.iter().filter(|name| !ours.contains_key(**name)) {
        differences.push(Difference::new(format!("page {name}"), "removed"));
    }
    if let Some(terms) = &site.terms {
        let terms = links::comparable(terms, &site.digests());
        match shown.comparable(TERMS_PAGE) {
            None => differences.push(Difference::new("terms", "added")),
            Some(known) if known != terms => differences.push(Difference::new("terms", "changed")),
            Some(_) => {}
        }
    }
    let known: BTreeSet<&String> = shown.digests.values().collect();
    if site.digests().values().any(|digest| !known.contains(digest)) {
        differences.push(Difference::new("images", "changed"));
    }
    // A server that tells no revision of the order has none to set (EXCHANGE.md §10 C18).
    if differences.is_empty() && site.is_ordered && portal.revision.is_some() {
        let [ours, theirs] = site.orders(portal.pages.iter().filter(|page| !page.synthetic).map(name_of));
        if ours != theirs {
            differences.push(Difference::between("order of pages", &theirs.join(", "), &ours.join(", ")));
        }
    }
    differences
}

/// Somebody is at it.
pub(super) fn being_edited(edits: &[String]) -> Outcome {
    let message = format!("the draft of the portal holds changes that are not published: {}", edits.join(", "));
    Outcome::Failed(
        Failure::new("draft", message).hint("publish the draft in Exchange, or discard it there; then run again"),
    )
}

/// The archive as it is sent.
pub(super) fn upload_of(packed: &PackedFile) -> UploadFile {
    let path: &Utf8Path = packed.path();
    UploadFile { key: packed.key.clone(), path: path.to_owned(), len: packed.len, sha256: packed.sha256 }
}
