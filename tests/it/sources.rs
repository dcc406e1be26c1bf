//! Hostile and untidy input: one clear diagnosis each, and everything else goes on.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use crate::support::{Asset, Sandbox, Workshop, plain, specification};

const OAS: &str = "openapi: 3.0.3\ninfo:\n  title: TITLE\n  version: 1.0.0\npaths: {}\n";

fn oas(title: &str) -> String {
    OAS.replace("TITLE", title)
}

/// Every item of the journal as a line: its place, its state and why.
fn items(workshop: &Workshop) -> String {
    let journal = rusqlite::Connection::open(workshop.path(".consign/test.db")).unwrap();
    let mut statement = journal
        .prepare(
            "SELECT coalesce(gav, '-'), replace(path || coalesce(':' || line, ''), rtrim(path, replace(path, '/', '')), ''),
                    state, coalesce(class, ''), coalesce(message, '')
             FROM item ORDER BY path, line, gav",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let text = |index| row.get::<_, String>(index);
        Ok(format!("{} [{}] {} {} {}", text(0)?, text(1)?, text(2)?, text(3)?, text(4)?).trim_end().to_owned())
    });
    rows.unwrap().map(Result::unwrap).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_asset_of_an_untidy_tree_ends_as_it_should() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.write("assets/bom.yaml", format!("\u{feff}{}", oas("With a mark")));
    workshop.write("assets/crlf.yaml", oas("With CRLF").replace('\n', "\r\n"));
    workshop.write("assets/mit Leer zeichen/größe 😀.yaml", oas("Große Dinge"));
    workshop.write("assets/dangling.yaml", oas("Dangling").replace("{}", "\n  /a:\n    $ref: missing.yaml#/a"));
    workshop.write("assets/torn.yaml", "openapi: 3.0.3\ninfo:\n\ttitle: Torn\n");
    workshop.write("assets/twin-a.yaml", oas("Twin"));
    workshop.write("assets/twin-b.yaml", oas("Twin"));
    workshop.write("assets/notes.txt", "Nothing to publish.");
    workshop.write("assets/.gitignore", "ignored.yaml\n");
    workshop.write("assets/ignored.yaml", oas("Ignored by git"));
    workshop.write(
        "assets/users-1.0.0/exchange_modules/g/common/1.0.0/exchange.json",
        "{\"main\":\"c.raml\",\"assetId\":\"common\"}",
    );
    workshop.write("assets/users-1.0.0/exchange_modules/g/common/1.0.0/c.raml", "#%RAML 1.0 Library\n");
    workshop.asset(&Asset::new("users", "1.0.0"));
    fs_err::create_dir(workshop.path("assets/loop")).unwrap();
    std::os::unix::fs::symlink("..", workshop.path("assets/loop/again")).unwrap();
    let odd = workshop.path("assets").into_std_path_buf().join(OsStr::from_bytes(b"odd-\xff.yaml"));
    std::fs::write(odd, oas("Odd")).unwrap();
    workshop.run(&[]).exits(2);
    plain(workshop.folder(), || {
        insta::assert_snapshot!(items(&workshop), @r#"
    [org]/with-a-mark/1.0.0 [bom.yaml] done
    [org]/with-crlf/1.0.0 [crlf.yaml] done
    - [dangling.yaml:7] failed reference $ref `missing.yaml#/a` leads to a file that is not there
    [org]/gro-e-dinge/1.0.0 [größe 😀.yaml] done
    - [odd-�.yaml] failed encoding the name is not UTF-8
    - [torn.yaml:3] failed invalid OpenAPI file cannot be parsed: tabs disallowed within this context (block indentation)
    [org]/twin/1.0.0 [twin-a.yaml] done
    [org]/twin/1.0.0 [twin-b.yaml] failed duplicate has the same coordinates as assets/twin-a.yaml: [org]/twin/1.0.0
    [org]/users/1.0.0 [exchange.json] done
    "#);
    });
    // A second run finds the same and sends nothing.
    assert_eq!(workshop.run(&[]).exits(2).summary()["published"], 0);
}

