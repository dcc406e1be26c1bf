//! The Graph API.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    super::Settings,
    client::{Client, Reply, client},
};

const V2: &str = "/graph/api/v2/graphql";
const V1: &str = "/graph/api/v1/graphql";

/// Sends a query without a header that says who asks.
async fn anonymous(client: &Client, path: &str, body: &Value) -> Reply {
    client.send("POST", path, &[("content-type", "application/json")], body.to_string().into_bytes()).await
}

/// Asks, and answers the data.
async fn ask(client: &Client, path: &str, query: &str) -> Value {
    let body = client.json("POST", path, &json!({ "query": query })).await.json();
    assert_eq!(body.get("errors"), None, "{query}");
    body["data"].clone()
}

#[tokio::test]
async fn the_request_of_the_official_client_is_answered_with_all_its_keys() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    assert_eq!(client.publish_sync("lib/1.0.0", &[("name", b"Lib"), ("type", b"custom")]).await.code(), 201);
    let query = "query ($organizationIds: [String], $limit: Int, $offset: Int, $searchText: String!) {\n  assets(\n    \
        limit: $limit\n    offset: $offset\n    searchTerm: $searchText\n    organizationIds: $organizationIds\n  ) {\n    \
        groupId\n    assetId\n    version\n    name\n    type\n    updatedDate\n    createdDate\n    __typename\n  }\n}\n";
    let token = client.authorization.trim_start_matches("Bearer ");
    let body = |search: &str| {
        let variables = json!({ "limit": 10, "offset": 0, "searchText": search, "accessToken": token });
        json!({ "operationName": null, "variables": variables, "query": query })
    };
    let reply = anonymous(&client, V2, &body("")).await;
    assert_eq!(reply.code(), 200);
    let data = reply.json();
    assert_eq!(data.as_object().map(|body| body.keys().cloned().collect()), Some(vec!["data".to_owned()]));
    let assets = data["data"]["assets"].as_array().expect("assets");
    assert_eq!(assets.len(), 2);
    for asset in assets {
        let mut keys: Vec<&str> = asset.as_object().expect("an asset").keys().map(String::as_str).collect();
        keys.sort_unstable();
        let expected =
            ["__typename", "assetId", "createdDate", "groupId", "name", "type", "updatedDate", "version"].as_slice();
        assert_eq!(keys, expected);
        assert!(asset.as_object().expect("an asset").values().all(Value::is_string), "{asset}");
    }
    let found = anonymous(&client, V2, &body("orde")).await.json();
    assert_eq!(found["data"]["assets"].as_array().map(Vec::len), Some(1));
    let mut elsewhere = body("");
    elsewhere["variables"]["organizationIds"] = json!(["another"]);
    assert_eq!(anonymous(&client, V2, &elsewhere).await.json(), json!({ "data": { "assets": [] } }));
}

#[tokio::test]
async fn who_asks_is_told_by_the_header_before_the_variables() {
    let client = client(Settings::default());
    let body = |variables: Value| json!({ "query": "{ assets { id } }", "variables": variables });
    assert_eq!(anonymous(&client, V2, &body(Value::Null)).await.code(), 401);
    assert_eq!(anonymous(&client, V2, &body(json!({ "accessToken": "wrong" }))).await.code(), 401);
    let known = client.sandbox.credentials();
    let basic = BASE64_STANDARD.encode(format!("~~~Client~~~:{}~?~{}", known.client_id, known.client_secret));
    let basic = format!("Basic {basic}");
    assert_eq!(anonymous(&client, V2, &body(json!({ "authorization": basic }))).await.code(), 200);
    let right = body(json!({ "accessToken": known.token }));
    let wrong = [("authorization", "Bearer wrong")];
    let reply = client.send("POST", V2, &wrong, right.to_string().into_bytes()).await;
    assert_eq!(reply.code(), 401, "a header wins");
    let url = "/exchange/api/v2/graphql?query=%7Bassets%7Bid%7D%7D&variables=%7B%7D";
    assert_eq!(client.get(url).await.json(), json!({ "data": { "assets": [] } }));
    assert_eq!(client.json("POST", "/exchange/api/v2/graphql", &body(Value::Null)).await.code(), 200);
    assert_eq!(client.json("POST", V2, &json!([])).await.code(), 400);
    assert_eq!(client.json("POST", V2, &json!({ "variables": {} })).await.code(), 400);
}

