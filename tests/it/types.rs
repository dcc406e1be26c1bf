//! Every type of asset that Exchange knows is published, and reads back as what it is (EXCHANGE.md §2.1).

mod fixtures;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{ORGANIZATION, Sandbox, Workshop};
use fixtures::{
    APOLLO, ASYNCAPI, CARD, CLASSIC_POLICY, COMPONENTS, GRAPHQL, ICON, ITEM, LIBRARY, OAS, OAS_JSON, POLICY, PROTO,
    RAML, RAML_ALONE, RULESET, SCHEMA, WSDL, archive, mule_jar, pom,
};

/// An asset of a manifest: its id, the cells of its row, and the type and the files that it reads back as; files that the
/// row names are not repeated.
type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static [&'static str]);

/// One row for each type, and for each way to bring it.
const ROWS: &[Row] = &[
    ("raml-zip", &[("files.raml.zip", "raml"), ("properties.mainFile", "api.raml")], "rest-api", &[]),
    ("raml-single", &[("files.raml.raml", "alone.raml"), ("type", "rest-api")], "rest-api", &[]),
    ("raml-found", &[("path", "raml/api.raml")], "rest-api", &["raml.zip"]),
    ("oas-zip", &[("files.oas.zip", "oas.zip"), ("properties.mainFile", "api.yaml")], "rest-api", &[]),
    ("oas-json", &[("files.oas.json", "api.json")], "rest-api", &[]),
    ("oas-yaml", &[("files.oas.yaml", "api.yaml")], "rest-api", &[]),
    ("oas-ready", &[("path", "oas.zip")], "rest-api", &["oas.zip"]),
    ("soap-file", &[("files.wsdl.wsdl", "stock.wsdl")], "soap-api", &[]),
    ("soap-xml", &[("files.wsdl.xml", "stock.wsdl")], "soap-api", &[]),
    ("soap-zip", &[("path", "stock.wsdl")], "soap-api", &["wsdl.zip"]),
    ("soap-link", &[("type", "soap-api"), ("properties.assetLink", "https://a.example/?wsdl")], "soap-api", &[]),
    ("http", &[("type", "http-api")], "http-api", &[]),
    ("events-yaml", &[("files.evented-api.yaml", "events.yaml")], "evented-api", &[]),
    ("events-zip", &[("path", "events.yaml")], "evented-api", &["evented-api.zip"]),
    ("graphql", &[("files.graphql.graphql", "hello.graphql")], "graphql", &[]),
    ("apollo", &[("files.graphql-apollo.graphql", "users.graphql")], "graphql", &[]),
    ("proto", &[("files.protobuf.proto", "greet.proto")], "grpc-api", &[]),
    ("proto-zip", &[("files.protobuf.zip", "proto"), ("properties.mainFile", "greet.proto")], "grpc-api", &[]),
    ("fragment-zip", &[("path", "lib.raml")], "raml-fragment", &["raml-fragment.zip"]),
    ("fragment", &[("files.raml-fragment.raml", "lib.raml"), ("type", "raml-fragment")], "raml-fragment", &[]),
    ("components", &[("files.oas-components.yaml", "parts.yaml")], "raml-fragment", &[]),
    ("oas-fragment", &[("files.oas-fragment.yaml", "parts.yaml")], "raml-fragment", &[]),
    ("json-schema", &[("files.json-schema.json", "schema.json")], "raml-fragment", &[]),
    ("custom-file", &[("files.custom.pdf", "paper.pdf")], "custom", &[]),
    ("custom-found", &[("path", "paper.pdf"), ("type", "custom")], "custom", &["custom.pdf"]),
    ("custom-none", &[("type", "custom")], "custom", &[]),
    ("plugin", &[("files.mule-plugin.jar", "plugin.jar")], "extension", &[]),
    ("studio", &[("files.studio-plugin.zip", "studio.zip"), ("files.jar", "library.jar")], "connector", &[]),
    ("app", &[("files.mule-application.jar", "app.jar")], "app", &[]),
    ("template", &[("files.mule-application-template.jar", "template.jar")], "template", &[]),
    ("example", &[("files.mule-application-example.jar", "example.jar")], "example", &[]),
    (
        "policy",
        &[("files.mule-policy.jar", "policy.jar"), ("files.policy-definition.yaml", "classic.yaml")],
        "policy",
        &[],
    ),
    ("policy-definition", &[("path", "limit.yaml"), ("name", "Limit")], "policy", &["metadata.yaml", "schema.json"]),
    (
        "policy-parts",
        &[("files.schema.json", "schema.json"), ("files.metadata.yaml", "limit.yaml"), ("name", "Limit")],
        "policy",
        &[],
    ),
    ("ruleset", &[("files.ruleset.yaml", "rules.yaml")], "ruleset", &[]),
    ("ruleset-zip", &[("files.ruleset.zip", "rules"), ("properties.mainFile", "rules.yaml")], "ruleset", &[]),
    ("library", &[("files.external-library.jar", "library.jar")], "external-library", &[]),
    ("mcp", &[("type", "mcp")], "mcp", &[]),
    ("mcp-file", &[("files.mcp-metadata.json", "mcp.json")], "mcp", &[]),
    ("agent", &[("files.a2a-card.json", "card.json")], "agent", &[]),
    ("agent-both", &[("files.a2a-card.json", "card.json"), ("files.agent-metadata.json", "mcp.json")], "agent", &[]),
    ("llm", &[("files.llm-metadata.json", "llm.json")], "llm", &[]),
];

/// Writes the files that the rows name.
fn write_files(workshop: &Workshop) {
    let texts = [
        ("raml/api.raml", RAML),
        ("raml/item.raml", ITEM),
        ("alone.raml", RAML_ALONE),
        ("api.json", OAS_JSON),
        ("api.yaml", OAS),
        ("stock.wsdl", WSDL),
        ("events.yaml", ASYNCAPI),
        ("hello.graphql", GRAPHQL),
        ("users.graphql", APOLLO),
        ("greet.proto", PROTO),
        ("proto/greet.proto", PROTO),
        ("lib.raml", LIBRARY),
        ("parts.yaml", COMPONENTS),
        ("schema.json", SCHEMA),
        ("paper.pdf", "%PDF-1.4"),
        ("limit.yaml", POLICY),
        ("classic.yaml", CLASSIC_POLICY),
        ("rules.yaml", RULESET),
        ("rules/rules.yaml", RULESET),
        ("mcp.json", "{\"platform\":\"other\"}"),
        ("llm.json", "{\"platform\":\"openai\"}"),
        ("card.json", CARD),
        ("icon.svg", ICON),
    ];
    for (name, text) in texts {
        workshop.write(name, text);
    }
    workshop.write("oas.zip", archive(&[("api.yaml", OAS)]));
    workshop.write("studio.zip", archive(&[("features/feature.xml", "<feature/>")]));
    workshop.write("library.jar", archive(&[("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")]));
    for (name, classifier) in [
        ("plugin", "mule-plugin"),
        ("app", "mule-application"),
        ("template", "mule-application-template"),
        ("example", "mule-application-example"),
        ("policy", "mule-policy"),
    ] {
        workshop.write(&format!("{name}.jar"), mule_jar(name, classifier));
    }
}

/// A workshop whose job reads `list.csv`.
fn with_manifest(sandbox: &Sandbox) -> Workshop {
    let workshop = Workshop::for_sandbox(sandbox);
    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    workshop.write("job.toml", job.replace("directory = \"assets\"", "manifest = \"list.csv\""));
    write_files(&workshop);
    workshop
}

/// Writes `list.csv` with these rows.
fn write_manifest(workshop: &Workshop, rows: &[BTreeMap<String, String>]) {
    let columns: Vec<&String> =
        rows.iter().flat_map(BTreeMap::keys).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let mut csv = csv::Writer::from_path(workshop.path("list.csv")).unwrap();
    csv.write_record(&columns).unwrap();
    for row in rows {
        csv.write_record(columns.iter().map(|column| row.get(*column).map_or("", String::as_str))).unwrap();
    }
    csv.flush().unwrap();
}

fn row(cells: &[(&str, &str)]) -> BTreeMap<String, String> {
    cells.iter().map(|(column, text)| ((*column).to_owned(), (*text).to_owned())).collect()
}

/// The files of an asset that nobody but its publisher has made, as `classifier.packaging`.
fn files(asset: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut files: Vec<String> = asset["files"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|file| file["isGenerated"] != true)
        .map(|file| format!("{}.{}", text(&file["classifier"]), text(&file["packaging"])))
        .filter(|name| !["fat-", "light-", "original-"].iter().any(|made| name.starts_with(made)))
        .collect();
    files.sort();
    files
}

fn attribute<'a>(asset: &'a Value, key: &str) -> Option<&'a str> {
    let attributes = asset["attributes"].as_array().expect("a list");
    attributes.iter().find(|attribute| attribute["key"] == key)?["value"].as_str()
}

