//! A CSV manifest: one asset per row, read as a stream.

use std::ops::ControlFlow;

use camino::{Utf8Path, Utf8PathBuf};
use csv::ByteRecord;

use crate::asset::{AssetDraft, AssetType, Diagnosis, DraftFile, FileContent, FileKey, Origin, Problem, Sourced};

use super::columns::{self, Column, Columns};
use super::draft::{self, Found, Place};
use super::facts::Facts;
use super::table::{self, Table};
use super::waves::Wave;
use super::{Options, SourceError, docs, locate};

/// Scans a manifest. See [`super::Source::scan`].
pub(crate) fn scan(
    path: &Utf8Path,
    options: &Options,
    sink: &mut dyn FnMut(Sourced) -> ControlFlow<()>,
) -> Result<(), SourceError> {
    let (mut table, header) = Table::open(path)?;
    let columns = Columns::parse(path, &header)?;
    let wave = Wave::of(path, options.wave.as_deref(), columns.0.iter().map(|(name, _)| name.as_str()))?;
    let manifest = Manifest { path, base: columns::base(path), columns, options };
    table.rows_of(wave, &mut |line, record| {
        sink(match manifest.row(line, record) {
            Ok(draft) => Sourced::Draft(Box::new(draft)),
            Err(diagnosis) => Sourced::Diagnosis(diagnosis),
        })
    })
}

struct Manifest<'a> {
    path: &'a Utf8Path,
    base: Utf8PathBuf,
    columns: Columns,
    options: &'a Options,
}

/// The cells of one row, sorted by what they are.
#[derive(Default)]
struct Row {
    path: Option<String>,
    facts: Facts,
    files: Vec<(FileKey, String)>,
}

impl Manifest<'_> {
    fn row(&self, line: u64, record: &ByteRecord) -> Result<AssetDraft, Box<Diagnosis>> {
        let place = Place { path: self.path, line: Some(line) };
        let row = self.cells(&place, record)?;
        for name in ["docs", "icon"] {
            if let (Some(_), Some((key, _))) =
                (row.facts.get(name), row.files.iter().find(|(key, _)| key.classifier() == name))
            {
                let message = format!("columns \"{name}\" and \"{key}\": both name the same");
                return Err(Box::new(place.failed(Problem::Value, message).hint("fill in one of them")));
            }
        }
        // Documentation and icon say nothing about what the asset is: they go along with what the path leads to. So does
        // a POM.
        let has_path = row.path.is_some();
        let goes_along =
            |key: &FileKey| matches!(key.classifier(), "docs" | "icon") || (has_path && *key == FileKey::bare("pom"));
        let only_extras = row.files.iter().all(|(key, _)| goes_along(key));
        let found = match row.path {
            Some(path) if only_extras => {
                let mut found = self.located(&place, row.facts, &path)?;
                let extras = self.named(&place, row.files)?;
                found.files.retain(|file| !extras.iter().any(|extra| is_same_part(&extra.key, &file.key)));
                found.files.extend(extras);
                found
            }
            _ if only_extras => {
                let extras = self.named(&place, row.files)?;
                Found { files: extras, ..fileless(&place, self.path, row.facts)? }
            }
            _ => self.explicit(&place, row.facts, row.files)?,
        };
        draft::finish(found, &place, self.options)
    }

    fn cells(&self, place: &Place<'_>, record: &ByteRecord) -> Result<Row, Box<Diagnosis>> {
        let names = &self.columns.0;
        let texts = table::texts(place, names.iter().map(|(name, _)| name.as_str()), record)?;
        let mut row = Row::default();
        for ((name, column), text) in names.iter().zip(texts) {
            if text.is_empty() {
                continue;
            }
            match column {
                Column::Path => row.path = Some(text.to_owned()),
                Column::Fact => row.facts.fill(name, text, Origin::Manifest(name.clone())),
                Column::Wave => {}
                Column::File(key) => row.files.push((key.clone(), text.to_owned())),
            }
        }
        Ok(row)
    }

    /// The files that the row names.
    fn named(&self, place: &Place<'_>, named: Vec<(FileKey, String)>) -> Result<Vec<DraftFile>, Box<Diagnosis>> {
        let mut files = Vec::with_capacity(named.len());
        let mut missing = Vec::new();
        for (key, text) in named {
            let path = self.base.join(&text);
            match path.metadata() {
                Ok(metadata) if metadata.is_file() => files.push(DraftFile { key, content: FileContent::File(path) }),
                Ok(metadata) if metadata.is_dir() && key.classifier() == "docs" => {
                    files.push(docs::of_path(&self.base, &path, place, self.options)?);
                }
                Ok(metadata) if metadata.is_dir() && key.packaging == "zip" => {
                    let members = locate::members(&path, self.options);
                    files.push(DraftFile { key, content: FileContent::Zip { root: path, members } });
                }
                Ok(_) => missing.push(format!("column \"{key}\": `{text}` is no file")),
                Err(_) => missing.push(format!("column \"{key}\": `{text}` is not there")),
            }
        }
        if !missing.is_empty() {
            let hint = "paths are relative to the folder of the manifest";
            return Err(Box::new(place.failed(Problem::Missing, missing.join("; ")).hint(hint)));
        }
        Ok(files)
    }

    /// A row that names its files: nothing is detected, and nothing is read.
    fn explicit(
        &self,
        place: &Place<'_>,
        facts: Facts,
        named: Vec<(FileKey, String)>,
    ) -> Result<Found, Box<Diagnosis>> {
        let files = self.named(place, named)?;
        let asset_type = type_of(&files);
        let content = draft::content(&files);
        let first = content.and_then(|file| match &file.content {
            FileContent::File(path) | FileContent::Zip { root: path, .. } => Some(path.clone()),
            FileContent::Raised { .. } | FileContent::Docs(_) => None,
        });
        let mut derived = first.as_ref().map(|path| super::naming::derive(path, None)).unwrap_or_default();
        // A single specification is its own main file; which one it is in an archive, only the row can tell.
        if let Some(file) = content.filter(|file| !matches!(file.key.packaging.as_str(), "zip" | "jar"))
            && wants_main_file(&asset_type)
            && let FileContent::File(path) = &file.content
        {
            let name = path.file_name().unwrap_or_default();
            derived.fill("properties.mainFile", name, Origin::Derived("the only file".to_owned()));
        }
        Ok(Found { path: self.path.to_owned(), asset_type, facts, derived, files })
    }

    /// A path that the row names: what it is, is detected.
    fn located(&self, place: &Place<'_>, mut facts: Facts, text: &str) -> Result<Found, Box<Diagnosis>> {
        let path = self.base.join(text);
        let path: Utf8PathBuf = path.components().collect();
        let metadata = path.metadata().map_err(|error| {
            let (problem, why) = match error.kind() {
                std::io::ErrorKind::NotFound => (Problem::Missing, "is not there".to_owned()),
                kind => (Problem::Unreadable, format!("cannot be read: {kind}")),
            };
            let message = format!("column \"path\": `{text}` {why}");
            Box::new(place.failed(problem, message).hint("paths are relative to the folder of the manifest"))
        })?;
        let found = if metadata.is_dir() {
            locate::folder(&path, self.options)
        } else if metadata.is_file() {
            locate::file(&path, Utf8Path::new(text), facts.get("type"), self.options)
        } else {
            let message = format!("column \"path\": `{text}` is a device, a socket or a FIFO");
            return Err(Box::new(place.failed(Problem::Unreadable, message)));
        };
        let mut found = found.map_err(|mut diagnosis| {
            // The place within the input says more than the line of the manifest; both are told.
            diagnosis.message = format!("{} (named by {}:{})", diagnosis.message, self.path, place.line.unwrap_or(0));
            diagnosis
        })?;
        facts.fill_from(found.facts);
        found.facts = facts;
        self.path.clone_into(&mut found.path);
        Ok(found)
    }
}

