//! A nightly run brings every change and nothing else: the metadata of an asset, a new version, or nothing at all.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Ran, Sandbox, Workshop, specification};

const JOB: &str = "kind = \"publish\"\nname = \"test\"\n\n[source]\nmanifest = \"assets.csv\"\n";

/// A workshop with a job over `assets.csv`; `more` are further lines of the job.
fn night(sandbox: &Sandbox, more: &str) -> Workshop {
    let workshop = Workshop::for_sandbox(sandbox);
    workshop.write("job.toml", format!("{JOB}\n[target]\nhost = \"{}\"\n\n{more}", sandbox.url()));
    workshop
}

/// Runs the job; returns what it did, and the calls that changed something, by endpoint.
fn run(workshop: &Workshop, sandbox: &Sandbox) -> (Ran, BTreeMap<String, u64>) {
    let before = sandbox.writes();
    let ran = workshop.run(&[]).exits(0);
    let mut writes = sandbox.writes();
    for (endpoint, count) in before {
        *writes.get_mut(&endpoint).expect("counts only grow") -= count;
    }
    writes.retain(|_, count| *count > 0);
    (ran, writes)
}

fn assert_only(writes: &BTreeMap<String, u64>, expected: &[(&str, u64)]) {
    let found: Vec<(&str, u64)> = writes.iter().map(|(endpoint, count)| (endpoint.as_str(), *count)).collect();
    assert_eq!(found, expected);
}

