//! The categories and custom fields that a job declares are there before its assets, and what differs is somebody's
//! decision.

use serde_json::Value;

use crate::support::{Asset, Ran, Sandbox, Workshop, plain};

/// One category and two fields.
const DECLARED: &str = r#"
[[definitions.categories]]
key = "layer"
values = ["System", "Process"]
asset_types = ["rest-api"]

[[definitions.fields]]
key = "due-date"
name = "Due"
type = "date"

[[definitions.fields]]
key = "format"
values = ["RAML", "OAS"]

[defaults]
"categories.layer" = "System"
"fields.due-date" = "2026-01-01"
"fields.format" = "OAS"
"#;

fn configured(sandbox: &Sandbox, dimension: &str) -> Vec<Value> {
    let path = format!("/exchange/api/v2/organizations/{}/{dimension}?limit=250", sandbox.organization());
    sandbox.send("GET", &path).json().as_array().expect("a list").clone()
}

/// How many requests that change something the sandbox has answered.
fn writes(sandbox: &Sandbox) -> u64 {
    let stats = sandbox.stats();
    let endpoints = stats["requests"].as_object().expect("are counted").iter();
    let writing = endpoints.filter(|(endpoint, _)| !endpoint.starts_with("GET ") && !endpoint.contains("/accounts/"));
    writing
        .flat_map(|(_, by_status)| by_status.as_object().expect("by status").values())
        .filter_map(Value::as_u64)
        .sum()
}

fn done(ran: &Ran) -> Vec<(String, String)> {
    let events = ran.events();
    let definitions = events.iter().filter(|event| event["type"] == "definition");
    let text = |event: &Value, key: &str| event[key].as_str().expect("a text").to_owned();
    definitions.map(|event| (text(event, "key"), text(event, "done"))).collect()
}

#[test]
fn what_a_job_declares_is_created_before_its_assets_and_then_only_looked_at() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::with(&sandbox, DECLARED);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    let ran = workshop.run(&[]).exits(0);
    let created = |key: &str| (key.to_owned(), "created".to_owned());
    assert_eq!(done(&ran), [created("layer"), created("due-date"), created("format")]);
    assert_eq!((configured(&sandbox, "fields").len(), configured(&sandbox, "categories").len()), (2, 1));
    let asset = sandbox.asset("orders", "1.0.0").unwrap();
    assert_eq!(asset["categories"][0]["value"], serde_json::json!(["System"]));
    assert_eq!(asset["customFields"].as_array().unwrap().len(), 2);

    let before = writes(&sandbox);
    let ran = workshop.run(&[]).exits(0);
    assert_eq!((done(&ran), writes(&sandbox)), (Vec::new(), before));
    // A token, who we are (to name the organization, and to find its root), and two lists.
    assert_eq!(ran.summary()["requests"], 5, "{}", ran.stdout);
}

#[test]
fn what_differs_keeps_everything_from_being_sent_until_somebody_decides() {
    let sandbox = Sandbox::start(&[]);
    let first = Workshop::with(&sandbox, DECLARED);
    first.asset(&Asset::new("orders", "1.0.0"));
    first.run(&[]).exits(0);

    let changed = DECLARED.replace("\"RAML\", \"OAS\"", "\"OAS\", \"RAML\", \"WSDL\"");
    let workshop = Workshop::with(&sandbox, &changed);
    workshop.asset(&Asset::new("stock", "1.0.0"));
    let before = writes(&sandbox);
    let ran = workshop.consign(&["run", "job.toml", "--quiet"]).run().exits(1);
    plain(workshop.folder(), || {
        insta::assert_snapshot!(ran.stderr, @"
    error: nothing was sent:
      - field format takes `OAS`, `RAML` there and `OAS`, `RAML`, `WSDL` here; hint: change the declaration, or let definitions.on_difference say `keep` or `update`
    ");
    });
    let events = workshop.run(&[]).exits(1).events();
    let last = events.last().expect("says why");
    assert_eq!((last["type"].as_str(), last["check"].as_str()), (Some("finding"), Some("definitions")));
    assert_eq!((writes(&sandbox), sandbox.asset("stock", "1.0.0")), (before, None));

    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    for (decision, told, accepted) in [("keep", "kept", 2), ("update", "updated", 3)] {
        let decided = format!("[definitions]\non_difference = \"{decision}\"\n\n[[definitions");
        workshop.write("job.toml", job.replacen("[[definitions", &decided, 1));
        let ran = workshop.run(&[]).exits(0);
        assert_eq!(done(&ran), [("format".to_owned(), told.to_owned())]);
        let fields = configured(&sandbox, "fields");
        let format = fields.iter().find(|field| field["tagKey"] == "format").unwrap();
        assert_eq!(format["acceptedValues"].as_array().unwrap().len(), accepted);
    }
    assert!(sandbox.asset("stock", "1.0.0").is_some());
}

#[test]
fn deleting_is_only_ever_explicit_and_loses_values_only_where_the_job_says_so() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::with(&sandbox, DECLARED);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    workshop.run(&[]).exits(0);
    let delete = |force: &str| {
        let job =
            Workshop::with(&sandbox, &format!("[[definitions.fields]]\nkey = \"format\"\ndelete = true\n{force}"));
        job.run(&[])
    };
    let refused = delete("").exits(1);
    assert!(refused.stderr.contains("cannot delete the field `format`") && refused.stderr.contains("force = true"));
    assert_eq!(configured(&sandbox, "fields").len(), 2);
    assert_eq!(done(&delete("force = true\n").exits(0)), [("format".to_owned(), "deleted".to_owned())]);
    assert_eq!(configured(&sandbox, "fields").len(), 1);
    assert_eq!(done(&delete("force = true\n").exits(0)), []);
}
