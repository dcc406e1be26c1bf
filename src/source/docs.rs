//! Documentation and icon that a manifest or a job names: the values `docs` and `icon`.

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::{Diagnosis, DraftFile, FileContent, FileKey, Origin, Problem};
use crate::package::docs;

use super::draft::Place;
use super::extras::ICONS;
use super::facts::Facts;
use super::{Options, columns, locate};

/// The documentation that the value `docs` names, a folder of Markdown or a ready archive, and the icon that the value
/// `icon` names.
///
/// A manifest's are relative to its folder, and take the place of what lies beside the asset. Those of the job's defaults
/// are relative to the folder of each asset; they count where they are there, and where there is nothing else.
pub(crate) fn add(
    facts: &mut Facts,
    files: &mut Vec<DraftFile>,
    place: &Place<'_>,
    options: &Options,
) -> Result<(), Box<Diagnosis>> {
    for classifier in ["docs", "icon"] {
        if let Some(file) = named(classifier, facts, files, place, options)? {
            files.retain(|file| file.key.classifier() != classifier);
            files.push(file);
        }
    }
    Ok(())
}

fn named(
    classifier: &str,
    facts: &mut Facts,
    files: &[DraftFile],
    place: &Place<'_>,
    options: &Options,
) -> Result<Option<DraftFile>, Box<Diagnosis>> {
    let Some((text, origin)) = facts.take(classifier) else { return Ok(None) };
    let of_path = |base: &Utf8Path, path: &Utf8Path| match classifier {
        "docs" => of_path(base, path, place, options),
        _ => icon(path, place),
    };
    if matches!(origin, Origin::Manifest(_)) {
        let base = columns::base(place.path);
        return of_path(&base, &base.join(text)).map(Some);
    }
    if files.iter().any(|file| file.key.classifier() == classifier) {
        return Ok(None);
    }
    let Some(folder) = folder_of(files) else { return Ok(None) };
    let path = folder.join(text);
    if path.exists() { of_path(&folder, &path).map(Some) } else { Ok(None) }
}

/// An icon, by the ending of its name.
fn icon(path: &Utf8Path, place: &Place<'_>) -> Result<DraftFile, Box<Diagnosis>> {
    if !path.is_file() {
        let message = format!("icon: `{path}` is not there");
        return Err(Box::new(place.failed(Problem::Missing, message).hint("name an image")));
    }
    let kind = path.extension().unwrap_or_default().to_ascii_lowercase();
    if !ICONS.contains(&kind.as_str()) {
        let message = format!("icon: `{path}` is of another kind than {}", ICONS.join(", "));
        return Err(Box::new(place.failed(Problem::Value, message).hint("convert it")));
    }
    Ok(DraftFile { key: FileKey::new("icon", &kind), content: FileContent::File(path.to_owned()) })
}

/// Whether a file of a project is documentation or an icon that the defaults of the job name: it travels on its own.
pub(crate) fn is_default(relative: &Utf8Path, options: &Options) -> bool {
    ["docs", "icon"].iter().filter_map(|name| options.defaults.get(*name)).any(|text| {
        let plain: Utf8PathBuf = Utf8Path::new(text.trim()).components().filter(|part| part.as_str() != ".").collect();
        !plain.as_str().is_empty() && relative.starts_with(plain)
    })
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
        FileContent::Raised { root, main, .. } => Some(columns::base(&root.join(main))),
        FileContent::Docs(_) => None,
    }
}