fn labels(asset: &Value) -> Vec<&str> {
    let mut labels: Vec<&str> = asset["labels"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    labels.sort_unstable();
    labels
}

const PUBLISH: &str = "POST /exchange/api/v2/organizations/{org}/assets/{g}/{a}/{v}";
const MUTABLE: &str = "PATCH /exchange/api/v2/organizations/{org}/assets/{g}/{a}/{v}/mutabledata";

#[test]
fn one_tag_is_one_patch_one_file_is_one_new_version_and_nothing_is_nothing() {
    let sandbox = Sandbox::start(&[]);
    let workshop = night(&sandbox, "[publish]\non_change = \"bump-patch\"\n");
    let rows = |tags: &str| {
        format!(
            "path,assetId,version,name,description,tags\norders.yaml,orders,1.0.0,Orders,It,\"{tags}\"\nstock.yaml,stock,1.0.0,Stock,It,\n"
        )
    };
    workshop.write("assets.csv", rows("a,b"));
    workshop.write("orders.yaml", specification("Orders", "1.0.0", "one"));
    workshop.write("stock.yaml", specification("Stock", "1.0.0", "one"));
    let (_, writes) = run(&workshop, &sandbox);
    assert_only(&writes, &[(PUBLISH, 2)]);
    assert_only(&run(&workshop, &sandbox).1, &[]);

    workshop.write("assets.csv", rows("a,c"));
    let plan = workshop.consign(&["plan", "job.toml"]).run().exits(0).stdout;
    assert!(plan.contains("metadata-only") && plan.contains("tags: +c −b"), "{plan}");
    let (ran, writes) = run(&workshop, &sandbox);
    assert_only(&writes, &[(MUTABLE, 1)]);
    assert_eq!((&ran.summary()["published"], &ran.summary()["updated"]), (&json!(0), &json!(1)));
    assert_eq!(labels(&sandbox.asset("orders", "1.0.0").unwrap()), ["a", "c"]);

    workshop.write("stock.yaml", specification("Stock", "1.0.0", "two, and longer"));
    let plan = workshop.consign(&["plan", "job.toml"]).run().exits(0).stdout;
    assert!(plan.contains("its content has changed since this job published it"), "{plan}");
    let (ran, writes) = run(&workshop, &sandbox);
    assert_only(&writes, &[(PUBLISH, 1)]);
    assert_eq!(ran.summary()["published"], 1);
    assert_eq!(sandbox.versions(), ["orders/1.0.0", "stock/1.0.0", "stock/1.0.1"]);
    assert_only(&run(&workshop, &sandbox).1, &[]);

    // The version that it was bumped to is the one that is described from now on.
    workshop.write("assets.csv", rows("a,c").replace("Stock,It,", "Stock,It,late"));
    assert_only(&run(&workshop, &sandbox).1, &[(MUTABLE, 1)]);
    assert_eq!(labels(&sandbox.asset("stock", "1.0.1").unwrap()), ["late"]);

    // Without its journal a job finds everything as it should be.
    fs_err::remove_dir_all(workshop.path(".consign")).unwrap();
    let plan = workshop.consign(&["plan", "job.toml"]).run().exits(0).stdout;
    assert!(plan.contains("2 items: 2 unchanged"), "{plan}");
    let (_, writes) = run(&workshop, &sandbox);
    assert_only(&writes, &[]);
    assert_eq!(sandbox.versions().len(), 3);
}

#[test]
fn a_changed_file_fails_where_the_job_wants_a_new_version_by_hand() {
    let sandbox = Sandbox::start(&[]);
    let workshop = night(&sandbox, "[publish]\non_change = \"fail\"\non_conflict = \"bump-patch\"\n");
    workshop.write("assets.csv", "path,assetId,version\norders.yaml,orders,1.0.0\n");
    workshop.write("orders.yaml", specification("Orders", "1.0.0", "one"));
    workshop.run(&[]).exits(0);
    workshop.write("orders.yaml", specification("Orders", "1.0.0", "two, and longer"));
    workshop.run(&[]).exits(2);
    assert_eq!(workshop.item("orders", "1.0.0").1, "changed");
    assert_eq!(sandbox.versions(), ["orders/1.0.0"]);
}

#[test]
fn everything_that_describes_an_asset_arrives_changes_and_goes() {
    let sandbox = Sandbox::start(&[]);
    let definitions = "[definitions]\ncategories = [{ key = \"layer\", values = [\"System\", \"Process\"] }]\n\
                       fields = [{ key = \"note\" }, { key = \"due\", type = \"date\" }, { key = \"team\", type = \"text-list\" }]\n";
    let workshop = night(&sandbox, definitions);
    let header = "path,assetId,version,name,description,contactName,contactEmail,icon,tags,categories.layer,fields.note,fields.due,fields.team,instances.test,status";
    let manifest = |row: &str| workshop.write("assets.csv", format!("{header}\n{row}\n"));
    workshop.write("orders.yaml", specification("Orders", "1.0.0", "one"));
    workshop.write("icon.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    manifest(
        r#"orders.yaml,orders,1.0.0,Orders,What it is,Ann,ann@example.com,icon.svg,"[""a, b"",""c""]",System,"Hello, world",2026-01-01,"x,y",https://test.example.com,deprecated"#,
    );
    run(&workshop, &sandbox);
    let asset = sandbox.asset("orders", "1.0.0").unwrap();
    assert_eq!(labels(&asset), ["a, b", "c"]);
    assert_eq!((&asset["contactName"], &asset["status"]), (&json!("Ann"), &json!("deprecated")));
    let field = |asset: &Value, key: &str| {
        let fields = asset["customFields"].as_array().unwrap();
        fields.iter().find(|field| field["key"] == key).map(|field| field["value"].clone())
    };
    assert_eq!(field(&asset, "note"), Some(json!("Hello, world")));
    assert_eq!(field(&asset, "team"), Some(json!(["x", "y"])));
    let instances = |sandbox: &Sandbox| {
        let organization = sandbox.organization();
        let path = format!("/exchange/api/v2/assets/{organization}/orders/versionGroups/v1/instances");
        let instances = sandbox.send("GET", &path).json();
        let named = |instance: &Value| format!("{} {}", instance["name"], instance["endpointUri"]).replace('"', "");
        let external = instances.as_array().unwrap().iter().filter(|instance| instance["type"] == "external");
        external.map(named).collect::<Vec<_>>()
    };
    assert_eq!(instances(&sandbox), ["test https://test.example.com"]);
    assert_only(&run(&workshop, &sandbox).1, &[]);

    manifest(
        r"orders.yaml,orders,1.0.0,Orders!,,Bob,,icon.svg,[],[],Bye,2026-01-02,[],https://other.example.com,published",
    );
    run(&workshop, &sandbox);
    let asset = sandbox.asset("orders", "1.0.0").unwrap();
    assert!(labels(&asset).is_empty());
    assert_eq!(
        (&asset["name"], &asset["description"], &asset["contactName"]),
        (&json!("Orders!"), &json!("one"), &json!("Bob"))
    );
    assert_eq!((&asset["categories"], &asset["status"]), (&json!([]), &json!("published")));
    assert_eq!((field(&asset, "note"), field(&asset, "team")), (Some(json!("Bye")), None));
    assert_eq!(instances(&sandbox), ["test https://other.example.com"]);
    assert_only(&run(&workshop, &sandbox).1, &[]);
    assert_eq!(sandbox.versions(), ["orders/1.0.0"]);
}

#[test]
fn parallel_versions_never_overwrite_what_they_share() {
    let sandbox = Sandbox::start(&[]);
    let workshop = night(&sandbox, "");
    workshop.write("one.yaml", specification("Orders", "1.0.0", "one"));
    workshop.write("two.yaml", specification("Orders", "1.0.1", "two"));
    let rows = |old: &str, new: &str| {
        format!("path,assetId,version,name,tags\none.yaml,orders,1.0.0,Old,{old}\ntwo.yaml,orders,1.0.1,New,{new}\n")
    };
    workshop.write("assets.csv", rows("old", "new"));
    let plan = workshop.consign(&["plan", "job.toml"]).run().exits(0).stdout;
    assert!(plan.contains("share `tags`") && plan.contains("share `name`"), "{plan}");
    run(&workshop, &sandbox);
    let told = |version: &str| {
        let asset = sandbox.asset("orders", version).unwrap();
        (asset["name"].as_str().unwrap().to_owned(), labels(&asset).join(","))
    };
    let new = ("New".to_owned(), "new".to_owned());
    assert_eq!((told("1.0.0"), told("1.0.1")), (new.clone(), new.clone()));
    workshop.write("assets.csv", rows("older", "new"));
    assert_only(&run(&workshop, &sandbox).1, &[]);
    assert_eq!(told("1.0.1"), new);

    // Who is left speaks for it.
    workshop.write("assets.csv", "path,assetId,version,name,tags\none.yaml,orders,1.0.0,Old,older\n");
    run(&workshop, &sandbox);
    assert_eq!(told("1.0.1"), ("Old".to_owned(), "older".to_owned()));
    assert_only(&run(&workshop, &sandbox).1, &[]);
}

#[test]
fn what_vanished_is_told_deprecated_when_asked_and_comes_back() {
    let sandbox = Sandbox::start(&[]);
    let workshop = night(&sandbox, "");
    for name in ["orders", "stock"] {
        workshop.write(&format!("{name}.yaml"), specification(name, "1.0.0", "one"));
    }
    let both = "path,assetId,version\norders.yaml,orders,1.0.0\nstock.yaml,stock,1.0.0\n";
    workshop.write("assets.csv", both);
    run(&workshop, &sandbox);
    workshop.write("assets.csv", "path,assetId,version\norders.yaml,orders,1.0.0\n");
    let plan = workshop.consign(&["plan", "job.toml"]).run().exits(0).stdout;
    assert!(plan.contains("no longer in the source") && plan.contains("stock/1.0.0; they stay"), "{plan}");
    let (ran, writes) = run(&workshop, &sandbox);
    let events = ran.events();
    let vanished = events.iter().find(|event| event["type"] == "vanished").expect("is told");
    assert_eq!((&vanished["count"], &vanished["deprecated"]), (&json!(1), &json!(false)));
    assert_only(&writes, &[]);

    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    workshop.write("job.toml", format!("{job}[publish]\non_vanished = \"deprecate\"\n"));
    run(&workshop, &sandbox);
    assert_eq!(sandbox.asset("stock", "1.0.0").unwrap()["status"], "deprecated");
    assert_only(&run(&workshop, &sandbox).1, &[]);
    workshop.write("assets.csv", both);
    run(&workshop, &sandbox);
    assert_eq!(sandbox.asset("stock", "1.0.0").unwrap()["status"], "published");
    assert_only(&run(&workshop, &sandbox).1, &[]);
    assert_eq!(sandbox.stats()["publications"]["accepted"], 2);
}

#[test]
fn a_file_that_holds_no_asset_any_more_has_not_vanished() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::with(&sandbox, "[publish]\non_vanished = \"deprecate\"\n");
    let status = || sandbox.asset("orders", "1.0.0").unwrap()["status"].as_str().unwrap().to_owned();
    for name in ["orders", "stock"] {
        workshop.write(&format!("assets/{name}.yaml"), specification(name, "1.0.0", "one"));
    }
    workshop.run(&[]).exits(0);
    for content in ["", "version https://git-lfs.github.com/spec/v1\n", "<!DOCTYPE html><title>Sign in</title>"] {
        workshop.write("assets/orders.yaml", content);
        let plan = workshop.consign(&["plan", "job.toml"]).run().exits(0).stdout;
        assert!(plan.contains("hold no asset any more: they stay as they are"), "{content:?}: {plan}");
        let ran = workshop.run(&[]).exits(0);
        let told = ran.events().into_iter().find(|event| event["type"] == "vanished").expect("is told");
        assert_eq!((&told["count"], &told["deprecated"]), (&json!(1), &json!(false)), "{content:?}");
        assert!(told["spared"].as_str().unwrap().contains("files are still there"), "{content:?}: {told}");
        assert_eq!(status(), "published", "{content:?}");
    }
    fs_err::remove_file(workshop.path("assets/orders.yaml")).unwrap();
    workshop.run(&[]).exits(0);
    assert_eq!(status(), "deprecated", "now it has vanished");
}

