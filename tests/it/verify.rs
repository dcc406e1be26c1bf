//! `consign verify` tells exactly what is not as the source says, whoever has changed it, and touches nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    quick_start::quick_start,
    support::{ORGANIZATION, Ran, Sandbox, Workshop, specification},
};

/// What is not as it should be: `asset/version verdict datum`, or without a datum.
#[track_caller]
fn told(ran: &Ran) -> BTreeSet<String> {
    let report = ran.json();
    let mut told = BTreeSet::new();
    for item in report["items"].as_array().expect("a list") {
        let gav = item["gav"].as_str().unwrap_or("-");
        let name = gav.split_once('/').map_or(gav, |(_, name)| name);
        let verdict = item["verdict"].as_str().expect("a word");
        let differences = item["differences"].as_array().expect("a list");
        if differences.is_empty() {
            told.insert(format!("{name} {verdict}"));
        }
        for difference in differences {
            told.insert(format!("{name} {verdict} {}", difference["datum"].as_str().expect("a word")));
        }
    }
    assert_eq!(told.is_empty(), report["equal"] == true, "{report:#}");
    told
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

const MANIFEST: &str = "assetId,version,name,description,contactName,tags,categories.layer,fields.team,docs,icon,status,\
visibility,instances.live,properties.apiVersion,dependencies,files.oas.yaml\n\
base,1.0.0,,,,,,,,,,,,v1,,base.yaml\n\
orders,1.0.0,Orders,Takes orders,Ann,\"a,b\",System,blue,docs,icon.svg,published,public,https://orders.example.com,v1,GROUP:base:1.0.0,api.yaml\n\
later,1.0.0,,,,,,,,,development,,,v1,GROUP:base:1.0.0,later.yaml\n";

const JOB: &str = "[definitions]\ncategories = [{ key = \"layer\" }]\nfields = [{ key = \"team\", type = \"text\" }]\n";

fn icon(colour: &str) -> String {
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><path fill=\"{colour}\"/></svg>")
}

fn docs(workshop: &Workshop, folder: &str, order: &str, logo: &str) {
    workshop.write(&format!("{folder}/home.md"), "# Welcome\n\n![logo](resources/logo.png)\n");
    workshop.write(&format!("{folder}/Start.md"), "# Start\n\nHere.\n");
    workshop.write(&format!("{folder}/Annex.md"), "No more.\n");
    workshop.write(&format!("{folder}/terms.md"), "Be kind.\n");
    workshop.write(&format!("{folder}/config.json"), format!("{{\"pageOrder\": [{order}]}}"));
    workshop.write(&format!("{folder}/resources/logo.png"), logo);
}

const ORDER: &str = "\"home\", \"Start\", \"Annex\"";

/// Assets with everything that can be said of them, published.
fn published(sandbox: &Sandbox) -> Workshop {
    let workshop = Workshop::with(sandbox, JOB);
    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    workshop.write("job.toml", job.replace("directory = \"assets\"", "manifest = \"manifest.csv\""));
    workshop.write("manifest.csv", MANIFEST.replace("GROUP", ORGANIZATION));
    for (file, title) in [("base.yaml", "Base"), ("api.yaml", "Orders"), ("later.yaml", "Later")] {
        workshop.write(file, specification(title, "1.0.0", "Hello"));
    }
    workshop.write("icon.svg", icon("red"));
    docs(&workshop, "docs", ORDER, "a picture");
    workshop.run(&[]).exits(0);
    workshop
}

fn verify(workshop: &Workshop) -> Ran {
    workshop.consign(&["verify", "job.toml", "--json"]).run()
}

/// Somebody changes `orders/1.0.0`.
fn change(workshop: &Workshop, sandbox: &Sandbox, columns: &str, cells: &str) {
    let (url, manifest) = (sandbox.url(), format!("assetId,version,{columns}\norders,1.0.0,{cells}\n"));
    workshop.write("changes.csv", manifest);
    workshop.write(
        "change.toml",
        format!("kind = \"describe\"\n[target]\nhost = \"{url}\"\n[source]\nmanifest = \"changes.csv\"\n"),
    );
    let summary = workshop.consign(&["run", "change.toml", "--json"]).run().exits(0).summary();
    assert_eq!(summary["updated"], 1, "{columns}: {summary}");
}

