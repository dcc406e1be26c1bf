//! Servers that answer as no server should.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read, Write},
    sync::Arc,
};

use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::bounded;
use crate::support::{
    Asset, Ran, Sandbox, Workshop, at_once,
    hostile::{Answer, Asked, Hostile, endless, json, raw, text, with_headers},
};

/// Patience for servers that never make sense: the usual one is for those that do.
const IMPATIENT: &str = "[publish]\ndeadline = \"2s\"\n[pace]\nattempts = 2\n";

type Answers = BTreeMap<&'static str, Box<dyn Fn() -> Answer + Send + Sync>>;

/// Runs a job against a server that stands before a sandbox.
fn run(
    assets: &[&str],
    more: &str,
    args: &[&str],
    server: impl FnOnce(&Sandbox) -> Hostile,
) -> (Ran, Workshop, Hostile) {
    let sandbox = Sandbox::start(&[]);
    let server = server(&sandbox);
    let workshop = Workshop::with(&sandbox, more).towards(server.url());
    for asset in assets {
        workshop.asset(&Asset::new(asset, "1.0.0"));
    }
    let ran = bounded(workshop.run(args));
    (ran, workshop, server)
}

/// Publishes an asset for each answer, and one that nobody meddles with; answers what became of each.
#[track_caller]
fn publish(answers: Answers) -> BTreeMap<&'static str, (String, String)> {
    let names: Vec<&'static str> = answers.keys().copied().collect();
    let all: Vec<&str> = names.iter().copied().chain(["good"]).collect();
    let (ran, workshop, _server) = run(&all, IMPATIENT, &[], |sandbox| {
        Hostile::before(sandbox, move |asked| {
            answers.iter().find(|(name, _)| asked.publishes(name)).map(|(_, answer)| answer())
        })
    });
    ran.exits(2);
    assert_eq!(workshop.item("good", "1.0.0").0, "done");
    let outcome = |name: &&'static str| {
        let (state, class, message) = workshop.item(name, "1.0.0");
        assert_eq!(state, "failed", "{name}: {message}");
        assert!(message.len() < 20_000, "{name}: {} bytes", message.len());
        (*name, (class, message))
    };
    names.iter().map(outcome).collect()
}

#[track_caller]
fn assert_says(outcomes: &BTreeMap<&str, (String, String)>, expected: &[(&str, &str, &str)]) {
    for (name, class, words) in expected {
        let (found, message) = &outcomes[name];
        assert!(found == class && message.contains(words), "{name}: {found}: {message}");
    }
}

/// A body of gzip that inflates to a thousand times its size: a list of empty lists without an end.
fn gzip_bomb() -> Vec<u8> {
    let deflated = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("a", deflated).unwrap();
    let piece = b"[],".repeat(1 << 18);
    writer.write_all(b"[").unwrap();
    (0..256).for_each(|_| writer.write_all(&piece).unwrap());
    let mut archive = ZipArchive::new(writer.finish().unwrap()).unwrap();
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    archive.by_index_raw(0).unwrap().read_to_end(&mut bytes).unwrap();
    assert!(bytes.len() < 2 << 20);
    bytes
}

