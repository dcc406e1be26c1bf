//! Maven projects and what Maven built.

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::{AssetType, Diagnosis, DraftFile, FileContent, FileKey, Origin, Problem, Version};
use crate::package::detect::{self, Archive, InvalidPom, Pom, PomError};

use super::Options;
use super::draft::Found;
use super::facts::Facts;
use super::naming;
use super::tree::Tree;
use super::{extras, moving, recognise, spelling};

/// A POM that cannot be read.
pub(crate) fn broken(path: &Utf8Path, error: &PomError) -> Box<Diagnosis> {
    let diagnosis = match error {
        PomError::Io(error) => return recognise::unreadable(path, error),
        PomError::Invalid(InvalidPom::Encoding { line, column }) => {
            Diagnosis::failed(path, Problem::Encoding, error.to_string()).at(*line, *column)
        }
        PomError::Invalid(InvalidPom::Syntax(syntax)) => {
            Diagnosis::failed(path, Problem::Invalid, error.to_string()).at(syntax.line, syntax.column)
        }
        PomError::Invalid(InvalidPom::NotAProject) => Diagnosis::failed(path, Problem::Invalid, error.to_string()),
    };
    Box::new(diagnosis.hint("mend the POM"))
}

/// What a POM makes of its folder. `None`: nothing that belongs into Exchange.
pub(crate) fn build(
    tree: &Tree,
    folder: &Utf8Path,
    pom: &Pom,
    options: &Options,
) -> Option<Result<Found, Box<Diagnosis>>> {
    let shown = tree.root.join(folder).join("pom.xml");
    let declared = pom.properties.get("type").map(String::as_str);
    match pom.packaging.as_str() {
        "mule-application" | "mule-policy" | "mule-extension" | "mule-domain" => {
            Some(built(tree, folder, pom, &shown, options))
        }
        _ if pom.uses_exchange_plugin || declared == Some("custom") => Some(custom(tree, folder, pom, &shown, options)),
        "mule" => Some(Err(Box::new(
            Diagnosis::skipped(shown, Problem::Unsupported, "Mule 3 application: Exchange takes Mule 4 artifacts")
                .hint("migrate it to Mule 4, or publish its API specification"),
        ))),
        "pom" if is_mulesoft(pom) => Some(Err(Box::new(
            Diagnosis::skipped(shown, Problem::Unsupported, "parent POM: not an asset unless it says so")
                .hint("to publish it, add `<type>custom</type>` to its properties"),
        ))),
        _ => None,
    }
}

fn is_mulesoft(pom: &Pom) -> bool {
    pom.uses_mule_plugin || pom.properties.keys().any(|name| name.contains("mule.") || name.contains("exchange."))
}

/// A source project is published as the jar that Maven built from it.
fn built(
    tree: &Tree,
    folder: &Utf8Path,
    pom: &Pom,
    shown: &Utf8Path,
    options: &Options,
) -> Result<Found, Box<Diagnosis>> {
    let artifact = pom.artifact_id.as_deref().unwrap_or_default();
    let version = pom.version.as_deref().unwrap_or_default();
    let classifier = classifier(pom);
    let Some(jar) = built_jar(tree, folder, pom) else {
        let wanted = format!("{artifact}-{version}-{classifier}.jar");
        let what = match pom.packaging.as_str() {
            "mule-policy" => "policy",
            "mule-extension" => "connector",
            "mule-domain" => "domain",
            _ => "application",
        };
        let message = format!("Mule {what} source: `target/{wanted}` has not been built");
        return Err(Box::new(
            Diagnosis::skipped(shown, Problem::Unsupported, message).hint("build it first: mvn package"),
        ));
    };
    let (asset_type, key) = kind(classifier).ok_or_else(|| {
        let message = format!("Exchange has no place for a `{classifier}`");
        Box::new(Diagnosis::skipped(shown, Problem::Unsupported, message).hint("leave it out of the source"))
    })?;
    let mut files = vec![DraftFile { key, content: FileContent::File(jar) }];
    if asset_type == AssetType::Policy {
        files.push(policy_definition(&tree.root.join(folder), artifact).ok_or_else(|| {
            let message = format!("policy without its definition `{artifact}.yaml`");
            Box::new(Diagnosis::failed(shown, Problem::Missing, message).hint("add the definition beside pom.xml"))
        })?);
    }
    files.extend(extras::of(tree, folder, &options.reading)?);
    let derived = naming::derive(&folder.join("pom.xml"), None);
    Ok(Found { path: shown.to_owned(), asset_type, facts: facts(pom, options), derived, files })
}

