//! Finding APIs and reading about them.

use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn the_management_api_tells_where_the_portal_is() {
    let client = client(Settings::default());
    let connections = client.get("/api-experience-hub/api/v1/connections").await.json();
    let connection = &connections[0];
    assert_eq!((&connection["organizationId"], &connection["type"]), (&json!(client.org), &json!("SALESFORCE")));
    let portals =
        format!("/api-experience-hub/api/v1/connections/{}/apiPortals", connection["id"].as_str().expect("id"));
    let portal = &client.get(&portals).await.json()[0];
    assert_eq!((&portal["id"], &portal["connectionId"]), (&portal["targetPortalId"], &connection["id"]));
    assert_eq!(connections, client.get("/api-experience-hub/api/v1/connections").await.json(), "ids stay");
    refused(&client.get("/api-experience-hub/api/v1/connections/elsewhere/apiPortals").await, 404);
}

#[tokio::test]
async fn an_asset_appears_when_it_is_made_visible_and_goes_when_it_is_not() {
    let client = client(Settings::default());
    let portal = Portal::of(&client).await;
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let developing = [("status", b"development".as_slice())];
    assert_eq!(client.publish_raml("drafts/1.0.0", &developing).await.code(), 201);
    let custom: [(&str, &[u8]); 2] = [("name", b"A file"), ("type", b"custom")];
    assert_eq!(client.publish_sync("file/1.0.0", &custom).await.code(), 201);
    publish_to_all(&client, "drafts", &["v1"]).await;
    publish_to_all(&client, "file", &["1.0.0"]).await;
    let details = portal.asset("orders/v1", "details");
    assert_eq!(portal.get("/assets").await.json(), json!([]));
    refused(&portal.get(&details).await, 404);
    publish_to_all(&client, "orders", &["v1"]).await;
    assert_eq!(ids(&portal.get("/assets").await.json()), ["orders"]);
    assert_eq!(portal.get(&details).await.code(), 200);
    publish_to_all(&client, "orders", &[]).await;
    assert_eq!(portal.get("/assets").await.json(), json!([]));
    refused(&portal.get(&details).await, 404);
    for hidden in ["drafts/v1", "file/v1"] {
        refused(&portal.get(&portal.asset(hidden, "details")).await, 404);
    }
}

#[tokio::test]
async fn a_card_shows_the_newest_public_version_with_all_its_names() {
    let client = with_orders().await;
    for version in ["1.0.1", "1.1.0", "2.0.0", "3.0.0"] {
        assert_eq!(client.publish_raml(&format!("orders/{version}"), &[]).await.code(), 201);
    }
    publish_to_all(&client, "orders", &["v1", "v2"]).await;
    let portal = Portal::of(&client).await;
    let card = portal.get("/assets").await.json()[0].clone();
    let expected = json!({
        "assetId": "orders",
        "groupId": client.org,
        "name": "Orders",
        "description": "Everything about orders",
        "type": "rest-api",
        "minorVersion": "v2",
        "minorVersions": ["v2", "v1"],
        "latestPatchVersion": "2.0.0",
        "tags": [],
        "categories": [],
        "updatedDate": card["updatedDate"],
        "major": 2,
        "minor": 0,
        "mayorComponent": 2,
        "minorComponent": 0,
        "minorVersionComponents": ["2", "0"],
    });
    assert_eq!(card, expected);
    for (asked, found) in [("v1", "1.1.0"), ("1", "1.1.0"), ("1.0", "1.0.1"), ("v2", "2.0.0")] {
        let details = portal.get(&portal.asset(&format!("orders/{asked}"), "details")).await.json();
        assert_eq!(details["latestPatchVersion"], found, "{asked}");
    }
    refused(&portal.get(&portal.asset("orders/v3", "details")).await, 404);
    refused(&portal.get(&portal.asset("orders/latest", "details")).await, 400);
}

#[tokio::test]
async fn the_list_pages_newest_first_and_refuses_large_pages() {
    let client = client(Settings::default());
    let portal = Portal::of(&client).await;
    for number in 0..7 {
        let asset = format!("a{number}");
        assert_eq!(client.publish_raml(&format!("{asset}/1.0.0"), &[]).await.code(), 201);
        publish_to_all(&client, &asset, &["v1"]).await;
    }
    assert_eq!(ids(&portal.get("/assets").await.json()), ["a6", "a5", "a4", "a3", "a2"]);
    assert_eq!(ids(&portal.get("/assets?limit=5&offset=5").await.json()), ["a1", "a0"]);
    assert_eq!(ids(&portal.get("/assets?limit=250").await.json()).len(), 7);
    assert_eq!(portal.get("/assets?offset=99").await.json(), json!([]));
    for query in ["limit=251", "limit=-1", "limit=many", "offset=-1"] {
        refused(&portal.get(&format!("/assets?{query}")).await, 400);
    }
}

