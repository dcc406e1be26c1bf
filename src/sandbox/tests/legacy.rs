//! What the official client and older ones use beside version 2.

use serde_json::{Value, json};

use super::{
    super::{OrganizationSetting, Settings},
    client::{Client, ORIGIN, Part, RAML, Reply, archive, client},
};

/// The name and the bytes of a file.
type File<'a> = (&'a str, &'a [u8]);

/// A classifier, more parts, the file, and the type that they make.
type Case<'a> = (&'a str, &'a [Part<'a>], Option<File<'a>>, &'a str);

/// Sends the form of the older way to create an asset: texts, then the file under its name, where there is one.
async fn create(client: &Client, path: &str, parts: &[Part<'_>], file: Option<File<'_>>) -> Reply {
    let mut body = Vec::new();
    for (name, bytes) in parts {
        body.extend_from_slice(format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    if let Some((name, bytes)) = file {
        let head = format!("--x\r\nContent-Disposition: form-data; name=\"asset\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--x--\r\n");
    let headers =
        [("authorization", client.authorization.as_str()), ("content-type", "multipart/form-data; boundary=x")];
    client.send("POST", path, &headers, body).await
}

fn v1(client: &Client, asset: &str) -> String {
    format!("/exchange/api/v1/assets/{}/{asset}", client.org)
}

#[tokio::test]
async fn the_first_version_shows_what_describe_and_download_read() {
    let client = client(Settings::default());
    for version in ["1.0.0", "1.0.1", "2.0.0"] {
        assert_eq!(client.publish_raml(&format!("orders/{version}"), &[("tags", b"b,a")]).await.code(), 201);
    }
    let asset = client.get(&v1(&client, "orders/1.0.0")).await.json();
    let shown = ["name", "status", "type", "productAPIVersion", "version"].map(|name| asset[name].as_str());
    assert_eq!(shown, ["Orders", "published", "rest-api", "v1", "1.0.0"].map(Some));
    assert!(asset["modifiedAt"].is_string());
    let versions: Vec<&Value> = asset["versions"].as_array().expect("versions").iter().map(|v| &v["version"]).collect();
    assert_eq!(json!(versions), json!(["2.0.0", "1.0.1", "1.0.0"]));
    let apis = asset["productAPIVersions"].as_array().expect("API versions");
    let apis: Vec<Value> = apis
        .iter()
        .map(|api| {
            let versions = api["versions"].as_array().expect("versions").iter().map(|v| v["version"].clone());
            json!([api["productAPIVersion"], versions.collect::<Vec<_>>()])
        })
        .collect();
    assert_eq!(json!(apis), json!([["v2", ["2.0.0"]], ["v1", ["1.0.1", "1.0.0"]]]));
    assert_eq!(asset["tags"][0], json!({ "key": "a", "value": "a", "mutable": true }));
    assert!(asset["createdBy"]["username"].is_string());
    assert!(!asset.to_string().contains("null"), "members of the schema are never null");

    let files = asset["files"].as_array().expect("files");
    let raml = files.iter().find(|file| file["classifier"] == "raml" && file["isGenerated"] == false).expect("a file");
    assert_eq!(raml["mainFile"], "api.raml");
    let link = raml["externalLink"].as_str().expect("a link");
    assert!(link.starts_with(ORIGIN) && link.ends_with("/orders-1.0.0-raml.zip"), "{link}");
    assert_eq!(client.send("GET", link, &[], Vec::new()).await.code(), 200);
    assert_eq!(client.get(&v1(&client, "orders")).await.json()["version"], "2.0.0");
    assert_eq!(client.get(&v1(&client, "orders/3.0.0")).await.code(), 404);
    let of_org = format!("/exchange/api/v1/organizations/{o}/assets/{o}/orders/1.0.0", o = client.org);
    assert_eq!(client.get(&of_org).await.json(), asset);
}

#[tokio::test]
async fn the_first_version_lists_the_organizations_that_are_asked_for() {
    let other = OrganizationSetting::root("11111111-1111-4111-8111-111111111111");
    let client =
        client(Settings { organizations: vec![OrganizationSetting::root("main"), other], ..Settings::default() });
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let list = |query: String| {
        let client = &client;
        async move { client.get(&format!("/exchange/api/v1/assets?{query}")).await.json() }
    };
    let both = list("organizationId=main&organizationId=11111111-1111-4111-8111-111111111111".to_owned()).await;
    assert_eq!((both.as_array().map(Vec::len), &both[0]["assetId"]), (Some(1), &json!("orders")));
    assert_eq!(list("organizationId=11111111-1111-4111-8111-111111111111".to_owned()).await, json!([]));
}

#[tokio::test]
async fn a_version_is_deleted_in_its_organization_and_nowhere_else() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let path = |org: &str| format!("/exchange/api/v1/organizations/{org}/assets/{o}/orders/1.0.0", o = client.org);
    assert_eq!(client.delete(&path("another"), "hard-delete").await.code(), 404);
    assert_eq!(client.delete(&path(&client.org), "no-such-delete").await.code(), 400);
    assert_eq!(client.delete(&path(&client.org), "hard-delete").await.code(), 204);
    assert_eq!(client.get(&v1(&client, "orders/1.0.0")).await.code(), 404);
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201, "a hard delete frees the version");
}

#[tokio::test]
async fn a_copy_as_the_official_client_sends_it_is_published() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    assert_eq!(client.publish_sync("lib/1.0.0", &[("name", b"Lib"), ("type", b"custom")]).await.code(), 201);
    let source = client.get(&v1(&client, "orders/1.0.0")).await.json();
    let files = source["files"].as_array().expect("files");
    let file = files.iter().find(|file| file["classifier"] == "raml").expect("a file");
    let link = file["externalLink"].as_str().expect("a link");
    let bytes = client.send("GET", link, &[], Vec::new()).await.body.expect("a body");
    let org = client.org.as_bytes();
    let dependencies = format!("[{{\"groupId\":\"{}\",\"assetId\":\"lib\",\"version\":\"1.0.0\"}}]", client.org);
    let parts: [Part<'_>; 11] = [
        ("groupId", org),
        ("assetId", b"copy"),
        ("version", b"1.0.0"),
        ("name", b"Orders"),
        ("contactName", b"Ann"),
        ("apiVersion", b"v1"),
        ("main", b"api.raml"),
        ("classifier", b"raml"),
        ("organizationId", org),
        ("dependencies", dependencies.as_bytes()),
        ("organizationId", org),
    ];
    let name = link.rsplit('/').next().expect("a name");
    let reply = create(&client, "/exchange/api/v2/assets", &parts, Some((name, &bytes))).await;
    assert_eq!((reply.code(), reply.header("connection")), (201, "close"));
    let expected = json!({
        "organizationId": client.org, "groupId": client.org, "assetId": "copy", "version": "1.0.0",
        "versionGroup": "v1", "classifier": "raml", "name": "Orders", "type": "rest-api",
        "metadata": { "classifier": "raml", "name": "Orders", "type": "rest-api", "tags": [] },
    });
    assert_eq!(reply.json(), expected);
    let copy = client.get(&client.asset("copy/1.0.0")).await.json();
    assert_eq!((&copy["contactName"], &copy["dependencies"][0]["assetId"]), (&json!("Ann"), &json!("lib")));
    let raml = copy["files"].as_array().expect("files").iter().find(|file| file["classifier"] == "raml");
    assert_eq!(raml.map(|file| &file["packaging"]), Some(&json!("zip")));
    let again = create(&client, "/exchange/api/v2/assets", &parts, Some((name, &bytes))).await;
    assert_eq!((again.code(), &again.json()["code"]), (409, &json!("ASSET_PRE_CONDITIONS_FAILED")));
    assert_eq!(again.json()["details"]["asset"]["assetId"], "copy");
}

#[tokio::test]
async fn each_classifier_makes_its_type_of_asset() {
    let client = client(Settings::default());
    let wsdl = b"<definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\"/>".as_slice();
    let cases: [Case<'_>; 7] = [
        ("custom", &[], None, "custom"),
        ("custom", &[("tags", b"[\"B\", \"a\"]"), ("status", b"development")], Some(("notes.txt", b"x")), "custom"),
        ("http", &[("assetLink", b"https://x.test"), ("apiVersion", b"v1")], None, "http-api"),
        ("wsdl", &[("assetLink", b"https://x.test?wsdl"), ("apiVersion", b"v1")], None, "soap-api"),
        ("wsdl", &[("main", b"a.wsdl"), ("apiVersion", b"v1")], Some(("a.wsdl", wsdl)), "soap-api"),
        ("oas", &[("main", b"a.yaml"), ("apiVersion", b"v1")], Some(("a.yaml", b"openapi: 3.0.1\n")), "rest-api"),
        ("raml-fragment", &[("main", b"a.raml")], Some(("a.raml", b"#%RAML 1.0 Trait\n")), "raml-fragment"),
    ];
    for (i, (classifier, more, file, kind)) in cases.iter().enumerate() {
        let id = format!("a{i}");
        let own: [Part<'_>; 6] = [
            ("organizationId", client.org.as_bytes()),
            ("groupId", client.org.as_bytes()),
            ("assetId", id.as_bytes()),
            ("version", b"1.0.0"),
            ("name", b"A"),
            ("classifier", classifier.as_bytes()),
        ];
        let reply = create(&client, "/exchange/api/v1/assets", &[own.as_slice(), more].concat(), *file).await;
        assert_eq!((reply.code(), &reply.json()["type"]), (201, &json!(kind)), "{i} {classifier}");
    }
    let second = client.get(&client.asset("a1/1.0.0")).await.json();
    assert_eq!((&second["labels"], &second["status"]), (&json!(["a", "b"]), &json!("development")));
}

#[tokio::test]
async fn a_form_that_the_contract_does_not_know_is_refused() {
    let client = client(Settings::default());
    let whole: [Part<'_>; 6] = [
        ("organizationId", client.org.as_bytes()),
        ("groupId", client.org.as_bytes()),
        ("assetId", b"a"),
        ("version", b"1.0.0"),
        ("name", b"A"),
        ("classifier", b"custom"),
    ];
    let v1 = "/exchange/api/v1/assets";
    for left_out in 0..whole.len() {
        let parts: Vec<Part<'_>> = whole.iter().enumerate().filter(|(i, _)| *i != left_out).map(|(_, p)| *p).collect();
        let reply = create(&client, v1, &parts, None).await;
        let message = reply.json()["message"].to_string();
        assert_eq!(reply.code(), 400);
        assert!(message.contains(whole[left_out].0), "{message}");
    }
    let with = |more: &[Part<'static>]| [whole.as_slice(), more].concat();
    for more in [
        ("classifier", b"jar".as_slice()),
        ("tags", b"a,b"),
        ("dependencies", b"{}"),
        ("metadata", b"[]"),
        ("version", b"one"),
        ("status", b"deprecated"),
    ] {
        assert_eq!(create(&client, v1, &with(&[more]), None).await.code(), 400, "{}", more.0);
    }
    assert_eq!(
        create(&client, v1, &with(&[("classifier", b"http")]), None).await.json()["code"],
        "MISSING_REQUIRED_PROPERTIES"
    );
    assert_eq!(create(&client, v1, &whole, Some(("no-extension", b"x"))).await.code(), 400);
    let zip = archive(&[("api.raml", RAML)]);
    let early = [
        b"--x\r\nContent-Disposition: form-data; name=\"asset\"; filename=\"a.zip\"\r\n\r\n".as_slice(),
        &zip,
        b"\r\n",
    ];
    let kind = ("content-type", "multipart/form-data; boundary=x");
    let headers = [("authorization", client.authorization.as_str()), kind];
    let late = b"--x\r\nContent-Disposition: form-data; name=\"classifier\"\r\n\r\nraml\r\n--x--\r\n";
    let reply = client.send("POST", v1, &headers, [early.concat().as_slice(), late].concat()).await;
    assert_eq!(reply.code(), 400);
    assert_eq!(client.send("POST", v1, &[kind], b"--x--\r\n".to_vec()).await.code(), 401);
}

#[tokio::test]
async fn analytics_are_taken_from_anybody() {
    let client = client(Settings::default());
    for path in ["/cli/api/v1/analytics/event", "/cli/api/v1/analytics/error"] {
        assert_eq!(client.send("POST", path, &[], b"{\"command\":\"exchange:asset:list\"}".to_vec()).await.code(), 204);
    }
}