#[test]
fn an_answer_that_says_no_in_any_words_fails_its_item_and_no_other() {
    let mut answers = Answers::new();
    answers
        .insert("endless-json", Box::new(|| endless("HTTP/1.1 202 x\r\nContent-Type: application/json\r\n", b"[{},")));
    answers.insert("endless-page", Box::new(|| endless("HTTP/1.1 400 x\r\nContent-Type: text/html\r\n", b"<p>no</p>")));
    answers.insert("escapes", Box::new(|| {
        json(400, r#"{"code":"\u001b[31m","message":"one\u001b]0;owned\u0007\r\n\u202etwo","details":{"errors":["\u009b2J"]}}"#)
    }));
    answers.insert(
        "plain-escapes",
        Box::new(|| text(409, "text/plain", "three\u{1b}[2J\u{1b}]8;;http://evil.example\u{7}four")),
    );
    answers.insert("not-text", Box::new(|| {
        raw(b"HTTP/1.1 400 x\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\nno\xff\x9b".to_vec())
    }));
    answers.insert(
        "long-words",
        Box::new(|| {
            json(
                400,
                &format!(
                    "{{\"message\":{:?},\"details\":{{\"errors\":{:?}}}}}",
                    "m".repeat(200_000),
                    vec!["e".repeat(500); 100]
                ),
            )
        }),
    );
    answers.insert("deep", Box::new(|| json(400, &"[".repeat(200_000))));
    answers.insert("redirect", Box::new(|| with_headers(307, "Location: http://evil.example/x?key=1\r\n", "")));
    let bomb = Arc::new(gzip_bomb());
    answers.insert(
        "gzip-bomb",
        Box::new(move || {
            let head = "HTTP/1.1 202 x\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n";
            let mut bytes = format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n", bomb.len()).into_bytes();
            bytes.extend_from_slice(&bomb);
            raw(bytes)
        }),
    );
    let outcomes = publish(answers);
    assert_says(
        &outcomes,
        &[
            ("endless-json", "bad-reply", "larger than 33554432 bytes"),
            ("endless-page", "refused", "400: <p>no</p>"),
            ("escapes", "refused", "400 [31m: one ]0;owned two; 2J"),
            ("plain-escapes", "conflict", "three [2J ]8;;http://evil.example four"),
            ("not-text", "refused", "no\u{fffd}\u{fffd}"),
            ("long-words", "refused", "mmmm"),
            ("deep", "refused", "[[[["),
            ("redirect", "refused", "leads elsewhere, to `http://evil.example/x`"),
            ("gzip-bomb", "bad-reply", "larger than 33554432 bytes"),
        ],
    );
}

#[test]
fn an_answer_that_makes_no_sense_is_asked_for_again_and_given_up() {
    let mut answers = Answers::new();
    answers.insert("html", Box::new(|| text(200, "text/html", "<html>Sign in to the hotel's network")));
    answers.insert("no-body", Box::new(|| raw("HTTP/1.1 204 x\r\nConnection: close\r\n\r\n")));
    answers.insert("cut", Box::new(|| raw("HTTP/1.1 202 x\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n{}")));
    answers.insert("chunks", Box::new(|| raw("HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")));
    answers.insert("no-http", Box::new(|| raw("\0\u{1}SSH-2.0-nonsense\r\n")));
    answers.insert(
        "not-text",
        Box::new(|| raw(b"HTTP/1.1 202 x\r\nContent-Length: 3\r\nConnection: close\r\n\r\n\"\xff\"".to_vec())),
    );
    answers.insert("deep", Box::new(|| json(202, &"[".repeat(200_000))));
    answers.insert("too-many", Box::new(|| json(202, &format!("[{}{{}}]", "{},".repeat(1_000_000)))));
    answers.insert("long-word", Box::new(|| json(202, &format!("[{:?}]", "\u{1b}".repeat(1 << 20)))));
    answers.insert("elsewhere", Box::new(|| json(202, r#"{"publicationStatusLink":"http://evil.example/status"}"#)));
    answers.insert(
        "long-head",
        Box::new(|| {
            Box::new(|stream| {
                stream.write_all(b"HTTP/1.1 202 x\r\nX-Long: ")?;
                loop {
                    stream.write_all(&[b'x'; 4096])?;
                }
            })
        }),
    );
    answers.insert(
        "many-heads",
        Box::new(|| raw(format!("HTTP/1.1 202 x\r\n{}Content-Length: 0\r\n\r\n", "X-Many: x\r\n".repeat(20_000)))),
    );
    let outcomes = publish(answers);
    for (name, class, words) in [
        ("html", "bad-reply", "is an HTML page and not the JSON expected"),
        ("no-body", "bad-reply", "the body of this 204"),
        ("cut", "network", "the connection broke"),
        ("chunks", "network", "Invalid chunk size"),
        ("no-http", "network", "invalid HTTP version"),
        ("not-text", "bad-reply", "is not the JSON expected"),
        ("deep", "bad-reply", "recursion limit"),
        ("too-many", "bad-reply", "holds too many values"),
        ("long-word", "bad-reply", "unreadable reply"),
        ("long-head", "network", "no reply"),
        ("many-heads", "network", "no reply"),
    ] {
        assert_says(&outcomes, &[(name, class, words), (name, class, "gave up after")]);
    }
    assert_says(&outcomes, &[("elsewhere", "foreign-origin", "where no credentials of")]);
}

#[test]
fn no_link_and_no_redirect_brings_the_token_to_another_host() {
    let elsewhere = Hostile::elsewhere();
    let there = elsewhere.url().to_owned();
    let (ran, workshop, server) = run(&["link", "publish", "read", "round", "good"], IMPATIENT, &[], |sandbox| {
        Hostile::before(sandbox, move |asked| {
            let away = format!("Location: {there}/caught?x=1\r\n");
            match asked {
                _ if asked.publishes("link") => {
                    Some(json(202, &format!("{{\"publicationStatusLink\":\"{there}/status\"}}")))
                }
                _ if asked.publishes("publish") => Some(with_headers(308, &away, "")),
                _ if asked.line.starts_with("GET") && asked.line.contains("/read/") => {
                    Some(with_headers(302, &away, ""))
                }
                _ if asked.line.starts_with("GET") && asked.line.contains("/round/") => {
                    Some(with_headers(302, "Location: /exchange/api/v2/round/round\r\n", ""))
                }
                _ => None,
            }
        })
    });
    let ran = ran.exits(2);
    assert!(ran.stderr.contains("the status link leads to another server"), "{}", ran.stderr);
    assert_eq!(workshop.item("good", "1.0.0").0, "done");
    let caught: Vec<Asked> = elsewhere.asked();
    assert!(caught.is_empty(), "{caught:?}");
    for (asset, class) in
        [("link", "foreign-origin"), ("publish", "refused"), ("read", "refused"), ("round", "refused")]
    {
        let (state, found, message) = workshop.item(asset, "1.0.0");
        assert_eq!((state.as_str(), found.as_str()), ("failed", class), "{asset}: {message}");
    }
    let turns = server.asked().iter().filter(|asked| asked.line.contains("/round/round")).count();
    assert!((1..100).contains(&turns), "{turns}");
    assert!(server.asked().iter().any(|asked| asked.authorization.is_some()), "the server itself is shown the token");
}

#[test]
fn a_publication_that_runs_for_ever_ends_at_its_deadline() {
    let running = || json(200, r#"{"status":"running","steps":[]}"#);
    let (ran, workshop, _server) = run(&["slow", "never"], "[publish]\ndeadline = \"2s\"\n", &[], |sandbox| {
        Hostile::before(sandbox, move |asked| match asked {
            _ if asked.publishes("never") => {
                Some(json(202, r#"{"publicationStatusLink":"/exchange/api/v2/never/status/1"}"#))
            }
            _ => asked.line.contains("/status/").then(running),
        })
    });
    ran.exits(2);
    // The sandbox has one of them, whatever the link says: that is found out by its coordinates.
    assert_eq!(workshop.item("slow", "1.0.0").0, "done");
    let (state, class, message) = workshop.item("never", "1.0.0");
    assert_eq!((state.as_str(), class.as_str()), ("failed", "deadline"), "{message}");
}

#[test]
fn a_server_that_asks_to_wait_for_ever_is_told_of_and_left() {
    let cases = [
        ("99999999999", true),
        ("Thu, 31 Dec 2099 23:59:59 GMT", true),
        ("Fri, 31 Dec 9999 23:59:59 GMT", false),
        ("1e308", true),
        ("-1", false),
        ("soon", false),
    ];
    at_once(cases, |(wait, obeyed)| {
        let header = format!("Retry-After: {wait}\r\n");
        let (ran, workshop, server) = run(&["good"], "", &["--max-duration", "2s"], |sandbox| {
            Hostile::before(sandbox, move |asked| {
                asked.publishes("good").then(|| with_headers(429, &header, "slow down"))
            })
        });
        let ran = ran.exits(3);
        let asked = server.asked().iter().filter(|asked| asked.publishes("good")).count();
        assert!(if obeyed { asked == 1 } else { (2..60).contains(&asked) }, "{wait}: asked {asked} times");
        assert!(ran.stderr.contains("waits: the server"), "{wait}: {}", ran.stderr);
        assert_eq!(workshop.item("good", "1.0.0").0, "waiting", "{wait}: the next run goes on");
    });
}

#[test]
fn a_list_that_never_ends_is_not_read_to_its_end() {
    let page = |asked: &Asked| {
        let is_list =
            asked.line.starts_with("GET ") && (asked.line.contains("limit=") || asked.line.contains("offset="));
        is_list.then(|| {
            let one = r#"{"groupId":"g","assetId":"a","version":"1.0.0","name":"n","type":"rest-api"}"#;
            json(200, &format!("[{}]", vec![one; 250].join(",")))
        })
    };
    let (ran, workshop, server) = run(&["good"], "", &[], |sandbox| Hostile::before(sandbox, page));
    assert!(server.asked().len() < 200, "{} requests", server.asked().len());
    assert!([Some(0), Some(2)].contains(&ran.code), "{}", ran.stderr);
    assert_eq!(workshop.item("good", "1.0.0").0, "done");
}

#[test]
fn a_token_that_is_none_ends_the_run_before_it_begins() {
    let cases = [
        (r#"{"access_token":"t","token_type":"mac"}"#.to_owned(), "a token of the kind `mac`"),
        (format!("{{\"access_token\":\"{}\"}}", "t".repeat(1 << 20)), "the reply is larger than"),
        (r#"{"access_token":"a\r\nX-Evil: 1"}"#.to_owned(), "characters that a header cannot carry"),
        (r#"{"token_type":"bearer"}"#.to_owned(), "holds no token"),
        ("[".repeat(200_000), "not the JSON expected"),
    ];
    at_once(cases, |(reply, words)| {
        let (ran, _workshop, server) = run(&["good"], "", &["--max-duration", "5s"], |sandbox| {
            Hostile::before(sandbox, move |asked| asked.line.ends_with("/token").then(|| json(200, &reply)))
        });
        let ran = ran.exits(1);
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        assert!(server.asked().iter().all(|asked| asked.authorization.is_none()));
    });
}

#[test]
fn a_token_of_an_absurd_life_is_used_like_any_other() {
    for life in ["1e18", "-5", "1e308", "0"] {
        let (ran, _workshop, _server) = run(&["good"], "", &[], |sandbox| {
            let token = sandbox.token().to_owned();
            Hostile::before(sandbox, move |asked| {
                let reply = format!("{{\"access_token\":\"{token}\",\"token_type\":\"Bearer\",\"expires_in\":{life}}}");
                asked.line.ends_with("/token").then(|| json(200, &reply))
            })
        });
        ran.exits(0);
    }
}
