//! What is needed comes first; what fails blocks what needs it, by name, and nothing else.

use crate::support::{Asset, ORGANIZATION, Sandbox, Workshop};

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|&name| name.to_owned()).collect()
}

/// The names of the items that `status --failed` lists, with their states, sorted.
fn failed(workshop: &Workshop) -> Vec<(String, String)> {
    let text = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let short = |gav: String| gav.replace(&format!("{ORGANIZATION}/"), "");
    let mut failed: Vec<_> =
        workshop.failed().iter().map(|item| (short(text(item, "gav")), text(item, "state"))).collect();
    failed.sort();
    failed
}

/// An asset that no server takes: its specification says nothing of a version of OpenAPI.
fn broken(workshop: &Workshop, id: &str) {
    workshop.asset(&Asset::new(id, "1.0.0"));
    workshop.write(&format!("assets/{id}-1.0.0/api.yaml"), "openapi: [\n");
}

#[test]
fn dependencies_come_before_what_needs_them_and_old_versions_before_new_ones() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    // Names and numbers stand against the order on purpose.
    workshop.asset(&Asset::new("a-top", "1.0.0").needs(&names(&["m-middle/1.0.0"])));
    workshop.asset(&Asset::new("m-middle", "1.0.0").needs(&names(&["z-base/1.10.0"])));
    for version in ["1.10.0", "1.9.0", "1.2.0"] {
        workshop.asset(&Asset::new("z-base", version).says(version));
    }
    let ran = workshop.run(&[]).exits(0);
    let done: Vec<String> = ran
        .events()
        .iter()
        .filter(|event| event["state"] == "done")
        .map(|event| event["gav"].as_str().unwrap().replace(&format!("{ORGANIZATION}/"), ""))
        .collect();
    assert_eq!(done, ["z-base/1.2.0", "z-base/1.9.0", "z-base/1.10.0", "m-middle/1.0.0", "a-top/1.0.0"]);
    // The server saw it in the same order.
    let created: Vec<String> = done
        .iter()
        .map(|name| {
            let (asset, version) = name.split_once('/').unwrap();
            sandbox.asset(asset, version).unwrap()["createdDate"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(created.is_sorted(), "{created:?}");
}

#[test]
fn a_failure_blocks_what_needs_it_with_the_chain_and_a_retry_opens_exactly_that() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    broken(&workshop, "base");
    broken(&workshop, "lonely");
    workshop.asset(&Asset::new("middle", "1.0.0").needs(&names(&["base/1.0.0"])));
    workshop.asset(&Asset::new("top", "1.0.0").needs(&names(&["middle/1.0.0"])));
    workshop.asset(&Asset::new("bystander", "1.0.0"));
    let summary = workshop.run(&[]).exits(2).summary();
    let counts = &summary["counts"];
    assert_eq!(
        (&counts["done"], &counts["failed"], &counts["blocked"]),
        (&1.into(), &2.into(), &2.into()),
        "{summary}"
    );
    let (state, class, message) = workshop.item("top", "1.0.0");
    assert_eq!(state, "blocked", "{class}: {message}");
    let chain = [message.find("middle/1.0.0"), message.find("base/1.0.0")];
    assert!(chain[0].is_some() && chain[0] < chain[1], "{message}");

    // Mended, but not asked for: everything but `lonely` goes on.
    workshop.asset(&Asset::new("base", "1.0.0"));
    let summary = workshop.consign(&["retry", "job.toml", "--json"]).run().exits(2).summary();
    assert_eq!((&summary["counts"]["done"], &summary["published"]), (&4.into(), &3.into()), "{summary}");
    assert_eq!(failed(&workshop).len(), 1);
    assert_eq!(sandbox.versions(), ["base/1.0.0", "bystander/1.0.0", "middle/1.0.0", "top/1.0.0"]);
}

#[test]
fn what_the_server_refuses_blocks_its_dependents_until_a_retry_after_it_is_mended() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::with(&sandbox, "[preflight]\nskip = true\n");
    // The server knows no such asset, and nothing here publishes it.
    workshop.asset(&Asset::new("base", "1.0.0").needs(&names(&["nowhere/1.0.0"])));
    workshop.asset(&Asset::new("middle", "1.0.0").needs(&names(&["base/1.0.0"])));
    workshop.asset(&Asset::new("top", "1.0.0").needs(&names(&["middle/1.0.0"])));
    workshop.asset(&Asset::new("other", "1.0.0").needs(&names(&["nowhere/2.0.0"])));
    workshop.run(&[]).exits(2);
    let state = |asset: &str, state: &str| (format!("{asset}/1.0.0"), state.to_owned());
    assert_eq!(
        failed(&workshop),
        [state("base", "failed"), state("middle", "blocked"), state("other", "failed"), state("top", "blocked")]
    );
    // A run alone takes up nothing that failed.
    assert_eq!(workshop.run(&[]).exits(2).summary()["published"], 0);
    // Now the server has it, from elsewhere.
    let elsewhere = Workshop::for_sandbox(&sandbox);
    elsewhere.asset(&Asset::new("nowhere", "1.0.0"));
    elsewhere.run(&[]).exits(0);
    let retry = workshop.consign(&["retry", "job.toml", "--only", "base", "--json"]).run();
    let attempts = |asset: &str| {
        let journal = rusqlite::Connection::open(workshop.path(".consign/test.db")).unwrap();
        let gav = format!("{ORGANIZATION}/{asset}/1.0.0");
        journal.query_row("SELECT attempt FROM item WHERE key = ?1", [gav], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(retry.summary()["published"].as_u64(), Some(1), "{}", retry.stderr);
    assert_eq!(attempts("other"), 1, "not meant by --only, and tried again");
    let summary = workshop.consign(&["retry", "job.toml", "--json"]).run().exits(2).summary();
    assert_eq!((&summary["counts"]["done"], &summary["counts"]["failed"]), (&3.into(), &1.into()), "{summary}");
    assert_eq!(failed(&workshop), [state("other", "failed")]);
}

#[test]
fn a_circle_is_named_before_anything_of_it_is_sent() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("hen", "1.0.0").needs(&names(&["egg/1.0.0"])));
    workshop.asset(&Asset::new("egg", "1.0.0").needs(&names(&["hen/1.0.0"])));
    workshop.asset(&Asset::new("farm", "1.0.0").needs(&names(&["hen/1.0.0"])));
    workshop.asset(&Asset::new("fox", "1.0.0"));
    let summary = workshop.run(&[]).exits(2).summary();
    let counts = &summary["counts"];
    assert_eq!(
        (&counts["done"], &counts["failed"], &counts["blocked"]),
        (&1.into(), &2.into(), &1.into()),
        "{summary}"
    );
    let (_, _, message) = workshop.item("hen", "1.0.0");
    assert!(message.contains("hen/1.0.0") && message.contains("egg/1.0.0"), "{message}");
    assert_eq!(sandbox.versions(), ["fox/1.0.0"]);
}
