use std::time::Duration;

use serde_json::{Value, json};

use super::{
    super::{Latency, Settings},
    client::{ORIGIN, RAML, archive, client},
};

#[tokio::test]
async fn a_synchronous_publication_answers_the_asset() {
    let client = client(Settings::default());
    let reply = client.publish_raml("orders/1.0.0", &[]).await;
    assert_eq!(reply.code(), 201);
    assert_eq!(reply.header("connection"), "close");
    let expected = json!({
        "organizationId": client.org, "groupId": client.org, "assetId": "orders", "version": "1.0.0",
        "name": "Orders", "type": "rest-api",
    });
    assert_eq!(reply.json(), expected);
}

#[tokio::test(start_paused = true)]
async fn an_asynchronous_publication_runs_until_its_latency_is_over() {
    let latency = Latency { least: Duration::from_secs(2), most: Duration::from_secs(2) };
    let client = client(Settings { publish_latency: latency, ..Settings::default() });
    let reply = client.publish("orders/v1.0.0", &[], &[("name", b"Orders"), ("type", b"custom")]).await;
    assert_eq!(reply.code(), 202);
    let link = reply.json()["publicationStatusLink"].as_str().expect("a link").to_owned();
    assert!(link.starts_with(&format!("{ORIGIN}/exchange/api/v2/organizations/{}/assets/", client.org)), "{link}");
    let status = client.get(&link).await.json();
    assert_eq!((&status["status"], &status["asset"]), (&json!("running"), &Value::Null));
    assert_eq!(client.get(&client.asset("orders/1.0.0")).await.code(), 404);

    let again = client.publish("orders/1.0.0", &[], &[("name", b"Orders"), ("type", b"custom")]).await;
    assert_eq!((again.code(), &again.json()["code"]), (409, &json!("ASSET_PRE_CONDITIONS_FAILED")));

    tokio::time::advance(Duration::from_secs(3)).await;
    let status = client.get(&link).await.json();
    assert_eq!((&status["status"], &status["asset"]["assetId"]), (&json!("completed"), &json!("orders")));
    let latest = link.rsplit_once('/').expect("a path").0;
    assert_eq!(client.get(latest).await.json(), status);
    assert_eq!(client.get(&client.asset("orders/1.0.0")).await.code(), 200);
    assert_eq!(client.get(&format!("{latest}/no-such-run")).await.code(), 404);
}

#[tokio::test]
async fn wrong_content_is_told_through_the_link_or_at_once_when_waiting() {
    let client = client(Settings::default());
    let zip = archive(&[("folder/api.raml", RAML)]);
    let parts: [(&str, &[u8]); 4] = [
        ("name", b"Orders"),
        ("properties.mainFile", b"api.raml"),
        ("properties.apiVersion", b"v1"),
        ("files.raml.zip", &zip),
    ];
    let text = "The zip file does not contain a .raml file in the root directory";
    let sync = client.publish_sync("orders/1.0.0", &parts).await;
    assert_eq!((sync.code(), &sync.json()["details"]["errors"][0]), (400, &json!(text)));
    let reply = client.publish("orders/1.0.0", &[], &parts).await;
    assert_eq!(reply.code(), 202);
    let link = reply.json()["publicationStatusLink"].as_str().expect("a link").to_owned();
    let status = client.get(&link).await.json();
    assert_eq!(status["status"], "error");
    let failed = status["steps"].as_array().expect("steps").last().expect("a step").clone();
    assert_eq!((&failed["errors"][0], &failed["statusCode"]), (&json!(text), &json!(400)));
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201, "a failure frees the coordinates");
}

