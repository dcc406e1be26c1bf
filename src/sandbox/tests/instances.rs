use serde_json::{Value, json};

use super::{
    super::Settings,
    client::{Client, client},
};

fn group(client: &Client, rest: &str) -> String {
    client.asset(&format!("orders/versionGroups/{rest}"))
}

fn production() -> Value {
    json!({ "name": "Production", "endpointUri": "https://orders.example.com", "isPublic": true })
}

#[tokio::test]
async fn an_external_instance_reads_back_changes_and_goes() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let made = client.json("POST", &group(&client, "v1/instances/external"), &production()).await;
    let shown = made.json();
    assert_eq!((made.code(), &shown["type"], &shown["productApiVersion"]), (201, &json!("external"), &json!("v1")));
    assert_eq!((&shown["isPublic"], &shown["environmentId"]), (&json!(true), &Value::Null));
    let id = shown["id"].as_str().expect("an id").to_owned();
    assert!(uuid::Uuid::parse_str(&id).is_ok(), "{id}");

    let one = group(&client, &format!("v1/instances/external/{id}"));
    assert_eq!(client.json("PATCH", &one, &json!({ "name": "Live", "isPublic": false })).await.code(), 204);
    let listed = client.get(&group(&client, "v1/instances")).await.json();
    assert_eq!((&listed[0]["name"], &listed[0]["endpointUri"]), (&json!("Live"), &shown["endpointUri"]));
    assert_eq!((&listed[1]["id"], &listed[1]["type"]), (&json!("mocking-service"), &json!("mocked")));
    let asset = client.get(&client.asset("orders/1.0.0")).await.json();
    assert_eq!((&asset["instances"][0]["id"], &asset["instances"][0]["version"]), (&json!(id), &json!("1.0.0")));

    let managed = group(&client, &format!("v1/instances/managed/{id}"));
    assert_eq!(client.json("PATCH", &managed, &json!({})).await.code(), 404, "it is not a managed one");
    assert_eq!(client.delete(&one, "").await.code(), 204);
    assert_eq!(client.delete(&one, "").await.code(), 404);
    assert_eq!(client.json("PATCH", &one, &json!({})).await.code(), 404);
}

#[tokio::test]
async fn what_is_no_instance_is_refused() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let path = group(&client, "v1/instances/external");
    let long = "x".repeat(151);
    for body in [
        json!([]),
        json!({ "name": "a" }),
        json!({ "endpointUri": "https://a" }),
        json!({ "name": 1, "endpointUri": "https://a" }),
        json!({ "name": long, "endpointUri": "https://a" }),
        json!({ "name": "a", "endpointUri": "x".repeat(2049) }),
        json!({ "name": "a", "endpointUri": "https://a", "isPublic": "yes" }),
    ] {
        assert_eq!(client.json("POST", &path, &body).await.code(), 400, "{body}");
    }
    assert_eq!(client.json("POST", &path, &production()).await.code(), 201);
    let again = client.json("POST", &path, &production()).await;
    assert_eq!((again.code(), &again.json()["code"]), (409, &json!("API_METADATA_EXTERNAL_API_CONFLICT")));
    assert!(again.json()["message"].as_str().is_some_and(|message| message.ends_with("already exists")));
    assert_eq!(client.json("POST", &group(&client, "v9/instances/external"), &production()).await.code(), 404);
    let evented = group(&client, "v1/instances/evented-apis/external");
    assert_eq!(client.json("POST", &evented, &production()).await.code(), 400, "it is no AsyncAPI");
}

#[tokio::test]
async fn an_instance_without_a_version_group_is_taken_and_belongs_to_none() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let made = client.json("POST", &group(&client, "/instances/external"), &production()).await;
    assert_eq!((made.code(), &made.json()["productApiVersion"]), (201, &json!("")));
    let listed = client.get(&group(&client, "v1/instances")).await.json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "only the mocking service: {listed}");
}