#[tokio::test]
async fn one_asset_shows_its_files_dependencies_and_other_versions() {
    let client = client(Settings::default());
    assert_eq!(client.publish_sync("lib/1.0.0", &[("name", b"Lib"), ("type", b"custom")]).await.code(), 201);
    let dependency = format!("{}:lib:1.0.0", client.org);
    for version in ["1.0.0", "1.1.0", "2.0.0"] {
        let more = [("dependencies", dependency.as_bytes()), ("tags", b"x".as_slice()), ("contactName", b"Ann")];
        assert_eq!(client.publish_raml(&format!("orders/{version}"), &more).await.code(), 201);
    }
    let query = format!(
        "{{ asset(groupId: \"{o}\", assetId: \"orders\", version: \"1.0.0\") {{
            status contactName minMuleVersion tags {{ key }} dependencies {{ assetId type }}
            files {{ classifier packaging externalLink md5 isGenerated }}
            organization {{ id __typename }} otherVersions {{ version otherVersions {{ version }} }}
        }} gone: asset(groupId: \"{o}\", assetId: \"none\") {{ id }} }}",
        o = client.org
    );
    let data = ask(&client, V2, &query).await;
    assert_eq!(data["gone"], Value::Null);
    let asset = &data["asset"];
    assert_eq!((&asset["contactName"], &asset["minMuleVersion"]), (&json!("Ann"), &Value::Null));
    assert_eq!(asset["tags"], json!([{ "key": "x" }, { "key": "product-api-version" }]));
    assert_eq!(asset["dependencies"], json!([{ "assetId": "lib", "type": "custom" }]));
    assert_eq!(asset["organization"], json!({ "id": client.org, "__typename": "Organization" }));
    let two = |a: &str, b: &str| json!([{ "version": a }, { "version": b }]);
    let expected = json!([
        { "version": "2.0.0", "otherVersions": two("1.1.0", "1.0.0") },
        { "version": "1.1.0", "otherVersions": two("2.0.0", "1.0.0") },
    ]);
    assert_eq!(asset["otherVersions"], expected);
    let file = asset["files"].as_array().expect("files").iter().find(|file| file["classifier"] == "raml");
    let link = file.and_then(|file| file["externalLink"].as_str()).expect("a link");
    assert_eq!(client.send("GET", link, &[], Vec::new()).await.code(), 200);
}

#[tokio::test]
async fn the_first_version_searches_with_an_object_and_relates_versions() {
    let client = client(Settings::default());
    for version in ["1.0.0", "1.1.0"] {
        assert_eq!(client.publish_raml(&format!("orders/{version}"), &[("tags", b"x")]).await.code(), 201);
    }
    assert_eq!(client.publish_sync("lib/1.0.0", &[("name", b"Lib"), ("type", b"custom")]).await.code(), 201);
    let versions = |data: &Value| -> Vec<String> {
        let all = data["assets"].as_array().expect("assets").iter();
        all.map(|a| format!("{}/{}", a["assetId"].as_str().unwrap_or(""), a["version"].as_str().unwrap_or("")))
            .collect()
    };
    for (arguments, expected) in [
        ("query: {}", vec!["orders/1.1.0", "orders/1.0.0", "lib/1.0.0"]),
        ("query: {}, latestVersionsOnly: true", vec!["orders/1.1.0", "lib/1.0.0"]),
        ("query: {limit: 1, offset: 1}", vec!["orders/1.0.0"]),
        ("query: {tags: [{value: \"x\"}]}, latestVersionsOnly: true", vec!["orders/1.1.0"]),
        ("query: {tags: {key: \"product-api-version\", value: \"v2\"}}", vec![]),
        ("query: {type: \"custom\"}", vec!["lib/1.0.0"]),
        ("query: {searchTerm: \"ORD\", public: true}", vec![]),
        ("query: {rootOrganizationId: \"another\"}", vec![]),
    ] {
        let data = ask(&client, V1, &format!("{{ assets({arguments}) {{ assetId version }} }}")).await;
        assert_eq!(versions(&data), expected, "{arguments}");
    }
    let one = format!(
        "{{ assets(asset: {{groupId: \"{}\", assetId: \"orders\", version: \"1.1.0\"}}) {{
            name related(relationshipType: OtherVersions) {{ version }} }} }}",
        client.org
    );
    let expected = json!({ "assets": [{ "name": "Orders", "related": [{ "version": "1.0.0" }] }] });
    assert_eq!(ask(&client, V1, &one).await, expected);
    let data = ask(&client, V2, "{ assets(labels: [\"X\"], latestVersionsOnly: false) { assetId version } }").await;
    assert_eq!(versions(&data), ["orders/1.1.0", "orders/1.0.0"]);
}

#[tokio::test]
async fn mistakes_are_told_with_their_places() {
    let client = client(Settings::default());
    let ask = |query: &'static str| {
        let client = &client;
        async move { client.json("POST", V2, &json!({ "query": query })).await }
    };
    let reply = ask("{ assets { nothing } }").await;
    let message = "Cannot query field \"nothing\" on type \"Asset\".";
    let expected = json!({ "errors": [{ "message": message, "locations": [{ "line": 1, "column": 12 }] }] });
    assert_eq!((reply.code(), reply.json()), (200, expected));
    let reply = ask("query ($searchText: String!) { assets(searchTerm: $searchText) { id } }").await;
    let message = "Variable \"$searchText\" of type \"String!\" is required, but was not provided.";
    assert_eq!(reply.json()["errors"][0]["message"], message);
    for query in ["{ assets(limit: 251) { id } }", "{ assets(offset: -1) { id } }", "{ assets(status: \"x\") { id } }"]
    {
        assert!(ask(query).await.json()["errors"][0]["locations"].is_array(), "{query}");
    }
}

#[tokio::test]
async fn a_query_cannot_multiply_versions_without_end() {
    let client = client(Settings::default());
    for i in 0..20 {
        let asset = format!("many/1.0.{i}");
        assert_eq!(client.publish_sync(&asset, &[("name", b"Many"), ("type", b"custom")]).await.code(), 201);
    }
    let query = "{ assets { versions { versions { versions { versions { id } } } } } }";
    let reply = client.json("POST", V2, &json!({ "query": query })).await;
    let message = reply.json()["errors"][0]["message"].to_string();
    assert!(message.contains("more than 5000 versions"), "{message}");
}
