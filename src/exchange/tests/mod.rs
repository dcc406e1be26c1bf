//! Promises of the client, with scripted replies.

mod describing;
mod sandboxed;

use std::time::Duration;

use futures::TryStreamExt;
use http::Method;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::*;
use crate::{
    asset::{AssetDraft, Coordinates, FileKey, Lifecycle, Origin},
    net::{
        CallError, Disposition,
        scripted::{Asked, Scripted, Step, reply},
    },
};

fn gav() -> Coordinates {
    "g/a/1.0.0".parse().expect("parses")
}

fn exchange(server: &Scripted) -> Exchange {
    Exchange::new(server.client(None), "org".to_owned())
}

fn draft() -> AssetDraft {
    serde_json::from_value(json!({
        "coordinates": "g/a/1.0.0", "type": "rest-api", "name": "Ä name", "description": "d", "status": "development",
        "tags": ["t1", "t2"], "keywords": ["k"], "dependencies": ["g/b/1.0.0", "g/c/2.0.0"],
        "contactName": "n", "contactEmail": "e", "properties": {"mainFile": "api.raml", "apiVersion": "v1"},
        "categories": {"values": {"layer": ["System", "Process"]}}, "fields": {"values": {"due-date": ["2026-01-01"]}}, "path": "x", "stamp": "s"
    }))
    .expect("is a draft")
}

fn on_disk(folder: &tempfile::TempDir, key: FileKey, content: &[u8]) -> UploadFile {
    let path = folder.path().join(format!("{}.{}", key.classifier(), key.packaging));
    std::fs::write(&path, content).expect("is written");
    let path = camino::Utf8PathBuf::from_path_buf(path).expect("is UTF-8");
    UploadFile { key, path, len: content.len() as u64, sha256: Sha256::digest(content).into() }
}

/// The parts of a multipart body: name and content.
fn parts(asked: &Asked) -> Vec<(String, String)> {
    let boundary = asked.body.lines().next().expect("has a boundary");
    let part = |part: &str| {
        let (head, content) = part.split_once("\r\n\r\n")?;
        let name = head.split("name=\"").nth(1)?.split('"').next()?;
        Some((name.to_owned(), content.trim_end_matches("\r\n").to_owned()))
    };
    asked.body.split(boundary).filter_map(part).collect()
}