#[test]
fn states_move_by_documented_transitions_and_dependencies_go_first() {
    let sandbox = Sandbox::start(&[]);
    let workshop = night(&sandbox, "");
    for name in ["app", "lib"] {
        workshop.write(&format!("{name}.yaml"), specification(name, "1.0.0", "one"));
    }
    let organization = sandbox.organization();
    let manifest = |status: &str| {
        let rows = format!("app.yaml,app,1.0.0,{status},{organization}:lib:1.0.0\nlib.yaml,lib,1.0.0,{status},\n");
        workshop.write("assets.csv", format!("path,assetId,version,status,dependencies\n{rows}"));
    };
    let states =
        || ["app", "lib"].map(|name| sandbox.asset(name, "1.0.0").unwrap()["status"].as_str().unwrap().to_owned());
    manifest("development");
    run(&workshop, &sandbox);
    assert_eq!(states(), ["development", "development"]);
    fs_err::remove_dir_all(workshop.path(".consign")).unwrap();
    assert_only(&run(&workshop, &sandbox).1, &[]);
    for state in ["published", "deprecated", "published"] {
        manifest(state);
        let (_, writes) = run(&workshop, &sandbox);
        assert_only(&writes, &[("PUT /exchange/api/v2/assets/{g}/{a}/{v}/status", 2)]);
        assert_eq!(states(), [state, state]);
        assert_only(&run(&workshop, &sandbox).1, &[]);
    }
    manifest("development");
    let plan = workshop.consign(&["plan", "job.toml"]).run().exits(2).stdout;
    assert!(plan.contains("2 items: 2 conflict"), "{plan}");
    workshop.run(&[]).exits(2);
    assert_eq!(workshop.item("lib", "1.0.0").1, "transition");
    assert_eq!(states(), ["published", "published"]);
    assert_eq!(sandbox.stats()["publications"]["accepted"], 2);
}

