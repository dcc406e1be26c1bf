//! `exchange.json` projects: the folder is one asset.

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::{AssetType, Diagnosis, DraftFile, FileContent, FileKey, Origin, Problem, Version};
use crate::package::detect::{self, Follower, Format, Project, ProjectError, Spec};
use crate::package::reading::Reading;

use super::Options;
use super::draft::Found;
use super::facts::Facts;
use super::recognise::{self, Document};
use super::tree::Tree;
use super::{docs, extras, moving, naming, spelling};

/// Builds the asset of the project in `folder` (relative to the tree).
///
/// `nested` tells the files that belong to projects further down.
pub(crate) fn build(
    tree: &Tree,
    folder: &Utf8Path,
    project: &Project,
    nested: &dyn Fn(&Utf8Path) -> bool,
    options: &Options,
    follower: &mut Follower,
) -> Result<Found, Box<Diagnosis>> {
    let shown = tree.root.join(folder).join("exchange.json");
    let mut facts = facts(project, options);
    let classifier = project.classifier.as_deref().unwrap_or_default();
    if let Some((asset_type, files)) = without_document(tree, folder, project, classifier) {
        let files = with_extras(tree, folder, files, options)?;
        let derived = naming::derive(&folder.join("exchange.json"), None);
        return Ok(Found { path: shown, asset_type, facts, derived, files });
    }
    let (main, spec) = main_file(tree, folder, project, &shown, nested, &mut facts, follower.reading())?;
    let document_folder = tree.root.join(folder);
    // The main file must be in the root of the archive: a main file in a sub-folder makes that folder the root.
    let inner = main.parent().unwrap_or(Utf8Path::new(""));
    let root = if inner.as_str().is_empty() { document_folder } else { document_folder.join(inner) };
    let name = Utf8PathBuf::from(main.file_name().unwrap_or_default());
    if let Some(refused) = recognise::refused(&root.join(&name), &spec.format) {
        return Err(refused);
    }
    facts.fill_from(recognise::facts(&spec));
    let format = spec.format.clone();
    let declares = facts.get("dependencies").is_some();
    let closure = Document { root: &root, main: &name, spec: &spec }.collect(follower, declares)?;
    let mut members = closure.members;
    // Joining with nothing would leave a slash at the end.
    let base: Utf8PathBuf = folder.join(inner).components().collect();
    // A Maven project keeps its sources beside the specification: only what is referred to belongs to the API.
    let is_maven = tree.has(&base.join("pom.xml").components().collect::<Utf8PathBuf>());
    for file in tree.below(&base).iter().filter(|file| !is_maven && !nested(file)) {
        if let Ok(relative) = file.strip_prefix(&base)
            && belongs(relative)
            && !docs::is_default(relative, options)
        {
            members.insert(relative.to_owned());
        }
    }
    let members: Vec<Utf8PathBuf> = members.into_iter().collect();
    let (asset_type, files) = match (classifier, &format) {
        // Kinds that only the descriptor tells from a complete API.
        ("oas-components" | "oas-fragment" | "json-schema", _) => {
            let content = FileContent::Zip { root: root.clone(), members };
            (AssetType::RamlFragment, vec![DraftFile { key: FileKey::new(classifier, "zip"), content }])
        }
        (_, format) => recognise::files(format, &root, &name, &members),
    };
    if recognise::wants_main_file(&format) {
        facts.fill("properties.mainFile", name.as_str(), Origin::ExchangeJson);
    }
    let mut derived = naming::derive(&folder.join(&main), spec.title.as_deref());
    naming::promote(&mut facts, &mut derived);
    Ok(Found { path: shown, asset_type, facts, derived, files: with_extras(tree, folder, files, options)? })
}

fn with_extras(
    tree: &Tree,
    folder: &Utf8Path,
    mut files: Vec<DraftFile>,
    options: &Options,
) -> Result<Vec<DraftFile>, Box<Diagnosis>> {
    files.extend(extras::of(tree, folder, &options.reading)?);
    Ok(files)
}

