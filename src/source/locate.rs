//! What a single path is: the path of a manifest row.

use std::ops::ControlFlow;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::asset::{AssetType, Diagnosis, DraftFile, FileContent, FileKey, Problem, Verdict};
use crate::package::detect::{self, Archive, Follower};

use super::draft::Found;
use super::facts::Facts;
use super::tree::Tree;
use super::{Options, SourceError, archives, directory, maven, naming, projects, recognise};

/// The file extensions that Exchange takes for a custom asset (EXCHANGE.md §2.5).
const CUSTOM: &[&str] = &[
    "jpg", "jpeg", "png", "gif", "svg", "docx", "pdf", "pptx", "rtf", "vsdx", "vssx", "zip", "tgz", "jar", "gz", "7z",
    "txt", "json", "raml", "yaml", "yml", "md", "csv", "xml", "xsd", "wsdl", "html", "pom", "log", "sql",
];

/// A folder holds exactly one asset.
pub(crate) fn folder(path: &Utf8Path, options: &Options) -> Result<Found, Box<Diagnosis>> {
    if path.join("exchange.json").is_file() {
        return file(&path.join("exchange.json"), &path.join("exchange.json"), None, options);
    }
    let options = whole(options);
    let mut found = Vec::new();
    let mut wrong: Vec<Box<Diagnosis>> = Vec::new();
    let mut give = |one: Result<Found, Box<Diagnosis>>| {
        match one {
            Ok(one) => found.push(one),
            Err(diagnosis) => wrong.push(diagnosis),
        }
        // Enough to tell that there is more than one.
        if found.len() + wrong.len() < 20 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    directory::scan_found(path, &options, &mut give).map_err(|error| unusable(path, &error))?;
    match (found.len(), wrong.len()) {
        (1, _) => Ok(found.remove(0)),
        (0, 0) => {
            Err(Box::new(Diagnosis::failed(path, Problem::Invalid, "there is no asset in the folder").hint(
                "name the file, or say what it is in the columns \"type\" and \"files.<classifier>.<packaging>\"",
            )))
        }
        (0, _) => {
            wrong.sort_by_key(|diagnosis| diagnosis.verdict != Verdict::Failed);
            Err(wrong.remove(0))
        }
        (count, _) => {
            let names: Vec<&str> = found.iter().take(5).map(|one| one.path.as_str()).collect();
            let message = format!("the folder holds {count} assets: {}", names.join(", "));
            Err(Box::new(Diagnosis::failed(path, Problem::Value, message).hint("name one of them in a row of its own")))
        }
    }
}

/// A file, with the type that the row names.
pub(crate) fn file(
    path: &Utf8Path,
    relative: &Utf8Path,
    asset_type: Option<&str>,
    options: &Options,
) -> Result<Found, Box<Diagnosis>> {
    let parent = path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let name = path.file_name().unwrap_or_default();
    if asset_type == Some("custom") {
        return custom(path, relative);
    }
    let found = match name {
        "exchange.json" => project(parent, &mut |_| true, options)?,
        "pom.xml" => pom(parent, path, top(path, relative).unwrap_or(parent), options)?,
        _ => match path.extension().map(str::to_ascii_lowercase).as_deref() {
            Some("jar" | "zip") => archive(path, relative, options)?,
            _ => match project(parent, &mut |main| main == name, options)? {
                Some(found) => Some(found),
                None => specification(path, relative, parent, options)?,
            },
        },
    };
    found.ok_or_else(|| {
        let what = asset_type.map_or("no asset that is known".to_owned(), |text| format!("not recognised as {text}"));
        let hint = "name its part of the publish call in a \"files.<classifier>.<packaging>\" column, or give it the type custom";
        Box::new(Diagnosis::failed(path, Problem::Invalid, format!("the file is {what}")).hint(hint))
    })
}

/// The `exchange.json` project in a folder, if its main file passes.
fn project(
    folder: &Utf8Path,
    wanted: &mut dyn FnMut(&str) -> bool,
    options: &Options,
) -> Result<Option<Found>, Box<Diagnosis>> {
    let descriptor = folder.join("exchange.json");
    if !descriptor.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    let parsed = recognise::project(&descriptor, &options.reading)?;
    let Some(project) = parsed.filter(|project| wanted(project.main.as_deref().unwrap_or_default())) else {
        return Ok(None);
    };
    let tree = Tree::walk(folder, &whole(options)).map_err(|error| unusable(folder, &error))?;
    // Projects further down are assets of their own.
    let nested: Vec<Utf8PathBuf> = tree
        .files
        .iter()
        .filter(|file| file.file_name() == Some("exchange.json"))
        .filter_map(|file| file.parent())
        .filter(|folder| !folder.as_str().is_empty())
        .map(Utf8Path::to_owned)
        .collect();
    let is_nested = |file: &Utf8Path| nested.iter().any(|folder| file.starts_with(folder));
    let mut follower = Follower::new(folder, &options.reading);
    projects::build(&tree, Utf8Path::new(""), &project, &is_nested, options, &mut follower).map(Some)
}

fn pom(
    folder: &Utf8Path,
    path: &Utf8Path,
    root: &Utf8Path,
    options: &Options,
) -> Result<Option<Found>, Box<Diagnosis>> {
    let pom = detect::read_pom(path, root, &options.reading).map_err(|error| maven::broken(path, &error))?;
    let tree = Tree::walk(folder, &whole(options)).map_err(|error| unusable(folder, &error))?;
    maven::build(&tree, Utf8Path::new(""), &pom, options).transpose()
}

fn archive(path: &Utf8Path, relative: &Utf8Path, options: &Options) -> Result<Option<Found>, Box<Diagnosis>> {
    match detect::read_archive(path, &options.reading).map_err(|error| archives::broken(path, &error))? {
        archive @ Archive::Mule { .. } => maven::jar(path, relative, archive, options).transpose(),
        archive => archives::build(path, relative, archive, options).transpose(),
    }
}

fn specification(
    path: &Utf8Path,
    relative: &Utf8Path,
    folder: &Utf8Path,
    options: &Options,
) -> Result<Option<Found>, Box<Diagnosis>> {
    let Some(spec) = recognise::read(path, &options.reading)? else { return Ok(None) };
    let mut follower = Follower::new(top(path, relative).unwrap_or(folder), &options.reading);
    recognise::lone(path, relative, &spec, &mut follower, false).map(Some)
}

/// The folder of the manifest, where a row names a file below it: what the file refers to may lie anywhere in it.
fn top<'a>(path: &'a Utf8Path, relative: &Utf8Path) -> Option<&'a Utf8Path> {
    let is_below = relative.components().all(|part| matches!(part, Utf8Component::Normal(_)));
    let top = path.as_str().strip_suffix(relative.as_str()).filter(|top| is_below && !top.is_empty())?;
    Some(Utf8Path::new(top))
}

