//! Asset ids and names for assets whose files do not name them.

use camino::Utf8Path;
use sha2::{Digest, Sha256};

use crate::asset::{Coordinates, Origin};

use super::facts::{Facts, fold};

/// File names that say nothing about what is inside: the folder names the asset then.
const GENERIC: &[&str] = &[
    "agent",
    "agent-card",
    "agent_card",
    "api",
    "apis",
    "asyncapi",
    "exchange",
    "index",
    "input",
    "main",
    "manifest",
    "mcp",
    "openapi",
    "pom",
    "root",
    "schema",
    "server",
    "service",
    "soap",
    "wsdl",
    "spec",
    "swagger",
];
/// Folders that say nothing either.
const GENERIC_FOLDERS: &[&str] = &[
    "",
    ".",
    ".well-known",
    "api",
    "apis",
    "json",
    "main",
    "resources",
    "spec",
    "specs",
    "src",
    "test",
    "v1",
    "wsdl",
    "yaml",
];

/// What an asset is called when only its path and perhaps a title are known.
pub(crate) fn derive(path: &Utf8Path, title: Option<&str>) -> Facts {
    let mut facts = Facts::default();
    let (word, from) = word(path);
    let title = title.map(fold).filter(|title| !title.is_empty());
    if let Some(title) = &title {
        facts.fill("name", title, Origin::Specification(None));
        let says_nothing = GENERIC.iter().any(|generic| title.eq_ignore_ascii_case(generic));
        if let Some(id) = Coordinates::asset_id_from_title(title).filter(|_| !says_nothing) {
            facts.fill("assetId", &id, Origin::Specification(Some(format!("title `{title}`"))));
        }
    }
    let id = Coordinates::asset_id_from_title(&word).unwrap_or_else(|| {
        let digest = hex::encode(Sha256::digest(path.as_str().as_bytes()));
        format!("asset-{}", &digest[..12])
    });
    facts.fill("assetId", &id, Origin::Derived(from.to_owned()));
    facts.fill("name", &word, Origin::Derived(from.to_owned()));
    facts
}

/// Moves what the title says from the derived values to the facts: a specification comes before the job's defaults.
pub(crate) fn promote(facts: &mut Facts, derived: &mut Facts) {
    for key in ["name", "assetId"] {
        if matches!(derived.origin(key), Some(Origin::Specification(_)))
            && let Some((text, origin)) = derived.take(key)
        {
            facts.fill(key, &text, origin);
        }
    }
}

fn word(path: &Utf8Path) -> (String, &'static str) {
    let stem = path.file_stem().unwrap_or_default();
    let stem = stem.strip_suffix(".swagger").unwrap_or(stem);
    let is_generic = GENERIC.iter().any(|generic| stem.eq_ignore_ascii_case(generic));
    if !is_generic {
        return (stem.to_owned(), "the file name");
    }
    let mut folders = path.ancestors().skip(1).filter_map(Utf8Path::file_name);
    match folders.find(|folder| !GENERIC_FOLDERS.iter().any(|generic| folder.eq_ignore_ascii_case(generic))) {
        Some(folder) => (folder.to_owned(), "the folder name"),
        None => (stem.to_owned(), "the file name"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_comes_first_then_the_file_then_the_folder() {
        for (path, title, id) in [
            ("a/orders.yaml", Some("Orders API"), "orders-api"),
            ("a/orders.yaml", None, "orders"),
            ("a/orders.yaml", Some("注文"), "orders"),
            ("a/orders.wsdl", Some("Service"), "orders"),
            ("anilist/api.graphql", None, "anilist"),
            ("shop/src/main/resources/api/api.raml", Some(" "), "shop"),
        ] {
            assert_eq!(derive(Utf8Path::new(path), title).get("assetId"), Some(id), "{path}");
        }
        assert!(derive(Utf8Path::new("注/文.json"), None).get("assetId").is_some_and(|id| id.starts_with("asset-")));
    }
}
