//! A conflict is never success unread.

use serde_json::Value;

use crate::support::{Asset, ORGANIZATION, Sandbox, Workshop};

/// A workshop whose only asset, `orders` 1.0.0, is on the sandbox already, published from another folder with other
/// content.
fn taken(sandbox: &Sandbox, policy: &str) -> Workshop {
    let other = Workshop::for_sandbox(sandbox);
    other.asset(&Asset::new("orders", "1.0.0").says("What was there first"));
    other.run(&[]).exits(0);
    let workshop = Workshop::with(sandbox, &format!("[publish]\non_conflict = \"{policy}\"\n"));
    workshop.asset(&Asset::new("orders", "1.0.0").says("Something else"));
    workshop
}

fn last_item(events: &[Value]) -> &Value {
    events.iter().rfind(|event| event["type"] == "item").expect("an item moved")
}

#[test]
fn the_same_content_without_a_journal_is_skipped_with_proof() {
    let sandbox = Sandbox::start(&[]);
    for (published, state, class) in [(1, "done", ""), (0, "skipped", "same-content")] {
        let workshop = Workshop::for_sandbox(&sandbox);
        workshop.asset(&Asset::new("orders", "1.0.0"));
        let summary = workshop.run(&[]).exits(0).summary();
        assert_eq!((&summary["published"], &summary["counts"][state]), (&published.into(), &1.into()), "{summary}");
        let item = workshop.item("orders", "1.0.0");
        assert_eq!((item.0.as_str(), item.1.as_str()), (state, class));
        assert!(class.is_empty() || item.2.contains("same content in files.oas.zip"), "{}", item.2);
    }
    assert_eq!(sandbox.stats()["publications"]["accepted"], 1);
}

#[test]
fn other_content_fails_when_the_job_says_nothing_and_tells_what_differs() {
    let sandbox = Sandbox::start(&[]);
    let workshop = taken(&sandbox, "fail");
    let ran = workshop.run(&[]).exits(2);
    let events = ran.events();
    let item = last_item(&events);
    assert_eq!((&item["state"], &item["class"], &item["http"]), (&"failed".into(), &"conflict".into(), &409.into()));
    let message = item["message"].as_str().unwrap();
    assert!(message.contains("api.yaml"), "{message}");
    assert!(item["hint"].as_str().unwrap().contains("on_conflict"), "{item}");
    assert_eq!(sandbox.versions(), ["orders/1.0.0"]);
}

#[test]
fn other_content_is_skipped_when_the_job_says_skip() {
    let sandbox = Sandbox::start(&[]);
    let workshop = taken(&sandbox, "skip");
    let summary = workshop.run(&[]).exits(0).summary();
    assert_eq!((&summary["counts"]["skipped"], &summary["published"]), (&1.into(), &0.into()));
    assert_eq!(workshop.item("orders", "1.0.0").1, "conflict");
    assert_eq!(sandbox.versions(), ["orders/1.0.0"]);
}

#[test]
fn a_bump_publishes_the_next_free_version_once() {
    for (policy, version) in [("bump-patch", "1.0.1"), ("bump-minor", "1.1.0"), ("bump-major", "2.0.0")] {
        let sandbox = Sandbox::start(&[]);
        let workshop = taken(&sandbox, policy);
        let summary = workshop.run(&[]).exits(0).summary();
        assert_eq!((&summary["counts"]["done"], &summary["published"]), (&1.into(), &1.into()), "{policy}: {summary}");
        let expected = ["orders/1.0.0".to_owned(), format!("orders/{version}")];
        assert_eq!(sandbox.versions(), expected, "{policy}");
        // The API version of the specification goes with the major number.
        let asset = sandbox.asset("orders", version).expect("it is there");
        assert_eq!(asset["versionGroup"], format!("v{}", &version[..1]), "{policy}");
        // Another run changes nothing, with the journal or without it.
        assert_eq!(workshop.run(&[]).exits(0).summary()["published"], 0, "{policy}");
        let again = workshop.run(&["--journal", "other.db"]).exits(0).summary();
        assert_eq!(again["published"], 0, "{policy}: {again}");
        assert_eq!(sandbox.versions(), expected, "{policy}");
    }
}

#[test]
fn a_deleted_version_is_told_apart_and_its_number_stepped_over_by_a_bump() {
    for (policy, code, versions) in
        [("fail", 2, vec!["orders/1.1.0"]), ("bump-patch", 0, vec!["orders/1.1.0", "orders/1.1.1"])]
    {
        let sandbox = Sandbox::start(&[]);
        let other = Workshop::for_sandbox(&sandbox);
        // The other version keeps the asset alive.
        other.asset(&Asset::new("orders", "1.0.0"));
        other.asset(&Asset::new("orders", "1.1.0").says("More"));
        other.run(&[]).exits(0);
        let path = format!("/exchange/api/v2/assets/{ORGANIZATION}/orders/1.0.0");
        assert_eq!(sandbox.send("DELETE", &path).status, 204);
        let job = format!("[publish]\non_conflict = \"{policy}\"\n\n[preflight]\nskip = true\n");
        let workshop = Workshop::with(&sandbox, &job);
        workshop.asset(&Asset::new("orders", "1.0.0"));
        workshop.run(&[]).exits(code);
        let (state, class, _) = workshop.item("orders", "1.0.0");
        if code == 2 {
            assert_eq!((state.as_str(), class.as_str()), ("failed", "tombstone"));
        } else {
            assert_eq!(state, "done");
        }
        assert_eq!(sandbox.versions(), versions, "{policy}");
    }
}

#[test]
fn a_development_version_is_published_over() {
    let sandbox = Sandbox::start(&[]);
    let sums: Vec<Value> = ["First", "Second"]
        .map(|says| {
            let workshop = Workshop::with(&sandbox, "[defaults]\nstatus = \"development\"\n");
            workshop.asset(&Asset::new("orders", "1.0.0").says(says));
            let summary = workshop.run(&[]).exits(0).summary();
            assert_eq!(summary["counts"]["done"], 1, "{summary}");
            let asset = sandbox.asset("orders", "1.0.0").expect("it is there");
            assert_eq!(asset["status"], "development");
            let files = asset["files"].as_array().unwrap();
            files.iter().find(|file| file["classifier"] == "oas").expect("the archive")["sha256"].clone()
        })
        .to_vec();
    assert_ne!(sums[0], sums[1]);
    assert_eq!(sandbox.versions(), ["orders/1.0.0"]);
}
