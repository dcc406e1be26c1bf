//! Client applications.

use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn an_application_is_made_found_changed_and_deleted() {
    let client = with_orders().await;
    let portal = Portal::of(&client).await;
    let instance = place(&client, &json!([])).await;
    let applications = portal.asset("orders/v1", "applications");
    assert_eq!(portal.get("/applications/exists?appName=My%20API%20Client").await.json(), json!({ "exists": false }));
    let official = json!({
        "name": "My API Client",
        "description": "Client application for the Payment API",
        "instanceId": instance,
        "url": "https://example.com",
        "redirectUri": ["https://example.com/callback"],
        "grantTypes": ["client_credentials"],
        "apiEndpoints": false,
    });
    let made = portal.post(&applications, &official).await;
    let made = (made.code(), made.json());
    let expected = json!({
        "id": made.1["id"],
        "name": "My API Client",
        "description": "Client application for the Payment API",
        "clientId": made.1["clientId"],
        "clientSecret": made.1["clientSecret"],
    });
    assert_eq!(made, (200, expected));
    let made = made.1;
    let path = format!("/applications/{}", made["id"].as_str().expect("an id"));
    assert_eq!(portal.get("/applications/exists?appName=My%20API%20Client").await.json(), json!({ "exists": true }));
    refused(&portal.post(&applications, &official).await, 409);

    let got = portal.get(&path).await.json();
    let expected = json!({
        "id": made["id"],
        "name": "My API Client",
        "description": "Client application for the Payment API",
        "clientId": made["clientId"],
        "clientSecret": made["clientSecret"],
        "grantTypes": ["client_credentials"],
        "redirectUri": ["https://example.com/callback"],
        "url": "https://example.com",
        "lastUpdateDate": got["lastUpdateDate"],
        "clientProvider": {
            "name": "Default",
            "providerId": got["clientProvider"]["providerId"],
            "type": "openid_connect",
        },
    });
    assert_eq!(got, expected);
    assert!(got["clientProvider"]["providerId"].is_string() && got["lastUpdateDate"].is_string());

    let changed = portal.call("PUT", &path, Some(&json!({ "name": "Renamed", "apiEndpoints": true }))).await.json();
    assert_eq!((&changed["name"], &changed["url"]), (&json!("Renamed"), &json!("https://example.com")));
    let redirects = json!(["https://example.com/callback", "https://orders.example.com/v1"]);
    assert_eq!(changed["redirectUri"], redirects, "endpoints count as redirect URIs where that is asked for");
    assert_eq!(portal.get("/applications/exists?appName=My%20API%20Client").await.json(), json!({ "exists": false }));

    let reset = portal.call("POST", &format!("{path}/secret/reset"), None).await.json();
    assert_ne!(reset["clientSecret"], made["clientSecret"]);
    assert_eq!(portal.get(&path).await.json()["clientSecret"], reset["clientSecret"]);

    let deleted = portal.call("DELETE", &path, None).await;
    assert_eq!((deleted.code(), deleted.json()), (200, json!({})));
    for (method, rest) in [("GET", ""), ("DELETE", ""), ("POST", "/secret/reset"), ("GET", "/contracts")] {
        refused(&portal.call(method, &format!("{path}{rest}"), None).await, 404);
    }
    assert_eq!(portal.get("/applications/exists?appName=Renamed").await.json(), json!({ "exists": false }));
    assert_eq!(portal.get("/applications").await.json(), json!([]));
}

#[tokio::test]
async fn applications_are_listed_by_name_and_instance_a_page_at_a_time() {
    let client = with_orders().await;
    let portal = Portal::of(&client).await;
    let (one, other) = (place(&client, &json!([])).await, place(&client, &json!([])).await);
    for name in ["Alpha", "Beta", "alphabet"] {
        portal.application(name, &one).await;
    }
    portal.application("Gamma", &other).await;
    let names = |query: &str| {
        let (portal, path) = (&portal, format!("/applications?{query}"));
        async move {
            let list = portal.get(&path).await.json();
            let names = list.as_array().expect("a list").iter().map(|known| known["name"].as_str().map(str::to_owned));
            names.collect::<Option<Vec<_>>>().expect("names")
        }
    };
    assert_eq!(names("").await, ["Alpha", "Beta", "alphabet", "Gamma"]);
    assert_eq!(names("limit=2&offset=1").await, ["Beta", "alphabet"]);
    assert_eq!(names("query=ALPHA").await, ["Alpha", "alphabet"]);
    assert_eq!(names("query=alpha&offset=1").await, ["alphabet"]);
    assert_eq!(names(&format!("instanceId={other}")).await, ["Gamma"]);
    assert_eq!(names("instanceId=nowhere").await, Vec::<String>::new());
    for query in ["limit=x", "offset=-1"] {
        refused(&portal.get(&format!("/applications?{query}")).await, 400);
    }
    refused(&portal.get("/applications/exists").await, 400);
    refused(&portal.get(&format!("/applications/exists?appName={}", "x".repeat(152))).await, 400);
}

#[tokio::test]
async fn applications_belong_to_their_user_and_administrators_see_all() {
    use super::super::super::caller::Role;
    let client = with_orders().await;
    let administrator = Portal::of(&client).await;
    let (viewer, contributor) = (administrator.visited_by(Role::Viewer), administrator.visited_by(Role::Contributor));
    let instance = place(&client, &json!([])).await;
    let made = viewer.application("The viewer's", &instance).await;
    let path = format!("/applications/{}", made["id"].as_str().expect("an id"));
    assert_eq!(viewer.get(&path).await.code(), 200);
    assert_eq!(administrator.get(&path).await.code(), 200);
    refused(&contributor.get(&path).await, 404);
    let count = async |portal: &Portal<'_>| portal.get("/applications").await.json().as_array().map(Vec::len);
    assert_eq!(
        (count(&viewer).await, count(&administrator).await, count(&contributor).await),
        (Some(1), Some(1), Some(0))
    );
    let taken = contributor.get("/applications/exists?appName=The%20viewer's").await.json();
    assert_eq!(taken, json!({ "exists": true }), "names are taken for everybody");
    refused(&contributor.contract(&made, &instance, &Value::Null).await, 400);
}

#[tokio::test]
async fn what_is_wrong_with_an_application_is_told_member_by_member() {
    let client = with_orders().await;
    let portal = Portal::of(&client).await;
    let instance = place(&client, &json!([])).await;
    let applications = portal.asset("orders/v1", "applications");
    let body = json!({
        "name": "x".repeat(152),
        "description": "x".repeat(4097),
        "url": "nowhere",
        "redirectUri": "https://example.com",
        "grantTypes": ["telepathy"],
        "apiEndpoints": "yes",
    });
    let reply = portal.post(&applications, &body).await;
    refused(&reply, 400);
    assert_eq!(reply.json()["details"].as_array().map(Vec::len), Some(7), "{}", reply.json());
    refused(&portal.post(&applications, &json!({ "instanceId": instance })).await, 400);
    refused(&portal.post(&applications, &json!({ "name": "x", "instanceId": "nowhere" })).await, 400);
    refused(
        &portal
            .post(&portal.asset("nothing/v1", "applications"), &json!({ "name": "x", "instanceId": instance }))
            .await,
        404,
    );
    let headers = [("authorization", portal.authorization.as_str())];
    for body in ["", "{", "[]", "7", &"[".repeat(100_000)] {
        let reply = client.send("POST", &format!("{}{applications}", portal.path), &headers, body.into()).await;
        refused(&reply, 400);
    }
    assert_eq!(portal.get("/applications").await.json(), json!([]));
}
