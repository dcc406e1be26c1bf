//! Two processes never work on one journal.

use crate::support::{Asset, Sandbox, Workshop};

#[test]
fn a_second_run_on_the_same_journal_is_refused_and_told_who_holds_it() {
    let sandbox = Sandbox::start(&["--publish-latency", "60s"]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    let first = workshop.consign(&["run", "job.toml", "--json"]).start();
    sandbox.until("a publication", |stats| stats["publications"]["accepted"] == 1);
    let second = workshop.run(&[]).exits(1);
    assert_eq!(second.stdout, "");
    assert!(second.stderr.contains("in use by process"), "{}", second.stderr);
    assert!(second.stderr.contains("hint: wait for the other run to end"), "{}", second.stderr);
    // Looking on is not working on it. The server knows of a publication a moment before the journal does.
    let mut looks = (0..1_000).map(|_| workshop.consign(&["status", "job.toml", "--json"]).run().exits(0).json());
    assert!(looks.any(|status| status["counts"]["waiting"] == 1), "the journal never tells what it waits for");
    first.kill();
    assert_eq!(sandbox.stats()["publications"]["accepted"], 1);
}

#[test]
fn a_run_whose_lock_is_removed_gives_way_to_the_one_that_got_in() {
    let sandbox = Sandbox::start(&["--publish-latency", "2s"]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    let first = workshop.consign(&["run", "job.toml", "--json"]).start();
    sandbox.until("a publication", |stats| stats["publications"]["accepted"] == 1);
    fs_err::remove_file(workshop.path(".consign/test.db.lock")).unwrap();
    let summary = workshop.run(&[]).exits(0).summary();
    assert_eq!((&summary["counts"]["done"], &summary["published"]), (&1.into(), &0.into()), "{summary}");
    let first = first.wait().exits(3);
    assert!(first.stderr.contains("no longer this run's alone"), "{}", first.stderr);
    assert!(first.stderr.contains("hint: see that no other process works on it"), "{}", first.stderr);
    assert_eq!(sandbox.stats()["publications"]["accepted"], 1);
}

#[test]
fn the_lock_goes_with_a_killed_process() {
    let sandbox = Sandbox::start(&["--publish-latency", "2s"]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    let first = workshop.consign(&["run", "job.toml", "--json"]).start();
    sandbox.until("a publication", |stats| stats["publications"]["accepted"] == 1);
    assert_eq!(first.kill().code, None);
    let summary = workshop.run(&[]).exits(0).summary();
    assert_eq!((&summary["counts"]["done"], &summary["published"]), (&1.into(), &0.into()), "{summary}");
    assert_eq!(sandbox.stats()["publications"]["accepted"], 1);
}

#[cfg(unix)]
#[test]
fn a_journal_with_another_name_is_refused_under_both() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    workshop.run(&[]).exits(0);
    let requests = sandbox.writes();
    let other = workshop.path(".consign/other.db");
    fs_err::hard_link(workshop.path(".consign/test.db"), &other).unwrap();
    for args in [&[][..], &["--journal", other.as_str()]] {
        let refused = workshop.run(args).exits(1);
        assert!(refused.stderr.contains("has 2 names (hard links)"), "{}", refused.stderr);
        assert!(refused.stderr.contains("hint: make it a file of its own: `cp -p "), "{}", refused.stderr);
    }
    assert_eq!(sandbox.writes(), requests);
    // As the hint says.
    let journal = workshop.path(".consign/test.db");
    let own = workshop.path(".consign/test.db.own");
    fs_err::copy(&journal, &own).unwrap();
    fs_err::rename(&own, &journal).unwrap();
    let summary = workshop.run(&[]).exits(0).summary();
    assert_eq!((&summary["counts"]["done"], &summary["published"]), (&1.into(), &0.into()), "{summary}");
}
