//! Documentation and icon of a project or a lone specification: `exchange-docs/` and `icon.*`.

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::{Diagnosis, DraftFile, FileContent, FileKey};
use crate::package::{docs, reading::Reading};

use super::tree::Tree;

/// The folder that Maven's plugin for Exchange packs as documentation (EXCHANGE.md §2.7). Others, such as `docs`, hold
/// all sorts of things, and are published only where the job or the manifest names them.
pub(crate) const DOCS: &str = "exchange-docs";

/// The formats that the publish call takes for an icon (EXCHANGE.md §2.6).
pub(crate) const ICONS: &[&str] = &["svg", "png", "jpg", "jpeg", "gif"];

/// Whether a file, by its path in the project, is the icon of the project.
pub(crate) fn is_icon(relative: &Utf8Path) -> bool {
    let folder = relative.parent().unwrap_or(Utf8Path::new(""));
    relative.file_stem() == Some("icon")
        && relative.extension().is_some_and(|extension| ICONS.contains(&extension))
        && matches!(folder.as_str(), "" | "icon" | DOCS)
}

/// `files.docs.zip` and `files.icon.<ext>` of the asset in a folder of the tree.
pub(crate) fn of(tree: &Tree, folder: &Utf8Path, reading: &Reading) -> Result<Vec<DraftFile>, Box<Diagnosis>> {
    let mut files = Vec::new();
    files.extend(icon(tree, folder));
    files.extend(documentation(tree, folder, reading)?);
    Ok(files)
}

/// Whether there is any of it, before anything is read.
pub(crate) fn are_in(tree: &Tree, folder: &Utf8Path) -> bool {
    icon(tree, folder).is_some() || !tree.below(&normal(&folder.join(DOCS))).is_empty()
}

fn icon(tree: &Tree, folder: &Utf8Path) -> Option<DraftFile> {
    let places = ["", "icon", DOCS].iter().flat_map(|place| ICONS.iter().map(move |kind| (place, kind)));
    let (path, kind) = places
        .map(|(place, kind)| (folder.join(place).join(format!("icon.{kind}")), *kind))
        .find(|(path, _)| tree.has(&normal(path)))?;
    Some(DraftFile { key: FileKey::new("icon", kind), content: FileContent::File(tree.root.join(normal(&path))) })
}

/// `Utf8Path::join("")` leaves a slash behind.
fn normal(path: &Utf8Path) -> Utf8PathBuf {
    path.components().collect()
}

/// `files.docs.zip` of the project in a folder of the tree. Images may lie anywhere in the tree.
fn documentation(tree: &Tree, folder: &Utf8Path, reading: &Reading) -> Result<Option<DraftFile>, Box<Diagnosis>> {
    let docs = normal(&folder.join(DOCS));
    let files = tree.below(&docs).iter().filter_map(|file| file.strip_prefix(&docs).ok());
    let files: Vec<Utf8PathBuf> = files.map(Utf8Path::to_owned).collect();
    if files.is_empty() {
        return Ok(None);
    }
    let docs = docs::of_folder(&tree.root, &tree.root.join(&docs), &files, reading)?;
    Ok(docs.map(|docs| DraftFile { key: FileKey::new("docs", "zip"), content: FileContent::Docs(docs) }))
}
