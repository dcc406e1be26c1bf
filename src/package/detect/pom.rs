//! `pom.xml`: coordinates, inheritance and properties as far as local files allow.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::closure::MAX_DESCRIPTOR;
use super::syntax::SyntaxError;
use super::text;
use super::xml_tree::{self, Element};
use crate::package::reading::{Question, Reading};

/// How far parents and properties are followed.
const MAX_STEPS: usize = 12;
/// How much longer all texts of a POM together may become by the properties in them, in bytes.
const MAX_GROWTH: usize = 1024 * 1024;

/// A project as its POM describes it, with what its local parents add.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the file")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pom {
    pub(crate) group_id: Option<String>,
    pub(crate) artifact_id: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// `jar` where nothing is said.
    pub(crate) packaging: String,
    /// The classifier that is configured for mule-maven-plugin.
    pub(crate) classifier: Option<String>,
    /// The plain properties, resolved.
    pub(crate) properties: BTreeMap<String, String>,
    /// `<categories key="…">` and `<fields key="…">` of the properties: element, key, text.
    pub(crate) keyed: Vec<(String, String, String)>,
    /// Whether the coordinates are written out: no property stands in them.
    pub(crate) has_plain_coordinates: bool,
    /// Whether it depends on anything.
    pub(crate) has_dependencies: bool,
    /// Whether it names a Maven plugin of MuleSoft.
    pub(crate) uses_mule_plugin: bool,
    /// Whether it names exchange-mule-maven-plugin.
    pub(crate) uses_exchange_plugin: bool,
}

/// What one `pom.xml` says by itself, before its parents are looked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Declared {
    parent: Option<Parent>,
    group_id: Option<String>,
    artifact_id: Option<String>,
    version: Option<String>,
    name: Option<String>,
    description: Option<String>,
    packaging: Option<String>,
    classifier: Option<String>,
    properties: Vec<(String, String)>,
    keyed: Vec<(String, String, String)>,
    has_dependencies: bool,
    uses_mule_plugin: bool,
    uses_exchange_plugin: bool,
}

/// What a POM says of its parent.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Parent {
    group_id: Option<String>,
    artifact_id: Option<String>,
    version: Option<String>,
    relative_path: Option<String>,
}

/// Why a POM cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PomError {
    #[error("pom.xml cannot be read")]
    Io(#[source] std::io::Error),
    #[error(transparent)]
    Invalid(#[from] InvalidPom),
}

/// Why the text of a POM cannot be used.
#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum InvalidPom {
    #[error("pom.xml is not UTF-8 text")]
    Encoding { line: u64, column: u64 },
    #[error("pom.xml cannot be parsed: {}", .0.message)]
    Syntax(SyntaxError),
    #[error("the root element is not `project`")]
    NotAProject,
}

/// Reads a POM and its local parents: those within `root`, the folder of the source, and those in the folders above the
/// POM, where Maven expects them. Others could bring in what nobody meant to publish.
pub(crate) fn read(path: &Utf8Path, root: &Utf8Path, reading: &Reading) -> Result<Pom, PomError> {
    let project = reading.told(MAX_DESCRIPTOR, &Question::Pom, path, declared).map_err(PomError::Io)??;
    let mut chain = vec![project];
    let mut at = path.to_owned();
    while chain.len() < MAX_STEPS {
        let Some(parent) = chain.last().and_then(|project| project.parent.as_ref()) else { break };
        // An empty relativePath says that the parent is not here.
        let relative = parent.relative_path.as_deref().unwrap_or("../pom.xml");
        if relative.is_empty() {
            break;
        }
        let mut file = at.parent().unwrap_or(Utf8Path::new("")).join(relative);
        if file.is_dir() {
            file.push("pom.xml");
        }
        if !may_be_parent(&file, path, root) {
            break;
        }
        let found = reading.told(MAX_DESCRIPTOR, &Question::Pom, &file, declared).ok().and_then(Result::ok);
        let Some(found) = found.filter(|found| found.artifact_id == parent.artifact_id) else { break };
        chain.push(found);
        at = file;
    }
    Ok(assemble(&chain))
}

/// Whether a file that a POM names lies within the source or in a folder above the POM.
fn may_be_parent(file: &Utf8Path, pom: &Utf8Path, root: &Utf8Path) -> bool {
    let real = |path: &Utf8Path| path.canonicalize_utf8().ok();
    let Some((file, pom)) = real(file).zip(real(pom)) else { return false };
    let is_above = file.parent().is_some_and(|folder| pom.starts_with(folder));
    is_above || real(root).is_some_and(|root| file.starts_with(root))
}

/// Reads a POM that is alone, such as that in a jar.
pub(crate) fn parse(bytes: &[u8]) -> Result<Pom, InvalidPom> {
    declared(bytes).map(|declared| assemble(&[declared]))
}

/// Reads a POM as a server does that has nothing but this one file.
pub(crate) fn read_alone(path: &Utf8Path, reading: &Reading) -> Result<Pom, PomError> {
    let project = reading.told(MAX_DESCRIPTOR, &Question::Pom, path, declared).map_err(PomError::Io)??;
    Ok(assemble(&[project]))
}

