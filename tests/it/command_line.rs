//! What scripts rely on: exit codes, streams, and the shape of every answer.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Asset, ORGANIZATION, Sandbox, Workshop, plain};

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().map(String::as_str).collect()
}

const STATES: [&str; 8] = ["acting", "blocked", "done", "failed", "pending", "ready", "skipped", "waiting"];

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let help = Workshop::empty().consign(&["--help"]).run().exits(0);
    assert_eq!(help.stderr, "");
    assert_snapshot!(help.stdout, @r#"
    Publishes and migrates API assets in bulk to Anypoint Exchange, and resumes after anything

    Usage: consign [OPTIONS] <COMMAND>

    Commands:
      run          Do the job, from where the last run got to
      export       Bring an organization into a directory that `run` can publish
      plan         Show what a run would do, and why; changes nothing
      status       Show how far a job got
      retry        Open failed items again, and exactly what they blocked; then run
      explain      Tell one item's whole history
      report       Write a report of the last run
      undo         Remove from the target what this job made there, newest first; shows it only, without
                   --yes
      cutover      Deprecate at the source of a migration what has moved, where verifying it passes;
                   shows it only, without --yes
      verify       Tell whether the target is as the source says: missing, different, extra; changes
                   nothing
      hub          Visit a portal of the API Experience Hub: find APIs, manage applications, ask for
                   access
      sandbox      Start an Exchange in a box, for rehearsals and tests
      init         Write a first job file for a directory
      completions  Print completions for a shell
      man          Print the manual page
      help         Print this message or the help of the given subcommand(s)

    Options:
      -v, --verbose...  Tell more on stderr: -v decisions, -vv requests, -vvv everything (never secrets)
      -q, --quiet       Show no progress; errors and the summary remain
      -h, --help        Print help
      -V, --version     Print version

    Exit codes: 0 everything done or skipped · 1 could not start, or its results could not be written ·
    2 finished, some items failed · 3 stopped before the end, run again to go on · 130 interrupted twice
    "#);
}

