//! An undo removes what the job made and nothing else, newest first, and only when it is told to.

use serde_json::Value;

use crate::support::{Asset, Sandbox, Workshop, specification};

const MANIFEST: &str = "kind = \"publish\"\nname = \"test\"\n\n[source]\nmanifest = \"assets.csv\"\n";

fn undo(workshop: &Workshop, more: &[&str], exits: i32) -> Vec<(String, String)> {
    let args = [&["undo", "job.toml", "--json"], more].concat();
    let told = workshop.consign(&args).run().exits(exits).stdout;
    let told: Value = serde_json::from_str(&told).expect("an undo tells JSON");
    let text = |row: &Value, key: &str| row[key].as_str().expect("is a text").to_owned();
    let rows = told["removals"].as_array().expect("is a list").iter();
    rows.map(|row| (text(row, "gav").split_once('/').expect("has a group").1.to_owned(), text(row, "outcome")))
        .collect()
}

#[test]
fn what_was_there_before_stays_and_dependents_go_before_what_they_need() {
    let sandbox = Sandbox::start(&[]);
    let earlier = Workshop::for_sandbox(&sandbox);
    earlier.asset(&Asset::new("orders", "1.0.0"));
    earlier.asset(&Asset::new("draft", "1.0.0"));
    earlier.run(&[]).exits(0);

    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    workshop.asset(&Asset::new("orders", "1.1.0"));
    workshop.asset(&Asset::new("base", "1.0.0"));
    let needs = ["base/1.0.0".to_owned()];
    workshop.asset(&Asset::new("above", "1.0.0").needs(&needs));
    workshop.run(&[]).exits(0);
    assert_eq!(sandbox.versions(), ["above/1.0.0", "base/1.0.0", "draft/1.0.0", "orders/1.0.0", "orders/1.1.0"]);

    let foreseen = undo(&workshop, &[], 0);
    let place = |gav: &str| foreseen.iter().position(|(found, _)| found == gav);
    assert_eq!(foreseen.len(), 3, "{foreseen:?}");
    assert!(foreseen.iter().all(|(_, outcome)| outcome == "would-remove"), "{foreseen:?}");
    assert!(place("above/1.0.0") < place("base/1.0.0"), "{foreseen:?}");
    assert_eq!(sandbox.versions().len(), 5, "nothing is removed unless it is asked for");

    let removed = undo(&workshop, &["--yes"], 0);
    assert!(removed.iter().all(|(_, outcome)| outcome == "removed"), "{removed:?}");
    assert_eq!(sandbox.versions(), ["draft/1.0.0", "orders/1.0.0"]);
    assert_eq!(undo(&workshop, &["--yes"], 0), []);
    let told = workshop.consign(&["explain", "job.toml", "orders/1.1.0"]).run().stdout;
    assert!(told.contains("consign undo"), "{told}");

    // The numbers are free again, and the next run takes them.
    let again = workshop.run(&[]).exits(0);
    assert_eq!(again.summary()["published"], 3);
    assert_eq!(sandbox.versions().len(), 5);
}

#[test]
fn what_others_need_is_kept_and_said_and_a_part_can_be_removed() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("base", "1.0.0"));
    workshop.asset(&Asset::new("lone", "1.0.0"));
    workshop.run(&[]).exits(0);
    let stranger = Workshop::for_sandbox(&sandbox);
    let needs = ["base/1.0.0".to_owned()];
    stranger.asset(&Asset::new("above", "1.0.0").needs(&needs));
    stranger.run(&[]).exits(0);

    let row = |gav: &str, outcome: &str| (gav.to_owned(), outcome.to_owned());
    assert_eq!(undo(&workshop, &["--only", "base", "--yes"], 2), [row("base/1.0.0", "kept")]);
    let mut undone = undo(&workshop, &["--yes", "--soft"], 2);
    undone.sort();
    assert_eq!(undone, [row("base/1.0.0", "kept"), row("lone/1.0.0", "removed")]);
    assert_eq!(sandbox.versions(), ["above/1.0.0", "base/1.0.0"]);
    // What has gone otherwise meanwhile counts as gone.
    undo(&stranger, &["--yes"], 0);
    let path = format!("/exchange/api/v2/assets/{}/base/1.0.0", sandbox.organization());
    assert_eq!(sandbox.send("DELETE", &path).status, 204);
    assert_eq!(undo(&workshop, &["--yes"], 0), [row("base/1.0.0", "gone")]);
}