fn declared(bytes: &[u8]) -> Result<Declared, InvalidPom> {
    let decoded = text::decode(bytes).map_err(|at| InvalidPom::Encoding { line: at.line, column: at.column })?;
    let project = xml_tree::read(&decoded.text).map_err(InvalidPom::Syntax)?;
    if project.name != "project" {
        return Err(InvalidPom::NotAProject);
    }
    let own = |element: &Element, name: &str| element.text_of(name).map(str::to_owned);
    let properties = || project.child("properties").into_iter().flat_map(|element| &element.children);
    let mentions = |artifact: &'static str| {
        project.any(&|element| element.name == "plugin" && element.text_of("artifactId") == Some(artifact))
    };
    Ok(Declared {
        parent: project.child("parent").map(|parent| Parent {
            group_id: own(parent, "groupId"),
            artifact_id: own(parent, "artifactId"),
            version: own(parent, "version"),
            relative_path: parent.child("relativePath").map(|element| element.text.clone()),
        }),
        group_id: own(&project, "groupId"),
        artifact_id: own(&project, "artifactId"),
        version: own(&project, "version"),
        name: own(&project, "name"),
        description: own(&project, "description"),
        packaging: own(&project, "packaging"),
        classifier: plugin_classifier(&project),
        properties: properties()
            .filter(|p| p.key.is_none() && p.children.is_empty())
            .map(|p| (p.name.clone(), p.text.clone()))
            .collect(),
        keyed: properties().filter_map(|p| Some((p.name.clone(), p.key.clone()?, p.text.clone()))).collect(),
        has_dependencies: project.child("dependencies").is_some_and(|list| !list.children.is_empty()),
        uses_mule_plugin: mentions("mule-maven-plugin") || mentions("mule-extensions-maven-plugin"),
        uses_exchange_plugin: mentions("exchange-mule-maven-plugin"),
    })
}

/// Puts a project together from itself and its parents, nearest first.
fn assemble(chain: &[Declared]) -> Pom {
    let project = &chain[0];
    let mut raw: BTreeMap<String, String> = BTreeMap::new();
    for (name, text) in chain.iter().flat_map(|project| &project.properties) {
        raw.entry(name.clone()).or_insert_with(|| text.clone());
    }
    let parent = project.parent.as_ref();
    let group_id = project.group_id.clone().or_else(|| parent.and_then(|parent| parent.group_id.clone()));
    let version = project.version.clone().or_else(|| parent.and_then(|parent| parent.version.clone()));
    let written = [&group_id, &version, &project.artifact_id];
    let has_plain_coordinates = written.iter().all(|text| text.as_deref().is_some_and(|text| !text.contains("${")));
    for (name, value) in [
        ("groupId", group_id.clone()),
        ("version", version.clone()),
        ("artifactId", project.artifact_id.clone()),
        ("name", project.name.clone()),
        ("parent.groupId", parent.and_then(|parent| parent.group_id.clone())),
        ("parent.version", parent.and_then(|parent| parent.version.clone())),
    ] {
        if let Some(value) = value {
            raw.insert(format!("project.{name}"), value.clone());
            raw.entry(format!("pom.{name}")).or_insert(value);
        }
    }
    let mut left = MAX_GROWTH;
    let mut resolve = |text: &Option<String>| {
        text.as_ref().map(|text| interpolate(text, &raw, &mut left)).filter(|text| !text.is_empty())
    };
    Pom {
        group_id: resolve(&group_id),
        artifact_id: resolve(&project.artifact_id),
        version: resolve(&version),
        name: resolve(&project.name),
        description: resolve(&project.description),
        packaging: project.packaging.clone().unwrap_or_else(|| "jar".to_owned()),
        classifier: resolve(&project.classifier),
        properties: raw.iter().map(|(name, text)| (name.clone(), interpolate(text, &raw, &mut left))).collect(),
        keyed: project
            .keyed
            .iter()
            .map(|(name, key, text)| (name.clone(), key.clone(), interpolate(text, &raw, &mut left)))
            .collect(),
        has_plain_coordinates,
        has_dependencies: project.has_dependencies,
        uses_mule_plugin: project.uses_mule_plugin,
        uses_exchange_plugin: project.uses_exchange_plugin,
    }
}

fn plugin_classifier(project: &Element) -> Option<String> {
    let plugins = project.child("build")?.child("plugins")?;
    let plugin = plugins.children.iter().find(|plugin| plugin.text_of("artifactId") == Some("mule-maven-plugin"))?;
    plugin.child("configuration")?.text_of("classifier").map(str::to_owned)
}

/// Replaces `${name}`; what is not known stays as it is, and so does what would take more than is `left` of the growth.
fn interpolate(text: &str, properties: &BTreeMap<String, String>, left: &mut usize) -> String {
    let mut current = text.to_owned();
    for _ in 0..MAX_STEPS {
        let Some(start) = current.find("${") else { break };
        let Some(length) = current[start..].find('}') else { break };
        let Some(value) = properties.get(&current[start + 2..start + length]) else { break };
        let Some(rest) = left.checked_sub(value.len()) else { break };
        // A property that names itself would grow for ever.
        if value.contains(&current[start..=start + length]) || current.len() + value.len() > 64 * 1024 {
            break;
        }
        *left = rest;
        current = format!("{}{value}{}", &current[..start], &current[start + length + 1..]);
    }
    current
}