#[test]
fn misuse_is_told_on_stderr_with_code_1() {
    let workshop = Workshop::empty();
    for (args, word) in [
        (&["fly"][..], "fly"),
        (&["run"], "<JOB>"),
        (&["run", "job.toml", "--rate", "fast"], "--rate"),
        (&["run", "job.toml", "--max-duration", "soon"], "soon"),
        (&["report", "job.toml", "--format", "pdf"], "pdf"),
        (&["sandbox", "--rate-limit", "100"], "100"),
        (&["sandbox", "--faults", "flood=1"], "lost-reply"),
    ] {
        let ran = workshop.consign(args).run().exits(1);
        assert_eq!(ran.stdout, "", "{args:?}");
        assert!(ran.stderr.contains(word), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_mistake_in_a_job_file_is_told_with_line_and_column() {
    let workshop = Workshop::empty();
    workshop.write("torn.toml", "kind = \"publish\"\n[source\ndirectory = \"assets\"\n");
    workshop.write("misspelt.toml", "kind = \"publish\"\n[source]\ndirectory = \"assets\"\n[pace]\nconcurency = 4\n");
    workshop.write("range.toml", "kind = \"publish\"\n[source]\ndirectory = \"assets\"\n[pace]\nconcurrency = 0\n");
    let told = |job: &str| {
        let ran = workshop.consign(&["run", job]).run().exits(1);
        assert_eq!(ran.stdout, "");
        ran.stderr
    };
    assert_snapshot!(told("torn.toml"), @r#"
    error: torn.toml: TOML parse error at line 2, column 8
      |
    2 | [source
      |        ^
    unclosed table, expected `]`
    "#);
    assert_snapshot!(told("misspelt.toml"), @r#"
    error: misspelt.toml: TOML parse error at line 5, column 1
      |
    5 | concurency = 4
      | ^^^^^^^^^^
    unknown field `concurency`, expected one of `requests_per_second`, `concurrency`, `publications`, `attempts`
    "#);
    assert_snapshot!(told("range.toml"), @r#"
    error: range.toml: pace.concurrency: 0 is not between 1 and 1024
    "#);
    assert_snapshot!(told("absent.toml"), @r#"
    error: cannot read job file absent.toml: failed to open file `absent.toml`: No such file or directory (os error 2)
      hint: `consign init DIR` writes a first job file for a directory
    "#);
}

#[test]
fn commands_that_read_a_journal_say_when_there_is_none() {
    let workshop = Workshop::empty();
    workshop.write("job.toml", "kind = \"publish\"\n[source]\ndirectory = \"assets\"\n");
    let mut told = BTreeSet::new();
    for args in
        [&["status", "job.toml"][..], &["explain", "job.toml", "g/a/1.0.0"], &["report", "job.toml", "--format", "csv"]]
    {
        let ran = workshop.consign(args).run().exits(1);
        assert_eq!(ran.stdout, "");
        told.insert(ran.stderr);
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert_snapshot!(told.pop_first().unwrap(), @r#"
    error: there is no journal at .consign/job.db
      hint: run the job first, or name its journal with --journal
    "#);
}

#[test]
fn the_first_job_file_can_be_planned_and_is_not_overwritten() {
    let workshop = Workshop::empty();
    workshop.asset(&Asset::new("orders", "1.0.0"));
    let ran = workshop.consign(&["init", "assets"]).run().exits(0);
    assert_eq!(ran.stdout, "");
    let plan = ["plan", "consign.toml", "--offline", "--organization", ORGANIZATION, "--json"];
    let plan = workshop.consign(&plan).run().exits(0).json();
    assert_eq!(plan["counts"]["create"], 1, "{plan}");
    let again = workshop.consign(&["init", "assets"]).run().exits(1);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    workshop.consign(&["init", "assets", "--force"]).run().exits(0);
}

#[test]
fn completions_and_the_manual_page_name_the_commands() {
    let workshop = Workshop::empty();
    for shell in ["bash", "zsh", "fish"] {
        let ran = workshop.consign(&["completions", shell]).run().exits(0);
        assert!(ran.stdout.contains("completions") && ran.stdout.contains("sandbox"), "{shell}");
    }
    let man = workshop.consign(&["man"]).run().exits(0).stdout;
    assert!(man.contains(".TH") && man.contains("consign"), "{man}");
    assert!(man.contains("show\\-secret"), "the options of the innermost commands are told too");
}

#[test]
fn json_lines_each_have_a_type_and_the_last_is_the_summary() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    let ran = workshop.run(&[]).exits(0);
    let events = ran.events();
    assert!(events.iter().all(|event| event["type"].is_string()), "{}", ran.stdout);
    assert_eq!(events.iter().filter(|event| event["type"] == "summary").count(), 1);
    let summary = ran.summary();
    let expected = [
        "bytes",
        "counts",
        "job",
        "outcome",
        "polls",
        "published",
        "refused",
        "requests",
        "run",
        "schema",
        "seconds",
        "type",
        "updated",
    ];
    assert_eq!(keys(&summary), BTreeSet::from(expected));
    assert_eq!(keys(&summary["counts"]), BTreeSet::from(STATES));
    assert_eq!((&summary["schema"], &summary["job"]), (&1.into(), &"test".into()));
    // What people read is on stderr.
    assert!(ran.stderr.contains("1 published"), "{}", ran.stderr);
}

#[test]
fn without_json_the_result_is_on_stdout_and_progress_on_stderr() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    let ran = workshop.consign(&["run", "job.toml"]).run().exits(0);
    assert!(ran.stdout.contains("1 published") && !ran.stdout.contains("progress:"), "{}", ran.stdout);
    assert!(ran.stderr.contains("source read: 1 new") && !ran.stderr.contains("this run"), "{}", ran.stderr);
    let quiet = workshop.consign(&["run", "job.toml", "--quiet"]).run().exits(0);
    assert_eq!(quiet.stderr, "");
    assert!(quiet.stdout.contains("nothing published or updated"), "{}", quiet.stdout);
}

#[test]
fn status_explain_and_plan_have_the_documented_shape() {
    let sandbox = Sandbox::start(&[]);
    // The server is to refuse it, not the look that comes before.
    let workshop = Workshop::with(&sandbox, "[preflight]\nskip = true\n");
    workshop.asset(&Asset::new("orders", "1.0.0"));
    workshop.asset(&Asset::new("refused", "1.0.0").needs(&["nowhere/1.0.0".to_owned()]));
    workshop.run(&[]).exits(2);

    let status = workshop.consign(&["status", "job.toml", "--json"]).run().exits(0).json();
    assert_eq!(keys(&status["counts"]), BTreeSet::from(STATES));
    assert_eq!((&status["counts"]["done"], &status["counts"]["failed"]), (&1.into(), &1.into()));
    assert!(status.get("items").is_none());
    let failed = workshop.failed();
    assert_eq!(failed.len(), 1);
    for key in ["gav", "path", "state", "class", "http", "message", "hint"] {
        assert!(failed[0].get(key).is_some(), "no {key}: {}", failed[0]);
    }
    // The journal may be named instead of the job.
    let by_journal = workshop.consign(&["status", ".consign/test.db", "--json"]).run().exits(0).json();
    assert_eq!(by_journal["counts"], status["counts"]);

    let gav = format!("{ORGANIZATION}/refused/1.0.0");
    let history = workshop.consign(&["explain", "job.toml", &gav]).run().exits(0).stdout;
    for word in ["refused/1.0.0", "acting", "failed", "nowhere"] {
        assert!(history.contains(word), "no {word}: {history}");
    }
    let history = workshop.consign(&["explain", "job.toml", &gav, "--json"]).run().exits(0).json();
    assert!(history.to_string().contains("nowhere"), "{history}");
    let unknown = workshop.consign(&["explain", "job.toml", "g/unknown/1.0.0"]).run().exits(1);
    assert!(unknown.stderr.contains("the journal has no item `g/unknown/1.0.0`"), "{}", unknown.stderr);

    workshop.asset(&Asset::new("new", "1.0.0"));
    let plan = workshop.consign(&["plan", "job.toml", "--json"]).run().exits(0).json();
    assert_eq!(keys(&plan), BTreeSet::from(["actions", "counts", "definitions", "findings"]));
    let actions = plan["actions"].as_array().unwrap();
    let mut found: Vec<_> =
        actions.iter().map(|a| (a["gav"].as_str().unwrap(), a["action"].as_str().unwrap())).collect();
    found.sort_unstable();
    let name = |asset: &str| format!("{ORGANIZATION}/{asset}/1.0.0");
    let (new, orders, refused) = (name("new"), name("orders"), name("refused"));
    assert_eq!(found, [(new.as_str(), "create"), (&orders, "unchanged"), (&refused, "skip")]);
    for action in actions {
        assert!(["path", "reason"].iter().all(|key| action[*key].is_string()), "{action}");
    }
}

#[test]
fn an_item_is_explained_by_as_much_of_its_name_as_means_it_alone() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    for (asset, version) in [("orders", "1.0.0"), ("orders", "1.1.0"), ("stock", "1.0.0")] {
        workshop.asset(&Asset::new(asset, version));
    }
    workshop.run(&[]).exits(0);
    let explain = |name: &str, code| workshop.consign(&["explain", "job.toml", name]).run().exits(code);
    let whole = explain(&format!("{ORGANIZATION}/stock/1.0.0"), 0).stdout;
    for part in ["stock/1.0.0", "stock", &format!("{ORGANIZATION}/stock")] {
        assert_eq!(explain(part, 0).stdout, whole);
    }
    assert!(explain("orders/1.1.0", 0).stdout.contains("orders/1.1.0"));
    plain(workshop.folder(), || {
        assert_snapshot!(explain("orders", 1).stderr, @r#"
        error: `orders` means more than one item: [org]/orders/1.0.0, [org]/orders/1.1.0
          hint: name one of them, as group/asset/version
        "#);
        assert_snapshot!(explain("1.0.0", 1).stderr, @r#"
        error: the journal has no item `1.0.0` for target [org]
          hint: name it as group/asset/version, as `consign status` and `consign plan` show it
        "#);
    });
}

#[test]
fn a_dry_run_and_a_plan_send_nothing_and_leave_nothing_behind() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    for args in [&["run", "job.toml", "--dry-run"][..], &["plan", "job.toml"], &["plan", "job.toml", "--values"]] {
        let ran = workshop.consign(args).run().exits(0);
        assert!(ran.stdout.contains("create") && ran.stdout.contains("orders"), "{args:?}: {}", ran.stdout);
    }
    let stats = sandbox.stats();
    assert_eq!(stats["publications"]["accepted"], 0);
    let requests = stats["requests"].as_object().unwrap();
    let writes = requests.keys().filter(|endpoint| !endpoint.starts_with("GET ") && !endpoint.contains("/accounts/"));
    assert_eq!(writes.count(), 0, "{stats:#}");
    assert!(!workshop.path(".consign").exists());
}

#[test]
fn only_what_is_named_is_touched() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    for id in ["orders", "orders-admin", "stock"] {
        workshop.asset(&Asset::new(id, "1.0.0"));
    }
    let ran = workshop.run(&["--only", "orders*"]);
    let summary = ran.summary();
    assert_eq!((&summary["published"], &summary["counts"]["pending"]), (&2.into(), &1.into()), "{summary}");
    assert_eq!(sandbox.versions(), ["orders-admin/1.0.0", "orders/1.0.0"]);
    ran.exits(0);
    assert_eq!(workshop.run(&[]).exits(0).summary()["published"], 1);
    let wrong = workshop.run(&["--only", "a{b"]).exits(1);
    assert!(wrong.stderr.contains("--only"), "{}", wrong.stderr);
}

#[test]
fn a_server_that_is_not_there_is_told_with_its_address() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    sandbox.kill();
    let ran = workshop.run(&[]).exits(1);
    assert_eq!(ran.stdout, "");
    plain(workshop.folder(), || {
        assert_snapshot!(ran.stderr, @r#"
    error: cannot sign in at http://[sandbox]: not signed in: no token could be fetched: POST /accounts/api/v2/oauth2/token: no reply: cannot connect: error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)
      hint: check the host, the network and the proxy variables, then run again
    "#);
    });
}