#[test]
fn what_somebody_has_deleted_is_published_again_with_all_that_describes_it() {
    let sandbox = Sandbox::start(&[]);
    let workshop = night(&sandbox, "");
    workshop.write("orders.yaml", specification("Orders", "1.0.0", "one"));
    let manifest = |tag: &str| {
        let row = format!("orders.yaml,orders,1.0.0,development,{tag},https://test.example.com");
        workshop.write("assets.csv", format!("path,assetId,version,status,tags,instances.test\n{row}\n"));
    };
    manifest("old");
    run(&workshop, &sandbox);
    // An instance would keep the version from being deleted; one in development leaves no tombstone.
    let organization = sandbox.organization();
    let path = format!("/exchange/api/v2/assets/{organization}/orders");
    for there in ["versionGroups/v1/instances/external", "1.0.0"] {
        assert_eq!(sandbox.send("DELETE", &format!("{path}/{there}")).status, 204, "{there}");
    }
    manifest("new");
    let (ran, _) = run(&workshop, &sandbox);
    assert_eq!((&ran.summary()["published"], &ran.summary()["counts"]["done"]), (&json!(1), &json!(1)));
    assert_eq!(labels(&sandbox.asset("orders", "1.0.0").unwrap()), ["new"]);
    let instances = sandbox.send("GET", &format!("{path}/versionGroups/v1/instances")).json();
    assert!(instances.as_array().unwrap().iter().any(|instance| instance["name"] == "test"), "{instances}");
    assert_only(&run(&workshop, &sandbox).1, &[]);
}
