//! A POM that goes along (`files.pom`): what it says may not be said a second time in the form (EXCHANGE.md §2.2).

use crate::asset::{Diagnosis, DraftFile, FileContent, Origin, Problem};
use crate::package::detect::{self, Pom};

use super::draft::Place;
use super::facts::{Facts, fold, list};
use super::{Options, maven};

/// Properties of the publish call that a POM may carry.
const PROPERTIES: &[&str] = &["mainFile", "apiVersion", "assetLink"];

/// Lets the POM among the files speak for what it says. Whoever says the same elsewhere does no harm; a manifest that says
/// something else is told, since only one of the two can be sent.
pub(crate) fn heed(
    facts: &mut Facts,
    files: &[DraftFile],
    place: &Place<'_>,
    options: &Options,
) -> Result<(), Box<Diagnosis>> {
    let is_pom = |file: &&DraftFile| file.key.classifier.is_none() && file.key.packaging == "pom";
    let Some(FileContent::File(path)) = files.iter().find(is_pom).map(|file| &file.content) else { return Ok(()) };
    // The server reads the file alone: no parents beside it.
    let pom = detect::read_pom_alone(path, &options.reading).map_err(|error| maven::broken(path, &error))?;
    let said = said(&pom);
    let mut problems = coordinates(facts, &pom, options);
    for (key, text) in &said {
        let dimension = key.split_once('.').map_or(key.as_str(), |(dimension, _)| dimension);
        problems.extend(match dimension {
            "categories" | "fields" => None,
            _ => agree(facts, key, text),
        });
    }
    for dimension in ["categories", "fields"] {
        problems.extend(agree_on_all(facts, dimension, &said));
    }
    if pom.has_dependencies && matches!(facts.origin("dependencies"), Some(Origin::Manifest(_) | Origin::Catalog(_))) {
        problems.push("column \"dependencies\": the POM has dependencies, too".to_owned());
    } else if pom.has_dependencies {
        facts.remove("dependencies");
    }
    if problems.is_empty() {
        return Ok(());
    }
    let message = format!("{path}: {}", problems.join("; "));
    let hint = "say it in one place: in the POM that goes along, or in the manifest";
    Err(Box::new(place.failed(Problem::Value, message).hint(hint)))
}

/// What a POM says, by the name of the column.
fn said(pom: &Pom) -> Vec<(String, String)> {
    let mut said = Vec::new();
    let mut say = |key: String, text: Option<&String>| {
        said.extend(text.filter(|text| !text.trim().is_empty()).map(|text| (key, text.trim().to_owned())));
    };
    say("name".to_owned(), pom.name.as_ref());
    say("description".to_owned(), pom.description.as_ref());
    for key in ["tags", "keywords"] {
        say(key.to_owned(), pom.properties.get(key));
    }
    for key in PROPERTIES {
        say(format!("properties.{key}"), pom.properties.get(*key));
    }
    for (element, key, text) in &pom.keyed {
        if matches!(element.as_str(), "categories" | "fields") {
            say(format!("{element}.{key}"), Some(text));
        }
    }
    said
}

/// The server holds the coordinates of the POM to those of the call.
fn coordinates(facts: &mut Facts, pom: &Pom, options: &Options) -> Vec<String> {
    if !pom.has_plain_coordinates {
        return vec!["its coordinates hold placeholders, and the server takes them as they are written".to_owned()];
    }
    let mut problems = Vec::new();
    let own = pom.group_id.as_deref().unwrap_or_default();
    let (asset, version) = (pom.artifact_id.as_deref().unwrap_or_default(), pom.version.as_deref());
    if options.remap.asset(own, asset, version).is_some() {
        facts.fill("groupId", own, Origin::Pom);
    }
    let wanted = facts.get("groupId").unwrap_or(&options.group);
    if own != wanted && options.remap.group(own) != options.remap.group(wanted) {
        problems.push(format!("its group is `{own}`, the asset goes to `{wanted}`"));
    }
    for (key, text) in [("assetId", &pom.artifact_id), ("version", &pom.version)] {
        let text = text.as_deref().unwrap_or_default();
        match (facts.get(key), facts.origin(key)) {
            (Some(said), Some(Origin::Manifest(_) | Origin::Catalog(_))) if said != text => {
                problems.push(format!("column \"{key}\": `{said}`, and the POM says `{text}`"));
            }
            _ => facts.replace(key, text, Origin::Pom),
        }
    }
    problems
}

/// One value: the POM's, unless a manifest says another.
fn agree(facts: &mut Facts, key: &str, text: &str) -> Option<String> {
    if let (Some(said), Some(Origin::Manifest(_) | Origin::Catalog(_))) = (facts.get(key), facts.origin(key)) {
        let is_same = match key {
            "tags" | "keywords" => list(said) == list(text),
            _ => fold(said) == fold(text),
        };
        if !is_same {
            return Some(format!("column \"{key}\": `{said}`, and the POM says `{text}`"));
        }
    }
    // In a list of the POM a `[` is a letter like any other; the value is for the plan, and is not sent.
    facts.replace(key, &super::spelling::of_text(text), Origin::Pom);
    None
}

/// All categories, or all fields: they come from the POM or from the form.
fn agree_on_all(facts: &mut Facts, dimension: &str, said: &[(String, String)]) -> Option<String> {
    let prefix = format!("{dimension}.");
    let own: Vec<&(String, String)> = said.iter().filter(|(key, _)| key.starts_with(&prefix)).collect();
    if own.is_empty() {
        return None;
    }
    let mut others = facts.take_prefix(&prefix);
    others.extend(facts.take(dimension).map(|(text, origin)| (String::new(), text, origin)));
    for (key, text, origin) in others {
        let full = format!("{prefix}{key}");
        let is_same = own.iter().any(|(known, said)| *known == full && list(said) == list(&text));
        if let (Origin::Manifest(column) | Origin::Catalog(column), false) = (origin, is_same) {
            return Some(format!("column \"{column}\": the POM has {dimension}, too"));
        }
    }
    for (key, text) in own {
        facts.replace(key, &super::spelling::of_text(text), Origin::Pom);
    }
    None
}
