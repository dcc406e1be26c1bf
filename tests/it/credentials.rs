//! Every way to sign in works, and no secret is ever seen.

use std::os::unix::fs::PermissionsExt;

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::support::{Asset, Ran, Sandbox, Workshop};

/// A workshop with one asset and no credentials but those that `table` names.
fn workshop(sandbox: &Sandbox, table: &str) -> Workshop {
    let workshop = Workshop::with(sandbox, table).without_credentials();
    workshop.asset(&Asset::new("orders", "1.0.0"));
    workshop
}

fn run(workshop: &Workshop, env: &[(&str, &str)]) -> Ran {
    let command = workshop.consign(&["run", "job.toml", "--json"]);
    env.iter().fold(command, |command, (name, value)| command.env(name, value)).run()
}

#[test]
fn a_connected_app_a_user_and_a_token_are_let_in_from_the_official_variables() {
    let sandbox = Sandbox::start(&[]);
    let ways = [
        vec![("ANYPOINT_CLIENT_ID", sandbox.client_id()), ("ANYPOINT_CLIENT_SECRET", sandbox.client_secret())],
        vec![("ANYPOINT_USERNAME", sandbox.username()), ("ANYPOINT_PASSWORD", sandbox.password())],
        vec![("ANYPOINT_BEARER", sandbox.token())],
    ];
    for way in ways {
        let summary = run(&workshop(&sandbox, ""), &way).exits(0).summary();
        assert_eq!(summary["outcome"], "complete", "{}", way[0].0);
    }
    assert_eq!(sandbox.stats()["publications"]["accepted"], 1);
}

#[test]
fn a_connected_app_may_sign_every_call_itself_with_variables_of_other_names() {
    let sandbox = Sandbox::start(&[]);
    let table = "[target.credentials]\nclient_id_env = \"NEW_ID\"\nclient_secret_env = \"NEW_SECRET\"\nbasic = true\n";
    let env = [("NEW_ID", sandbox.client_id()), ("NEW_SECRET", sandbox.client_secret())];
    run(&workshop(&sandbox, table), &env).exits(0);
    let stats = sandbox.stats();
    assert_eq!((&stats["publications"]["accepted"], &stats["tokensIssued"]), (&1.into(), &0.into()), "{stats:#}");
}

