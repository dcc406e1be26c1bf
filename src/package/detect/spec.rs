//! One file that is the root document of a format: what it is and what it says about itself.

use std::borrow::Cow;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::lexical;
use super::outline::{Dialect, Outline};
use super::refs::Reference;
use super::syntax::{self, Language, SyntaxError};
use super::text::{self, Encoding};
use super::xml;

/// The formats that make a file an asset of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Format {
    /// OpenAPI 2 (Swagger) or 3, in JSON or YAML.
    Oas,
    /// AsyncAPI 2 or 3.
    AsyncApi,
    /// A RAML API.
    RamlApi,
    /// A RAML overlay or extension: it changes an API, and is none.
    RamlOverlay(Cow<'static, str>),
    /// A RAML fragment, by its kind: `Library`, `DataType`, …
    RamlFragment(String),
    /// WSDL 1.1 or 2.0.
    Wsdl,
    /// A GraphQL schema; `true` for one of an Apollo federation.
    GraphQl(bool),
    /// A protobuf definition with a service.
    Protobuf,
    /// The card of an agent (A2A).
    AgentCard,
    /// The `server.json` of the MCP registry, or the `manifest.json` of an MCP bundle.
    Mcp,
    /// A governance ruleset (`#%Validation Profile`).
    Ruleset,
    /// A policy definition (`#%Policy Definition`).
    PolicyDefinition,
    /// A format that Exchange does not take, by its name.
    Unsupported(Cow<'static, str>),
}

impl Format {
    /// The name of the format, for people.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Oas => "OpenAPI",
            Self::AsyncApi => "AsyncAPI",
            Self::RamlApi => "RAML",
            Self::RamlOverlay(kind) | Self::Unsupported(kind) => kind,
            Self::RamlFragment(_) => "RAML fragment",
            Self::Wsdl => "WSDL",
            Self::GraphQl(_) => "GraphQL",
            Self::Protobuf => "protobuf",
            Self::AgentCard => "agent card",
            Self::Mcp => "MCP server",
            Self::Ruleset => "ruleset",
            Self::PolicyDefinition => "policy definition",
        }
    }
}

/// What a root document says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// What it is.
    pub(crate) format: Format,
    /// The title, as it is written.
    pub(crate) title: Option<String>,
    /// The version, as it is written.
    pub(crate) version: Option<String>,
    /// The description, as it is written.
    pub(crate) description: Option<String>,
    /// The files that it refers to, as they are written.
    pub(crate) references: Vec<Reference>,
    /// Whether it is complete without the documents that refer to it: an API with paths, a WSDL with a service.
    pub(crate) stands_alone: bool,
    /// How the bytes spell text.
    pub(crate) encoding: Encoding,
}

/// Why a file that was meant as a specification is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum SpecError {
    /// Neither UTF-8 nor UTF-16.
    #[error("{format} file is not UTF-8 text")]
    Encoding { format: Cow<'static, str>, line: u64, column: u64 },
    /// Broken JSON, YAML or XML.
    #[error("{format} file cannot be parsed: {}", error.message)]
    Syntax { format: Cow<'static, str>, error: SyntaxError },
}

/// The first look at the beginning of a file: what it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guess {
    Raml,
    Structured,
    Xml,
    GraphQl,
    Protobuf,
    Marked,
}

/// The file extensions in which specifications are looked for.
const EXTENSIONS: &[&str] =
    &["json", "yaml", "yml", "raml", "wsdl", "xml", "graphql", "graphqls", "gql", "proto", "oas", "swagger"];

/// Whether a file of this name is worth opening.
pub(crate) fn is_worth_a_look(path: &Utf8Path) -> bool {
    match path.extension() {
        Some(extension) => EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)),
        None => true,
    }
}

/// What the text of a file may be, without parsing it.
pub(crate) fn guess(path: &Utf8Path, text: &str) -> Option<Guess> {
    let start = text.trim_start();
    if let Some(mark) = start.strip_prefix("#%") {
        return match mark {
            raml if raml.starts_with("RAML") => Some(Guess::Raml),
            other if other.starts_with("Validation Profile") || other.starts_with("Policy ") => Some(Guess::Marked),
            _ => None,
        };
    }
    match path.extension().map(str::to_ascii_lowercase).as_deref() {
        Some("graphql" | "graphqls" | "gql") => Some(Guess::GraphQl),
        Some("proto") => Some(Guess::Protobuf),
        Some("wsdl") => Some(Guess::Xml),
        Some("raml") => None,
        _ if start.starts_with('<') => {
            (text.contains("schemas.xmlsoap.org/wsdl") || text.contains("www.w3.org/ns/wsdl")).then_some(Guess::Xml)
        }
        _ => lexical::mentions_a_root_key(text).then_some(Guess::Structured),
    }
}

