//! The memory, as those who read files see it.

use std::borrow::Cow;

use camino::Utf8Path;
use sha2::{Digest, Sha256};

use super::Mark;

/// Remembers what reading files has told.
pub trait Memory: Send + Sync {
    /// What was told when the file at `path` bore this mark; `None` when that is not known.
    fn recall(&self, question: &Question<'_>, path: &Utf8Path, mark: &Mark) -> Option<Vec<u8>>;

    /// Remembers what the file at `path`, bearing this mark, tells. An answer under another mark is forgotten.
    fn keep(&self, question: &Question<'_>, path: &Utf8Path, mark: &Mark, told: Vec<u8>);
}

/// A question that is put to the bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question<'a> {
    /// At first sight: is it a root document, and does it refer to others?
    Glance,
    /// What does a root document say about itself?
    Specification,
    /// Which files does it refer to?
    References {
        /// Whether it is part of a RAML document, which reads YAML and JSON in another way.
        in_raml: bool,
    },
    /// Where does this text of a reference stand?
    Place(&'a str),
    /// Which files does it refer to once it is raised to the root, from this path below it?
    Raised(&'a str),
    /// What does an `exchange.json` say?
    Project,
    /// What does an `exchange.json` say that a `catalog.yaml` refers to?
    CatalogValues,
    /// What does a `pom.xml` say?
    Pom,
    /// What does an archive hold?
    Archive,
    /// Which links does a page of documentation hold?
    Page,
    /// Which order does a `config.json` give the pages?
    PageOrder,
}

impl Question<'_> {
    /// A name by which the answer is kept; another one for every question.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Glance => "glance",
            Self::Specification => "specification",
            Self::References { in_raml: false } => "references",
            Self::References { in_raml: true } => "references-in-raml",
            // A text may be as long as its file.
            Self::Place(text) => return Cow::Owned(format!("place {}", hex::encode(Sha256::digest(text)))),
            Self::Raised(path) => return Cow::Owned(format!("raised {}", hex::encode(Sha256::digest(path)))),
            Self::Project => "project",
            Self::CatalogValues => "catalog-values",
            Self::Pom => "pom",
            Self::Archive => "archive",
            Self::Page => "page",
            Self::PageOrder => "page-config",
        })
    }
}

/// The memory of those who have none.
#[derive(Debug)]
pub(super) struct Forgetful;

impl Memory for Forgetful {
    fn recall(&self, _: &Question<'_>, _: &Utf8Path, _: &Mark) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, _: &Question<'_>, _: &Utf8Path, _: &Mark, _: Vec<u8>) {}
}
