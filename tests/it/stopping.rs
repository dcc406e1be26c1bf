//! Stopped in good order, stopped at once, stopped by the clock: the next run goes on.

use crate::support::{Asset, Running, Sandbox, Workshop, at_once};

/// A run with a publication under way that takes longer than the test.
fn under_way(sandbox: &Sandbox, workshop: &Workshop) -> Running {
    for id in ["one", "two", "three"] {
        workshop.asset(&Asset::new(id, "1.0.0"));
    }
    let needs = ["one/1.0.0".to_owned()];
    workshop.asset(&Asset::new("later", "1.0.0").needs(&needs));
    let run = workshop.consign(&["run", "job.toml", "--json"]).start();
    sandbox.until("three publications", |stats| stats["polls"].as_u64() >= Some(3));
    run
}

/// Runs until nothing is left; everything must have been published once.
fn goes_on(sandbox: &Sandbox, workshop: &Workshop) {
    let summary = workshop.run(&[]).exits(0).summary();
    assert_eq!(summary["counts"]["done"], 4, "{summary}");
    assert!(summary["published"].as_u64() <= Some(1), "three were accepted before: {summary}");
    let stats = sandbox.stats();
    assert_eq!(stats["publications"]["accepted"], 4, "{stats:#}");
}

#[test]
fn one_signal_stops_in_good_order_and_the_next_run_goes_on() {
    at_once(["INT", "TERM", "HUP"], |signal| {
        let sandbox = Sandbox::start(&["--publish-latency", "3s"]);
        let workshop = Workshop::for_sandbox(&sandbox);
        let run = under_way(&sandbox, &workshop);
        run.signal(signal);
        let ran = run.wait().exits(3);
        let summary = ran.summary();
        assert_eq!(summary["outcome"], "stopped", "{signal}");
        assert!(summary["counts"]["waiting"].as_u64() > Some(0), "{signal}: {summary}");
        assert!(ran.stderr.contains("stopping:"), "{}", ran.stderr);
        goes_on(&sandbox, &workshop);
    });
}

#[test]
fn two_signals_end_at_once_and_the_next_run_looks_up_what_was_in_flight() {
    // The answer to a publication in flight comes when it has ended: the first signal waits for it.
    let sandbox = Sandbox::start(&["--publish-latency", "6s"]);
    let workshop = Workshop::with(&sandbox, "[publish]\nmode = \"sync\"\n");
    workshop.asset(&Asset::new("orders", "1.0.0"));
    let mut run = workshop.consign(&["run", "job.toml", "--json"]).start();
    sandbox.until("a publication", |stats| stats["publications"]["accepted"] == 1);
    // Two signals of a kind that come too close are one to the system.
    for signal in ["INT", "TERM"].iter().cycle().take(100) {
        run.signal(signal);
        std::thread::sleep(std::time::Duration::from_millis(20));
        if !run.is_running() {
            break;
        }
    }
    let ran = run.wait().exits(130);
    assert!(ran.stderr.contains("in doubt"), "{}", ran.stderr);
    let summary = workshop.run(&[]).exits(0).summary();
    assert_eq!((&summary["counts"]["done"], &summary["counts"]["failed"]), (&1.into(), &0.into()), "{summary}");
    let stats = sandbox.stats();
    assert_eq!((&stats["publications"]["accepted"], &stats["publications"]["completed"]), (&1.into(), &1.into()));
}

#[test]
fn a_run_ends_when_its_time_is_up_and_the_next_one_goes_on() {
    let sandbox = Sandbox::start(&["--publish-latency", "60s"]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    let summary = workshop.run(&["--max-duration", "1s"]).exits(3).summary();
    assert_eq!(summary["outcome"], "stopped");
    assert_eq!(summary["counts"]["done"], 0);
    let open = summary["counts"]["waiting"].as_u64().unwrap() + summary["counts"]["ready"].as_u64().unwrap();
    assert_eq!(open, 1, "{summary}");
}

#[test]
fn what_a_killed_run_had_packed_goes_with_the_next_run() {
    let temporary = tempfile::tempdir().unwrap();
    let left = || fs_err::read_dir(temporary.path()).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let sandbox = Sandbox::start(&["--publish-latency", "30s"]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    let run = workshop.consign(&["run", "job.toml"]).env("TMPDIR", temporary.path().to_str().unwrap());
    let running = run.start();
    sandbox.until("a publication", |stats| stats["publications"]["accepted"] == 1);
    let folders = left();
    assert_eq!(folders.len(), 1, "{folders:?}");
    running.kill();
    assert_eq!(left(), folders, "nobody could remove it");

    // Folders that were made just now are left alone: somebody may be about to lock them.
    let hour = std::time::Duration::from_secs(3600);
    fs_err::File::open(&folders[0]).unwrap().set_modified(std::time::SystemTime::now() - hour).unwrap();
    let plan = workshop.consign(&["plan", "job.toml"]).env("TMPDIR", temporary.path().to_str().unwrap());
    plan.run();
    assert_eq!(left(), Vec::<std::path::PathBuf>::new());
}
