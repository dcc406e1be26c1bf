//! Names that mean harm, wherever they are shown: on a terminal, in JSON, in reports, on the sandbox's pages.

use serde_json::json;

use super::{bounded, is_harmless};
use crate::support::{ORGANIZATION, Sandbox, Workshop, specification};

const NASTY: [&str; 9] = [
    "=cmd|'/c calc'!A1",
    "+1+1",
    "@SUM(1)",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "red\u{1b}[31m\u{1b}]0;owned\u{7}",
    "csi\u{9b}2J\u{85}",
    "bidi \u{202e}gnp\u{2066}",
    "a\r\nb\u{1}\u{2028}",
];

#[test]
fn no_name_is_obeyed_by_whatever_shows_it() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    for (number, name) in NASTY.iter().enumerate() {
        let project = json!({
            "main": "api.yaml", "classifier": "oas", "assetId": format!("n{number}"), "version": "1.0.0", "name": name,
            "tags": [name],
        });
        workshop.write(&format!("assets/n{number}/exchange.json"), project.to_string());
        workshop.write(&format!("assets/n{number}/api.yaml"), specification("x", "1.0.0", "x"));
        workshop.write(&format!("assets/n{number}/exchange-docs/home.md"), format!(
            "# {}\n\n<script>alert(1)</script> [a](javascript:alert(1)) ![b](data:text/html,<script>) <svg onload=alert(1)>\n",
            if name.contains("<img") { "home" } else { name }
        ));
        // A file of that name that cannot be read as what it is.
        workshop.write(&format!("assets/{}.yaml", name.replace('/', "-")), "openapi: 3.0.3\ninfo:\n\ttitle: x\n");
    }
    let ran = bounded(workshop.run(&["-vvv", "--report", "report"])).exits(2);
    for number in 0..NASTY.len() {
        let (state, _, message) = workshop.item(&format!("n{number}"), "1.0.0");
        assert_eq!(state, "done", "{number}: {message}");
    }
    assert!(ran.stdout.contains("owned") && ran.stdout.contains("\\u009b2J\\u0085"), "{}", ran.stdout);
    for args in [
        &["plan", "job.toml", "--values"][..],
        &["plan", "job.toml", "--json"],
        &["status", "job.toml", "--failed"],
        &["status", "job.toml", "--failed", "--json"],
        &["run", "job.toml"],
        &["explain", "job.toml", &format!("{ORGANIZATION}/n5/1.0.0")],
        &["explain", "job.toml", "no\u{1b}[31msuch"],
        &["run", "no\u{1b}[31msuch\u{202e}.toml"],
        &["status", "no\u{9b}31msuch"],
        &["run", "job.toml", "--only", "\u{1b}[31m["],
        &["no\u{1b}[31msuch"],
    ] {
        let ran = workshop.consign(args).run();
        assert!(is_harmless(&ran.stdout) && is_harmless(&ran.stderr), "{args:?}\n{:?}\n{:?}", ran.stdout, ran.stderr);
    }
    for (format, harm) in [
        ("html", &["<script>alert", "<img src"][..]),
        ("junit", &["<script>", "<img"]),
        ("csv", &["\n=", "\n+", "\n-", "\n@", ",=", ",+", ",@", "\"="]),
        ("json", &[]),
    ] {
        let report = workshop.consign(&["report", "job.toml", "--format", format]).run().exits(0).stdout;
        assert!(is_harmless(&report), "{format}: {report:?}");
        assert!(report.contains("owned"), "{format}: {report}");
        for word in harm {
            assert!(!report.contains(word), "{format}: {word}: {report}");
        }
    }
    for path in ["", "/pages/home"] {
        for number in 0..NASTY.len() {
            let page = sandbox.page(&format!("/_sandbox/assets/{ORGANIZATION}/n{number}/1.0.0{path}"));
            assert!(page.starts_with("HTTP/1.1 200") || page.starts_with("HTTP/1.0 200"), "{page}");
            let head = page.to_ascii_lowercase();
            assert!(head.contains("content-security-policy: default-src 'none'") && head.contains("nosniff"), "{page}");
            for harm in ["<script>", "<img src=x", "<svg", "javascript:alert(1)\"", "=\"data:text"] {
                assert!(!page.contains(harm), "{harm}: {page}");
            }
        }
    }
}
