//! What happens to the files of a publication: they are looked into, rewritten and stored (EXCHANGE.md §2.3–§2.8).
//!
//! This reads and writes files and unpacks archives; it runs on a thread that may block.

use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

use serde_json::json;
use tempfile::SpooledTempFile;

use crate::asset::{AssetType, FileKey};

use super::super::{
    Quirk,
    app::Shared,
    portal::{self, Docs, DocsError},
    problem::Problem,
    store::FileRecord,
};
use super::{
    archive::{self, Contents},
    document::{self, Format},
    draft::{Draft, Options},
    facts,
    form::Upload,
    kinds, pom,
};

/// The files of a version, ready to be shown.
#[derive(Debug, Default)]
pub(super) struct Processed {
    pub(super) files: Vec<FileRecord>,
    pub(super) icon: Option<FileRecord>,
    /// What the main file turned out to be.
    pub(super) format: Option<Format>,
    /// Attributes that the files tell.
    pub(super) facts: BTreeMap<&'static str, String>,
    /// What the docs archive holds.
    pub(super) portal: Option<Docs>,
}

/// Why files are not taken.
#[derive(Debug)]
pub(super) enum Refused {
    /// They are not what they should be: told through the status link.
    Content(Problem),
    /// The sandbox itself failed: told at once.
    Internal(Problem),
}

impl From<DocsError> for Refused {
    fn from(error: DocsError) -> Self {
        match error {
            DocsError::Content(error) => content(error),
            DocsError::Io(error) => error.into(),
        }
    }
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Self::Internal(Problem::internal(&error))
    }
}

impl From<zip::result::ZipError> for Refused {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Internal(Problem::internal(&error))
    }
}

fn content(error: impl Into<String>) -> Refused {
    Refused::Content(Problem::invalid("INVALID_FILE_CONTENT", error))
}

fn metadata(error: impl Into<String>) -> Refused {
    Refused::Content(Problem::invalid("INVALID_ASSET_METADATA", error))
}

/// Looks into the files of a publication, makes those that Exchange adds, and stores all.
pub(super) fn process(shared: &Shared, draft: &mut Draft, options: &Options, now: i64) -> Result<Processed, Refused> {
    let mut uploads = std::mem::take(&mut draft.files);
    let mut checked = Vec::with_capacity(uploads.len());
    let mut format = None;
    for upload in &mut uploads {
        let found = if options.validate { check(draft, upload)? } else { None };
        if let Some(found) = &found {
            check_format(options, found)?;
        }
        format = format.or_else(|| found.clone());
        checked.push(found);
    }
    let facts = facts::of(&draft.asset_type, &mut uploads);
    let work = Work { shared, draft, options, now };
    let mut processed = Processed { format, facts, ..Processed::default() };
    for (mut upload, found) in uploads.into_iter().zip(checked) {
        if upload.key.classifier() == "icon" {
            let blob = shared.blobs.store(&mut upload.content)?;
            processed.icon =
                Some(FileRecord { key: upload.key, blob, main_file: None, generated: false, created: now });
            continue;
        }
        if upload.key.classifier() == "docs" {
            let orders = !shared.settings.quirks.has(Quirk::CreationOrder);
            let docs = portal::unpack(&shared.blobs, &mut upload.content, &draft.asset_type, orders)?;
            processed.portal = Some(docs);
        }
        work.store(upload, found.as_ref(), &mut processed.files)?;
    }
    if !draft.has_pom {
        let packaging = processed.files.first().map_or("pom", |file| file.key.packaging.as_str());
        let pom = pom::generate(&draft.gav, &draft.name, packaging, &draft.dependencies);
        let blob = shared.blobs.store_bytes(pom.as_bytes())?;
        processed.files.push(FileRecord {
            key: FileKey::bare("pom"),
            blob,
            main_file: None,
            generated: true,
            created: now,
        });
    }
    Ok(processed)
}

fn check_format(options: &Options, format: &Format) -> Result<(), Refused> {
    let media_type = format.media_type();
    if options.formats.is_empty() || !matches!(format.name, "raml" | "oas") || options.formats.contains(&media_type) {
        return Ok(());
    }
    Err(content(format!("The format {media_type} is not one of the allowed ones: {}", options.formats.join(", "))))
}

/// Looks into one file; the answer is what its main document turned out to be.
fn check(draft: &Draft, upload: &mut Upload) -> Result<Option<Format>, Refused> {
    let file = &mut upload.content;
    file.rewind()?;
    let classifier = upload.key.classifier();
    match (classifier, upload.key.packaging.as_str()) {
        ("docs", _) => {
            archive::inspect(file, "").map_err(content)?;
            Ok(None)
        }
        ("custom" | "icon", _) | ("", "pom") => Ok(None),
        (_, "jar") => check_jar(classifier, file).map(|()| None),
        (_, "zip") => check_zip(draft, classifier, file),
        ("metadata", _) => check_policy(draft, file).map(|()| None),
        (_, "json") if !matches!(classifier, "oas" | "evented-api") => {
            document::check_json(&format!("{classifier}.json"), &whole(file)?).map_err(content)?;
            Ok(None)
        }
        _ => {
            let name = draft.property("mainFile").unwrap_or(classifier).to_owned();
            document::check(classifier, &name, &whole(file)?).map(Some).map_err(content)
        }
    }
}