#[tokio::test]
async fn a_search_filters_by_term_type_and_category_and_sorts() {
    let client = client(Settings::default());
    let portal = Portal::of(&client).await;
    let o = &client.org;
    let category =
        json!({ "tagKey": "department", "displayName": "Department", "acceptedValues": ["Finance", "Sales"] });
    let path = format!("/exchange/api/v2/organizations/{o}/categories");
    assert_eq!(client.json("POST", &path, &category).await.code(), 201);
    for (asset, name, description, department) in [
        ("pay", "Payment API", "Moves money", Some("Finance")),
        ("bill", "Bills", "Writes a PAYMENT note", Some("Sales")),
        ("other", "Other", "Nothing of the kind", None),
    ] {
        let categories = department.map(|value| json!([{ "key": "department", "value": [value] }]).to_string());
        let mut more: Vec<(&str, &[u8])> = vec![("description", description.as_bytes()), ("name", name.as_bytes())];
        if let Some(categories) = &categories {
            more.push(("categories", categories.as_bytes()));
        }
        let reply = client.publish_raml(&format!("{asset}/1.0.0"), &more).await;
        assert_eq!(reply.code(), 201, "{:?}", reply.json());
        publish_to_all(&client, asset, &["v1"]).await;
    }
    let search = |body: Value| {
        let portal = &portal;
        async move {
            let reply = portal.post("/assets/search", &body).await;
            assert_eq!(reply.code(), 200, "{body}");
            reply.json()
        }
    };
    let official = json!({
        "searchTerm": "payment",
        "assetTypes": ["rest-api", "http-api"],
        "categories": ["Department:Finance"],
        "sort": { "direction": "DESC", "criteria": "LAST_UPDATED" },
    });
    let found = search(official).await;
    assert_eq!(ids(&found["assets"]), ["pay"]);
    assert_eq!(found["assets"][0]["categories"], json!(["Department:Finance"]));
    assert_eq!(found["facets"], json!(["Department:Finance"]));
    let found = search(json!({ "searchTerm": "payment" })).await;
    assert_eq!(ids(&found["assets"]), ["bill", "pay"], "the newest first; descriptions count");
    assert_eq!(found["facets"], json!(["Department:Finance", "Department:Sales"]));
    assert_eq!(ids(&search(json!({ "categories": ["department:sales"] })).await["assets"]), ["bill"]);
    assert_eq!(search(json!({ "assetTypes": ["soap-api"] })).await, json!({ "assets": [], "facets": [] }));
    assert_eq!(search(json!({ "assetTypes": ["custom"] })).await["assets"], json!([]));
    let sorted = search(json!({ "sort": { "direction": "ASC", "criteria": "NAME" } })).await;
    assert_eq!(ids(&sorted["assets"]), ["bill", "other", "pay"]);
    let headers = [("authorization", portal.authorization.as_str()), ("x-limit", "1")];
    let first = client.send("POST", &format!("{}/assets/search", portal.path), &headers, b"{}".to_vec()).await.json();
    assert_eq!((ids(&first["assets"]), first["facets"].as_array().map(Vec::len)), (vec!["other"], Some(2)));
    for body in [json!([]), json!({ "searchTerm": 1 }), json!({ "sort": { "direction": "UP", "criteria": "NAME" } })] {
        refused(&portal.post("/assets/search", &body).await, 400);
    }
}

#[tokio::test]
async fn whoever_has_no_bearer_token_or_portal_is_refused_in_the_shape_of_this_api() {
    let client = with_orders().await;
    let portal = Portal::of(&client).await;
    let assets = format!("{}/assets", portal.path);
    let credentials = client.sandbox.credentials().clone();
    let basic = {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let text = format!("~~~Client~~~:{}~?~{}", credentials.client_id, credentials.client_secret);
        format!("Basic {}", BASE64_STANDARD.encode(text))
    };
    for header in ["Bearer wrong", basic.as_str(), "nonsense"] {
        refused(&client.send("GET", &assets, &[("authorization", header)], Vec::new()).await, 401);
    }
    refused(&client.send("GET", &assets, &[], Vec::new()).await, 401);
    refused(&client.get("/api-experience-hub/xapi/v1/portals/66666666/77777777/assets").await, 404);
    refused(&client.get("/api-experience-hub/xapi/v1/elsewhere").await, 404);
    refused(&client.get(&format!("{assets}/%FF/x/details")).await, 404);
    refused(&client.get(&format!("{assets}/%FF/x/v1/details")).await, 400);
    refused(&client.json("DELETE", &assets, &json!({})).await, 405);
    refused(&portal.post("/assets/search", &json!({ "searchTerm": "x".repeat(3_000_000) })).await, 413);
}

