//! Folders that mean harm: links and references that lead out of them, files that are none, files of any size and depth.

use std::os::unix::{fs::symlink, net::UnixListener};

use super::bounded;
use crate::support::{Asset, Ran, Sandbox, Workshop, specification};

/// What must never leave this machine.
const SECRET: &str = "the-secret-of-this-machine";

/// State and message of what a path became, or nothing.
fn fate(workshop: &Workshop, path: &str) -> Option<(String, String)> {
    let journal = rusqlite::Connection::open(workshop.path(".consign/test.db")).unwrap();
    let sql =
        "SELECT state, coalesce(message, '') FROM item WHERE path LIKE '%/assets/' || ?1 OR path = 'assets/' || ?1";
    journal.query_row(sql, [path], |row| Ok((row.get(0)?, row.get(1)?))).ok()
}

#[track_caller]
fn assert_told(workshop: &Workshop, expected: &[(&str, &str, &str)]) {
    for (path, state, words) in expected {
        let (found, message) = fate(workshop, path).unwrap_or_else(|| panic!("{path}: nothing is told"));
        assert!(found == *state && message.contains(words), "{path}: {found}: {message}");
    }
}

fn run(workshop: &Workshop) -> Ran {
    workshop.asset(&Asset::new("good", "1.0.0"));
    let ran = bounded(workshop.run(&[]));
    assert_eq!(workshop.item("good", "1.0.0").0, "done", "{}", ran.stderr);
    ran
}

fn refers(title: &str, target: &str) -> String {
    specification(title, "1.0.0", "x").replace("paths: {}", &format!("paths:\n  /a:\n    $ref: {target}"))
}

fn project(main: &str, id: &str, classifier: &str) -> String {
    format!(
        "{{\"main\":\"{main}\",\"classifier\":\"{classifier}\",\"assetId\":\"{id}\",\"version\":\"1.0.0\",\"name\":\"{id}\"}}"
    )
}