#[test]
fn a_file_is_taken_only_when_nobody_else_may_read_it() {
    let sandbox = Sandbox::start(&[]);
    let workshop = workshop(&sandbox, "[target.credentials]\nfile = \"secrets.toml\"\n");
    let (id, secret) = (sandbox.client_id(), sandbox.client_secret());
    workshop.write("secrets.toml", format!("client_id = \"{id}\"\nclient_secret = \"{secret}\"\n"));
    let chmod = |mode| {
        fs_err::set_permissions(workshop.path("secrets.toml"), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    chmod(0o644);
    let refused = run(&workshop, &[]).exits(1);
    assert!(refused.stderr.contains("mode 644") && refused.stderr.contains("chmod 600"), "{}", refused.stderr);
    assert!(!refused.stderr.contains(secret), "{}", refused.stderr);
    chmod(0o600);
    run(&workshop, &[]).exits(0);
}

#[test]
fn a_command_may_print_credentials() {
    let sandbox = Sandbox::start(&[]);
    let workshop = workshop(&sandbox, "[target.credentials]\ncommand = \"cat token.txt\"\n");
    let refused = run(&workshop, &[]).exits(1);
    assert!(refused.stderr.contains("the credential command"), "{}", refused.stderr);
    workshop.write("token.txt", format!("{}\n", sandbox.token()));
    run(&workshop, &[]).exits(0);
}

#[test]
fn nothing_half_and_wrong_are_told_apart_before_anything_is_sent() {
    let sandbox = Sandbox::start(&[]);
    let workshop = workshop(&sandbox, "");
    let nothing = run(&workshop, &[]).exits(1);
    assert!(nothing.stderr.contains("no credentials in the environment"), "{}", nothing.stderr);
    let half = run(&workshop, &[("ANYPOINT_CLIENT_ID", "abc")]).exits(1);
    assert!(half.stderr.contains("ANYPOINT_CLIENT_SECRET is missing"), "{}", half.stderr);
    let wrong = [("ANYPOINT_CLIENT_ID", sandbox.client_id()), ("ANYPOINT_CLIENT_SECRET", "not-the-secret-0815")];
    let wrong = run(&workshop, &wrong).exits(1);
    assert!(wrong.stderr.contains("cannot sign in") && wrong.stderr.contains("hint:"), "{}", wrong.stderr);
    assert!(!wrong.stderr.contains("not-the-secret-0815"), "{}", wrong.stderr);
    assert_eq!(wrong.stdout, "");
    assert_eq!(sandbox.stats()["publications"]["accepted"], 0);
}

#[test]
fn a_token_that_ends_during_the_run_is_renewed_for_all_at_once() {
    let sandbox = Sandbox::start(&["--token-lifetime", "2s", "--publish-latency", "100ms..2s"]);
    let workshop = workshop(&sandbox, "").without_credentials();
    for place in 0..24 {
        let needs = if place < 8 { Vec::new() } else { vec![format!("asset-{}/1.0.0", place - 8)] };
        workshop.asset(&Asset::new(&format!("asset-{place}"), "1.0.0").needs(&needs));
    }
    let env = [("ANYPOINT_CLIENT_ID", sandbox.client_id()), ("ANYPOINT_CLIENT_SECRET", sandbox.client_secret())];
    let summary = run(&workshop, &env).exits(0).summary();
    assert_eq!(summary["counts"]["done"], 25, "{summary}");
    let stats = sandbox.stats();
    let (tokens, seconds) = (stats["tokensIssued"].as_f64().unwrap(), summary["seconds"].as_f64().unwrap());
    assert!(tokens >= 2.0, "the run ended before its token did: {summary}");
    // One token for each of its lifetimes, or for each half of one when it is renewed early; never one per request.
    assert!(tokens <= 2.0 * seconds + 2.0, "{tokens} tokens in {seconds} s: {stats:#}");
}

#[test]
fn secrets_are_in_no_output_no_log_no_journal_and_no_report() {
    let sandbox = Sandbox::start(&["--faults", "http500=0.1,http429=0.05,lost-reply=0.05"]);
    let (id, secret) = (sandbox.client_id().to_owned(), sandbox.client_secret().to_owned());
    let env = [("ANYPOINT_CLIENT_ID", id.as_str()), ("ANYPOINT_CLIENT_SECRET", secret.as_str())];
    let bearer = [("ANYPOINT_BEARER", sandbox.token())];
    for (table, env) in [("", &env[..]), ("", &bearer[..]), ("[target.credentials]\nbasic = true\n", &env[..])] {
        let workshop = workshop(&sandbox, table);
        workshop.asset(&Asset::new("broken", "1.0.0").needs(&["nowhere/1.0.0".to_owned()]));
        let command = workshop.consign(&["run", "job.toml", "--json", "-vvv", "--report", "report"]);
        let ran = env.iter().fold(command, |command, (name, value)| command.env(name, value)).run().exits(2);
        let mut seen = vec![("stdout", ran.stdout.into_bytes()), ("stderr", ran.stderr.into_bytes())];
        for folder in [".consign", "report"] {
            for entry in fs_err::read_dir(workshop.path(folder)).unwrap() {
                seen.push((folder, fs_err::read(entry.unwrap().path()).unwrap()));
            }
        }
        assert!(seen.len() >= 7, "a journal, its lock and four reports");
        let basic = BASE64_STANDARD.encode(format!("~~~Client~~~:{id}~?~{secret}"));
        let secrets = [secret.clone(), BASE64_STANDARD.encode(&secret), basic, sandbox.token().to_owned()];
        for (place, bytes) in &seen {
            for secret in &secrets {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "a secret is in {place}");
            }
        }
    }
}

#[test]
fn a_sandbox_that_keeps_its_state_keeps_its_credentials_however_it_ends() {
    let folder = Workshop::empty();
    let data = folder.path("data");
    let named = |sandbox: &Sandbox| (sandbox.client_id().to_owned(), sandbox.token().to_owned());
    let first = Sandbox::start(&["--data", data.as_str()]);
    let given = named(&first);
    first.kill();
    let second = Sandbox::start(&["--data", data.as_str()]);
    assert_eq!(named(&second), given);
    second.stop();
    assert_eq!(named(&Sandbox::start(&["--data", data.as_str()])), given);
}
