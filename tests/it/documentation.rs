//! Documentation comes from wherever a source keeps it, and reads back as it was written: pages, their order, terms, and
//! images whose links lead to them (EXCHANGE.md §2.7, §5.1).

use std::io::Write;

use serde_json::Value;

use crate::support::{Sandbox, Workshop, specification};

/// The documentation of every test below: the same pages, wherever they lie.
const PAGES: &[(&str, &str)] = &[
    ("home.md", "# Welcome\n\n![logo](resources/logo.png) then [go on](Getting%20Started.md)\n"),
    ("Getting Started.md", "Look: ![again](resources/logo.png)\n"),
    ("Annex.md", "No more.\n"),
    ("terms.md", "Be kind.\n"),
    ("config.json", "{\"pageOrder\": [\"home\", \"Getting Started\", \"Annex\"]}"),
];
const LOGO: &str = "not quite a picture";

fn write_pages(workshop: &Workshop, folder: &str) {
    for (name, text) in PAGES {
        workshop.write(&format!("{folder}/{name}"), text);
    }
    workshop.write(&format!("{folder}/resources/logo.png"), LOGO);
}

/// The same pages in a ready archive, with links as Exchange wants them.
fn ready() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut add = |name: &str, text: &str| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    for (name, text) in PAGES {
        add(name, &text.replace("Started.md", "Started"));
    }
    add("resources/logo.png", LOGO);
    zip.finish().unwrap().into_inner()
}

/// What the sandbox holds of the documentation of `orders/1.0.0`.
struct Portal<'a> {
    sandbox: &'a Sandbox,
}

impl Portal<'_> {
    fn get(&self, path: &str) -> String {
        let group = self.sandbox.organization();
        let answer = self.sandbox.send("GET", &format!("/exchange/api/v2/assets/{group}/orders/{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// Name and text of every page, in their order.
    fn pages(&self) -> Vec<(String, String)> {
        let pages: Value = serde_json::from_str(&self.get("1.0.0/portal/pages")).unwrap();
        let pages = pages.as_array().expect("a list").iter();
        let text = |page: &Value| {
            let path = page["path"].as_str().expect("a path").replace(' ', "%20");
            self.get(&format!("1.0.0/portal/pages/{path}"))
        };
        pages.map(|page| (page["name"].as_str().expect("a name").to_owned(), text(page))).collect()
    }

    /// Asserts that everything is there, and that nothing of it is wrong.
    fn holds_everything(&self) {
        let pages = self.pages();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["home", "Getting Started", "Annex"]);
        assert_eq!(pages[0].1, "# Welcome\n\n![logo](resources/logo.png) then [go on](Getting%20Started)\n");
        assert_eq!(pages[1].1, "Look: ![again](resources/logo.png)\n");
        assert_eq!(self.get("1.0.0/portal/resources/logo.png"), LOGO);
    }

    fn terms(&self) -> String {
        let terms: Value = serde_json::from_str(&self.get("versionGroups/v1/terms")).unwrap();
        terms[0]["underlyingTerms"][0]["termsText"].as_str().expect("terms").to_owned()
    }
}

/// Publishes `assets/` and looks at what came of it; a second run sends nothing.
fn publish(sandbox: &Sandbox, workshop: &Workshop) {
    let ran = workshop.run(&[]);
    assert_eq!(ran.code, Some(0), "{:#?}\n{}", workshop.failed(), ran.stderr);
    assert_eq!(workshop.run(&[]).exits(0).summary()["published"], 0);
    assert_eq!(sandbox.versions(), ["orders/1.0.0"]);
}

fn source(workshop: &Workshop, line: &str) {
    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    workshop.write("job.toml", job.replace("directory = \"assets\"", line));
}

#[test]
fn documentation_beside_a_project_or_a_specification_is_published() {
    for project in [true, false] {
        let sandbox = Sandbox::start(&[]);
        let workshop = Workshop::for_sandbox(&sandbox);
        workshop.write("assets/orders/orders.yaml", specification("Orders", "1.0.0", "Hello"));
        if project {
            let json = r#"{"main":"orders.yaml","classifier":"oas","assetId":"orders","version":"1.0.0"}"#;
            workshop.write("assets/orders/exchange.json", json);
        }
        write_pages(&workshop, "assets/orders/exchange-docs");
        publish(&sandbox, &workshop);
        let portal = Portal { sandbox: &sandbox };
        portal.holds_everything();
        assert_eq!(portal.terms(), "<p>Be kind.</p>\n");
    }
}

#[test]
fn a_manifest_names_a_folder_or_a_ready_archive() {
    for docs in ["pages", "docs.zip"] {
        let sandbox = Sandbox::start(&[]);
        let workshop = Workshop::for_sandbox(&sandbox);
        source(&workshop, "manifest = \"list.csv\"");
        workshop.write("orders.yaml", specification("Orders", "1.0.0", "Hello"));
        workshop.write("list.csv", format!("path,docs\norders.yaml,{docs}\n"));
        write_pages(&workshop, "pages");
        workshop.write("docs.zip", ready());
        publish(&sandbox, &workshop);
        let portal = Portal { sandbox: &sandbox };
        portal.holds_everything();
        assert_eq!(portal.terms(), "<p>Be kind.</p>\n");
    }
}

#[test]
fn the_defaults_of_a_job_name_a_folder_that_is_not_packed_twice() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::with(&sandbox, "[defaults]\ndocs = \"docs\"\nicon = \"docs/resources/logo.png\"\n");
    workshop.write("assets/orders/orders.yaml", specification("Orders", "1.0.0", "Hello"));
    let json = r#"{"main":"orders.yaml","classifier":"oas","assetId":"orders","version":"1.0.0"}"#;
    workshop.write("assets/orders/exchange.json", json);
    write_pages(&workshop, "assets/orders/docs");
    publish(&sandbox, &workshop);
    Portal { sandbox: &sandbox }.holds_everything();
    let asset = sandbox.asset("orders", "1.0.0").expect("is there");
    assert!(asset["icon"].is_string(), "{asset:#}");
    let packed = sandbox.archive("orders", "1.0.0", "oas");
    assert!(packed.contains_key("orders.yaml") && !packed.keys().any(|name| name.starts_with("docs")), "{packed:?}");
}

#[test]
fn a_catalog_names_page_by_page() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    source(&workshop, "catalog = \"catalog.yaml\"");
    workshop.write("api/orders.yaml", specification("Orders", "1.0.0", "Hello"));
    write_pages(&workshop, "texts");
    workshop.write(
        "catalog.yaml",
        "#%Catalog Descriptor 1.0\nprojects:\n- main: api/orders.yaml\n  documentation:\n    Home: texts/home.md\n    \
         Getting Started: texts/Getting Started.md\n    Annex: texts/Annex.md\n",
    );
    publish(&sandbox, &workshop);
    Portal { sandbox: &sandbox }.holds_everything();
}
