//! Both official clients run on the sandbox as they are, where they are at hand (docs/sandbox.md tells how to install
//! them). Where they are not, these tests say so and pass.

use std::{
    io::{Cursor, Write},
    path::Path,
};

use camino::Utf8Path;
use serde_json::Value;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::support::{Consign, Ran, Sandbox, Workshop};

const ROOT: &str = "11111111-1111-4111-8111-111111111111";
const GROUP: &str = "22222222-2222-4222-8222-222222222222";

/// The folder that holds the clients in its `node_modules`.
const FOLDER: &str = "CONSIGN_OFFICIAL_CLIENTS";

/// How a client is started: the program, and its first arguments.
fn client(package: &str, program: &str) -> Option<(String, Vec<String>)> {
    if let Ok(folder) = std::env::var(FOLDER) {
        let script = Path::new(&folder).join("node_modules").join(package).join("bin/run");
        assert!(script.exists(), "{FOLDER} names {folder}, and there is no {}", script.display());
        return Some(("node".to_owned(), vec![script.display().to_string()]));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    is_there.then(|| (program.to_owned(), Vec::new()))
}

#[expect(clippy::print_stderr, reason = "a test that was skipped must not look like one that passed")]
fn skipped(program: &str) {
    eprintln!("skipped: {program} is not on PATH, and {FOLDER} does not name a folder that holds it");
}

/// A sandbox, a folder, and a client that knows both.
struct Stage {
    sandbox: Sandbox,
    workshop: Workshop,
    program: (String, Vec<String>),
}

impl Stage {
    fn set(program: (String, Vec<String>)) -> Self {
        let (root, group) = (format!("{ROOT}=One"), format!("{ROOT}/{GROUP}=Two"));
        let sandbox = Sandbox::start(&["--tls", "--organization", &root, "--organization", &group]);
        Self { sandbox, workshop: Workshop::empty(), program }
    }

    fn command(&self, args: &[&str]) -> Consign {
        let home = self.workshop.folder();
        let (program, first) = &self.program;
        let first: Vec<&str> = first.iter().map(String::as_str).collect();
        Consign::other(home, program)
            .args(&first)
            .args(args)
            .env("HOME", home.as_str())
            .env("XDG_CONFIG_HOME", home.join("config").as_str())
            .env("NODE_EXTRA_CA_CERTS", self.sandbox.ca())
            .env("ANYPOINT_CLIENT_ID", self.sandbox.client_id())
            .env("ANYPOINT_CLIENT_SECRET", self.sandbox.client_secret())
    }

    fn host(&self) -> &str {
        self.sandbox.url().strip_prefix("https://").expect("it speaks TLS")
    }

    /// A command of the general client about assets.
    fn asset(&self, args: &[&str]) -> Ran {
        self.command(&["exchange", "asset"]).args(args).env("ANYPOINT_HOST", self.host()).run()
    }

    /// Copies a file of the samples.
    fn sample(&self, from: &str, to: &str) {
        let samples = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/catalog");
        self.workshop.write(to, fs_err::read(samples.join(from)).expect("our own samples"));
    }

    /// Packs files of the samples.
    fn archive(&self, name: &str, files: &[(&str, &str)]) {
        let samples = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/catalog");
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (from, to) in files {
            writer.start_file(*to, SimpleFileOptions::default()).expect("starts");
            writer.write_all(&fs_err::read(samples.join(from)).expect("our own samples")).expect("writes");
        }
        self.workshop.write(name, writer.finish().expect("finishes").into_inner());
    }

    fn described(&self, asset: &str) -> Value {
        self.asset(&["describe", asset, "-o", "json"]).exits(0).json()
    }
}

#[test]
fn the_general_client_takes_assets_through_their_whole_life() {
    let Some(program) = client("anypoint-cli-v4", "anypoint-cli-v4") else { return skipped("anypoint-cli-v4") };
    let stage = Stage::set(program);
    stage.archive("oas.zip", &[("tickets-api/1.1.0/tickets.yaml", "tickets.yaml")]);
    stage.archive("custom.zip", &[("brand-guide/brand-guide.md", "brand-guide.md")]);
    stage.archive("docs.zip", &[("brand-guide/exchange-docs/home.md", "home.md")]);
    stage.sample("brand-guide/exchange-docs/resources/colours.png", "colours.png");
    stage.workshop.write("page.md", "# A page\n");
    let done = |ran: Ran| {
        let ran = ran.exits(0);
        assert!(ran.stdout.contains("Publishing completed") || ran.stderr.contains("Publishing completed"), "{ran:?}");
    };

    let oas =
        ["--properties", r#"{"mainFile":"tickets.yaml","apiVersion":"v1"}"#, "--files", r#"{"oas.zip":"oas.zip"}"#];
    done(stage.asset(&[&["upload", "--name", "Tickets", "--tags", "one,two"], &oas[..], &["tickets/1.0.0"]].concat()));
    // Without a file the client ends only when its connection does.
    let http =
        ["upload", "--name", "Plain", "--type", "http-api", "--properties", r#"{"apiVersion":"v1"}"#, "plain/1.0.0"];
    done(stage.asset(&http));
    let files = r#"{"custom.zip":"custom.zip","docs.zip":"docs.zip"}"#;
    done(stage.asset(&["upload", "--name", "Guide", "--type", "custom", "--files", files, "guide/1.0.0"]));
    stage.asset(&["upload", "--name", "Guide", "--type", "custom", "--files", files, "guide/1.0.0"]).exits(2);

    let listed = stage.asset(&["list", "--output", "json"]).exits(0).json();
    let mut ids: Vec<&str> = listed.as_array().expect("a list").iter().filter_map(|a| a["assetId"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["guide", "plain", "tickets"]);

    stage.asset(&["download", "guide/1.0.0", "down"]).exits(0);
    let sent = fs_err::read(stage.workshop.path("custom.zip")).expect("our own file");
    assert_eq!(fs_err::read(stage.workshop.path("down/guide-1.0.0-custom.zip")).expect("was downloaded"), sent);
    let (from, to) = (format!("{ROOT}/tickets/1.0.0"), format!("{GROUP}/tickets/1.0.0"));
    stage.asset(&["copy", &from, &to, "--targetOrganizationId", GROUP]).exits(0);
    assert_eq!(stage.described(&to)["groupId"], GROUP);

    stage.asset(&["modify", "--name", "New name", "tickets/1.0.0"]).exits(0);
    stage.asset(&["modify", "--tags", "three", "tickets/1.0.0"]).exits(0);
    stage.asset(&["page", "upload", "guide/1.0.0", "First page", "page.md"]).exits(0);
    stage.asset(&["page", "download", "guide/1.0.0", "pages"]).exits(0);
    assert_eq!(fs_err::read_to_string(stage.workshop.path("pages/First page.md")).expect("a page"), "# A page\n");
    stage.asset(&["page", "delete", "guide/1.0.0", "First page"]).exits(0);
    stage.asset(&["resource", "upload", "guide/1.0.0", "colours.png"]).exits(0);
    done(stage.asset(&["mutableDataUpload", "--tags", "four", "guide/1.0.0"]));
    stage.asset(&["deprecate", "tickets/1.0.0"]).exits(0);
    let tickets = stage.described("tickets/1.0.0");
    assert_eq!((&tickets["name"], &tickets["status"]), (&"New name".into(), &"deprecated".into()), "{tickets:#}");
    stage.asset(&["delete", "tickets/1.0.0"]).exits(0);
    stage.asset(&["describe", "tickets/1.0.0"]).exits(2);
}

#[test]
fn the_bulk_importer_catalogs_what_is_new_and_skips_what_is_not() {
    let Some(program) = client("api-catalog-cli", "api-catalog") else { return skipped("api-catalog") };
    let stage = Stage::set(program);
    stage.sample("tickets-api/1.1.0/tickets.yaml", "tickets/tickets.yaml");
    stage.sample("parking-api/parking.yaml", "parking/parking.yaml");
    stage.workshop.write("docs/home.md", "# Home\n");
    stage.workshop.write(
        "catalog.yaml",
        "#%Catalog Descriptor 1.0\n\
         contact:\n  name: Ann\n  email: ann@example.org\n\
         projects:\n\
         \x20 - main: tickets/tickets.yaml\n    assetId: tickets\n    version: 1.0.0\n    apiVersion: v1\n\
         \x20   tags: [transit]\n    documentation:\n      home: docs/home.md\n\
         \x20 - main: parking/parking.yaml\n    assetId: parking\n    version: 1.0.0\n    apiVersion: v1\n\
         \x20   versionStrategy: minorIncrease\n",
    );
    // It takes no host but the platform's own: the sandbox is the proxy that leads there.
    let proxy = format!("http://{}", stage.host());
    let publish = || {
        let command = stage.command(&["publish-asset", "--organization", ROOT, "--json"]).env("HTTPS_PROXY", &proxy);
        let ran = command.run().exits(0);
        let at = ran.stdout.find("\n{").map_or(0, |at| at + 1);
        let result: Value = serde_json::from_str(&ran.stdout[at..]).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        let projects = result["projects"].as_array().expect("a list").clone();
        let text = |project: &Value, key: &str| project[key].as_str().unwrap_or_default().to_owned();
        let told = |project: &Value| (text(project, "assetId"), text(project, "status"));
        projects.iter().map(told).collect::<Vec<_>>()
    };
    let all = |status: &str| ["tickets", "parking"].map(|asset| (asset.to_owned(), status.to_owned()));
    assert_eq!(publish(), all("SUCCESS"));
    assert_eq!(publish(), all("SKIPPED"));
    stage.workshop.write("docs/home.md", "# Another home\n");
    assert_eq!(publish().first(), Some(&("tickets".to_owned(), "SUCCESS".to_owned())));
}