/// Whether a file deserves to be parsed: cheap, and never wrong about a file that is a root document.
pub(crate) fn is_candidate(path: &Utf8Path, bytes: &[u8]) -> bool {
    text::decode(bytes).map_or(true, |decoded| guess(path, &decoded.text).is_some())
}

/// The format that a file was surely meant in, by its beginning.
pub(crate) fn meant_as(path: &Utf8Path, head: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(head);
    guess(path, &text).and_then(|guess| lexical::meant_as(guess, &text))
}

/// Reads a root document. `Ok(None)` when the file is none.
pub(crate) fn read(path: &Utf8Path, bytes: &[u8]) -> Result<Option<Spec>, SpecError> {
    let decoded = match text::decode(bytes) {
        Ok(decoded) => decoded,
        Err(place) => {
            let head = String::from_utf8_lossy(bytes);
            return match guess(path, &head).and_then(|guess| lexical::meant_as(guess, &head)) {
                Some(format) => {
                    Err(SpecError::Encoding { format: format.into(), line: place.line, column: place.column })
                }
                None => Ok(None),
            };
        }
    };
    let text = decoded.text.as_ref();
    let Some(guess) = guess(path, text) else { return Ok(None) };
    let is_json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    let broken = |error: SyntaxError| match lexical::meant_as(guess, text) {
        Some(format) => Err(SpecError::Syntax { format: format.into(), error }),
        None => Ok(None),
    };
    let found = match guess {
        Guess::Raml => match syntax::yaml(text, Dialect::Raml) {
            Ok(outline) => raml(text, outline),
            Err(error) => return broken(error),
        },
        Guess::Structured => match syntax::read(text, is_json, Dialect::Refs) {
            Ok((outline, language)) => structured(outline, language),
            Err(error) => return broken(error),
        },
        Guess::Marked => match syntax::yaml(text, Dialect::Refs) {
            Ok(outline) => marked(text, &outline),
            Err(error) => return broken(error),
        },
        Guess::Xml => match xml::read(text) {
            Ok(outline) => wsdl(outline),
            Err(error) => return broken(error),
        },
        Guess::GraphQl => lexical::graphql(text).map(|federated| Spec::bare_of(Format::GraphQl(federated))),
        Guess::Protobuf => lexical::protobuf(text).map(protobuf),
    };
    Ok(found.map(|mut spec| {
        spec.references.retain(Reference::may_lead_to_a_file);
        Spec { encoding: decoded.encoding, ..spec }
    }))
}

