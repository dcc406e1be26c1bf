//! An organization is moved to another one as one job, whatever happens meanwhile, and both sides say the same afterwards.

use serde_json::{Value, json};

use crate::support::{Sandbox, Workshop, specification};

const OLD: &str = "0dd0c0de-1111-4222-8333-444455556666";
const NEW: &str = "1ee1c0de-1111-4222-8333-444455556666";
const LOST: &str = "2bb1c0de-1111-4222-8333-444455556666";
const FOUND: &str = "3bb1c0de-1111-4222-8333-444455556666";

/// A sandbox with two organizations.
fn two(more: &[&str]) -> Sandbox {
    let organizations = ["--organization", OLD, "--organization", NEW];
    Sandbox::start(&[&organizations[..], more].concat())
}

/// The credentials of an organization's administrator, as lines of a ready sandbox tell them.
fn variables(sandbox: &Sandbox, organization: &str, prefix: &str) -> [(String, String); 2] {
    let told = sandbox.administrator(organization);
    let text = |key: &str| told[key].as_str().expect("is a text").to_owned();
    [(format!("{prefix}_ID"), text("clientId")), (format!("{prefix}_SECRET"), text("clientSecret"))]
}

fn end(sandbox: &Sandbox, table: &str, organization: &str, prefix: &str) -> String {
    format!(
        "[{table}]\nhost = \"{}\"\norganization = \"{organization}\"\n[{table}.credentials]\n\
         client_id_env = \"{prefix}_ID\"\nclient_secret_env = \"{prefix}_SECRET\"\n",
        sandbox.url()
    )
}

fn ends(sandbox: &Sandbox) -> String {
    end(sandbox, "source", OLD, "OLD") + &end(sandbox, "target", NEW, "NEW")
}

/// A workshop whose jobs know both organizations, and a source that is filled.
fn filled(sandbox: &Sandbox) -> Workshop {
    let workshop = Workshop::empty();
    let target = end(sandbox, "target", OLD, "OLD");
    let fill = format!("kind = \"publish\"\nname = \"fill\"\n{target}\n[source]\nmanifest = \"assets.csv\"\n");
    workshop.write("fill.toml", fill);
    workshop.write("migrate.toml", format!("kind = \"migrate\"\nname = \"move\"\n{}", ends(sandbox)));
    workshop.write("a.yaml", specification("Orders", "1.0.0", &format!("of {OLD}")));
    workshop.write("docs/home.md", format!("# Orders\n\n[see](https://anypoint.mulesoft.com/exchange/{OLD}/base)\n"));
    let rows = [
        "path,assetId,version,status,description,tags,dependencies,docs,instances.live of {OLD}".replace("{OLD}", OLD),
        format!("a.yaml,orders,1.0.0,deprecated,It belongs to {OLD},\"a,b\",,docs,https://live.example"),
        format!("a.yaml,orders,1.2.0,,,,{OLD}:base:1.0.0,,"),
        "a.yaml,orders,2.0.0,development,,,,,".to_owned(),
        "a.yaml,base,1.0.0,,,,,,".to_owned(),
    ];
    workshop.write("assets.csv", rows.join("\n") + "\n");
    run(&workshop, sandbox, &["run", "fill.toml"], 0);
    workshop
}

fn run(workshop: &Workshop, sandbox: &Sandbox, args: &[&str], exits: i32) -> String {
    let known = [variables(sandbox, OLD, "OLD"), variables(sandbox, NEW, "NEW")].concat();
    let command = known.iter().fold(workshop.consign(args), |command, (name, value)| command.env(name, value));
    let ran = command.run().exits(exits);
    ran.stdout + &ran.stderr
}

fn versions(sandbox: &Sandbox, organization: &str) -> Vec<String> {
    let mut found = Vec::new();
    for asset in ["base", "orders", "stray"] {
        for version in ["1.0.0", "1.2.0", "2.0.0"] {
            let path = format!("/exchange/api/v2/assets/{organization}/{asset}/{version}/asset");
            let answer = sandbox.send_as(organization, "GET", &path, "");
            if answer.status == 200 {
                let status = answer.json()["status"].as_str().unwrap_or_default().to_owned();
                found.push(format!("{asset}/{version} {status}"));
            }
        }
    }
    found
}

