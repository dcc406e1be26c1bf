//! Killed at any instant, answered by a server that loses replies: after the next run every item is in its final state
//! once, and the server holds exactly what the job says.

use std::time::Duration;

use crate::support::{Asset, Sandbox, Workshop, specification};

/// Assets in layers: each needs two of the layer below it, and every fifth comes in two versions. Returns their names,
/// sorted as the sandbox names them.
fn layers(workshop: &Workshop, layers: usize, width: usize) -> Vec<String> {
    let mut names = Vec::new();
    let mut below: Vec<String> = Vec::new();
    for layer in 0..layers {
        let mut this = Vec::new();
        for place in 0..width {
            let id = format!("asset-{layer}-{place}");
            let needs: Vec<String> =
                [place, (place + 1) % width].iter().filter_map(|p| below.get(*p).cloned()).collect();
            let versions: &[&str] = if place % 5 == 0 { &["1.0.0", "1.1.0"] } else { &["1.0.0"] };
            for version in versions {
                workshop.asset(&Asset::new(&id, version).needs(&needs).says(&format!("{id} {version}")));
                names.push(format!("{id}/{version}"));
            }
            this.push(format!("{id}/1.0.0"));
        }
        below = this;
    }
    names.sort();
    names
}

/// A small generator of numbers, so that a failure can be repeated.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: u64) -> u64 {
        // Numerical Recipes' constants; the high bits are good enough to choose instants.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn a_run_killed_at_a_dozen_instants_over_a_lossy_server_ends_with_every_asset_published_once() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let data = data.path().to_str().expect("plain names");
    let sandbox = Sandbox::start(&[
        "--data",
        data,
        "--faults",
        "reset=0.02,lost-reply=0.02,http503=0.02,http500=0.02,bad-json=0.01,status404=0.05",
        "--publish-latency",
        "5ms..60ms",
        "--seed",
        "42",
    ]);
    let workshop = Workshop::for_sandbox(&sandbox);
    let names = layers(&workshop, 3, 42);
    let mut seeded = Seeded(42);
    let mut kills = 0;
    for _ in 0..12 {
        let mut run = workshop.consign(&["run", "job.toml", "--json"]).start();
        std::thread::sleep(Duration::from_millis(50 + seeded.below(800)));
        kills += u32::from(run.is_running());
        run.kill();
    }
    assert!(kills > 0, "every run ended before it was killed");
    let summary = workshop.run(&[]).exits(0).summary();
    assert_eq!(summary["counts"]["done"], names.len(), "{summary}");
    let stats = sandbox.stats();
    assert_eq!(stats["duplicatePublishes"], serde_json::json!({}), "{stats:#}");
    assert_eq!(stats["publications"]["completed"], names.len(), "{stats:#}");
    assert!(stats["faults"].as_object().is_some_and(|faults| faults.len() >= 4), "{stats:#}");
    // Without faults it can be asked what it holds.
    sandbox.kill();
    assert_eq!(Sandbox::start(&["--data", data]).versions(), names);
}

#[test]
fn a_server_killed_in_the_middle_and_back_on_another_port_loses_and_doubles_nothing() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let data = data.path().to_str().expect("plain names");
    let args = ["--data", data, "--publish-latency", "5ms..400ms"];
    let sandbox = Sandbox::start(&args);
    let workshop = Workshop::for_sandbox(&sandbox);
    let names = layers(&workshop, 2, 20);
    let run = workshop.consign(&["run", "job.toml", "--json"]).start();
    sandbox.until("ten publications", |stats| stats["publications"]["accepted"].as_u64() >= Some(10));
    sandbox.kill();
    let stopped = run.wait();
    assert!(matches!(stopped.code, Some(2 | 3)), "{stopped:#?}");

    let sandbox = Sandbox::start(&args);
    let summary = workshop.run(&["--host", sandbox.url()]);
    let summary = if summary.code == Some(0) {
        summary.summary()
    } else {
        workshop.consign(&["retry", "job.toml", "--json", "--host", sandbox.url()]).run().exits(0).summary()
    };
    let counts = &summary["counts"];
    assert_eq!(counts["done"], names.len(), "{summary}");
    assert_eq!(sandbox.versions(), names);
    assert_eq!(sandbox.stats()["duplicatePublishes"], serde_json::json!({}));
}

#[test]
fn a_server_killed_as_soon_as_it_is_ready_lets_in_whoever_it_told_to() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let args = ["--data", data.path().to_str().expect("plain names")];
    for _ in 0..5 {
        let sandbox = Sandbox::start(&args);
        let told = (sandbox.client_id().to_owned(), sandbox.client_secret().to_owned(), sandbox.token().to_owned());
        sandbox.kill();
        let sandbox = Sandbox::start(&args);
        let again = (sandbox.client_id().to_owned(), sandbox.client_secret().to_owned(), sandbox.token().to_owned());
        assert_eq!(again, told);
        sandbox.kill();
        fs_err::remove_dir_all(data.path()).expect("our own folder");
    }
}

