//! Results that cannot be written are told, and end no command with success; a reader that has seen enough is no failure.

use crate::support::{Asset, ORGANIZATION, Ran, Sandbox, Workshop};

/// Runs a command by way of a shell script, which says what it exits with.
fn code_in_shell(workshop: &Workshop, args: &[&str], script: &str) -> (i32, Ran) {
    let ran = workshop.consign(args).in_shell(script).run();
    let code = ran.stderr.lines().find_map(|line| line.strip_prefix("exits ")).and_then(|code| code.parse().ok());
    (code.unwrap_or_else(|| panic!("{script}: {}", ran.stderr)), ran)
}

const FULL: &str = r#""$@" >/dev/full; echo exits $? >&2"#;

/// The first line is read, and nothing after it.
const ONE_LINE: &str = r#"{ "$@"; echo exits $? >&2; } | head -n 1"#;

/// A job of one asset that is published and one that is refused.
fn two_fates(sandbox: &Sandbox) -> Workshop {
    let workshop = Workshop::with(sandbox, "[preflight]\nskip = true\n");
    workshop.asset(&Asset::new("orders", "1.0.0"));
    workshop.asset(&Asset::new("refused", "1.0.0").needs(&["nowhere/1.0.0".to_owned()]));
    workshop
}

#[test]
fn a_run_whose_lines_cannot_be_written_does_its_work_and_exits_with_1() {
    for args in [&["run", "job.toml", "--json"][..], &["run", "job.toml"]] {
        let sandbox = Sandbox::start(&[]);
        let workshop = Workshop::for_sandbox(&sandbox);
        workshop.asset(&Asset::new("orders", "1.0.0"));
        let (code, ran) = code_in_shell(&workshop, args, FULL);
        assert_eq!(code, 1, "{}", ran.stderr);
        let error = "error: the output cannot be written: No space left on device";
        assert!(ran.stderr.contains(error) && ran.stderr.contains("consign status job.toml"), "{}", ran.stderr);
        let warnings = ran.stderr.matches("the JSON lines cannot be written").count();
        assert_eq!(warnings, usize::from(args.contains(&"--json")), "{}", ran.stderr);
        assert_eq!(workshop.item("orders", "1.0.0").0, "done");
    }
}

#[test]
fn lost_results_hide_nothing_that_a_run_exits_with() {
    let sandbox = Sandbox::start(&[]);
    let workshop = two_fates(&sandbox);
    let (code, ran) = code_in_shell(&workshop, &["run", "job.toml", "--json"], FULL);
    assert_eq!(code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("the output cannot be written"), "{}", ran.stderr);
    assert_eq!(workshop.item("orders", "1.0.0").0, "done");
}

#[test]
fn a_reader_that_closes_the_pipe_ends_nothing_and_is_told_nothing() {
    let sandbox = Sandbox::start(&["--publish-latency", "300ms"]);
    let workshop = Workshop::for_sandbox(&sandbox);
    for id in ["one", "two", "three"] {
        workshop.asset(&Asset::new(id, "1.0.0"));
    }
    let (code, ran) = code_in_shell(&workshop, &["run", "job.toml", "--json"], ONE_LINE);
    assert_eq!((code, ran.stdout.lines().count()), (0, 1), "{}", ran.stderr);
    for word in ["written", "nobody", "ipe", "error"] {
        assert!(!ran.stderr.contains(word), "{}", ran.stderr);
    }
    assert_eq!(sandbox.versions(), ["one/1.0.0", "three/1.0.0", "two/1.0.0"]);
}

#[test]
fn whatever_prints_results_tells_when_it_cannot_and_not_when_nobody_reads() {
    let sandbox = Sandbox::start(&[]);
    let workshop = two_fates(&sandbox);
    workshop.run(&[]).exits(2);
    let gav = format!("{ORGANIZATION}/orders/1.0.0");
    let mut commands = vec![
        vec!["status", "job.toml", "--failed"],
        vec!["status", "job.toml", "--failed", "--json"],
        vec!["explain", "job.toml", &gav],
        vec!["explain", "job.toml", &gav, "--json"],
        vec!["plan", "job.toml"],
        vec!["plan", "job.toml", "--json"],
        vec!["run", "job.toml", "--dry-run"],
        vec!["completions", "fish"],
        vec!["man"],
        vec!["--help"],
        vec!["--version"],
    ];
    commands.extend(["html", "json", "csv", "junit"].map(|format| vec!["report", "job.toml", "--format", format]));
    for args in commands {
        let (code, ran) = code_in_shell(&workshop, &args, FULL);
        assert_eq!(code, 1, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("No space left on device"), "{args:?}: {}", ran.stderr);
        let (code, ran) = code_in_shell(&workshop, &args, ONE_LINE);
        assert_eq!((code, ran.stderr.as_str()), (0, "exits 0\n"), "{args:?}");
    }
}

#[test]
fn a_status_of_thousands_of_lines_ends_quietly_with_its_reader() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::with(&sandbox, "[preflight]\nskip = true\n");
    for number in 0..600 {
        workshop.write(&format!("assets/broken-{number}.yaml"), "openapi: [\n");
    }
    workshop.run(&[]).exits(2);
    // More than a pipe holds: it is written to after the reader has gone.
    let status = workshop.consign(&["status", "job.toml", "--failed"]).run().exits(0);
    assert!(status.stdout.len() > 1 << 16, "{}", status.stdout.len());
    for more in [&[][..], &["--json"]] {
        let (code, ran) = code_in_shell(&workshop, &[&["status", "job.toml", "--failed"], more].concat(), ONE_LINE);
        assert_eq!((code, ran.stderr.as_str()), (0, "exits 0\n"));
    }
}