/// Whether a text still holds a property that no local file defines, or a placeholder of a build.
pub(crate) fn is_unresolved(text: &str) -> bool {
    text.contains("${") || (text.starts_with('%') && text.ends_with('%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_and_properties_are_resolved_from_local_files() {
        let folder = tempfile::tempdir().expect("temp");
        let root = Utf8Path::from_path(folder.path()).expect("utf-8");
        fs_err::write(
            root.join("pom.xml"),
            "<project><groupId>g</groupId><artifactId>parent</artifactId><version>${revision}</version>\
             <packaging>pom</packaging><properties><revision>2.1.0</revision></properties></project>",
        )
        .expect("writes");
        fs_err::create_dir(root.join("app")).expect("creates");
        fs_err::write(
            root.join("app/pom.xml"),
            "<?xml version='1.0'?><project xmlns='http://maven.apache.org/POM/4.0.0'><parent><groupId>g</groupId>\
             <artifactId>parent</artifactId><version>${revision}</version></parent><artifactId>app</artifactId>\
             <name>App &amp; ${project.version}</name><packaging>mule-application</packaging><properties>\
             <tags>a, b</tags><categories key='API layer'>System</categories></properties><build><plugins><plugin>\
             <artifactId>mule-maven-plugin</artifactId><configuration><classifier>mule-application-template</classifier>\
             </configuration></plugin></plugins></build></project>",
        )
        .expect("writes");
        let pom = read(&root.join("app/pom.xml"), root, &Reading::default()).expect("reads");
        assert_eq!((pom.group_id.as_deref(), pom.version.as_deref()), (Some("g"), Some("2.1.0")));
        assert_eq!(pom.name.as_deref(), Some("App & 2.1.0"));
        assert_eq!(pom.classifier.as_deref(), Some("mule-application-template"));
        assert_eq!(pom.properties["tags"], "a, b");
        assert_eq!(pom.keyed, [("categories".to_owned(), "API layer".to_owned(), "System".to_owned())]);
        assert!(pom.uses_mule_plugin && !pom.uses_exchange_plugin);
    }

    #[test]
    fn a_parent_is_taken_from_the_source_and_from_above_and_from_nowhere_else() {
        let folder = tempfile::tempdir().expect("temp");
        let top = Utf8Path::from_path(folder.path()).expect("utf-8");
        let parent = "<project><artifactId>p</artifactId><groupId>g</groupId><version>7</version></project>";
        let child = |place: &str| {
            format!(
                "<project><parent><artifactId>p</artifactId><relativePath>{place}</relativePath></parent>\
                 <artifactId>a</artifactId><version>${{project.parent.version}}${{v}}</version></project>"
            )
        };
        let parent_with_v = parent.replace("</project>", "<properties><v>8</v></properties></project>");
        for place in ["above/pom.xml", "above/source/shared/pom.xml", "secret/pom.xml"] {
            fs_err::create_dir_all(top.join(place).parent().expect("a folder")).expect("writes");
            fs_err::write(top.join(place), &parent_with_v).expect("writes");
        }
        let root = top.join("above/source");
        let pom = root.join("app/pom.xml");
        fs_err::create_dir_all(root.join("app")).expect("writes");
        std::os::unix::fs::symlink(top.join("secret"), root.join("link")).expect("links");
        let secret = top.join("secret/pom.xml");
        for (place, is_taken) in [
            ("../../pom.xml", true),
            ("../shared", true),
            ("../../../secret/pom.xml", false),
            (secret.as_str(), false),
            ("../link/pom.xml", false),
        ] {
            fs_err::write(&pom, child(place)).expect("writes");
            let properties = read(&pom, &root, &Reading::default()).expect("reads").properties;
            assert_eq!(properties.get("v").map(String::as_str), is_taken.then_some("8"), "{place}");
        }
    }

    #[test]
    fn properties_that_repeat_each_other_do_not_fill_the_memory() {
        let long = "x".repeat(60_000);
        let repeated: Vec<String> = (0..20_000).map(|number| format!("<b{number}>${{a}}</b{number}>")).collect();
        let repeated = repeated.concat();
        let text = format!("<project><name>${{a}}</name><properties><a>{long}</a>{repeated}</properties></project>");
        let pom = parse(text.as_bytes()).expect("parses");
        assert_eq!(pom.name.as_deref(), Some(long.as_str()), "what the asset is called is resolved first");
        let grown: usize = pom.properties.values().map(String::len).sum();
        assert!(grown < text.len() + MAX_GROWTH, "{grown}");
    }

    #[test]
    fn a_property_that_names_itself_ends() {
        let text = "<project><version>${a}</version><properties><a>x${b}</a><b>${a}</b></properties></project>";
        let pom = parse(text.as_bytes()).expect("parses");
        assert!(pom.version.is_some_and(|version| is_unresolved(&version)));
    }
}
