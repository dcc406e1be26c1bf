//! An organization is brought into a directory, and from there into another organization: nothing is missing, whatever
//! interrupts it, and what has not changed is not brought again.

use std::{collections::BTreeMap, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use crate::support::{ORGANIZATION, Ran, Sandbox, Workshop};

const OTHER: &str = "bbbbbbbb-1111-4222-8333-444455556666";

/// A workshop whose job exports the sandbox.
fn exporting(sandbox: &Sandbox, more: &str) -> Workshop {
    let workshop = Workshop::for_sandbox(sandbox);
    let job = format!("kind = \"export\"\n\n[source]\nhost = \"{}\"\n{more}", sandbox.url());
    workshop.write("export.toml", job);
    workshop
}

fn export(workshop: &Workshop, more: &[&str]) -> Ran {
    workshop.consign(&["export", "export.toml", "--json"]).args(more).run()
}

/// Publishes the rows of a manifest, and whatever the job declares.
fn publish(workshop: &Workshop, sandbox: &Sandbox, rows: &str, more: &str) {
    workshop.write("rows.csv", rows);
    let job = format!(
        "kind = \"publish\"\nname = \"rows\"\n\n[target]\nhost = \"{}\"\n\n[source]\nmanifest = \"rows.csv\"\n\n{more}",
        sandbox.url()
    );
    workshop.write("rows.toml", job);
    workshop.consign(&["run", "rows.toml"]).run().exits(0);
}

/// All that lies in a directory, by path.
fn tree(root: &Utf8Path) -> BTreeMap<Utf8PathBuf, Vec<u8>> {
    let files = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    files
        .map(|file| {
            let path = Utf8PathBuf::try_from(file.into_path()).unwrap();
            (path.strip_prefix(root).unwrap().to_owned(), fs_err::read(&path).unwrap())
        })
        .collect()
}

fn base(sandbox: &Sandbox, gav: &str) -> String {
    format!("/exchange/api/v2/assets/{}/{gav}", sandbox.organization())
}

/// What readers see of a version, in words that do not depend on where it is.
fn facts(sandbox: &Sandbox, gav: &str) -> Value {
    let told = sandbox.send("GET", &base(sandbox, gav)).body.replace(sandbox.organization(), "ORG");
    let told: Value = serde_json::from_str(&told).unwrap();
    let mut facts = json!({});
    let keys = ["name", "description", "contactName", "contactEmail", "type", "status", "isPublic", "versionGroup"];
    for key in keys.into_iter().chain(["labels", "categories", "customFields", "attributes", "externalFile"]) {
        facts[key] = told[key].clone();
    }
    let all = |key: &str, of: &dyn Fn(&Value) -> Option<Value>| {
        let mut all: Vec<Value> = told[key].as_array().into_iter().flatten().filter_map(of).collect();
        all.sort_by_key(ToString::to_string);
        all
    };
    facts["dependencies"] =
        all("dependencies", &|one| Some(json!([one["groupId"], one["assetId"], one["version"]]))).into();
    facts["instances"] = all("instances", &|one| {
        (one["type"] == "external").then(|| json!([one["name"], one["endpointUri"], one["isPublic"]]))
    })
    .into();
    facts["files"] = all("files", &|file| {
        // Archives of specifications hold an `exchange.json` with the ids of their organization.
        let is_plain = matches!(file["classifier"].as_str(), Some("icon" | "custom" | "graphql" | "protobuf"));
        let digest = if is_plain { file["sha256"].clone() } else { Value::Null };
        Some(json!([file["classifier"], file["packaging"], file["mainFile"], file["isGenerated"], digest]))
    })
    .into();
    let portal = sandbox.send("GET", &format!("{}/portal/pages", base(sandbox, gav)));
    let pages = if portal.status == 200 { portal.json() } else { json!([]) };
    let mut texts = Vec::new();
    for page in pages.as_array().unwrap() {
        let path = page["path"].as_str().unwrap().replace(' ', "%20");
        let text = sandbox.send("GET", &format!("{}/portal/pages/{path}", base(sandbox, gav))).body;
        texts.push(json!([page["name"], page["synthetic"], text.replace(sandbox.organization(), "ORG")]));
    }
    let terms = sandbox.send("GET", &format!("{}/portal/pages/.terms", base(sandbox, gav)));
    facts["terms"] = if terms.status == 200 { json!(terms.body) } else { Value::Null };
    facts["pages"] = texts.into();
    facts["images"] = images(sandbox, gav).into();
    facts
}

/// The images of a version; each that a page shows has to be among them.
fn images(sandbox: &Sandbox, gav: &str) -> Vec<String> {
    let listed = sandbox.send("GET", &format!("{}/portal/resources", base(sandbox, gav)));
    let listed = if listed.status == 200 { listed.json() } else { json!([]) };
    let paths = listed.as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap().to_owned());
    paths.collect()
}

