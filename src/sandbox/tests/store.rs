//! What the database holds, memory does not; and what is listed page by page is listed once.

use std::time::Duration;

use camino::Utf8PathBuf;
use serde_json::{Value, json};

use super::{
    super::{Latency, Settings, StoreError, store::Held},
    client::{Client, client},
};

const CUSTOM: (&str, &[u8]) = ("type", b"custom");

async fn publish(client: &Client, asset: &str, name: &str) -> u16 {
    client.publish_sync(asset, &[("name", name.as_bytes()), CUSTOM]).await.code()
}

fn ids(reply: &Value) -> Vec<String> {
    let id = |asset: &Value| asset["assetId"].as_str().unwrap_or_default().to_owned();
    reply.as_array().expect("a list").iter().map(id).collect()
}

async fn list(client: &Client, query: &str) -> Vec<String> {
    ids(&client.get(&format!("/exchange/api/v2/assets?{query}")).await.json())
}

/// A sandbox without a data directory keeps its catalog in a file all the same.
#[tokio::test]
async fn memory_holds_nothing_of_what_was_published() {
    let client = client(Settings::default());
    for i in 0..200 {
        let reply = client.publish(&format!("a{i}/1.0.0"), &[], &[("name", b"A"), CUSTOM]).await;
        let link = reply.json()["publicationStatusLink"].as_str().expect("a link").to_owned();
        assert_eq!(client.get(&link).await.json()["status"], "completed");
    }
    let held = || client.sandbox.0.state.read(|tables| Ok::<_, StoreError>(tables.held())).expect("reads");
    assert_eq!(held(), Held { reserved: 0, waiting: 0, cursors: 0, cache_kib: 8192 });
    for offset in 0..100 {
        list(&client, &format!("limit=1&offset={offset}")).await;
    }
    assert_eq!(held(), Held { reserved: 0, waiting: 0, cursors: 64, cache_kib: 8192 });
    assert_eq!(client.sandbox.stats()["duplicatePublishes"], json!({}));
}

#[tokio::test]
async fn pages_follow_each_other_whatever_happens_between_them() {
    let client = client(Settings::default());
    for i in 0..6 {
        // The names go the other way round.
        assert_eq!(publish(&client, &format!("a{i}/1.0.0"), &format!("N{}", 9 - i)).await, 201);
    }
    assert_eq!(list(&client, "limit=2").await, ["a0", "a1"]);
    assert_eq!(list(&client, "limit=2&sort=name&ascending=true").await, ["a5", "a4"]);
    // A new asset is the last one in the order of creation, and the first one by name.
    assert_eq!(publish(&client, "a6/1.0.0", "N0").await, 201);
    assert_eq!(list(&client, "limit=2&offset=2").await, ["a2", "a3"]);
    assert_eq!(list(&client, "limit=2&offset=2&sort=name&ascending=true").await, ["a4", "a3"]);
    // What goes moves all that comes after it.
    assert_eq!(client.delete(&client.asset("a0"), "soft-delete").await.code(), 204);
    assert_eq!(list(&client, "limit=2&offset=4").await, ["a5", "a6"]);
    assert_eq!(list(&client, "limit=3&offset=2&sort=name").await, ["a3", "a4", "a5"]);
    assert_eq!(list(&client, "limit=3&offset=5&sort=name").await, ["a6"]);
}

#[tokio::test]
async fn a_listing_by_state_shows_the_newest_version_in_it() {
    let client = client(Settings::default());
    for version in ["1.0.0", "1.10.0", "1.9.0"] {
        assert_eq!(publish(&client, &format!("a/{version}"), "A").await, 201);
    }
    let parts = [("name", b"A".as_slice()), CUSTOM, ("status", b"development")];
    assert_eq!(client.publish_sync("a/2.0.0-rc.1", &parts).await.code(), 201);
    let version = |query: &str| {
        let path = format!("/exchange/api/v2/assets?{query}");
        let client = &client;
        async move { client.get(&path).await.json()[0]["version"].clone() }
    };
    assert_eq!(version("").await, "1.10.0", "a release stands before a higher prerelease");
    assert_eq!(version("status=development").await, "2.0.0-rc.1");
    assert_eq!(version("status=published").await, "1.10.0");
    assert_eq!(version("status=deprecated").await, Value::Null);
}

#[tokio::test(start_paused = true)]
async fn runs_that_were_under_way_end_after_a_restart_and_are_counted_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = Utf8PathBuf::from_path_buf(directory.path().join("data")).expect("utf-8");
    let latency = Latency { least: Duration::from_mins(1), most: Duration::from_mins(1) };
    let settings = Settings { data: Some(data), publish_latency: latency, ..Settings::default() };
    let first = client(settings.clone());
    let parts = [("name", b"A".as_slice()), CUSTOM, ("status", b"development")];
    let mut links = Vec::new();
    for asset in ["a/1.0.0", "b/1.0.0"] {
        let reply = first.publish(asset, &[], &parts).await;
        links.push(reply.json()["publicationStatusLink"].as_str().expect("a link").to_owned());
    }
    drop(first);

    let second = client(settings.clone());
    assert_eq!(second.get(&second.asset("a/1.0.0")).await.code(), 404);
    tokio::time::advance(Duration::from_mins(2)).await;
    for link in &links {
        assert_eq!(second.get(link).await.json()["status"], "completed");
    }
    assert_eq!(second.sandbox.stats()["publications"]["completed"], 2);
    assert_eq!(second.publish("a/1.0.0", &[], &parts).await.code(), 202, "a development version is published over");
    tokio::time::advance(Duration::from_mins(2)).await;
    let twice = json!({ format!("{}/a/1.0.0", second.org): 2 });
    assert_eq!(second.sandbox.stats()["duplicatePublishes"], twice);
    drop(second);

    assert_eq!(client(settings).sandbox.stats()["duplicatePublishes"], twice, "the count belongs to the state");
}