fn custom(path: &Utf8Path, relative: &Utf8Path) -> Result<Found, Box<Diagnosis>> {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    if !CUSTOM.contains(&extension.as_str()) {
        let message = format!("Exchange takes no `.{extension}` file for a custom asset");
        let hint = "put it into a zip";
        return Err(Box::new(Diagnosis::failed(path, Problem::Unsupported, message).hint(hint)));
    }
    let content = FileContent::File(path.to_owned());
    let files = vec![DraftFile { key: FileKey::new("custom", &extension), content }];
    let derived = naming::derive(relative, None);
    Ok(Found { path: path.to_owned(), asset_type: AssetType::Custom, facts: Facts::default(), derived, files })
}

/// The files of a folder that a row names for an archive.
pub(crate) fn members(folder: &Utf8Path, options: &Options) -> Vec<Utf8PathBuf> {
    Tree::walk(folder, &whole(options)).map(|tree| tree.files).unwrap_or_default()
}

/// The globs of a job are for its directory, not for what a row names.
fn whole(options: &Options) -> Options {
    Options { include: Vec::new(), exclude: Vec::new(), ..options.clone() }
}

fn unusable(path: &Utf8Path, error: &SourceError) -> Box<Diagnosis> {
    Box::new(Diagnosis::failed(path, Problem::Unreadable, error.to_string()).hint("check its permissions"))
}
