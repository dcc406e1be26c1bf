//! No secret is seen anywhere: not in what any command prints at its most verbose, not in a file that it leaves, not in
//! the list of processes; not even where the server repeats everything that it is told.

use std::{os::unix::fs::PermissionsExt, sync::Mutex};

use base64::{Engine, prelude::BASE64_STANDARD};
use camino::{Utf8Path, Utf8PathBuf};

use crate::support::{
    Asset, Consign, ORGANIZATION, Ran, Sandbox, Secret, Seen, Workshop, assert_absent, at_once,
    parrot::{Answers, Form, ISSUED, Parrot, SIGNATURE},
    run_watched,
};

const CLIENT_ID: &str = "an-id-that-anybody-may-see";
const CLIENT_SECRET: &str = "cl1ent/S3cret+\"of' &the\\<app>?~é";
const PASSWORD: &str = "Pa55/word+\"of' &the\\<user>?~ü";
const BEARER: &str = "bearer/T0k3n+of~the.user-4711_==";
const PROXY: &str = "pr0xyPa55word-42";

/// A way to sign in: lines for the job file, variables, and files with their text.
struct Way {
    name: &'static str,
    table: &'static str,
    env: Vec<(&'static str, &'static str)>,
    file: Option<(&'static str, String)>,
}

fn ways() -> Vec<Way> {
    let app = vec![("ANYPOINT_CLIENT_ID", CLIENT_ID), ("ANYPOINT_CLIENT_SECRET", CLIENT_SECRET)];
    let json = serde_json::json!({ "username": "me", "password": PASSWORD }).to_string();
    let way = |name, table, env, file| Way { name, table, env, file };
    vec![
        way("a connected app", "", app.clone(), None),
        way("a basic header", "[target.credentials]\nbasic = true\n", app, None),
        way("a user", "", vec![("ANYPOINT_USERNAME", "me"), ("ANYPOINT_PASSWORD", PASSWORD)], None),
        way("a bearer token", "", vec![("ANYPOINT_BEARER", BEARER)], None),
        way(
            "a file",
            "[target.credentials]\nfile = \"keys/mine.json\"\n",
            vec![],
            Some(("keys/mine.json", json.clone())),
        ),
        way(
            "a command",
            "[target.credentials]\ncommand = \"cat keys/other.json\"\n",
            vec![],
            Some(("keys/other.json", json)),
        ),
    ]
}

/// Everything that must be seen nowhere, and what the server has been told besides.
fn secrets(parrot: Option<&Parrot>) -> Vec<Secret> {
    let basic = BASE64_STANDARD.encode(format!("~~~Client~~~:{CLIENT_ID}~?~{CLIENT_SECRET}"));
    let known = [
        ("client secret", CLIENT_SECRET),
        ("password", PASSWORD),
        ("bearer token", BEARER),
        ("token of the server", ISSUED),
        ("signature of a link", SIGNATURE),
        ("password of the proxy", PROXY),
        ("basic header", &basic),
    ];
    let mut secrets: Vec<Secret> = known.iter().map(|(name, secret)| Secret::new(name, secret)).collect();
    for header in parrot.into_iter().flat_map(Parrot::heard) {
        let value = header.split_once(' ').expect("a scheme and a value").1;
        secrets.push(Secret::new("header that was sent", value));
    }
    secrets
}

/// A job of two assets, one of which waits for something that is not there, and a job that describes.
struct Scene {
    workshop: Workshop,
    env: Vec<(&'static str, &'static str)>,
    /// What is ours: it holds the secrets on purpose.
    own: Option<Utf8PathBuf>,
}

impl Scene {
    fn new(parrot: &Parrot, way: &Way) -> Self {
        let workshop = Workshop::empty();
        let target = format!(
            "[target]\nhost = \"{}\"\norganization = \"{ORGANIZATION}\"\n\n{}\n[publish]\ndeadline = \"20s\"\n\n",
            parrot.url(),
            way.table
        );
        workshop.write(
            "job.toml",
            format!("kind = \"publish\"\nname = \"test\"\n\n{target}[source]\ndirectory = \"assets\"\n"),
        );
        let target = target.replace("[publish]\n", "[publish]\nmode = \"sync\"\n");
        workshop.write(
            "describe.toml",
            format!("kind = \"describe\"\nname = \"changes\"\n\n{target}[source]\nmanifest = \"changes.csv\"\n"),
        );
        workshop.write("changes.csv", "assetId,version,name,tags\norders,1.0.0,Orders,sales\nnobody,1.0.0,Nobody,\n");
        workshop.asset(&Asset::new("orders", "1.0.0"));
        workshop.asset(&Asset::new("broken", "1.0.0").needs(&["nowhere/1.0.0".to_owned()]));
        let own = way.file.as_ref().map(|(name, text)| {
            workshop.write(name, text);
            let path = workshop.path(name);
            fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            path
        });
        Self { workshop, env: way.env.clone(), own }
    }