#[test]
fn a_manifest_tells_each_mistake_with_its_line_and_publishes_the_rest() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    workshop.write("job.toml", job.replace("directory = \"assets\"", "manifest = \"list.csv\""));
    workshop.write("one.yaml", oas("One"));
    workshop.write("notes.txt", "Nothing to publish.");
    workshop.write("list.csv", "\u{feff}path,assetId,version,type,name,status\r\none.yaml,one,,,,\r\n\r\n\
         absent.yaml,two,,,,\r\none.yaml,three,newest,,,\r\none.yaml,four\r\none.yaml,five,1.0.0,,\"Two\r\nlines\",retired\r\n\
         ,six,1.0.0,http-api,Six,\r\nnotes.txt,seven,1.0.0,,,\r\none.yaml,one,,,,\r\n");
    workshop.run(&[]).exits(2);
    plain(workshop.folder(), || {
        insta::assert_snapshot!(items(&workshop), @r#"
    - [notes.txt] failed invalid the file is no asset that is known (named by list.csv:10)
    [org]/one/1.0.0 [list.csv:2] done
    - [list.csv:4] failed missing column "path": `absent.yaml` is not there
    - [list.csv:5] failed value column "version": `newest` is not a version and begins with no number
    - [list.csv:6] failed invalid the row has 2 cells, the header has 6
    [org]/five/1.0.0 [list.csv:7] failed value column "status": `retired` is not a lifecycle state: development, published or deprecated
    [org]/six/1.0.0 [list.csv:9] done
    [org]/one/1.0.0 [list.csv:11] failed duplicate has the same coordinates as list.csv:2: [org]/one/1.0.0
    "#);
    });
    workshop.write("list.csv", "path,asset_id\none.yaml,one\n");
    let ran = workshop.run(&[]).exits(1);
    assert!(ran.stderr.contains("list.csv:1") && ran.stderr.contains("did you mean \"assetId\"?"), "{}", ran.stderr);
}

#[test]
fn a_catalog_is_published_once_and_each_strategy_says_what_comes_next() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::with(&sandbox, "[publish]\nsnapshots_allowed = true\n");
    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    let catalog = "catalog = \"catalog.yaml\"\n\n[source.criteria]\nbranch = \"main\"";
    workshop.write("job.toml", job.replace("directory = \"assets\"", catalog));
    let write = |name: &str, says: &str| workshop.write(name, specification(name, "1.4.0", says));
    let files = ["minor.yaml", "fixed.yaml", "snapshot.yaml", "other.yaml"];
    for name in files {
        write(name, "First");
    }
    workshop.write(
        "catalog.yaml",
        "#%Catalog Descriptor 1.0\ntriggerConditions: {branch: [^main$]}\nprojects:\n\
         - {main: minor.yaml, assetId: minor, versionStrategy: minorIncrease, version: 1.2, tags: [a]}\n\
         - {main: fixed.yaml, assetId: fixed, versionStrategy: fixed}\n\
         - {main: snapshot.yaml, assetId: snapshot, versionStrategy: snapshot}\n\
         - {main: other.yaml, assetId: other, triggerConditions: {tag: [v1]}}\n\
         - {main: ../job.toml}\n",
    );
    let summary = workshop.run(&[]).exits(2).summary();
    assert_eq!((&summary["published"], &summary["counts"]["skipped"]), (&3.into(), &1.into()), "{summary}");
    let published = ["fixed/1.0.0", "minor/1.2.0", "snapshot/1.0.0-SNAPSHOT"];
    assert_eq!(sandbox.versions(), published);
    assert_eq!(sandbox.asset("minor", "1.2.0").expect("is there")["versionGroup"], "v1");
    plain(workshop.folder(), || {
        insta::assert_snapshot!(items(&workshop), @r#"
    [org]/minor/1.2.0 [catalog.yaml:4] done
    [org]/fixed/1.0.0 [catalog.yaml:5] done
    [org]/snapshot/1.0.0-SNAPSHOT [catalog.yaml:6] done
    - [catalog.yaml:7] skipped condition `other.yaml` is not published: condition `tag` needs a criterion of that name, and none is given
    - [catalog.yaml:8] failed reference `../job.toml` leads out of the folder of the descriptor
    "#);
    });
    // Another run sends nothing, not even the snapshot, and not without its journal either.
    for journal in [".consign/test.db", "other.db"] {
        let summary = workshop.run(&["--journal", journal]).exits(2).summary();
        assert_eq!(summary["published"], 0, "{journal}: {summary}");
    }
    assert_eq!(sandbox.versions(), published);
    let plan = workshop.consign(&["plan", "job.toml", "--values"]).run().exits(2).stdout;
    assert!(plan.contains("catalog.yaml (versionStrategy: minorIncrease)"), "{plan}");
    // Other content: the strategy of each project says what becomes of it.
    for name in ["minor.yaml", "fixed.yaml"] {
        write(name, "Second");
    }
    let summary = workshop.run(&[]).exits(2).summary();
    assert_eq!(summary["published"], 1, "{summary}");
    assert_eq!(sandbox.versions(), ["fixed/1.0.0", "minor/1.2.0", "minor/1.3.0", "snapshot/1.0.0-SNAPSHOT"]);
    assert_eq!(workshop.item("fixed", "1.0.0").1, "conflict");
    // A fact of another build lets the last project through.
    let summary = workshop.run(&["--criterion", "tag:v1"]).exits(2).summary();
    assert_eq!(summary["published"], 1, "{summary}");
    assert!(sandbox.asset("other", "1.0.0").is_some());
}

