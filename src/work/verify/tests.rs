//! What is told of what differs; and a source that says all there is.

use std::{collections::BTreeMap, io::Write};

use camino::Utf8Path;
use serde_json::{Value, json};

use super::{
    actual::Actual,
    compare::differences,
    expected::{Content, Expected},
    *,
};
use crate::{
    asset::{AssetDraft, Description, FileKey},
    job::{Job, Overrides},
    package::{ArchiveBudget, FileFingerprint, fingerprint_file, reading::Reading},
    source::{self, Source},
    work::{
        Connection, Selection,
        description::Shown,
        testing::{GROUP, ROOT, asked, draft, publish, sandbox, seen},
    },
};

fn actual(said: &Value) -> Actual {
    let mut record = json!({"coordinates": "g/orders/1.0.0", "type": "rest-api", "name": "Orders"});
    for (key, value) in said.as_object().expect("an object") {
        record[key] = value.clone();
    }
    let record = serde_json::from_value(record).expect("a record");
    Actual { record, files: BTreeMap::new(), icon: None, shown: Shown::default() }
}

fn said(wish: Value) -> Expected {
    let said: Description = serde_json::from_value(wish).expect("a wish");
    Expected { said, ..Expected::default() }
}

/// `datum: expected / actual`
fn told(expected: &Expected, actual: &Actual) -> Vec<String> {
    let line = |Mismatch { datum, expected, actual }| format!("{datum}: {expected} / {actual}");
    differences(expected, actual).into_iter().map(line).collect()
}

#[test]
fn what_is_not_said_may_be_as_it_likes() {
    let there = actual(&json!({
        "description": "x", "tags": ["a"], "categories": {"layer": ["System"]}, "status": "deprecated", "isPublic": true,
        "instances": [{"name": "live", "endpointUri": "https://a"}], "dependencies": ["g/base/1.0.0"]
    }));
    assert_eq!(told(&said(json!({})), &there), [] as [&str; 0]);
}

#[test]
fn each_datum_is_told_with_both_sides() {
    let there = actual(&json!({
        "contactName": "Ann", "tags": ["a"], "categories": {"layer": ["System"]}, "instances": [
            {"name": "live", "endpointUri": "https://a", "isPublic": false}
        ]
    }));
    let wish = json!({
        "name": "Order", "contactName": "", "description": "New", "tags": ["B"], "categories": {"values": {"layer": "Process", "new": ["x", "y"]}},
        "status": "deprecated", "visibility": "public",
        "instances": [{"name": "live", "endpointUri": "https://b", "isPublic": true}, {"name": "test", "endpointUri": "https://t"}]
    });
    let expected = [
        "name: Order / Orders",
        "description: New / none",
        "contactName: none / Ann",
        "tags: b / a",
        "categories.layer: Process / System",
        "categories.new: x, y / none",
        "instances.live: https://b / https://a",
        "instances.live.visibility: public / private",
        "instances.test: https://t / none",
        "status: deprecated / published",
        "visibility: public / private",
    ];
    assert_eq!(told(&said(wish), &there), expected);
}

#[test]
fn spellings_that_mean_the_same_are_no_difference() {
    let there = actual(&json!({"description": "One\ntwo", "tags": ["a", "b"], "categories": {"layer": ["A", "B"]}}));
    let wish = json!({
        "description": " One\r\ntwo\n", "tags": [" B ", "A"], "categories": {"values": {"layer": ["B", "A "], "gone": []}}
    });
    assert_eq!(told(&said(wish), &there), [] as [&str; 0]);
}

#[test]
fn of_long_lists_only_what_is_apart_is_told_and_long_values_are_cut() {
    let tags: Vec<String> = (10..30).map(|number| format!("t{number}")).collect();
    let there = actual(&json!({"tags": &tags[1..], "description": "é".repeat(200)}));
    let told = told(&said(json!({"tags": &tags[..19], "description": "x"})), &there);
    assert_eq!(told[1], "tags: t10 / t29");
    assert!(told[0].ends_with("é…") && told[0].chars().count() < 85, "{}", told[0]);
}

#[test]
fn values_that_begin_alike_are_told_from_where_they_part() {
    let long = "The same words again and again, which is no help at all. ".repeat(3);
    let there = actual(&json!({"description": format!("{long}Old end")}));
    let wanted = format!("{long}New end");
    assert_eq!(
        told(&said(json!({"description": wanted})), &there),
        ["description: …is no help at all. New end / …is no help at all. Old end"]
    );
    let there = actual(&json!({"description": "a  b"}));
    assert_eq!(told(&said(json!({"description": "a b"})), &there), ["description: …a b / …a  b"]);
}

#[test]
fn who_says_all_says_that_nothing_else_is_there() {
    let there = actual(&json!({
        "categories": {"layer": ["System"]}, "instances": [{"name": "live", "endpointUri": "https://a"}]
    }));
    let expected = Expected { is_all: true, ..said(json!({"categories": {"exactly": true, "values": {}}})) };
    assert_eq!(told(&expected, &there), ["categories.layer: none / System", "instances.live: none / https://a"]);
}