/// The values of the descriptor.
pub(crate) fn facts(project: &Project, options: &Options) -> Facts {
    let mut facts = Facts::default();
    let from = || Origin::ExchangeJson;
    // What the descriptor calls a version may be a placeholder of a build.
    let version = project.version.as_deref().filter(|text| Version::map(text).is_some());
    facts.fill_some("version", version, from());
    facts.fill_some("assetId", project.asset_id.as_deref(), from());
    facts.fill_some("name", project.name.as_deref(), from());
    facts.fill_some("description", project.description.as_deref(), from());
    let api_version = project.api_version.as_deref().map(|text| text.trim().trim_matches('"').trim());
    facts.fill_some("properties.apiVersion", api_version, from());
    // Design Center writes an empty list by itself; it says nothing.
    if let Some(tags) = project.tags.as_ref().filter(|tags| !tags.is_empty()) {
        facts.fill("tags", &spelling::of_values(tags), from());
    }
    let group = project.group_id.as_deref().unwrap_or_default();
    moving::fill_group(&mut facts, group, "exchange.json", from(), options);
    facts.moves = moving::own_groups(project, options);
    let dependencies: Vec<String> = project
        .dependencies
        .iter()
        .flatten()
        .filter(|dependency| dependency.scope.as_deref() != Some("validation"))
        .map(|dependency| {
            let (asset, version) = (dependency.asset_id.as_str(), dependency.version.as_str());
            let group = moving::group_of_dependency(project, (&dependency.group_id, asset, version), options);
            format!("{group}:{asset}:{version}")
        })
        .collect();
    facts.fill("dependencies", &dependencies.join(","), from());
    facts
}

/// Classifiers of which the main file is no document that we read.
fn without_document(
    tree: &Tree,
    folder: &Utf8Path,
    project: &Project,
    classifier: &str,
) -> Option<(AssetType, Vec<DraftFile>)> {
    let main = project.main.as_deref().filter(|main| !main.is_empty()).map(|main| folder.join(main));
    match classifier {
        "api-group" => Some((AssetType::ApiGroup, Vec::new())),
        "http" | "http-api" => Some((AssetType::HttpApi, Vec::new())),
        "custom" => match main {
            None => Some((AssetType::Custom, Vec::new())),
            // Exchange refuses a file without an extension (EXCHANGE.md §2.5).
            Some(main) if tree.has(&main) && main.extension().is_some() => {
                let key = FileKey::new("custom", &main.extension().unwrap_or_default().to_ascii_lowercase());
                Some((AssetType::Custom, vec![DraftFile { key, content: FileContent::File(tree.root.join(main)) }]))
            }
            Some(_) => None,
        },
        "mcp" => Some((AssetType::Mcp, metadata(tree, main, "mcp-metadata"))),
        "mcp-metadata" => Some((AssetType::Mcp, metadata(tree, main, classifier))),
        "agent-metadata" | "a2a-card" => Some((AssetType::Agent, metadata(tree, main, classifier))),
        "llm-metadata" => Some((AssetType::Llm, metadata(tree, main, classifier))),
        "external-library" => {
            let jar = main.filter(|main| main.extension() == Some("jar") && tree.has(main))?;
            let content = FileContent::File(tree.root.join(jar));
            Some((AssetType::ExternalLibrary, vec![DraftFile { key: FileKey::new(classifier, "jar"), content }]))
        }
        _ => None,
    }
}

/// Exchange reads JSON metadata; the YAML form of Design Center has no documented place in the publish call.
fn metadata(tree: &Tree, main: Option<Utf8PathBuf>, classifier: &str) -> Vec<DraftFile> {
    let json = main.filter(|main| main.extension() == Some("json") && tree.has(main));
    let content = json.map(|main| FileContent::File(tree.root.join(main)));
    content.map(|content| DraftFile { key: FileKey::new(classifier, "json"), content }).into_iter().collect()
}