pub(super) fn whole(file: &mut SpooledTempFile) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn check_jar(classifier: &str, file: &mut SpooledTempFile) -> Result<(), Refused> {
    const FOLDER: &str = "META-INF/mule-artifact/";
    let contents = archive::inspect(file, "").map_err(content)?;
    if classifier.starts_with("mule-") && !contents.has(&format!("{FOLDER}mule-artifact.json")) {
        return Err(metadata("Could not find mule-artifact file inside jar file"));
    }
    if classifier == "mule-application-example" && !contents.has(&format!("{FOLDER}classloader-model.json")) {
        return Err(metadata("Could not find classloader-model file inside jar file"));
    }
    Ok(())
}

fn check_zip(draft: &Draft, classifier: &str, file: &mut SpooledTempFile) -> Result<Option<Format>, Refused> {
    let main = draft.property("mainFile").unwrap_or_default();
    let contents = archive::inspect(file, main).map_err(content)?;
    let has_main = matches!(
        classifier,
        "raml"
            | "oas"
            | "wsdl"
            | "evented-api"
            | "raml-fragment"
            | "graphql"
            | "protobuf"
            | "oas-components"
            | "oas-fragment"
            | "json-schema"
    );
    if !has_main || main.is_empty() {
        return Ok(None);
    }
    let Some(bytes) = main_file(classifier, main, contents)? else { return Ok(None) };
    document::check(classifier, main, &bytes).map(Some).map_err(content)
}

/// The extensions that the main file of a classifier may have; empty is any.
fn main_extensions(classifier: &str) -> &'static [&'static str] {
    match classifier {
        "raml" | "raml-fragment" => &[".raml"],
        "oas" | "oas-components" | "oas-fragment" | "evented-api" | "json-schema" => &[".yaml", ".yml", ".json"],
        "wsdl" => &[".wsdl", ".xml"],
        "graphql" | "graphql-apollo" => &[".graphql"],
        "protobuf" => &[".proto"],
        "ruleset" => &[".yaml", ".yml"],
        _ => &[],
    }
}

/// The files in the root folder of an archive that could be its main file, in the order of their names.
pub(in super::super) fn candidates(
    classifier: &str,
    file: &mut (impl Read + Seek),
    most: usize,
) -> Result<Vec<String>, String> {
    let extensions = main_extensions(classifier);
    if extensions.is_empty() {
        return Err(format!("Files of the classifier `{classifier}` have no main file"));
    }
    let matches = |name: &String| {
        let lower = name.to_ascii_lowercase();
        !name.contains('/') && name != "exchange.json" && extensions.iter().any(|extension| lower.ends_with(extension))
    };
    let mut names: Vec<String> = archive::inspect(file, "")?.names.into_iter().filter(matches).collect();
    names.sort_unstable();
    names.truncate(most);
    Ok(names)
}

/// The classifier of an archive that holds an API specification, told by its main file.
pub(in super::super) fn classifier_of(file: &mut SpooledTempFile, main: &str) -> Result<&'static str, Problem> {
    let invalid = |error: String| Problem::invalid("INVALID_FILE_CONTENT", error);
    let contents = archive::inspect(file, main).map_err(invalid)?;
    let bytes = contents.wanted.ok_or_else(|| invalid(format!("`{main}` is not in the archive")))?;
    let known = ["raml", "oas", "evented-api"];
    let found = known.into_iter().find(|classifier| document::check(classifier, main, &bytes).is_ok());
    found.ok_or_else(|| invalid(format!("`{main}` is neither RAML nor OAS nor AsyncAPI")))
}

/// The main file, which must be in the root folder of the archive (EXCHANGE.md §2.3).
fn main_file(classifier: &str, main: &str, contents: Contents) -> Result<Option<Vec<u8>>, Refused> {
    let extensions: &[&str] = match classifier {
        "raml" | "raml-fragment" => &[".raml"],
        "oas" => &[".yaml", ".yml", ".json"],
        "wsdl" => &[".wsdl", ".xml"],
        _ => &[],
    };
    if !extensions.is_empty() && !extensions.iter().any(|extension| contents.has_root_file(extension)) {
        let name = extensions[0];
        return Err(content(format!("The zip file does not contain a {name} file in the root directory")));
    }
    if main.contains('/') || contents.wanted.is_none() {
        return Err(content(format!("The main file `{main}` is not in the root directory of the zip file")));
    }
    Ok(contents.wanted)
}

fn check_policy(draft: &Draft, file: &mut SpooledTempFile) -> Result<(), Refused> {
    let bytes = whole(file)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| content("The metadata is not UTF-8"))?;
    if !text.trim_start_matches('\u{feff}').starts_with("#%Policy Definition 0.1") {
        return Err(metadata("The metadata does not begin with #%Policy Definition 0.1"));
    }
    let name =
        text.lines().find_map(|line| line.strip_prefix("name:")).map(|name| name.trim().trim_matches(['"', '\'']));
    match name {
        Some(name) if name != draft.name => {
            Err(metadata(format!("The name of the metadata is `{name}`, the asset's is `{}`", draft.name)))
        }
        _ => Ok(()),
    }
}

