//! The assets that are brought, and what the server must hold of them in the end.

use serde_json::Value;

use crate::support::{ORGANIZATION, Sandbox, Workshop, specification};

/// How many assets; every fourth comes in two versions.
const COUNT: usize = 8;

/// Coordinates without the group, of all versions.
pub(super) fn versions() -> Vec<(String, &'static str)> {
    let versions = |n: usize| if n.is_multiple_of(4) { vec!["1.0.0", "1.1.0"] } else { vec!["1.0.0"] };
    (0..COUNT).flat_map(|n| versions(n).into_iter().map(move |version| (format!("a{n}"), version))).collect()
}

/// The same as the sandbox names and sorts them.
pub(super) fn names() -> Vec<String> {
    let mut names: Vec<String> = versions().iter().map(|(id, version)| format!("{id}/{version}")).collect();
    names.sort();
    names
}

/// What is published, with everything that describes it: each asset needs the one three before it.
pub(super) fn manifest(workshop: &Workshop, turn: &str) {
    let mut rows =
        "path,assetId,version,name,description,contactName,tags,dependencies,fields.note,instances.test,docs\n"
            .to_owned();
    for (at, (id, version)) in versions().iter().enumerate() {
        let n: usize = id[1..].parse().expect("a number");
        let needs = n.checked_sub(3).map_or(String::new(), |before| format!("{ORGANIZATION}:a{before}:1.0.0"));
        // The content stays the same from turn to turn: only what describes it changes.
        workshop.write(&format!("{id}-{version}.yaml"), specification(id, version, "Hello"));
        workshop.write(&format!("{id}-{version}-docs/home.md"), format!("# {id}\n\n{turn}\n"));
        rows += &format!(
            "{id}-{version}.yaml,{id},{version},{id} {turn},It {turn},Ann {turn},\"all,{turn}\",{needs},\
             \"{turn}, {at}\",https://{turn}.example.com/{id},{id}-{version}-docs\n"
        );
    }
    // What belongs to the asset is said by its highest version; the field belongs to the minor one.
    workshop.write("assets.csv", rows);
}

/// The same things changed by a job that describes; every third version is deprecated as well.
pub(super) fn changes(workshop: &Workshop, turn: &str) {
    let mut rows =
        "assetId,version,name,description,contactName,tags,fields.note,instances.test,pages.home,status\n".to_owned();
    workshop.write("home.md", format!("# Home\n\n{turn}\n"));
    for (at, (id, version)) in versions().iter().enumerate() {
        let status = if at % 3 == 0 { "deprecated" } else { "" };
        rows += &format!(
            "{id},{version},{id} {turn},It {turn},Ann {turn},\"all,{turn}\",\"{turn}, {at}\",\
             https://{turn}.example.com/{id},home.md,{status}\n"
        );
    }
    workshop.write("changes.csv", rows);
}

/// Everything that describes the assets must be as one turn said, once.
pub(super) fn check(sandbox: &Sandbox, turn: &str, deprecates: bool) {
    for (at, (id, version)) in versions().iter().enumerate() {
        let asset = sandbox.asset(id, version).unwrap_or_else(|| panic!("{id}/{version} is lost"));
        let text = |key: &str| asset[key].as_str().unwrap_or_default().to_owned();
        let described = ["name", "description", "contactName"].map(text);
        assert_eq!(described, [format!("{id} {turn}"), format!("It {turn}"), format!("Ann {turn}")], "{asset:#}");
        let mut labels: Vec<&str> = asset["labels"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        labels.sort_unstable();
        assert_eq!(labels, ["all", turn], "{id}/{version}");
        let fields: Vec<&Value> =
            asset["customFields"].as_array().unwrap().iter().map(|field| &field["value"]).collect();
        assert_eq!(fields, [&Value::from(format!("{turn}, {at}"))], "{id}/{version}");
        let status = if deprecates && at % 3 == 0 { "deprecated" } else { "published" };
        assert_eq!(asset["status"], status, "{id}/{version}");
        let base = format!("/exchange/api/v2/assets/{ORGANIZATION}/{id}");
        let instances = sandbox.send("GET", &format!("{base}/versionGroups/v1/instances")).json();
        let external = instances.as_array().unwrap().iter().filter(|instance| instance["type"] == "external");
        let places: Vec<&Value> = external.map(|instance| &instance["endpointUri"]).collect();
        assert_eq!(places, [&Value::from(format!("https://{turn}.example.com/{id}"))], "{id}");
        let pages = sandbox.send("GET", &format!("{base}/{version}/portal/pages")).json();
        let names: Vec<&str> = pages.as_array().unwrap().iter().filter_map(|page| page["name"].as_str()).collect();
        assert_eq!(names, ["home"], "{id}/{version}");
        let home = sandbox.send("GET", &format!("{base}/{version}/portal/pages/home")).body;
        assert!(home.contains(turn), "{id}/{version}: {home}");
    }
}