/// Finds and reads the main file: the one that is named, or the only one it can be.
fn main_file(
    tree: &Tree,
    folder: &Utf8Path,
    project: &Project,
    shown: &Utf8Path,
    nested: &dyn Fn(&Utf8Path) -> bool,
    facts: &mut Facts,
    reading: &Reading,
) -> Result<(Utf8PathBuf, Spec), Box<Diagnosis>> {
    let named = project.main.clone().unwrap_or_default();
    let main = Utf8PathBuf::from(named.trim_start_matches("./").replace('\\', "/"));
    let joined = detect::join_reference(folder, &main);
    let file = joined.filter(|file| file.starts_with(folder)).map(|file| tree.root.join(file));
    if let Some(file) = file.filter(|file| is_inside(tree, file)) {
        let bare = project.classifier.as_deref().and_then(bare_format);
        return match (recognise::read(&file, reading)?, bare) {
            (Some(spec), _) => Ok((main, spec)),
            (None, Some(format)) => Ok((main, Spec::bare_of(format))),
            (None, None) => {
                let classifier = project.classifier.as_deref().unwrap_or("an asset");
                let message = format!("main file `{main}` is not a root document of {classifier}");
                let hint =
                    "its first line or top-level key must say what it is: `#%RAML 1.0`, `openapi`, `asyncapi`, …";
                Err(Box::new(Diagnosis::failed(file, Problem::Invalid, message).hint(hint)))
            }
        };
    }
    let mut roots = Vec::new();
    for file in tree.below(folder).iter().filter(|file| file.parent() == Some(folder) && !nested(file)) {
        if detect::is_worth_a_look(file)
            && let Ok(Some(spec)) = recognise::read(&tree.root.join(file), reading)
            && matches!(spec.format, Format::Oas | Format::RamlApi | Format::AsyncApi | Format::Wsdl)
        {
            roots.push((file.clone(), spec));
        }
    }
    if roots.len() == 1 {
        let (file, spec) = roots.remove(0);
        let name = Utf8PathBuf::from(file.file_name().unwrap_or_default());
        let why = format!("exchange.json names `{named}`, which is not there; `{name}` is the only API beside it");
        facts.fill("properties.mainFile", name.as_str(), Origin::Derived(why));
        return Ok((name, spec));
    }
    let message = format!("main file `{named}` is not there");
    let hint = "add the file, or name the right one as `main` in exchange.json";
    Err(Box::new(Diagnosis::failed(shown, Problem::Missing, message).hint(hint)))
}

/// Whether a path is a regular file that no link leads out of the tree for.
fn is_inside(tree: &Tree, file: &Utf8Path) -> bool {
    let canonical = file.canonicalize_utf8().ok().zip(tree.root.canonicalize_utf8().ok());
    file.is_file() && canonical.is_some_and(|(file, root)| file.starts_with(root))
}

/// Formats whose main file needs no mark of its own.
fn bare_format(classifier: &str) -> Option<Format> {
    match classifier {
        "json-schema" | "oas-components" | "oas-fragment" => Some(Format::Oas),
        "ruleset" => Some(Format::Ruleset),
        "graphql" => Some(Format::GraphQl(false)),
        "protobuf" => Some(Format::Protobuf),
        _ => None,
    }
}

/// Whether a file of the project folder goes into the archive.
///
/// `exchange.json` is written anew by the server, documentation and icon travel on their own; vendored modules and hidden
/// files go in only where the specification refers to them.
fn belongs(relative: &Utf8Path) -> bool {
    let first = relative.components().next().map(|c| c.as_str()).unwrap_or_default();
    let is_left_out = |name: &str| name == "exchange_modules" || name == "Thumbs.db" || name.starts_with('.');
    !relative.components().any(|component| is_left_out(component.as_str()))
        && first != extras::DOCS
        && relative != "exchange.json"
        && !extras::is_icon(relative)
}

/// An `exchange.json` that cannot be read.
pub(crate) fn broken(path: &Utf8Path, error: &ProjectError) -> Box<Diagnosis> {
    let (problem, line, column) = match error {
        ProjectError::Encoding { line, column } => (Problem::Encoding, *line, *column),
        ProjectError::Syntax(error) => (Problem::Invalid, error.line, error.column),
    };
    Box::new(Diagnosis::failed(path, problem, error.to_string()).at(line, column).hint("mend the file at this place"))
}