/// The files that a row is to read back with.
fn expected((_, cells, _, found): &Row) -> Vec<String> {
    let named = cells.iter().filter_map(|(column, _)| column.strip_prefix("files."));
    // A file without a classifier reads back with an empty one.
    let named = named.map(|key| if key.contains('.') { key.to_owned() } else { format!(".{key}") });
    let mut files: Vec<String> = named.chain(found.iter().map(|&file| file.to_owned())).collect();
    files.push("icon.svg".to_owned());
    files.sort();
    files
}

/// What every published asset must read back as.
fn assert_reads_back(sandbox: &Sandbox, row: &Row, with_pom: bool) {
    let (id, cells, asset_type, _) = row;
    let asset = sandbox.asset(id, "1.0.0").unwrap_or_else(|| panic!("{id} is not there: {:?}", sandbox.versions()));
    assert_eq!(asset["type"], *asset_type, "{id}");
    let mut expected = expected(row);
    if with_pom {
        expected.insert(0, ".pom".to_owned());
        expected.sort();
    }
    assert_eq!(files(&asset), expected, "{id}");
    assert!(asset["icon"].as_str().is_some_and(|link| link.contains("icon.svg")), "{id}: {}", asset["icon"]);
    assert_eq!(attribute(&asset, "keywords"), Some("shop,demo"), "{id}");
    let is_api = matches!(*asset_type, "rest-api" | "soap-api" | "http-api" | "evented-api" | "grpc-api");
    assert_eq!(attribute(&asset, "api-version"), is_api.then_some("v1"), "{id}");
    let platform = match *id {
        "llm" => Some("openai"),
        "mcp-file" | "agent-both" => Some("other"),
        _ => None,
    };
    assert_eq!(attribute(&asset, "platform"), platform, "{id}");
    let name =
        cells.iter().find(|(column, _)| *column == "name").map_or(format!("The {id}"), |(_, name)| (*name).to_owned());
    assert_eq!(asset["name"], name, "{id}");
    assert_eq!(asset["labels"], serde_json::json!(["a"]), "{id}");
}

