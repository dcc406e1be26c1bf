use serde_json::{Value, json};

use super::{
    super::{Quirk, Settings},
    client::{Client, Part, Reply, client, form},
};

impl Client {
    /// Calls the portal of a version of the organization's own group.
    pub(super) async fn portal(&self, method: &str, version: &str, path: &str, body: &str) -> Reply {
        self.portal_with(method, version, path, &[], body.as_bytes().to_vec()).await
    }

    pub(super) async fn portal_with(
        &self,
        method: &str,
        version: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Reply {
        let mut all = vec![("authorization", self.authorization.as_str())];
        all.extend_from_slice(headers);
        let path = format!("{}/portal{path}", self.asset(version)).replace(' ', "%20");
        self.send(method, &path, &all, body).await
    }

    /// The published page of a path or name, as Markdown.
    pub(super) async fn markdown(&self, version: &str, page: &str) -> String {
        let accept = [("accept", "text/markdown")];
        let mut reply = self.portal_with("GET", version, &format!("/pages/{page}"), &accept, Vec::new()).await;
        if reply.code() == 302 {
            let headers = [("authorization", self.authorization.as_str()), accept[0]];
            reply = self.send("GET", reply.header("location"), &headers, Vec::new()).await;
        }
        assert_eq!(reply.code(), 200, "{page}");
        String::from_utf8(reply.body.expect("a body")).expect("UTF-8")
    }

    pub(super) async fn page_names(&self, version: &str, list: &str) -> Vec<String> {
        let pages = self.portal("GET", version, list, "").await.json();
        let pages = pages.as_array().expect("pages");
        pages.iter().map(|page| page["name"].as_str().expect("a name").to_owned()).collect()
    }

    async fn upload(&self, version: &str, parts: &[Part<'_>]) -> Reply {
        let kind = [("content-type", "multipart/form-data; boundary=----sandbox-test")];
        self.portal_with("POST", version, "/draft/resources", &kind, form(parts)).await
    }
}

/// A sandbox with an API and a custom asset.
async fn prepared() -> Client {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    assert_eq!(client.publish_sync("notes/1.0.0", &[("name", b"Notes"), ("type", b"custom")]).await.code(), 201);
    client
}

/// The same sandbox, as somebody with another role sees it.
fn with_role(client: &Client, role: &str) -> Client {
    let ready = client.sandbox.ready_line("http://sandbox.test");
    let token = ready["organizations"][0][role]["token"].as_str().expect("a token").to_owned();
    Client {
        sandbox: client.sandbox.clone(),
        router: client.router.clone(),
        org: client.org.clone(),
        authorization: format!("Bearer {token}"),
    }
}

const V: &str = "orders/1.0.0";

#[tokio::test]
async fn a_page_is_drafted_written_published_renamed_and_deleted() {
    let client = prepared().await;
    for path in ["", "/pages", "/resources", "/pages/home"] {
        assert_eq!(client.portal("GET", V, path, "").await.code(), 404, "{path}: nothing is published yet");
    }
    assert_eq!(client.portal("PATCH", V, "", "").await.code(), 404);

    let created = client.portal("POST", V, "/draft/pages", r#"{"pagePath":"Security"}"#).await;
    assert_eq!((created.code(), &created.json()["name"]), (201, &json!("Security")));
    let path = created.json()["path"].as_str().expect("a path").to_owned();
    let (id, name) = path.split_once('/').expect("an id and a name");
    assert_eq!((id.len(), &id[3..4], name), (7, "-", "Security"));
    assert_eq!(client.portal("POST", V, "/draft/pages", r#"{"pagePath":"Security"}"#).await.code(), 409);
    let text = "# Security\n\n<b onclick=x>Ünïcode</b>";
    assert_eq!(client.portal("PUT", V, &format!("/draft/pages/{path}"), text).await.code(), 204);
    let draft = client.portal("GET", V, "/draft", "").await.json();
    let pages = json!([{ "path": "home", "name": "home", "synthetic": true }, { "path": path, "name": "Security" }]);
    assert_eq!(draft, json!({ "draftStatus": "NOT_PUBLISHED", "pages": pages }));
    assert_eq!(client.portal("GET", V, "/pages", "").await.code(), 404, "a draft is not seen from outside");

    assert_eq!(client.portal("PATCH", V, "", "").await.code(), 204);
    let portal = client.portal("GET", V, "", "").await;
    assert_eq!(portal.json(), json!({ "draftStatus": "PUBLISHED", "pages": pages }));
    assert_eq!(client.portal("GET", V, "/pages", "").await.json(), pages);
    assert_eq!(client.markdown(V, &path).await, text);
    let html = client.portal_with("GET", V, &format!("/pages/{path}"), &[("accept", "text/html")], vec![]).await;
    let shown = String::from_utf8(html.body.clone().expect("a body")).expect("UTF-8");
    assert!(
        shown.contains("<h1>Security</h1>") && !shown.contains("<b ") && html.header("content-type").contains("html")
    );
    let page = client.portal_with("GET", V, "/pages/home", &[("accept", "application/json")], vec![]).await;
    assert_eq!(page.json(), json!({ "path": "home", "name": "home", "synthetic": true }));
    let before = client.get(&client.asset(V)).await.json()["modifiedAt"].clone();
    assert_eq!(client.portal("GET", V, "/draft", "").await.code(), 200);
    assert_eq!(client.portal("PATCH", V, "", "").await.code(), 204, "publishing again changes nothing");
    assert_eq!(client.get(&client.asset(V)).await.json()["modifiedAt"], before);

    let old = client.portal("GET", V, "/pages/Security", "").await;
    assert_eq!(old.code(), 302);
    assert!(old.header("location").ends_with(&format!("/portal/pages/{path}")), "{}", old.header("location"));
    let from = [("x-move-source", "Security")];
    let moved = client.portal_with("POST", V, "/draft/pages", &from, br#"{"pagePath":"Safe & sound"}"#.to_vec()).await;
    assert_eq!((moved.code(), moved.json()["path"].as_str()), (201, Some(format!("{id}/Safe & sound").as_str())));
    assert_eq!(client.page_names(V, "/pages").await, ["home", "Security"], "not published yet");
    assert_eq!(client.portal("PUT", V, "/draft", "").await.code(), 204);
    assert_eq!(client.page_names(V, "/pages").await, ["home", "Safe & sound"]);
    assert_eq!(client.markdown(V, &path).await, text, "the old path leads to the new one");

    assert_eq!(client.portal("DELETE", V, "/draft/pages/Safe & sound", "").await.code(), 204);
    assert_eq!(client.portal("DELETE", V, "/draft/pages/Safe & sound", "").await.code(), 404);
    assert_eq!(client.page_names(V, "/draft/pages").await, ["home"]);
    assert_eq!(client.portal("DELETE", V, "/draft", "").await.code(), 204);
    assert_eq!(client.page_names(V, "/draft/pages").await, ["home", "Safe & sound"], "the draft was discarded");
}

#[tokio::test]
async fn writing_creates_what_is_missing_and_home_is_always_there() {
    let client = prepared().await;
    assert_eq!(client.portal("PUT", V, "/draft/pages/docs/How to", "a").await.code(), 204);
    assert_eq!(client.portal("PUT", V, "/draft/pages/abc-123/Kept", "b").await.code(), 204);
    assert_eq!(client.portal("PUT", V, "/draft/pages/home", "# Hello").await.code(), 204);
    assert_eq!(client.portal("POST", V, "/draft/pages", r#"{"pagePath":"home"}"#).await.code(), 409);
    assert_eq!(client.portal("PATCH", V, "", "").await.code(), 204);
    let pages = client.portal("GET", V, "/pages", "").await.json();
    assert_eq!(pages[0], json!({ "path": "home", "name": "home" }));
    assert_eq!((&pages[1]["name"], &pages[2]["path"]), (&json!("How to"), &json!("abc-123/Kept")));
    assert_eq!(client.markdown(V, "docs/How to").await, "a");
    assert_eq!(client.markdown(V, "abc-123").await, "b");
    assert_eq!(client.portal("DELETE", V, "/draft/pages/home", "").await.code(), 204);
    assert_eq!(client.page_names(V, "/draft/pages").await, ["home", "How to", "Kept"]);
    assert_eq!(client.markdown(V, "home").await, "# Hello");
    let found = client.get(&client.asset("orders/minorVersions/1.0/portal/search?term=HELLO")).await.json();
    assert_eq!(found, json!([{ "title": "home" }]));
}

#[tokio::test]
async fn names_and_texts_keep_to_the_limits() {
    let client = prepared().await;
    for name in ["a@b", "a_b", "50%", ".hidden", "", &"x".repeat(129)] {
        let body = json!({ "pagePath": name }).to_string();
        assert_eq!(client.portal("POST", V, "/draft/pages", &body).await.code(), 400, "{name}");
    }
    assert_eq!(client.portal("POST", V, "/draft/pages", "{}").await.code(), 400);
    assert_eq!(client.portal("PUT", V, "/draft/pages/a_b", "").await.code(), 400);
    let most = "ä".repeat(1_024_000);
    assert_eq!(client.portal("PUT", V, "/draft/pages/Long", &most).await.code(), 204);
    assert_eq!(client.portal("PUT", V, "/draft/pages/Long", &format!("{most}.")).await.code(), 413);
    assert_eq!(client.portal_with("PUT", V, "/draft/pages/Long", &[], vec![b'x'; 5_000_000]).await.code(), 413);
    assert_eq!(client.portal_with("PUT", V, "/draft/pages/Long", &[], vec![0xff]).await.code(), 400);
    let moved =
        client.portal_with("POST", V, "/draft/pages", &[("x-move-source", "None")], br#"{"pagePath":"A"}"#.to_vec());
    assert_eq!(moved.await.code(), 404);
    let image = [("accept", "image/png")];
    assert_eq!(client.portal_with("GET", V, "/draft/pages/home", &image, vec![]).await.code(), 406);
    assert_eq!(client.portal("GET", "orders/9.0.0", "/draft", "").await.code(), 404);
}

#[tokio::test]
async fn an_order_holds_for_the_revision_that_it_was_made_for() {
    let client = prepared().await;
    for name in ["A", "B"] {
        client.portal("PUT", V, &format!("/draft/pages/{name}"), name).await;
    }
    let read = client.portal("GET", V, "/draft/pages", "").await;
    let revision = read.header("x-pages-order-revision").to_owned();
    let order = json!(["B", "home", ".terms"]).to_string().into_bytes();
    let stale = [("x-pages-order-revision", "stale")];
    assert_eq!(client.portal_with("PUT", V, "/draft/pagesOrder", &stale, order.clone()).await.code(), 409);
    let current = [("x-pages-order-revision", revision.as_str())];
    let stored = client.portal_with("PUT", V, "/draft/pagesOrder", &current, order.clone()).await;
    assert_eq!(stored.code(), 204);
    assert_ne!(stored.header("x-pages-order-revision"), revision);
    assert_eq!(client.page_names(V, "/draft/pages").await, ["B", "home", "A"]);
    assert_eq!(client.portal_with("PUT", V, "/draft/pagesOrder", &current, order).await.code(), 409);
    assert_eq!(
        client.portal("PUT", V, "/draft/pagesOrder", r#"["A"]"#).await.code(),
        204,
        "the header may be left out"
    );
    for (body, code) in [("[]", 400), ("{}", 400), ("[1]", 400), (r#"["Nowhere"]"#, 409), (r#"["A","A"]"#, 409)] {
        assert_eq!(client.portal("PUT", V, "/draft/pagesOrder", body).await.code(), code, "{body}");
    }
    client.portal("PATCH", V, "", "").await;
    let draft = client.portal("GET", V, "/draft", "").await;
    let published = client.portal("GET", V, "", "").await;
    assert_eq!(client.page_names(V, "/pages").await, ["A", "B", "home"]);
    assert_eq!(published.header("x-pages-order-revision"), draft.header("x-pages-order-revision"));
}

#[tokio::test]
async fn with_the_quirk_pages_have_the_order_of_creation() {
    let client = client(Settings { quirks: [Quirk::CreationOrder].into_iter().collect(), ..Settings::default() });
    assert_eq!(client.publish_raml(V, &[]).await.code(), 201);
    for name in ["B", "A"] {
        client.portal("PUT", V, &format!("/draft/pages/{name}"), name).await;
    }
    assert_eq!(client.portal("PUT", V, "/draft/pagesOrder", r#"["A"]"#).await.code(), 404);
    assert_eq!(client.page_names(V, "/draft/pages").await, ["home", "B", "A"]);
}

#[tokio::test]
async fn resources_keep_their_path_from_the_draft_to_the_published_portal() {
    let client = prepared().await;
    let uploaded = client.upload(V, &[("Content-Type", b"image/png"), ("files.png", b"\x89PNG bytes")]).await;
    assert_eq!(uploaded.code(), 201);
    assert!(uploaded.json()["commitId"].is_string());
    let path = uploaded.json()["path"].as_str().expect("a path").to_owned();
    let uuid = path.strip_prefix("resources/x-").and_then(|path| path.strip_suffix(".png"));
    assert!(uuid.is_some_and(|uuid| uuid::Uuid::parse_str(uuid).is_ok()), "{path}");
    let second = client.upload(V, &[("files.png", b"\x89PNG bytes")]).await.json()["path"].clone();
    assert_ne!(second, json!(path), "the same image again is another resource");
    assert_eq!(
        client.portal("GET", V, "/draft/resources", "").await.json(),
        json!([{ "path": path }, { "path": second }])
    );
    assert_eq!(client.portal("GET", V, &format!("/{path}"), "").await.code(), 404);
    assert_eq!(client.portal("PATCH", V, "", "").await.code(), 204);
    let image = client.portal("GET", V, &format!("/{path}"), "").await;
    assert_eq!((image.code(), image.header("content-type")), (200, "image/png"));
    assert_eq!(image.body.as_deref(), Some(b"\x89PNG bytes".as_slice()));
    assert_eq!(client.portal("DELETE", V, &format!("/draft/{path}"), "").await.code(), 204);
    assert_eq!(client.portal("DELETE", V, &format!("/draft/{path}"), "").await.code(), 404);
    assert_eq!(client.portal("GET", V, "/resources", "").await.json(), json!([{ "path": path }, { "path": second }]));
    assert_eq!(client.portal("PATCH", V, "", "").await.code(), 204);
    assert_eq!(client.portal("GET", V, "/resources", "").await.json(), json!([{ "path": second }]));

    assert_eq!(client.upload(V, &[("files.exe", b"MZ")]).await.code(), 400);
    assert_eq!(client.upload(V, &[("name", b"no file")]).await.code(), 400);
    assert_eq!(client.upload(V, &[("files.png", &vec![0; 2 * 1024 * 1024 + 1])]).await.code(), 413);
    assert_eq!(client.portal("POST", V, "/draft/resources", "bytes").await.code(), 415);
    for _ in 0..99 {
        assert_eq!(client.upload(V, &[("files.gif", b"GIF89a")]).await.code(), 201);
    }
    assert_eq!(client.upload(V, &[("files.gif", b"GIF89a")]).await.code(), 400, "a hundred are enough");
}

#[tokio::test]
async fn terms_belong_to_the_version_group_of_an_api() {
    let client = prepared().await;
    assert_eq!(client.publish_raml("orders/1.1.0", &[]).await.code(), 201);
    assert_eq!(client.get(&client.asset("orders/versionGroups/v1/terms")).await.json(), json!([]));
    assert_eq!(client.portal("PUT", V, "/draft/pages/.terms", "# Terms").await.code(), 204);
    assert_eq!(client.portal("GET", V, "/pages/.terms", "").await.code(), 404);
    assert_eq!(client.portal("PATCH", V, "", "").await.code(), 204);
    assert_eq!(client.page_names(V, "/pages").await, ["home"], "terms are not a page of documentation");
    assert_eq!(client.markdown("orders/1.1.0", ".terms").await, "# Terms", "all of the version group have them");
    let terms = client.get(&client.asset("orders/versionGroups/v1/terms")).await.json();
    assert_eq!((&terms[0]["assetVersion"], &terms[0]["versionGroup"]), (&json!("1.1.0"), &json!("v1")));
    assert_eq!((&terms[0]["underlyingTerms"][0]["name"], terms[0]["id"].is_u64()), (&json!("Orders"), true));
    assert_eq!(client.get(&client.asset("orders/versionGroups/v2/terms")).await.code(), 404);
    assert_eq!(client.portal("PUT", "notes/1.0.0", "/draft/pages/.terms", "# Terms").await.code(), 400);
    assert_eq!(client.portal("DELETE", V, "/draft/pages/.terms", "").await.code(), 204);
    assert_eq!(client.portal("PATCH", V, "", "").await.code(), 204);
    assert_eq!(client.portal("GET", "orders/1.1.0", "/pages/.terms", "").await.code(), 404);
}

#[tokio::test]
async fn a_portal_belongs_to_its_minor_version_and_goes_with_it() {
    let client = prepared().await;
    client.portal("PUT", V, "/draft/pages/A", "a").await;
    client.portal("PUT", V, "/draft/pages/.terms", "t").await;
    client.portal("PATCH", V, "", "").await;
    client.portal("PUT", V, "/draft/pages/B", "b").await;
    for version in ["orders/1.0.1", "orders/1.1.0"] {
        assert_eq!(client.publish_raml(version, &[]).await.code(), 201);
    }
    assert_eq!(client.page_names("orders/1.0.1", "/pages").await, ["home", "A"]);
    assert_eq!(client.page_names("orders/1.0.1", "/draft/pages").await, ["home", "A", "B"], "the draft is shared too");
    assert_eq!(client.portal("GET", "orders/1.1.0", "/pages", "").await.code(), 404);
    for version in [V, "orders/1.0.1"] {
        assert_eq!(client.delete(&client.asset(version), "hard-delete").await.code(), 204);
    }
    assert_eq!(client.markdown("orders/1.1.0", ".terms").await, "t");
    assert_eq!(client.publish_raml(V, &[]).await.code(), 201);
    assert_eq!(client.portal("GET", V, "/pages", "").await.code(), 404);
    assert_eq!(client.page_names(V, "/draft/pages").await, ["home"]);
    assert_eq!(client.delete(&client.asset("orders"), "hard-delete").await.code(), 204);
    assert_eq!(client.publish_raml(V, &[]).await.code(), 201);
    assert_eq!(client.portal("GET", V, "/draft/pages/.terms", "").await.code(), 404);
}

#[tokio::test]
async fn viewers_read_what_is_published_and_write_nothing() {
    let client = prepared().await;
    client.portal("PUT", V, "/draft/pages/A", "a").await;
    client.portal("PATCH", V, "", "").await;
    let viewer = with_role(&client, "viewer");
    assert_eq!(viewer.markdown(V, "A").await, "a");
    assert_eq!(viewer.portal("GET", V, "/resources", "").await.code(), 200);
    let calls = [
        ("GET", "/draft"),
        ("PUT", "/draft"),
        ("DELETE", "/draft"),
        ("PATCH", ""),
        ("GET", "/draft/pages"),
        ("PUT", "/draft/pages/A"),
        ("DELETE", "/draft/pages/A"),
        ("GET", "/draft/pages/A"),
        ("GET", "/draft/resources"),
        ("DELETE", "/draft/resources/a.png"),
        ("GET", "/draft/resources/a.png"),
    ];
    for (method, path) in calls {
        assert_eq!(viewer.portal(method, V, path, "").await.code(), 403, "{method} {path}");
    }
    assert_eq!(viewer.portal("POST", V, "/draft/pages", r#"{"pagePath":"B"}"#).await.code(), 403);
    assert_eq!(viewer.portal("PUT", V, "/draft/pagesOrder", r#"["A"]"#).await.code(), 403);
    assert_eq!(viewer.upload(V, &[("files.png", b"x")]).await.code(), 403);
    let contributor = with_role(&client, "contributor");
    assert_eq!(contributor.portal("PUT", V, "/draft/pages/A", "b").await.code(), 204);
    assert_eq!(contributor.portal("PATCH", V, "", "").await.code(), 204);
    assert_eq!(viewer.markdown(V, "A").await, "b");
}

#[tokio::test]
async fn the_calls_of_v1_do_the_same() {
    let client = prepared().await;
    let base = format!("/exchange/api/v1/organizations/{org}/assets/{org}/orders/1.0.0", org = client.org);
    let auth = ("authorization", client.authorization.as_str());
    let put = client.send("PUT", &format!("{base}/draft/pages/A"), &[auth], b"a".to_vec()).await;
    assert_eq!(put.code(), 204);
    let put = client.send("PUT", &format!("{base}/portal/draft/pages/A"), &[auth], b"aa".to_vec()).await;
    assert_eq!(put.code(), 204);
    // As the official client publishes.
    let headers = [auth, ("content-type", "application/x-www-form-urlencoded"), ("content-length", "0")];
    let asset = client.asset(V).replace("/v2/", "/v1/");
    assert_eq!(client.send("PATCH", &asset, &headers, Vec::new()).await.code(), 204);
    let pages: Vec<Value> =
        serde_json::from_value(client.get(&format!("{base}/portal/pages")).await.json()).expect("a list");
    let path = pages[1]["path"].as_str().expect("a path");
    let page = client.get(&format!("{base}/portal/pages/{path}")).await;
    assert_eq!(page.body.as_deref(), Some(b"aa".as_slice()));
    let old = client.get(&format!("{base}/portal/pages/A")).await;
    assert_eq!(old.header("location"), format!("{base}/portal/pages/{path}"));
    let other = base.replacen(&client.org, "another", 1);
    assert_eq!(client.get(&format!("{other}/portal/pages")).await.code(), 404);
}
