//! Docs archives, as they are published with an asset and as mutable data.

use serde_json::{Value, json};

use super::{
    super::{Quirk, Settings},
    client::{Client, Part, archive, client},
};

const V: &str = "orders/1.0.0";

fn docs() -> Vec<u8> {
    archive(&[
        ("FAQ.md", b"# FAQ ![dog](resources/dog.png)"),
        ("home.md", b"# Welcome"),
        ("Getting Started.md", b"# Start"),
        ("terms.md", b"# Terms"),
        ("resources/dog.png", b"\x89PNG dog"),
        ("config.json", br#"{"pageOrder":["home","Getting Started"]}"#),
        (".DS_Store", b"junk"),
        ("__MACOSX/._home.md", b"junk"),
    ])
}

async fn change(client: &Client, zip: &[u8]) -> Value {
    let path = &format!("{V}/mutabledata");
    let reply = client.form("PATCH", path, &[], &[("files.docs.zip", zip)]).await;
    assert_eq!(reply.code(), 202);
    let link = reply.json()["mutableDataStatusLink"].as_str().expect("a link").to_owned();
    client.get(&link).await.json()
}

async fn assert_documented(client: &Client) {
    assert_eq!(client.page_names(V, "/pages").await, ["home", "Getting Started", "FAQ"]);
    assert_eq!(client.markdown(V, "home").await, "# Welcome");
    assert_eq!(client.markdown(V, "FAQ").await, "# FAQ ![dog](resources/dog.png)");
    assert_eq!(client.markdown(V, ".terms").await, "# Terms");
    let image = client.portal("GET", V, "/resources/dog.png", "").await;
    assert_eq!(image.body.as_deref(), Some(b"\x89PNG dog".as_slice()));
    assert_eq!(client.portal("GET", V, "", "").await.json()["draftStatus"], "PUBLISHED");
}

#[tokio::test]
async fn docs_that_come_with_a_publication_are_published_at_once() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml(V, &[("files.docs.zip", &docs())]).await.code(), 201);
    assert_documented(&client).await;
}

#[tokio::test]
async fn docs_that_come_as_mutable_data_take_the_place_of_all_pages() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml(V, &[]).await.code(), 201);
    client.portal("PUT", V, "/draft/pages/Old", "old").await;
    let created = client.portal("POST", V, "/draft/pages", r#"{"pagePath":"FAQ"}"#).await;
    let faq = created.json()["path"].as_str().expect("a path").to_owned();
    client.portal("PATCH", V, "", "").await;
    client.portal("PUT", V, "/draft/pages/Unfinished", "draft").await;
    assert_eq!(change(&client, &docs()).await["status"], "completed");
    assert_documented(&client).await;
    assert_eq!(client.markdown(V, &faq).await, "# FAQ ![dog](resources/dog.png)", "a page keeps its id");
    assert_eq!(client.page_names(V, "/draft/pages").await, ["home", "Getting Started", "FAQ"]);

    let fewer = archive(&[("Only.md", b"only")]);
    assert_eq!(change(&client, &fewer).await["status"], "completed");
    assert_eq!(client.portal("GET", V, "/pages", "").await.json()[0]["synthetic"], true);
    assert_eq!(client.page_names(V, "/pages").await, ["home", "Only"]);
    assert_eq!(client.portal("GET", V, "/resources", "").await.json(), json!([]));
    assert_eq!(client.markdown(V, ".terms").await, "# Terms", "terms stay where the archive has none");
}

#[tokio::test]
async fn a_later_patch_replaces_the_pages_and_an_overwritten_version_keeps_them() {
    let client = client(Settings::default());
    let development = ("status", b"development".as_slice());
    assert_eq!(client.publish_raml(V, &[development, ("files.docs.zip", &docs())]).await.code(), 201);
    let other = archive(&[("Other.md", b"other")]);
    assert_eq!(client.publish_raml(V, &[development, ("files.docs.zip", &other)]).await.code(), 201);
    assert_documented(&client).await;
    assert_eq!(client.publish_raml(V, &[development]).await.code(), 201);
    assert_documented(&client).await;
    assert_eq!(client.publish_raml("orders/1.0.1", &[("files.docs.zip", &other)]).await.code(), 201);
    assert_eq!(client.page_names(V, "/pages").await, ["home", "Other"]);
}

