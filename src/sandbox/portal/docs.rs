//! Docs archives: unpacked without trust when a run is accepted, published when it takes effect (EXCHANGE.md §2.7).

use std::io::{self, Read, Seek};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zip::read::ZipFile;

use crate::asset::{AssetType, Coordinates};

use super::super::{
    store::{Blobs, StoreError, StoredBlob, Tables},
    unzip,
};
use super::{
    content::{MAX_PAGES, MAX_RESOURCES, Page, Portal, Resource, TermsEdit},
    names::{
        HOME, MAX_RESOURCE, MAX_TEXT, MAX_TEXT_BYTES, check_title, extensions, has_terms, image_type, is_resource_name,
        page_id,
    },
    shelves,
};

/// The most entries of an archive; what is not taken is counted too.
const MAX_ENTRIES: usize = 2_000;

/// The most bytes that the pages and resources of an archive unpack to.
const MAX_UNPACKED: usize = 64 * 1024 * 1024;

/// The most bytes of `config.json`.
const MAX_CONFIG: usize = 256 * 1024;

/// What a docs archive holds, ready to be published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Docs {
    /// Titles and texts, in the order in which they are to be shown.
    pages: Vec<(String, StoredBlob)>,
    resources: Vec<Resource>,
    terms: Option<StoredBlob>,
}

/// Why a docs archive is not taken.
#[derive(Debug)]
pub(in super::super) enum DocsError {
    /// It is not what it should be.
    Content(String),
    /// The sandbox cannot store it.
    Io(io::Error),
}

impl From<String> for DocsError {
    fn from(error: String) -> Self {
        Self::Content(error)
    }
}

impl From<io::Error> for DocsError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What one entry of an archive is.
enum Entry<'a> {
    Page(&'a str),
    Resource(&'a str),
    Terms,
    Config,
    /// A folder, or what file managers leave behind.
    Nothing,
}

/// Says what an entry is by its name, which must not lead anywhere else.
fn classify(name: &str) -> Result<Entry<'_>, String> {
    let climbs = name.split(['/', '\\']).any(|part| part == "..");
    if climbs || name.starts_with('/') || name.contains(['\\', '\0']) || name.as_bytes().get(1) == Some(&b':') {
        return Err(format!("The docs archive has a member that leaves its folder: `{name}`"));
    }
    let last = name.rsplit('/').next().unwrap_or_default();
    if last.is_empty() || name.starts_with("__MACOSX/") || last == ".DS_Store" || last == "Thumbs.db" {
        return Ok(Entry::Nothing);
    }
    if let Some(resource) = name.strip_prefix("resources/") {
        if !is_resource_name(resource) || image_type(resource).is_none() {
            return Err(format!("The resource `{resource}` of the docs archive is not one of: {}", extensions()));
        }
        return Ok(Entry::Resource(resource));
    }
    if name.contains('/') {
        return Err(format!("The docs archive has `{name}`; pages lie in its root directory, images in `resources`"));
    }
    match name {
        "config.json" => Ok(Entry::Config),
        "terms.md" => Ok(Entry::Terms),
        "Home.md" => Err("The page of the docs archive must be named home.md, not Home.md".to_owned()),
        _ => {
            let Some(title) = name.strip_suffix(".md") else { return Ok(Entry::Nothing) };
            check_title(title).map_err(|error| format!("The page name `{title}` of the docs archive {error}"))?;
            Ok(Entry::Page(title))
        }
    }
}

/// Unpacks a docs archive and stores what it holds. With `orders`, `config.json` says the order of the pages; otherwise
/// they keep that of the archive.
///
/// This reads and writes files; it runs on a thread that may block.
///
/// # Errors
/// When the archive is broken, or holds what a portal cannot (EXCHANGE.md §5.2).
pub(in super::super) fn unpack(
    blobs: &Blobs,
    file: &mut (impl Read + Seek),
    asset_type: &AssetType,
    orders: bool,
) -> Result<Docs, DocsError> {
    file.rewind()?;
    let mut archive = unzip::open(file).map_err(|error| unreadable(&error))?;
    if archive.len() > MAX_ENTRIES {
        return Err(format!("The docs archive has more than {MAX_ENTRIES} entries").into());
    }
    let mut docs = Docs::default();
    let (mut config, mut left) = (None, MAX_UNPACKED);
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|error| unreadable(&error))?;
        let name = member.name().map_err(|error| unreadable(&error))?.into_owned();
        let entry = classify(&name)?;
        if member.is_symlink() {
            return Err(format!("The docs archive has a link: `{name}`").into());
        }
        match entry {
            Entry::Nothing => {}
            Entry::Page(title) => {
                if docs.pages.len() >= MAX_PAGES - 1 {
                    return Err(format!("The docs archive has more than {} pages", MAX_PAGES - 1).into());
                }
                let text = text(&name, &mut member, &mut left)?;
                docs.pages.push((title.to_owned(), blobs.store_bytes(text.as_bytes())?));
            }
            // The official sample of such an archive goes with a custom asset.
            Entry::Terms if !has_terms(asset_type) => {}
            Entry::Terms => {
                docs.terms = Some(blobs.store_bytes(text(&name, &mut member, &mut left)?.as_bytes())?);
            }
            Entry::Resource(id) => {
                if docs.resources.len() >= MAX_RESOURCES {
                    return Err(format!("The docs archive has more than {MAX_RESOURCES} resources").into());
                }
                let bytes = bytes(&name, &mut member, MAX_RESOURCE, &mut left)?;
                docs.resources.push(Resource { id: id.to_owned(), blob: blobs.store_bytes(&bytes)? });
            }
            Entry::Config => config = Some(bytes(&name, &mut member, MAX_CONFIG, &mut left)?),
        }
    }
    match config {
        Some(config) if orders => docs.arrange(&config)?,
        _ => {}
    }
    Ok(docs)
}

