//! Pages, terms and images of a version, whoever shows them: how they are named on disk, and what becomes of their links.

use std::{collections::BTreeMap, future::Future};

use bytes::Bytes;
use camino::Utf8Path;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::{Note, PageRecord, Record, ResourceRecord, names::Names, read::Keep};
use crate::{
    exchange::{HOME_PAGE, PortalPage, Resource, TERMS_PAGE},
    net::CallError,
    package::docs::page_name,
};

/// Where pages, terms and images lie, beside the record.
pub const DOCS: &str = "docs";

/// The folder of the images, in texts and on disk.
const RESOURCES: &str = "resources";

/// Shows the texts and images of one version. What is not there is `None`.
pub(super) trait Shelf: Sync {
    /// A page in Markdown, by its path.
    fn page(&self, path: &str) -> impl Future<Output = Result<Option<String>, CallError>> + Send;

    /// The terms in Markdown.
    fn terms(&self) -> impl Future<Output = Result<Option<String>, CallError>> + Send;

    /// An image.
    fn image(&self, image: &Resource) -> impl Future<Output = Result<Option<Bytes>, CallError>> + Send;
}

/// What there is to be read.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The pages, in order.
    pub(super) pages: Vec<PortalPage>,
    /// The images.
    pub(super) images: Vec<Resource>,
    /// Whether there may be terms.
    pub(super) has_terms: bool,
}

/// Reads what is listed into a record, and hands it over one by one.
///
/// # Errors
/// [`CallError`]; [`CallError::Local`] where it cannot be kept.
pub(super) async fn bring(
    shelf: &impl Shelf,
    listed: Listed,
    record: &mut Record,
    keep: &mut impl Keep,
) -> Result<(), CallError> {
    let links = images(shelf, listed.images, record, keep).await?;
    let mut reading = Pages::new(shelf, links);
    for page in &listed.pages {
        if let Some(page) = reading.page(page, &mut record.notes, keep).await? {
            record.pages.push(page);
        }
    }
    if listed.has_terms {
        record.terms = reading.terms(keep).await?;
    }
    Ok(())
}

/// Reads the images; answers what becomes of links whose image has another name here.
async fn images(
    shelf: &impl Shelf,
    mut listed: Vec<Resource>,
    record: &mut Record,
    keep: &mut impl Keep,
) -> Result<BTreeMap<String, String>, CallError> {
    listed.sort_by(|one, other| one.path.cmp(&other.path));
    listed.dedup();
    let (mut names, mut links) = (Names::default(), BTreeMap::new());
    for resource in listed {
        let Some(content) = shelf.image(&resource).await? else {
            record.notes.push(Note::new(format!("image {}", resource.path), "it is listed, and is not there"));
            continue;
        };
        let name = image_name(&resource, &mut names);
        if name != resource.id() {
            links.insert(resource.id().to_owned(), name.clone());
        }
        let file = Utf8Path::new(DOCS).join(RESOURCES).join(name);
        let (size, sha256) = (content.len() as u64, digest(&content));
        keep.keep(&file, content).await.map_err(CallError::Local)?;
        record.resources.push(ResourceRecord { path: resource.path, file, size, sha256 });
    }
    Ok(links)
}

/// The name of an image on disk: that of the server, which stays in the texts, where it can be one.
fn image_name(resource: &Resource, names: &mut Names) -> String {
    let id = resource.id();
    let (stem, ending) = id.rsplit_once('.').map_or((id, String::new()), |(stem, ending)| (stem, format!(".{ending}")));
    if ending.bytes().skip(1).all(|b| b.is_ascii_alphanumeric()) && ending.len() < 12 {
        names.give(stem, &ending)
    } else {
        names.give(id, "")
    }
}

fn digest(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// Pages on their way to disk.
struct Pages<'a, S> {
    shelf: &'a S,
    /// Images with another name here.
    links: BTreeMap<String, String>,
    files: Names,
    /// The names of pages that are taken, folded.
    taken: Vec<String>,
}

