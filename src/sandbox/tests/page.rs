//! The page for people.

use super::{
    super::Settings,
    client::{Client, Reply, archive, client},
};

async fn look(client: &Client, path: &str) -> Reply {
    client.send("GET", path, &[("accept", "text/html,application/xhtml+xml")], Vec::new()).await
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone().unwrap_or_default()).expect("utf-8")
}

#[tokio::test]
async fn a_browser_finds_its_way_from_the_root_to_a_version() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[("tags", b"blue")]).await.code(), 201);
    assert_eq!(client.publish_raml("orders/1.1.0", &[]).await.code(), 201);
    let overview = look(&client, "/").await;
    assert_eq!(overview.code(), 200);
    assert!(text(&overview).contains("completed") && text(&overview).contains("1.1.0"));
    let organization = format!("/_sandbox/organizations/{}", client.org);
    assert!(text(&overview).contains(&format!("href=\"{organization}\"")));
    let list = text(&look(&client, &organization).await);
    let asset = format!("/_sandbox/assets/{}/orders", client.org);
    assert!(list.contains(&format!("href=\"{asset}\"")), "{list}");
    assert!(!text(&look(&client, &format!("{organization}?search=nothing")).await).contains(&asset));
    let page = text(&look(&client, &format!("{asset}/1.0.0")).await);
    for part in ["blue", "files.raml.zip", "api.raml", "generated", "1.1.0"] {
        assert!(page.contains(part), "{part}");
    }
}

#[tokio::test]
async fn pages_of_an_asset_are_shown_with_their_pictures() {
    let client = client(Settings::default());
    let docs = archive(&[
        ("home.md", b"# Welcome\n\n![map](resources/map.png)\n\n<script>alert(1)</script>"),
        ("Getting Started.md", b"First **this**."),
        ("resources/map.png", b"\x89PNG\r\n\x1a\n"),
    ]);
    assert_eq!(client.publish_raml("orders/1.0.0", &[("files.docs.zip", &docs)]).await.code(), 201);
    let asset = text(&look(&client, &format!("/_sandbox/assets/{}/orders", client.org)).await);
    let home = format!("/_sandbox/assets/{}/orders/1.0.0/pages/home", client.org);
    assert!(asset.contains(&format!("href=\"{home}\"")) && asset.contains("Getting%20Started"), "{asset}");
    let page = text(&look(&client, &home).await);
    assert!(page.contains("<h1>Welcome</h1>") && !page.contains("<script>alert"), "{page}");
    let source = page.split("<img src=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a picture");
    let picture = home.replace("/home", &format!("/{source}"));
    let picture = client.send("GET", &picture, &[("accept", "image/*")], Vec::new()).await;
    assert_eq!((picture.code(), picture.header("content-type")), (200, "image/png"));
    assert_eq!(look(&client, &home.replace("home", "nothing")).await.code(), 404);
}

#[tokio::test]
async fn names_are_text_and_never_markup() {
    let client = client(Settings::default());
    let name = b"<script>alert(1)</script>";
    let parts: [super::client::Part<'_>; 3] = [("name", name), ("type", b"custom"), ("description", name)];
    assert_eq!(client.publish_sync("odd/1.0.0", &parts).await.code(), 201);
    for path in [format!("organizations/{}", client.org), format!("assets/{}/odd", client.org)] {
        let page = text(&look(&client, &format!("/_sandbox/{path}")).await);
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>alert"), "{page}");
    }
    let search = format!("/_sandbox/organizations/{}?search=%22%3E%3Cscript%3Ealert(1)", client.org);
    assert!(!text(&look(&client, &search).await).contains("<script>alert"));
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere_and_show_no_credentials() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let credentials = client.sandbox.credentials().clone();
    let organization = format!("/_sandbox/organizations/{}", client.org);
    let asset = format!("/_sandbox/assets/{}/orders", client.org);
    for path in ["/", organization.as_str(), asset.as_str(), "/_sandbox/publications"] {
        let reply = look(&client, path).await;
        assert!(reply.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        let page = text(&reply).replace(super::client::ORIGIN, "");
        assert!(!page.contains("://"), "{path} links elsewhere: {page}");
        for secret in [&credentials.token, &credentials.client_secret, &credentials.password] {
            assert!(!page.contains(secret.as_str()), "{path}");
        }
    }
}

#[tokio::test]
async fn a_program_that_asks_for_the_root_is_told_that_there_is_nothing() {
    let client = client(Settings::default());
    let reply = client.send("GET", "/", &[("accept", "application/json, text/plain, */*")], Vec::new()).await;
    assert_eq!((reply.code(), reply.header("content-type")), (404, "application/json"));
}

#[tokio::test]
async fn what_is_not_there_has_a_page_that_says_so() {
    let client = client(Settings::default());
    for path in ["/_sandbox/organizations/nobody", "/_sandbox/assets/a/b", "/_sandbox/assets/a/b/x"] {
        let reply = look(&client, path).await;
        assert_eq!(reply.code(), 404, "{path}");
        assert!(text(&reply).contains("Back to the overview"));
    }
    let organization = format!("/_sandbox/organizations/{}?offset=x", client.org);
    assert_eq!(look(&client, &organization).await.code(), 400);
}
