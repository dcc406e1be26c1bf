//! What reads can tell is told before the first write: all of it at once, and nothing is sent where the whole cannot be.

use serde_json::Value;

use crate::support::{Asset, ORGANIZATION, Ran, Sandbox, Workshop, plain};

const FIELDS: &str = "[[definitions.fields]]\nkey = \"due-date\"\ntype = \"date\"\n";

/// The counts of answers whose endpoint is meant.
fn answers(sandbox: &Sandbox, is_meant: impl Fn(&str) -> bool) -> u64 {
    let stats = sandbox.stats();
    let endpoints = stats["requests"].as_object().expect("are counted").iter();
    let meant = endpoints.filter(|(endpoint, _)| is_meant(endpoint));
    meant.flat_map(|(_, by_status)| by_status.as_object().expect("by status").values()).filter_map(Value::as_u64).sum()
}

fn writes(sandbox: &Sandbox) -> u64 {
    answers(sandbox, |endpoint| !endpoint.starts_with("GET ") && !endpoint.contains("/accounts/"))
}

/// What was found, as `asset: check level`, or `check level` for the whole.
fn findings(ran: &Ran) -> Vec<String> {
    let tell = |event: &Value| {
        let text = |key: &str| event[key].as_str().unwrap_or_default().replace(&format!("{ORGANIZATION}/"), "");
        let subject = event["gav"].as_str().map(|_| format!("{}: ", text("gav"))).unwrap_or_default();
        format!("{subject}{} {}", text("check"), text("level"))
    };
    ran.events().iter().filter(|event| event["type"] == "finding").map(tell).collect()
}

/// An asset with a value of a field.
fn with_field(workshop: &Workshop, id: &str, key: &str, value: &str) {
    let manifest = workshop.path("rows.csv");
    let known = fs_err::read_to_string(&manifest).unwrap_or_else(|_| format!("assetId,version,type,fields.{key}\n"));
    fs_err::write(manifest, format!("{known}{id},1.0.0,custom,{value}\n")).expect("a folder of our own");
}

/// A job over a manifest.
fn of_rows(workshop: &Workshop) {
    let job = fs_err::read_to_string(workshop.path("job.toml")).expect("is there");
    workshop.write("job.toml", job.replace("directory = \"assets\"", "manifest = \"rows.csv\""));
}

/// The credentials of a role of the sandbox's organization, as a token.
fn as_role(sandbox: &Sandbox, workshop: &Workshop, role: &str, args: &[&str]) -> Ran {
    workshop.consign(args).env("ANYPOINT_BEARER", &sandbox.role(role, "token")).run()
}

#[test]
fn what_is_wrong_with_items_fails_them_all_at_once_and_the_others_go_on() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::with(&sandbox, FIELDS);
    let earlier = Workshop::with(&sandbox, FIELDS);
    earlier.asset(&Asset::new("gone", "1.0.0"));
    earlier.asset(&Asset::new("gone", "1.1.0"));
    earlier.run(&[]).exits(0);
    let path = format!("/exchange/api/v2/assets/{ORGANIZATION}/gone/1.0.0");
    assert_eq!(sandbox.send("DELETE", &path).status, 204);

    workshop.asset(&Asset::new("gone", "1.0.0"));
    workshop.asset(&Asset::new("lost", "1.0.0").needs(&["nowhere/1.0.0".to_owned()]));
    workshop.asset(&Asset::new("above", "1.0.0").needs(&["lost/1.0.0".to_owned()]));
    workshop.asset(&Asset::new("sound", "1.0.0").needs(&["gone/1.1.0".to_owned()]));
    let before = writes(&sandbox);
    let ran = workshop.run(&[]).exits(2);
    assert_eq!(findings(&ran), ["gone/1.0.0: tombstones failure", "lost/1.0.0: dependencies failure"]);
    let counts = &ran.summary()["counts"];
    assert_eq!((&counts["done"], &counts["failed"], &counts["blocked"]), (&1.into(), &2.into(), &1.into()));
    assert_eq!(writes(&sandbox) - before, 1, "only the sound one is sent");
    let (state, class, message) = workshop.item("lost", "1.0.0");
    assert_eq!((state.as_str(), class.as_str()), ("failed", "preflight"));
    assert!(message.contains("nowhere/1.0.0, which is neither in this job nor on the target"), "{message}");
    assert_eq!(workshop.item("above", "1.0.0").0, "blocked");

    // A run alone looks at nothing again; a retry does, once it is mended.
    let again = workshop.run(&[]).exits(2);
    assert_eq!((findings(&again), again.summary()["published"].as_u64()), (Vec::new(), Some(0)));
    let elsewhere = Workshop::for_sandbox(&sandbox);
    elsewhere.asset(&Asset::new("nowhere", "1.0.0"));
    elsewhere.run(&[]).exits(0);
    let retry = workshop.consign(&["retry", "job.toml", "--json"]).run().exits(2);
    assert_eq!(findings(&retry), ["gone/1.0.0: tombstones failure"]);
    assert_eq!(retry.summary()["counts"]["done"], 3);
}

