//! The Maven facade.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

use super::{
    super::Settings,
    client::{Client, Reply, client},
};

const ICON: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>";

fn path(client: &Client, file: &str) -> String {
    format!("/api/v3/organizations/{o}/maven/{o}/{file}", o = client.org)
}

async fn put(client: &Client, file: &str, bytes: &[u8]) -> Reply {
    let headers = [("authorization", client.authorization.as_str())];
    client.send("PUT", &path(client, file), &headers, bytes.to_vec()).await
}

fn pom(client: &Client, version: &str, more: &str) -> Vec<u8> {
    let group = &client.org;
    format!(
        "<project><groupId>{group}</groupId><artifactId>orders</artifactId><version>{version}</version>{more}</project>"
    )
    .into_bytes()
}

/// Publishes `orders` in the three steps; the answer is that of the last.
async fn deploy(client: &Client, version: &str, pom: &[u8], files: &[(&str, &[u8])]) -> Reply {
    let start = format!("orders/{version}/orders-{version}");
    let opened = client.get(&path(client, &format!("{start}-preConditions-1646986837298.json"))).await;
    assert_eq!(opened.code(), 200);
    assert_eq!(put(client, &format!("{start}.pom"), pom).await.code(), 200);
    for (name, bytes) in files {
        assert_eq!(put(client, &format!("{start}{name}"), bytes).await.code(), 200);
    }
    assert_eq!(put(client, "orders/maven-metadata.xml", b"<metadata/>").await.code(), 200);
    put(client, &format!("{start}-EOF.json"), b"{}").await
}

#[tokio::test]
async fn three_steps_publish_by_the_rules_of_every_publication() {
    let client = client(Settings::default());
    let text = pom(&client, "1.0.0", "<name>Orders</name><description>All</description>");
    let reply = deploy(&client, "1.0.0", &text, &[("-custom.txt", b"hello")]).await;
    assert_eq!((reply.code(), reply.json()), (200, json!({ "status": "completed" })));
    let asset = client.get(&client.asset("orders/1.0.0")).await.json();
    let shown = ["name", "description", "type", "status"].map(|name| asset[name].as_str());
    assert_eq!(shown, ["Orders", "All", "custom", "published"].map(Some));
    let again = path(&client, "orders/1.0.0/orders-1.0.0-preConditions-1.json");
    assert_eq!(client.get(&again).await.code(), 409);
    let snapshot = pom(&client, "2.0.0-SNAPSHOT", "");
    for _ in 0..2 {
        assert_eq!(deploy(&client, "2.0.0-SNAPSHOT", &snapshot, &[("-custom.txt", b"x")]).await.code(), 200);
    }
    let asset = client.get(&client.asset("orders/2.0.0-SNAPSHOT?includeSnapshots=true")).await.json();
    assert_eq!(asset["status"], "development");
    let wrong = pom(&client, "9.9.9", "");
    let refused = deploy(&client, "3.0.0", &wrong, &[]).await;
    assert_eq!((refused.code(), &refused.json()["code"]), (400, &json!("INVALID_ASSET_METADATA")));
    assert_eq!(deploy(&client, "3.0.0", &pom(&client, "3.0.0", ""), &[]).await.code(), 200, "a POM alone is custom");
}

#[tokio::test]
async fn steps_that_are_left_out_are_refused() {
    let client = client(Settings::default());
    assert_eq!(put(&client, "orders/1.0.0/orders-1.0.0.pom", b"<project/>").await.code(), 412);
    assert_eq!(put(&client, "orders/1.0.0/orders-1.0.0-EOF.json", b"").await.code(), 500);
    assert_eq!(put(&client, "orders/1.0.0/other-1.0.0.jar", b"").await.code(), 404);
    assert_eq!(put(&client, "orders/one/orders-one.jar", b"").await.code(), 404);
    assert_eq!(client.get(&path(&client, "orders/1.0.0/orders-1.0.0-preConditions-1.json")).await.code(), 200);
    assert_eq!(put(&client, "orders/1.0.0/orders-1.0.0-custom.txt", b"abc").await.code(), 200);
    assert_eq!(client.get(&path(&client, "orders/2.0.0/orders-2.0.0-preConditions-1.json")).await.code(), 200);
    assert_eq!(
        put(&client, "orders/2.0.0/orders-2.0.0-EOF.json", b"").await.code(),
        400,
        "there is nothing to publish"
    );
    let digest = "orders/1.0.0/orders-1.0.0-custom.txt.md5";
    assert_eq!(put(&client, digest, b"900150983cd24fb0d6963f7d28e17f72\n").await.code(), 200);
    assert_eq!(put(&client, digest, b"00000000000000000000000000000000").await.code(), 400);
    let foreign = path(&client, "x").replace(&format!("/maven/{}", client.org), "/maven/com/mulesoft");
    let foreign = foreign.replace("/x", "/orders/1.0.0/orders-1.0.0-preConditions-1.json");
    assert_eq!(client.get(&foreign).await.code(), 403, "{foreign}");
}