#[tokio::test]
async fn docs_that_a_portal_cannot_hold_fail_the_run_and_change_nothing() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml(V, &[("files.docs.zip", &docs())]).await.code(), 201);
    let (long, image) = ("x".repeat(1_024_001), vec![0; 2 * 1024 * 1024 + 1]);
    let images: Vec<String> = (0..101).map(|number| format!("resources/{number}.png")).collect();
    let images: Vec<(&str, &[u8])> = images.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    let bomb: Vec<(String, Vec<u8>)> =
        (0..40).map(|number| (format!("resources/{number}.png"), vec![number; 2_000_000])).collect();
    let bomb: Vec<(&str, &[u8])> = bomb.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let pages: Vec<String> = (0..500).map(|number| format!("{number}.md")).collect();
    let pages: Vec<(&str, &[u8])> = pages.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    let hostile: [(&str, &[Part<'_>]); 18] = [
        ("upper case home", &[("Home.md", b"x")]),
        ("nested page", &[("pages/A.md", b"x")]),
        ("climbing page", &[("../A.md", b"x")]),
        ("climbing resource", &[("resources/../../A.png", b"x")]),
        ("nested resource", &[("resources/a/A.png", b"x")]),
        ("absolute", &[("/etc/A.md", b"x")]),
        ("backslash", &[("a\\A.md", b"x")]),
        ("forbidden name", &[("a_b.md", b"x")]),
        ("reserved name", &[(".pagesOrder.md", b"x")]),
        ("not UTF-8", &[("A.md", b"\xff\xfe")]),
        ("too long", &[("A.md", long.as_bytes())]),
        ("not an image", &[("resources/a.exe", b"x")]),
        ("large image", &[("resources/a.png", &image)]),
        ("many images", &images),
        ("bomb", &bomb),
        ("many pages", &pages),
        ("broken config", &[("config.json", b"{")]),
        ("unknown page in the order", &[("config.json", br#"{"pageOrder":["Nowhere"]}"#)]),
    ];
    for (what, members) in hostile {
        let status = change(&client, &archive(members)).await;
        assert_eq!(status["status"], "error", "{what}");
        let failed = status["steps"].as_array().expect("steps").last().expect("a step");
        assert_eq!(
            (&failed["statusCode"], failed["errors"].as_array().map(Vec::len)),
            (&json!(400), Some(1)),
            "{what}"
        );
    }
    assert_eq!(change(&client, b"PK\x03\x04 no").await["status"], "error");
    let mut links = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    links.add_symlink("A.md", "/etc/hostname", zip::write::SimpleFileOptions::default()).expect("writes");
    let links = links.finish().expect("finishes").into_inner();
    assert_eq!(change(&client, &links).await["status"], "error");
    assert_documented(&client).await;
    let refused = client.publish_raml("orders/1.0.1", &[("files.docs.zip", &archive(&[("Home.md", b"x")]))]).await;
    assert_eq!(refused.code(), 400);
}

#[tokio::test]
async fn terms_of_what_is_no_api_are_left_out() {
    let client = client(Settings::default());
    let parts: [(&str, &[u8]); 3] = [("name", b"N"), ("type", b"custom"), ("files.docs.zip", &docs())];
    assert_eq!(client.publish_sync("notes/1.0.0", &parts).await.code(), 201);
    assert_eq!(client.page_names("notes/1.0.0", "/pages").await, ["home", "Getting Started", "FAQ"]);
    assert_eq!(client.portal("GET", "notes/1.0.0", "/pages/.terms", "").await.code(), 404);
}

#[tokio::test]
async fn docs_are_there_when_the_run_ends_also_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = camino::Utf8Path::from_path(directory.path()).expect("UTF-8").to_owned();
    let settings = || Settings { data: Some(data.clone()), ..Settings::default() };
    let first = client(settings());
    assert_eq!(first.publish_raml(V, &[("files.docs.zip", &docs())]).await.code(), 201);
    first.portal("PUT", V, "/draft/pages/Draft", "draft").await;
    drop(first);
    let again = client(settings());
    assert_eq!(again.page_names(V, "/draft/pages").await, ["home", "Getting Started", "FAQ", "Draft"]);
    assert_eq!(again.portal("DELETE", V, "/draft", "").await.code(), 204);
    assert_documented(&again).await;
}

#[tokio::test]
async fn with_the_quirk_the_archive_decides_on_the_order() {
    let client = client(Settings { quirks: [Quirk::CreationOrder].into_iter().collect(), ..Settings::default() });
    assert_eq!(client.publish_raml(V, &[("files.docs.zip", &docs())]).await.code(), 201);
    assert_eq!(client.page_names(V, "/pages").await, ["FAQ", "home", "Getting Started"]);
}