#[test]
fn each_datum_that_somebody_changes_is_told_and_no_other() {
    let sandbox = Sandbox::start(&[]);
    let workshop = published(&sandbox);
    let writes = sandbox.writes();
    let first = workshop.consign(&["verify", "job.toml", "--json", "--journal", "none.db"]).run().exits(0);
    assert_eq!(first.json()["counts"]["equal"], 3, "{}", first.stdout);
    assert!(!workshop.path("none.db").exists(), "no journal is looked into, or made");
    assert_eq!(sandbox.writes(), writes, "nothing is written");

    workshop.write("blue.svg", icon("blue"));
    workshop.write("Start.md", "# Start\n\nThere.\n");
    docs(&workshop, "turned", "\"home\", \"Annex\", \"Start\"", "a picture");
    docs(&workshop, "painted", "\"home\", \"Start\"", "another picture");
    fs_err::remove_file(workshop.path("painted/Annex.md")).unwrap();
    let changes = [
        ("name", "Orders of old", &["name"][..], &[][..]),
        ("description", "Takes nothing", &["description"], &[]),
        ("contactName", "Bob", &["contactName"], &[]),
        ("tags", "\"a,c\"", &["tags"], &[]),
        ("categories.layer", "Process", &["categories.layer"], &[]),
        ("fields.team", "red", &["fields.team"], &[]),
        ("icon", "blue.svg", &["icon"], &[]),
        ("instances.live", "https://other.example.com", &["instances.live"], &[]),
        ("visibility", "private", &["visibility"], &[]),
        ("status", "deprecated", &["status"], &[]),
        ("pages.Start", "Start.md", &["page Start"], &[]),
        ("pages.terms", "Start.md", &["terms"], &[]),
        ("docs", "turned", &["order of pages"], &["page Start", "terms"]),
        ("docs", "painted", &["page home", "page Annex", "image logo.png"], &["order of pages"]),
    ];
    let mut wrong: BTreeSet<&str> = BTreeSet::new();
    for (column, cell, more, less) in changes {
        change(&workshop, &sandbox, column, cell);
        wrong.extend(more);
        for datum in less {
            assert!(wrong.remove(datum));
        }
        let expected: BTreeSet<String> = wrong.iter().map(|datum| format!("orders/1.0.0 different {datum}")).collect();
        assert_eq!(told(&verify(&workshop).exits(2)), expected, "{column}");
    }
    let shown = workshop.consign(&["verify", "job.toml", "--only", "orders"]).run().exits(2).stdout;
    let shown: Vec<String> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in
        ["name Orders Orders of old", "tags a, b a, c", "status published deprecated", "visibility public private"]
    {
        assert!(shown.iter().any(|shown| shown.contains(line)), "{line}: {shown:#?}");
    }
    assert!(shown.last().is_some_and(|line| line.contains("1 version compared: 1 different")), "{shown:#?}");

    let columns =
        "name,description,contactName,tags,categories.layer,fields.team,docs,icon,status,visibility,instances.live";
    let cells = "Orders,Takes orders,Ann,\"a,b\",System,blue,docs,icon.svg,published,public,https://orders.example.com";
    change(&workshop, &sandbox, columns, cells);
    assert_eq!(told(&verify(&workshop).exits(0)), set([]));
}

#[test]
fn versions_and_contents_that_are_others_are_told() {
    let sandbox = Sandbox::start(&[]);
    let workshop = published(&sandbox);
    let other = |rows: &str| {
        let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
        workshop.write(
            "other.toml",
            job.replace("manifest.csv", "other.csv").replace("name = \"test\"", "name = \"other\""),
        );
        workshop.write(
            "other.csv",
            format!("assetId,version,status,properties.apiVersion,dependencies,files.oas.yaml\n{rows}\n"),
        );
        workshop.consign(&["run", "other.toml"]).run().exits(0);
    };
    workshop.write("other/later.yaml", specification("Later", "1.0.0", "Something else"));
    other("later,1.0.0,development,v1,,other/later.yaml");
    let changed = set(["later/1.0.0 different dependencies", "later/1.0.0 different files.oas.yaml"]);
    assert_eq!(told(&verify(&workshop).exits(2)), changed);

    other("orders,2.0.0,,v2,,other/later.yaml");
    let more = &changed | &set(["orders/2.0.0 extra"]);
    assert_eq!(told(&verify(&workshop).exits(2)), more);
    assert_eq!(told(&workshop.consign(&["verify", "job.toml", "--json", "--only", "base"]).run().exits(0)), set([]));

    let path = format!("/exchange/api/v2/assets/{ORGANIZATION}/later/1.0.0");
    assert_eq!(sandbox.send("DELETE", &path).status, 204);
    assert_eq!(told(&verify(&workshop).exits(2)), set(["later/1.0.0 missing", "orders/2.0.0 extra"]));
    workshop.write(
        "manifest.csv",
        format!("{}gone,1.0.0,,,,,,,,,,,,,,nowhere.yaml\n", MANIFEST.replace("GROUP", ORGANIZATION)),
    );
    let report = verify(&workshop).exits(2).json();
    assert_eq!(report["counts"]["invalid"], 1, "{report:#}");
}