/// The making of files.
struct Work<'a> {
    shared: &'a Shared,
    draft: &'a Draft,
    options: &'a Options,
    now: i64,
}

impl Work<'_> {
    fn store(&self, mut upload: Upload, format: Option<&Format>, files: &mut Vec<FileRecord>) -> Result<(), Refused> {
        let classifier = upload.key.classifier().to_owned();
        let packaging = upload.key.packaging.clone();
        let is_rewritten = matches!(
            classifier.as_str(),
            "raml" | "oas" | "raml-fragment" | "oas-components" | "oas-fragment" | "json-schema"
        );
        let has_fat = is_rewritten || matches!(classifier.as_str(), "evented-api" | "graphql" | "wsdl");
        let main = self.draft.property("mainFile").map(str::to_owned);
        let main = main.filter(|_| kinds::is_primary(&upload.key));
        if self.options.strict || !has_fat {
            let blob = self.shared.blobs.store(&mut upload.content)?;
            files.push(self.record(upload.key, blob, main, false));
            return Ok(());
        }
        let exchange_json = self.exchange_json(&classifier, format);
        let is_archive = packaging == "zip" && archive::inspect(&mut upload.content, "").is_ok();
        let (primary, fat) = match (is_archive, is_rewritten) {
            (true, true) => {
                let keep = !self.draft.declares_dependencies;
                let mut thin = archive::rewrite(&mut upload.content, self.spool(), &exchange_json, keep)?;
                let mut fat = archive::rewrite(&mut upload.content, self.spool(), &exchange_json, true)?;
                (self.shared.blobs.store(&mut thin)?, self.shared.blobs.store(&mut fat)?)
            }
            (true, false) => {
                let blob = self.shared.blobs.store(&mut upload.content)?;
                (blob, blob)
            }
            (false, _) => {
                let bytes = whole(&mut upload.content)?;
                let fallback = format!("api.{packaging}");
                let name = main.as_deref().unwrap_or(&fallback);
                let mut fat = archive::pack(self.spool(), &[(name, &bytes), ("exchange.json", &exchange_json)])?;
                (self.shared.blobs.store(&mut upload.content)?, self.shared.blobs.store(&mut fat)?)
            }
        };
        files.push(self.record(upload.key, primary, main.clone(), false));
        files.push(self.record(FileKey::new(&format!("fat-{classifier}"), "zip"), fat, main, false));
        if self.draft.asset_type == AssetType::RestApi {
            files.push(self.opposite(&classifier)?);
        }
        Ok(())
    }

    fn spool(&self) -> SpooledTempFile {
        self.shared.blobs.spool()
    }

    fn record(
        &self,
        key: FileKey,
        blob: super::super::store::StoredBlob,
        main_file: Option<String>,
        generated: bool,
    ) -> FileRecord {
        FileRecord { key, blob, main_file, generated, created: self.now }
    }

    /// The description that Exchange puts into archives (EXCHANGE.md §2.8).
    fn exchange_json(&self, classifier: &str, format: Option<&Format>) -> Vec<u8> {
        let draft = self.draft;
        let dependencies = draft
            .dependencies
            .iter()
            .map(|gav| json!({ "groupId": gav.group_id, "assetId": gav.asset_id, "version": gav.version }));
        let document = json!({
            "main": draft.property("mainFile"),
            "name": draft.name,
            "classifier": classifier,
            "tags": draft.tags.as_deref().unwrap_or_default(),
            "groupId": draft.gav.group_id,
            "assetId": draft.gav.asset_id,
            "version": draft.gav.version,
            "apiVersion": draft.property("apiVersion"),
            "originalFormatVersion": format.and_then(|format| format.version.as_deref()),
            "organizationId": self.draft.organization,
            "dependencies": dependencies.collect::<Vec<_>>(),
        });
        serde_json::to_vec_pretty(&document).unwrap_or_default()
    }

    /// The same API in the other format: a small stub, since the sandbox converts nothing.
    fn opposite(&self, classifier: &str) -> Result<FileRecord, Refused> {
        let (draft, version) = (self.draft, self.draft.property("apiVersion").unwrap_or_default());
        let (other, main, document) = if classifier == "raml" {
            let document = json!({
                "swagger": "2.0",
                "info": { "title": draft.name, "version": version },
                "paths": {},
            });
            ("oas", "api.json", document.to_string())
        } else {
            ("raml", "api.raml", format!("#%RAML 1.0\ntitle: {}\nversion: {}\n", json!(draft.name), json!(version)))
        };
        let mut archive = archive::pack(self.spool(), &[(main, document.as_bytes())])?;
        let blob = self.shared.blobs.store(&mut archive)?;
        Ok(self.record(FileKey::new(other, "zip"), blob, Some(main.to_owned()), true))
    }
}
