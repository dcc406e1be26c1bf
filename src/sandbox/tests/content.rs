use serde_json::json;

use super::{
    super::Settings,
    client::{Client, ORIGIN, RAML, archive, client},
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nimage";
const SVG: &[u8] = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>";

async fn put(client: &Client, path: &str, kind: &str, bytes: &[u8]) -> super::client::Reply {
    let headers = [("authorization", client.authorization.as_str()), ("content-type", kind)];
    client.send("PUT", &client.asset(path), &headers, bytes.to_vec()).await
}

#[tokio::test]
async fn an_icon_is_set_shown_replaced_and_removed() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let made = put(&client, "orders/icon", "image/png", PNG).await;
    let body = made.json();
    assert_eq!((made.code(), &body["classifier"], &body["packaging"]), (201, &json!("icon"), &json!("png")));
    assert!(body["externalKey"].as_str().is_some_and(|key| key.starts_with(&client.org) && key.ends_with("png")));
    let link = body["externalLink"].as_str().expect("a link");
    assert_eq!(client.send("GET", link, &[], Vec::new()).await.body.as_deref(), Some(PNG));
    let shown = client.get(&client.asset("orders/1.0.0")).await.json();
    assert!(shown["icon"].as_str().is_some_and(|icon| icon.starts_with(ORIGIN)), "{}", shown["icon"]);

    assert_eq!(put(&client, "orders/1.0.0/icon", "image/svg+xml", SVG).await.code(), 204);
    let shown = client.get(&client.asset("orders/asset")).await.json();
    assert!(shown["icon"].as_str().is_some_and(|icon| icon.ends_with("-icon.svg")), "{}", shown["icon"]);
    assert_eq!(client.delete(&client.asset("orders/icon"), "").await.code(), 204);
    assert_eq!(client.get(&client.asset("orders/asset")).await.json()["icon"], json!(null));
}

#[tokio::test]
async fn what_is_no_icon_is_refused() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    assert_eq!(put(&client, "orders/icon", "image/png", b"text").await.code(), 400);
    assert_eq!(put(&client, "orders/icon", "image/gif", PNG).await.code(), 400);
    assert_eq!(put(&client, "orders/icon", "image/bmp", PNG).await.code(), 400);
    assert_eq!(put(&client, "orders/icon", "image/png", b"").await.code(), 400);
    assert_eq!(put(&client, "orders/icon", "application/octet-stream", PNG).await.code(), 201, "the bytes tell");
    let large = [PNG, &vec![0; 2 * 1024 * 1024]].concat();
    assert_eq!(put(&client, "orders/icon", "image/png", &large).await.code(), 413);
    let large = [SVG, &vec![b' '; 100 * 1024]].concat();
    assert_eq!(put(&client, "orders/icon", "image/svg+xml", &large).await.code(), 413);
    assert_eq!(put(&client, "orders/9.0.0/icon", "image/png", PNG).await.code(), 404);
    assert_eq!(put(&client, "nothing/icon", "image/png", PNG).await.code(), 404);
}