    fn command(&self, args: &[&str]) -> Consign {
        let proxy = format!("http://someone:{PROXY}@127.0.0.1:9");
        let command = self
            .workshop
            .consign(args)
            .env("RUST_BACKTRACE", "full")
            .env("RUST_LOG", "trace")
            .env("CONSIGN_LOG", "trace")
            .env("HTTPS_PROXY", &proxy)
            .env("http_proxy", &proxy)
            .env("ALL_PROXY", &proxy);
        self.env.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// Runs a command, and asserts that nothing of it shows a secret.
    #[track_caller]
    fn run(&self, args: &[&str], parrot: &Parrot) -> (Ran, Seen) {
        let (ran, seen) = run_watched(&self.command(args));
        let secrets = secrets(Some(parrot));
        let line = args.join(" ");
        assert!(!ran.stderr.contains("panicked"), "`{line}`: {}", ran.stderr);
        assert_absent(&secrets, &format!("stdout of `{line}`"), ran.stdout.as_bytes());
        assert_absent(&secrets, &format!("stderr of `{line}`"), ran.stderr.as_bytes());
        for (process, bytes) in &seen.lines {
            assert_absent(&secrets, &format!("the command line of {process}"), bytes);
        }
        (ran, seen)
    }

    /// Asserts that no file below the folder shows a secret. Returns how many there are.
    #[track_caller]
    fn files(&self, parrot: &Parrot) -> usize {
        let secrets = secrets(Some(parrot));
        let mut count = 0;
        for entry in walkdir::WalkDir::new(self.workshop.folder()) {
            let entry = entry.unwrap();
            let path = Utf8Path::from_path(entry.path()).unwrap();
            if entry.file_type().is_file() && Some(path) != self.own.as_deref() {
                assert_absent(&secrets, path.as_str(), &fs_err::read(path).unwrap());
                count += 1;
            }
        }
        count
    }
}

/// Every command that works on a job.
const COMMANDS: [&[&str]; 18] = [
    &["plan", "job.toml", "-vvv"],
    &["plan", "job.toml", "-vvv", "--json", "--values"],
    &["run", "job.toml", "-vvv", "--dry-run"],
    &["run", "job.toml", "-vvv", "--report", "report"],
    &["run", "job.toml", "-vvv", "--json", "--report", "report"],
    &["retry", "job.toml", "-vvv", "--json"],
    &["status", "job.toml", "-vvv", "--failed"],
    &["status", "job.toml", "-vvv", "--failed", "--json"],
    &["explain", "job.toml", "-vvv", "orders/1.0.0"],
    &["explain", "job.toml", "-vvv", "broken/1.0.0", "--json"],
    &["report", "job.toml", "-vvv", "--format", "html", "--out", "one.html"],
    &["report", "job.toml", "-vvv", "--format", "json"],
    &["report", "job.toml", "-vvv", "--format", "csv"],
    &["report", "job.toml", "-vvv", "--format", "junit"],
    &["verify", "job.toml", "-vvv"],
    &["verify", "job.toml", "-vvv", "--json"],
    &["plan", "describe.toml", "-vvv"],
    &["run", "describe.toml", "-vvv", "--json", "--report", "described"],
];

/// Runs every command against a server that repeats what it is told; in all ways at the same time.
#[track_caller]
fn nothing_leaks(answers: Answers, form: Form, ways: &[Way]) -> Vec<Ran> {
    let all: Mutex<Vec<Ran>> = Mutex::default();
    at_once(ways, |way| {
        let ran = nothing_leaks_in(answers, form, way);
        all.lock().expect("not poisoned").extend(ran);
    });
    all.into_inner().expect("not poisoned")
}

/// A sandbox of its own, so that there is something to publish every time.
fn nothing_leaks_in(answers: Answers, form: Form, way: &Way) -> Vec<Ran> {
    let sandbox = Sandbox::start(&["--publish-latency", "20ms"]);
    let parrot = Parrot::start(&sandbox, answers, form);
    let scene = Scene::new(&parrot, way);
    let all = COMMANDS.iter().map(|args| scene.run(args, &parrot).0).collect();
    // The log of the journal and its index are there only while somebody works on it, or after a kill.
    let running = scene.command(&["run", "job.toml", "-vvv"]).start();
    std::thread::sleep(std::time::Duration::from_millis(60));
    drop(running);
    assert!(scene.files(&parrot) >= 8, "{}: the job and its journal are there", way.name);
    let signs = !matches!(answers, Answers::SignIn(_));
    assert!(!signs || !parrot.heard().is_empty(), "{}: the server was told secrets", way.name);
    all
}

fn way(name: &str) -> Vec<Way> {
    ways().into_iter().filter(|way| way.name == name).collect()
}

#[test]
fn no_way_to_sign_in_shows_its_secrets_when_all_goes_well_and_links_bear_tokens() {
    let all = nothing_leaks(Answers::Links, Form::Json, &ways());
    let published = all.iter().filter(|ran| ran.stdout.contains("\"done\":1") || ran.stdout.contains("1 done"));
    assert!(published.count() >= 6, "every way leads in");
}

#[test]
fn a_sign_in_that_is_refused_with_the_secret_in_the_answer_shows_none() {
    let cases =
        [(401, Form::Json, "a connected app"), (403, Form::Plain, "a file"), (302, Form::Html, "a connected app")];
    at_once(cases, |(status, form, name)| {
        let all = nothing_leaks(Answers::SignIn(status), form, &way(name));
        let says =
            if status == 302 { "the login is redirected (302), to 127.0.0.1" } else { "refuses the credentials" };
        assert!(all.iter().any(|ran| ran.code == Some(1) && ran.stderr.contains(says)), "{status}: {all:#?}");
    });
}

#[test]
fn a_token_that_is_refused_later_with_the_token_in_the_answer_is_not_shown() {
    let cases = [
        (401, Form::Json, "a connected app"),
        (403, Form::Html, "a basic header"),
        (401, Form::Plain, "a bearer token"),
    ];
    at_once(cases, |(status, form, name)| {
        let all = nothing_leaks(Answers::Everything(status), form, &way(name));
        assert!(all.iter().any(|ran| ran.code == Some(1) || ran.stdout.contains("[REDACTED]")), "{status}: {all:#?}");
    });
}

#[test]
fn a_publication_that_is_refused_with_the_token_in_the_answer_tells_why_without_it() {
    let cases = [
        (403, Form::Json, "a user"),
        (409, Form::Json, "a connected app"),
        (400, Form::Html, "a connected app"),
        (302, Form::Plain, "a user"),
    ];
    at_once(cases, |(status, form, name)| {
        let all = nothing_leaks(Answers::Writes(status), form, &way(name));
        let told = all.iter().filter(|ran| ran.stdout.contains("[REDACTED]")).count();
        assert!(told >= 2 || status == 409, "{status}: the rest of the words is told: {all:#?}");
    });
}

#[test]
fn a_publication_that_fails_with_the_token_in_its_steps_tells_why_without_it() {
    at_once(["a connected app", "a command"], |name| {
        let all = nothing_leaks(Answers::Progress, Form::Json, &way(name));
        assert!(all.iter().any(|ran| ran.stdout.contains("your token [REDACTED] is not liked")), "{all:#?}");
    });
}

#[test]
fn a_host_with_a_password_is_refused_without_showing_it() {
    let workshop = Workshop::empty();
    let hidden = Secret::new("password", "h0stPa55word-17");
    let job = |host: &str| {
        format!(
            "kind = \"publish\"\nname = \"test\"\n\n[target]\nhost = \"{host}\"\n\n[source]\ndirectory = \"assets\"\n"
        )
    };
    fs_err::create_dir(workshop.path("assets")).unwrap();
    for host in [
        "https://me:h0stPa55word-17@exchange.test",
        "me:h0stPa55word-17@exchange.test",
        "https://exchange.test?token=h0stPa55word-17",
        "https://me:h0stPa55word-17",
    ] {
        workshop.write("job.toml", job("exchange.test"));
        let by_flag = workshop.consign(&["run", "job.toml", "-vvv", "--host", host]);
        let by_variable = workshop.consign(&["plan", "job.toml", "-vvv"]).env("ANYPOINT_HOST", host);
        let both = [by_flag.run(), by_variable.run()];
        workshop.write("job.toml", job(host));
        for ran in both.into_iter().chain([workshop.consign(&["run", "job.toml", "-vvv", "--json"]).run()]) {
            let ran = ran.exits(1);
            assert!(ran.stderr.contains("exchange.test") || ran.stderr.contains("me:…"), "{}", ran.stderr);
            assert_absent(std::slice::from_ref(&hidden), "stderr", ran.stderr.as_bytes());
            assert_absent(std::slice::from_ref(&hidden), "stdout", ran.stdout.as_bytes());
        }
    }
}

#[test]
fn no_command_takes_a_secret_as_an_argument_and_none_repeats_one() {
    let workshop = Workshop::empty();
    let commands = ["run", "plan", "status", "retry", "explain", "report", "sandbox", "init", "hub"];
    for command in commands {
        for option in ["client-secret", "password", "token", "bearer", "secret", "insecure", "no-verify", "skip-tls"] {
            let ran = workshop.consign(&[command, &format!("--{option}=0pen5esame"), "job.toml"]).run().exits(1);
            assert!(ran.stderr.contains("unexpected argument"), "{command} --{option}: {}", ran.stderr);
            assert!(!ran.stderr.contains("0pen5esame"), "{command} --{option}: {}", ran.stderr);
        }
        let help = workshop.consign(&[command, "--help"]).run().exits(0).stdout.to_lowercase();
        for word in ["password", "client-secret", "--token ", "bearer", "insecure"] {
            assert!(!help.contains(word), "`{command} --help` speaks of {word}");
        }
    }
}

#[test]
fn a_secret_in_a_job_file_is_refused_by_its_line_and_not_repeated() {
    let workshop = Workshop::empty();
    for table in [
        "[target.credentials]\nclient_secret = \"0pen5esame\"\n",
        "[target.credentials]\npassword = '0pen5esame\n",
        "[target.credentials]\nbearer_env = \"Bearer 0pen5esame\"\n",
        "[target]\ncredentials = { token = \"0pen5esame\" }\n",
    ] {
        let job = format!("kind = \"publish\"\n\n[source]\ndirectory = \".\"\n\n{table}");
        workshop.write("job.toml", job);
        for args in [&["run", "job.toml", "-vvv"][..], &["plan", "job.toml", "-vvv", "--json"], &["status", "job.toml"]]
        {
            let ran = workshop.consign(args).run().exits(1);
            let clear =
                ran.stderr.contains("line 7") || ran.stderr.contains("bearer_env: is not the name of a variable");
            assert!(clear, "{}", ran.stderr);
            assert!(!ran.stderr.contains("0pen5esame") && !ran.stdout.contains("0pen5esame"), "{}", ran.stderr);
            assert!(ran.stderr.contains("never stand"), "{}", ran.stderr);
        }
    }
}

#[test]
fn a_credential_command_is_the_only_child_and_gets_our_environment_and_nothing_else() {
    let sandbox = Sandbox::start(&[]);
    let parrot = Parrot::start(&sandbox, Answers::Links, Form::Json);
    let json = serde_json::json!({ "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET }).to_string();
    let mut way = way("a command").remove(0);
    way.file = Some(("keys/other.json", json));
    way.table = "[target.credentials]\ncommand = \"sleep 0.3; cat keys/other.json\"\n";
    let scene = Scene::new(&parrot, &way);
    let (ran, seen) = scene.run(&["run", "job.toml", "-vvv", "--json", "--only", "orders"], &parrot);
    ran.exits(0);
    assert!(seen.lines.keys().any(|line| line.contains("sleep")), "the command was seen: {:?}", seen.lines.keys());
    // A shell adds some of its own.
    let known = ["PATH", "TMPDIR", "HOME", "RUST_BACKTRACE", "RUST_LOG", "CONSIGN_LOG", "HTTPS_PROXY", "http_proxy"];
    for name in seen.below.values().flat_map(|variables| variables.keys()) {
        let fine =
            known.contains(&name.as_str()) || ["ALL_PROXY", "PWD", "OLDPWD", "SHLVL", "_"].contains(&name.as_str());
        assert!(fine, "the command is given {name}");
    }
    way.table = "";
    way.env = vec![("ANYPOINT_BEARER", BEARER)];
    let (ran, seen) =
        Scene::new(&parrot, &way).run(&["run", "job.toml", "-vvv", "--json", "--only", "orders"], &parrot);
    ran.exits(0);
    assert!(seen.below.is_empty(), "nothing else is started: {:?}", seen.below.keys());
}

#[test]
fn what_needs_no_server_shows_nothing_of_the_environment() {
    let sandbox = Sandbox::start(&[]);
    let parrot = Parrot::start(&sandbox, Answers::Links, Form::Json);
    let mut everything = way("a connected app").remove(0);
    everything.env.extend([("ANYPOINT_PASSWORD", PASSWORD), ("ANYPOINT_BEARER", BEARER)]);
    let scene = Scene::new(&parrot, &everything);
    for args in [
        &["init", "assets", "-vvv"][..],
        &["completions", "bash", "-vvv"],
        &["man", "-vvv"],
        &["run", "job.toml", "--sandbox", "-vvv", "--json"],
        &["sandbox", "--listen", "256.0.0.1:1", "-vvv"],
        &["sandbox", "--data", "job.toml", "-vvv"],
        &["status", "nothing.toml", "-vvv"],
        &["--version", "-vvv"],
        &["help"],
    ] {
        scene.run(args, &parrot);
    }
    scene.files(&parrot);
    // A sandbox tells on stdout what it lets people in with, and nothing of what is ours.
    let running = scene.command(&["sandbox", "--listen", "127.0.0.1:0", "--data", "box", "-vvv"]).start();
    std::thread::sleep(std::time::Duration::from_secs(1));
    running.signal("TERM");
    let ran = running.wait().exits(0);
    assert_absent(&secrets(None), "stdout of the sandbox", ran.stdout.as_bytes());
    assert_absent(&secrets(None), "stderr of the sandbox", ran.stderr.as_bytes());
    let line: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    let own: Vec<Secret> = ["clientSecret", "password", "token"]
        .iter()
        .map(|key| Secret::new(&format!("sandbox's {key}"), line[key].as_str().unwrap()))
        .collect();
    assert_absent(&own, "stderr of the sandbox", ran.stderr.as_bytes());
    for entry in walkdir::WalkDir::new(scene.workshop.path("box")) {
        let entry = entry.unwrap();
        let bytes = if entry.file_type().is_file() { fs_err::read(entry.path()).unwrap() } else { continue };
        let holds = own.iter().any(|secret| {
            std::panic::catch_unwind(|| assert_absent(std::slice::from_ref(secret), "", &bytes)).is_err()
        });
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert!(!holds || mode == 0o600, "{} holds secrets of the sandbox: {mode:o}", entry.path().display());
    }
}

#[test]
fn a_command_whose_reader_is_gone_does_not_panic() {
    let sandbox = Sandbox::start(&[]);
    let parrot = Parrot::start(&sandbox, Answers::Writes(403), Form::Json);
    let scene = Scene::new(&parrot, &way("a connected app").remove(0));
    let program = env!("CARGO_BIN_EXE_consign");
    scene.run(&["run", "job.toml", "-vvv"], &parrot);
    for args in [
        "run job.toml -vvv --json",
        "run job.toml",
        "plan job.toml",
        "plan job.toml --json",
        "status job.toml --failed",
        "status job.toml --json",
        "explain job.toml orders/1.0.0",
        "report job.toml --format html",
        "report job.toml --format csv",
        "completions bash",
        "completions zsh",
        "man",
        "--help",
        "--version",
        "sandbox --listen 127.0.0.1:0",
    ] {
        for closing in [">&-", ">/dev/full", "| true", "2>&-", ">/dev/full 2>/dev/full"] {
            // A sandbox that has nobody to tell its address to ends; one that has goes on.
            if args.starts_with("sandbox") && !closing.contains("full") {
                continue;
            }
            let line = format!("exec 3>&2; timeout -s KILL 60 {program} {args} {closing}");
            let shell = Consign::other(scene.workshop.folder(), "sh").args(&["-c", &line]);
            let shell = scene.env.iter().fold(shell, |shell, (name, value)| shell.env(name, value));
            let ran = shell.env("RUST_BACKTRACE", "full").run();
            assert!(!ran.stderr.contains("panicked"), "{line}: {}", ran.stderr);
            assert_ne!(ran.code, Some(101), "{line} panicked");
            assert_ne!(ran.code, Some(134), "{line} aborted");
            assert_absent(&secrets(Some(&parrot)), &line, ran.stderr.as_bytes());
            assert_absent(&secrets(Some(&parrot)), &line, ran.stdout.as_bytes());
        }
    }
}
