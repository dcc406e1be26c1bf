//! What describes assets that exist is changed in bulk: only what differs is sent, and one bad row stops nothing.

use serde_json::{Value, json};

use crate::support::{Asset, ORGANIZATION, Ran, Sandbox, Workshop, plain};

/// A workshop whose assets are published, with a second job over `changes.csv`.
fn published(sandbox: &Sandbox, assets: &[Asset<'_>]) -> Workshop {
    let workshop = Workshop::for_sandbox(sandbox);
    for asset in assets {
        workshop.asset(asset);
    }
    workshop.run(&[]).exits(0);
    let url = sandbox.url();
    let job = format!(
        "kind = \"describe\"\nname = \"changes\"\n\n[target]\nhost = \"{url}\"\n\n[source]\nmanifest = \"changes.csv\"\n"
    );
    workshop.write("describe.toml", job);
    workshop
}

fn run(workshop: &Workshop, more: &[&str]) -> Ran {
    workshop.consign(&["run", "describe.toml", "--json"]).args(more).run()
}

/// How many requests that change something the sandbox has answered.
fn writes(sandbox: &Sandbox) -> u64 {
    sandbox.writes().values().sum()
}

/// A category or a field of the organization.
fn configure(sandbox: &Sandbox, dimension: &str, body: &Value) {
    let path = format!("/exchange/api/v2/organizations/{}/{dimension}", sandbox.organization());
    let answer = sandbox.send_json("POST", &path, body);
    assert_eq!(answer.status, 201, "{}", answer.body);
}

/// What items ended as: name, state, class and message, in the order of the manifest.
fn items(workshop: &Workshop) -> String {
    let journal = rusqlite::Connection::open(workshop.path(".consign/changes.db")).expect("a journal");
    let mut statement = journal
        .prepare("SELECT coalesce(gav, '-'), line, state, coalesce(class, ''), coalesce(message, '') FROM item ORDER BY line")
        .expect("reads");
    let rows = statement.query_map([], |row| {
        let text = |index| row.get::<_, String>(index);
        let line = row.get::<_, i64>(1)?;
        Ok(format!("{line} {} {} {} {}", text(0)?, text(2)?, text(3)?, text(4)?).trim_end().to_owned())
    });
    rows.expect("reads").map(Result::unwrap).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_column_reaches_the_asset_and_a_second_run_sends_nothing() {
    let sandbox = Sandbox::start(&[]);
    let workshop = published(&sandbox, &[Asset::new("orders", "1.0.0"), Asset::new("orders", "1.1.0")]);
    configure(
        &sandbox,
        "categories",
        &json!({"tagKey": "layer", "displayName": "Layer", "acceptedValues": ["System", "A, B"]}),
    );
    configure(&sandbox, "fields", &json!({"tagKey": "due", "displayName": "Due", "dataType": "date"}));
    configure(&sandbox, "fields", &json!({"tagKey": "levels", "displayName": "Levels", "dataType": "number-list"}));
    workshop.write("i.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    workshop.write("start.md", "# Start\n\nHere.\n");
    workshop.write(
        "changes.csv",
        "\u{feff}assetId,version,name,description,contactName,contactEmail,icon,tags,categories.layer,fields,pages.Start,status,instances.production\r\n\
         orders,,Orders,\"Takes\r\norders, and keeps them.\",Ann,ann@example.com,i.svg,\"a, b\",\"[\"\"A, B\"\"]\",\
         \"[{\"\"key\"\":\"\"due\"\",\"\"value\"\":\"\"2027-01-31\"\"},{\"\"key\"\":\"\"levels\"\",\"\"value\"\":[1,2.5]}]\",start.md,deprecated,https://orders.example.com/v1\r\n",
    );
    let summary = run(&workshop, &[]).exits(0).summary();
    assert_eq!((&summary["updated"], &summary["published"]), (&1.into(), &0.into()), "{summary}");
    assert_eq!(summary["counts"]["done"], 1, "{summary}");

    let asset = sandbox.asset("orders", "1.1.0").expect("is there");
    let texts =
        ["name", "description", "contactName", "contactEmail", "status"].map(|key| asset[key].as_str().unwrap_or(""));
    assert_eq!(texts, ["Orders", "Takes\r\norders, and keeps them.", "Ann", "ann@example.com", "deprecated"]);
    let mut labels: Vec<&str> = asset["labels"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    labels.sort_unstable();
    assert_eq!(labels, ["a", "b"]);
    assert_eq!(asset["categories"][0]["value"], json!(["A, B"]));
    let field = |key: &str| {
        let fields = asset["customFields"].as_array().unwrap();
        fields.iter().find(|field| field["key"] == key).unwrap_or_else(|| panic!("{key}: {fields:?}"))["value"].clone()
    };
    assert!(field("due").as_str().is_some_and(|due| due.starts_with("2027-01-31")), "{}", field("due"));
    assert_eq!(field("levels"), json!([1, 2.5]));
    assert!(asset["icon"].as_str().is_some_and(|icon| !icon.is_empty()), "{asset:#}");
    let base = format!("/exchange/api/v2/assets/{ORGANIZATION}/orders");
    let pages = sandbox.send("GET", &format!("{base}/1.1.0/portal/pages")).json();
    let page = pages.as_array().unwrap().iter().find(|page| page["name"] == "Start").expect("the page");
    let path = format!("{base}/1.1.0/portal/pages/{}", page["path"].as_str().unwrap());
    assert!(sandbox.send("GET", &path).body.contains("Here."));
    let instances = sandbox.send("GET", &format!("{base}/versionGroups/v1/instances")).json();
    assert_eq!(instances[0]["endpointUri"], "https://orders.example.com/v1");
    assert_eq!(sandbox.asset("orders", "1.0.0").unwrap()["status"], "published", "the state is that of the version");

    // The journal remembers; without it the server is asked, and all is as it should be.
    let before = writes(&sandbox);
    let summary = run(&workshop, &[]).exits(0).summary();
    assert_eq!((&summary["updated"], &summary["counts"]["done"]), (&0.into(), &1.into()), "{summary}");
    let again = run(&workshop, &["--journal", "other.db"]).exits(0).summary();
    assert_eq!((&again["updated"], &again["counts"]["skipped"]), (&0.into(), &1.into()), "{again}");
    assert_eq!(writes(&sandbox), before);

    // Taken away again: what the row names, and nothing else.
    workshop.write("changes.csv", "assetId,contactName,tags,categories,fields.due\norders,[],[],[],[]\n");
    let summary = run(&workshop, &[]).exits(0).summary();
    assert_eq!(summary["updated"], 1, "{summary}");
    let asset = sandbox.asset("orders", "1.1.0").unwrap();
    assert_eq!((&asset["labels"], &asset["categories"]), (&json!([]), &json!([])));
    assert_eq!(asset["customFields"].as_array().unwrap().len(), 1);
    assert_eq!((asset["name"].as_str(), asset["contactName"].as_str().unwrap_or("")), (Some("Orders"), ""));
}

#[test]
fn bad_rows_end_with_a_reason_each_and_the_others_are_changed() {
    let sandbox = Sandbox::start(&[]);
    let workshop = published(&sandbox, &[Asset::new("orders", "1.0.0"), Asset::new("stock", "1.0.0")]);
    let rows = "assetId,version,name,status,icon\n\
         orders,1.0.0,Orders,,\n\
         absent,1.0.0,X,,\n\
         absent,,X,,\n\
         orders,9.9.9,,deprecated,\n\
         stock,1.0.0,Stock,retired,\n\
         stock,,,,gone.svg\n\
         stock,1.0.0,,development,\n\
         orders,1.0.0,Other,,\n\
         stock,,,,\n\
         stock,1\n\
         orders,,,deprecated,\n";
    workshop.write("changes.csv", rows);
    let summary = run(&workshop, &[]).exits(2).summary();
    assert_eq!(summary["outcome"], "partial");
    assert_eq!(summary["updated"], 2, "{summary}");
    plain(workshop.folder(), || {
        insta::assert_snapshot!(items(&workshop), @r#"
    2 [org]/orders/1.0.0 done
    3 [org]/absent/1.0.0 failed not-found the target has no version [org]/absent/1.0.0
    4 [org]/absent/latest failed not-found the target has no asset [org]/absent
    5 [org]/orders/9.9.9 failed not-found the target has no version [org]/orders/9.9.9
    6 [org]/stock/1.0.0 failed value column "status": `retired` is not a lifecycle state: development, published or deprecated
    7 [org]/stock/latest failed missing column "icon": `gone.svg` is not there
    8 [org]/stock/1.0.0 failed transition the version is published, and none goes back to development
    9 [org]/orders/1.0.0 failed duplicate has the same coordinates as changes.csv:2: [org]/orders/1.0.0
    10 [org]/stock/latest skipped empty the row says nothing about the asset
    11 - failed invalid the row has 2 cells, the header has 5
    12 [org]/orders/latest done
    "#);
    });
    let orders = sandbox.asset("orders", "1.0.0").unwrap();
    assert_eq!((&orders["name"], &orders["status"]), (&json!("Orders"), &json!("deprecated")));

    // A mended row is taken up, and nothing else is touched.
    workshop.write("changes.csv", rows.replace("Stock,retired", "Stock,deprecated").replace("absent,,X,,\n", ""));
    let before = writes(&sandbox);
    let summary = run(&workshop, &[]).exits(2).summary();
    assert_eq!(summary["updated"], 1, "{summary}");
    assert_eq!(sandbox.asset("stock", "1.0.0").unwrap()["name"], "Stock");
    assert_eq!(writes(&sandbox) - before, 2, "the name, and the state");

    let failed = workshop.consign(&["status", "describe.toml", "--json", "--failed"]).run().exits(0).json();
    let missing = failed["items"].as_array().unwrap().iter().find(|item| item["class"] == "not-found").expect("one");
    assert!(missing["hint"].as_str().is_some_and(|hint| hint.contains("publish it first")), "{missing}");
    let gav = format!("{ORGANIZATION}/orders/latest");
    let told = workshop.consign(&["explain", "describe.toml", &gav]).run().exits(0).stdout;
    assert!(told.contains("1.0.0 is the latest version") && told.contains("status: published → deprecated"), "{told}");
}

#[test]
fn a_dry_run_tells_what_differs_and_sends_nothing_but_reads() {
    let sandbox = Sandbox::start(&[]);
    let workshop = published(&sandbox, &[Asset::new("orders", "1.0.0"), Asset::new("stock", "1.0.0")]);
    workshop.write(
        "changes.csv",
        "assetId,version,name,tags,status,icon\norders,,Orders,\"b, a\",deprecated,\nstock,1.0.0,stock,,published,\n\
         absent,,X,,,\nstock,7.0.0,X,,,\nstock,,,,retired,\nstock,1.0.0,Again,,,\norders,1.0.0,,,,\n",
    );
    let before = writes(&sandbox);
    let plan = workshop.consign(&["run", "describe.toml", "--dry-run"]).run().exits(2);
    plain(workshop.folder(), || {
        insta::assert_snapshot!(plan.stdout, @r#"
    action     asset   version  type  reason
    group [org]
    update     orders  latest         latest is 1.0.0; name: orders → Orders; tags: +a +b; status: published → deprecated
    unchanged  stock   1.0.0          nothing differs
    not-found  absent  latest         the target has no such asset
    not-found  stock   7.0.0          the target has no such version
    invalid    stock   latest         changes.csv:6: column "status": `retired` is not a lifecycle state: development, published or deprecated (mend the cell, or the defaults of the job)
    invalid    stock   1.0.0          changes.csv:7: has the same coordinates as changes.csv:3: [org]/stock/1.0.0
    skip       orders  1.0.0          changes.csv:8: the row says nothing about the asset (fill in a cell; `[]` takes a value away)

    7 items: 1 update, 1 skip, 2 not-found, 2 invalid, 1 unchanged

    before the first write
      warning   [org]/stock/1.0.0 and [org]/stock/7.0.0 share `name` and say different things: [org]/stock/7.0.0 is believed; hint: let all versions say the same, or only one of them
    "#);
    });
    let json = workshop.consign(&["run", "describe.toml", "--dry-run", "--json"]).run().exits(2).json();
    let actions: Vec<&str> = json["actions"].as_array().unwrap().iter().filter_map(|a| a["action"].as_str()).collect();
    assert_eq!(actions, ["update", "unchanged", "not-found", "not-found", "invalid", "invalid", "skip"]);
    assert_eq!(json["counts"]["update"], 1);
    assert_eq!(writes(&sandbox), before);
    assert_eq!(sandbox.asset("orders", "1.0.0").unwrap()["status"], "published");
    assert!(!workshop.path(".consign/changes.db").exists());

    let values = workshop.consign(&["plan", "describe.toml", "--values", "--only", "orders"]).run().exits(0).stdout;
    assert!(values.contains("status = deprecated") && values.contains("tags = b, a"), "{values}");
    let offline = workshop.consign(&["plan", "describe.toml", "--offline", "--organization", ORGANIZATION]).run();
    assert!(offline.exits(2).stdout.contains("the target was not asked"));
}

#[test]
fn a_run_that_was_stopped_goes_on_and_retry_opens_what_failed() {
    let sandbox = Sandbox::start(&["--publish-latency", "300ms"]);
    let assets: Vec<String> = (0..12).map(|n| format!("asset-{n}")).collect();
    let assets: Vec<Asset<'_>> = assets.iter().map(|id| Asset::new(id, "1.0.0")).collect();
    let workshop = published(&sandbox, &assets);
    let mut rows = "assetId,tags,name\n".to_owned();
    for asset in &assets {
        rows.push_str(&format!("{},new,Name of {}\n", asset.id, asset.id));
    }
    rows.push_str("later,new,Later\n");
    workshop.write("changes.csv", rows);
    let running = workshop.consign(&["run", "describe.toml", "--json", "--concurrency", "1", "--rate", "8"]).start();
    sandbox.until("a change", |stats| {
        stats["requests"].as_object().is_some_and(|all| all.keys().any(|endpoint| endpoint.starts_with("PATCH ")))
    });
    running.signal("INT");
    let stopped = running.wait().exits(3).summary();
    assert!(stopped["counts"]["done"].as_u64() < Some(12), "{stopped}");
    let summary = run(&workshop, &[]).exits(2).summary();
    assert_eq!((&summary["counts"]["done"], &summary["counts"]["failed"]), (&12.into(), &1.into()), "{summary}");
    for asset in &assets {
        let there = sandbox.asset(asset.id, "1.0.0").expect("is there");
        assert_eq!((&there["labels"], &there["name"]), (&json!(["new"]), &json!(format!("Name of {}", asset.id))));
    }
    // It appears, and its row is taken up.
    workshop.asset(&Asset::new("later", "1.0.0"));
    workshop.run(&[]).exits(0);
    let summary = workshop.consign(&["retry", "describe.toml", "--json"]).run().exits(0).summary();
    assert_eq!((&summary["updated"], &summary["counts"]["done"]), (&1.into(), &13.into()), "{summary}");
    let before = writes(&sandbox);
    assert_eq!(run(&workshop, &[]).exits(0).summary()["updated"], 0);
    assert_eq!(writes(&sandbox), before);
    let report = workshop.consign(&["report", "describe.toml", "--format", "csv"]).run().exits(0).stdout;
    assert!(report.contains("later/latest"), "{report}");
}

#[test]
fn parallel_versions_do_not_overwrite_each_other_and_only_selects() {
    let sandbox = Sandbox::start(&[]);
    let workshop = published(&sandbox, &[Asset::new("orders", "1.0.0"), Asset::new("orders", "1.1.0")]);
    workshop.write("changes.csv", "assetId,version,name,tags\norders,1.1.0,New,new\norders,1.0.0,Old,old\nstock,,X,\n");
    let summary = run(&workshop, &["--only", "orders"]).exits(0).summary();
    assert_eq!((&summary["updated"], &summary["counts"]["pending"]), (&2.into(), &1.into()), "{summary}");
    let read = |version| sandbox.asset("orders", version).expect("is there");
    assert_eq!((&read("1.0.0")["labels"], &read("1.1.0")["labels"]), (&json!(["old"]), &json!(["new"])));
    assert_eq!(read("1.0.0")["name"], "New", "all versions share the name, and the highest speaks for it");
}

#[test]
fn a_version_that_is_not_there_speaks_for_no_other() {
    let sandbox = Sandbox::start(&[]);
    let workshop = published(&sandbox, &[Asset::new("orders", "1.0.0"), Asset::new("orders", "1.1.0")]);
    workshop.write("changes.csv", "assetId,version,name\norders,9.0.0,Ghost\norders,1.1.0,New\norders,1.0.0,Old\n");
    let summary = run(&workshop, &[]).exits(2).summary();
    assert_eq!(summary["counts"]["failed"], 1, "{summary}");
    assert_eq!(sandbox.asset("orders", "1.0.0").unwrap()["name"], "New");
    let before = writes(&sandbox);
    let again = run(&workshop, &[]).exits(2).summary();
    assert_eq!((&again["updated"], &again["counts"]), (&0.into(), &summary["counts"]), "{again}");
    assert_eq!(writes(&sandbox), before);
}

#[test]
fn what_the_target_would_refuse_of_a_row_is_told_before_anything_is_sent_for_it() {
    let sandbox = Sandbox::start(&[]);
    let workshop = published(&sandbox, &[Asset::new("orders", "1.0.0"), Asset::new("stock", "1.0.0")]);
    configure(
        &sandbox,
        "categories",
        &json!({ "tagKey": "layer", "displayName": "Layer", "acceptedValues": ["System"] }),
    );
    let before = writes(&sandbox);
    workshop.write(
        "changes.csv",
        "assetId,version,tags,categories.layer,fields.none\norders,1.0.0,a,Nope,x\nstock,1.0.0,b,System,\n",
    );
    let plan = workshop.consign(&["plan", "describe.toml", "--json"]).run().exits(2).json();
    assert_eq!((&plan["counts"]["invalid"], &plan["counts"]["update"]), (&json!(1), &json!(1)), "{plan:#}");
    run(&workshop, &[]).exits(2);
    assert_eq!(writes(&sandbox) - before, 1, "one change for the row that is sound");
    assert_eq!(sandbox.asset("orders", "1.0.0").unwrap()["labels"], json!([]));
    let items = items(&workshop);
    assert!(items.contains("failed preflight") && items.contains("Nope") && items.contains("fields.none"), "{items}");
    assert_eq!(sandbox.asset("stock", "1.0.0").unwrap()["labels"], json!(["b"]));
}

#[test]
fn a_row_of_the_latest_version_speaks_for_the_asset_and_nothing_is_written_twice() {
    let sandbox = Sandbox::start(&[]);
    let workshop = published(&sandbox, &[Asset::new("orders", "1.0.0")]);
    let before = writes(&sandbox);
    workshop.write("changes.csv", "assetId,version,contactName\norders,,Zed\norders,1.0.0,Ype\n");
    let plan = workshop.consign(&["plan", "describe.toml"]).run().exits(0).stdout;
    assert!(plan.contains("share `contactName` and say different things"), "{plan}");
    run(&workshop, &[]).exits(0);
    assert_eq!(sandbox.asset("orders", "1.0.0").unwrap()["contactName"], "Zed");
    assert_eq!(writes(&sandbox) - before, 1);
}
