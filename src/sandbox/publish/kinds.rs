//! Which files and properties a type of asset takes, and how the type follows from the files (EXCHANGE.md §2.1).

use axum::http::StatusCode;

use crate::asset::{AssetType, FileKey};

use super::super::{Quirk, Quirks, problem::Problem};

/// Extensions that a custom asset may have (EXCHANGE.md §2.5).
const CUSTOM: &[&str] = &[
    "jpg", "jpeg", "png", "gif", "svg", "docx", "pdf", "pptx", "rtf", "vsdx", "vssx", "zip", "tgz", "jar", "gz", "7z",
    "txt", "json", "raml", "yaml", "yml", "md", "csv", "xml", "xsd", "wsdl", "html", "pom", "log", "sql",
];

/// Extensions of icons (EXCHANGE.md §2.6).
const ICONS: &[&str] = &["gif", "jpg", "jpeg", "png", "svg"];

/// A classifier that tells the type, and the packagings it may have.
struct Rule {
    classifier: &'static str,
    packagings: &'static [&'static str],
    asset_type: AssetType,
}

const fn rule(classifier: &'static str, packagings: &'static [&'static str], asset_type: AssetType) -> Rule {
    Rule { classifier, packagings, asset_type }
}

const RULES: &[Rule] = &[
    rule("raml", &["zip", "raml"], AssetType::RestApi),
    rule("oas", &["zip", "yaml", "yml", "json"], AssetType::RestApi),
    rule("wsdl", &["zip", "wsdl", "xml"], AssetType::SoapApi),
    rule("evented-api", &["zip", "yaml", "yml"], AssetType::EventedApi),
    rule("graphql", &["graphql", "zip"], AssetType::Graphql),
    rule("graphql-apollo", &["graphql"], AssetType::Graphql),
    rule("protobuf", &["proto", "zip"], AssetType::GrpcApi),
    rule("raml-fragment", &["zip", "raml"], AssetType::RamlFragment),
    rule("oas-components", &["zip", "yaml", "yml", "json"], AssetType::RamlFragment),
    rule("oas-fragment", &["zip", "yaml", "yml", "json"], AssetType::RamlFragment),
    rule("json-schema", &["zip", "json", "yaml", "yml"], AssetType::RamlFragment),
    rule("custom", CUSTOM, AssetType::Custom),
    rule("mule-plugin", &["jar"], AssetType::Extension),
    rule("studio-plugin", &["zip"], AssetType::Connector),
    rule("mule-application", &["jar"], AssetType::App),
    rule("mule-application-template", &["jar"], AssetType::Template),
    rule("mule-application-example", &["jar"], AssetType::Example),
    rule("mule-policy", &["jar"], AssetType::Policy),
    rule("policy-definition", &["yaml", "yml"], AssetType::Policy),
    rule("schema", &["json"], AssetType::Policy),
    rule("metadata", &["yaml", "yml"], AssetType::Policy),
    rule("ruleset", &["yaml", "yml", "zip"], AssetType::Ruleset),
    rule("external-library", &["jar"], AssetType::ExternalLibrary),
    rule("mcp-metadata", &["json"], AssetType::Mcp),
    rule("agent-metadata", &["json"], AssetType::Agent),
    rule("a2a-card", &["json"], AssetType::Agent),
    rule("llm-metadata", &["json"], AssetType::Llm),
];

/// Whether a file goes along with any type and tells nothing about it.
fn is_companion(key: &FileKey) -> bool {
    let classifier = key.classifier();
    matches!(classifier, "icon" | "docs")
        || (classifier.is_empty() && matches!(key.packaging.as_str(), "pom" | "jar"))
        || ["fat-", "light-", "original-"].iter().any(|prefix| classifier.starts_with(prefix))
}

fn undetermined(error: impl Into<String>) -> Problem {
    Problem::publication(
        StatusCode::BAD_REQUEST,
        "COULD_NOT_DETERMINE_ASSET_TYPE",
        "Could not determine the asset type",
        error,
    )
}

fn missing_files(asset_type: &AssetType) -> Problem {
    let keys: Vec<String> = RULES
        .iter()
        .filter(|rule| rule.asset_type == *asset_type)
        .flat_map(|rule| rule.packagings.iter().map(|packaging| format!("{}.{packaging}", rule.classifier)))
        .collect();
    Problem::publication(
        StatusCode::BAD_REQUEST,
        "MISSING_FILES_ERROR",
        "The asset is missing files",
        format!("An asset of type {asset_type} needs one of these files: {}", keys.join(", ")),
    )
}

/// Finds the type of an asset from what its files and its publisher say.
///
/// The files decide; a known type that contradicts them is refused, an unknown one (`RAML`, `oas`) is not listened to.
pub(super) fn determine(
    declared: Option<&str>,
    files: &[&FileKey],
    has_link: bool,
    quirks: &Quirks,
) -> Result<AssetType, Problem> {
    let has_link = has_link && !quirks.has(Quirk::SoapNeedsFile);
    check_companions(files)?;
    let declared_type = declared.map(|text| match text {
        "connector" => AssetType::Connector,
        other => {
            let Ok(known) = other.parse();
            known
        }
    });
    let known = declared_type.filter(|t| !matches!(t, AssetType::Other(_)));
    let primary: Vec<&FileKey> = files.iter().copied().filter(|key| !is_companion(key)).collect();
    let Some(inferred) = infer(&primary, quirks)? else {
        return without_file(declared, known, &primary, has_link);
    };
    match known {
        Some(known) if !agrees(&known, &inferred) => Err(undetermined(format!(
            "The type `{known}` contradicts the files, which are those of the type `{inferred}`"
        ))),
        _ => Ok(inferred),
    }
}

/// Refuses an icon of a format that icons do not have.
pub(in super::super) fn check_icon(key: &FileKey) -> Result<(), Problem> {
    check_companions(&[key])
}

fn check_companions(files: &[&FileKey]) -> Result<(), Problem> {
    for key in files {
        let packagings: &[&str] = match key.classifier() {
            "icon" => ICONS,
            "docs" => &["zip"],
            _ => continue,
        };
        if !packagings.contains(&key.packaging.as_str()) {
            return Err(Problem::publication(
                StatusCode::BAD_REQUEST,
                "INVALID_FILE_IDENTIFIER_ERROR",
                "Invalid file identifier",
                format!("The packaging of `{key}` must be one of {}", packagings.join(", ")),
            ));
        }
    }
    Ok(())
}

/// The type that the classifiers tell, if any does.
fn infer(primary: &[&FileKey], quirks: &Quirks) -> Result<Option<AssetType>, Problem> {
    let mut inferred: Option<AssetType> = None;
    for key in primary {
        let Some(rule) = RULES.iter().find(|rule| rule.classifier == key.classifier()) else { continue };
        let is_asyncapi_json = rule.asset_type == AssetType::EventedApi && key.packaging == "json";
        let is_taken = is_asyncapi_json && quirks.has(Quirk::AsyncapiJson);
        if !is_taken && !rule.packagings.contains(&key.packaging.as_str()) {
            return Err(missing_files(&rule.asset_type));
        }
        match &inferred {
            Some(other) if *other != rule.asset_type => {
                return Err(undetermined(format!(
                    "The files are those of the types `{other}` and `{}`",
                    rule.asset_type
                )));
            }
            _ => inferred = Some(rule.asset_type.clone()),
        }
    }
    let has = |classifier: &str| primary.iter().any(|key| key.classifier() == classifier);
    if inferred == Some(AssetType::Policy)
        && !(has("mule-policy") && has("policy-definition") || has("schema") && has("metadata"))
    {
        return Err(missing_files(&AssetType::Policy));
    }
    Ok(inferred)
}

fn without_file(
    declared: Option<&str>,
    known: Option<AssetType>,
    primary: &[&FileKey],
    has_link: bool,
) -> Result<AssetType, Problem> {
    let Some(known) = known else {
        return Err(match declared {
            None => undetermined("The type is missing, and no file tells it"),
            Some(declared) => undetermined(format!("The type `{declared}` is unknown, and no file tells another")),
        });
    };
    match &known {
        // A metadata file under a wrong name makes a language model, an agent or a server without metadata.
        AssetType::HttpApi | AssetType::Mcp | AssetType::Agent | AssetType::Llm => Ok(known),
        AssetType::Custom if primary.is_empty() => Ok(known),
        AssetType::SoapApi if primary.is_empty() && has_link => Ok(known),
        AssetType::ApiGroup => Err(undetermined("API groups are made by API Manager")),
        // Seen on the real platform: this name is not taken for a misspelling of `evented-api`.
        _ if primary.iter().any(|key| key.classifier() == "asyncapi") => {
            Err(undetermined("No file with the classifier `asyncapi` is known"))
        }
        _ if primary.is_empty() => Err(undetermined(format!("An asset of type {known} needs a file"))),
        _ => Err(missing_files(&known)),
    }
}

/// Whether a declared type names what the files are.
fn agrees(declared: &AssetType, inferred: &AssetType) -> bool {
    declared == inferred
        || matches!(
            (declared, inferred),
            // A connector or policy jar reads back as an extension.
            (AssetType::Connector | AssetType::Policy, AssetType::Extension)
        )
}

/// The properties that an asset of a type must have, in the order in which they are asked for.
pub(super) fn required_properties(asset_type: &AssetType, files: &[&FileKey]) -> &'static [&'static str] {
    let has_file = files.iter().any(|key| !is_companion(key));
    match asset_type {
        AssetType::RestApi | AssetType::EventedApi => &["mainFile", "apiVersion"],
        AssetType::SoapApi if has_file => &["mainFile", "apiVersion"],
        AssetType::SoapApi | AssetType::HttpApi | AssetType::GrpcApi => &["apiVersion"],
        AssetType::RamlFragment if files.iter().any(|key| key.classifier() == "raml-fragment") => &["mainFile"],
        _ => &[],
    }
}