#[test]
fn a_main_file_that_refers_to_files_above_its_folder_is_published_with_them() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    let job = fs_err::read_to_string(workshop.path("job.toml")).unwrap();
    workshop.write("job.toml", job.replace("directory = \"assets\"", "catalog = \"catalog.yaml\""));
    workshop
        .write("catalog.yaml", "#%Catalog Descriptor 1.0\nprojects:\n- main: apis/shop/api.raml\n  version: 1.0.0\n");
    let raml = "#%RAML 1.0\ntitle: Shop\nversion: v1\nuses:\n  common: ../../common/lib.raml\ntypes:\n  Item: !include item.raml\n";
    let library = "#%RAML 1.0 Library\ntypes:\n  Id: !include types/id.raml\n";
    workshop.write("apis/shop/api.raml", raml);
    workshop.write("apis/shop/item.raml", "#%RAML 1.0 DataType\ntype: object\n");
    workshop.write("apis/other/api.raml", "#%RAML 1.0\ntitle: Other\n");
    workshop.write("common/lib.raml", library);
    workshop.write("common/types/id.raml", "#%RAML 1.0 DataType\ntype: string\n");
    let ran = workshop.run(&[]);
    assert_eq!(ran.code, Some(0), "{:#?}\n{}", workshop.failed(), ran.stderr);
    let mut packed = sandbox.archive("shop", "1.0.0", "raml");
    packed.remove("exchange.json");
    assert_eq!(
        packed["api.raml"],
        raml.replace("../../common/", "common/").replace("item.raml", "apis/shop/item.raml")
    );
    assert_eq!(packed["common/lib.raml"], library);
    let names: Vec<&str> = packed.keys().map(String::as_str).collect();
    assert_eq!(names, ["api.raml", "apis/shop/item.raml", "common/lib.raml", "common/types/id.raml"]);
    // A touched file is read again and found the same; a changed library makes another version.
    workshop.write("common/lib.raml", library);
    assert_eq!(workshop.run(&[]).exits(0).summary()["published"], 0);
    workshop.write("common/lib.raml", format!("{library}usage: More\n"));
    assert_eq!(workshop.run(&[]).exits(0).summary()["published"], 1);
    assert_eq!(sandbox.versions(), ["shop/1.0.0", "shop/1.0.1"]);
}

#[test]
fn a_source_that_is_not_there_is_told_before_anything_is_sent() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    fs_err::remove_dir(workshop.path("assets")).unwrap();
    let ran = workshop.run(&[]).exits(1);
    assert!(ran.stderr.contains("assets"), "{}", ran.stderr);
}
