//! Access in bulk: what is asked for, changed and waited for, and that nothing is ever asked for twice.

mod world;

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use self::world::{Size, World};
use crate::support::{assert_absent, plain};

const SMALL: Size = Size { apis: 2, instances: 3, applications: 3, requests: 6 };

/// A bad line.
const LOSSY: &str = "reset=0.02,lost-reply=0.05,bad-json=0.02,truncate=0.01,http504=0.02,http503=0.02,http429=0.01";

fn gold(_: usize) -> &'static str {
    "Gold"
}

/// Half of the rows ask for a tier that somebody has to approve.
fn either(row: usize) -> &'static str {
    if row.is_multiple_of(2) { "Gold" } else { "Silver" }
}

#[test]
fn rows_become_contracts_once_and_a_change_of_tier_is_the_only_thing_that_is_sent_again() {
    let world = World::new(SMALL);
    world.ask(gold, "");
    let actions = |args: &[&str]| {
        let ran = world.consign(&[&["plan", "access.toml", "--json"], args].concat()).run();
        let plan = ran.json();
        // It ends as its run would.
        ran.exits(if plan["counts"]["conflict"] == 0 { 0 } else { 2 });
        let actions = plan["actions"].as_array().unwrap().clone();
        actions.iter().map(|action| action["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(actions(&["--offline", "--organization", crate::support::ORGANIZATION]), ["request"; 6]);
    assert_eq!(actions(&[]), ["request"; 6]);
    assert_eq!(world.asked("200"), 0, "a plan asks for nothing");
    let first = world.run().run().exits(0).summary();
    assert_eq!((&first["counts"]["done"], &first["created"], &first["updated"]), (&6.into(), &6.into(), &0.into()));
    assert_eq!(world.held(), world.expected(gold));
    let again = world.run().run().exits(0).summary();
    assert_eq!((&again["created"], &again["updated"], &again["counts"]), (&0.into(), &0.into(), &first["counts"]));
    assert!(again["requests"].as_u64() <= Some(5), "who has nothing to do asks for nothing: {again}");
    world.ask(either, "on_difference = \"fail\"");
    let other = actions(&[]);
    assert!(other.iter().any(|action| action == "conflict"), "{other:?}");
    world.ask(either, "");
    let other = actions(&[]);
    let differ = other.iter().filter(|action| *action == "change-tier").count();
    assert!(
        differ > 0 && other.iter().all(|action| ["change-tier", "unchanged"].contains(&action.as_str())),
        "{other:?}"
    );
    let changed = world.run().run().exits(0).summary();
    assert_eq!((&changed["created"], &changed["updated"]), (&0.into(), &differ.into()));
    assert_eq!(world.asked("200"), 6);
    // A contract in force keeps its old tier until somebody approves the new one.
    let asked_for = |held: &world::Held| (held.0.clone(), held.1.clone(), held.2.clone());
    let wanted: Vec<_> = world.expected(either).iter().map(asked_for).collect();
    assert_eq!(world.held().iter().map(asked_for).collect::<Vec<_>>(), wanted);
    let (requests, writes) = (world.run().run().exits(0).summary()["requests"].clone(), world.sandbox().writes());
    assert!(requests.as_u64() <= Some(5), "{requests}");
    world.run().run().exits(0);
    assert_eq!(world.sandbox().writes(), writes);
}

#[test]
fn the_secrets_that_come_with_contracts_are_nowhere_and_what_the_portal_holds_can_be_verified() {
    let world = World::new(SMALL);
    world.ask(gold, "");
    let verify = |code: i32| {
        let verified = world.consign(&["verify", "access.toml", "--json"]).run().exits(code).json();
        let of = |verdict: &str| verified["counts"][verdict].as_u64().unwrap();
        (of("equal"), of("different"), of("missing"), of("extra"))
    };
    assert_eq!(verify(2), (0, 0, 6, 0));
    let told = world.consign(&["run", "access.toml", "--json", "-vvv", "--report", "report"]).run().exits(0);
    assert_eq!(verify(0), (6, 0, 0, 0));
    let secrets = world.secrets();
    assert_absent(&secrets, "stdout", told.stdout.as_bytes());
    assert_absent(&secrets, "stderr", told.stderr.as_bytes());
    assert!(told.stderr.contains("contracts"), "it is logged what is asked: {}", told.stderr);
    let mut looked_at = 0;
    for entry in walkdir::WalkDir::new(world.workshop.folder()) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            assert_absent(&secrets, &entry.path().display().to_string(), &fs_err::read(entry.path()).unwrap());
            looked_at += 1;
        }
    }
    assert!(looked_at > 4, "journal and reports are among them");
    world.decide("App 1", "REVOKED");
    world.ask(either, "");
    let rows = fs_err::read_to_string(world.workshop.path("access.csv")).unwrap();
    let (equal, different, missing, extra) = verify(2);
    assert_eq!((equal + different, missing, extra), (6, 0, 0));
    assert!(different >= 2, "the revoked ones, at least");
    let (header, fewer) = rows.split_once('\n').unwrap();
    let (_, fewer) = fewer.split_once('\n').unwrap();
    world.workshop.write("access.csv", format!("{header}\n{fewer}"));
    assert_eq!(verify(2).3, 1, "of the same applications, what no row names");
}

#[test]
fn rows_may_name_an_application_by_what_it_was_elsewhere_and_a_run_may_do_a_part() {
    let world = World::new(SMALL);
    world.ask(gold, "applications = \"ids.csv\"");
    let id = &world.applications[1].1;
    world.workshop.write(
        "ids.csv",
        format!("name,oldClientId,newClientId,oldId,newId\nApp 0,old-client,c,17,\nApp 1,c1,c2,old-id,{id}\n"),
    );
    world.workshop.write(
        "access.csv",
        "application,asset,instance,tier\nold-client,api-0/v1,Instance 0,Gold\nold-id,api-0/v1,Instance 0,Gold\n\
         App 2,api-0/v1,Instance 0,Gold\n",
    );
    let applications = || world.held().into_iter().map(|held| held.0).collect::<Vec<_>>();
    world.consign(&["run", "access.toml", "--only", "old-*"]).run().exits(0);
    assert_eq!(applications(), ["App 0", "App 1"]);
    world.run().run().exits(0);
    assert_eq!(applications(), ["App 0", "App 1", "App 2"]);
    world.workshop.write("ids.csv", "application,id\n");
    let told = world.consign(&["run", "access.toml"]).run().exits(1);
    assert!(told.stderr.contains("is no mapping of applications"), "{}", told.stderr);
}

#[test]
fn what_is_wrong_is_told_by_line_and_what_to_do_and_a_retry_goes_on() {
    let world = World::new(SMALL);
    world.ask(gold, "");
    world.workshop.write(
        "access.csv",
        "application,asset,instance,tier,status\n\
         App 0,api-0/v1,Instance 0,Gold,APPROVED\n\
         App 0,api-0/v1,Instance 1,Bronze,\n\
         Nobody,api-0/v1,Instance 0,Gold,\n\
         App 1,api-0/1.0.0,Instance 0,Gold,\n\
         App 1,api-0/v1,Instance 1,Gold,REJECTED\n\
         App 2,api-1/v1,Instance 2,,\n",
    );
    let ran = world.consign(&["run", "access.toml"]).run().exits(2);
    assert!(ran.stdout.contains("3 failed"), "{}", ran.stdout);
    let failed = world.consign(&["status", "access.toml", "--json", "--failed"]).run().exits(0).json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = |item: &Value| {
        let (class, message, hint) = (text(&item["class"]), text(&item["message"]), text(&item["hint"]));
        format!("{} {class}: {message}\n  {hint}", item["line"])
    };
    let told: Vec<String> = failed["items"].as_array().unwrap().iter().map(told).collect();
    let key = format!("access/App 0/{}/api-0/v1/Instance 1", crate::support::ORGANIZATION);
    let explained = world.consign(&["explain", "access.toml", &key]).run();
    plain(world.workshop.folder(), || {
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[id]");
        settings.add_filter(r"\(\d+\)", "([number])");
        settings.bind(|| {
            assert_snapshot!(told.join("\n"), @r#"
            3 tier: instance [id] has no active tier `Bronze`; it offers Gold ([number]), Silver ([number])
              `consign hub access tiers` shows them; name one with its name or id
            4 missing: there is no application `Nobody` among yours
              a job of kind "applications" makes it; then `consign retry` asks for its access
            5 value: column "asset": a portal knows `v1`, not the full version `1.0.0`
              mend the cell, or the defaults of the job
            "#);
        });
    });
    for told in ["access.csv:3", "step   resolve", "it offers Gold", "then `consign retry`"] {
        assert!(explained.stdout.contains(told), "{}", explained.stdout);
    }
    assert_eq!(world.held().len(), 2);
    world.workshop.write("access.csv", "application,asset,instance,tier\nApp 0,api-0/v1,Instance 1,Silver\n");
    let summary = world.consign(&["retry", "access.toml", "--json"]).run().exits(0).summary();
    assert_eq!((&summary["created"], world.held().len()), (&1.into(), 3), "{summary}");
}

#[test]
fn who_waits_goes_on_waiting_after_a_kill_and_is_told_what_was_decided() {
    let world = World::new(SMALL);
    world.ask(|_| "Silver", "pending = \"poll\"\ndeadline = \"1m\"");
    let expected = world.expected(|_| "Silver");
    let pending = expected.iter().filter(|held| held.3 == "PENDING").count();
    assert!(pending > 1);
    let waiting = || {
        let status = world.consign(&["status", "access.toml", "--json"]).run().json();
        status["counts"]["waiting"].as_u64() == u64::try_from(pending).ok()
    };
    let run = world.run().start();
    let started = std::time::Instant::now();
    while !(run.lines() > 10 && waiting()) {
        assert!(started.elapsed() < Duration::from_mins(1), "nobody waits");
        std::thread::sleep(Duration::from_millis(20));
    }
    run.kill();
    let run = world.run().start();
    world.decide("App 0", "REJECTED");
    world.decide("App 1", "APPROVED");
    world.decide("App 2", "APPROVED");
    let summary = run.wait().exits(2).summary();
    let turned_down = expected.iter().filter(|held| held.0 == "App 0").count();
    assert_eq!(summary["counts"]["failed"].as_u64(), u64::try_from(turned_down).ok(), "{summary}");
    let failed = world.consign(&["status", "access.toml", "--json", "--failed"]).run().exits(0).json();
    for item in failed["items"].as_array().unwrap() {
        assert_eq!(item["class"], "contract");
        assert!(item["message"].as_str().is_some_and(|told| told.contains("REJECTED")), "{item}");
    }
    assert_eq!((world.asked("200"), world.asked("409")), (6, 0), "each was asked for once");
}

/// Kills a run so often, over a bad line; then one goes on in peace, and everything must be there once.
fn killed_and_whole(size: Size, kills: usize) -> Value {
    let mut world = World::new(size);
    world.restart(&["--faults", LOSSY, "--seed", "7"]);
    world.ask(either, "accept_terms = true");
    let lines = size.requests / kills.max(1);
    let mut killed = 0;
    for number in 0..kills {
        let mut run = world.run().start();
        let started = std::time::Instant::now();
        // A moment after it has told of something, which is when something was written.
        while run.lines() < lines && run.is_running() && started.elapsed() < Duration::from_mins(1) {
            std::thread::sleep(Duration::from_micros(500));
        }
        std::thread::sleep(Duration::from_micros(700 * (number as u64 % 5)));
        killed += usize::from(run.is_running());
        run.kill();
    }
    assert!(killed >= kills / 2, "hardly any run lived to be killed: {killed} of {kills}");
    let mut ran = world.run().run();
    // Items that met nothing but faults are opened again by hand, as a person would.
    if ran.code == Some(2) {
        ran = world.consign(&["retry", "access.toml", "--json"]).run();
    }
    let summary = ran.exits(0).summary();
    let counts = &summary["counts"];
    let ended = counts["done"].as_u64().unwrap() + counts["skipped"].as_u64().unwrap();
    assert_eq!(ended, size.requests as u64, "{summary}");
    let stats = world.sandbox().stats();
    assert!(world.asked("200") <= size.requests as u64, "{stats:#}");
    // A request of a process that was killed may arrive after the next one has looked for it.
    assert!(world.asked("409") <= killed as u64, "{stats:#}");
    assert!(stats["faults"].as_object().is_some_and(|faults| faults.len() >= 5), "{stats:#}");
    // Without faults it can be asked what it holds.
    world.restart(&[]);
    assert_eq!(world.held(), world.expected(either));
    assert_eq!(world.last_number(), size.requests as u64, "contracts are numbered as they are made");
    let again = world.run().run().exits(0).summary();
    assert!(again["requests"].as_u64() <= Some(5), "{again}");
    assert_eq!(world.sandbox().writes().values().sum::<u64>(), 0);
    json!({"killed": killed, "faults": stats["faults"], "seconds": summary["seconds"], "requests": summary["requests"]})
}

#[test]
fn two_hundred_requests_under_faults_and_kills_become_two_hundred_contracts() {
    killed_and_whole(Size { apis: 4, instances: 6, applications: 80, requests: 200 }, 6);
}

#[test]
#[ignore = "takes minutes: 5,000 requests of 2,000 applications, on demand"]
fn five_thousand_requests_of_two_thousand_applications_become_five_thousand_contracts() {
    let told = killed_and_whole(Size { apis: 20, instances: 12, applications: 2000, requests: 5000 }, 20);
    eprintln!("{told:#}");
}

#[test]
fn a_row_that_means_the_contract_of_another_one_is_refused_by_each_run_until_that_one_is_gone() {
    let world = World::new(SMALL);
    world.ask(gold, "");
    let header = "application,asset,instance,tier\n";
    let rows = ["App 0,api-0/v1,Instance 0,Gold\n", "App 0,api-0/1.0,Instance 0,Silver\n"];
    world.workshop.write("access.csv", format!("{header}{}", rows[0]));
    world.run().run().exits(0);
    let held = world.held();
    world.workshop.write("access.csv", format!("{header}{}", rows.concat()));
    for command in ["run", "retry", "retry"] {
        let told = world.consign(&[command, "access.toml", "--json"]).run().exits(2).summary();
        assert_eq!((&told["counts"]["failed"], &told["updated"]), (&1.into(), &0.into()), "{command}");
        assert_eq!(world.held(), held, "{command}");
    }
    world.workshop.write("access.csv", format!("{header}{}", rows[1]));
    let told = world.consign(&["retry", "access.toml", "--json"]).run().exits(0).summary();
    assert_eq!(told["updated"], 1);
}
