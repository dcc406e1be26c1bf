//! Documentation as it lies in an archive of this machine: pages, terms and images.

use std::collections::BTreeMap;

use bytes::Bytes;
use camino::Utf8Path;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    engine::Outcome,
    journal::Failure,
    package::{
        ArchiveBudget,
        archive::{Archive, ArchiveError},
    },
};

use super::{files::local, links};

/// The most bytes of one member: a page has at most 1,024,000 characters, an image at most 2 MB.
const MOST: u64 = 4 * 1_024_000;

/// Pages are text, and images are few: what unpacks to more is no documentation.
const BUDGET: ArchiveBudget = ArchiveBudget { entries: 2_000, inflated: 512 * 1024 * 1024, ratio: 200 };

/// The page that every portal has, and the one before all others.
pub(super) const HOME: &str = "home";

/// What an archive of documentation holds.
#[derive(Debug, Default)]
pub(in crate::work) struct Site {
    /// Names and texts, in order.
    pub(in crate::work) pages: Vec<(String, String)>,
    /// Whether the archive says in which order.
    pub(in crate::work) is_ordered: bool,
    /// Whether it says where among them the home page stands.
    places_home: bool,
    /// The terms, where there are any.
    pub(in crate::work) terms: Option<String>,
    /// The images, by name.
    pub(in crate::work) images: BTreeMap<String, Bytes>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    page_order: Vec<String>,
}

impl Site {
    /// Reads a packed archive; it has been checked when it was packed.
    pub(in crate::work) fn read(path: &Utf8Path) -> Result<Self, Outcome> {
        let broken = |error: ArchiveError| {
            let diagnosis = error.diagnosis(path);
            Outcome::Failed(Failure::new(diagnosis.problem.as_str(), diagnosis.to_string()))
        };
        let mut archive = Archive::open(path, &BUDGET).map_err(broken)?;
        let names: Vec<String> = archive.entries().iter().map(|entry| entry.name.clone()).collect();
        let mut site = Self::default();
        let mut order = Vec::new();
        for name in names {
            let member = Member::of(&name);
            if matches!(member, Member::Other) {
                continue;
            }
            let bytes = archive.read(&name, MOST).map_err(broken)?.unwrap_or_default();
            let text = |bytes| String::from_utf8(bytes).map_err(|error| local(&error));
            match member {
                Member::Page(page) => site.pages.push((page.to_owned(), text(bytes)?)),
                Member::Terms => site.terms = Some(text(bytes)?),
                Member::Image(image) => {
                    site.images.insert(image.to_owned(), bytes.into());
                }
                Member::Config => {
                    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
                    order = serde_json::from_slice::<Config>(bytes).map_err(|error| local(&error))?.page_order;
                }
                Member::Other => {}
            }
        }
        site.arrange(&order);
        Ok(site)
    }

    /// Those that the order does not name follow in theirs.
    fn arrange(&mut self, order: &[String]) {
        let place = |name: &String| order.iter().position(|known| known == name).unwrap_or(order.len());
        self.pages.sort_by_key(|(name, _)| place(name));
        self.is_ordered = !order.is_empty();
        self.places_home = order.iter().any(|name| name == HOME);
    }

    /// Its own order of pages, and that of others, as they are compared: the home page counts where its place is said, and
    /// somebody has written it on both sides.
    pub(in crate::work) fn orders<'a>(&'a self, others: impl Iterator<Item = &'a str>) -> [Vec<&'a str>; 2] {
        let own = self.pages.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
        let others: Vec<&str> = others.collect();
        let is_placed = self.places_home && own.contains(&HOME) && others.contains(&HOME);
        [own, others].map(|names| names.into_iter().filter(|name| is_placed || *name != HOME).collect())
    }

    /// What stands for the images in a text that is compared: their content.
    pub(in crate::work) fn digests(&self) -> BTreeMap<String, String> {
        self.images.iter().map(|(name, content)| (name.clone(), digest(content))).collect()
    }

    /// The texts as they are compared, by the names of the pages; an empty home page is none.
    pub(in crate::work) fn comparable(&self) -> BTreeMap<String, String> {
        let digests = self.digests();
        let pages = self.pages.iter().map(|(name, text)| (name.clone(), links::comparable(text, &digests)));
        pages.filter(|(name, text)| name != HOME || !text.is_empty()).collect()
    }
}

/// What stands for an image.
pub(super) fn digest(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// What a member of the archive is.
enum Member<'a> {
    Page(&'a str),
    Terms,
    Image(&'a str),
    Config,
    Other,
}

impl<'a> Member<'a> {
    fn of(name: &'a str) -> Self {
        match name {
            "terms.md" => Self::Terms,
            "config.json" => Self::Config,
            _ => match (name.strip_prefix("resources/"), name.strip_suffix(".md")) {
                (Some(image), _) => Self::Image(image),
                (None, Some(page)) if !page.contains('/') => Self::Page(page),
                _ => Self::Other,
            },
        }
    }
}