/// The jar that Maven built from a project: in `target`, or laid beside the POM.
pub(crate) fn built_jar(tree: &Tree, folder: &Utf8Path, pom: &Pom) -> Option<Utf8PathBuf> {
    let artifact = pom.artifact_id.as_deref().unwrap_or_default();
    let version = pom.version.as_deref().unwrap_or_default();
    let classifier = classifier(pom);
    let beside: Utf8PathBuf = tree.root.join(folder).components().collect();
    [beside.join("target"), beside].into_iter().find_map(|place| {
        let exact = place.join(format!("{artifact}-{version}-{classifier}.jar"));
        Some(exact).filter(|jar| is_plain_file(jar)).or_else(|| only_jar(&place, artifact, classifier))
    })
}

/// The only jar of this artifact and classifier, whatever its version: `${revision}` may come from the command line.
fn only_jar(target: &Utf8Path, artifact: &str, classifier: &str) -> Option<Utf8PathBuf> {
    let mut found = target.read_dir_utf8().ok()?.flatten().map(camino::Utf8DirEntry::into_path).filter(|path| {
        path.file_name().is_some_and(|name| {
            name.starts_with(&format!("{artifact}-")) && name.ends_with(&format!("-{classifier}.jar"))
        })
    });
    let first = found.next().filter(|path| is_plain_file(path))?;
    found.next().is_none().then_some(first)
}

/// Links are not followed, and nothing but a file is opened.
fn is_plain_file(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

fn policy_definition(folder: &Utf8Path, artifact: &str) -> Option<DraftFile> {
    let path = folder.join(format!("{artifact}.yaml"));
    let key = FileKey::new("policy-definition", "yaml");
    is_plain_file(&path).then_some(DraftFile { key, content: FileContent::File(path) })
}

/// The classifier of the jar that the packaging and the plugin configuration call for.
fn classifier(pom: &Pom) -> &'static str {
    match (pom.packaging.as_str(), pom.classifier.as_deref()) {
        ("mule-policy", _) => "mule-policy",
        ("mule-extension", _) => "mule-plugin",
        ("mule-domain", _) => "mule-domain",
        (_, Some("mule-application-template")) => "mule-application-template",
        (_, Some("mule-application-example")) => "mule-application-example",
        (_, Some("mule-plugin")) => "mule-plugin",
        (_, Some("mule-policy")) => "mule-policy",
        _ => "mule-application",
    }
}

/// The type and the file key of a jar, by its classifier (EXCHANGE.md §2.1).
fn kind(classifier: &str) -> Option<(AssetType, FileKey)> {
    let asset_type = match classifier {
        "mule-application" => AssetType::App,
        "mule-application-template" => AssetType::Template,
        "mule-application-example" => AssetType::Example,
        "mule-plugin" => AssetType::Extension,
        "mule-policy" => AssetType::Policy,
        _ => return None,
    };
    Some((asset_type, FileKey::new(classifier, "jar")))
}