#[tokio::test]
async fn artifacts_and_the_list_of_versions_are_read_back() {
    let client = client(Settings::default());
    for (version, status) in [("1.0.0", "published"), ("1.1.0", "published"), ("2.0.0", "development")] {
        let parts = [("status", status.as_bytes()), ("files.custom.txt", b"abc".as_slice())];
        let parts = [[("name", b"Orders".as_slice()), ("type", b"custom")].as_slice(), &parts].concat();
        assert_eq!(client.publish_sync(&format!("orders/{version}"), &parts).await.code(), 201);
    }
    let read = |file: &'static str| {
        let client = &client;
        async move {
            let reply = client.get(&path(client, file)).await;
            (reply.code(), String::from_utf8(reply.body.unwrap_or_default()).unwrap_or_default())
        }
    };
    assert_eq!(read("orders/1.0.0/orders-1.0.0-custom.txt").await, (200, "abc".to_owned()));
    let md5 = "900150983cd24fb0d6963f7d28e17f72".to_owned();
    assert_eq!(read("orders/1.0.0/orders-1.0.0-custom.txt.md5").await, (200, md5));
    assert!(read("orders/1.0.0/orders-1.0.0.pom").await.1.contains("<artifactId>orders</artifactId>"));
    assert_eq!(read("orders/2.0.0/orders-2.0.0-custom.txt").await.0, 404, "what is in development is not served");
    assert_eq!(read("orders/1.0.0/orders-1.0.0-custom.zip").await.0, 404);
    let (code, metadata) = read("orders/maven-metadata.xml").await;
    assert_eq!(code, 200);
    let expected = "<versions>\n      <version>1.0.0</version>\n      <version>1.1.0</version>\n    </versions>";
    assert!(metadata.contains("<release>1.1.0</release>") && metadata.contains(expected), "{metadata}");
    assert_eq!(read("orders/maven-metadata.xml.sha1").await.1.len(), 40);
    for base in ["/api/v3/maven", "/api/v1/maven", "/api/v2/maven"] {
        let path = format!("{base}/{}/orders/1.1.0/orders-1.1.0-custom.txt", client.org);
        assert_eq!(client.get(&path).await.code(), 200);
    }
    assert_eq!(put(&client, "orders/1.0.0/orders-1.0.0-icon.svg", ICON).await.code(), 200);
    assert_eq!(put(&client, "orders/1.0.0/orders-1.0.0-icon.svg.sha1", b"x").await.code(), 200);
    assert_eq!(read("orders/1.1.0/orders-1.1.0-icon.svg").await.1.as_bytes(), ICON);
    assert_eq!(put(&client, "orders/1.0.0/orders-1.0.0-icon.exe", ICON).await.code(), 400);
}

#[tokio::test]
async fn a_group_with_dots_is_a_path_of_directories() {
    let client = client(Settings::default());
    let upload = format!("/exchange/api/v2/organizations/{}/assets/com.acme.apis/orders/1.0.0", client.org);
    let body = super::client::form(&[("name", b"Orders"), ("type", b"custom"), ("files.custom.txt", b"abc")]);
    let kind = format!("multipart/form-data; boundary={}", super::client::BOUNDARY);
    let headers =
        [("authorization", client.authorization.as_str()), ("content-type", &kind), ("x-sync-publication", "true")];
    assert_eq!(client.send("POST", &upload, &headers, body).await.code(), 201);
    for group in ["com/acme/apis", "com.acme.apis"] {
        let path = format!("/api/v3/maven/{group}/orders/1.0.0/orders-1.0.0-custom.txt");
        assert_eq!(client.get(&path).await.body.as_deref(), Some(b"abc".as_slice()));
    }
}

#[tokio::test]
async fn maven_signs_in_with_names_and_passwords() {
    let client = client(Settings::default());
    let reply = deploy(&client, "1.0.0", &pom(&client, "1.0.0", ""), &[]).await;
    assert_eq!(reply.code(), 200);
    let known = client.sandbox.credentials().clone();
    let path = path(&client, "orders/1.0.0/orders-1.0.0.pom");
    let get = |credentials: String| {
        let (client, path) = (&client, &path);
        let header = format!("Basic {}", BASE64_STANDARD.encode(credentials));
        async move { client.send("GET", path, &[("authorization", &header)], Vec::new()).await.code() }
    };
    assert_eq!(get(format!("~~~Token~~~:{}", known.token)).await, 200);
    assert_eq!(get(format!("~~~Client~~~:{}~?~{}", known.client_id, known.client_secret)).await, 200);
    assert_eq!(get(format!("{}:{}", known.username, known.password)).await, 200);
    assert_eq!(get(format!("{}:wrong", known.username)).await, 401);
    let nobody = client.send("GET", &path, &[], Vec::new()).await;
    assert_eq!((nobody.code(), nobody.header("www-authenticate").starts_with("Basic")), (401, true));
    let assets = client.asset("orders/1.0.0");
    let header = format!("Basic {}", BASE64_STANDARD.encode(format!("~~~Token~~~:{}", known.token)));
    let elsewhere = client.send("GET", &assets, &[("authorization", &header)], Vec::new()).await;
    assert_eq!(elsewhere.code(), 401, "only Maven takes a token as a password");
}