#[tokio::test]
async fn every_field_and_file_is_sent_under_the_name_of_the_api() {
    let folder = tempfile::tempdir().expect("is made");
    let file = on_disk(&folder, FileKey::new("raml", "zip"), b"PK-content");
    let server = Scripted::new([reply(201, r#"{"groupId":"g","assetId":"a","version":"1.0.0","type":"rest-api"}"#)]);
    let request = PublishRequest::from_draft(&draft(), vec![file], true, PublishHeaders::default());
    let Accepted::Created(asset) = exchange(&server).publish(&request).await.expect("is taken") else {
        panic!("is done at once")
    };
    assert_eq!(asset.version, "1.0.0");
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST exchange.example/exchange/api/v2/organizations/org/assets/g/a/1.0.0");
    let expected = [
        ("name", "Ä name"),
        ("description", "d"),
        ("dependencies", "g:b:1.0.0,g:c:2.0.0"),
        ("keywords", "k"),
        ("tags", "t1,t2"),
        ("contactName", "n"),
        ("contactEmail", "e"),
        ("properties.apiVersion", "v1"),
        ("properties.mainFile", "api.raml"),
        ("categories.layer", "System,Process"),
        ("fields.due-date", "2026-01-01"),
        ("type", "rest-api"),
        ("status", "development"),
        ("files.raml.zip", "PK-content"),
    ];
    assert_eq!(parts(asked), expected.map(|(name, content)| (name.to_owned(), content.to_owned())));
}

#[tokio::test]
async fn what_the_pom_carries_is_not_sent_twice() {
    let folder = tempfile::tempdir().expect("is made");
    let mut draft = draft();
    draft.origins.insert("tags".to_owned(), Origin::Defaults);
    draft.origins.insert("keywords".to_owned(), Origin::Pom);
    let pom = on_disk(&folder, FileKey::bare("pom"), b"<project/>");
    let request = PublishRequest::from_draft(&draft, vec![pom], false, PublishHeaders::default());
    let names: Vec<&str> = request.form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["tags", "type", "status"]);
}

#[tokio::test]
async fn a_link_to_another_server_is_refused_before_anything_is_sent_there() {
    let link = |host: &str| reply(202, &json!({"publicationStatusLink": format!("https://{host}/s/1")}).to_string());
    let server = Scripted::new([link("exchange.example"), link("evil.example"), reply(202, "{}")]);
    let exchange = exchange(&server);
    let request = PublishRequest::from_draft(&draft(), Vec::new(), false, PublishHeaders::default());
    let Accepted::Running(found) = exchange.publish(&request).await.expect("is taken") else { panic!("runs") };
    assert_eq!(found.as_str(), "/s/1");
    let error = exchange.publish(&request).await.expect_err("leads elsewhere");
    assert!(matches!(error, CallError::ForeignOrigin { .. }));
    let error = exchange.publish(&request).await.expect_err("says nothing");
    assert_eq!(error.disposition(), Disposition::Doubt { after: None });
}

#[tokio::test(start_paused = true)]
async fn a_publication_is_asked_for_in_all_its_states() {
    let server = Scripted::new([
        reply(200, r#"{"status":"validating"}"#),
        reply(200, r#"{"status":"completed","steps":[],"asset":{"groupId":"g","assetId":"a","version":"1.0.0"}}"#),
        reply(
            200,
            r#"{"status":"error","steps":[{"description":"Files processing","status":"error","statusCode":400,
            "errors":["bad zip",{"message":"worse"}]},{"status":"completed"}]}"#,
        ),
        reply(404, ""),
        reply(503, "x"),
        reply(200, "not JSON"),
    ]);
    let exchange = exchange(&server);
    let link: StatusLink = "/s/1".parse().expect("is a link");
    let running = exchange.publication_status(&link).await.expect("answers").expect("is known");
    assert_eq!((running.state, running.status.as_str()), (PublicationState::Running, "validating"));
    let done = exchange.publication_status(&link).await.expect("answers").expect("is known");
    assert_eq!((done.state, done.asset.expect("is named").asset_id.as_str()), (PublicationState::Completed, "a"));
    let failed = exchange.publication_status(&link).await.expect("answers").expect("is known");
    assert_eq!((failed.state, failed.steps[0].status_code), (PublicationState::Failed, Some(400)));
    assert_eq!(failed.errors(), ["Files processing: bad zip", "Files processing: worse"]);
    assert_eq!(exchange.publication_status(&link).await.expect("answers"), None);
    assert!(exchange.publication_status(&link).await.is_err(), "503 is repeated, and then the reply is no JSON");
    assert_eq!(exchange.client().counters().polls, 6);
}

#[tokio::test]
async fn a_list_ends_with_its_first_short_page() {
    let page = |count: usize| {
        let item = json!({"groupId":"g","assetId":"a","version":"1.0.0","rating":null});
        reply(200, &serde_json::Value::from(vec![item; count]).to_string())
    };
    let server = Scripted::new([page(250), page(250), page(3)]);
    let exchange = exchange(&server);
    let query = AssetQuery { types: vec!["rest-api".to_owned()], ..AssetQuery::default() };
    let all: Vec<AssetSummary> = exchange.list(&query).try_collect().await.expect("reads");
    assert_eq!((all.len(), server.asked().len()), (503, 3));
    assert!(server.lines()[2].ends_with("/assets?organizationId=org&types=rest-api&limit=250&offset=500"));
}

#[tokio::test]
async fn what_is_not_there_is_an_answer() {
    let server = Scripted::new((0..3).map(|_| reply(404, "gone")));
    let exchange = exchange(&server);
    assert_eq!(exchange.asset(&gav()).await.expect("answers"), None);
    assert_eq!(exchange.latest("g", "a").await.expect("answers"), None);
    assert!(!exchange.delete(&gav(), DeleteType::Hard).await.expect("answers"));
    let prefix = "exchange.example/exchange/api/v2/assets/g/a";
    let expected =
        [format!("GET {prefix}/1.0.0/asset"), format!("GET {prefix}/asset"), format!("DELETE {prefix}/1.0.0")];
    assert_eq!(server.lines(), expected);
}

#[tokio::test]
async fn a_version_is_promoted_and_the_next_one_found() {
    let server = Scripted::new([reply(204, ""), reply(200, r#"{"nextAvailableVersion":"1.2.0"}"#)]);
    let exchange = exchange(&server);
    exchange.put_status(&gav(), Lifecycle::Deprecated).await.expect("is moved");
    let next = exchange.next_available_version("g", "a", VersionOrder::Minor).await.expect("is found");
    assert_eq!(next.to_string(), "1.2.0");
    assert_eq!(server.asked()[0].body, r#"{"status":"deprecated"}"#);
    assert!(server.lines()[0].starts_with(Method::PUT.as_str()));
}

#[tokio::test]
async fn a_file_falls_back_to_its_signed_address_and_is_checked() {
    let folder = tempfile::tempdir().expect("is made");
    let to = camino::Utf8PathBuf::from_path_buf(folder.path().join("f.zip")).expect("is UTF-8");
    let file = AssetFile {
        external_link: Some("https://store.example/f?key=x".to_owned()),
        download_url: Some("https://exchange.example/f".to_owned()),
        md5: Some("9A0364B9E99BB480DD25E1F0284C8555".to_owned()),
        ..AssetFile::default()
    };
    let server =
        Scripted::new([reply(403, "expired"), Step::Reply(200, Vec::new(), "content".to_owned(), Duration::ZERO)]);
    let done = exchange(&server).download(&file, &to).await.expect("arrives");
    assert!(done.verified);
    assert_eq!(std::fs::read(&to).expect("is there"), b"content");
    let server = Scripted::new([reply(200, "other")]);
    let missing = to.with_file_name("g.zip");
    let error = exchange(&server).download(&file, &missing).await.expect_err("is not what it should be");
    assert!(matches!(error, DownloadError::Checksum { checksum: "MD5", .. }), "{error:?}");
    assert!(!missing.exists());
}
