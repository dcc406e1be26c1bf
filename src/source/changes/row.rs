//! One row: from its cells to a change, or to everything that is wrong with it at once.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::super::{Options, columns, docs, draft::Place, extras, facts::fold, reader::Reader, stamp};
use crate::asset::{
    AssetChange, Coordinates, Description, Diagnosis, DraftFile, FileContent, FileKey, Problem, Version,
};
use crate::package::docs::{collect, page_name};

/// The most characters of a name (EXCHANGE.md §3.12).
const NAME: usize = 256;

/// The most characters of a description and of a contact (EXCHANGE.md §3.12).
const TEXT: usize = 255;

/// The page that holds the terms (EXCHANGE.md §5.2).
const TERMS: &str = "terms";

/// Takes a value away.
const NOTHING: &str = "[]";

/// Reads a row. All that is wrong with its values is told in one diagnosis.
pub(super) fn read(reader: Reader, place: &Place<'_>, options: &Options) -> Result<AssetChange, Box<Diagnosis>> {
    let mut row = Row { reader, place, base: columns::base(place.path), files: Vec::new(), missing: Vec::new() };
    let name = row.name(&options.group);
    let gav = name.as_ref().map(AssetChange::gav);
    let known_as = |diagnosis: Diagnosis| Box::new(Diagnosis { gav: gav.clone().or(diagnosis.gav), ..diagnosis });
    let description = row.description(options).map_err(|diagnosis| known_as(*diagnosis))?;
    if let Some(diagnosis) = row.what_is_wrong() {
        return Err(known_as(diagnosis));
    }
    let name = name.expect("a name that is none was told above");
    if description.is_empty() {
        let nothing = Diagnosis::skipped(place.path, Problem::Empty, "the row says nothing about the asset");
        let nothing = nothing.hint("fill in a cell; `[]` takes a value away");
        return Err(known_as(Diagnosis { line: place.line, ..nothing }));
    }
    Ok(AssetChange { stamp: stamp::of(&row.files), description, ..name })
}

/// A single page with the images that it shows, held to the rules of Exchange.
fn page(name: &str, path: &Utf8PathBuf, options: &Options) -> Result<DraftFile, Box<Diagnosis>> {
    let alone = [("page".to_owned(), path.clone())];
    let documentation = collect(&columns::base(path), alone, None, &options.reading)?;
    Ok(DraftFile { key: FileKey::new("page", name), content: FileContent::Docs(documentation) })
}

struct Row<'a> {
    reader: Reader,
    place: &'a Place<'a>,
    /// The folder that paths are relative to.
    base: Utf8PathBuf,
    /// The files that it names, with what goes along with them: a change of one is a change of the row.
    files: Vec<DraftFile>,
    /// Files that are not there.
    missing: Vec<String>,
}

