//! A folder of Markdown files in the layout of `exchange-docs/` (EXCHANGE.md §2.7).

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::{
    collect::{Images, collect_with},
    names::{CONFIG_FILE, HOME, MAX_CONFIG, RESOURCES, TERMS_FILE, is_image, page_name},
};
use crate::{
    asset::{Diagnosis, Documentation, Problem},
    package::{
        reading::{Question, Reading},
        regular,
    },
};

/// The documentation in a folder: every `*.md` in it is a page named after its file, `terms.md` the terms, the images in
/// `resources/` go along. The order is that of `config.json` where there is one; otherwise, and for pages that it does
/// not name, `home` comes first and the others follow by name.
///
/// `files` are the files of the folder, relative to it; what is not among them is not there. `None` when there is no
/// page with a word in it, and no terms: Studio leaves an empty home page behind.
///
/// # Errors
/// As [`collect`](super::collect), and when `config.json` is not what it should be.
pub fn of_folder(
    root: &Utf8Path,
    folder: &Utf8Path,
    files: &[Utf8PathBuf],
    reading: &Reading,
) -> Result<Option<Documentation>, Box<Diagnosis>> {
    let mut pages: Vec<(String, Utf8PathBuf)> = files.iter().filter_map(|file| page(file, folder)).collect();
    let has = |name: &str| files.iter().any(|file| file == name).then(|| folder.join(name));
    let has_words = |path: &Utf8Path| path.metadata().is_ok_and(|metadata| metadata.len() > 0);
    if !pages.iter().map(|(_, path)| path).chain(&has(TERMS_FILE)).any(|path| has_words(path)) {
        return Ok(None);
    }
    let config = has(CONFIG_FILE);
    let told = config.as_ref().map(|config| read_config(config, root, reading)).transpose()?.unwrap_or_default();
    for (name, _) in &mut pages {
        if let Some(other) = told.page_names.get(name) {
            name.clone_from(other);
        }
    }
    pages.sort_by(|(a, _), (b, _)| (a != HOME, a).cmp(&(b != HOME, b)));
    if let Some(config) = config {
        arrange(&mut pages, told.page_order, &config)?;
    }
    let is_resource = |file: &&Utf8PathBuf| file.parent() == Some(Utf8Path::new(RESOURCES)) && is_image(file);
    let ready = files.iter().filter(is_resource).map(|file| folder.join(file)).collect();
    let images = Images { ready, may_be_missing: told.may_miss_images };
    collect_with(root, pages, has(TERMS_FILE), images, reading).map(Some)
}

/// The page that a file of the folder is. A name that Exchange does not take is told later, with all others.
fn page(file: &Utf8Path, folder: &Utf8Path) -> Option<(String, Utf8PathBuf)> {
    let is_markdown = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("md"));
    let is_in_folder = file.components().count() == 1;
    if !is_markdown || !is_in_folder || file == TERMS_FILE {
        return None;
    }
    let stem = file.file_stem()?;
    Some((page_name(stem).unwrap_or_else(|_| stem.to_owned()), folder.join(file)))
}

/// Puts the pages into the order of `config.json`.
fn arrange(
    pages: &mut Vec<(String, Utf8PathBuf)>,
    order: Vec<String>,
    config: &Utf8Path,
) -> Result<(), Box<Diagnosis>> {
    let mut arranged = Vec::with_capacity(pages.len());
    for name in order {
        let wanted = page_name(&name).unwrap_or_else(|_| name.clone());
        match pages.iter().position(|(known, _)| *known == wanted) {
            Some(at) => arranged.push(pages.remove(at)),
            // They have a place of their own in any case.
            None if wanted == HOME || wanted == "terms" => {}
            None => {
                let message = format!("pageOrder names the page `{name}`, which is not there or named twice");
                let hint = format!("add `{name}.md` beside it, or mend the name");
                return Err(Box::new(Diagnosis::failed(config, Problem::Reference, message).hint(hint)));
            }
        }
    }
    arranged.append(pages);
    *pages = arranged;
    Ok(())
}

fn read_config(config: &Utf8Path, root: &Utf8Path, reading: &Reading) -> Result<Config, Box<Diagnosis>> {
    let told = root.canonicalize_utf8().and_then(|root| {
        let real = regular::inside(&root, config)?;
        reading.told_within(MAX_CONFIG, &Question::PageOrder, &real, |bytes| parse(config, bytes))
    });
    match told {
        Ok(Some(told)) => told.map_err(|mut wrong| {
            // A link may have led another way here when it was read.
            config.clone_into(&mut wrong.path);
            wrong
        }),
        Ok(None) => Err(too_large(config)),
        Err(error) => Err(Box::new(Diagnosis::failed(config, Problem::Unreadable, format!("cannot be read: {error}")))),
    }
}

fn too_large(config: &Utf8Path) -> Box<Diagnosis> {
    let message = format!("larger than {MAX_CONFIG} bytes: no order of pages");
    Box::new(Diagnosis::failed(config, Problem::TooLarge, message))
}

/// What a `config.json` says; nothing where it is silent.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    page_order: Vec<String>,
    /// The names of pages whose files are called otherwise: not every name can be that of a file.
    page_names: BTreeMap<String, String>,
    /// Whether pages may show images that are not there: they did where the folder was read from.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    may_miss_images: bool,
}

/// `pageOrder` of a `config.json`; empty where it says nothing.
pub(super) fn parse_order(config: &Utf8Path, bytes: &[u8]) -> Result<Vec<String>, Box<Diagnosis>> {
    parse(config, bytes).map(|told| told.page_order)
}

fn parse(config: &Utf8Path, bytes: &[u8]) -> Result<Config, Box<Diagnosis>> {
    if bytes.len() as u64 > MAX_CONFIG {
        return Err(too_large(config));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    serde_json::from_slice::<Config>(bytes).map_err(|error| {
        let message = format!("no order of pages: {error}");
        let diagnosis =
            Diagnosis::failed(config, Problem::Invalid, message).at(error.line() as u64, error.column() as u64);
        Box::new(diagnosis.hint("write it as {\"pageOrder\": [\"home\", \"Another page\"]}"))
    })
}
