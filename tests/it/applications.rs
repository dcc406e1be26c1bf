//! Client applications come to a portal once, as their rows say, and their secrets go to one place and no other; whatever
//! happens meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::fs::PermissionsExt,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{
    Ran, Secret, assert_absent,
    portal::{ASSET, Portal},
    run_watched,
};

const FILE: &str = "[applications]\nsecrets.file = \"secrets.jsonl\"\n";

/// Three rows: one that says all there is to say, one by the id of an instance, one by the only instance.
fn rows(instance: &str) -> String {
    format!(
        "name,description,url,redirectUris,grantTypes,apiEndpoints,asset,instance,clientId\n\
         Shop,Sells things,https://shop.example,https://shop.example/a|https://shop.example/b,client_credentials,,{ASSET},Live,old-1\n\
         Bank,,,,,,orders/v1,{instance},old-2\n\
         \"Müller, Söhne & Co\",\"=1+1\",,,,,orders/v1,,\n"
    )
}

fn portal(rows: impl FnOnce(&str) -> String, tables: &str) -> Portal {
    let portal = Portal::new();
    portal.workshop.write("applications.csv", rows(&portal.instance));
    portal.job("apps.toml", "applications", "applications.csv", tables);
    portal
}

fn run(portal: &Portal, more: &[&str]) -> Ran {
    portal.consign(&["run", "apps.toml", "--json"]).args(more).run()
}

/// What a plan would do, by name.
fn plan(portal: &Portal) -> BTreeMap<String, (String, String)> {
    let ran = portal.consign(&["plan", "apps.toml", "--json"]).run();
    let plan = ran.json();
    // It ends as its run would.
    ran.exits(if plan["counts"]["conflict"] == 0 { 0 } else { 2 });
    let actions = plan["actions"].as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |action: Value| (text(&action["gav"]), (text(&action["action"]), text(&action["reason"])));
    actions.into_iter().map(of).collect()
}

/// The deliveries in the file of secrets, by name; the last one counts.
fn delivered(portal: &Portal) -> BTreeMap<String, Value> {
    let text = fs_err::read_to_string(portal.workshop.path("secrets.jsonl")).unwrap_or_default();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    lines.map(|line| (line["name"].as_str().expect("a name").to_owned(), line)).collect()
}

