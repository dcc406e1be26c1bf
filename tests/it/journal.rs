//! A file that cannot be the journal is refused, and left as it is.

use crate::support::{Asset, Sandbox, Workshop};

fn workshop(sandbox: &Sandbox) -> Workshop {
    let workshop = Workshop::for_sandbox(sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    workshop
}

/// Runs, and gives what was said on stderr; nothing may have been sent, and the file must be as it was.
fn refused(sandbox: &Sandbox, workshop: &Workshop, journal: &str) -> String {
    let before = fs_err::read(workshop.path(journal)).unwrap();
    let accepted = sandbox.stats()["publications"]["accepted"].clone();
    let ran = workshop.run(&["--journal", journal]).exits(1);
    assert_eq!(sandbox.stats()["publications"]["accepted"], accepted);
    assert_eq!(fs_err::read(workshop.path(journal)).unwrap(), before);
    ran.stderr
}

#[test]
fn a_file_of_somebody_else_is_no_journal() {
    let sandbox = Sandbox::start(&[]);
    let workshop = workshop(&sandbox);
    workshop.write("letter.txt", "Dear journal, ".repeat(200));
    let told = refused(&sandbox, &workshop, "letter.txt");
    assert!(told.contains("letter.txt") && told.contains("hint:"), "{told}");
    let other = rusqlite::Connection::open(workshop.path("other.db")).unwrap();
    other.execute_batch("CREATE TABLE precious (data TEXT); INSERT INTO precious VALUES ('x')").unwrap();
    drop(other);
    let told = refused(&sandbox, &workshop, "other.db");
    assert!(told.contains("other.db is not a journal of consign"), "{told}");
    let status = workshop.consign(&["status", "other.db"]).run().exits(1);
    assert!(status.stderr.contains("is not a journal of consign"), "{}", status.stderr);
}

#[test]
fn a_journal_from_the_future_is_left_to_the_consign_that_wrote_it() {
    let sandbox = Sandbox::start(&[]);
    let workshop = workshop(&sandbox);
    workshop.run(&["--journal", "later.db"]).exits(0);
    let journal = rusqlite::Connection::open(workshop.path("later.db")).unwrap();
    journal.execute_batch("PRAGMA user_version = 4711; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(journal);
    let told = refused(&sandbox, &workshop, "later.db");
    assert!(told.contains("schema version 4711") && told.contains("hint:"), "{told}");
}

#[test]
fn a_journal_that_cannot_be_written_is_refused_before_anything_is_sent() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::start(&[]);
    let workshop = workshop(&sandbox);
    workshop.run(&["--journal", "state/test.db"]).exits(0);
    workshop.asset(&Asset::new("more", "1.0.0"));
    let chmod = |name: &str, mode| {
        fs_err::set_permissions(workshop.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    chmod("state/test.db", 0o400);
    chmod("state", 0o500);
    if fs_err::OpenOptions::new().append(true).open(workshop.path("state/test.db")).is_ok() {
        eprintln!("skipped: permissions do not bind this user");
        chmod("state", 0o700);
        return;
    }
    let told = refused(&sandbox, &workshop, "state/test.db");
    chmod("state", 0o700);
    assert!(told.contains("state/test.db"), "{told}");
}

#[test]
fn a_folder_in_the_place_of_the_journal_is_told() {
    let sandbox = Sandbox::start(&[]);
    let workshop = workshop(&sandbox);
    fs_err::create_dir(workshop.path("here.db")).unwrap();
    let ran = workshop.run(&["--journal", "here.db"]).exits(1);
    assert!(ran.stderr.contains("here.db"), "{}", ran.stderr);
    assert_eq!(sandbox.stats()["publications"]["accepted"], 0);
}

/// A workshop with three assets whose publications the server works on, and whose journal is gone with its lock.
fn forgotten(sandbox: &Sandbox) -> Workshop {
    let workshop = workshop(sandbox);
    for id in ["stock", "parcels"] {
        workshop.asset(&Asset::new(id, "1.0.0"));
    }
    let run = workshop.consign(&["run", "job.toml", "--json"]).start();
    sandbox.until("three publications", |stats| stats["publications"]["accepted"] == 3);
    run.kill();
    fs_err::remove_dir_all(workshop.path(".consign")).unwrap();
    workshop
}

#[test]
fn what_the_server_works_on_is_waited_for_and_compared_by_a_journal_that_knows_nothing_of_it() {
    let sandbox = Sandbox::start(&["--publish-latency", "5s"]);
    let workshop = forgotten(&sandbox);
    workshop.asset(&Asset::new("stock", "1.0.0").says("Something else"));
    workshop.asset(&Asset::new("late", "1.0.0"));
    let summary = workshop.run(&[]).exits(2).summary();
    let counts = &summary["counts"];
    assert_eq!(
        (&counts["skipped"], &counts["failed"], &counts["done"], &summary["published"]),
        (&2.into(), &1.into(), &1.into(), &1.into()),
        "{summary}"
    );
    let (state, class, message) = workshop.item("stock", "1.0.0");
    assert_eq!((state.as_str(), class.as_str()), ("failed", "conflict"), "it is what was sent first: {message}");
    assert_eq!(workshop.item("orders", "1.0.0").1, "same-content");
    // Not one publication was sent for a second time, not even to be refused.
    let publish = "POST /exchange/api/v2/organizations/{org}/assets/{g}/{a}/{v}";
    assert_eq!((sandbox.writes()[publish], &sandbox.stats()["publications"]["accepted"]), (4, &4.into()));
}

#[test]
fn a_journal_that_has_seen_the_end_of_a_run_asks_nobody_for_what_it_does_not_know() {
    let sandbox = Sandbox::start(&[]);
    let workshop = workshop(&sandbox);
    let latest = "GET /exchange/api/v2/organizations/{org}/assets/{g}/{a}/{v}/publication/status";
    let asked = || sandbox.stats()["requests"].get(latest).cloned();
    workshop.run(&[]).exits(0);
    let first = asked();
    assert!(first.is_some(), "{:#}", sandbox.stats()["requests"]);
    workshop.asset(&Asset::new("more", "1.0.0"));
    let summary = workshop.run(&[]).exits(0).summary();
    assert_eq!((&summary["published"], asked()), (&1.into(), first));
}

#[test]
fn a_lost_journal_loses_nothing() {
    let sandbox = Sandbox::start(&[]);
    let workshop = workshop(&sandbox);
    workshop.run(&[]).exits(0);
    fs_err::remove_dir_all(workshop.path(".consign")).unwrap();
    let summary = workshop.run(&[]).exits(0).summary();
    assert_eq!((&summary["published"], &summary["counts"]["skipped"]), (&0.into(), &1.into()), "{summary}");
}