impl Row<'_> {
    /// Which asset the row is about; the rest of the change is still to be said.
    fn name(&mut self, group: &str) -> Option<AssetChange> {
        let group_id = self.reader.take("groupId").unwrap_or_else(|| group.to_owned());
        let Some(asset_id) = self.reader.take("assetId") else {
            self.reader.wrong("assetId", "is empty: which asset is to be changed?");
            return None;
        };
        let (named, version) = match self.reader.take("version").map(|text| text.parse::<Version>()) {
            Some(Ok(version)) => (Some(version.clone()), version),
            None => (None, Version::new(1, 0, 0)),
            Some(Err(error)) => {
                self.reader.wrong("version", error);
                (None, Version::new(1, 0, 0))
            }
        };
        if let Err(error) = Coordinates::new(&*group_id, "a", Version::new(1, 0, 0)) {
            self.reader.wrong("groupId", error);
            return None;
        }
        if let Err(error) = Coordinates::new(&*group_id, &*asset_id, version) {
            self.reader.wrong("assetId", error);
            return None;
        }
        Some(AssetChange {
            group_id,
            asset_id,
            version: named,
            description: Description::default(),
            path: self.place.path.to_owned(),
            line: self.place.line.unwrap_or_default(),
            stamp: String::new(),
        })
    }

    fn description(&mut self, options: &Options) -> Result<Description, Box<Diagnosis>> {
        Ok(Description {
            name: self.display_name(),
            description: self.text("description"),
            contact_name: self.text("contactName"),
            contact_email: self.text("contactEmail"),
            icon: self.icon(),
            tags: self.reader.tags(),
            categories: self.reader.values("categories"),
            fields: self.reader.values("fields"),
            docs: self.docs(options)?,
            pages: self.pages(options)?,
            status: self.reader.status(),
            instances: self.reader.instances(true),
            visibility: self.reader.visibility(),
        })
    }

    fn display_name(&mut self) -> Option<String> {
        let name = fold(&self.kept("name", "an asset has a name")?);
        self.short("name", name, NAME)
    }

    /// A text that can be taken away.
    fn text(&mut self, key: &str) -> Option<String> {
        let text = self.reader.take(key)?;
        if text == NOTHING { Some(String::new()) } else { self.short(key, text, TEXT) }
    }

    fn short(&mut self, key: &str, text: String, most: usize) -> Option<String> {
        let length = text.chars().count();
        if length <= most {
            return Some(text);
        }
        self.reader.wrong(key, format!("has {length} characters, Exchange takes {most}"));
        None
    }

    /// A value that cannot be taken away.
    fn kept(&mut self, key: &str, why: &str) -> Option<String> {
        let text = self.reader.take(key)?;
        if text != NOTHING {
            return Some(text);
        }
        self.reader.wrong(key, format!("`[]` would take it away: {why}"));
        None
    }

    fn icon(&mut self) -> Option<Utf8PathBuf> {
        let text = self.kept("icon", "a change can replace an icon, not remove it")?;
        let kind = text.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
        if !extras::ICONS.contains(&kind.as_str()) {
            self.reader.wrong("icon", format!("`{text}` is no {}", extras::ICONS.join(", ")));
            return None;
        }
        let path = self.file("icon", &text)?;
        self.files.push(DraftFile { key: FileKey::new("icon", &kind), content: FileContent::File(path.clone()) });
        Some(path)
    }

    /// A file that the row names.
    fn file(&mut self, key: &str, text: &str) -> Option<Utf8PathBuf> {
        let path: Utf8PathBuf = self.base.join(text).components().collect();
        if path.is_file() {
            return Some(path);
        }
        let why = if path.exists() { "is no file" } else { "is not there" };
        self.missing.push(self.reader.told(key, format!("`{text}` {why}")));
        None
    }

    fn docs(&mut self, options: &Options) -> Result<Option<FileContent>, Box<Diagnosis>> {
        let Some(text) = self.kept("docs", "a portal always has a home page; name a folder with another one") else {
            return Ok(None);
        };
        let found = docs::of_path(&self.base, &self.base.join(text), self.place, options)?;
        self.files.push(found.clone());
        Ok(Some(found.content))
    }

    fn pages(&mut self, options: &Options) -> Result<BTreeMap<String, Utf8PathBuf>, Box<Diagnosis>> {
        let mut pages = BTreeMap::new();
        for (name, text) in self.reader.prefixed("pages.") {
            let key = format!("pages.{name}");
            let named = if name == TERMS { Ok(name) } else { page_name(&name) };
            match named {
                _ if text == NOTHING => {
                    self.reader.wrong(&key, "`[]` would take it away: `docs` says which pages there are");
                }
                Err(why) => self.reader.wrong(&key, format!("the name of the page {why}")),
                Ok(name) if pages.contains_key(&name) => self.reader.wrong(&key, "the page is named twice"),
                Ok(name) => {
                    if let Some(path) = self.file(&key, &text) {
                        self.files.push(page(&name, &path, options)?);
                        pages.insert(name, path);
                    }
                }
            }
        }
        if !pages.is_empty() && self.reader.origins.contains_key("docs") {
            self.reader.wrong("docs", "says all pages, and another column one of them: fill in one of the two");
        }
        Ok(pages)
    }

    /// Everything that is wrong, values first: what is mended there may name other files.
    fn what_is_wrong(&mut self) -> Option<Diagnosis> {
        let mut problems = std::mem::take(&mut self.reader.problems);
        let (problem, hint) = match problems.is_empty() {
            true if self.missing.is_empty() => return None,
            true => (Problem::Missing, "paths are relative to the folder of the manifest"),
            false => (Problem::Value, "mend the cell, or the defaults of the job"),
        };
        problems.append(&mut self.missing);
        Some(self.place.failed(problem, problems.join("; ")).hint(hint))
    }
}