#[test]
fn an_unchanged_second_run_publishes_nothing_and_asks_for_nothing_but_a_token() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    let names = layers(&workshop, 2, 4);
    workshop.run(&[]).exits(0);
    let before = sandbox.stats();
    let summary = workshop.run(&[]).exits(0).summary();
    assert_eq!((&summary["published"], &summary["counts"]["done"]), (&0.into(), &names.len().into()), "{summary}");
    let mut after = sandbox.stats();
    for counted in [&before, &after] {
        assert_eq!(counted["publications"]["accepted"], names.len());
    }
    // Nothing but the tokens has changed.
    after["tokensIssued"] = before["tokensIssued"].clone();
    let is_token = |requests: &serde_json::Value| {
        let mut requests = requests.as_object().expect("an object").clone();
        requests.retain(|endpoint, _| !endpoint.contains("/accounts/"));
        requests
    };
    assert_eq!(is_token(&after["requests"]), is_token(&before["requests"]));
}

/// A manifest of rest-api assets with everything that can be changed afterwards.
fn described(workshop: &Workshop, count: usize, turn: &str) {
    let mut rows = "path,assetId,version,name,description,tags,fields.note,instances.test\n".to_owned();
    for n in 0..count {
        workshop.write(&format!("api{n}.yaml"), specification(&format!("a{n}"), "1.0.0", "Hello"));
        rows += &format!(
            "api{n}.yaml,a{n},1.0.0,A{n} {turn},It,\"all,{turn}\",\"{turn}, {n}\",https://{turn}.example.com/{n}\n"
        );
    }
    workshop.write("assets.csv", rows);
}

#[test]
fn describing_that_is_killed_and_cut_off_ends_with_every_datum_once() {
    const COUNT: usize = 24;
    let data = tempfile::tempdir().expect("a temporary folder");
    let data = data.path().to_str().expect("plain names");
    let faults = "reset=0.03,lost-reply=0.05,http503=0.02,bad-json=0.01,status404=0.05";
    let sandbox =
        Sandbox::start(&["--data", data, "--faults", faults, "--publish-latency", "5ms..60ms", "--seed", "7"]);
    let workshop = Workshop::for_sandbox(&sandbox);
    let job = "kind = \"publish\"\nname = \"test\"\n\n[source]\nmanifest = \"assets.csv\"\n\n[definitions]\nfields = [{ key = \"note\" }]\n";
    workshop.write("job.toml", format!("{job}\n[target]\nhost = \"{}\"\n", sandbox.url()));
    described(&workshop, COUNT, "one");
    assert_eq!(workshop.run(&[]).exits(0).summary()["counts"]["done"], COUNT);
    described(&workshop, COUNT, "two");
    let mut seeded = Seeded(7);
    let mut kills = 0;
    for _ in 0..10 {
        let mut run = workshop.consign(&["run", "job.toml", "--json"]).start();
        std::thread::sleep(Duration::from_millis(50 + seeded.below(500)));
        kills += u32::from(run.is_running());
        run.kill();
    }
    assert!(kills > 0, "every run ended before it was killed");
    let summary = workshop.run(&[]).exits(0).summary();
    assert_eq!(summary["counts"]["failed"], 0, "{summary}");
    sandbox.kill();

    let sandbox = Sandbox::start(&["--data", data]);
    let organization = sandbox.organization().to_owned();
    for n in 0..COUNT {
        let asset = sandbox.asset(&format!("a{n}"), "1.0.0").expect("it is there");
        assert_eq!(asset["name"], format!("A{n} two"));
        assert_eq!(asset["labels"].as_array().map(Vec::len), Some(2), "{asset}");
        assert_eq!(asset["customFields"][0]["value"], format!("two, {n}"));
        let path = format!("/exchange/api/v2/assets/{organization}/a{n}/versionGroups/v1/instances");
        let instances = sandbox.send("GET", &path).json();
        let external: Vec<_> = instances.as_array().unwrap().iter().filter(|i| i["type"] == "external").collect();
        assert_eq!(external.len(), 1, "{instances}");
        assert_eq!(external[0]["endpointUri"], format!("https://two.example.com/{n}"));
    }
    let again = workshop.run(&["--host", sandbox.url()]).exits(0).summary();
    assert_eq!((&again["published"], &again["updated"]), (&0.into(), &0.into()), "{again}");
    assert_eq!(sandbox.writes().values().sum::<u64>(), 0);
}