const ALL: [&str; 4] =
    ["base/1.0.0 published", "orders/1.0.0 deprecated", "orders/1.2.0 published", "orders/2.0.0 development"];

#[test]
fn an_organization_moves_is_verified_undone_and_cut_over() {
    let sandbox = two(&[]);
    let workshop = filled(&sandbox);
    let plan = run(&workshop, &sandbox, &["plan", "migrate.toml", "--json"], 0);
    assert!(plan.contains(r#""create":4"#) || plan.contains(r#""action":"create""#), "{plan}");
    assert_eq!(versions(&sandbox, NEW), Vec::<String>::new(), "a plan writes nothing");
    let told = run(&workshop, &sandbox, &["-q", "verify", "migrate.toml", "--json"], 2);
    assert!(told.contains("missing") && told.contains("move-inventory/manifest.csv"), "{told}");
    assert!(!told.contains("consign-verify-"), "a folder that is gone helps nobody: {told}");

    run(&workshop, &sandbox, &["run", "migrate.toml"], 0);
    assert_eq!(versions(&sandbox, NEW), ALL);
    let told = run(&workshop, &sandbox, &["verify", "migrate.toml"], 0);
    assert!(told.contains("4 equal"), "{told}");
    for path in ["orders/1.0.0/asset", "orders/1.2.0/asset", "orders/1.0.0/portal/pages/home"] {
        let body = sandbox.send_as(NEW, "GET", &format!("/exchange/api/v2/assets/{NEW}/{path}"), "").body;
        assert!(!body.contains(OLD), "{path}: {body}");
    }
    let status = run(&workshop, &sandbox, &["status", "migrate.toml"], 0);
    assert_eq!(status.matches("done       4").count(), 2, "both halves: {status}");
    for args in [&["status", "migrate.toml", "--json"][..], &["report", "migrate.toml", "--format", "json"]] {
        let told = run(&workshop, &sandbox, args, 0);
        let told: Value = serde_json::from_str(&told).expect("is JSON");
        assert_eq!((&told["counts"]["done"], &told["reading"]["counts"]["done"]), (&json!(4), &json!(4)), "{told:#}");
    }

    let change = json!({ "description": "changed" }).to_string();
    let answer = sandbox.send_as(NEW, "PATCH", &format!("/exchange/api/v2/assets/{NEW}/orders"), &change);
    assert_eq!(answer.status, 204);
    let told = run(&workshop, &sandbox, &["verify", "migrate.toml"], 2);
    assert!(told.contains("description") && told.contains("changed"), "{told}");
    let told = run(&workshop, &sandbox, &["cutover", "migrate.toml", "--yes"], 2);
    assert!(told.contains("1 deprecated at"), "only base has moved: {told}");
    assert_eq!(versions(&sandbox, OLD)[..2], ["base/1.0.0 deprecated", "orders/1.0.0 deprecated"]);
    for command in ["run", "plan"] {
        let told = run(&workshop, &sandbox, &[command, "migrate.toml"], 1);
        assert!(told.contains("cut over"), "{told}");
    }

    let told = run(&workshop, &sandbox, &["undo", "migrate.toml"], 0);
    assert!(told.contains("4 would be removed"), "{told}");
    run(&workshop, &sandbox, &["undo", "migrate.toml", "--yes"], 0);
    assert_eq!(versions(&sandbox, NEW), Vec::<String>::new());
    assert_eq!(versions(&sandbox, OLD).len(), 4, "the source is only read, and deprecated");
}

#[test]
fn a_business_group_without_a_place_is_refused_before_anything_is_written() {
    let sandbox = two(&["--organization", &format!("{OLD}/{LOST}"), "--organization", &format!("{NEW}/{FOUND}")]);
    let workshop = filled(&sandbox);
    let fill = std::fs::read_to_string(workshop.path("fill.toml")).expect("was written");
    workshop
        .write("group.toml", fill.replace(&format!("organization = \"{OLD}\""), &format!("organization = \"{LOST}\"")));
    workshop.write("assets.csv", "path,assetId,version\na.yaml,stray,1.0.0\n");
    run(&workshop, &sandbox, &["run", "group.toml"], 0);
    let job = format!("kind = \"migrate\"\nname = \"move\"\n{}", ends(&sandbox));
    let groups = format!("[source]\nbusiness_groups = [\"{LOST}\"]\n");
    workshop.write("migrate.toml", job.replace("[source]\n", &groups));
    let told = run(&workshop, &sandbox, &["run", "migrate.toml"], 1);
    assert!(told.contains(LOST) && told.contains("[remap] groups"), "{told}");
    assert_eq!(versions(&sandbox, NEW), Vec::<String>::new());
    // A business group publishes for itself.
    let remap = format!("[remap]\ngroups = {{ \"{LOST}\" = \"{FOUND}\" }}\n");
    workshop.write("migrate.toml", job.replace("[source]\n", &groups) + &remap);
    run(&workshop, &sandbox, &["run", "migrate.toml"], 0);
    assert_eq!(versions(&sandbox, NEW).len(), 4);
    assert_eq!(
        sandbox.send_as(NEW, "GET", &format!("/exchange/api/v2/assets/{FOUND}/stray/1.0.0/asset"), "").status,
        200
    );
    run(&workshop, &sandbox, &["verify", "migrate.toml"], 0);
}

#[test]
fn a_source_that_is_none_and_a_way_that_leads_nowhere_are_told() {
    let sandbox = two(&[]);
    let workshop = filled(&sandbox);
    let job = std::fs::read_to_string(workshop.path("migrate.toml")).expect("was written");
    workshop.write("nowhere.toml", job.replace(OLD, LOST));
    let told = run(&workshop, &sandbox, &["run", "nowhere.toml"], 1);
    assert!(told.contains(LOST) && told.contains("no organization of yours"), "{told}");
    workshop.write("unknown.toml", job.replace(NEW, LOST).replace("name = \"move\"", "name = \"unknown\""));
    for command in ["run", "plan"] {
        let told = run(&workshop, &sandbox, &[command, "unknown.toml"], 1);
        assert!(told.contains(LOST) && told.contains("at the target"), "{told}");
    }
    assert!(!workshop.path("unknown-inventory").exists(), "nothing is read before");
    workshop.write("circle.toml", job.replace(NEW, OLD).replace("NEW_", "OLD_"));
    let told = run(&workshop, &sandbox, &["run", "circle.toml"], 1);
    assert!(told.contains("the same organization"), "{told}");
}

#[test]
fn a_cutover_in_parts_comes_to_its_end_and_a_rehearsal_promises_no_more_than_it_keeps() {
    let sandbox = two(&[]);
    let workshop = filled(&sandbox);
    run(&workshop, &sandbox, &["run", "migrate.toml"], 0);
    let told = run(&workshop, &sandbox, &["cutover", "migrate.toml"], 2);
    assert!(told.contains("2 would be deprecated") && told.contains("1 kept"), "one is in development: {told}");
    run(&workshop, &sandbox, &["cutover", "migrate.toml", "--only", "orders/1.2.0", "--yes"], 0);
    let told = run(&workshop, &sandbox, &["cutover", "migrate.toml", "--yes"], 2);
    assert!(told.contains("1 deprecated at") && told.contains("2 deprecated before"), "{told}");
    let left: Vec<String> =
        versions(&sandbox, OLD).into_iter().filter(|version| !version.ends_with("deprecated")).collect();
    assert_eq!(left, ["orders/2.0.0 development"]);
}

#[test]
fn a_migration_that_is_killed_again_and_again_on_a_bad_line_brings_everything_once() {
    let faults = "reset=0.02,lost-reply=0.02,bad-json=0.02,truncate=0.02";
    let sandbox =
        two(&["--faults", faults, "--token-lifetime", "2s", "--publish-latency", "10ms..200ms", "--seed", "3"]);
    let workshop = filled(&sandbox);
    let known = [variables(&sandbox, OLD, "OLD"), variables(&sandbox, NEW, "NEW")].concat();
    for instant in [200_u64, 400, 700, 1_000, 1_300, 1_700, 2_100, 2_600] {
        let command = workshop.consign(&["run", "migrate.toml", "-q"]);
        let running = known.iter().fold(command, |command, (name, value)| command.env(name, value)).start();
        std::thread::sleep(std::time::Duration::from_millis(instant));
        running.kill();
    }
    let ended = (0..5).any(|_| {
        let command = workshop.consign(&["retry", "migrate.toml", "-q"]);
        known.iter().fold(command, |command, (name, value)| command.env(name, value)).run().code == Some(0)
    });
    assert!(ended, "{}", run(&workshop, &sandbox, &["run", "migrate.toml"], 0));
    assert_eq!(sandbox.stats()["duplicatePublishes"], Value::Object(serde_json::Map::new()));
    let verified = (0..5).any(|_| {
        let command = workshop.consign(&["verify", "migrate.toml"]);
        known.iter().fold(command, |command, (name, value)| command.env(name, value)).run().code == Some(0)
    });
    assert!(verified, "{}", run(&workshop, &sandbox, &["verify", "migrate.toml"], 0));
}

/// A job that describes assets of the target.
fn described(workshop: &Workshop, sandbox: &Sandbox, row: &str) {
    let target = end(sandbox, "target", NEW, "NEW");
    workshop.write("touch.toml", format!("kind = \"describe\"\n{target}\n[source]\nmanifest = \"touch.csv\"\n"));
    workshop.write("touch.csv", format!("assetId,version,docs\n{row}\n"));
    run(workshop, sandbox, &["run", "touch.toml"], 0);
}

#[test]
fn details_of_texts_and_pages_arrive_and_are_held_to_the_source() {
    let sandbox = two(&[]);
    let workshop = filled(&sandbox);
    let fill = std::fs::read_to_string(workshop.path("fill.toml")).expect("was written");
    let fields = "[definitions]\nfields = [{ key = \"team\", type = \"text\" }]\n";
    workshop.write("more.toml", fill.replace("assets.csv", "more.csv") + fields);
    workshop.write("pages/Zebra.md", "# Zebra\n\n![gone](resources/gone.png)\n");
    workshop.write("pages/home.md", "# Home\n");
    workshop.write("pages/config.json", "{\"pageOrder\": [\"Zebra\", \"home\"], \"mayMissImages\": true}");
    workshop.write("more.csv", "path,assetId,version,fields.team,docs\na.yaml,more,1.0.0,\"[\"\"blue  \"\"]\",pages\n");
    run(&workshop, &sandbox, &["run", "more.toml"], 0);
    run(&workshop, &sandbox, &["run", "migrate.toml"], 0);
    let summary = std::fs::read_to_string(workshop.path("move-inventory/summary.md")).expect("is there");
    assert!(summary.contains("links that lead nowhere") && summary.contains("gone.png"), "{summary}");
    for organization in [OLD, NEW] {
        let path = format!("/exchange/api/v2/assets/{organization}/more/1.0.0/asset");
        let asset = sandbox.send_as(organization, "GET", &path, "").json();
        assert_eq!(asset["customFields"][0]["value"], "blue  ", "{asset:#}");
    }
    run(&workshop, &sandbox, &["verify", "migrate.toml"], 0);

    workshop.write("other/config.json", "{\"pageOrder\": [\"home\", \"Zebra\"], \"mayMissImages\": true}");
    for page in ["Zebra.md", "home.md"] {
        std::fs::copy(workshop.path("pages").join(page), workshop.path("other").join(page)).expect("is there");
    }
    described(&workshop, &sandbox, "more,1.0.0,other");
    let told = run(&workshop, &sandbox, &["verify", "migrate.toml"], 2);
    assert!(told.contains("order of pages") && told.contains("home, Zebra"), "{told}");
    described(&workshop, &sandbox, "more,1.0.0,pages");
    run(&workshop, &sandbox, &["verify", "migrate.toml"], 0);

    workshop.write("terms/terms.md", "Be kind.\n");
    described(&workshop, &sandbox, "base,1.0.0,terms");
    let told = run(&workshop, &sandbox, &["verify", "migrate.toml"], 2);
    assert!(told.contains("terms") && told.contains("Be kind"), "{told}");
}

#[test]
fn a_group_that_nobody_has_at_the_target_is_told_by_the_plan_which_ends_as_a_run_would() {
    let sandbox = two(&["--organization", LOST]);
    let workshop = filled(&sandbox);
    let fill = std::fs::read_to_string(workshop.path("fill.toml")).expect("was written");
    let known = variables(&sandbox, LOST, "OLD");
    let lost = fill.replace(&format!("organization = \"{OLD}\""), &format!("organization = \"{LOST}\""));
    workshop.write("lost.toml", lost.replace("name = \"fill\"", "name = \"lost\""));
    workshop.write("assets.csv", "path,assetId,version\na.yaml,stray,1.0.0\n");
    let command = workshop.consign(&["run", "lost.toml"]);
    known.iter().fold(command, |command, (name, value)| command.env(name, value)).run().exits(0);
    run(&workshop, &sandbox, &["run", "migrate.toml"], 0);
    // A row that somebody has added to the inventory.
    let manifest = workshop.path("move-inventory/manifest.csv");
    let rows = std::fs::read_to_string(&manifest).expect("is there");
    let width = rows.lines().next().expect("has a header").split(',').count();
    let mut row = vec![String::new(); width];
    (row[0], row[1], row[2], row[3]) = (LOST.to_owned(), "stray".to_owned(), "1.0.0".to_owned(), "custom".to_owned());
    workshop.write("publish.toml", {
        let target = end(&sandbox, "target", NEW, "NEW");
        let remap = format!("[remap]\ngroups = {{ \"{OLD}\" = \"{NEW}\" }}\n");
        format!("kind = \"publish\"\n{target}\n[source]\nmanifest = \"{manifest}\"\n{remap}")
    });
    workshop.write("move-inventory/manifest.csv", format!("{rows}{}\n", row.join(",")));
    let told = run(&workshop, &sandbox, &["plan", "publish.toml"], 2);
    assert!(told.contains("no organization of yours") && told.contains("[remap] groups"), "{told}");
    let told = run(&workshop, &sandbox, &["run", "publish.toml"], 2);
    assert!(told.contains("no organization of yours") && told.contains("[remap] groups"), "{told}");
}

#[test]
fn an_interrupt_stops_each_phase_of_what_only_looks_at_a_migration() {
    let sandbox = two(&[]);
    let workshop = filled(&sandbox);
    run(&workshop, &sandbox, &["run", "migrate.toml"], 0);
    let known = [variables(&sandbox, OLD, "OLD"), variables(&sandbox, NEW, "NEW")].concat();
    for command in ["verify", "cutover", "plan"] {
        // With -q the first words are those that tell what was read; at this rate looking at the target takes seconds.
        let slow = ["-q", command, "migrate.toml", "--rate", "20", "--concurrency", "1"];
        let mut running =
            known.iter().fold(workshop.consign(&slow), |slow, (name, value)| slow.env(name, value)).start();
        while running.words() == 0 && running.is_running() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(running.is_running(), "{command} goes on when all is read");
        running.signal("INT");
        let ran = running.wait().exits(3);
        assert_eq!(ran.stderr.matches("stopping:").count(), 1, "{command}: {}", ran.stderr);
        assert!(ran.stderr.contains("stopped before the end"), "{command}: {}", ran.stderr);
        assert!(!ran.stderr.contains("progress"), "{command} is quiet: {}", ran.stderr);
    }
}
