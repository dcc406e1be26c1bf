//! What files tell is remembered beyond the code that asked: it must not change unnoticed.

use std::sync::Arc;

use super::{
    Source, folder,
    memory::{date, long_ago, yielded, zipped},
};
use crate::package::reading::{DETECTION, notebook::Notebook};

const FILES: &[(&str, &str)] = &[
    ("t/async.yaml", "asyncapi: 2.6.0\ninfo: {title: Events, version: 1.0.0}\nchannels: {c: {}}\n"),
    ("t/broken.json", "{\"openapi\": \"3.0.0\",\n}"),
    ("t/card.json", "{\"name\": \"N\", \"version\": \"1\", \"skills\": [], \"url\": \"https://x.test\"}"),
    (
        "t/dangling.json",
        "{\"openapi\": \"3.0.0\", \"info\": {\"title\": \"D\"}, \"paths\": {\"/a\": {\"$ref\": \"gone.json\"}}}",
    ),
    ("t/fragment.raml", "#%RAML 1.0 DataType\ntype: object\n"),
    ("t/headless.raml", "title: headless\nbaseUri: http://x\n/x:\n  get:\n"),
    ("t/latin.yaml", "openapi: 3.0.0\ninfo: {title: \u{e9}}\n"),
    (
        "t/maven/pom.xml",
        "<project><parent><artifactId>up</artifactId><version>2.0.0</version></parent><artifactId>m</artifactId><properties><type>custom</type><tags>a</tags><fields key='k'>v</fields></properties></project>",
    ),
    (
        "t/oas.yaml",
        "openapi: 3.0.0\ninfo: {title: One, version: 1.10, description: Words}\npaths: {/a: {$ref: 'part.yaml#/x', get: {$ref: '#/here'}}}\n",
    ),
    ("t/part.yaml", "x: {$ref: 'more.yaml', y: {$ref: '#/x'}}\n"),
    ("t/more.yaml", "a: 1\n"),
    (
        "t/pom.xml",
        "<project><groupId>g</groupId><artifactId>up</artifactId><version>2.0.0</version><packaging>pom</packaging></project>",
    ),
    (
        "t/project/api.raml",
        "#%RAML 1.0\ntitle: R\nversion: v3\n/x:\n  get:\n    responses: {200: {body: !include types/t.raml}}\n",
    ),
    ("t/project/exchange-docs/config.json", "{\"pageOrder\": [\"Other\", \"home\"]}"),
    (
        "t/project/exchange-docs/home.md",
        "# Home\n\n![a](resources/x.png) [b](Other.md \"t\") [c][r] [d](https://x.test/y)\n\n[r]: gone.md\n",
    ),
    ("t/project/exchange-docs/Other.md", "<a href=\"home.md\">back</a>\n"),
    ("t/project/exchange-docs/resources/x.png", ""),
    (
        "t/project/exchange.json",
        "{\"main\": \"api.raml\", \"classifier\": \"raml\", \"assetId\": \"p\", \"version\": \"1.0.0\", \"apiVersion\": \"v3\", \"tags\": [\"t\"], \"documentation\": {\"home\": \"exchange-docs/home.md\"}, \"dependencies\": [{\"groupId\": \"g\", \"assetId\": \"a\", \"version\": \"1.0.0\"}]}",
    ),
    ("t/project/types/t.raml", "#%RAML 1.0 DataType\nuses: {l: l.raml}\n"),
    ("t/project/types/l.raml", "#%RAML 1.0 Library\n"),
    ("t/rules.yaml", "#%Validation Profile 1.0\nprofile: Rules\n"),
    ("t/schema.graphql", "type Query { a: Int }\n"),
    ("t/service.proto", "syntax = \"proto3\";\npackage a.v2;\nservice S {}\n"),
    (
        "t/service.wsdl",
        "<definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\" name=\"W\"><service name=\"S\"/></definitions>",
    ),
    ("t/torn.zip", "PK"),
    ("t/words.json", "{\"a\": 1}"),
];

const CATALOG: &str = "#%Catalog Descriptor 1.0\nprojects:\n  - main: t/project/exchange.json\n";

#[test]
fn what_files_tell_changes_with_the_version_of_detection_only() {
    let tree = folder(&[("catalog.yaml", CATALOG)]);
    for (name, text) in FILES {
        // One of them is in an encoding that nobody takes.
        let bytes: Vec<u8> = if text.contains('\u{e9}') {
            text.chars().map(|c| u8::try_from(c).expect("of Latin 1")).collect()
        } else {
            text.as_bytes().to_vec()
        };
        tree.write(name, &bytes);
    }
    tree.write("t/archive.zip", &zipped("openapi: 3.0.0\ninfo: {title: Zipped, version: 1.0.0}\npaths: {}\n"));
    for entry in walkdir::WalkDir::new(&tree.root).into_iter().map(|entry| entry.expect("our own folder")) {
        if entry.file_type().is_file() {
            date(camino::Utf8Path::from_path(entry.path()).expect("utf-8"), long_ago());
        }
    }
    let notebook = Arc::new(Notebook::default());
    for source in [Source::Directory(tree.root.join("t")), Source::Catalog(tree.root.join("catalog.yaml"))] {
        yielded(&source, notebook.reading());
    }
    // Temporary folders may lie behind a link.
    let real = tree.root.canonicalize_utf8().expect("our own folder");
    let answers =
        notebook.answers().join("\n").replace(&format!("{real}/"), "").replace(&format!("{}/", tree.root), "");
    // Other answers need another DETECTION, so that journals do not go on with the old ones.
    insta::assert_snapshot!(format!("detection {DETECTION}\n{answers}"));
}
