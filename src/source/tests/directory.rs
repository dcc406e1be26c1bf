use super::*;
use crate::asset::{AssetType, Origin, Problem, Verdict};

const OAS: &str = "openapi: 3.0.0\ninfo:\n  title: Orders API\n  version: '1.2'\n  description: |\n    Takes\n    orders.\n\n    More.\npaths:\n  /a: {}\n";

#[test]
fn a_specification_gives_coordinates_and_says_where_from() {
    let scanned = folder(&[("a/orders.yaml", OAS)]).scan();
    let draft = scanned.only();
    assert_eq!(draft.coordinates.to_string(), format!("{GROUP}/orders-api/1.2.0"));
    assert_eq!((draft.name.as_str(), draft.description.as_deref()), ("Orders API", Some("Takes orders.")));
    assert_eq!((draft.asset_type.as_str(), keys(draft)), ("rest-api", vec!["files.oas.zip".to_owned()]));
    assert_eq!((draft.properties["mainFile"].as_str(), draft.properties["apiVersion"].as_str()), ("orders.yaml", "v1"));
    assert!(matches!(&draft.origins["version"], Origin::Specification(Some(rule)) if rule.contains("`1.2`")));
    assert_eq!(draft.origins["name"], Origin::Specification(None));
    assert!(matches!(&draft.origins["groupId"], Origin::Derived(_)));
}

#[test]
fn a_multi_file_specification_is_one_asset_with_all_it_refers_to() {
    let main = "openapi: 3.0.0\ninfo: {title: T, version: 1.0.0}\npaths:\n  /a:\n    $ref: paths/a%20b.yaml#/x\n  /b:\n    \
                get:\n      responses:\n        '200':\n          content:\n            a/b:\n              example: {$ref: not/there.json}\n";
    let part = "x:\n  get:\n    parameters:\n      - $ref: '../common.yaml#/components/parameters/p'\n";
    let common = "openapi: 3.0.0\ninfo: {title: C, version: 1.0.0}\npaths: {}\ncomponents: {parameters: {p: {$ref: 'main.yaml#/paths'}}}\n";
    let scanned =
        folder(&[("main.yaml", main), ("paths/a b.yaml", part), ("common.yaml", common), ("other.yaml", "a: 1")])
            .scan();
    assert_eq!(members(scanned.only()), ["common.yaml", "main.yaml", "paths/a b.yaml"]);
}

#[test]
fn twins_are_both_yielded_in_the_order_of_their_paths() {
    let json = r#"{"swagger":"2.0","info":{"title":"Orders API","version":"1.2.0"},"paths":{"/a":{}}}"#;
    let scanned = folder(&[("b.yaml", OAS), ("b.json", json), ("a.json", json)]).scan();
    let paths: Vec<&str> = scanned.drafts.iter().map(|draft| name(&draft.path)).collect();
    assert_eq!(paths, ["a.json", "b.json", "b.yaml"]);
    assert_eq!(scanned.ids(), ["orders-api"; 3]);
}

#[test]
fn a_dangling_reference_is_told_with_its_place_and_the_others_go_on() {
    let json = "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"J\",\"version\":\"1.0.0\"},\n\"paths\":{\"/a\":{\"$ref\":\"gone.json#/a\"}}}";
    let raml = "#%RAML 1.0\ntitle: R\ntypes:\n  A: !include gone.raml\n";
    let scanned = folder(&[("a.json", json), ("b.raml", raml), ("c.yaml", OAS)]).scan();
    assert_eq!(scanned.ids(), ["orders-api"]);
    let places: Vec<_> = scanned.diagnoses.iter().map(|d| (name(&d.path), d.problem, d.line, d.column)).collect();
    assert_eq!(places[0], ("a.json", Problem::Reference, Some(2), Some(23)));
    assert_eq!(places[1], ("b.raml", Problem::Reference, Some(4), Some(15)));
    assert!(scanned.diagnoses[0].message.contains("`gone.json#/a`"), "{}", scanned.diagnoses[0].message);
}