fn unreadable(error: &dyn std::fmt::Display) -> String {
    format!("The docs archive cannot be read: {error}")
}

/// The bytes of a member.
fn bytes(name: &str, member: &mut ZipFile<'_, impl Read>, most: usize, left: &mut usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells a member that is too large from one that fits.
    member.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() > most {
        return Err(format!("`{name}` of the docs archive is larger than {most} bytes"));
    }
    let rest = left.checked_sub(bytes.len());
    *left = rest.ok_or_else(|| format!("The docs archive unpacks to more than {MAX_UNPACKED} bytes"))?;
    Ok(bytes)
}

/// The text of a member.
fn text(name: &str, member: &mut ZipFile<'_, impl Read>, left: &mut usize) -> Result<String, String> {
    let bytes = bytes(name, member, MAX_TEXT_BYTES, left)?;
    let text = String::from_utf8(bytes).map_err(|_| format!("`{name}` of the docs archive is not UTF-8"))?;
    if text.chars().count() > MAX_TEXT {
        return Err(format!("`{name}` of the docs archive has more than {MAX_TEXT} characters"));
    }
    Ok(text)
}

impl Docs {
    /// Puts the pages into the order of `config.json`; those that it does not name follow.
    fn arrange(&mut self, config: &[u8]) -> Result<(), String> {
        let invalid = || "The property pageOrder of config.json must be an array of strings".to_owned();
        let config: Value = serde_json::from_slice(config)
            .map_err(|error| format!("The file config.json of the docs archive is not JSON: {error}"))?;
        let order = match &config["pageOrder"] {
            Value::Null => return Ok(()),
            order => order.as_array().ok_or_else(invalid)?,
        };
        if order.len() > MAX_PAGES + 1 {
            return Err(format!("The property pageOrder of config.json names more than {MAX_PAGES} pages"));
        }
        let mut arranged = Vec::with_capacity(self.pages.len());
        for title in order {
            let title = title.as_str().ok_or_else(invalid)?;
            match self.pages.iter().position(|(known, _)| known == title) {
                Some(at) => arranged.push(self.pages.remove(at)),
                // They are there in any case, and have a place of their own.
                None if title == HOME || title == "terms" => {}
                None => return Err(format!("config.json names the page `{title}`, which is not there or named twice")),
            }
        }
        arranged.append(&mut self.pages);
        self.pages = arranged;
        Ok(())
    }

    /// The portal that this makes. Pages keep the ids that they have by name.
    fn into_portal(self, owner: &str, old: &Portal) -> Portal {
        let mut portal = Portal { pages: Vec::with_capacity(self.pages.len() + 1), resources: self.resources };
        for (title, text) in self.pages {
            let text = Some(text);
            if title == HOME {
                portal.pages.push(Page { text, ..Page::home() });
                continue;
            }
            let known = old.pages.iter().find(|page| page.title == title).map(|page| page.id.clone());
            let id = known.unwrap_or_else(|| page_id(owner, &title, |id| old.has_id(id) || portal.has_id(id)));
            portal.pages.push(Page { id, title, text });
        }
        if !portal.pages.iter().any(Page::is_home) {
            portal.pages.insert(0, Page::home());
        }
        portal
    }
}

/// Publishes what a docs archive held: it takes the place of all pages and resources of the minor version, and of the
/// terms where it has any. An open draft is closed.
pub(in super::super) fn publish_docs(
    tables: &mut Tables,
    gav: &Coordinates,
    version_group: &str,
    docs: Docs,
) -> Result<(), StoreError> {
    let owner = shelves::owner_of(gav);
    let old = shelves::published(tables, &owner)?.unwrap_or_default();
    let terms = docs.terms.map(TermsEdit::Written);
    let portal = docs.into_portal(&owner, &old);
    shelves::publish(tables, (gav, version_group), &portal, terms)
}