#[test]
fn nothing_outside_the_source_is_carried_away() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.write("secret.yaml", format!("description: {SECRET}\n"));
    workshop.write("secret.png", format!("\u{89}PNG {SECRET}"));
    workshop.write("secrets/home.md", SECRET);
    workshop.write("elsewhere/pom.xml", format!("<project><artifactId>p</artifactId><name>{SECRET}</name></project>"));
    let secret = workshop.path("secret.yaml");
    workshop.write("assets/url.yaml", refers("url", &format!("file://{secret}")));
    workshop.write("assets/absolute.yaml", refers("absolute", secret.as_str()));
    workshop.write("assets/above.yaml", refers("above", "../secret.yaml"));
    workshop.write("assets/far.yaml", refers("far", "../../../../../../../../etc/passwd"));
    workshop.write("assets/encoded.yaml", refers("encoded", "..%2fsecret.yaml"));
    workshop.write(
        "assets/include.raml",
        "#%RAML 1.0\ntitle: include\nversion: 1.0.0\ndescription: !include ../secret.yaml\n",
    );
    workshop.write("assets/linked.yaml", refers("linked", "link.yaml"));
    workshop.write("assets/through.yaml", refers("through", "folder/home.md"));
    symlink(&secret, workshop.path("assets/link.yaml")).unwrap();
    symlink(workshop.path("secrets"), workshop.path("assets/folder")).unwrap();
    symlink("circle.yaml", workshop.path("assets/circle.yaml")).unwrap();
    let files = [
        ("main", "../../secret.yaml", "custom"),
        ("root", secret.as_str(), "custom"),
        ("link", "m.json", "custom"),
        ("docs", "api.yaml", "oas"),
        ("image", "api.yaml", "oas"),
    ];
    for (id, main, classifier) in files {
        workshop.write(&format!("assets/{id}/exchange.json"), project(main, id, classifier));
        if classifier == "oas" {
            workshop.write(&format!("assets/{id}/api.yaml"), specification(id, "1.0.0", "x"));
        }
    }
    symlink(&secret, workshop.path("assets/link/m.json")).unwrap();
    symlink(&secret, workshop.path("assets/docs/more.yaml")).unwrap();
    symlink(workshop.path("secret.png"), workshop.path("assets/docs/icon.png")).unwrap();
    symlink(workshop.path("secrets"), workshop.path("assets/docs/exchange-docs")).unwrap();
    workshop.write("assets/image/exchange-docs/home.md", "![x](../../../secret.png)\n");
    workshop.write("assets/pom/pom.xml", format!(
        "<project><parent><artifactId>p</artifactId><relativePath>{}</relativePath></parent><artifactId>pom</artifactId>\
         <groupId>g</groupId><version>1.0.0</version><packaging>custom</packaging><name>${{project.parent.name}}</name>\
         <build><plugins><plugin><artifactId>exchange-mule-maven-plugin</artifactId></plugin></plugins></build></project>",
        workshop.path("elsewhere/pom.xml")
    ));
    run(&workshop).exits(2);
    assert_told(
        &workshop,
        &[
            ("url.yaml", "failed", "leads out of the source"),
            ("absolute.yaml", "failed", "leads"),
            ("above.yaml", "failed", "leads out of"),
            ("far.yaml", "failed", "leads out of"),
            ("encoded.yaml", "failed", "leads out of"),
            ("include.raml", "failed", "leads out of"),
            ("linked.yaml", "failed", "leads out of the source"),
            ("through.yaml", "failed", "leads out of the source"),
            ("link.yaml", "skipped", "the link leads out of the directory"),
            ("folder", "skipped", "the link leads out of the directory"),
            ("circle.yaml", "skipped", "the link leads nowhere or in circles"),
            ("main/exchange.json", "failed", "is not there"),
            ("root/exchange.json", "failed", "is not there"),
            ("link/exchange.json", "failed", "is not there"),
            ("docs/exchange.json", "done", ""),
            ("docs/exchange-docs", "skipped", "the link leads out of the directory"),
            ("image/exchange-docs/home.md", "failed", "leads out of the source"),
        ],
    );
    let (packed, pages) = (
        sandbox.archive("docs", "1.0.0", "oas"),
        sandbox.send("GET", &format!("/exchange/api/v2/assets/{}/docs/1.0.0/portal/pages", sandbox.organization())),
    );
    assert!(packed.keys().all(|name| ["api.yaml", "exchange.json"].contains(&name.as_str())), "{packed:?}");
    let stored = fs_err::read(workshop.path(".consign/test.db")).unwrap();
    let holds = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    assert!(!holds(&stored) && !holds(pages.body.as_bytes()));
    let about = sandbox.asset("pom", "1.0.0").expect("is there").to_string();
    assert!(!holds(about.as_bytes()), "{about}");
}

#[test]
fn what_is_no_file_is_never_opened() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    for name in [
        "pipe.yaml",
        "project/exchange.json",
        "maven/pom.xml",
        "zip.zip",
        "docs/exchange-docs/home.md",
        "docs/icon.png",
    ] {
        let path = workshop.path(&format!("assets/{name}"));
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        let made = std::process::Command::new("mkfifo").arg(path.as_std_path()).status();
        assert!(made.expect("mkfifo is there").success());
    }
    workshop.write("assets/docs/exchange.json", project("api.yaml", "docs", "oas"));
    workshop.write("assets/docs/api.yaml", specification("docs", "1.0.0", "x"));
    workshop.write("assets/refers.yaml", refers("refers", "pipe.yaml"));
    workshop.write("assets/device.yaml", refers("device", "/dev/zero"));
    workshop.write("assets/folder.yaml/exchange.json/x", "a folder called so");
    // The address of a socket is short, the folder of a test may not be.
    let socket = UnixListener::bind(workshop.path("assets/s.yaml")).ok();
    run(&workshop).exits(2);
    let told = "a device, a socket or a FIFO";
    assert_told(
        &workshop,
        &[
            ("pipe.yaml", "skipped", told),
            ("project/exchange.json", "skipped", told),
            ("maven/pom.xml", "skipped", told),
            ("zip.zip", "skipped", told),
            ("docs/exchange-docs/home.md", "skipped", told),
            ("docs/icon.png", "skipped", told),
            ("docs/exchange.json", "done", ""),
            ("refers.yaml", "failed", ""),
            ("device.yaml", "failed", ""),
        ],
    );
    if socket.is_some() {
        assert_told(&workshop, &[("s.yaml", "skipped", told)]);
    }
}