impl Spec {
    /// A document of which nothing is known but its format.
    pub(crate) fn bare_of(format: Format) -> Self {
        Self {
            format,
            title: None,
            version: None,
            description: None,
            references: Vec::new(),
            stands_alone: true,
            encoding: Encoding::Utf8,
        }
    }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn raml(text: &str, outline: Outline) -> Option<Spec> {
    let header = text.trim_start().lines().next().unwrap_or_default();
    let mut words = header.split_ascii_whitespace().skip(1);
    let _version = words.next().filter(|version| matches!(*version, "0.8" | "1.0"))?;
    let format = match words.next() {
        None => Format::RamlApi,
        Some("Overlay") => Format::RamlOverlay("RAML overlay".into()),
        Some("Extension") => Format::RamlOverlay("RAML extension".into()),
        Some(kind) => Format::RamlFragment(kind.to_owned()),
    };
    let title = owned(outline.get("title").or(outline.get("usage")).filter(|_| format == Format::RamlApi));
    Some(Spec {
        title,
        version: owned(outline.get("version")),
        description: owned(outline.get("description").or(outline.get("usage"))),
        references: outline.references,
        stands_alone: false,
        ..Spec::bare_of(format)
    })
}

fn structured(outline: Outline, language: Language) -> Option<Spec> {
    let format = root_format(&outline)?;
    let info = |key: &str| owned(outline.get(&format!("info.{key}")).or(outline.get(key)));
    let (mut title, mut version, mut description) = (info("title"), info("version"), info("description"));
    if matches!(format, Format::AgentCard | Format::Mcp) {
        title = owned(
            outline.get("title").or(outline.get("display_name")).or(outline.get("displayName")).or(outline.get("name")),
        );
        version = owned(outline.get("version").or(outline.get("version_detail.version")));
        description = owned(outline.get("description"));
    }
    // AsyncAPI and OpenAPI alike: without paths, channels or webhooks it is a library of components.
    let stands_alone = match format {
        Format::Oas => outline.size("paths") + outline.size("webhooks") > 0,
        Format::AsyncApi => outline.size("channels") + outline.size("operations") > 0,
        _ => language == Language::Json || language == Language::Yaml,
    };
    let references = if matches!(format, Format::Oas | Format::AsyncApi) { outline.references } else { Vec::new() };
    Some(Spec { title, version, description, references, stands_alone, ..Spec::bare_of(format) })
}

/// What the keys of the top level make a document.
fn root_format(outline: &Outline) -> Option<Format> {
    // `swagger: true` is somebody's configuration.
    let version = |key: &str| outline.get(key).filter(|text| text.starts_with(|c: char| c.is_ascii_digit()));
    if let Some(version) = version("openapi") {
        return Some(if version.starts_with('3') {
            Format::Oas
        } else {
            Format::Unsupported("OpenAPI of this version".into())
        });
    }
    if let Some(version) = version("swagger") {
        // `2` is what is left of an unquoted 2.0 after some editors.
        return Some(if version.starts_with('2') {
            Format::Oas
        } else {
            Format::Unsupported("Swagger of this version".into())
        });
    }
    if version("asyncapi").is_some() {
        return Some(Format::AsyncApi);
    }
    if outline.has("swaggerVersion") && (outline.has("apis") || outline.has("apiVersion")) {
        return Some(Format::Unsupported("Swagger 1".into()));
    }
    let is_card = outline.has("name")
        && outline.has("skills")
        && outline.has("version")
        && (outline.has("capabilities") || outline.has("defaultInputModes") || outline.has("url"));
    if is_card {
        return Some(Format::AgentCard);
    }
    let is_registry = outline.get("$schema").is_some_and(|schema| {
        schema.contains("modelcontextprotocol") && schema.contains("server") && outline.has("name")
    });
    let is_old_registry = outline.has("name") && outline.get("version_detail.version").is_some();
    let is_bundle =
        (outline.has("manifest_version") || outline.has("dxt_version")) && outline.has("server") && outline.has("name");
    (is_registry || is_old_registry || is_bundle).then_some(Format::Mcp)
}

fn marked(text: &str, outline: &Outline) -> Option<Spec> {
    let start = text.trim_start();
    let format = if start.starts_with("#%Validation Profile") {
        Format::Ruleset
    } else if start.starts_with("#%Policy Definition") {
        Format::PolicyDefinition
    } else {
        return None;
    };
    Some(Spec {
        title: owned(outline.get("profile").or(outline.get("name"))),
        version: owned(outline.get("version")),
        description: owned(outline.get("description")),
        ..Spec::bare_of(format)
    })
}

/// A protobuf file is titled by its full service name, since that is what tells `v2` and `v3` apart.
fn protobuf(file: lexical::Proto) -> Spec {
    let service = file.services.into_iter().next();
    let title = match (&file.package, service) {
        (Some(package), Some(service)) => Some(format!("{package}.{service}")),
        (_, service) => service,
    };
    // By convention the last part of the package is its major version.
    let last = file.package.as_deref().and_then(|package| package.rsplit('.').next());
    let version =
        last.filter(|part| part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())));
    Spec { title, version: owned(version), references: file.imports, ..Spec::bare_of(Format::Protobuf) }
}

fn wsdl(outline: xml::XmlOutline) -> Option<Spec> {
    if !matches!(outline.root, xml::Root::Wsdl1 | xml::Root::Wsdl2) {
        return None;
    }
    let service = outline.services.iter().find(|name| !name.is_empty()).cloned();
    Some(Spec {
        title: outline.name.filter(|name| !name.trim().is_empty()).or(service),
        description: owned(outline.documentation.as_deref()),
        references: outline.references,
        stands_alone: !outline.services.is_empty(),
        ..Spec::bare_of(Format::Wsdl)
    })
}
