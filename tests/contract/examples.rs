//! The answers of the sandbox beside the official examples: whatever member an example has, the sandbox has too, with a
//! value of the same type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    official::{Description, official},
    tour::tour,
};

/// Members of examples that the sandbox does not have: the end of the operation's id, the start of the place, and why.
const WITHOUT: &[(&str, &str, &str)] = &[
    ("Asset", ".generated[]", "the sandbox makes no connectors out of APIs"),
    ("ByAssetidByVersion", ".generated[]", "the sandbox makes no connectors out of APIs"),
    ("ByAssetidByVersion", ".versions[].generated[]", "the sandbox makes no connectors out of APIs"),
    ("Asset", ".versions[]", "plain numbers on `…/asset` (EXCHANGE.md §10 C16)"),
    ("ApiModel", "[].http://raml.org", "the model names the API and its version only"),
    ("PortalSearch", "", "the schema says list, its own example is an object"),
    ("PortalDraftPages", "", "a list, as its own words say; the example is that of one page (EXCHANGE.md §5.1)"),
    ("ByOrganizationidSettings", "", "the example refers to a file in a way that says nothing"),
];

/// Operations, by the start of their ids, that the sandbox does not have: reviews, metrics, saved searches, policies,
/// groups of APIs, client applications outside of the Consumer API, and the public portal's site.
const UNSEEN: &[&str] = &[
    "getAssetsByGroupidByAssetidMetrics",
    "createOrganizationsMetricsTop",
    "getAssetsByGroupidByAssetidVersiongroupsByVersiongroupApigroupinstances",
    "getAssetsByGroupidByAssetidVersiongroupsByVersiongroupEnvironments",
    "getAssetsByGroupidByAssetidVersiongroupsByVersiongroupInstancesByApiinstanceidRelatedapigroupinstances",
    "getAssetsByGroupidByAssetidByVersionPolicies",
    "getAssetsByGroupidByAssetidByVersionRating",
    "getAssetsByGroupidByAssetidByVersionReviews",
    "createAssetsByGroupidByAssetidByVersionReviews",
    "patchAssetsByGroupidByAssetidByVersionReviews",
    "getOrganizationsByMasterorganizationid",
    "createOrganizationsByMasterorganizationid",
    "patchOrganizationsByMasterorganizationid",
    "getOrganizationsByOrganizationidQueries",
    "createOrganizationsByOrganizationidQueries",
    "patchOrganizationsByOrganizationidQueries",
    "getPortals",
    "createPortals",
    "getUsersMeQueries",
    "createUsersMeQueries",
    "patchUsersMeQueries",
];

/// The types of a value and of all in it, by place.
type Shape = BTreeMap<String, BTreeSet<&'static str>>;

fn shape_of(value: &Value, place: &str, shape: &mut Shape) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    shape.entry(place.to_owned()).or_default().insert(kind);
    match value {
        Value::Array(items) => items.iter().for_each(|item| shape_of(item, &format!("{place}[]"), shape)),
        Value::Object(members) => {
            for (name, value) in members {
                shape_of(value, &format!("{place}.{name}"), shape);
            }
        }
        _ => {}
    }
}

/// The examples of successful JSON answers, by operation and status.
fn examples(official: &Description) -> Vec<(&str, &str, &Vec<Value>)> {
    let operations = official.operations.iter();
    operations
        .flat_map(|operation| operation.responses.iter().map(move |response| (operation, response)))
        .flat_map(|(operation, response)| response.content.iter().map(move |content| (operation, response, content)))
        .filter(|(_, response, content)| response.status.starts_with('2') && content.media != "text/csv")
        .filter(|(_, _, content)| content.media == "application/json" || content.media == "*/*")
        .map(|(operation, response, content)| (operation.id.as_str(), response.status.as_str(), &content.examples))
        .filter(|(_, _, examples)| examples.iter().any(|example| example.is_object() || example.is_array()))
        .collect()
}

#[tokio::test]
async fn every_member_of_an_official_example_is_answered_with_its_type() {
    let Some(official) = official() else { return };
    let (place, _) = tour(official).await;
    let mut shapes: BTreeMap<(&str, String), Shape> = BTreeMap::new();
    for seen in place.seen.borrow().iter() {
        let path = seen.path.split('?').next().unwrap_or_default();
        if let Some(operation) = official.find(&seen.method, path) {
            let shape = shapes.entry((&operation.id, seen.status.to_string())).or_default();
            shape_of(&seen.json(), "", shape);
        }
    }
    let mut missing = Vec::new();
    let mut used = BTreeSet::new();
    for (operation, status, examples) in examples(official) {
        let Some(found) = shapes.get(&(operation, status.to_owned())) else {
            match UNSEEN.iter().find(|known| operation.starts_with(*known)) {
                Some(known) => _ = used.insert((*known, "")),
                None => missing.push(format!("{operation} {status}: no such answer was seen")),
            }
            continue;
        };
        let mut expected = Shape::new();
        for example in examples {
            shape_of(example, "", &mut expected);
        }
        let mut absent: Vec<String> = Vec::new();
        for (name, types) in expected {
            // What is below something that is not there is not there either.
            if absent.iter().any(|above| name.starts_with(above.as_str())) {
                continue;
            }
            let message = match found.get(&name) {
                Some(have) if fits(&types, have) => continue,
                Some(have) => format!("{operation}: {name}: is {have:?}, the example's is {types:?}"),
                None => {
                    absent.extend([format!("{name}."), format!("{name}[")]);
                    format!("{operation}: {name}: is not there")
                }
            };
            match WITHOUT.iter().find(|(end, start, _)| operation.ends_with(end) && name.starts_with(start)) {
                Some((end, start, _)) => _ = used.insert((end, start)),
                None => missing.push(message),
            }
        }
    }
    assert!(missing.is_empty(), "{} members are missing or other:\n{}", missing.len(), missing.join("\n"));
    let known = WITHOUT.iter().map(|(end, start, _)| (*end, *start)).chain(UNSEEN.iter().map(|known| (*known, "")));
    let idle: Vec<_> = known.filter(|known| !used.contains(known)).collect();
    assert!(idle.is_empty(), "these exceptions are not needed any more: {idle:?}");
}

/// Whether a value may have the types of the example; null says nothing about a type.
fn fits(example: &BTreeSet<&str>, found: &BTreeSet<&str>) -> bool {
    let concrete = |types: &BTreeSet<&str>| types.iter().any(|kind| *kind != "null");
    !concrete(example) || !concrete(found) || found.iter().any(|kind| *kind != "null" && example.contains(kind))
}
