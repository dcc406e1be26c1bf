//! Documentation that a manifest or a job names: the value `docs`.

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::{Diagnosis, DraftFile, FileContent, FileKey, Origin, Problem};
use crate::package::docs;

use super::draft::Place;
use super::facts::Facts;
use super::{Options, columns, locate};

/// The documentation that the value `docs` names: a folder of Markdown, or a ready archive.
///
/// A manifest's is relative to its folder, and takes the place of what lies beside the asset. That of the job's defaults
/// is relative to the folder of each asset; it counts where it is there, and where there is nothing else.
pub(crate) fn named(
    facts: &mut Facts,
    files: &[DraftFile],
    place: &Place<'_>,
    options: &Options,
) -> Result<Option<DraftFile>, Box<Diagnosis>> {
    let Some((text, origin)) = facts.take("docs") else { return Ok(None) };
    if matches!(origin, Origin::Manifest(_)) {
        let base = columns::base(place.path);
        return of_path(&base, &base.join(text), place, options).map(Some);
    }
    if files.iter().any(|file| file.key.classifier() == "docs") {
        return Ok(None);
    }
    let Some(folder) = folder_of(files) else { return Ok(None) };
    let path = folder.join(text);
    if path.exists() { of_path(&folder, &path, place, options).map(Some) } else { Ok(None) }
}

/// Documentation at a path. Images may lie anywhere below `base`, where the path itself does.
pub(crate) fn of_path(
    base: &Utf8Path,
    path: &Utf8Path,
    place: &Place<'_>,
    options: &Options,
) -> Result<DraftFile, Box<Diagnosis>> {
    let path: Utf8PathBuf = path.components().collect();
    let key = FileKey::new("docs", "zip");
    if path.is_file() {
        return Ok(DraftFile { key, content: FileContent::File(path) });
    }
    if !path.is_dir() {
        let message = format!("docs: `{path}` is not there");
        return Err(Box::new(place.failed(Problem::Missing, message).hint("name a folder of Markdown, or a docs.zip")));
    }
    let is_below = path.canonicalize_utf8().ok().zip(base.canonicalize_utf8().ok());
    let root = if is_below.is_some_and(|(path, base)| path.starts_with(base)) { base } else { &path };
    let found = docs::of_folder(root, &path, &locate::members(&path, options), &options.reading)?;
    let Some(docs) = found else {
        let message = format!("docs: there is no page in `{path}`");
        return Err(Box::new(place.failed(Problem::Missing, message).hint("add `home.md`, the first page")));
    };
    Ok(DraftFile { key, content: FileContent::Docs(docs) })
}

/// The folder of an asset: where its content lies.
fn folder_of(files: &[DraftFile]) -> Option<Utf8PathBuf> {
    let content = files.iter().find(|file| file.key.classifier() != "icon")?;
    match &content.content {
        FileContent::File(path) => Some(columns::base(path)),
        FileContent::Zip { root, .. } => Some(root.clone()),
        FileContent::Docs(_) => None,
    }
}