#[test]
fn what_is_too_deep_or_too_large_is_told_and_nothing_else_suffers() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    let many = |piece: &str| piece.repeat(100_000);
    let head = |title: &str| specification(title, "1.0.0", "x");
    let bomb: Vec<String> =
        (1..12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(","))).collect();
    let entities: Vec<String> =
        (1..12).map(|n| format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10))).collect();
    let (bomb, entities) = (bomb.concat(), entities.concat());
    let pom = |prolog: &str, body: &str| {
        format!(
            "{prolog}<project><groupId>g</groupId><artifactId>p</artifactId><version>1.0.0</version>\
                 <packaging>mule-application</packaging>{body}</project>"
        )
    };
    let doctype = format!("<!DOCTYPE p [<!ENTITY e0 \"lol\">{entities}<!ENTITY x SYSTEM \"file:///etc/passwd\">]>");
    workshop.write("assets/flow.yaml", format!("{}x-a: {}{}\n", head("flow"), many("["), many("]")));
    workshop.write("assets/map.yaml", format!("{}x-a: {}1{}\n", head("map"), many("{a: "), many("}")));
    workshop.write("assets/dashes.yaml", format!("{}x-a:\n{}1\n", head("dashes"), many("- ")));
    workshop.write("assets/bomb.yaml", format!("{}a0: &a0 [x]\n{bomb}", head("bomb")));
    workshop.write("assets/bomb.raml", format!("#%RAML 1.0\ntitle: bomb-raml\nversion: 1.0.0\na0: &a0 [x]\n{bomb}"));
    workshop.write("assets/deep.json", format!("{{\"openapi\":\"3.0.3\",\"x\":{}", many("[")));
    workshop.write(
        "assets/project/exchange.json",
        format!("{{\"main\":\"a.yaml\",\"classifier\":\"oas\",\"x\":{}", many("[")),
    );
    workshop.write("assets/lol/pom.xml", pom(&doctype, "<name>&e11;</name><description>&x;</description>"));
    workshop.write("assets/deep/pom.xml", pom("", &format!("{}{}", many("<a>"), many("</a>"))));
    workshop
        .write("assets/deep.wsdl", format!("<definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\">{}", many("<a>")));
    workshop.write("assets/deep.proto", format!("syntax = \"proto3\";\n{}", many("message A { ")));
    workshop.write("assets/deep.graphql", format!("type Query {{ a: {}String{} }}\n", many("["), many("]")));
    // Files of a terabyte that take no room: their length is all there is of them.
    for (name, start) in [
        ("large.yaml", "openapi: 3.0.3\n"),
        ("large/pom.xml", "<project>"),
        ("large/exchange.json", "{\"main\":\"a.yaml\""),
        ("large.zip", "PK\u{3}\u{4}"),
        ("data.json", "[1,"),
    ] {
        workshop.write(&format!("assets/{name}"), start);
        let file = fs_err::OpenOptions::new().write(true).open(workshop.path(&format!("assets/{name}"))).unwrap();
        file.set_len(1 << 40).unwrap();
    }
    run(&workshop).exits(2);
    let deep = "recursion limit exceeded";
    assert_told(
        &workshop,
        &[
            ("flow.yaml", "failed", deep),
            ("map.yaml", "failed", deep),
            ("dashes.yaml", "failed", deep),
            ("deep.json", "failed", deep),
            ("project/exchange.json", "failed", deep),
            ("lol/pom.xml", "skipped", "has not been built"),
            ("deep/pom.xml", "failed", "too many nested elements"),
            ("large.yaml", "failed", "larger than 64 MB"),
            ("large/pom.xml", "failed", "file too large"),
            ("large/exchange.json", "failed", "file too large"),
            ("large.zip", "failed", "the archive is damaged"),
        ],
    );
    assert_eq!(fate(&workshop, "data.json"), None, "data is nobody's business");
}