#[tokio::test]
async fn details_lead_to_pages_terms_and_resources() {
    let client = client(Settings::default());
    let docs = archive(&[
        ("home.md", b"# Orders\n\n![a](resources/a.png)"),
        ("Getting Started.md", b"# Getting Started"),
        ("terms.md", b"# Terms and Conditions"),
        ("resources/a.png", b"\x89PNG\r\n\x1a\n"),
    ]);
    let more: [(&str, &[u8]); 3] =
        [("files.docs.zip", &docs), ("contactName", b"Ada"), ("contactEmail", b"ada@example.com")];
    let published = client.publish_raml("orders/1.0.0", &more).await;
    assert_eq!(published.code(), 201, "{}", published.json());
    publish_to_all(&client, "orders", &["v1"]).await;
    let portal = Portal::of(&client).await;
    let details = portal.get(&portal.asset("orders/v1", "details")).await.json();
    assert_eq!(details["owner"], json!({ "contactEmail": "ada@example.com", "contactName": "Ada" }));
    for member in ["apiVersion", "minorVersion", "versionGroup"] {
        assert_eq!(details[member], "v1", "{member}");
    }
    assert_eq!((&details["organizationId"], &details["lifeCycleState"]), (&json!(client.org), &json!("published")));
    assert!(details.as_object().expect("an object").values().all(|value| !value.is_null()), "{details}");

    let pages = details["pages"].as_array().expect("pages");
    assert_eq!(pages[0], json!({ "name": "home", "path": "/home" }));
    let started = pages.iter().find(|page| page["name"] == "Getting Started").expect("the page")["path"].as_str();
    let started = started.expect("a path").replace(' ', "%20");
    for path in [format!("pages{started}"), format!("pages/{started}"), "pages/Getting%20Started".to_owned()] {
        let page = portal.get(&portal.asset("orders/v1", &path)).await;
        assert_eq!((page.code(), page.body.as_deref()), (200, Some(b"# Getting Started".as_slice())), "{path}");
        assert!(page.header("content-type").starts_with("text/markdown"));
    }
    refused(&portal.get(&portal.asset("orders/v1", "pages/Nothing")).await, 404);
    let terms = portal.get(&portal.asset("orders/v1", "terms")).await;
    assert_eq!(terms.body.as_deref(), Some(b"# Terms and Conditions".as_slice()));

    let files = details["files"].as_array().expect("files");
    assert!(files.iter().all(|file| file["label"].is_string() && file["isGenerated"].is_boolean()), "{files:?}");
    let image = files.iter().find(|file| file["label"].as_str().is_some_and(|label| label.contains(".png")));
    let link = image.expect("the image")["externalLink"].as_str().expect("a link");
    let got = client.get(link).await;
    assert_eq!((got.body.as_deref(), got.header("content-type")), (Some(b"\x89PNG\r\n\x1a\n".as_slice()), "image/png"));
    // Clients take the id from the link, whole or in part.
    let encoded: String = url::form_urlencoded::byte_serialize(link.as_bytes()).collect();
    let whole = portal.get(&portal.asset("orders/v1", &format!("resources/{encoded}"))).await;
    assert_eq!(whole.code(), 200, "{}", whole.json());
    refused(&portal.get(&portal.asset("orders/v1", "resources/..%2Fsandbox.db")).await, 404);
}

#[tokio::test]
async fn an_api_without_documents_has_none() {
    let client = with_orders().await;
    let portal = Portal::of(&client).await;
    refused(&portal.get(&portal.asset("orders/v1", "terms")).await, 404);
    refused(&portal.get(&portal.asset("orders/v1", "pages/Nothing")).await, 404);
    refused(&portal.get(&portal.asset("orders/v1", "resources/33333333-3333-3333-3333-333333333333")).await, 404);
}