fn fingerprint(folder: &Utf8Path, entries: &[(&str, &str)]) -> FileFingerprint {
    let path = folder.join("a.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).expect("is made"));
    for (name, text) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("begins");
        zip.write_all(text.as_bytes()).expect("is written");
    }
    zip.finish().expect("ends");
    fingerprint_file(&FileKey::new("raml", "zip"), &path, &ArchiveBudget::default()).expect("reads")
}

#[test]
fn files_are_told_entry_by_entry_without_what_the_server_makes() {
    let folder = tempfile::tempdir().expect("is made");
    let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
    let ours = [("api.raml", "1"), ("types.raml", "2"), ("gone.raml", "3")];
    let theirs = [("api.raml", "1"), ("types.raml", "x"), ("exchange.json", "{}"), ("exchange_modules/g/a", "y")];
    let content = |entries: &[(&str, &str)]| Content {
        asset_type: "rest-api".parse().expect("parses"),
        files: [(FileKey::new("raml", "zip"), fingerprint(folder, entries))].into(),
        dependencies: Some([String::from("g/base/1.0.0")].into()),
        properties: [("apiVersion".to_owned(), "v1".to_owned())].into(),
        keywords: [].into(),
    };
    let mut there = actual(&json!({"type": "raml-fragment", "apiVersion": "v2", "dependencies": ["g/base/1.0.0"]}));
    there.files = content(&theirs).files;
    there.files.insert(FileKey::new("oas", "json"), fingerprint(folder, &ours));
    let expected = Expected { content: Some(content(&ours)), ..Expected::default() };
    let data: Vec<String> = differences(&expected, &there).into_iter().map(|known| known.datum).collect();
    let wanted =
        ["type", "files.raml.zip: gone.raml", "files.raml.zip: types.raml", "files.oas.json", "properties.apiVersion"];
    assert_eq!(data, wanted);
    let mut same = actual(&json!({"apiVersion": "v1", "dependencies": ["g/base/1.0.0"]}));
    same.files = content(&[&ours[..], &theirs[2..]].concat()).files;
    assert_eq!(told(&expected, &same), [] as [&str; 0]);
}

/// Holds the business group to a manifest.
async fn held(exchange: &crate::exchange::Exchange, rows: &str, extent: Extent) -> (Vec<String>, Verification) {
    let folder = tempfile::tempdir().expect("is made");
    let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
    let (manifest, file) = (folder.join("m.csv"), folder.join("job.toml"));
    std::fs::write(&manifest, rows).expect("is written");
    std::fs::write(&file, "kind = 'publish'\n[source]\nmanifest = 'm.csv'\n").expect("is written");
    let job = Job::load(&file, &Overrides::default(), &|_| None).expect("is a job");
    let options =
        source::Options { group: GROUP.to_owned(), reading: Reading::default(), ..source::Options::default() };
    let against = Against { source: Source::Manifest(manifest), options, extent };
    let connection = Connection {
        exchange: exchange.clone(),
        key: GROUP.to_owned(),
        name: "the sandbox".to_owned(),
        hub: None,
        group: GROUP.to_owned(),
    };
    let (mut told, all) = (Vec::new(), Selection::default());
    let verified = verify_against(&job, against, &connection, &all, |verified| {
        let data: Vec<String> = verified.differences.iter().map(|known| known.datum.clone()).collect();
        let gav = verified.gav.unwrap_or_default();
        told.push(format!("{gav} {} {}", verified.verdict, data.join(",")).trim_end().to_owned());
    });
    let verification = verified.await.expect("can be held");
    (told, verification)
}

#[tokio::test]
async fn a_source_that_says_all_finds_other_assets_of_its_groups_and_data_that_nobody_named() {
    let sandbox = sandbox();
    let exchange = seen(&sandbox, ROOT, "admin").for_organization(GROUP);
    let described = AssetDraft { description: Some("Text".to_owned()), ..draft(&format!("{GROUP}/named/1.0.0")) };
    publish(&exchange, &described).await;
    publish(&exchange, &draft(&format!("{GROUP}/other/1.0.0"))).await;
    publish(&exchange, &draft(&format!("{GROUP}/other/1.1.0"))).await;
    let writes = asked(&sandbox, "POST");
    let rows = "assetId,type,name\nnamed,custom,An asset\nmissing,custom,B\n";
    let (told, whole) = held(&exchange, rows, Extent::Said).await;
    assert_eq!(told, ["business-group/named/1.0.0 equal", "business-group/missing/1.0.0 missing"]);
    assert!(!whole.is_equal());
    let (told, whole) = held(&exchange, rows, Extent::All { groups: vec![GROUP.to_owned()] }).await;
    let expected = [
        "business-group/named/1.0.0 different description",
        "business-group/missing/1.0.0 missing",
        "business-group/other/1.0.0 extra",
        "business-group/other/1.1.0 extra",
    ];
    assert_eq!(told, expected);
    assert_eq!(whole.counts[&Verdict::Extra], 2);
    let (told, whole) = held(&exchange, "assetId,type,name\nnamed,custom,An asset\n", Extent::Said).await;
    assert!(whole.is_equal(), "{told:?}");
    assert_eq!(asked(&sandbox, "POST"), writes);
}