#[test]
fn every_type_is_published_by_form() {
    let sandbox = Sandbox::start(&[]);
    let workshop = with_manifest(&sandbox);
    let common = [("version", "1.0.0"), ("icon", "icon.svg"), ("keywords", "shop, demo"), ("tags", "a")];
    let rows: Vec<_> = ROWS
        .iter()
        .map(|(id, cells, _, _)| {
            let mut cells = row(&[&common[..], cells, &[("assetId", id)]].concat());
            cells.entry("name".to_owned()).or_insert(format!("The {id}"));
            cells
        })
        .collect();
    write_manifest(&workshop, &rows);
    let ran = workshop.run(&[]);
    assert_eq!(ran.code, Some(0), "{:#?}\n{}", workshop.failed(), ran.stderr);
    for row in ROWS {
        assert_reads_back(&sandbox, row, false);
    }
    assert_eq!(workshop.run(&[]).exits(0).summary()["published"], 0);
}

#[test]
fn every_type_is_published_by_pom() {
    let sandbox = Sandbox::start(&[]);
    let workshop = with_manifest(&sandbox);
    let mut rows = Vec::new();
    for (id, cells, asset_type, _) in ROWS {
        let mut cells = row(&[cells, &[("icon", "icon.svg")][..]].concat());
        cells.entry("type".to_owned()).or_insert_with(|| (*asset_type).to_owned());
        let name = cells.remove("name").unwrap_or(format!("The {id}"));
        let mut properties = "<keywords>shop, demo</keywords><tags>a</tags>".to_owned();
        for key in ["mainFile", "apiVersion", "assetLink"] {
            if let Some(text) = cells.remove(&format!("properties.{key}")) {
                properties.push_str(&format!("<{key}>{text}</{key}>"));
            }
        }
        let more = format!("<name>{name}</name><properties>{properties}</properties>");
        workshop.write(&format!("poms/{id}.xml"), pom(ORGANIZATION, id, &more));
        cells.insert("files.pom".to_owned(), format!("poms/{id}.xml"));
        rows.push(cells);
    }
    write_manifest(&workshop, &rows);
    // Whatever the job says for all, a POM that says it is not contradicted.
    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    workshop.write("job.toml", format!("{job}\n[defaults]\ntags = [\"imported\"]\nkeywords = \"imported\"\n"));
    let ran = workshop.run(&[]);
    assert_eq!(ran.code, Some(0), "{:#?}\n{}", workshop.failed(), ran.stderr);
    for row in ROWS {
        assert_reads_back(&sandbox, row, true);
    }
    assert_eq!(workshop.run(&[]).exits(0).summary()["published"], 0);
}

