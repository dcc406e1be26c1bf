//! The descriptor as it is written.

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::conditions::{self, Conditions, StrategyConditions};
use super::fields::{Fields, Text, Wrong, entries, text, texts};
use super::paths;
use super::versions::Strategy;
use crate::asset::Problem;
use crate::package::detect::{self, YamlNode, YamlValue};
use crate::source::SourceError;

/// The first line of every descriptor.
const HEADER: &str = "#%Catalog Descriptor 1.0";
/// Larger files are no descriptors.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
const MAX_PAGES: usize = 50;
/// Asset ids are at most so long, in characters.
const MAX_ASSET_ID: usize = 170;
/// Tags, values of categories and of custom fields are at most so long, in characters.
const MAX_VALUE: usize = 250;
/// Names of pages that Exchange keeps for itself.
const RESERVED: &[&str] = &[".pagesorder", "terms"];

const TOP: &[&str] = &["contact", "triggerConditions", "versionStrategyConditions", "projects"];
const PROJECT: &[&str] = &[
    "main",
    "ref",
    "spec",
    "assetId",
    "version",
    "apiVersion",
    "versionStrategy",
    "versionStrategyConditions",
    "triggerConditions",
    "tags",
    "categories",
    "customFields",
    "documentation",
    "docs",
    "contact",
];

/// What stands in a descriptor.
pub(super) struct Descriptor {
    /// The projects in the order of the text, each with its line.
    pub(super) projects: Vec<(u64, Result<Project, Wrong>)>,
}

/// One project.
#[derive(Debug, Clone)]
pub(super) struct Project {
    /// The main file, or an `exchange.json` that stands for it.
    pub(super) main: Text,
    pub(super) values: Values,
    /// Whom to ask where nothing closer to the asset says so.
    pub(super) common_contact: Option<Contact>,
    pub(super) strategy: Option<Strategy>,
    pub(super) strategies: StrategyConditions,
    pub(super) triggers: Option<Conditions>,
}

/// What a project says about its asset; an `exchange.json` may say the same.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Values {
    pub(super) asset_id: Option<Text>,
    pub(super) version: Option<Text>,
    pub(super) api_version: Option<Text>,
    /// `None`: nothing is said about them.
    pub(super) tags: Option<Vec<Text>>,
    pub(super) categories: Listed,
    pub(super) fields: Listed,
    pub(super) pages: Vec<Page>,
    pub(super) contact: Option<Contact>,
}

/// Values by key.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Listed {
    /// Whether an empty list stands there: all are taken away.
    pub(super) none: bool,
    /// What each key is to hold; no value at all takes the key away.
    pub(super) keys: Vec<(Text, Vec<Text>)>,
}

/// Whom to ask about an asset.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Contact {
    pub(super) name: String,
    pub(super) email: String,
}

/// One page of the documentation, as it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Page {
    pub(super) name: Text,
    pub(super) path: Text,
}

/// What stands at the top for every project that says nothing else.
#[derive(Default)]
struct Common {
    contact: Option<Contact>,
    triggers: Option<Conditions>,
    strategies: StrategyConditions,
}

/// Reads a descriptor. What is wrong with one project does not touch the others.
pub(super) fn read(path: &Utf8Path) -> Result<Descriptor, SourceError> {
    let text = load(path)?;
    let wrong = |wrong: Wrong| refused(path, wrong.line, wrong.column, wrong.message);
    let root = detect::read_yaml(&text).map_err(|error| refused(path, error.line, error.column, error.message))?;
    let fields = Fields::strict(&root, "the descriptor", TOP).map_err(wrong)?;
    let common = common(&fields).map_err(wrong)?;
    let projects = match fields.get("projects", None).map_err(wrong)?.map(|node| (node, &node.value)) {
        Some((_, YamlValue::List(projects))) if !projects.is_empty() => projects,
        Some((node, _)) => {
            return Err(refused(path, node.line, node.column, "`projects` must be a list of projects".to_owned()));
        }
        None => return Err(refused(path, 1, 1, "the descriptor has no `projects`".to_owned())),
    };
    Ok(Descriptor { projects: projects.iter().map(|node| (node.line, project(node, &common))).collect() })
}

