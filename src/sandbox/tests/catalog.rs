use serde_json::{Value, json};

use super::{
    super::Settings,
    client::{Client, archive, client},
};

const RAML: &[u8] = b"#%RAML 1.0\ntitle: Orders\n";

/// What a job brings.
struct Project {
    metadata: Value,
    files: Vec<(&'static str, &'static [u8])>,
    docs: Option<Vec<u8>>,
}

fn orders(more: &Value) -> Project {
    let mut metadata = json!({
        "assetId": "orders",
        "main": "api.raml",
        "classifier": "raml",
        "name": "Orders",
        "apiVersion": "v1",
        "version": "1.0.0",
        "tags": ["sales"],
        "categories": [],
        "customFields": [],
        "documentation": [],
    });
    metadata.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    Project { metadata, files: vec![("api.raml", RAML)], docs: None }
}

impl Client {
    async fn post_job(&self, project: &Project) -> super::client::Reply {
        let metadata = project.metadata.to_string().into_bytes();
        let mut parts =
            vec![("metadata", "", metadata), ("asset", "; filename=\"asset.zip\"", archive(&project.files))];
        parts.extend(project.docs.clone().map(|docs| ("docs", "; filename=\"docs.zip\"", docs)));
        let mut body = Vec::new();
        for (name, file, bytes) in parts {
            body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").into_bytes());
            body.extend(bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--b--\r\n");
        let headers =
            [("authorization", self.authorization.as_str()), ("content-type", "multipart/form-data; boundary=b")];
        let path = format!("/api-catalog/api/v1/organizations/{}/assets/jobs", self.org);
        self.send("POST", &path, &headers, body).await
    }

    /// Runs a job: what it came to, and its version.
    async fn job(&self, project: &Project) -> (String, String) {
        let shown = self.job_shown(project).await;
        let text = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
        (text("status"), text("version"))
    }

    async fn job_shown(&self, project: &Project) -> Value {
        let reply = self.post_job(project).await;
        assert_eq!(reply.code(), 202, "{}", reply.json());
        let job = reply.json();
        assert_eq!(job["status"], "PENDING");
        let id = job["jobId"].as_str().expect("an id");
        self.get(&format!("/api-catalog/api/v1/organizations/{}/assets/jobs/{id}", self.org)).await.json()
    }

    async fn version(&self, version: &str) -> Value {
        self.get(&self.asset(&format!("orders/{version}"))).await.json()
    }
}

fn outcome(status: &str, version: &str) -> (String, String) {
    (status.to_owned(), version.to_owned())
}

#[tokio::test]
async fn the_same_again_is_skipped_new_words_are_put_in_place_and_new_content_is_a_new_version() {
    let client = client(Settings::default());
    let contact = json!({ "contact": { "name": "Ann", "email": "ann@example.org" } });
    assert_eq!(client.job(&orders(&json!({}))).await, outcome("SUCCESS", "1.0.0"));
    assert_eq!(client.job(&orders(&json!({}))).await, outcome("SKIPPED", "1.0.0"));
    assert_eq!(client.job(&orders(&json!({ "tags": ["ops"] }))).await, outcome("SUCCESS", "1.0.0"));
    assert_eq!(client.version("1.0.0").await["labels"], json!(["ops"]));
    assert_eq!(client.job(&orders(&contact)).await, outcome("SUCCESS", "1.0.0"));
    assert_eq!(client.version("1.0.0").await["contactName"], "Ann");

    let changed = Project { files: vec![("api.raml", b"#%RAML 1.0\ntitle: More\n")], ..orders(&json!({})) };
    assert_eq!(client.job(&changed).await, outcome("SUCCESS", "1.0.1"));
    let forced = Project { metadata: orders(&json!({ "forcedPublish": true })).metadata, ..changed };
    assert_eq!(client.job(&forced).await, outcome("SUCCESS", "1.0.2"));
    let words = orders(&json!({ "forcedUpdateMetadata": true, "tags": ["forced"] }));
    assert_eq!(client.job(&words).await, outcome("SUCCESS", "1.0.2"));
    assert_eq!(client.version("1.0.2").await["labels"], json!(["forced"]));
}

#[tokio::test]
async fn what_was_uploaded_by_others_is_compared_too() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    assert_eq!(client.job(&orders(&json!({}))).await, outcome("SUCCESS", "1.0.0"), "only the tags are new");
    assert_eq!(client.job(&orders(&json!({}))).await, outcome("SKIPPED", "1.0.0"));
}

#[tokio::test]
async fn a_snapshot_is_published_again_and_again_until_it_is_fixed() {
    let client = client(Settings::default());
    let snapshot = |files| Project { files, ..orders(&json!({ "versionStrategy": "snapshot" })) };
    assert_eq!(client.job(&snapshot(vec![("api.raml", RAML)])).await, outcome("SUCCESS", "1.0.0"));
    assert_eq!(client.version("1.0.0").await["status"], "development");
    let changed = vec![("api.raml", RAML), ("more.raml", b"#%RAML 1.0 Trait\n".as_slice())];
    assert_eq!(client.job(&snapshot(changed)).await, outcome("SUCCESS", "1.0.0"));
    let fixed = orders(&json!({ "versionStrategy": "fixed" }));
    assert_eq!(client.job(&fixed).await, outcome("SUCCESS", "1.0.0"));
    assert_eq!(client.version("1.0.0").await["status"], "published");
    let late = Project { files: vec![("api.raml", b"#%RAML 1.0\ntitle: Late\n")], ..fixed };
    let shown = client.job_shown(&late).await;
    assert_eq!(shown["status"], "FAILED");
    assert_eq!(shown["cause"]["code"], "ASSET_PRE_CONDITIONS_FAILED", "{shown}");
}

#[tokio::test]
async fn the_documentation_becomes_pages_in_its_order() {
    let client = client(Settings::default());
    let docs = archive(&[
        ("pages/", b""),
        ("pages/start.md", b"# Start\n\n![p](resources/p.png)\n"),
        ("pages/home.md", b"# Home\n"),
        ("resources/p.png", b"picture"),
    ]);
    let pages =
        json!([{ "name": "home", "path": "pages/home.md" }, { "name": "Getting started", "path": "pages/start.md" }]);
    let project = Project { docs: Some(docs), ..orders(&json!({ "documentation": pages })) };
    assert_eq!(client.job(&project).await, outcome("SUCCESS", "1.0.0"));
    let listed = client.get(&client.asset("orders/1.0.0/portal/pages")).await.json();
    let names: Vec<&str> = listed.as_array().expect("a list").iter().filter_map(|page| page["name"].as_str()).collect();
    assert_eq!(names, ["home", "Getting started"], "{listed}");
    assert_eq!(client.job(&project).await, outcome("SKIPPED", "1.0.0"));
}

#[tokio::test]
async fn the_specification_tells_its_type_where_the_job_does_not() {
    let client = client(Settings::default());
    let project = orders(&json!({ "classifier": null }));
    assert_eq!(client.job(&project).await, outcome("SUCCESS", "1.0.0"));
    assert_eq!(client.version("1.0.0").await["type"], "rest-api");
    let strange = Project { files: vec![("api.raml", b"what is this\n")], ..orders(&json!({ "classifier": null })) };
    assert_eq!(client.job_shown(&strange).await["cause"]["code"], "INVALID_FILE_CONTENT");
}

#[tokio::test]
async fn a_job_is_refused_for_its_form_and_fails_for_what_it_says() {
    let client = client(Settings::default());
    let reply = client.post_job(&orders(&json!({ "version": "one" }))).await;
    assert_eq!(reply.code(), 400);
    let body = reply.json();
    assert!(body["message"].is_string() && body["details"][0].is_string(), "{body}");

    let unknown = client.job_shown(&orders(&json!({ "categories": [{ "key": "Nobody", "values": ["knows"] }] }))).await;
    assert_eq!((unknown["status"].as_str(), unknown["cause"]["code"].as_str()), (Some("FAILED"), Some("INVALID_TAG")));
    let missing = client.job_shown(&orders(&json!({ "main": "other.raml" }))).await;
    assert!(missing["cause"]["message"].as_str().is_some_and(|text| text.contains("other.raml")), "{missing}");
    assert_eq!(client.get(&client.asset("orders/1.0.0")).await.code(), 404, "nothing was published");
    let path = format!("/api-catalog/api/v1/organizations/{}/assets/jobs/none", client.org);
    assert_eq!(client.get(&path).await.code(), 404);
}