#[tokio::test]
async fn what_the_form_lacks_is_refused_at_once() {
    let client = client(Settings::default());
    let zip = archive(&[("api.raml", RAML)]);
    let reply = client.publish("a/1.0.0", &[], &[("name", b"A"), ("files.raml.zip", &zip)]).await;
    assert_eq!((reply.code(), &reply.json()["code"]), (400, &json!("MISSING_REQUIRED_PROPERTIES")));
    assert_eq!(
        reply.json()["details"]["errors"][0],
        "The missing required properties are: [\"mainFile\",\"apiVersion\"]"
    );
    assert_eq!(reply.json()["details"]["asset"]["assetId"], "a");
    for (parts, code) in [
        (vec![("name", b"A".as_slice())], "COULD_NOT_DETERMINE_ASSET_TYPE"),
        (vec![("name", b"A"), ("type", b"custom"), ("files.a.b.c", b"x")], "INVALID_FILE_IDENTIFIER_ERROR"),
        (vec![("name", b"A"), ("files.evented-api.json", b"{}")], "MISSING_FILES_ERROR"),
    ] {
        let reply = client.publish("a/1.0.0", &[], &parts).await;
        assert_eq!((reply.code(), reply.json()["code"].as_str()), (400, Some(code)));
    }
    for (field, value) in [
        ("status", "Published"),
        ("status", "deprecated"),
        ("dependencies", "a:b"),
        ("categories", "[{"),
        ("description", "x".repeat(256).as_str()),
    ] {
        let parts: [(&str, &[u8]); 3] = [("name", b"A"), ("type", b"custom"), (field, value.as_bytes())];
        let reply = client.publish("a/1.0.0", &[], &parts).await;
        assert_eq!((reply.code(), &reply.json()["name"]), (400, &json!("Bad Request")), "{field}");
    }
    for version in ["1.0", "1.0.0+7", "1.0.0-SNAPSHOT"] {
        let reply = client.publish(&format!("a/{version}"), &[], &[("name", b"A"), ("type", b"custom")]).await;
        assert_eq!(reply.code(), 400, "{version}");
    }
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_and_the_next_request_works() {
    let client = client(Settings { max_file: 1000, ..Settings::default() });
    let parts: [(&str, &[u8]); 3] = [("name", b"A"), ("files.custom.txt", &[b'x'; 1001]), ("type", b"custom")];
    let reply = client.publish("a/1.0.0", &[], &parts).await;
    assert_eq!((reply.code(), &reply.json()["name"]), (413, &json!("Payload Too Large")));
    assert_eq!(client.publish_sync("a/1.0.0", &[("name", b"A"), ("files.custom.txt", b"x")]).await.code(), 201);
}

#[tokio::test]
async fn published_versions_are_immutable_and_development_versions_are_not() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let again = client.publish_raml("orders/1.0.0", &[]).await;
    assert_eq!(again.code(), 409);
    let expected = json!({
        "status": 409,
        "code": "ASSET_PRE_CONDITIONS_FAILED",
        "message": "Cannot create a new asset with the provided groupId, assetId, version, state",
        "details": {
            "errors": ["An asset already exists with this version and published lifecycle state."],
            "asset": { "organizationId": client.org, "groupId": client.org, "assetId": "orders", "version": "1.0.0" },
        },
    });
    assert_eq!(again.json(), expected);
    for tags in [b"first".as_slice(), b"second"] {
        let reply = client.publish_raml("orders/1.0.1", &[("status", b"development"), ("tags", tags)]).await;
        assert_eq!(reply.code(), 201);
    }
    let asset = client.get(&client.asset("orders/1.0.1")).await.json();
    assert_eq!(asset["labels"], json!(["first"]), "publishing over a development version keeps its tags");
}

#[tokio::test]
async fn every_major_version_has_an_api_version_of_its_own_and_the_type_stays() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let reply = client.publish_raml("orders/1.0.1", &[("properties.apiVersion", b"v2")]).await;
    assert_eq!(reply.json()["code"], "INVALID_API_VERSION");
    let reply = client.publish_raml("orders/2.0.0", &[("properties.apiVersion", b"v1")]).await;
    assert_eq!(reply.json()["code"], "INVALID_API_VERSION");
    assert_eq!(client.publish_raml("orders/3.1.0", &[]).await.code(), 201);
    let reply = client.publish_sync("orders/4.0.0", &[("name", b"A"), ("type", b"custom")]).await;
    assert_eq!(reply.json()["code"], "INVALID_ASSET_TYPE");
}