fn load(path: &Utf8Path) -> Result<String, SourceError> {
    let unreadable = |cause| SourceError::Unreadable { path: path.to_owned(), cause };
    let metadata = fs_err::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(SourceError::WrongKind { path: path.to_owned(), expected: "file" });
    }
    if metadata.len() > MAX_BYTES {
        return Err(refused(path, 1, 1, format!("{} bytes are too many for a descriptor", metadata.len())));
    }
    let bytes = fs_err::read(path).map_err(unreadable)?;
    let decoded = detect::decode(&bytes)
        .map_err(|at| refused(path, at.line, at.column, "the descriptor is not UTF-8 text".to_owned()))?;
    if decoded.text.lines().next().map(str::trim_end) != Some(HEADER) {
        return Err(refused(path, 1, 1, format!("the first line must be `{HEADER}`")));
    }
    Ok(decoded.text.into_owned())
}

fn refused(path: &Utf8Path, line: u64, column: u64, message: String) -> SourceError {
    let hint = "mend the descriptor at this place; docs/sources.md says what it may hold".to_owned();
    SourceError::Descriptor { path: path.to_owned(), line, column, message, hint }
}

fn common(fields: &Fields<'_>) -> Result<Common, Wrong> {
    Ok(Common {
        contact: fields.get("contact", None)?.map(contact).transpose()?,
        triggers: triggers(fields)?,
        strategies: strategies(fields)?.unwrap_or_default(),
    })
}

fn triggers(fields: &Fields<'_>) -> Result<Option<Conditions>, Wrong> {
    match fields.get("triggerConditions", None)? {
        Some(node) => Conditions::read(node, "triggerConditions"),
        None => Ok(None),
    }
}

/// An empty map says that none holds for the project, whatever stands at the top.
fn strategies(fields: &Fields<'_>) -> Result<Option<StrategyConditions>, Wrong> {
    fields.get("versionStrategyConditions", None)?.map(conditions::strategies).transpose()
}

fn project(node: &YamlNode, common: &Common) -> Result<Project, Wrong> {
    let fields = Fields::strict(node, "a project", PROJECT)?;
    let main = match (fields.text("main", Some("spec"))?, fields.text("ref", None)?) {
        (Some(main), None) | (None, Some(main)) => main,
        (Some(_), Some(twice)) => return Err(twice.wrong("a project names either `main` or `ref`, not both")),
        (None, None) => {
            let here = Text { text: String::new(), line: node.line, column: node.column };
            return Err(here.wrong("the project names no `main` file"));
        }
    };
    Ok(Project {
        main,
        values: values(&fields)?,
        common_contact: common.contact.clone(),
        strategy: fields.text("versionStrategy", None)?.as_ref().map(Strategy::read).transpose()?,
        strategies: strategies(&fields)?.unwrap_or_else(|| common.strategies.clone()),
        triggers: triggers(&fields)?.or_else(|| common.triggers.clone()),
    })
}

/// Reads the values that an `exchange.json` of the importer holds beside those of Design Center.
pub(super) fn values_of_json(bytes: &[u8]) -> Result<Values, Wrong> {
    let decoded = detect::decode(bytes).map_err(|at| {
        let here = Text { text: String::new(), line: at.line, column: at.column };
        here.failed(Problem::Encoding, "is not UTF-8 text")
    })?;
    // JSON is YAML but for tabs, which no JSON text holds unescaped; read in this way its values have places.
    let root = detect::read_yaml(&decoded.text.replace('\t', " "))
        .map_err(|error| Text { text: String::new(), line: error.line, column: error.column }.wrong(error.message))?;
    values(&Fields::lenient(&root, "exchange.json")?)
}

fn values(fields: &Fields<'_>) -> Result<Values, Wrong> {
    Ok(Values {
        asset_id: fields.text("assetId", None)?.map(asset_id).transpose()?,
        version: fields.text("version", None)?,
        api_version: fields.text("apiVersion", None)?,
        tags: fields.get("tags", None)?.map(|node| values_of(node, "tags", "a tag")).transpose()?.flatten(),
        categories: listed(fields, "categories")?,
        fields: listed(fields, "customFields")?,
        pages: pages(fields)?,
        contact: fields.get("contact", None)?.map(contact).transpose()?,
    })
}