/// Whether one file takes the place of another: there is one icon, whatever its kind.
fn is_same_part(a: &FileKey, b: &FileKey) -> bool {
    a == b || (a.classifier.is_some() && a.classifier == b.classifier)
}

/// The type that the classifier of the main file implies (EXCHANGE.md §2.1).
fn type_of(files: &[DraftFile]) -> AssetType {
    let known = files.iter().find_map(|file| match (file.key.classifier(), file.key.packaging.as_str()) {
        ("raml" | "oas", _) => Some(AssetType::RestApi),
        ("wsdl", _) => Some(AssetType::SoapApi),
        ("evented-api", _) => Some(AssetType::EventedApi),
        ("graphql" | "graphql-apollo", _) => Some(AssetType::Graphql),
        ("protobuf", _) => Some(AssetType::GrpcApi),
        ("raml-fragment" | "oas-components" | "oas-fragment" | "json-schema", _) => Some(AssetType::RamlFragment),
        ("mule-plugin", _) => Some(AssetType::Extension),
        ("mule-application", _) => Some(AssetType::App),
        ("mule-application-template", _) => Some(AssetType::Template),
        ("mule-application-example", _) => Some(AssetType::Example),
        ("mule-policy" | "policy-definition" | "schema" | "metadata", _) => Some(AssetType::Policy),
        ("studio-plugin", _) => Some(AssetType::Connector),
        ("ruleset", _) => Some(AssetType::Ruleset),
        ("external-library", _) => Some(AssetType::ExternalLibrary),
        ("mcp-metadata", _) => Some(AssetType::Mcp),
        ("agent-metadata" | "a2a-card", _) => Some(AssetType::Agent),
        ("llm-metadata", _) => Some(AssetType::Llm),
        _ => None,
    });
    known.unwrap_or(AssetType::Custom)
}

fn wants_main_file(asset_type: &AssetType) -> bool {
    asset_type.requires_api_version() || matches!(asset_type, AssetType::Graphql | AssetType::RamlFragment)
}

/// A row that names no file: only some types do without.
fn fileless(place: &Place<'_>, path: &Utf8Path, facts: Facts) -> Result<Found, Box<Diagnosis>> {
    let Some(text) = facts.get("type") else {
        let message = "neither a path nor a file nor a type is given";
        return Err(Box::new(
            place.failed(Problem::Value, message).hint("fill in \"path\", or \"type\" for an asset without a file"),
        ));
    };
    let Ok(asset_type) = text.parse::<AssetType>();
    let needs_none = matches!(
        asset_type,
        AssetType::Custom
            | AssetType::HttpApi
            | AssetType::SoapApi
            | AssetType::Mcp
            | AssetType::Agent
            | AssetType::Llm
            // Refused later, with the reason.
            | AssetType::ApiGroup
    );
    if !needs_none {
        let message = format!("column \"type\": a {asset_type} needs a file");
        let hint = "fill in \"path\" or a \"files.<classifier>.<packaging>\" column";
        return Err(Box::new(place.failed(Problem::Value, message).hint(hint)));
    }
    Ok(Found { path: path.to_owned(), asset_type, facts, derived: Facts::default(), files: Vec::new() })
}