impl<'a, S: Shelf> Pages<'a, S> {
    fn new(shelf: &'a S, links: BTreeMap<String, String>) -> Self {
        let mut files = Names::default();
        for name in ["terms.md", "config.json", RESOURCES] {
            files.reserve(name);
        }
        Self { shelf, links, files, taken: Vec::new() }
    }

    async fn page(
        &mut self,
        page: &PortalPage,
        notes: &mut Vec<Note>,
        keep: &mut impl Keep,
    ) -> Result<Option<PageRecord>, CallError> {
        let told = told_name(page);
        let name = self.name(&told);
        if name != told {
            let why = format!("no archive of pages can name it: it is kept as `{name}`");
            notes.push(Note::new(format!("page {told}"), why));
        }
        let file = if name == HOME_PAGE { "home.md".to_owned() } else { self.files.give(&name, ".md") };
        let Some(text) = self.shelf.page(&page.path).await? else {
            notes.push(Note::new(format!("page {told}"), "it is listed, and is not there"));
            return Ok(None);
        };
        self.kept((&name, &page.path), text, &file, keep).await.map(Some)
    }

    async fn terms(&mut self, keep: &mut impl Keep) -> Result<Option<PageRecord>, CallError> {
        let Some(text) = self.shelf.terms().await? else { return Ok(None) };
        self.kept(("terms", TERMS_PAGE), text, "terms.md", keep).await.map(Some)
    }

    /// Hands a text over.
    async fn kept(
        &self,
        (name, path): (&str, &str),
        text: String,
        file: &str,
        keep: &mut impl Keep,
    ) -> Result<PageRecord, CallError> {
        let text = relinked(text, &self.links);
        let file = Utf8Path::new(DOCS).join(file);
        let sha256 = digest(text.as_bytes());
        keep.keep(&file, text.into()).await.map_err(CallError::Local)?;
        Ok(PageRecord { name: name.to_owned(), path: path.to_owned(), file, sha256 })
    }

    /// The name of a page as an archive can have it, and none twice.
    fn name(&mut self, told: &str) -> String {
        let mut name = if page_name(told).is_ok() { told.to_owned() } else { legal(told) };
        let plain = name.clone();
        let mut number = 2;
        while self.taken.contains(&name) {
            name = format!("{plain} ({number})");
            number += 1;
        }
        self.taken.push(name.clone());
        name
    }
}

/// What people call a page: its path without the id that the server gave it, so that folders stay.
fn told_name(page: &PortalPage) -> String {
    let is_half = |half: &str| half.len() == 3 && half.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_id = |part: &str| part.split_once('-').is_some_and(|(one, two)| is_half(one) && is_half(two));
    let name = match page.path.split_once('/') {
        _ if page.path == HOME_PAGE => HOME_PAGE,
        Some((id, name)) if is_id(id) => name,
        _ => &page.path,
    };
    name.to_owned()
}

/// What is left of a name that no archive can have.
fn legal(told: &str) -> String {
    let careful = |c: char| if "@*+_\\%".contains(c) || c.is_control() { '-' } else { c };
    let name: String = told.replace('/', " - ").chars().map(careful).take(120).collect();
    let name = name.trim_start_matches(['.', ' ']).trim_end();
    if page_name(name).is_ok() && !name.eq_ignore_ascii_case(HOME_PAGE) {
        name.to_owned()
    } else {
        format!("page {name}")
    }
}

/// A text with other names for images.
fn relinked(text: String, links: &BTreeMap<String, String>) -> String {
    links.iter().fold(text, |text, (from, to)| {
        let encoded = utf8_percent_encode(from, NON_ALPHANUMERIC).to_string();
        let blank = from.replace(' ', "%20");
        [from, &encoded, &blank]
            .into_iter()
            .fold(text, |text, from| text.replace(&format!("{RESOURCES}/{from}"), &format!("{RESOURCES}/{to}")))
    })
}