/// Images of a page are named as the server named them.
fn links_hold(facts: &Value) {
    let images: Vec<&str> = facts["images"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    for page in facts["pages"].as_array().unwrap() {
        let text = page[2].as_str().unwrap();
        for (at, _) in text.match_indices("(resources/") {
            let link = text[at + 1..].split(')').next().unwrap();
            assert!(images.contains(&link), "{link} is none of {images:?}");
        }
    }
}

/// The same, without what the server chooses for each copy.
fn comparable(mut facts: Value) -> Value {
    let images = facts["images"].as_array().unwrap().clone();
    facts["images"] = json!(images.len());
    let mut text = facts.to_string();
    for (index, image) in images.iter().enumerate() {
        text = text.replace(image.as_str().unwrap(), &format!("resources/{index}"));
    }
    serde_json::from_str(&text).unwrap()
}

const DEFINITIONS: &str = r#"
[[definitions.categories]]
key = "layer"
name = "API layer"
values = ["System", "A, B"]
[[definitions.fields]]
key = "colour"
values = ["red", "blue, dark"]
[[definitions.fields]]
key = "amount"
type = "number"
[[definitions.fields]]
key = "due"
type = "date"
[[definitions.fields]]
key = "note"
type = "text"
[[definitions.fields]]
key = "ports"
type = "number-list"
[[definitions.fields]]
key = "people"
type = "text-list"
"#;

/// Rows with everything that only a server knows otherwise.
const ROWS: &str = "\
assetId,version,type,name,description,status,visibility,tags,keywords,contactName,contactEmail,properties.apiVersion,\
properties.assetLink,categories.layer,fields.colour,fields.amount,fields.due,fields.note,fields.ports,fields.people,\
instances.EU,instances.EU.visibility,instances.US,docs,icon,dependencies\r\n\
orders,1.0.0,soap-api,\"Orders, all of them\",One.,deprecated,public,\"a,b\",\"x,y\",Ann,ann@example.com,v1,\
https://example.com/o?wsdl,\"[\"\"A, B\"\"]\",\"[\"\"red\"\",\"\"blue, dark\"\"]\",5.5,2026-01-01,\"Hello, \"\"world\"\"\",\"80,443\",\"Ann,Bob\",\
https://eu.example.com,public,https://us.example.com,docs,icon.svg,\r\n\
orders,1.4.2,soap-api,,,published,public,,,,,v1,https://example.com/o?wsdl,,,,,,,,,,,,,\r\n\
orders,3.0.0,soap-api,,,development,,,,,,v3,https://example.com/o?wsdl,,,,,,,,,,,,,\r\n\
notes,2.0.0,custom,,,,,,,,,,,System,,,,,,,,,,,,ORG:orders:1.4.2\r\n";

fn write_docs(workshop: &Workshop) {
    workshop.write("icon.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    workshop.write("docs/resources/dog.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"dog\"/>");
    workshop.write("docs/home.md", "# Home\n\n![dog](resources/dog.svg)\n");
    workshop.write("docs/Zebra.md", "# Zebra\n\n![dog again](resources/dog.svg) and [home](home)\n");
    workshop.write("docs/FAQ.md", "# FAQ\n");
    workshop.write("docs/terms.md", "Be kind.\n");
    workshop.write("docs/config.json", "{\"pageOrder\": [\"Zebra\", \"home\", \"FAQ\"]}");
}

#[test]
fn what_was_exported_is_published_to_another_organization_whole() {
    let (source, target) = (Sandbox::start(&[]), Sandbox::start(&["--organization", OTHER]));
    let workshop = exporting(&source, "");
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/catalog");
    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    workshop.write("job.toml", job.replace("directory = \"assets\"", &format!("directory = \"{samples}\"")));
    workshop.run(&[]).exits(0);
    write_docs(&workshop);
    publish(&workshop, &source, &ROWS.replace("ORG", ORGANIZATION), DEFINITIONS);

    let exported = export(&workshop, &[]).exits(0).summary();
    let versions = source.versions();
    assert_eq!(exported["exported"], versions.len(), "{exported}");
    let inventory = workshop.path("export-inventory");
    let summary = fs_err::read_to_string(inventory.join("summary.md")).unwrap();
    assert!(summary.contains("soap-api") && summary.contains("deprecated"), "{summary}");
    let orders: Value = serde_json::from_slice(
        &fs_err::read(inventory.join(format!("assets/{ORGANIZATION}/orders/1.0.0/asset.json"))).unwrap(),
    )
    .unwrap();
    assert_eq!(orders["fields"]["ports"], json!({"type": "number-list", "value": [80, 443]}), "{orders:#}");

    let other = Workshop::with(&target, "");
    other.write(
        "job.toml",
        format!(
            "kind = \"publish\"\nname = \"test\"\n\n[target]\nhost = \"{}\"\n\n[source]\nmanifest = \"{inventory}/manifest.csv\"\n\n\
             [definitions]\nfile = \"{inventory}/definitions.toml\"\n\n[remap]\ngroups = {{ \"{ORGANIZATION}\" = \"{OTHER}\" }}\n",
            target.url()
        ),
    );
    other.run(&[]).exits(0);
    assert_eq!(target.versions(), versions);
    for gav in &versions {
        let (here, there) = (facts(&source, gav), facts(&target, gav));
        links_hold(&here);
        links_hold(&there);
        assert_eq!(comparable(here), comparable(there), "{gav}");
    }
    let again = other.run(&[]).exits(0).summary();
    assert_eq!((&again["published"], &again["updated"]), (&json!(0), &json!(0)), "{again}");
}

#[test]
fn what_has_not_changed_is_not_brought_again_and_what_is_gone_is_told() {
    let sandbox = Sandbox::start(&[]);
    let workshop = exporting(&sandbox, "");
    write_docs(&workshop);
    fs_err::remove_file(workshop.path("docs/terms.md")).unwrap();
    publish(
        &workshop,
        &sandbox,
        "assetId,version,type,docs\na,1.0.0,custom,docs\nb,1.0.0,custom,\nb,1.1.0,custom,\n",
        "",
    );
    assert_eq!(export(&workshop, &[]).exits(0).summary()["exported"], 3);
    let inventory = workshop.path("export-inventory");
    let before = tree(&inventory);
    let again = export(&workshop, &[]).exits(0).summary();
    assert_eq!(again["exported"], 0, "{again}");
    assert!(again["requests"].as_u64().unwrap() < 13, "with three for the portal: {again}");
    assert_eq!(tree(&inventory), before);

    let manifest = fs_err::read_to_string(inventory.join("manifest.csv")).unwrap();
    let waves = manifest.lines().map(|line| match line.split(',').nth(1) {
        Some("b") => format!("{line}7\n"),
        _ => format!("{line}\n"),
    });
    fs_err::write(inventory.join("manifest.csv"), waves.collect::<String>()).unwrap();
    let patched = sandbox.send_json("PATCH", &base(&sandbox, "a"), &json!({"description": "Changed."}));
    assert_eq!(patched.status, 204, "{}", patched.body);
    fs_err::remove_dir_all(inventory.join(format!("assets/{ORGANIZATION}/b/1.1.0"))).unwrap();
    let plan = workshop.consign(&["plan", "export.toml", "--json"]).run().exits(0).json();
    assert_eq!((&plan["counts"]["update"], &plan["counts"]["unchanged"]), (&json!(2), &json!(1)), "{plan}");
    assert_eq!(export(&workshop, &[]).exits(0).summary()["exported"], 2, "what changed, and what was missing");
    let manifest = fs_err::read_to_string(inventory.join("manifest.csv")).unwrap();
    assert!(
        manifest.contains("Changed.") && manifest.lines().filter(|line| line.ends_with(",7")).count() == 2,
        "{manifest}"
    );

    let deleted = sandbox.send("DELETE", &base(&sandbox, "b/1.0.0"));
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    let events = export(&workshop, &[]).exits(0).events();
    let told = events.iter().find(|event| event["check"] == "vanished").expect("is told");
    assert!(told["message"].as_str().unwrap().contains("b/1.0.0"), "{told}");
    assert!(inventory.join(format!("assets/{ORGANIZATION}/b/1.0.0/asset.json")).exists(), "the folder is left");
    let manifest = fs_err::read_to_string(inventory.join("manifest.csv")).unwrap();
    assert!(!manifest.contains("b,1.0.0") && manifest.contains("b,1.1.0"), "{manifest}");
    assert!(fs_err::read_to_string(inventory.join("summary.md")).unwrap().contains("No longer on the source (1)"));
}

#[test]
fn killed_again_and_again_it_ends_with_the_same_directory() {
    let sandbox = Sandbox::start(&[]);
    let workshop = exporting(&sandbox, "");
    write_docs(&workshop);
    fs_err::remove_file(workshop.path("docs/terms.md")).unwrap();
    let rows: Vec<String> = (0..24).map(|number| format!("asset-{number},1.0.0,custom,docs,icon.svg")).collect();
    let rows = rows.join("\n");
    publish(&workshop, &sandbox, &format!("assetId,version,type,docs,icon\n{rows}"), "");
    for round in 0..6 {
        let mut running = workshop.consign(&["export", "export.toml", "--json", "--rate", "120"]).start();
        while running.lines() < 4 * (round + 1) && running.is_running() {
            std::thread::sleep(Duration::from_millis(2));
        }
        running.kill();
    }
    let last = export(&workshop, &[]).exits(0).summary();
    assert_eq!(last["counts"]["done"].as_u64().unwrap() + last["counts"]["skipped"].as_u64().unwrap(), 24, "{last}");
    let fresh = exporting(&sandbox, "");
    export(&fresh, &[]).exits(0);
    let (interrupted, whole) = (tree(&workshop.path("export-inventory")), tree(&fresh.path("export-inventory")));
    assert_eq!(interrupted.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
    assert_eq!(interrupted, whole);
}

#[test]
fn a_part_of_an_organization_is_exported_and_mistakes_are_told() {
    let sandbox = Sandbox::start(&[]);
    let filter = "include = [\"*/orders*\"]\nversions = \">=1.2\"\nstatus = [\"published\"]\n";
    let workshop = exporting(&sandbox, filter);
    let rows = "assetId,version,type,status\norders,1.0.0,custom,\norders,1.2.0,custom,\norders-old,2.0.0,custom,deprecated\n\
                other,2.0.0,custom,\n";
    publish(&workshop, &sandbox, rows, "");
    let summary = export(&workshop, &[]).exits(0).summary();
    assert_eq!((&summary["exported"], &summary["counts"]["skipped"]), (&json!(1), &json!(1)), "{summary}");
    let status = workshop.consign(&["status", "export.toml"]).run().exits(0);
    assert!(status.stdout.contains("source    ") && status.stdout.contains("1 exported"), "{}", status.stdout);

    let wrong = workshop.consign(&["export", "job.toml"]).run().exits(1);
    assert!(wrong.stderr.contains("no job of kind `export`"), "{}", wrong.stderr);
    for (more, told) in [
        ("versions = \"new\"\n", "source.versions"),
        ("changed_since = \"yesterday\"\n", "source.changed_since"),
        ("business_groups = \"some\"\n", "source.business_groups"),
        ("manifest = \"m.csv\"\n", "reads an `organization`"),
        ("[target]\norganization = \"x\"\n", "sends nothing"),
    ] {
        let workshop = exporting(&sandbox, more);
        let refused = export(&workshop, &[]).exits(1);
        assert!(refused.stderr.contains(told), "{}", refused.stderr);
    }
}
