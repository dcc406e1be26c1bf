use std::io::{Cursor, Read};

use serde_json::{Value, json};

use super::{
    super::Settings,
    client::{ORIGIN, RAML, archive, client},
};

fn file<'a>(asset: &'a Value, classifier: &str) -> &'a Value {
    let files = asset["files"].as_array().expect("files");
    files.iter().find(|file| file["classifier"] == classifier).expect("the file is there")
}

#[tokio::test]
async fn an_asset_reads_back_with_its_files_and_they_download() {
    let client = client(Settings::default());
    let zip = archive(&[("api.raml", RAML), ("exchange_modules/g/a/1.0.0/x.raml", b"x"), ("exchange.json", b"{}")]);
    let icon = [("files.icon.png", b"png".as_slice()), ("tags", b"B, a"), ("keywords", b"k1, k2")];
    let more = [icon.as_slice(), &[("files.raml.zip", &zip), ("dependencies", b"org.mule.x:y:1.0.0")]].concat();
    let parts = [
        &[("name", b"Orders".as_slice()), ("properties.mainFile", b"api.raml"), ("properties.apiVersion", b"v1")],
        more.as_slice(),
    ]
    .concat();
    assert_eq!(client.publish_sync("orders/1.0.0", &parts).await.code(), 201);
    let asset = client.get(&client.asset("orders/1.0.0")).await.json();
    assert_eq!(asset["labels"], json!(["a", "b"]));
    assert_eq!((&asset["versionGroup"], &asset["minorVersion"]), (&json!("v1"), &json!("1.0")));
    assert_eq!((&asset["originalFormat"], &asset["originalFormatVersion"]), (&json!("raml"), &json!("1.0")));
    let attributes = asset["attributes"].as_array().expect("attributes");
    assert!(attributes.contains(&json!({ "key": "api-version", "value": "v1" })));
    assert!(attributes.contains(&json!({ "key": "keywords", "value": "k1,k2" })));
    let flags: Vec<(&Value, &Value)> =
        asset["files"].as_array().expect("files").iter().map(|f| (&f["classifier"], &f["isGenerated"])).collect();
    let expected = json!([["raml", false], ["fat-raml", false], ["oas", true], [null, true], ["icon", false]]);
    assert_eq!(json!(flags), expected);

    let raml = file(&asset, "raml");
    let download = raml["downloadURL"].as_str().expect("a link");
    assert_eq!(
        download,
        format!("{ORIGIN}/exchange/files/api/v1/organizations/{o}/assets/{o}/orders/1.0.0/raml/zip", o = client.org)
    );
    let bytes = client.get(download).await.body.expect("a body");
    let mut read = zip::ZipArchive::new(Cursor::new(&bytes)).expect("an archive");
    let names: Vec<String> = read.file_names().map(|name| name.expect("a name").into_owned()).collect();
    assert_eq!(names, ["api.raml", "exchange.json"], "declared dependencies replace the modules");
    let mut text = String::new();
    read.by_name("exchange.json").expect("is there").read_to_string(&mut text).expect("reads");
    let description: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&description["main"], &description["assetId"]), (&json!("api.raml"), &json!("orders")));

    let external = raml["externalLink"].as_str().expect("a link");
    assert!(external.ends_with("/orders-1.0.0-raml.zip"), "{external}");
    let signed = client.send("GET", external, &[], Vec::new()).await;
    assert_eq!(signed.body.as_deref(), Some(bytes.as_slice()));
    assert_eq!(client.get(external).await.code(), 400, "a token does not go to a pre-signed link");
    let forged = external.replace("orders-1.0.0", "others-1.0.0");
    assert_eq!(client.send("GET", &forged, &[], Vec::new()).await.code(), 403);
    let public = format!("/exchange/organizations/{o}/assets/{o}/orders/1.0.0/files/pom", o = client.org);
    assert!(client.get(&public).await.body.is_some_and(|pom| pom.starts_with(b"<?xml")));
}

#[tokio::test]
async fn listings_page_filter_and_refuse_large_pages() {
    let client = client(Settings::default());
    for i in 0..5 {
        let name = format!("Asset {i}");
        let asset = format!("a{i}/1.0.0");
        assert_eq!(client.publish_sync(&asset, &[("name", name.as_bytes()), ("type", b"custom")]).await.code(), 201);
    }
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let ids = |reply: Value| -> Vec<String> {
        reply.as_array().expect("a list").iter().map(|a| a["assetId"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let list = |query: &str| {
        let path = format!("/exchange/api/v2/assets?organizationId={}&{query}", client.org);
        let client = &client;
        async move { client.get(&path).await }
    };
    assert_eq!(ids(list("limit=2&offset=1").await.json()), ["a1", "a2"]);
    assert_eq!(ids(list("offset=99").await.json()), Vec::<String>::new());
    assert_eq!(ids(list("types=rest-api").await.json()), ["orders"]);
    assert_eq!(ids(list("type=rest-api").await.json()).len(), 6, "a singular `type` is not listened to");
    assert_eq!(ids(list("search=SSET%203").await.json()), ["a3"]);
    let refused = list("limit=251").await;
    let expected = json!({ "name": "Bad Request", "status": 400, "message": "request/query/limit must be <= 250" });
    assert_eq!((refused.code(), refused.json()), (400, expected));
    let sorted = client.get("/exchange/api/v2/assets/search?sort=name&ascending=false&limit=1").await.json();
    assert_eq!(ids(sorted), ["orders"]);
}

#[tokio::test]
async fn versions_are_found_from_the_asset() {
    let client = client(Settings::default());
    for version in ["1.0.0", "1.0.1", "1.1.0", "2.0.0"] {
        assert_eq!(client.publish_raml(&format!("orders/{version}"), &[]).await.code(), 201);
    }
    let latest = client.get(&client.asset("orders/asset")).await.json();
    assert_eq!((&latest["version"], &latest["versions"]), (&json!("2.0.0"), &json!(["1.1.0", "1.0.1", "1.0.0"])));
    assert_eq!(client.get(&client.asset("orders/minorVersions/1.0")).await.json()["version"], "1.0.1");
    let full = client.get(&client.asset("orders/v1.0.0")).await.json();
    assert_eq!(full["otherVersions"].as_array().map(Vec::len), Some(3));
    let groups = client.get(&client.asset("orders/versionGroups")).await.json();
    assert_eq!((&groups[0]["versionGroup"], &groups[1]["major"]), (&json!("v1"), &json!(2)));
    let next = |order: &str| {
        let o = &client.org;
        let path = format!("/exchange/api/v2/organizations/{o}/groups/{o}/assets/orders/nextAvailableVersion{order}");
        let client = &client;
        async move { client.get(&path).await.json()["nextAvailableVersion"].clone() }
    };
    assert_eq!(next("").await, "2.0.1");
    assert_eq!(next("?versionOrder=MAJOR").await, "3.0.0");
}
