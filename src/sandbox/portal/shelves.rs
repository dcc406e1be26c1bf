//! Where portals are kept, and how a draft becomes what is published.

use std::io;

use serde::Serialize;

use crate::{asset::Coordinates, offload::offload};

use super::super::{
    app::Shared,
    problem::Problem,
    store::{StoreError, StoredBlob, Tables},
};
use super::content::{Draft, Portal, Terms, TermsEdit};

/// The id under which the one thing of an owner is kept.
const ONLY: &str = "";

/// What owns pages and resources.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct MinorVersion<'a> {
    pub(in super::super) group: &'a str,
    pub(in super::super) asset: &'a str,
    /// `1.0`.
    pub(in super::super) minor: &'a str,
}

impl MinorVersion<'_> {
    fn owner(self) -> String {
        format!("{}/{}/{}", self.group, self.asset, self.minor)
    }
}

/// A published page in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct PageEntry {
    pub(in super::super) name: String,
    /// `abc-def/Name`, or `home`.
    pub(in super::super) path: String,
}

/// The published pages, in order; `None` where nothing is published.
pub(in super::super) fn pages(tables: &Tables, minor: MinorVersion<'_>) -> Result<Option<Vec<PageEntry>>, StoreError> {
    let entries = |portal: Portal| {
        portal.pages.iter().map(|page| PageEntry { name: page.name().to_owned(), path: page.path() }).collect()
    };
    Ok(published(tables, &minor.owner())?.map(entries))
}

/// The text of a published page, by path, id or name; `None` where there is none or nobody wrote any.
pub(in super::super) fn page(
    tables: &Tables,
    minor: MinorVersion<'_>,
    path: &str,
) -> Result<Option<StoredBlob>, StoreError> {
    let Some(portal) = published(tables, &minor.owner())? else { return Ok(None) };
    Ok(portal.find(path).and_then(|found| portal.pages[found.at].text))
}

/// A published resource, by its path without `resources/`.
pub(in super::super) fn resource(
    tables: &Tables,
    minor: MinorVersion<'_>,
    id: &str,
) -> Result<Option<StoredBlob>, StoreError> {
    let portal = published(tables, &minor.owner())?;
    Ok(portal.and_then(|portal| portal.resource(id).map(|resource| resource.blob)))
}

/// The published resources, by their paths without `resources/`.
pub(in super::super) fn resource_ids(tables: &Tables, minor: MinorVersion<'_>) -> Result<Vec<String>, StoreError> {
    let portal = published(tables, &minor.owner())?.unwrap_or_default();
    Ok(portal.resources.into_iter().map(|resource| resource.id).collect())
}

/// The terms of a version group.
pub(in super::super) fn terms(
    tables: &Tables,
    group: &str,
    asset: &str,
    version_group: &str,
) -> Result<Option<StoredBlob>, StoreError> {
    let kept = tables.kept::<Terms>(&format!("{group}/{asset}/{version_group}"), ONLY)?;
    Ok(kept.map(|terms| terms.text))
}

/// What a blob holds.
pub(super) async fn bytes(shared: &Shared, blob: &StoredBlob) -> Result<Vec<u8>, Problem> {
    let path = shared.blobs.path(&blob.digests.sha256);
    offload(move || fs_err::read(path)).await.map_err(|error| Problem::internal(&error))
}

/// The text that a blob holds; nothing where there is none.
pub(in super::super) async fn text(shared: &Shared, blob: Option<&StoredBlob>) -> Result<String, Problem> {
    let Some(blob) = blob else { return Ok(String::new()) };
    let invalid = |error| Problem::internal(&io::Error::new(io::ErrorKind::InvalidData, error));
    String::from_utf8(bytes(shared, blob).await?).map_err(invalid)
}

/// The owner of the portal of a version.
pub(super) fn owner_of(gav: &Coordinates) -> String {
    let minor = gav.version.minor_version();
    MinorVersion { group: &gav.group_id, asset: &gav.asset_id, minor: &minor }.owner()
}

pub(super) fn published(tables: &Tables, owner: &str) -> Result<Option<Portal>, StoreError> {
    tables.kept(owner, ONLY)
}

pub(super) fn draft(tables: &Tables, owner: &str) -> Result<Option<Draft>, StoreError> {
    tables.kept(owner, ONLY)
}

/// The draft as it is, or as it would be if it were opened now.
pub(super) fn draft_or_new(tables: &Tables, owner: &str) -> Result<Draft, StoreError> {
    if let Some(draft) = draft(tables, owner)? {
        return Ok(draft);
    }
    Ok(Draft { portal: published(tables, owner)?.unwrap_or_default(), terms: None })
}

pub(super) fn keep_draft(tables: &mut Tables, owner: &str, draft: &Draft) -> Result<(), StoreError> {
    tables.keep(owner, ONLY, draft)
}

pub(super) fn discard_draft(tables: &mut Tables, owner: &str) -> Result<(), StoreError> {
    tables.discard::<Draft>(owner, ONLY).map(drop)
}

/// Whether there is nothing in the draft that is not published (`draftStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum DraftStatus {
    Published,
    NotPublished,
}

pub(super) fn draft_status(tables: &Tables, owner: &str) -> Result<DraftStatus, StoreError> {
    let published = published(tables, owner)?;
    let is_published = match (draft(tables, owner)?, published) {
        (Some(draft), Some(published)) => draft.terms.is_none() && draft.portal == published,
        (None, published) => published.is_some(),
        (Some(_), None) => false,
    };
    Ok(if is_published { DraftStatus::Published } else { DraftStatus::NotPublished })
}

/// Puts a portal in the place of the published one, and closes the draft.
pub(super) fn publish(
    tables: &mut Tables,
    (gav, version_group): (&Coordinates, &str),
    portal: &Portal,
    terms: Option<TermsEdit>,
) -> Result<(), StoreError> {
    let owner = owner_of(gav);
    tables.keep(&owner, ONLY, portal)?;
    discard_draft(tables, &owner)?;
    let group = format!("{}/{}/{version_group}", gav.group_id, gav.asset_id);
    match terms {
        None => Ok(()),
        Some(TermsEdit::Written(text)) => tables.keep(&group, ONLY, &Terms { text }),
        Some(TermsEdit::Removed) => tables.discard::<Terms>(&group, ONLY).map(drop),
    }
}

/// Takes away what belonged to a minor version whose last version is gone.
pub(in super::super) fn forget_minor(tables: &mut Tables, gav: &Coordinates) -> Result<(), StoreError> {
    let owner = owner_of(gav);
    tables.discard::<Portal>(&owner, ONLY)?;
    discard_draft(tables, &owner)
}

/// Takes away what belonged to a version group whose last version is gone.
pub(in super::super) fn forget_group(
    tables: &mut Tables,
    gav: &Coordinates,
    version_group: &str,
) -> Result<(), StoreError> {
    let owner = format!("{}/{}/{version_group}", gav.group_id, gav.asset_id);
    tables.discard::<Terms>(&owner, ONLY).map(drop)
}