#[test]
fn references_out_of_the_source_are_refused() {
    let climbing = "asyncapi: 2.0.0\ninfo: {title: A, version: 1.0.0}\nchannels: {a: {$ref: ../../common/c.yaml}}\n";
    let tree = folder(&[("all/api/a.yaml", climbing), ("common/c.yaml", "x: 1")]);
    let inner = collect(&Source::Directory(tree.root.join("all")), &options());
    assert!(inner.refused().message.contains("out of the folder of the main file"));
    let absolute = "openapi: 3.0.0\ninfo: {title: A, version: 1.0.0}\npaths: {/a: {$ref: 'file:///etc/passwd'}}\n";
    assert!(folder(&[("a.yaml", absolute)]).scan().refused().message.contains("out of the source"));
}

#[test]
fn a_specification_that_refers_to_files_above_its_folder_is_raised() {
    let climbing = "asyncapi: 2.0.0\ninfo: {title: A, version: 1.0.0}\nchannels: {a: {$ref: ../common/c.yaml}}\n";
    let scanned = folder(&[("api/a.yaml", climbing), ("common/c.yaml", "x: 1")]).scan();
    let draft = scanned.only();
    let FileContent::Raised { main, members, .. } = &draft.files[0].content else { panic!("{draft:#?}") };
    assert_eq!((main.as_str(), members), ("api/a.yaml", &vec![Utf8PathBuf::from("common/c.yaml")]));
    assert_eq!(
        (draft.properties["mainFile"].as_str(), keys(draft)),
        ("a.yaml", vec!["files.evented-api.zip".to_owned()])
    );
}

#[test]
fn circular_includes_end() {
    let scanned = folder(&[
        ("api.raml", "#%RAML 1.0\ntitle: C\nuses:\n  a: a.raml\n"),
        ("a.raml", "#%RAML 1.0 Library\nuses:\n  b: b.raml\n"),
        ("b.raml", "#%RAML 1.0 Library\nuses:\n  a: a.raml\n"),
    ])
    .scan();
    assert_eq!(members(scanned.only()), ["a.raml", "api.raml", "b.raml"]);
}