#[tokio::test]
async fn dependencies_must_exist_and_public_groups_always_do() {
    let client = client(Settings::default());
    let missing = format!("{}:base:1.0.0", client.org);
    let reply = client.publish_raml("orders/1.0.0", &[("dependencies", missing.as_bytes())]).await;
    assert_eq!((reply.code(), &reply.json()["code"]), (400, &json!("MISSING_DEPENDENCIES")));
    let base = client.publish_sync("base/1.0.0", &[("name", b"Base"), ("type", b"custom")]).await;
    assert_eq!(base.code(), 201);
    let both = format!("{missing}, com.mulesoft.connectors:x:1.0.0");
    assert_eq!(client.publish_raml("orders/1.0.0", &[("dependencies", both.as_bytes())]).await.code(), 201);
    let asset = client.get(&client.asset("orders/1.0.0")).await.json();
    assert_eq!(asset["dependencies"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_pom_must_agree_with_the_url_and_may_not_repeat_the_form() {
    let client = client(Settings::default());
    let jar = archive(&[("META-INF/mule-artifact/mule-artifact.json", b"{}")]);
    let pom = |version: &str| {
        format!(
            "<project><groupId>{}</groupId><artifactId>app</artifactId><version>{version}</version>\
             <name>App</name></project>",
            client.org
        )
    };
    let (good, bad) = (pom("1.0.0"), pom("1.0.1"));
    let file = ("files.mule-application.jar", jar.as_slice());
    let reply = client.publish_sync("app/1.0.0", &[file, ("files.pom", bad.as_bytes())]).await;
    assert_eq!((reply.code(), &reply.json()["code"]), (400, &json!("INVALID_ASSET_METADATA")));
    let reply = client.publish_sync("app/1.0.0", &[file, ("files.pom", good.as_bytes()), ("name", b"App")]).await;
    assert_eq!(reply.code(), 400);
    let reply = client.publish_sync("app/1.0.0", &[file, ("files.pom.xml", good.as_bytes())]).await;
    assert_eq!((reply.code(), &reply.json()["type"]), (201, &json!("app")));
    let empty = archive(&[("x", b"")]);
    let reply = client.publish_sync("b/1.0.0", &[("files.mule-application.jar", &empty), ("name", b"B")]).await;
    assert_eq!(reply.json()["details"]["errors"][0], "Could not find mule-artifact file inside jar file");
}

#[tokio::test]
async fn unknown_categories_and_fields_fail() {
    let client = client(Settings::default());
    for part in [("categories.kind", b"x".as_slice()), ("fields", br#"[{"key":"k","value":"1, 2"}]"#)] {
        let reply = client.publish_raml("orders/1.0.0", &[part]).await;
        assert_eq!((reply.code(), &reply.json()["code"]), (400, &json!("INVALID_TAG")));
    }
    assert_eq!(client.publish_raml("orders/1.0.0", &[("fields", b"[]")]).await.code(), 201);
}

#[tokio::test]
async fn configured_categories_and_fields_are_taken_and_read_back() {
    let client = client(Settings::default());
    let path = |kind: &str| format!("/exchange/api/v2/organizations/{}/{kind}", client.org);
    let category = json!({ "tagKey": "kind", "displayName": "Kind", "acceptedValues": ["System API"] });
    let created = client.json("POST", &path("categories"), &category).await;
    assert_eq!((created.code(), &created.json()["dataType"]), (201, &json!("enum")));
    assert_eq!(client.json("POST", &path("categories"), &category).await.code(), 409);
    assert_eq!(client.json("POST", &path("fields"), &json!({ "tagKey": "no good" })).await.code(), 400);
    let field = json!({ "tagKey": "dueDate", "displayName": "Due", "dataType": "date" });
    assert_eq!(client.json("POST", &path("fields"), &field).await.code(), 201);
    assert_eq!(client.get(&path("fields")).await.json()[0]["tagKey"], "dueDate");
    let wrong = client.publish_raml("orders/1.0.0", &[("categories.kind", b"Other")]).await;
    assert_eq!(wrong.json()["code"], "INVALID_TAG");
    let more: [(&str, &[u8]); 2] = [("categories.kind", b" System API "), ("fields.dueDate", b"2020-01-01")];
    assert_eq!(client.publish_raml("orders/1.0.0", &more).await.code(), 201);
    let asset = client.get(&client.asset("orders/1.0.0")).await.json();
    assert_eq!(asset["categories"], json!([{ "key": "kind", "displayName": "Kind", "value": ["System API"] }]));
    assert_eq!(asset["customFields"][0]["key"], "dueDate");
}

#[tokio::test]
async fn hostile_requests_are_refused_and_the_sandbox_lives_on() {
    let client = client(Settings::default());
    let path = format!("/exchange/api/v2/organizations/{org}/assets/{org}/a/1.0.0", org = client.org);
    let token = ("authorization", client.authorization.as_str());
    let multipart = ("content-type", "multipart/form-data; boundary=x");
    for (headers, body) in [
        (vec![token], b"".to_vec()),
        (vec![token, ("content-type", "multipart/form-data")], b"".to_vec()),
        (vec![token, multipart], b"".to_vec()),
        (vec![token, multipart], b"--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\ncut".to_vec()),
        (vec![token, multipart], vec![0xff; 100_000]),
        (vec![token, multipart, ("x-sync-publication", "perhaps")], b"--x--\r\n".to_vec()),
    ] {
        let reply = client.send("POST", &path, &headers, body).await;
        assert!((400..500).contains(&reply.code()), "{}", reply.code());
    }
    for path in ["/exchange/api/v2/assets/%00/%2e%2e/1.0.0", "/exchange/api/v2/assets?limit=x", "//", "/%ff/x"] {
        assert!((400..500).contains(&client.get(path).await.code()), "{path}");
    }
    let bomb = archive(&[("api.raml", &vec![b' '; 20_000_000])]);
    let parts: [(&str, &[u8]); 4] = [
        ("name", b"Orders"),
        ("properties.mainFile", b"api.raml"),
        ("properties.apiVersion", b"v1"),
        ("files.raml.zip", &bomb),
    ];
    let reply = client.publish_sync("orders/1.0.0", &parts).await;
    assert_eq!((reply.code(), &reply.json()["code"]), (400, &json!("INVALID_FILE_CONTENT")));
    let long = json!({ "name": "x".repeat(3_000_000) });
    assert_eq!(client.json("PATCH", &client.asset("orders"), &long).await.code(), 413);
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
}

#[tokio::test]
async fn files_tell_the_platform_and_the_version_of_mule() {
    let client = client(Settings::default());
    let jar = archive(&[("META-INF/mule-artifact/mule-artifact.json", br#"{"minMuleVersion":"4.6.0"}"#.as_slice())]);
    let openai: &[u8] = br#"{"platform":"openai"}"#;
    let cases: [(&str, &str, &str, &[u8], Value); 4] = [
        ("gpt", "llm", "files.llm-metadata.json", openai, json!([{ "key": "platform", "value": "openai" }])),
        ("lost", "llm", "files.wrong.json", openai, json!([{ "key": "platform", "value": "other" }])),
        ("tools", "mcp", "files.mcp-metadata.json", openai, json!([{ "key": "platform", "value": "openai" }])),
        ("ftp", "extension", "files.mule-plugin.jar", &jar, json!([{ "key": "min-mule-version", "value": "4.6.0" }])),
    ];
    for (asset, asset_type, key, file, attributes) in cases {
        let parts = [("name", b"N".as_slice()), ("type", asset_type.as_bytes()), (key, file)];
        assert_eq!(client.publish_sync(&format!("{asset}/1.0.0"), &parts).await.code(), 201, "{asset}");
        assert_eq!(client.get(&client.asset(&format!("{asset}/1.0.0"))).await.json()["attributes"], attributes);
    }
    let parts = [("name", b"N".as_slice()), ("type", b"llm"), ("properties.platform", b"gemini")];
    assert_eq!(client.publish_sync("said/1.0.0", &parts).await.code(), 201);
    let said = client.get(&client.asset("said/1.0.0")).await.json();
    assert_eq!(said["attributes"], json!([{ "key": "platform", "value": "gemini" }]));
}

#[tokio::test]
async fn only_a_member_of_the_organization_can_be_named_as_the_creator() {
    let client = client(Settings::default());
    let parts: [(&str, &[u8]); 2] = [("name", b"N"), ("type", b"custom")];
    let stranger = [("x-user-id", "nobody"), ("x-sync-publication", "true")];
    assert_eq!(client.publish("notes/1.0.0", &stranger, &parts).await.code(), 400);
    let me = client.get("/accounts/api/me").await.json()["user"]["id"].as_str().expect("an id").to_owned();
    let known = [("x-user-id", me.as_str()), ("x-sync-publication", "true")];
    assert_eq!(client.publish("notes/1.0.0", &known, &parts).await.code(), 201);
    let made = client.get(&client.asset("notes/1.0.0")).await.json();
    assert_eq!(made["createdBy"]["id"], json!(me));
}