/// Whether a file is the one that the asset is about.
pub(super) fn is_primary(key: &FileKey) -> bool {
    !is_companion(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The type, or the code of the refusal.
    fn outcome(declared: Option<&str>, files: &[&str]) -> String {
        let keys: Vec<FileKey> = files.iter().map(|text| text.parse().expect("a key")).collect();
        let keys: Vec<&FileKey> = keys.iter().collect();
        match determine(declared, &keys, false, &Quirks::default()) {
            Ok(found) => found.to_string(),
            Err(problem) => problem.code.unwrap_or_default(),
        }
    }

    #[test]
    fn files_tell_the_type_and_strange_names_do_not_matter() {
        assert_eq!(outcome(None, &["files.raml.zip"]), "rest-api");
        assert_eq!(outcome(Some("RAML"), &["files.raml.zip"]), "rest-api");
        assert_eq!(outcome(Some("graphql-api"), &["files.graphql.graphql"]), "graphql");
        assert_eq!(outcome(Some("connector"), &["files.mule-plugin.jar", "files.pom"]), "extension");
        assert_eq!(outcome(None, &["files.studio-plugin.zip", "files.jar"]), "connector");
        assert_eq!(outcome(Some("http-api"), &[]), "http-api");
        assert_eq!(outcome(Some("custom"), &["files.icon.png", "files.docs.zip"]), "custom");
        assert_eq!(outcome(Some("llm"), &["files.wrong.json"]), "llm");
    }

    #[test]
    fn what_tells_no_type_is_refused_with_the_documented_codes() {
        assert_eq!(outcome(None, &[]), "COULD_NOT_DETERMINE_ASSET_TYPE");
        assert_eq!(outcome(Some("rest-api"), &[]), "COULD_NOT_DETERMINE_ASSET_TYPE");
        assert_eq!(outcome(Some("soap-api"), &[]), "COULD_NOT_DETERMINE_ASSET_TYPE");
        assert_eq!(outcome(Some("evented-api"), &["files.asyncapi.yaml"]), "COULD_NOT_DETERMINE_ASSET_TYPE");
        assert_eq!(outcome(Some("evented-api"), &["files.evented-api.json"]), "MISSING_FILES_ERROR");
        assert_eq!(outcome(Some("grpc-api"), &["files.grpc.proto"]), "MISSING_FILES_ERROR");
        assert_eq!(outcome(Some("policy"), &["files.mule-policy.jar"]), "MISSING_FILES_ERROR");
        assert_eq!(outcome(Some("soap-api"), &["files.raml.zip"]), "COULD_NOT_DETERMINE_ASSET_TYPE");
        assert_eq!(outcome(None, &["files.raml.zip", "files.wsdl.zip"]), "COULD_NOT_DETERMINE_ASSET_TYPE");
    }

    #[test]
    fn a_wrong_key_is_told_the_right_ones() {
        let key: FileKey = "files.grpc.proto".parse().expect("a key");
        let problem = determine(Some("grpc-api"), &[&key], false, &Quirks::default()).expect_err("refused");
        assert!(problem.errors[0].contains("protobuf.proto, protobuf.zip"), "{:?}", problem.errors);
    }
}