fn asset_id(text: Text) -> Result<Text, Wrong> {
    let text = text.at_most(MAX_ASSET_ID, "an asset id")?;
    if text.text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        return Ok(text);
    }
    Err(text.wrong(format!("`{}` is not an asset id: letters, digits, `_` and `-` are taken", text.text)))
}

/// The values of a key. `None`: an empty text, which says nothing; an empty list does.
fn values_of(node: &YamlNode, name: &str, what: &str) -> Result<Option<Vec<Text>>, Wrong> {
    let is_list = matches!(node.value, YamlValue::List(_));
    let values: Vec<Text> =
        texts(node, name)?.into_iter().map(|text| text.at_most(MAX_VALUE, what)).collect::<Result<_, _>>()?;
    Ok(Some(values).filter(|values| is_list || !values.is_empty()))
}

fn listed(fields: &Fields<'_>, name: &str) -> Result<Listed, Wrong> {
    let Some(node) = fields.get(name, None)? else { return Ok(Listed::default()) };
    if matches!(&node.value, YamlValue::List(list) if list.is_empty()) {
        return Ok(Listed { none: true, keys: Vec::new() });
    }
    let mut keys = Vec::new();
    for (key, node) in entries(node, name)? {
        if key.text.is_empty() {
            return Err(key.wrong(format!("a key of `{name}` is empty")));
        }
        if let Some(values) = values_of(node, &key.text, &format!("a value of `{}`", key.text))? {
            keys.push((key, values));
        }
    }
    Ok(Listed { none: false, keys })
}

fn pages(fields: &Fields<'_>) -> Result<Vec<Page>, Wrong> {
    let mut pages: Vec<Page> = Vec::new();
    for (mut name, node) in fields.entries("documentation", Some("docs"))? {
        let path = text(node, &name.text)?;
        let lower = name.text.to_lowercase();
        if RESERVED.contains(&lower.as_str()) {
            return Err(name.wrong(format!("no page may be called `{}`: the name is reserved", name.text)));
        }
        if lower == "home" {
            name.text = lower;
        }
        if pages.iter().any(|page| page.name.text == name.text) {
            return Err(name.wrong(format!("page `{}` is there twice", name.text)));
        }
        let is_markdown = Utf8PathBuf::from(&path.text).extension().is_some_and(|kind| kind.eq_ignore_ascii_case("md"));
        if !is_markdown {
            return Err(path.wrong(format!("page `{}` is no Markdown file: `{}`", name.text, path.text)));
        }
        if pages.len() == MAX_PAGES {
            return Err(name.wrong(format!("more than {MAX_PAGES} pages")));
        }
        pages.push(Page { name, path });
    }
    Ok(pages)
}

fn contact(node: &YamlNode) -> Result<Contact, Wrong> {
    let fields = Fields::strict(node, "`contact`", &["name", "email"])?;
    let here = Text { text: String::new(), line: node.line, column: node.column };
    let (Some(name), Some(email)) = (fields.text("name", None)?, fields.text("email", None)?) else {
        return Err(here.wrong("a contact needs both `name` and `email`"));
    };
    let is_address = email.text.split_once('@').is_some_and(|(user, host)| {
        let dotted = host.rsplit_once('.').is_some_and(|(name, top)| !name.is_empty() && !top.is_empty());
        !user.is_empty() && dotted && !host.contains('@') && !email.text.contains(char::is_whitespace)
    });
    if !is_address {
        return Err(email.wrong(format!("`{}` is no e-mail address", email.text)));
    }
    Ok(Contact { name: name.text, email: email.text })
}

/// The files of the pages: names and paths that can be opened, in the order of the text.
pub(super) fn page_files(
    base: &Utf8Path,
    folder: &Utf8Path,
    pages: &[Page],
) -> Result<Vec<(String, Utf8PathBuf)>, Wrong> {
    let file = |page: &Page| Ok((page.name.text.clone(), base.join(paths::file(base, folder, &page.path)?)));
    pages.iter().map(file).collect()
}