#[test]
fn a_content_under_another_number_is_found_and_does_not_count() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::with(&sandbox, "[publish]\non_conflict = \"bump-patch\"\n");
    let write = |says: &str| workshop.write("assets/orders.yaml", specification("Orders", "1.0.0", says));
    write("Hello");
    workshop.run(&[]).exits(0);
    write("Goodbye");
    workshop.run(&[]).exits(0);
    assert_eq!(sandbox.versions(), ["orders/1.0.0", "orders/1.0.1"]);
    let note = |report: &Value| report["items"][0]["note"].as_str().unwrap_or_default().to_owned();
    let report = verify(&workshop).exits(2);
    assert!(told(&report).contains("orders/1.0.0 different files.oas.zip: orders.yaml"), "{}", report.stdout);
    assert_eq!(note(&report.json()), "version 1.0.1 holds the same content");
    let path = format!("/exchange/api/v2/assets/{ORGANIZATION}/orders/1.0.0");
    assert_eq!(sandbox.send("DELETE", &path).status, 204);
    let report = verify(&workshop).exits(2);
    assert!(told(&report).contains("orders/1.0.0 missing"), "{}", report.stdout);
    assert_eq!(note(&report.json()), "version 1.0.1 holds the same content");
}

#[test]
fn the_samples_verify_after_their_runs_and_a_wave_by_itself() {
    let workshop = quick_start();
    for job in ["publish", "manifest", "catalog", "describe"] {
        let job = format!("jobs/{job}.toml");
        workshop.consign(&["run", &job]).run().exits(0);
        let verified = workshop.consign(&["verify", &job, "--json"]).run();
        assert_eq!((told(&verified), verified.code), (set([]), Some(0)), "{job}: {}", verified.stdout);
    }
    let report = workshop.consign(&["verify", "jobs/publish.toml", "--json"]).run().exits(2).json();
    let described = report["counts"]["different"].as_u64();
    assert!(described > Some(0) && report["counts"]["missing"] == 0, "the other job has changed them: {report:#}");
}

#[test]
fn a_wave_is_held_to_its_own_rows() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    workshop.write("job.toml", job.replace("directory = \"assets\"", "manifest = \"manifest.csv\""));
    workshop.write("manifest.csv", "assetId,version,type,name,wave\na,1.0.0,custom,A,1\na,2.0.0,custom,B,2\n");
    workshop.run(&["--wave", "1"]).exits(0);
    let wave = |wave: &str| workshop.consign(&["verify", "job.toml", "--json", "--wave", wave]).run();
    assert_eq!(told(&wave("1").exits(0)), set([]));
    assert_eq!(told(&wave("2").exits(2)), set(["a/2.0.0 missing"]));
    workshop.run(&["--wave", "2"]).exits(0);
    assert_eq!(told(&wave("2").exits(0)), set([]));
    assert_eq!(told(&wave("1").exits(0)), set([]), "the name is that of the highest version");
}

#[test]
fn who_is_not_let_in_learns_that_before_anything_is_compared() {
    let sandbox = Sandbox::start(&[]);
    let workshop = published(&sandbox).without_credentials();
    let refused = workshop.consign(&["verify", "job.toml", "--json"]).run().exits(1);
    assert_eq!(refused.stdout, "");
    let wrong = workshop.consign(&["verify", "job.toml"]).env("ANYPOINT_BEARER", "wrong").run();
    assert!(matches!(wrong.code, Some(1 | 3)), "{wrong:?}");
}

#[test]
fn declarations_that_are_not_true_are_told() {
    let sandbox = Sandbox::start(&[]);
    let workshop = published(&sandbox);
    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    workshop.write("job.toml", job.replace("{ key = \"layer\" }", "{ key = \"layer\", values = [\"System\"] }"));
    let report = verify(&workshop).exits(2).json();
    assert_eq!((&report["definitions"][0]["key"], &report["equal"]), (&json!("layer"), &json!(false)), "{report:#}");
    assert_eq!(report["items"], json!([]));
}
