//! A root document becomes an asset: its package, its type, its values.

use std::io::{ErrorKind, Read};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::asset::{AssetType, Diagnosis, DraftFile, FileContent, FileKey, Origin, Problem, Version};
use crate::package::detect::{
    self, Closure, Dangling, Encoding, Follower, Format, MAX_DESCRIPTOR, MAX_READ, Project, Raised, Spec, SpecError,
    Wrong,
};
use crate::package::reading::{Question, Reading};

use super::draft::Found;
use super::facts::Facts;
use super::{naming, projects};

/// A file without an extension is more often a program than a specification: only small ones are looked into.
const MAX_UNNAMED: u64 = 8 * 1024 * 1024;
/// What is read of a file that is too large, to tell what it was meant as.
const HEAD: u64 = 4096;

/// Reads a root document; `Ok(None)` when the file is none.
pub(crate) fn read(path: &Utf8Path, reading: &Reading) -> Result<Option<Spec>, Box<Diagnosis>> {
    let question = Question::Specification;
    let told = reading.told_within(limit(path), &question, path, |bytes| detect::read_spec(path, bytes));
    match told.map_err(|error| unreadable(path, &error))? {
        Some(spec) => spec.map_err(|error| broken(path, &error)),
        None => oversized(path),
    }
}

/// A file that is too large to be read, and was surely meant as a specification.
fn oversized(path: &Utf8Path) -> Result<Option<Spec>, Box<Diagnosis>> {
    let mut head = Vec::new();
    let read = fs_err::File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    match read.ok().and_then(|_| detect::meant_as(path, &head)) {
        Some(format) => {
            let message = format!("the {format} file is larger than {} MB", limit(path) >> 20);
            Err(Box::new(
                Diagnosis::failed(path, Problem::TooLarge, message).hint("Exchange would refuse it; split it"),
            ))
        }
        None => Ok(None),
    }
}

/// The first look at a file.
#[derive(Serialize, Deserialize)]
pub(crate) enum Glance {
    /// No root document.
    Nothing,
    /// A RAML API that does not say so in its first line.
    Headless,
    /// Perhaps a root document; it refers to no other file.
    Candidate,
    /// A root document that may refer to others.
    Referring(Box<Spec>),
}

/// Tells quickly which files are no root documents, and which refer to nothing: most of them.
pub(crate) fn glance(path: &Utf8Path, reading: &Reading) -> Glance {
    match reading.told_within(limit(path), &Question::Glance, path, |bytes| at_first_sight(path, bytes)) {
        Ok(Some(glance)) => glance,
        Ok(None) if oversized(path).is_ok() => Glance::Nothing,
        // What is wrong is told when it is read in earnest.
        Ok(None) | Err(_) => Glance::Candidate,
    }
}

fn at_first_sight(path: &Utf8Path, bytes: &[u8]) -> Glance {
    if !detect::is_candidate(path, bytes) {
        let is_raml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("raml"));
        return if is_raml && detect::is_raml_without_header(bytes) { Glance::Headless } else { Glance::Nothing };
    }
    if !detect::may_refer(bytes) {
        return Glance::Candidate;
    }
    match detect::read_spec(path, bytes) {
        Ok(Some(spec)) => Glance::Referring(Box::new(spec)),
        Ok(None) => Glance::Nothing,
        Err(_) => Glance::Candidate,
    }
}

/// A RAML API without its header line.
pub(crate) fn headless(path: &Utf8Path) -> Box<Diagnosis> {
    let message = "looks like a RAML API, but its first line is not `#%RAML 1.0` or `#%RAML 0.8`";
    Box::new(Diagnosis::failed(path, Problem::Invalid, message).at(1, 1).hint("add the line"))
}

/// What has more bytes is too large for a specification.
fn limit(path: &Utf8Path) -> u64 {
    if path.extension().is_none() { MAX_UNNAMED } else { MAX_READ }
}

/// Reads an `exchange.json`; `Ok(None)` when it is something else of that name.
pub(crate) fn project(path: &Utf8Path, reading: &Reading) -> Result<Option<Project>, Box<Diagnosis>> {
    let told = reading.told(MAX_DESCRIPTOR, &Question::Project, path, detect::parse_project);
    told.map_err(|error| unreadable(path, &error))?.map_err(|error| projects::broken(path, &error))
}

/// A file that cannot be read.
pub(crate) fn unreadable(path: &Utf8Path, error: &std::io::Error) -> Box<Diagnosis> {
    let (problem, hint) = match error.kind() {
        ErrorKind::FileTooLarge => (Problem::TooLarge, "check what it is: no file of its kind comes near this size"),
        _ => (Problem::Unreadable, "check its permissions"),
    };
    Box::new(Diagnosis::failed(path, problem, format!("cannot be read: {}", error.kind())).hint(hint))
}