#[test]
fn what_keeps_the_whole_from_being_sent_is_told_with_everything_else() {
    let sandbox = Sandbox::start(&["--max-versions", "2"]);
    let first = Workshop::with(&sandbox, FIELDS);
    first.asset(&Asset::new("first", "1.0.0"));
    first.run(&[]).exits(0);
    let workshop = Workshop::with(&sandbox, &FIELDS.replace("type = \"date\"", "type = \"text\""));
    of_rows(&workshop);
    with_field(&workshop, "one", "due-dat", "2026-01-01");
    with_field(&workshop, "two", "due-dat", "");
    let before = writes(&sandbox);
    let ran = workshop.consign(&["run", "job.toml", "--quiet"]).run().exits(1);
    plain(workshop.folder(), || {
        insta::assert_snapshot!(ran.stderr, @"
    error: nothing was sent:
      - field due-date is of the type date there and text here; hint: change the declaration, or let definitions.on_difference say `keep` or `update`
      - the organization has room for 1 more asset version, and 2 are to come; hint: delete versions that nobody needs, or ask for a higher limit
      - [org]/one/1.0.0: fields.due-dat is not configured on the target; hint: do you mean `due-date`? There are: due-date
    ");
    });
    let json = workshop.run(&[]).exits(1);
    let expected = ["definitions failure", "quota failure", "one/1.0.0: values failure"];
    assert_eq!(findings(&json), expected);
    assert_eq!(writes(&sandbox), before);
    let status = workshop.consign(&["status", "job.toml"]).run().exits(0).stdout;
    assert!(status.contains("stopped at"), "{status}");
    // Nothing is lost: what was found about an item is looked at again.
    assert_eq!(workshop.item("one", "1.0.0").0, "ready");
    // Whoever knows better skips it all but the definitions.
    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    workshop.write("job.toml", format!("{job}\n[preflight]\nskip = true\n"));
    assert_eq!(findings(&workshop.run(&[]).exits(1)), ["definitions failure"]);
}

#[test]
fn whoever_may_only_read_is_refused_before_the_first_write() {
    let sandbox = Sandbox::start(&[]);
    // An asset that is there tells what whoever asks may do with it.
    let first = Workshop::for_sandbox(&sandbox);
    first.asset(&Asset::new("first", "1.0.0"));
    first.run(&[]).exits(0);
    let before = writes(&sandbox);
    let workshop = Workshop::for_sandbox(&sandbox).without_credentials();
    workshop.asset(&Asset::new("orders", "1.0.0"));
    let run = ["run", "job.toml", "--quiet"];
    let ran = as_role(&sandbox, &workshop, "viewer", &run).exits(1);
    assert!(
        ran.stderr.contains("nothing was sent:\n  - the credentials may read in the organization"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("Exchange Contributor"), "{}", ran.stderr);
    assert_eq!((writes(&sandbox), sandbox.versions()), (before, vec!["first/1.0.0".to_owned()]));
    let plan = as_role(&sandbox, &workshop, "viewer", &["plan", "job.toml", "--json"]).exits(1).json();
    assert_eq!(plan["findings"][0]["check"], "rights");
    as_role(&sandbox, &workshop, "contributor", &run).exits(0);
    assert_eq!(sandbox.versions(), ["first/1.0.0", "orders/1.0.0"]);
}

#[test]
fn a_small_job_costs_few_reads_and_a_run_without_work_none() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    for number in 0..31 {
        workshop.asset(&Asset::new(&format!("a{number}"), "1.0.0"));
    }
    workshop.run(&[]).exits(0);
    let is_look = |endpoint: &str| {
        endpoint.starts_with("GET ")
            && !endpoint.contains("/publication/status")
            && !endpoint.starts_with("GET /_sandbox")
    };
    // To name the organization; who we are, the assets, the deleted versions, the limit.
    assert_eq!(answers(&sandbox, is_look), 5, "{:#}", sandbox.stats()["requests"]);
    workshop.run(&[]).exits(0);
    assert_eq!(answers(&sandbox, is_look), 6, "{:#}", sandbox.stats()["requests"]);
}

#[test]
fn a_plan_shows_definitions_and_findings() {
    let sandbox = Sandbox::start(&[]);
    let first = Workshop::with(&sandbox, FIELDS);
    first.asset(&Asset::new("first", "1.0.0"));
    first.run(&[]).exits(0);
    let declared = "[definitions]\non_difference = \"fail\"\n\n[[definitions.fields]]\nkey = \"due-date\"\ntype = \"text\"\n\n\
                    [[definitions.fields]]\nkey = \"format\"\nvalues = [\"OAS\", \"RAML\"]\n\n\
                    [[definitions.categories]]\nkey = \"layer\"\nasset_types = [\"rest-api\"]\n";
    let workshop = Workshop::with(&sandbox, declared);
    of_rows(&workshop);
    with_field(&workshop, "one", "format", "OAS");
    with_field(&workshop, "two", "format", "WSDL");
    let before = writes(&sandbox);
    let plan = workshop.consign(&["plan", "job.toml"]).run().exits(1);
    plain(workshop.folder(), || {
        insta::assert_snapshot!(plan.stdout, @"
    action   asset  version  type    reason
    group [org]
    create   one    1.0.0    custom  the target has no such asset
    invalid  two    1.0.0    custom  fields.format does not take `WSDL` (it takes OAS, RAML)

    2 items: 1 create, 1 invalid

    definitions
      create    categories.layer  for rest-api
      conflict  fields.due-date   is of the type date there and text here
      create    fields.format     enum, 2 values

    a run would send nothing
      failure   field due-date is of the type date there and text here; hint: change the declaration, or let definitions.on_difference say `keep` or `update`
    ");
    });
    let plan = workshop.consign(&["plan", "job.toml", "--json"]).run().exits(1).json();
    let actions: Vec<_> = plan["actions"].as_array().unwrap().iter().map(|action| &action["action"]).collect();
    assert_eq!(actions, ["create", "invalid"]);
    let text = |known: &Value, key: &str| known[key].as_str().expect("a text").to_owned();
    let definitions = plan["definitions"].as_array().unwrap().iter();
    let definitions: Vec<String> =
        definitions.map(|known| format!("{} {}", text(known, "action"), text(known, "key"))).collect();
    assert_eq!(definitions, ["create layer", "conflict due-date", "create format"]);
    assert_eq!(plan["counts"]["invalid"], 1);
    assert_eq!(writes(&sandbox), before);
}