/// Every application once, its secret delivered, and no secret in any other file or in what was printed.
#[track_caller]
fn assert_whole(portal: &Portal, names: &BTreeSet<String>, printed: &str) {
    let there = portal.applications();
    let found: Vec<&str> = there.iter().map(|known| known["name"].as_str().expect("a name")).collect();
    assert_eq!(found.len(), names.len(), "nothing twice, nothing lost");
    assert_eq!(&found.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>(), names);
    let delivered = delivered(portal);
    let mut secrets = BTreeSet::new();
    for known in &there {
        let line =
            delivered.get(known["name"].as_str().expect("a name")).unwrap_or_else(|| panic!("no secret: {known}"));
        for key in ["id", "clientId", "clientSecret"] {
            assert_eq!(line[key], known[key], "{key} of {}", known["name"]);
        }
        secrets.insert(known["clientSecret"].as_str().expect("a secret").to_owned());
    }
    assert!(has_one_of(&secrets, &fs_err::read(portal.workshop.path("secrets.jsonl")).unwrap()), "can be found");
    let mode = fs_err::metadata(portal.workshop.path("secrets.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut read = vec![("stdout and stderr".to_owned(), printed.as_bytes().to_vec())];
    for entry in walkdir::WalkDir::new(portal.workshop.folder()) {
        let entry = entry.unwrap();
        let is_kept = entry.path().starts_with(portal.workshop.path("sandbox")) || entry.file_name() == "secrets.jsonl";
        if entry.file_type().is_file() && !is_kept {
            read.push((entry.path().display().to_string(), fs_err::read(entry.path()).unwrap()));
        }
    }
    assert!(read.iter().any(|(name, _)| name.ends_with(".db")), "the journal is among them");
    for (name, bytes) in read {
        assert!(!has_one_of(&secrets, &bytes), "a secret is in {name}");
    }
}

/// Whether one of so many secrets, which are hexadecimal, is in a text of any length.
fn has_one_of(secrets: &BTreeSet<String>, bytes: &[u8]) -> bool {
    let length = secrets.first().map_or(1, String::len);
    assert!(secrets.iter().all(|one| one.len() == length && one.bytes().all(|byte| byte.is_ascii_hexdigit())));
    let words = bytes.split(|byte| !byte.is_ascii_hexdigit()).flat_map(|run| run.windows(length));
    { words }.any(|word| std::str::from_utf8(word).is_ok_and(|word| secrets.contains(word)))
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn applications_are_made_once_and_only_what_changes_in_a_row_is_sent_again() {
    let portal = portal(rows, FILE);
    let planned = plan(&portal);
    assert!(planned.values().all(|(action, why)| action == "create" && why.contains("instance Live")), "{planned:?}");
    let ran = run(&portal, &["-vvv", "--report", "reports"]).exits(0);
    assert_eq!((ran.summary()["created"].as_u64(), ran.summary()["counts"]["done"].as_u64()), (Some(3), Some(3)));
    assert_whole(&portal, &names(&["Shop", "Bank", "Müller, Söhne & Co"]), &(ran.stdout + &ran.stderr));
    let shop = portal.hub(&["apps", "show", "Shop"]);
    assert_eq!((&shop["description"], &shop["url"]), (&json!("Sells things"), &json!("https://shop.example")));
    assert_eq!(shop["redirectUri"], json!(["https://shop.example/a", "https://shop.example/b"]));
    let ids = fs_err::read_to_string(portal.workshop.path(".consign/apps-ids.csv")).unwrap();
    let row = format!("Shop,old-1,{},,{}\n", shop["clientId"].as_str().unwrap(), shop["id"].as_str().unwrap());
    assert!(ids.starts_with("name,oldClientId,newClientId,oldId,newId\n") && ids.contains(&row), "{ids}");
    let verified = portal.consign(&["verify", "apps.toml"]).run().exits(0).stdout;
    assert!(verified.contains("3 applications compared: 3 equal"), "{verified}");

    let before = portal.sandbox().writes();
    let again = run(&portal, &[]).exits(0).summary();
    assert_eq!(portal.sandbox().writes(), before, "nothing has changed");
    assert!(again["requests"].as_u64().unwrap() < 6, "{again}");

    portal.workshop.write(
        "applications.csv",
        rows(&portal.instance).replace("Sells things", "[]").replace("shop.example/b", "shop.example/c"),
    );
    let planned = plan(&portal);
    let (action, why) = &planned["application/Shop"];
    assert!(action == "update" && why.contains("Sells things → none") && why.contains("shop.example/c"), "{why}");
    assert_eq!(planned["application/Bank"].0, "unchanged");
    let verified = portal.consign(&["verify", "apps.toml", "--json"]).run().exits(2).stdout;
    assert!(verified.contains("\"different\"") && verified.contains("redirectUris"), "{verified}");
    let changed = run(&portal, &[]).exits(0).summary();
    assert_eq!((changed["created"].as_u64(), changed["updated"].as_u64()), (Some(0), Some(1)));
    let shop = portal.hub(&["apps", "show", "Shop"]);
    assert_eq!(shop["redirectUri"], json!(["https://shop.example/a", "https://shop.example/c"]));
    assert_eq!(shop["url"], "https://shop.example", "what the row says as before stays");
    portal.consign(&["verify", "apps.toml"]).run().exits(0);
    let explained = portal.consign(&["explain", "apps.toml", "Shop"]).run().exits(0).stdout;
    assert!(explained.contains("changed description: Sells things → none"), "{explained}");
    let id = shop["id"].as_str().unwrap();
    assert!(explained.contains(&format!("id     {id}")) && explained.contains("oldClientId  old-1"), "{explained}");
    let told = portal.consign(&["undo", "apps.toml"]).run().exits(1).stderr;
    assert!(told.contains("is not undone") && told.contains("hub apps delete"), "{told}");
}

#[test]
fn what_is_there_already_is_brought_up_to_date_left_or_a_failure_and_never_made_twice() {
    let portal = portal(rows, FILE);
    let make = ["apps", "create", "Shop", "--asset", ASSET, "--instance", &portal.instance, "--description", "By hand"];
    portal.hub(&make);
    portal.hub(&["apps", "create", "Other", "--asset", ASSET, "--instance", &portal.instance]);
    let with = |policy: &str| {
        let tables = format!("{FILE}on_difference = \"{policy}\"\nids = \"ids.csv\"\n");
        portal.job("apps.toml", "applications", "applications.csv", &tables);
    };
    for (policy, action) in [("fail", "conflict"), ("skip", "skip"), ("update", "update")] {
        with(policy);
        assert_eq!(plan(&portal)["application/Shop"].0, action);
    }
    with("fail");
    let failed = run(&portal, &[]).exits(2).summary();
    assert_eq!((failed["counts"]["failed"].as_u64(), failed["created"].as_u64()), (Some(1), Some(2)));
    let status = portal.consign(&["status", "apps.toml", "--json", "--failed"]).run().exits(0).json();
    let item = &status["items"][0];
    assert_eq!((item["gav"].as_str(), item["class"].as_str()), (Some("application/Shop"), Some("conflict")));
    assert!(item["message"].as_str().unwrap().contains("By hand → Sells things"), "{item}");
    with("skip");
    let left = portal.consign(&["retry", "apps.toml", "--json"]).run().exits(0).summary();
    assert_eq!((left["counts"]["skipped"].as_u64(), left["updated"].as_u64()), (Some(1), Some(0)));
    with("update");
    fs_err::remove_dir_all(portal.workshop.path(".consign")).unwrap();
    let updated = run(&portal, &[]).exits(0).summary();
    assert_eq!((updated["created"].as_u64(), updated["updated"].as_u64()), (Some(0), Some(1)), "the portal remembers");
    assert_eq!(updated["counts"]["skipped"], 2);
    assert_eq!(delivered(&portal).len(), 2, "the secret of what was there was not issued to this job");
    let ids = fs_err::read_to_string(portal.workshop.path("ids.csv")).unwrap();
    assert_eq!(ids.lines().count(), 4, "{ids}");
    let verified = portal.consign(&["verify", "apps.toml", "--json"]).run().exits(2).stdout;
    assert!(verified.contains("application/Other") && verified.contains("\"extra\""), "{verified}");
}

#[test]
fn a_visitor_brings_his_own_and_is_told_which_name_is_somebody_elses() {
    let portal = portal(rows, "");
    portal.hub(&["apps", "create", "Bank", "--asset", ASSET, "--instance", &portal.instance]);
    let (organization, id) = portal.address();
    let url = portal.sandbox().url();
    portal.workshop.write(
        "apps.toml",
        format!(
            "kind = \"applications\"\nname = \"apps\"\n[target]\nhost = \"{url}\"\nportal = \"{id}\"\n\
             target_organization = \"{organization}\"\n[source]\nmanifest = \"applications.csv\"\n{FILE}"
        ),
    );
    let full = rows(&portal.instance).replace(",orders/v1,", &format!(",{ASSET},"));
    portal.workshop.write("applications.csv", full);
    let token = portal.sandbox().role("viewer", "token");
    let as_visitor = |args: &[&str]| portal.consign(args).env("ANYPOINT_BEARER", &token).run();
    let planned = as_visitor(&["plan", "apps.toml", "--json"]).exits(2).json();
    let actions: Vec<&str> =
        planned["actions"].as_array().unwrap().iter().map(|action| action["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["create", "conflict", "create"]);
    let ran = as_visitor(&["run", "apps.toml", "--json"]).exits(2).summary();
    assert_eq!((ran["created"].as_u64(), ran["counts"]["failed"].as_u64()), (Some(2), Some(1)));
    let status = as_visitor(&["status", "apps.toml", "--failed"]).exits(0).stdout;
    assert!(
        status.contains("application/Bank") && status.contains("belongs to an application of somebody else"),
        "{status}"
    );
    assert_eq!(portal.applications().len(), 3);
}

#[test]
fn a_command_gets_each_secret_on_its_stdin_and_again_where_it_failed() {
    let script = "line=$(cat); case \"$line\" in *Bank*) if [ ! -e open ]; then echo \"no: $line\" >&2; exit 4; fi;; esac; \
                  printf '%s\\n' \"$line\" >> vault; chmod 600 vault";
    let tables = format!("[applications]\nsecrets.command = [\"sh\", \"-c\", '''{script}''']\n");
    let portal = portal(rows, &tables);
    let (ran, seen) = run_watched(&portal.consign(&["run", "apps.toml", "-vvv", "--report", "reports"]));
    let ran = ran.exits(2);
    let status = portal.consign(&["status", "apps.toml", "--failed"]).run().exits(0).stdout;
    assert!(status.contains("application/Bank") && status.contains("exit status: 4: no:"), "{status}");
    assert!(status.contains("[REDACTED]") && status.contains("`consign retry` delivers"), "{status}");
    let vault = fs_err::read_to_string(portal.workshop.path("vault")).unwrap();
    assert_eq!(vault.lines().count(), 2, "the others went their way");
    portal.workshop.write("open", "");
    let writes = portal.sandbox().writes();
    portal.consign(&["retry", "apps.toml"]).run().exits(0);
    assert_eq!(portal.sandbox().writes(), writes, "the application was there");
    let vault = fs_err::read_to_string(portal.workshop.path("vault")).unwrap();
    let mut secrets = Vec::new();
    for known in portal.applications() {
        let secret = known["clientSecret"].as_str().unwrap().to_owned();
        assert!(vault.contains(&secret), "{}", known["name"]);
        secrets.push(Secret::new("issued secret", &secret));
    }
    let journal = ["apps.db", "apps.db-wal"].map(|name| portal.workshop.path(".consign").join(name));
    let mut texts: Vec<(String, Vec<u8>)> =
        vec![("printed".to_owned(), (ran.stdout + &ran.stderr + &status).into_bytes())];
    texts.extend(seen.lines);
    for path in journal.iter().filter(|path| path.exists()) {
        texts.push((path.to_string(), fs_err::read(path).unwrap()));
    }
    for entry in walkdir::WalkDir::new(portal.workshop.path("reports")) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            texts.push((entry.path().display().to_string(), fs_err::read(entry.path()).unwrap()));
        }
    }
    for (place, bytes) in &texts {
        assert_absent(&secrets, place, bytes);
    }
}

#[test]
fn a_place_for_secrets_that_is_not_safe_is_refused_before_anything_is_made() {
    let portal = portal(rows, FILE);
    let path = portal.workshop.path("secrets.jsonl");
    portal.workshop.write("secrets.jsonl", "");
    fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = run(&portal, &[]).exits(1).stderr;
    assert!(told.contains("others may read") && told.contains("chmod 600"), "{told}");
    fs_err::rename(&path, portal.workshop.path("elsewhere")).unwrap();
    fs_err::os::unix::fs::symlink(portal.workshop.path("elsewhere"), &path).unwrap();
    let told = run(&portal, &[]).exits(1).stderr;
    assert!(told.contains("is a link"), "{told}");
    assert_eq!(portal.applications().len(), 0);
}

#[test]
fn a_row_that_cannot_be_used_and_one_that_cannot_be_made_are_told_and_the_others_go_on() {
    let rows = |_: &str| {
        "name,url,asset,instance\n\
         Good,https://good.example,orders/v1,Live\n\
         Bad,nowhere,orders/v1,Live\n\
         Alone,,,\n\
         Lost,,orders/v1,Test\n\
         Gone,,orders/v7,\n\
         Good,,orders/v1,Live\n"
            .to_owned()
    };
    let portal = portal(rows, FILE);
    let ran = run(&portal, &[]).exits(2).summary();
    assert_eq!((ran["created"].as_u64(), ran["counts"]["failed"].as_u64()), (Some(1), Some(5)));
    let status = portal.consign(&["status", "apps.toml", "--failed"]).run().exits(0).stdout;
    for told in [
        "applications.csv:3",
        "`nowhere` is no address",
        "the row names no asset",
        "no instance `Test`; it has Live",
        "the portal shows no asset",
        "has the same coordinates",
    ] {
        assert!(status.contains(told), "{told}: {status}");
    }
    portal.workshop.write("applications.csv", "name,asset\nGood,orders/v1\nAlone,orders/v1\n");
    run(&portal, &[]).exits(0);
    assert_eq!(portal.applications().len(), 2);
}

/// Kills the command so many times while it brings so many applications through bad weather; afterwards all is whole.
fn survive(count: usize, kills: u32, longest: Duration) {
    let rows = |_: &str| {
        let row =
            |n| format!("App {n:04},Number {n},https://app{n}.example,client_credentials,orders/v1,Live,old-{n}\n");
        let rows: String = (0..count).map(row).collect();
        format!("name,description,url,grantTypes,asset,instance,clientId\n{rows}")
    };
    let mut portal = portal(rows, FILE);
    let weather = "reset=0.05,lost-reply=0.08,http429=0.02,http500=0.03,http503=0.03,bad-json=0.03,truncate=0.03";
    portal.comes_back(&["--faults", weather, "--seed", "11"]);
    let (mut printed, mut killed, mut state) = (String::new(), 0, 4_711_u64);
    while killed < kills {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = longest.mul_f64(((state >> 33) % 1000) as f64 / 1000.0);
        let mut running = portal.consign(&["run", "apps.toml", "-vvv"]).start();
        std::thread::sleep(moment);
        if !running.is_running() {
            break;
        }
        let ran = running.kill();
        printed.push_str(&(ran.stdout + &ran.stderr));
        killed += 1;
    }
    assert!(killed > kills / 2, "hardly any run lived to be killed: {killed}");
    for _ in 0..5 {
        let ran = portal.consign(&["retry", "apps.toml", "-vvv"]).run();
        printed.push_str(&(ran.stdout + &ran.stderr));
        if ran.code == Some(0) {
            break;
        }
    }
    portal.comes_back(&[]);
    run(&portal, &[]).exits(0);
    let names = (0..count).map(|n| format!("App {n:04}")).collect();
    assert_whole(&portal, &names, &printed);
    let before = portal.sandbox().writes();
    let again = run(&portal, &[]).exits(0).summary();
    assert_eq!((portal.sandbox().writes(), again["created"].as_u64()), (before, Some(0)), "nothing is left to send");
    assert!(again["requests"].as_u64().unwrap() < 6, "{again}");
    portal.consign(&["verify", "apps.toml"]).run().exits(0);
    let ids = fs_err::read_to_string(portal.workshop.path(".consign/apps-ids.csv")).unwrap();
    assert_eq!(ids.lines().count(), count + 1);
}

#[test]
fn two_hundred_applications_survive_kills_and_bad_weather() {
    survive(200, 5, Duration::from_millis(1_500));
}

/// As many as an organization with a thousand partners has: a quarter of an hour.
#[test]
#[ignore = "takes minutes"]
fn two_thousand_applications_survive_kills_and_bad_weather() {
    survive(2_000, 40, Duration::from_secs(6));
}