/// A document that was meant as a specification and cannot be read as one.
pub(crate) fn broken(path: &Utf8Path, error: &SpecError) -> Box<Diagnosis> {
    let (problem, line, column, hint) = match error {
        SpecError::Encoding { line, column, .. } => (Problem::Encoding, line, column, "save it as UTF-8"),
        SpecError::Syntax { error, .. } => {
            (Problem::Invalid, &error.line, &error.column, "mend the file at this place")
        }
    };
    Box::new(Diagnosis::failed(path, problem, error.to_string()).at(*line, *column).hint(hint))
}

/// A root document with the files that belong to it.
pub(crate) struct Document<'a> {
    /// The folder that becomes the root of the archive.
    pub(crate) root: &'a Utf8Path,
    /// The main file, relative to the root.
    pub(crate) main: &'a Utf8Path,
    /// What it says.
    pub(crate) spec: &'a Spec,
}

impl Document<'_> {
    fn path(&self) -> Utf8PathBuf {
        self.root.join(self.main)
    }

    /// Everything the main file pulls in, or why the asset cannot be packaged.
    pub(crate) fn collect(&self, follower: &mut Follower, modules_elsewhere: bool) -> Result<Closure, Box<Diagnosis>> {
        // Only XML says its encoding; a RAML or OpenAPI parser takes UTF-16 for binary data.
        if self.spec.encoding == Encoding::Utf16 && self.spec.format != Format::Wsdl {
            let message = format!("the {} file is UTF-16, Exchange takes UTF-8", self.spec.format.name());
            return Err(Box::new(Diagnosis::failed(self.path(), Problem::Encoding, message).hint("save it as UTF-8")));
        }
        let closure = follower.follow(self.root, self.main, &self.spec.references, modules_elsewhere);
        match &closure.dangling {
            Some(dangling) => Err(self.dangling(dangling, closure.more, follower.reading())),
            None => Ok(closure),
        }
    }

    fn dangling(&self, dangling: &Dangling, more: usize, reading: &Reading) -> Box<Diagnosis> {
        let target = &dangling.reference.target;
        let how = &dangling.reference.how;
        let (what, hint) = match dangling.wrong {
            Wrong::Missing => ("leads to a file that is not there", "add the file, or mend the reference".to_owned()),
            Wrong::Above => (
                "leads out of the folder of the main file",
                "Exchange wants the main file in the root of the archive: move it up to a folder that holds everything \
                 it refers to, or copy what it refers to below it"
                    .to_owned(),
            ),
            Wrong::Machine => {
                ("leads out of the source", "use a path relative to the file, within the source".to_owned())
            }
            Wrong::NotAFile => ("leads to a folder or a device", "refer to a file".to_owned()),
        };
        let others = match more {
            0 => String::new(),
            1 => " (and one more reference)".to_owned(),
            more => format!(" (and {more} more references)"),
        };
        let of = if dangling.file == self.path() { String::new() } else { format!("; part of {}", self.path()) };
        let message = format!("{how} `{target}` {what}{others}{of}");
        let mut diagnosis = Diagnosis::failed(&dangling.file, Problem::Reference, message).hint(hint);
        if let Some((line, column)) = detect::place(dangling, reading) {
            diagnosis = diagnosis.at(line, column);
        }
        Box::new(diagnosis)
    }
}

/// The values that the specification itself gives.
pub(crate) fn facts(spec: &Spec) -> Facts {
    let mut facts = Facts::default();
    // A version that begins with no number says nothing; it is as if it was not there.
    if let Some(version) = spec.version.as_deref().filter(|text| Version::map(text).is_some()) {
        facts.fill("version", version, Origin::Specification(None));
    }
    facts.fill_some("description", spec.description.as_deref(), Origin::Specification(None));
    facts
}

/// The type of asset, and the files to send, for a main file in the root of its archive.
pub(crate) fn files(
    format: &Format,
    root: &Utf8Path,
    main: &Utf8Path,
    members: &[Utf8PathBuf],
) -> (AssetType, Vec<DraftFile>) {
    let zip = |classifier: &str| DraftFile {
        key: FileKey::new(classifier, "zip"),
        content: FileContent::Zip { root: root.to_owned(), members: members.to_vec() },
    };
    let single = |classifier: &str, packaging: &str| DraftFile {
        key: FileKey::new(classifier, packaging),
        content: FileContent::File(root.join(main)),
    };
    match format {
        Format::Oas => (AssetType::RestApi, vec![zip("oas")]),
        Format::RamlApi | Format::RamlOverlay(_) => (AssetType::RestApi, vec![zip("raml")]),
        Format::RamlFragment(_) => (AssetType::RamlFragment, vec![zip("raml-fragment")]),
        // A single `.json` is refused (EXCHANGE.md §10, C17), so AsyncAPI always travels in an archive.
        Format::AsyncApi => (AssetType::EventedApi, vec![zip("evented-api")]),
        Format::Wsdl => (AssetType::SoapApi, vec![zip("wsdl")]),
        Format::GraphQl(false) => (AssetType::Graphql, vec![single("graphql", "graphql")]),
        Format::GraphQl(true) => (AssetType::Graphql, vec![single("graphql-apollo", "graphql")]),
        Format::Protobuf if members.len() == 1 => (AssetType::GrpcApi, vec![single("protobuf", "proto")]),
        Format::Protobuf => (AssetType::GrpcApi, vec![zip("protobuf")]),
        Format::AgentCard => (AssetType::Agent, vec![single("a2a-card", "json")]),
        // The registry's server.json is not the metadata file that Exchange reads: the asset carries name, version and
        // description, and no file.
        Format::Mcp => (AssetType::Mcp, Vec::new()),
        Format::Ruleset if members.len() <= 1 => (AssetType::Ruleset, vec![single("ruleset", "yaml")]),
        Format::Ruleset => (AssetType::Ruleset, vec![zip("ruleset")]),
        Format::PolicyDefinition | Format::Unsupported(_) => (AssetType::Custom, Vec::new()),
    }
}

