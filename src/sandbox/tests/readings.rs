use std::time::Duration;

use serde_json::json;

use super::{
    super::{Latency, Quirk, Settings},
    client::{Client, archive, client},
};

fn with(quirk: Quirk) -> Client {
    client(Settings { quirks: [quirk].into_iter().collect(), ..Settings::default() })
}

#[tokio::test]
async fn a_soap_api_needs_a_file_where_the_other_source_is_right() {
    let parts = [
        ("name", b"A".as_slice()),
        ("type", b"soap-api"),
        ("properties.apiVersion", b"v1"),
        ("properties.assetLink", b"https://a.example.com?wsdl"),
    ];
    assert_eq!(client(Settings::default()).publish_sync("a/1.0.0", &parts).await.code(), 201);
    let refused = with(Quirk::SoapNeedsFile).publish_sync("a/1.0.0", &parts).await;
    assert_eq!((refused.code(), &refused.json()["code"]), (400, &json!("COULD_NOT_DETERMINE_ASSET_TYPE")));
}

#[tokio::test]
async fn a_description_has_one_character_more_where_the_other_source_is_right() {
    let description = "x".repeat(256);
    let parts = [("name", b"A".as_slice()), ("type", b"custom"), ("description", description.as_bytes())];
    for (client, published, edited) in
        [(client(Settings::default()), 400, 400), (with(Quirk::Description256), 201, 204)]
    {
        assert_eq!(client.publish_sync("a/1.0.0", &parts).await.code(), published);
        assert_eq!(client.publish_sync("b/1.0.0", &parts[..2]).await.code(), 201);
        let edit = client.json("PATCH", &client.asset("b"), &json!({ "description": description })).await;
        assert_eq!(edit.code(), edited);
    }
}

#[tokio::test]
async fn a_jar_is_as_small_as_any_file_where_the_other_source_is_right() {
    let jar = vec![0; 6 * 1024 * 1024];
    let parts = [("name", b"A".as_slice()), ("files.external-library.jar", jar.as_slice())];
    let headers = [("x-sync-publication", "true"), ("x-file-validation", "false")];
    assert_eq!(client(Settings::default()).publish("a/1.0.0", &headers, &parts).await.code(), 201);
    assert_eq!(with(Quirk::FiveMegabytes).publish("a/1.0.0", &headers, &parts).await.code(), 413);
}

#[tokio::test]
async fn an_async_api_is_json_where_the_other_source_is_right() {
    let json = br#"{"asyncapi":"2.6.0","info":{"title":"A","version":"1"},"channels":{}}"#;
    let parts = [
        ("name", b"A".as_slice()),
        ("type", b"evented-api"),
        ("properties.mainFile", b"a.json"),
        ("properties.apiVersion", b"v1"),
        ("files.evented-api.json", json),
    ];
    let refused = client(Settings::default()).publish_sync("a/1.0.0", &parts).await;
    assert_eq!((refused.code(), &refused.json()["code"]), (400, &json!("MISSING_FILES_ERROR")));
    let lenient = with(Quirk::AsyncapiJson);
    assert_eq!(lenient.publish_sync("a/1.0.0", &parts).await.code(), 201);
    let wrong = [&parts[..4], &[("files.evented-api.json", b"{}".as_slice())]].concat();
    assert_eq!(lenient.publish_sync("b/1.0.0", &wrong).await.code(), 400, "it is looked into all the same");
}

#[tokio::test]
async fn versions_are_objects_where_the_other_source_is_right() {
    let client = with(Quirk::VersionObjects);
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let shown = client.get(&client.asset("orders/asset")).await.json();
    assert_eq!(shown["versions"][0]["version"], "1.0.0");
}

#[tokio::test(start_paused = true)]
async fn first_versions_that_are_under_way_are_held_against_each_other() {
    let latency = Latency { least: Duration::from_mins(1), most: Duration::from_mins(1) };
    let client = client(Settings { publish_latency: latency, ..Settings::default() });
    let zip = archive(&[("api.raml", super::client::RAML)]);
    let raml = |api: &'static [u8]| {
        let parts = [
            ("name", b"Orders".as_slice()),
            ("properties.mainFile", b"api.raml"),
            ("properties.apiVersion", api),
            ("files.raml.zip", zip.as_slice()),
        ];
        parts.to_vec()
    };
    assert_eq!(client.publish("orders/1.0.0", &[], &raml(b"v1")).await.code(), 202);
    let custom = [("name", b"Orders".as_slice()), ("type", b"custom")];
    for (version, parts, code) in [
        ("1.0.1", custom.to_vec(), "INVALID_ASSET_TYPE"),
        ("1.1.0", raml(b"v2"), "INVALID_API_VERSION"),
        ("2.0.0", raml(b"v1"), "INVALID_API_VERSION"),
    ] {
        let refused = client.publish(&format!("orders/{version}"), &[], &parts).await;
        assert_eq!((refused.code(), &refused.json()["code"]), (400, &json!(code)), "{version}");
    }
    assert_eq!(client.publish("orders/2.0.0", &[], &raml(b"v2")).await.code(), 202);
    assert_eq!(client.publish("orders-two/1.0.0", &[], &custom).await.code(), 202, "another asset is another asset");
}

#[tokio::test]
async fn an_organization_holds_as_many_versions_as_it_may_and_a_deleted_one_makes_room() {
    let client = client(Settings { max_versions: Some(2), ..Settings::default() });
    let publish = |asset: &'static str| {
        let client = &client;
        let parts = [("name", b"A".as_slice()), ("type", b"custom"), ("status", b"development")];
        async move { client.publish_sync(asset, &parts).await }
    };
    assert_eq!(publish("a/1.0.0").await.code(), 201);
    assert_eq!(publish("b/1.0.0").await.code(), 201);
    let refused = publish("c/1.0.0").await;
    assert_eq!((refused.code(), &refused.json()["code"]), (409, &json!("ASSET_LIMIT_REACHED")));
    assert_eq!(publish("b/1.0.0").await.code(), 201, "publishing over a version needs no room");
    assert_eq!(client.delete(&client.asset("a"), "hard-delete").await.code(), 204);
    assert_eq!(publish("c/1.0.0").await.code(), 201);
    assert_eq!(publish("a/1.0.0").await.code(), 409);
}

#[tokio::test]
async fn snapshots_are_left_out_where_they_are_not_wanted() {
    let client = client(Settings::default());
    let parts = [("name", b"A".as_slice()), ("type", b"custom")];
    let headers = [("x-sync-publication", "true"), ("x-snapshots-allowed", "true")];
    assert_eq!(client.publish("a/1.0.0-SNAPSHOT", &headers, &parts).await.code(), 201);
    let list = |query: &'static str| {
        let client = &client;
        async move { client.get(&format!("/exchange/api/v2/assets/search?{query}")).await }
    };
    assert_eq!(list("includeSnapshots=true").await.json()[0]["version"], "1.0.0-SNAPSHOT");
    assert_eq!(list("includeSnapshots=false").await.json(), json!([]));
    assert_eq!(list("includeSnapshots=perhaps").await.code(), 400);
    assert_eq!(client.get(&client.asset("a/asset?includeSnapshots=false")).await.code(), 404);
}
