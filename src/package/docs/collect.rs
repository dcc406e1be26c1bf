//! From a list of pages to documentation: what goes along, and whether Exchange will take it.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::{names::page_name, render::survey};
use crate::{
    asset::{Diagnosis, DocsPage, Documentation, Problem},
    package::reading::Reading,
};

/// Documentation made of these pages, given as names and Markdown files in the order in which they are shown, and of
/// the terms. The page `home` is the home page; it may be left out, and Exchange then shows an empty one.
///
/// `root` is the folder that nothing is taken from outside of: the source, or the asset's own folder. Pages are read,
/// to find the images that go along, unless `reading` knows what they hold; images are only looked at.
///
/// # Errors
/// A diagnosis with the place: a name that Exchange does not take or that is there twice, a file that is missing, too
/// large, not UTF-8 or outside of the root, an image that is missing or of another kind, too many of either
/// (EXCHANGE.md §5.2).
pub fn collect(
    root: &Utf8Path,
    pages: impl IntoIterator<Item = (String, Utf8PathBuf)>,
    terms: Option<Utf8PathBuf>,
    reading: &Reading,
) -> Result<Documentation, Box<Diagnosis>> {
    collect_with(root, pages, terms, Images::default(), reading)
}

/// What is said of images beside the pages.
#[derive(Debug, Default)]
pub(super) struct Images {
    /// Those that go along whether a page shows them or not.
    pub(super) ready: Vec<Utf8PathBuf>,
    /// Whether pages may show others that are not there.
    pub(super) may_be_missing: bool,
}

/// As [`collect`], with more said of images.
pub(super) fn collect_with(
    root: &Utf8Path,
    pages: impl IntoIterator<Item = (String, Utf8PathBuf)>,
    terms: Option<Utf8PathBuf>,
    images: Images,
    reading: &Reading,
) -> Result<Documentation, Box<Diagnosis>> {
    let mut named: Vec<DocsPage> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (name, path) in pages {
        let refuse = |why: String| Box::new(Diagnosis::failed(&path, Problem::Value, why).hint("rename the page"));
        let name = page_name(&name).map_err(|why| refuse(format!("the name of the page `{name}` {why}")))?;
        if let Some(first) = places.insert(name.clone(), named.len()) {
            return Err(refuse(format!("the page `{name}` is there twice, first as {}", named[first].path)));
        }
        named.push(DocsPage { name, path });
    }
    let Images { ready: images, may_be_missing: may_miss_images } = images;
    let notes = Vec::new();
    let mut docs = Documentation { root: root.to_owned(), pages: named, terms, images, may_miss_images, notes };
    let survey = survey(&docs, reading)?;
    docs.images = survey.images;
    docs.notes = survey.notes;
    Ok(docs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_before_anything_is_read() {
        let pages = |names: &[&str]| {
            let pages: Vec<_> = names.iter().map(|name| ((*name).to_owned(), "gone.md".into())).collect();
            collect(Utf8Path::new("."), pages, None, &Reading::default()).expect_err("refused").message
        };
        assert_eq!(pages(&["a_b"]), "the name of the page `a_b` holds '_', which Exchange does not take");
        assert_eq!(pages(&["home", "Home"]), "the page `home` is there twice, first as gone.md");
        assert_eq!(pages(&["terms"]), "the name of the page `terms` is reserved for the terms");
    }
}