/// Whether the publish call of this format wants `properties.mainFile`.
pub(crate) fn wants_main_file(format: &Format) -> bool {
    !matches!(format, Format::AgentCard | Format::Mcp | Format::PolicyDefinition | Format::Unsupported(_))
}

/// Root documents of which no asset can be made.
pub(crate) fn refused(path: &Utf8Path, format: &Format) -> Option<Box<Diagnosis>> {
    let (message, hint) = match format {
        Format::Unsupported(name) => (format!("{name}: Exchange does not take it"), "convert it to OpenAPI 2 or 3"),
        Format::RamlOverlay(name) => {
            (format!("{name}: changes an API and is none itself"), "apply it to its API and publish the result")
        }
        _ => return None,
    };
    Some(Box::new(Diagnosis::skipped(path, Problem::Unsupported, message).hint(hint)))
}

/// A policy definition is two files: the metadata, and the schema of its configuration beside it (EXCHANGE.md §2.1).
fn policy(path: &Utf8Path) -> Result<Vec<DraftFile>, Box<Diagnosis>> {
    let folder = path.parent().unwrap_or(Utf8Path::new(""));
    let stem = path.file_stem().unwrap_or_default();
    let names = [
        "schema.json".to_owned(),
        format!("{stem}-schema.json"),
        format!("{stem}.schema.json"),
        format!("{stem}.json"),
    ];
    let schema = names
        .iter()
        .map(|name| folder.join(name))
        .find(|schema| schema.symlink_metadata().is_ok_and(|metadata| metadata.is_file()));
    let Some(schema) = schema else {
        let message = "policy definition without the schema of its configuration";
        let hint = format!("put `schema.json` or `{stem}-schema.json` beside it");
        return Err(Box::new(Diagnosis::skipped(path, Problem::Unsupported, message).hint(hint)));
    };
    Ok(vec![
        DraftFile { key: FileKey::new("schema", "json"), content: FileContent::File(schema) },
        DraftFile { key: FileKey::new("metadata", "yaml"), content: FileContent::File(path.to_owned()) },
    ])
}

/// A lone specification that refers to files above its folder, within the source.
fn raised(
    path: &Utf8Path,
    relative: &Utf8Path,
    spec: &Spec,
    follower: &mut Follower,
) -> Option<(AssetType, Vec<DraftFile>)> {
    let top = Utf8Path::new(path.as_str().strip_suffix(relative.as_str())?);
    let Raised { root, main, members } = detect::raise(follower, top, relative, &spec.references)?;
    let members: Vec<Utf8PathBuf> = members.into_iter().collect();
    let all: Vec<Utf8PathBuf> = std::iter::once(&main).chain(&members).cloned().collect();
    let (asset_type, mut files) = files(&spec.format, &root, &main, &all);
    for file in &mut files {
        file.content = FileContent::Raised { root: root.clone(), main: main.clone(), members: members.clone() };
    }
    Some((asset_type, files))
}

/// A lone specification: `path` is its main file, and its folder is the root of the archive. Modules that it refers to
/// may be missing where `modules_elsewhere`.
pub(crate) fn lone(
    path: &Utf8Path,
    relative: &Utf8Path,
    spec: &Spec,
    follower: &mut Follower,
    modules_elsewhere: bool,
) -> Result<Found, Box<Diagnosis>> {
    let root = path.parent().unwrap_or(Utf8Path::new(""));
    let main = Utf8Path::new(path.file_name().unwrap_or_default());
    if let Some(refused) = refused(path, &spec.format) {
        return Err(refused);
    }
    let document = Document { root, main, spec };
    let (asset_type, files) = match document.collect(follower, modules_elsewhere) {
        Ok(_) if spec.format == Format::PolicyDefinition => (AssetType::Policy, policy(path)?),
        Ok(closure) => {
            let members: Vec<Utf8PathBuf> = closure.members.into_iter().collect();
            files(&spec.format, root, main, &members)
        }
        Err(diagnosis) => raised(path, relative, spec, follower).ok_or(diagnosis)?,
    };
    let mut facts = facts(spec);
    let mut derived = naming::derive(relative, spec.title.as_deref());
    naming::promote(&mut facts, &mut derived);
    if wants_main_file(&spec.format) {
        facts.fill("properties.mainFile", main.as_str(), Origin::Derived("the root document".to_owned()));
    }
    Ok(Found { path: path.to_owned(), asset_type, facts, derived, files })
}