/// Folders, the type that they read back as, and the files. Their names are the ids of the assets.
type Held = (&'static str, &'static str, &'static [&'static str]);

const HELD: &[Held] = &[
    ("helper", "agent", &["a2a-card.json", "icon.svg"]),
    ("app", "app", &["icon.svg", "mule-application.jar"]),
    ("components", "raml-fragment", &["icon.svg", "oas-components.zip"]),
    ("custom", "custom", &["custom.pdf", "icon.svg"]),
    ("custom-pom", "custom", &[".pom", "icon.svg"]),
    ("events", "evented-api", &["evented-api.zip", "icon.svg"]),
    ("example", "example", &["icon.svg", "mule-application-example.jar"]),
    ("foreign-pom", "custom", &["custom.pom", "icon.svg"]),
    ("graphql", "graphql", &["graphql.graphql", "icon.svg"]),
    ("http", "http-api", &["icon.svg"]),
    ("json-schema", "raml-fragment", &["icon.svg", "json-schema.zip"]),
    ("library", "raml-fragment", &["icon.svg", "raml-fragment.zip"]),
    ("mcp", "mcp", &["icon.svg", "mcp-metadata.json"]),
    ("orders", "rest-api", &["icon.svg", "oas.zip"]),
    ("plugin", "extension", &["icon.svg", "mule-plugin.jar"]),
    ("policy", "policy", &["icon.svg", "mule-policy.jar", "policy-definition.yaml"]),
    ("jar", "external-library", &["external-library.jar", "icon.svg"]),
    ("model", "llm", &["icon.svg", "llm-metadata.json"]),
    ("limit", "policy", &["icon.svg", "metadata.yaml", "schema.json"]),
    ("a.greeter", "grpc-api", &["icon.svg", "protobuf.proto"]),
    ("raml", "rest-api", &["icon.svg", "raml.zip"]),
    ("naming", "ruleset", &["icon.svg", "ruleset.yaml"]),
    ("stock", "soap-api", &["icon.svg", "wsdl.zip"]),
    ("template", "template", &["icon.svg", "mule-application-template.jar"]),
];