#[test]
fn encodings_are_read_and_what_the_server_refuses_is_told() {
    let tree = folder(&[]);
    tree.write("bom.yaml", format!("\u{feff}{}", OAS.replace('\n', "\r\n")).as_bytes());
    let utf16: Vec<u8> = format!("\u{feff}{OAS}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    tree.write("wide.yaml", &utf16);
    tree.write("latin.yaml", b"openapi: 3.0.0\ninfo:\n  title: Caf\xE9\n");
    let scanned = tree.scan();
    assert_eq!(scanned.ids(), ["orders-api"]);
    let wrong: Vec<_> = scanned.diagnoses.iter().map(|d| (name(&d.path), d.problem, d.line)).collect();
    assert_eq!(wrong, [("latin.yaml", Problem::Encoding, Some(3)), ("wide.yaml", Problem::Encoding, None)]);
}

#[test]
fn ignored_and_installed_files_are_no_assets() {
    let scanned = folder(&[
        (".gitignore", "drafts/\n"),
        ("sub/.consignignore", "*.yaml\n"),
        ("drafts/a.yaml", OAS),
        ("sub/a.yaml", OAS),
        ("node_modules/x/a.yaml", OAS),
        ("target/a.yaml", OAS),
        ("exchange_modules/g/a/1.0.0/a.yaml", OAS),
        (".well-known/kept.yaml", OAS),
    ])
    .scan();
    assert_eq!(name(&scanned.only().path), "kept.yaml");
}

#[test]
fn globs_choose_and_leave_out() {
    let tree = folder(&[("a/x.yaml", OAS), ("a/draft/y.yaml", OAS), ("b/z.yaml", OAS)]);
    let options = Options { include: vec!["a/**".into()], exclude: vec!["**/draft/**".into()], ..options() };
    assert_eq!(name(&tree.scan_with(&options).only().path), "x.yaml");
    let bad = Options { include: vec!["a/[".into()], ..options };
    let error = Source::Directory(tree.root.clone()).scan(&bad, &mut |_| ControlFlow::Continue(()));
    assert!(error.is_err_and(|error| error.to_string().contains("`a/[`")));
}

#[cfg(unix)]
#[test]
fn links_devices_and_odd_names_are_told_and_not_opened() {
    use std::os::unix::ffi::OsStrExt;
    let outside = folder(&[("secret.yaml", OAS)]);
    let tree = folder(&[("a.yaml", OAS)]);
    let link = |to: &Utf8Path, at: &str| std::os::unix::fs::symlink(to, tree.root.join(at)).expect("links");
    link(&tree.root, "loop");
    link(Utf8Path::new("circle"), "circle");
    link(&outside.root, "out");
    link(&tree.root.join("a.yaml"), "same.yaml");
    let fifo = std::process::Command::new("mkfifo").arg(tree.root.join("pipe.yaml")).status();
    assert!(fifo.is_ok_and(|status| status.success()));
    let odd = tree.root.as_std_path().join(std::ffi::OsStr::from_bytes(b"caf\xE9.yaml"));
    fs_err::write(odd, OAS).expect("writes");
    let scanned = tree.scan();
    assert_eq!(scanned.drafts.len(), 1);
    let told: Vec<_> = scanned.diagnoses.iter().map(|d| (name(&d.path), d.problem)).collect();
    assert_eq!(
        told,
        [
            ("caf\u{fffd}.yaml", Problem::Encoding),
            ("circle", Problem::Unreadable),
            ("out", Problem::Unreadable),
            ("pipe.yaml", Problem::Unreadable),
        ]
    );
}

#[test]
fn a_link_out_of_the_source_is_not_packaged() {
    let outside = folder(&[("secret.yaml", "x: 1")]);
    let main = "openapi: 3.0.0\ninfo: {title: A, version: 1.0.0}\npaths: {/a: {$ref: link.yaml}}\n";
    let tree = folder(&[("a.yaml", main)]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.root.join("secret.yaml"), tree.root.join("link.yaml")).expect("links");
    let scanned = tree.scan();
    assert!(scanned.drafts.is_empty(), "{scanned:#?}");
    drop(outside);
}

#[test]
fn broken_specifications_have_a_place_and_ordinary_files_are_not_mentioned() {
    let scanned = folder(&[
        ("a.json", "{\"openapi\": \"3.0.0\",\n \"info\": }"),
        ("b.yaml", "swagger: '2.0'\ninfo: [\n"),
        ("c.json", "{\"a\": }"),
        ("d.yaml", "see: openapi\n"),
        ("e.json", "{\"name\":\"x\",\"swagger\":{}}"),
        ("f.md", "#%RAML 1.0\n"),
        ("g.raml", "title: T\n/a:\n  get:\n"),
        ("h.raml", "get:\n"),
    ])
    .scan();
    let told: Vec<_> = scanned.diagnoses.iter().map(|d| (name(&d.path), d.problem, d.line)).collect();
    assert_eq!(told[0], ("a.json", Problem::Invalid, Some(2)));
    assert_eq!((told[1].0, told[1].1, told.len()), ("b.yaml", Problem::Invalid, 3));
    assert_eq!(told[2], ("g.raml", Problem::Invalid, Some(1)));
    assert!(scanned.drafts.is_empty());
}

#[test]
fn each_format_gets_its_type_and_file_key() {
    let wsdl = "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' name='Stock'><types><s:schema xmlns:s='http://www.w3.org/2001/XMLSchema'><s:include schemaLocation='t.xsd'/></s:schema></types></definitions>";
    let scanned = folder(&[
        ("1/api.raml", "#%RAML 0.8\ntitle: R\nversion: v2\n"),
        ("2/lib.raml", "#%RAML 1.0 Library\nusage: u\n"),
        ("3/stock.xml", wsdl),
        ("3/t.xsd", "<s:schema xmlns:s='http://www.w3.org/2001/XMLSchema'/>"),
        ("4/events.json", r#"{"asyncapi":"3.0.0","info":{"title":"E","version":"1.0.0"},"channels":{}}"#),
        ("5/shop/schema.graphql", "type Query { a: Int }"),
        ("5/query.graphql", "query { a }"),
        ("6/s.proto", "syntax = \"proto3\";\npackage p.v2;\nservice S {}\n"),
        ("6/m.proto", "message M {}\n"),
        ("7/agent-card.json", r#"{"name":"Bot","version":"0.1","skills":[],"capabilities":{},"url":"http://x"}"#),
        ("8/server.json", r#"{"$schema":"https://static.modelcontextprotocol.io/schemas/2025-09-16/server.schema.json","name":"io.x/tool","version":"1.0.0"}"#),
        ("9/rules.yaml", "#%Validation Profile 1.0\nprofile: Rules\n"),
    ])
    .scan();
    assert!(scanned.diagnoses.is_empty(), "{:#?}", scanned.diagnoses);
    let seen: Vec<_> = scanned
        .drafts
        .iter()
        .map(|d| (d.coordinates.asset_id.as_str(), d.asset_type.as_str(), keys(d).join(" ")))
        .collect();
    let expected = [
        ("r", "rest-api", "files.raml.zip"),
        ("lib", "raml-fragment", "files.raml-fragment.zip"),
        ("stock", "soap-api", "files.wsdl.zip"),
        ("e", "evented-api", "files.evented-api.zip"),
        ("shop", "graphql", "files.graphql.graphql"),
        ("p.v2.s", "grpc-api", "files.protobuf.proto"),
        ("bot", "agent", "files.a2a-card.json"),
        ("io.x-tool", "mcp", ""),
        ("rules", "ruleset", "files.ruleset.yaml"),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(id, kind, key)| (id, kind, key.to_owned())).collect();
    assert_eq!(seen, expected);
    assert_eq!(members(&scanned.drafts[2]), ["stock.xml", "t.xsd"]);
    assert_eq!(scanned.drafts[5].coordinates.version.to_string(), "2.0.0");
}

#[test]
fn an_imported_wsdl_is_a_part_and_a_complete_api_stays_one() {
    let import = "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' name='A'><import location='types.wsdl'/><service name='A'/></definitions>";
    let part = "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' name='T'/>";
    assert_eq!(members(folder(&[("a.wsdl", import), ("types.wsdl", part)]).scan().only()), ["a.wsdl", "types.wsdl"]);
    let borrowing = OAS.replace("/a: {}", "/a: {$ref: 'other.yaml#/paths/~1a'}").replace("Orders", "Borrower");
    assert_eq!(folder(&[("a.yaml", &borrowing), ("other.yaml", OAS)]).scan().ids(), ["borrower-api", "orders-api"]);
}

#[test]
fn a_source_project_waits_for_its_jar_and_is_found_when_built() {
    let pom = "<project><groupId>com.x</groupId><artifactId>app</artifactId><version>1.0.0</version><packaging>mule-application</packaging></project>";
    let tree = folder(&[("app/pom.xml", pom), ("app/src/main/resources/api/orders.yaml", OAS)]);
    let scanned = tree.scan();
    assert_eq!(scanned.ids(), ["orders-api"]);
    assert_eq!((scanned.diagnoses[0].verdict, scanned.diagnoses[0].problem), (Verdict::Skipped, Problem::Unsupported));
    assert_eq!(scanned.diagnoses[0].hint.as_deref(), Some("build it first: mvn package"));
    tree.write("app/target/app-1.0.0-mule-application.jar", b"PK");
    let scanned = tree.scan();
    let app = scanned.drafts.iter().find(|draft| draft.asset_type == AssetType::App).expect("the application");
    assert_eq!((app.coordinates.asset_id.as_str(), keys(app)), ("app", vec!["files.mule-application.jar".to_owned()]));
    assert!(matches!(&app.origins["groupId"], Origin::Derived(why) if why.contains("com.x")));
}

#[test]
fn a_touched_part_changes_the_stamp_and_nothing_else_does() {
    let tree = folder(&[
        ("a.raml", "#%RAML 1.0\ntitle: A\ntypes: {T: !include t.raml}\n"),
        ("t.raml", "type: string\n"),
        ("x.md", ""),
    ]);
    let before = tree.scan().only().stamp.clone();
    tree.write("x.md", b"more");
    assert_eq!(tree.scan().only().stamp, before);
    tree.write("t.raml", b"type: number\n\n");
    assert_ne!(tree.scan().only().stamp, before);
}

#[test]
fn defaults_come_after_the_files() {
    let options = Options {
        defaults: [("status", "development"), ("tags", "a, b"), ("name", "N"), ("version", "9.0.0")]
            .into_iter()
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .collect(),
        ..options()
    };
    let scanned = folder(&[("a.yaml", OAS)]).scan_with(&options);
    let draft = scanned.only();
    assert_eq!((draft.name.as_str(), draft.coordinates.version.to_string().as_str()), ("Orders API", "1.2.0"));
    assert_eq!(draft.tags.as_deref(), Some(["a".to_owned(), "b".to_owned()].as_slice()));
    assert_eq!(
        (draft.status.map(crate::asset::Lifecycle::as_str), &draft.origins["status"]),
        (Some("development"), &Origin::Defaults)
    );
}

#[test]
fn a_policy_definition_needs_its_schema() {
    let definition = "#%Policy Definition 0.1\nid: p\nname: Guard\n";
    let alone = folder(&[("p/guard.yaml", definition)]).scan();
    assert_eq!((alone.refused().verdict, alone.refused().problem), (Verdict::Skipped, Problem::Unsupported));
    let pair = folder(&[("p/guard.yaml", definition), ("p/guard-schema.json", "{}")]).scan();
    assert_eq!(
        (pair.only().asset_type.as_str(), keys(pair.only())),
        ("policy", vec!["files.metadata.yaml".into(), "files.schema.json".into()])
    );
}

#[test]
fn what_exchange_does_not_take_is_skipped_with_a_reason() {
    let scanned = folder(&[
        ("a.json", r#"{"swaggerVersion":"1.2","apiVersion":"1","apis":[]}"#),
        ("o/main.raml", "#%RAML 1.0\ntitle: M\n"),
        ("o/over.raml", "#%RAML 1.0 Overlay\nextends: main.raml\n"),
        ("o/unused.raml", "#%RAML 1.0 DataType\n"),
    ])
    .scan();
    assert_eq!(scanned.ids(), ["m"]);
    let told: Vec<_> = scanned.diagnoses.iter().map(|d| (name(&d.path), d.verdict)).collect();
    assert_eq!(told, ["a.json", "over.raml", "unused.raml"].map(|name| (name, Verdict::Skipped)));
}

#[test]
fn a_lone_specification_gets_its_surroundings_where_nobody_else_can_claim_them() {
    let oas = "openapi: 3.0.0\ninfo: {title: Orders, version: 1.0.0}\npaths: {}\n";
    let referring = oas.replace("{}\n", "{/a: {$ref: 'part.yaml#/a'}}\n");
    let around = [("p/exchange-docs/home.md", "Hello"), ("p/icon.svg", "<svg/>")];
    let with = |files: &[(&str, &str)]| folder(&[&around[..], files].concat()).scan();
    let alone =
        with(&[("p/api.yaml", &referring), ("p/part.yaml", "a: {}\n"), ("p/notes.json", "{}"), ("p/sub/b.yaml", oas)]);
    assert_eq!(alone.drafts.len(), 2);
    assert_eq!(keys(&alone.drafts[0]), ["files.docs.zip", "files.icon.svg", "files.oas.zip"]);
    assert_eq!(keys(&alone.drafts[1]), ["files.oas.zip"], "the folder above is not its own");
    let two = with(&[("p/api.yaml", oas), ("p/b.yaml", &oas.replace("Orders", "Other"))]);
    assert!(two.drafts.iter().all(|draft| keys(draft) == ["files.oas.zip"]) && two.drafts.len() == 2);
    let broken = with(&[("p/api.yaml", oas), ("p/b.yaml", "openapi: 3.0.0\n\tinfo: x\n")]);
    assert_eq!(keys(&broken.drafts[0]), ["files.oas.zip"]);
}