#[tokio::test]
async fn files_inside_a_specification_are_read_one_by_one_and_nothing_else_is() {
    let client = client(Settings::default());
    let zip = archive(&[
        ("api.raml", RAML),
        ("types/order item.raml", b"#%RAML 1.0 DataType\n"),
        ("exchange_modules/g/a/1.0.0/x.raml", b"x"),
    ]);
    let parts = [
        ("name", b"Orders".as_slice()),
        ("properties.mainFile", b"api.raml"),
        ("properties.apiVersion", b"v1"),
        ("files.raml.zip", &zip),
    ];
    assert_eq!(client.publish_sync("orders/1.0.0", &parts).await.code(), 201);
    let root = client.get(&client.asset("orders/1.0.0/api/root")).await;
    let location = root.header("location").to_owned();
    assert_eq!((root.code(), &location), (301, &format!("{ORIGIN}{}", client.asset("orders/1.0.0/api/api.raml"))));
    assert_eq!(client.get(&location).await.body.as_deref(), Some(RAML));
    for (path, expected) in [
        ("types/order%20item.raml", 200),
        ("exchange_modules/g/a/1.0.0/x.raml", 200),
        ("types", 404),
        ("../../../etc/passwd", 404),
        ("%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404),
        ("/etc/passwd", 404),
    ] {
        assert_eq!(client.get(&client.asset(&format!("orders/1.0.0/api/{path}"))).await.code(), expected, "{path}");
    }
    let model = client.get(&client.asset("orders/1.0.0/api/model")).await.json();
    assert_eq!(model[0]["@id"], "api.raml");
    let api = &model[0]["http://raml.org/vocabularies/document#encodes"][0];
    assert_eq!(api["http://schema.org/name"][0]["@value"], "Orders");

    let parts = [("name", b"Links".as_slice()), ("type", b"http-api"), ("properties.apiVersion", b"v1")];
    assert_eq!(client.publish_sync("links/1.0.0", &parts).await.code(), 201);
    for path in ["root", "model", "api.raml"] {
        assert_eq!(client.get(&client.asset(&format!("links/1.0.0/api/{path}"))).await.code(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_single_file_is_its_own_specification() {
    let client = client(Settings::default());
    let oas = br#"{"openapi":"3.0.1","info":{"title":"A","version":"1"},"paths":{}}"#;
    let parts = [
        ("name", b"A".as_slice()),
        ("properties.mainFile", b"a.json"),
        ("properties.apiVersion", b"v1"),
        ("files.oas.json", oas),
    ];
    assert_eq!(
        client.publish("a/1.0.0", &[("x-sync-publication", "true"), ("x-strict-package", "true")], &parts).await.code(),
        201
    );
    let read = client.get(&client.asset("a/1.0.0/api/a.json")).await;
    assert_eq!((read.body.as_deref(), read.header("content-type")), (Some(oas.as_slice()), "application/json"));
    assert_eq!(client.get(&client.asset("a/1.0.0/api/b.json")).await.code(), 404);
}

#[tokio::test]
async fn the_files_that_could_be_main_files_are_told() {
    let client = client(Settings::default());
    let zip = archive(&[("b.yaml", b""), ("a.json", b""), ("exchange.json", b"{}"), ("in/c.yaml", b""), ("d.md", b"")]);
    let ask = |classifier: &'static str, bytes: Vec<u8>| {
        let client = &client;
        async move {
            let path = format!("/exchange/api/v1/files/classifiers/{classifier}/entries/main");
            client.send("POST", &path, &[("authorization", &client.authorization)], bytes).await
        }
    };
    assert_eq!(ask("oas", zip.clone()).await.json(), json!(["a.json", "b.yaml"]));
    assert_eq!(ask("raml", zip.clone()).await.json(), json!([]));
    assert_eq!(ask("mule-plugin", zip).await.code(), 400);
    assert_eq!(ask("oas", b"no archive".to_vec()).await.code(), 400);
    assert_eq!(ask("oas", Vec::new()).await.code(), 400);
}

#[tokio::test]
async fn the_search_of_the_web_page_finds_parts_of_names() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.2.0", &[]).await.code(), 201);
    assert_eq!(client.publish_sync("a/1.0.0", &[("name", b"A"), ("type", b"custom")]).await.code(), 201);
    let path = "/exchange/api/v2/pseas/_search";
    let query = json!({ "size": 5, "organizationId": [client.org], "search": "ORD", "types": ["rest-api"] });
    let found = client.json("POST", path, &query).await.json();
    assert_eq!(found["hits"].as_array().map(Vec::len), Some(1));
    let source = &found["hits"][0]["source"];
    assert_eq!((&source["assetId"], &source["minorVersion"]), (&json!("orders"), &json!("1.2")));
    assert_eq!(source["patch"][0]["semverVersion"]["value"], "1.2.0");
    assert_eq!(client.json("POST", path, &json!({ "size": 251 })).await.code(), 400);
    assert_eq!(client.json("POST", path, &json!("x")).await.code(), 400);
}