#[test]
fn external_instances_go_with_the_last_version_of_their_group_and_published_over_drafts_stay() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.write("job.toml", format!("{MANIFEST}\n[target]\nhost = \"{}\"\n", sandbox.url()));
    workshop.write("a.yaml", specification("Orders", "1.0.0", "one"));
    let head = "path,assetId,version,status,instances.live\n";
    workshop.write(
        "assets.csv",
        format!("{head}a.yaml,orders,1.0.0,,https://live.example\na.yaml,draft,1.0.0,development,\n"),
    );
    workshop.run(&[]).exits(0);

    let later = Workshop::for_sandbox(&sandbox);
    later.write("job.toml", format!("{MANIFEST}\n[target]\nhost = \"{}\"\n", sandbox.url()));
    later.write("a.yaml", specification("Orders", "1.0.0", "two, and longer"));
    later.write("assets.csv", format!("{head}a.yaml,draft,1.0.0,development,\n"));
    assert_eq!(later.run(&[]).exits(0).summary()["published"], 1);
    assert_eq!(undo(&later, &[], 0), [], "it was there before");

    let mut undone = undo(&workshop, &["--yes"], 2);
    undone.sort();
    let row = |gav: &str, outcome: &str| (gav.to_owned(), outcome.to_owned());
    assert_eq!(undone, [row("draft/1.0.0", "kept"), row("orders/1.0.0", "removed")], "by now it is another's");
    assert_eq!(sandbox.versions(), ["draft/1.0.0"]);
}

/// A job that publishes a version in development.
fn drafting(sandbox: &Sandbox, says: &str) -> Workshop {
    let workshop = Workshop::for_sandbox(sandbox);
    workshop.write("job.toml", format!("{MANIFEST}\n[target]\nhost = \"{}\"\n", sandbox.url()));
    workshop.write("a.yaml", specification("Orders", "1.0.0", says));
    workshop.write("assets.csv", "path,assetId,version,status\na.yaml,draft,1.0.0,development\n");
    workshop
}

#[test]
fn what_somebody_else_made_anew_meanwhile_stays() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("replaced", "1.0.0"));
    workshop.asset(&Asset::new("ours", "1.0.0"));
    workshop.run(&[]).exits(0);
    sandbox.remove("replaced", "1.0.0");
    let stranger = Workshop::for_sandbox(&sandbox);
    stranger.asset(&Asset::new("replaced", "1.0.0").says("Mine"));
    stranger.run(&[]).exits(0);

    let told = workshop.consign(&["undo", "job.toml", "--yes"]).run().exits(2).stdout;
    assert!(told.contains("not the version that this job made"), "{told}");
    assert_eq!(sandbox.versions(), ["replaced/1.0.0"]);
    // What this job makes anew is its own again.
    sandbox.remove("replaced", "1.0.0");
    workshop.asset(&Asset::new("replaced", "1.0.0").says("Ours again"));
    workshop.run(&["--only", "replaced"]).exits(0);
    assert_eq!(undo(&workshop, &["--yes", "--only", "replaced"], 0)[0].1, "removed");
}

#[test]
fn a_draft_that_was_there_stays_although_the_run_that_published_over_it_was_killed_before_it_knew_more() {
    let sandbox = Sandbox::start(&["--publish-latency", "700ms"]);
    let earlier = drafting(&sandbox, "one");
    earlier.run(&[]).exits(0);
    let workshop = drafting(&sandbox, "two, and longer");
    let running = workshop.consign(&["run", "job.toml", "-q"]).start();
    let journal = workshop.path(".consign/test.db");
    let waits = || {
        let journal = rusqlite::Connection::open(&journal).ok()?;
        journal.query_row("SELECT token IS NOT NULL FROM item", [], |row| row.get::<_, bool>(0)).ok()
    };
    sandbox.until("publication that is waited for", |_| waits() == Some(true));
    running.kill();
    // As if it had been killed before the status link was written.
    let raw = rusqlite::Connection::open(&journal).expect("a journal");
    raw.execute("UPDATE item SET state = 'acting', step = 'publish', token = NULL", []).expect("is a journal");
    drop(raw);
    std::thread::sleep(std::time::Duration::from_secs(1));
    workshop.run(&[]).exits(0);
    assert_eq!(undo(&workshop, &[], 0), [], "somebody else made it");
}

#[test]
fn a_part_that_the_rest_of_the_job_needs_is_kept_for_that_reason() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("base", "1.0.0"));
    let needs = ["base/1.0.0".to_owned()];
    workshop.asset(&Asset::new("above", "1.0.0").needs(&needs));
    workshop.run(&[]).exits(0);
    let told = workshop.consign(&["undo", "job.toml", "--only", "base", "--yes"]).run().exits(2).stdout;
    assert!(told.contains("above/1.0.0, which this job made as well"), "{told}");
    assert_eq!(undo(&workshop, &["--only", "*", "--yes"], 0).len(), 2);
}
