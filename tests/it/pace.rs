//! The server sets the pace, and the job's ceiling holds.

use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::support::{
    Asset, Sandbox, Workshop, at_once,
    hostile::{Hostile, with_headers},
};

fn assets(workshop: &Workshop, count: usize) {
    for place in 0..count {
        workshop.asset(&Asset::new(&format!("asset-{place}"), "1.0.0"));
    }
}

/// Publishes `count` assets; everything must end done.
fn publish(sandbox: &Sandbox, count: usize, args: &[&str]) -> Value {
    publish_from(&Workshop::for_sandbox(sandbox), sandbox, count, args)
}

fn publish_from(workshop: &Workshop, sandbox: &Sandbox, count: usize, args: &[&str]) -> Value {
    assets(workshop, count);
    let summary = workshop.run(args).exits(0).summary();
    assert_eq!((&summary["counts"]["done"], &summary["published"]), (&count.into(), &count.into()), "{summary}");
    sandbox.stats()
}

#[test]
fn a_server_that_allows_what_the_job_is_limited_to_never_has_to_refuse() {
    // On a machine that is busy, what left at an even pace may arrive in a bunch: at most what is in flight at once.
    let sandbox = Sandbox::start(&["--rate-limit", "30/1s"]);
    let stats = publish(&sandbox, 30, &["--rate", "20"]);
    assert_eq!(stats["rateLimited"], 0, "{stats:#}");
}

#[test]
fn a_server_that_refuses_with_429_or_an_empty_503_slows_the_run_down_and_fails_nothing() {
    at_once(["429", "503"], |status| {
        let sandbox = Sandbox::start(&["--rate-limit", "12/1s", "--rate-limit-status", status]);
        let stats = publish(&sandbox, 15, &[]);
        assert_eq!(stats["duplicatePublishes"], serde_json::json!({}), "{status}: {stats:#}");
    });
}

#[test]
fn a_run_that_follows_a_kill_sends_nothing_before_the_time_that_the_server_asked_for_has_passed() {
    let sandbox = Sandbox::start(&[]);
    let server = Hostile::before(&sandbox, |asked| {
        asked.line.starts_with("POST /exchange/").then(|| with_headers(429, "Retry-After: 300\r\n", ""))
    });
    let workshop = Workshop::for_sandbox(&sandbox).towards(server.url());
    assets(&workshop, 5);
    let run = workshop.consign(&["run", "job.toml", "--json"]).start();
    let journal = workshop.path(".consign/test.db");
    let told = |_| {
        std::thread::sleep(Duration::from_millis(20));
        let journal = Connection::open_with_flags(&journal, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        journal.query_row("SELECT until FROM pause", [], |row| row.get::<_, i64>(0)).ok()
    };
    assert!((0..5_000).find_map(told).is_some(), "the journal is never told to wait");
    run.kill();
    // Each run signs in first. What the killed one had sent may still arrive.
    let signed_in = || server.asked().iter().filter(|asked| asked.line.contains("/oauth2/token")).count();
    let before = signed_in();
    let ran = workshop.run(&["--max-duration", "2s"]).exits(3);
    assert!(ran.stderr.contains("the server asked an earlier run to wait, until "), "{}", ran.stderr);
    assert_eq!((before, signed_in()), (1, 1), "not even a token is asked for");
}

#[test]
fn no_more_requests_are_in_flight_than_allowed() {
    at_once([(1, 2), (3, 8)], |(concurrency, count)| {
        // A server that answers when a publication has ended keeps requests in flight until they are seen together.
        let sandbox = Sandbox::start(&["--publish-latency", "1s"]);
        let workshop = Workshop::with(&sandbox, "[publish]\nmode = \"sync\"\n");
        let stats = publish_from(&workshop, &sandbox, count, &["--concurrency", &concurrency.to_string()]);
        let most = stats["maxInFlight"].as_u64().expect("a number");
        // How many are seen together is up to the machine; more than are allowed is up to us.
        assert!((concurrency.min(2)..=concurrency).contains(&most), "{stats:#}");
    });
}