/// A POM that is published as it is: a parent POM, or another custom asset.
fn custom(
    tree: &Tree,
    folder: &Utf8Path,
    pom: &Pom,
    shown: &Utf8Path,
    options: &Options,
) -> Result<Found, Box<Diagnosis>> {
    let unresolved = [("version", &pom.version), ("artifactId", &pom.artifact_id)]
        .into_iter()
        .find(|(_, value)| value.as_deref().is_none_or(detect::is_unresolved));
    if let Some((name, value)) = unresolved {
        let value = value.as_deref().unwrap_or_default();
        let message = format!("the {name} `{value}` of the POM cannot be resolved from local files");
        return Err(Box::new(
            Diagnosis::failed(shown, Problem::Value, message).hint("write it out, or give it in a manifest"),
        ));
    }
    // Sent as the POM of the asset only where it names the very coordinates: the server compares them (EXCHANGE.md §2.2).
    let facts = facts(pom, options);
    let group = facts.get("groupId").unwrap_or(&options.group);
    let is_same = pom.has_plain_coordinates && pom.group_id.as_deref() == Some(group);
    let key = if is_same { FileKey::bare("pom") } else { FileKey::new("custom", "pom") };
    let mut files = vec![DraftFile { key, content: FileContent::File(shown.to_owned()) }];
    files.extend(extras::of(tree, folder, &options.reading)?);
    let derived = naming::derive(&folder.join("pom.xml"), None);
    Ok(Found { path: shown.to_owned(), asset_type: AssetType::Custom, facts, derived, files })
}

/// The values of a POM. Its dependencies are Maven's: connectors and test tools, which Exchange does not want declared.
pub(crate) fn facts(pom: &Pom, options: &Options) -> Facts {
    let mut facts = Facts::default();
    let known = |text: &Option<String>| text.clone().filter(|text| !detect::is_unresolved(text));
    let version = known(&pom.version).filter(|text| Version::map(text).is_some());
    facts.fill_some("version", version.as_deref(), Origin::Pom);
    facts.fill_some("assetId", known(&pom.artifact_id).as_deref(), Origin::Pom);
    facts.fill_some("name", known(&pom.name).as_deref(), Origin::Pom);
    facts.fill_some("description", known(&pom.description).as_deref(), Origin::Pom);
    moving::fill_group(&mut facts, &known(&pom.group_id).unwrap_or_default(), "pom.xml", Origin::Pom, options);
    // `[]` is how the plugin spells "none", and it does so by itself.
    let told = |text: &str| Some(spelling::of_text(text)).filter(|_| text.trim() != "[]");
    for name in ["tags", "keywords", "contactName", "contactEmail"] {
        let text = pom.properties.get(name).and_then(|text| told(text));
        facts.fill_some(name, text.as_deref(), Origin::Pom);
    }
    for (element, key, text) in &pom.keyed {
        if matches!(element.as_str(), "categories" | "fields") {
            facts.fill_some(&format!("{element}.{key}"), told(text).as_deref(), Origin::Pom);
        }
    }
    facts
}

/// A jar found among the sources. `None`: an ordinary jar.
pub(crate) fn jar(
    path: &Utf8Path,
    relative: &Utf8Path,
    archive: Archive,
    options: &Options,
) -> Option<Result<Found, Box<Diagnosis>>> {
    let Archive::Mule { classifier, pom } = archive else { return None };
    let stem = path.file_stem().unwrap_or_default();
    let by_name =
        ["mule-application-template", "mule-application-example", "mule-application", "mule-plugin", "mule-policy"]
            .into_iter()
            .find(|known| stem.ends_with(known));
    let by_pom = pom.as_deref().map(self::classifier);
    let classifier =
        classifier.as_deref().filter(|c| kind(c).is_some()).or(by_name).or(by_pom).unwrap_or("mule-application");
    let (asset_type, key) = kind(classifier)?;
    let mut files = vec![DraftFile { key, content: FileContent::File(path.to_owned()) }];
    let facts = pom.as_deref().map(|pom| facts(pom, options)).unwrap_or_default();
    if asset_type == AssetType::Policy {
        let artifact = facts.get("assetId").unwrap_or_default().to_owned();
        let Some(definition) = policy_definition(path.parent().unwrap_or(Utf8Path::new("")), &artifact) else {
            let message = format!("policy jar without its definition `{artifact}.yaml`");
            let diagnosis = Diagnosis::failed(path, Problem::Missing, message);
            return Some(Err(Box::new(diagnosis.hint("put the definition beside the jar"))));
        };
        files.push(definition);
    }
    let derived = naming::derive(relative, None);
    Some(Ok(Found { path: path.to_owned(), asset_type, facts, derived, files }))
}