/// Writes `assets/` with a folder for each type that a folder can hold.
fn write_folders(workshop: &Workshop) {
    let project = |id: &str, classifier: &str, main: &str| {
        let main = if main.is_empty() { String::new() } else { format!(r#""main":"{main}","#) };
        let text =
            format!(r#"{{{main}"classifier":"{classifier}","name":"The {id}","assetId":"{id}","version":"1.0.0"}}"#);
        workshop.write(&format!("assets/{id}/exchange.json"), text);
    };
    for (id, classifier, main, text) in [
        ("components", "oas-components", "parts.yaml", COMPONENTS),
        ("custom", "custom", "paper.pdf", "%PDF-1.4"),
        ("json-schema", "json-schema", "schema.json", SCHEMA),
        ("mcp", "mcp-metadata", "mcp.json", "{\"platform\":\"other\"}"),
        ("model", "llm-metadata", "llm.json", "{\"platform\":\"openai\"}"),
        ("raml", "raml", "api.raml", RAML),
    ] {
        project(id, classifier, main);
        workshop.write(&format!("assets/{id}/{main}"), text);
    }
    project("http", "http-api", "");
    project("jar", "external-library", "library.jar");
    workshop.write("assets/jar/library.jar", archive(&[("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")]));
    workshop.write("assets/orders/orders.zip", archive(&[("notes.txt", "Nothing to publish.")]));
    for (name, text) in [
        ("helper/agent-card.json", CARD),
        ("events/events.yaml", ASYNCAPI),
        ("graphql/graphql.graphql", GRAPHQL),
        ("library/library.raml", LIBRARY),
        ("limit/limit.yaml", POLICY),
        ("limit/schema.json", SCHEMA),
        ("orders/api.yaml", OAS),
        ("policy/policy.yaml", CLASSIC_POLICY),
        ("a.greeter/greeter.proto", PROTO),
        ("raml/item.raml", ITEM),
        ("naming/rules.yaml", RULESET),
        ("stock/stock.wsdl", WSDL),
    ] {
        workshop.write(&format!("assets/{name}"), text);
    }
    for (id, group) in [("custom-pom", ORGANIZATION), ("foreign-pom", "g")] {
        let more =
            format!("<packaging>pom</packaging><name>The {id}</name><properties><type>custom</type></properties>");
        workshop.write(&format!("assets/{id}/pom.xml"), pom(group, id, &more));
    }
    workshop.write("assets/app/pom.xml", pom("g", "app", "<packaging>mule-application</packaging>"));
    workshop.write("assets/app/target/app-1.0.0-mule-application.jar", mule_jar("app", "mule-application"));
    for (id, classifier) in [
        ("example", "mule-application-example"),
        ("plugin", "mule-plugin"),
        ("policy", "mule-policy"),
        ("template", "mule-application-template"),
    ] {
        workshop.write(&format!("assets/{id}/{id}-1.0.0-{classifier}.jar"), mule_jar(id, classifier));
    }
    for (id, _, files) in HELD {
        if files.contains(&"icon.svg") {
            workshop.write(&format!("assets/{id}/icon.svg"), ICON);
        }
    }
}

#[test]
fn every_type_that_a_folder_can_hold_is_published_from_it() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    write_folders(&workshop);
    let ran = workshop.run(&[]);
    assert_eq!(ran.code, Some(0), "{:#?}\n{}", workshop.failed(), ran.stderr);
    for (id, asset_type, expected) in HELD {
        let asset = sandbox.asset(id, "1.0.0").unwrap_or_else(|| panic!("{id} is not there: {:?}", sandbox.versions()));
        assert_eq!(
            (&asset["type"], files(&asset)),
            (&Value::from(*asset_type), expected.iter().map(|&file| file.to_owned()).collect()),
            "{id}"
        );
        assert_eq!(asset["icon"].is_string(), expected.contains(&"icon.svg"), "{id}");
    }
    assert_eq!(sandbox.versions().len(), HELD.len());
    assert_eq!(workshop.run(&[]).exits(0).summary()["published"], 0);
}

#[test]
fn a_group_of_apis_is_refused_while_scanning() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.write(
        "assets/all/exchange.json",
        r#"{"classifier":"api-group","name":"All","assetId":"all","version":"1.0.0"}"#,
    );
    workshop.run(&[]).exits(2);
    let failed = workshop.failed();
    let message = failed[0]["message"].as_str().expect("a message");
    assert!(failed.len() == 1 && message.contains("API Manager"), "{failed:#?}");
    let publications = &sandbox.stats()["publications"];
    assert_eq!((&publications["accepted"], &publications["refused"]), (&0.into(), &0.into()), "{publications}");
}