#[tokio::test]
async fn an_async_api_has_calls_of_its_own() {
    let client = client(Settings::default());
    let yaml = b"asyncapi: 2.6.0\ninfo:\n  title: Orders\n";
    let parts = [
        ("name", b"Orders".as_slice()),
        ("type", b"evented-api"),
        ("properties.mainFile", b"api.yaml"),
        ("properties.apiVersion", b"v1"),
        ("files.evented-api.yaml", yaml),
    ];
    assert_eq!(client.publish_sync("orders/1.0.0", &parts).await.code(), 201);
    assert_eq!(client.json("POST", &group(&client, "v1/instances/external"), &production()).await.code(), 400);
    let path = group(&client, "v1/instances/evented-apis/external");
    let made = client.json("POST", &path, &production()).await;
    assert_eq!(made.code(), 201);
    let one = format!("{path}/{}", made.json()["id"].as_str().expect("an id"));
    assert_eq!(client.json("PATCH", &one, &json!({ "endpointUri": "kafka://x" })).await.code(), 204);
    let listed = client.get(&group(&client, "v1/instances")).await.json();
    assert_eq!(listed[0]["endpointUri"], "kafka://x");
}

#[tokio::test]
async fn the_last_version_of_a_group_with_instances_stays_until_they_are_deleted() {
    let client = client(Settings::default());
    for version in ["1.0.0", "1.0.1"] {
        assert_eq!(client.publish_raml(&format!("orders/{version}"), &[]).await.code(), 201);
    }
    let path = group(&client, "v1/instances/external");
    assert_eq!(client.json("POST", &path, &production()).await.code(), 201);
    assert_eq!(client.delete(&client.asset("orders/1.0.1"), "hard-delete").await.code(), 204, "1.0.0 keeps the group");
    for path in ["orders/1.0.0", "orders"] {
        let refused = client.delete(&client.asset(path), "hard-delete").await;
        assert_eq!((refused.code(), &refused.json()["code"]), (409, &json!("ASSET_HAS_INSTANCES")), "{path}");
    }
    assert_eq!(client.delete(&path, "").await.code(), 204);
    assert_eq!(client.delete(&client.asset("orders"), "hard-delete").await.code(), 204);
}

#[tokio::test]
async fn the_control_surface_places_a_managed_instance_with_tiers() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let wanted = json!({
        "groupId": client.org, "assetId": "orders", "versionGroup": "v1", "name": "v1:1",
        "endpointUri": "https://gateway.example.com/orders", "environmentName": "Production", "isPublic": true,
        "tiers": [{ "name": "Gold", "autoApprove": true,
                    "limits": [{ "maximumRequests": 100, "timePeriodInMilliseconds": 1000 }] }],
    });
    let headers = [("content-type", "application/json")];
    let made = client.send("POST", "/_sandbox/instances", &headers, wanted.to_string().into_bytes()).await;
    assert_eq!(made.code(), 201, "nobody signs in there");
    let shown = made.json();
    let environments = format!("/accounts/api/organizations/{}/environments", client.org);
    assert_eq!(shown["environmentId"], client.get(&environments).await.json()["data"][0]["id"]);
    let id = shown["id"].as_str().expect("an id").to_owned();
    assert!(uuid::Uuid::parse_str(&id).is_ok(), "{id}");
    let tiers = client.get(&group(&client, &format!("v1/instances/{id}/tiers"))).await.json();
    assert_eq!((&tiers[0]["name"], &tiers[0]["status"]), (&json!("Gold"), &json!("ACTIVE")));
    assert_eq!(tiers[0]["limits"][0]["maximumRequests"], 100);

    let one = group(&client, &format!("v1/instances/managed/{id}"));
    assert_eq!(client.json("PATCH", &one, &json!({ "endpointUri": "https://b.example.com" })).await.code(), 204);
    assert_eq!(client.delete(&group(&client, "v1/instances/external"), "").await.code(), 204);
    let listed = client.get(&group(&client, "v1/instances")).await.json();
    assert_eq!((&listed[0]["type"], &listed[0]["endpointUri"]), (&json!("managed"), &json!("https://b.example.com")));
    let lost = client.send("POST", "/_sandbox/instances", &headers, b"{}".to_vec()).await;
    assert_eq!(lost.code(), 400);
}
