//! Documentation and icon of a project: `exchange-docs/` and `icon.*`.

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::{DraftFile, FileContent, FileKey};

use super::tree::Tree;

/// The formats that the publish call takes for an icon (EXCHANGE.md §2.6).
const ICONS: &[&str] = &["svg", "png", "jpg", "jpeg", "gif"];

/// Whether a file, by its path in the project, is the icon of the project.
pub(crate) fn is_icon(relative: &Utf8Path) -> bool {
    let folder = relative.parent().unwrap_or(Utf8Path::new(""));
    relative.file_stem() == Some("icon")
        && relative.extension().is_some_and(|extension| ICONS.contains(&extension))
        && matches!(folder.as_str(), "" | "icon" | "exchange-docs")
}

/// `files.docs.zip` and `files.icon.<ext>` of the project in a folder of the tree.
pub(crate) fn of(tree: &Tree, folder: &Utf8Path) -> Vec<DraftFile> {
    let mut files = Vec::new();
    files.extend(icon(tree, folder));
    files.extend(docs(tree, folder));
    files
}

fn icon(tree: &Tree, folder: &Utf8Path) -> Option<DraftFile> {
    let places = ["", "icon", "exchange-docs"].iter().flat_map(|place| ICONS.iter().map(move |kind| (place, kind)));
    let (path, kind) = places
        .map(|(place, kind)| (folder.join(place).join(format!("icon.{kind}")), *kind))
        .find(|(path, _)| tree.has(&normal(path)))?;
    Some(DraftFile { key: FileKey::new("icon", kind), content: FileContent::File(tree.root.join(normal(&path))) })
}

/// `Utf8Path::join("")` leaves a slash behind.
fn normal(path: &Utf8Path) -> Utf8PathBuf {
    path.components().collect()
}

/// The Studio archetype leaves an empty home page behind: a folder without a word is no documentation.
fn docs(tree: &Tree, folder: &Utf8Path) -> Option<DraftFile> {
    ["exchange-docs", "docs"].into_iter().map(|name| folder.join(name)).find_map(|docs| {
        let home = docs.join("home.md");
        let has_words = tree.has(&home) && tree.root.join(&home).metadata().is_ok_and(|m| m.len() > 0);
        if !has_words {
            return None;
        }
        let members: Vec<Utf8PathBuf> = tree
            .below(&docs)
            .iter()
            .filter_map(|file| file.strip_prefix(&docs).ok())
            .filter(|relative| is_page_or_resource(relative))
            .map(Utf8Path::to_owned)
            .collect();
        let content = FileContent::Zip { root: tree.root.join(&docs), members };
        Some(DraftFile { key: FileKey::new("docs", "zip"), content })
    })
}

/// Pages and `config.json` in the root, pictures in the root or in `resources/` (EXCHANGE.md §2.7).
fn is_page_or_resource(relative: &Utf8Path) -> bool {
    let folder = relative.parent().map(Utf8Path::as_str).unwrap_or_default();
    let extension = relative.extension().unwrap_or_default().to_ascii_lowercase();
    let is_picture =
        ["bmp", "gif", "ico", "jpe", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp"].contains(&extension.as_str());
    match folder {
        "" => {
            extension == "md"
                || relative == "config.json"
                || (is_picture && !is_icon(&Utf8Path::new("exchange-docs").join(relative)))
        }
        "resources" => is_picture,
        _ => false,
    }
}
