//! A manifest is brought in waves, each with its own plan, journal and status; and what only a manifest says: who sees an
//! asset, and definitions from a file beside the job.

use serde_json::{Value, json};

use crate::support::{ORGANIZATION, Sandbox, Workshop};

/// A workshop whose job reads `manifest.csv`.
fn over_a_manifest(sandbox: &Sandbox, rows: &str, more: &str) -> Workshop {
    let workshop = Workshop::with(sandbox, more);
    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    workshop.write("job.toml", job.replace("directory = \"assets\"", "manifest = \"manifest.csv\""));
    workshop.write("manifest.csv", rows);
    workshop
}

#[test]
fn each_wave_is_a_run_of_its_own_and_needs_those_before_it() {
    let sandbox = Sandbox::start(&[]);
    let rows = format!(
        "assetId,type,dependencies,wave\nbase,custom,,1\norders,custom,{ORGANIZATION}:base:1.0.0,2\nrest,custom,,\n"
    );
    let workshop = over_a_manifest(&sandbox, &rows, "");
    let early = workshop.run(&["--wave", "2"]).exits(2).summary();
    assert_eq!((&early["counts"]["failed"], &early["published"]), (&json!(1), &json!(0)), "{early}");
    let status = workshop.consign(&["status", "job.toml", "--wave", "2", "--json", "--failed"]).run().exits(0).json();
    let message = status["items"][0]["message"].as_str().unwrap();
    assert!(message.contains("base/1.0.0"), "{message}");

    let first = workshop.run(&["--wave", "1"]).exits(0).summary();
    assert_eq!(first["published"], 1, "{first}");
    workshop.consign(&["retry", "job.toml", "--wave", "2"]).run().exits(0);
    assert_eq!(sandbox.versions(), ["base/1.0.0", "orders/1.0.0"], "those of no wave wait for a run of all");
    assert!(workshop.path(".consign/test.wave-2.db").exists() && !workshop.path(".consign/test.db").exists());

    let plan = workshop.consign(&["plan", "job.toml", "--wave", "2", "--json"]).run().exits(0).json();
    assert_eq!((plan["actions"].as_array().unwrap().len(), &plan["counts"]["unchanged"]), (1, &json!(1)), "{plan}");
    let told = workshop.consign(&["explain", "job.toml", &format!("{ORGANIZATION}/base/1.0.0"), "--wave", "1"]).run();
    told.exits(0);
    let report = workshop.consign(&["report", "job.toml", "--wave", "1", "--format", "csv"]).run().exits(0);
    assert!(report.stdout.contains("base/1.0.0") && !report.stdout.contains("orders"), "{}", report.stdout);

    let unknown = workshop.run(&["--wave", "3"]).exits(1);
    assert!(unknown.stderr.contains("no row is of wave `3`"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("its waves are 1, 2"), "{}", unknown.stderr);
    let all = workshop.run(&[]).exits(0).summary();
    assert_eq!((&all["published"], &all["counts"]["skipped"]), (&json!(1), &json!(2)), "{all}");
}

#[test]
fn a_row_that_goes_to_another_wave_has_not_vanished() {
    let sandbox = Sandbox::start(&[]);
    let rows = "assetId,type,wave\na,custom,1\nb,custom,1\n";
    let workshop = over_a_manifest(&sandbox, rows, "[publish]\non_vanished = \"deprecate\"\n");
    workshop.run(&["--wave", "1"]).exits(0);
    workshop.write("manifest.csv", rows.replace("b,custom,1", "b,custom,2"));
    workshop.run(&["--wave", "1"]).exits(0);
    assert_eq!(sandbox.asset("b", "1.0.0").unwrap()["status"], "published");
}

/// The version groups of an asset that everybody sees.
fn public(sandbox: &Sandbox, asset: &str) -> Vec<String> {
    let path = format!("/exchange/api/v2/assets/{ORGANIZATION}/{asset}/versionGroups");
    let groups = sandbox.send("GET", &path).json();
    let public = groups.as_array().unwrap().iter().filter(|group| group["isPublic"] == true);
    public.filter_map(|group| group["versionGroup"].as_str().map(str::to_owned)).collect()
}

#[test]
fn who_sees_an_asset_is_brought_and_changed_like_everything_else() {
    let sandbox = Sandbox::start(&[]);
    let rows = "assetId,version,type,properties.apiVersion,visibility,instances.live,instances.live.visibility\n\
                orders,1.0.0,http-api,v1,public,https://orders.example.com,public\n\
                orders,2.0.0,http-api,v2,public,,\n\
                orders,3.0.0,http-api,v3,,,\n";
    let workshop = over_a_manifest(&sandbox, rows, "");
    workshop.run(&[]).exits(0);
    assert_eq!(public(&sandbox, "orders"), ["v1", "v2"]);
    let path = format!("/exchange/api/v2/assets/{ORGANIZATION}/orders/versionGroups/v1/instances");
    assert_eq!(sandbox.send("GET", &path).json()[0]["isPublic"], true);
    let puts = |sandbox: &Sandbox| {
        sandbox.writes().iter().filter(|(call, _)| call.ends_with("/public")).map(|(_, n)| n).sum::<u64>()
    };
    let before = puts(&sandbox);
    assert_eq!(before, 2, "{:?}", sandbox.writes());
    workshop.run(&["--journal", "other.db"]).exits(0);
    assert_eq!(puts(&sandbox), before, "nothing differs");

    let url = sandbox.url();
    let job = format!(
        "kind = \"describe\"\nname = \"changes\"\n\n[target]\nhost = \"{url}\"\n\n[source]\nmanifest = \"changes.csv\"\n"
    );
    workshop.write("describe.toml", job);
    workshop.write("changes.csv", "assetId,version,visibility,wave\norders,1.0.0,private,1\norders,2.0.0,private,2\n");
    let plan = workshop.consign(&["plan", "describe.toml", "--wave", "1", "--json"]).run().exits(0).json();
    let reasons: Vec<&Value> = plan["actions"].as_array().unwrap().iter().map(|action| &action["reason"]).collect();
    assert_eq!(reasons, ["visibility: public → private"]);
    let done = workshop.consign(&["run", "describe.toml", "--wave", "1", "--json"]).run().exits(0).summary();
    assert_eq!(done["updated"], 1, "{done}");
    assert_eq!(public(&sandbox, "orders"), ["v2"], "the others stay");
}

#[test]
fn definitions_may_stand_in_a_file_beside_the_job() {
    let sandbox = Sandbox::start(&[]);
    let workshop = over_a_manifest(
        &sandbox,
        "assetId,type,categories.layer\na,custom,System\n",
        "[definitions]\nfile = \"definitions.toml\"\n",
    );
    workshop.write("definitions.toml", "[[definitions.categories]]\nkey = \"layer\"\nvalues = [\"System\"]\n");
    workshop.run(&[]).exits(0);
    assert_eq!(sandbox.asset("a", "1.0.0").unwrap()["categories"][0]["value"], json!(["System"]));
    workshop.write(
        "definitions.toml",
        "[[definitions.categories]]\nkey = \"layer\"\n\n[[definitions.categories]]\nkey = \"layer\"\n",
    );
    let refused = workshop.run(&[]).exits(1);
    let told = &refused.stderr;
    assert!(told.contains("definitions.toml: TOML parse error at line 4, column 1"), "{told}");
    assert!(told.contains("`layer` is declared twice"), "{told}");
}
