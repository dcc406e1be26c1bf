use serde_json::{Value, json};

use super::{
    super::{OrganizationSetting, Settings},
    client::{Client, client},
};

/// Two organizations, of which the first has a business group.
fn world() -> Client {
    let setting = |text: &str| text.parse::<OrganizationSetting>().expect("parses");
    client(Settings { organizations: vec![setting("one"), setting("one/unit"), setting("two")], ..Settings::default() })
}

/// The same sandbox, seen by a user of an organization or by its connected app.
async fn seen_by(client: &Client, organization: &str, role: &str, is_user: bool) -> Client {
    let mut seen = client.of(organization, role);
    seen.org = client.org.clone();
    if is_user {
        let directory = client.sandbox.0.directory();
        let user = directory
            .principals
            .iter()
            .find(|known| known.organization == organization && known.role.as_str() == role && known.owner.is_none());
        let user = user.expect("every organization has a user for each role");
        let body = json!({ "username": user.name, "password": user.secret });
        let token = client.json("POST", "/accounts/login", &body).await.json();
        seen.authorization = format!("Bearer {}", token["access_token"].as_str().expect("a token"));
    }
    seen
}

async fn user_id(client: &Client) -> String {
    let me = client.get("/accounts/api/me").await.json();
    me["user"]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn what_is_public_is_seen_by_everybody_and_the_rest_is_not() {
    let client = world();
    for version in ["1.0.0", "2.0.0"] {
        assert_eq!(client.publish_raml(&format!("orders/{version}"), &[]).await.code(), 201);
    }
    let stranger = seen_by(&client, "two", "viewer", false).await;
    let asset = client.get(&client.asset("orders/1.0.0")).await.json();
    let file = asset["files"][0]["downloadURL"].as_str().expect("a link").to_owned();
    assert_eq!(stranger.get(&client.asset("orders/1.0.0")).await.code(), 404);
    assert_eq!(stranger.get(&file).await.code(), 404);

    let public = client.asset("orders/public");
    assert_eq!(client.json("PUT", &public, &json!([{ "versionGroup": "v9" }])).await.code(), 400);
    assert_eq!(client.json("PUT", &public, &json!([{ "versionGroup": "v2" }])).await.code(), 204);
    assert_eq!(client.json("PUT", &public, &json!([{ "versionGroup": "v1" }])).await.code(), 204);
    let groups = client.get(&client.asset("orders/versionGroups")).await.json();
    let flags: Vec<(&Value, &Value)> =
        groups.as_array().expect("a list").iter().map(|group| (&group["versionGroup"], &group["isPublic"])).collect();
    assert_eq!(json!(flags), json!([["v1", true], ["v2", false]]), "what is left out is private again");

    let latest = stranger.get(&client.asset("orders/asset")).await.json();
    assert_eq!((&latest["version"], &latest["versions"]), (&json!("1.0.0"), &json!([])));
    assert_eq!((&latest["isPublic"], &latest["permissions"]), (&json!(true), &json!([])));
    assert_eq!(stranger.get(&client.asset("orders/2.0.0")).await.code(), 404);
    assert_eq!(stranger.get(&file).await.code(), 200);
    assert_eq!(stranger.json("PUT", &public, &json!([])).await.code(), 403);
    let listed = stranger.get("/exchange/api/v2/assets/search?domain=sandbox").await.json();
    assert_eq!((&listed[0]["version"], listed.as_array().map(Vec::len)), (&json!("1.0.0"), Some(1)));
    assert_eq!(stranger.get("/exchange/api/v2/assets").await.json(), json!([]), "only a portal shows them");
}

#[tokio::test]
async fn sharing_gives_a_role_and_taking_it_back_takes_it() {
    let client = world();
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let path = client.asset("orders/identities");
    let guest = seen_by(&client, "two", "contributor", true).await;
    let id = user_id(&guest).await;
    let named = |role: &str| json!({ "identityId": id, "identityType": "user", "organizationId": "two", "role": role });
    assert_eq!(guest.get(&path).await.code(), 404);
    assert_eq!(client.json("PUT", &path, &json!({ "added": [named("contributor")] })).await.code(), 204);
    assert_eq!(client.json("PUT", &path, &json!({ "added": [named("contributor")] })).await.code(), 204);

    let identities = client.get(&path).await.json();
    let creator = user_id(&client).await;
    assert_eq!((&identities[0]["id"], &identities[0]["role"]), (&json!(creator), &json!("admin")));
    assert_eq!((&identities[1]["id"], &identities[1]["role"]), (&json!(id), &json!("contributor")));
    assert_eq!(identities[1]["organization"]["id"], "two");
    assert_eq!(identities.as_array().map(Vec::len), Some(2));

    let shown = guest.get(&client.asset("orders/1.0.0")).await.json();
    assert_eq!(shown["permissions"], json!(["edit"]));
    assert_eq!(guest.json("PUT", &client.asset("orders/1.0.0/tags"), &json!([{ "value": "x" }])).await.code(), 204);
    assert_eq!(guest.json("PUT", &path, &json!({ "added": [] })).await.code(), 403);
    let shared = guest.get("/exchange/api/v2/assets/search?sharedWithMe=true").await.json();
    assert_eq!(shared[0]["assetId"], "orders");
    assert_eq!(client.get("/exchange/api/v2/assets/search?sharedWithMe=true").await.json(), json!([]));

    assert_eq!(client.json("PUT", &path, &json!({ "deleted": [named("contributor")] })).await.code(), 204);
    assert_eq!(guest.get(&client.asset("orders/1.0.0")).await.code(), 404);
}

#[tokio::test]
async fn whoever_cannot_be_shared_with_is_refused() {
    let client = world();
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let path = client.asset("orders/identities");
    for (id, kind, role) in [
        ("nobody", "user", "viewer"),
        ("nowhere", "organization", "viewer"),
        ("two", "galaxy", "viewer"),
        ("two", "externalOrganization", "emperor"),
    ] {
        let body = json!({ "added": [{ "identityId": id, "identityType": kind, "role": role }] });
        assert_eq!(client.json("PUT", &path, &body).await.code(), 400, "{body}");
    }
    assert_eq!(client.json("PUT", &path, &json!([1])).await.code(), 400);
    let viewer = seen_by(&client, "one", "contributor", true).await;
    assert_eq!(viewer.json("PUT", &path, &json!({})).await.code(), 403);
}

#[tokio::test]
async fn identities_are_found_by_their_names() {
    let client = world();
    let find = |query: &'static str| {
        let client = &client;
        async move { client.get(&format!("/exchange/api/v2/organizations/one/identities?{query}")).await.json() }
    };
    let all = find("limit=100").await;
    let kind = |id: &str| {
        let known = all.as_array().expect("a list").iter().find(|known| known["id"] == id);
        known.map(|known| known["identityType"].clone())
    };
    assert_eq!(kind("unit"), Some(json!("organization")));
    assert_eq!(kind("two"), Some(json!("externalOrganization")));
    let users = find("search=sandbox-2-viewer").await;
    assert_eq!((&users[0]["username"], users.as_array().map(Vec::len)), (&json!("sandbox-2-viewer"), Some(1)));
    assert_eq!(find("search=sandbox-3-viewer").await, json!([]), "users of others are not shown");
}

#[tokio::test]
async fn ownership_follows_the_header_the_setting_and_the_call() {
    let client = world();
    let parts = [("name", b"A".as_slice()), ("type", b"custom")];
    let owners = |asset: &'static str| {
        let client = &client;
        async move {
            let shown = client.get(&client.asset(&format!("{asset}/identities"))).await.json();
            shown.as_array().expect("a list").iter().map(|known| known["id"].clone()).collect::<Vec<Value>>()
        }
    };
    let creator = user_id(&client).await;
    let sync = ("x-sync-publication", "true");
    assert_eq!(client.publish("a/1.0.0", &[sync], &parts).await.code(), 201);
    assert_eq!(client.publish("b/1.0.0", &[sync, ("x-assign-roles", "false")], &parts).await.code(), 201);
    let settings = json!({ "assetRoleAssignmentSettings": { "assignRoleToConnectedApps": false } });
    assert_eq!(client.json("PATCH", "/exchange/api/v2/organizations/one/settings", &settings).await.code(), 204);
    assert_eq!(client.publish("c/1.0.0", &[sync], &parts).await.code(), 201);
    assert_eq!(client.publish("d/1.0.0", &[sync, ("x-assign-roles", "true")], &parts).await.code(), 201);
    let user = seen_by(&client, "one", "admin", true).await;
    assert_eq!(user.publish("e/1.0.0", &[sync], &parts).await.code(), 201);
    let expected = [json!(creator)];
    assert_eq!(owners("a").await, expected);
    assert_eq!(owners("b").await, Vec::<Value>::new());
    assert_eq!(owners("c").await, Vec::<Value>::new());
    assert_eq!(owners("d").await, expected);
    assert_eq!(owners("e").await, expected, "the setting is about connected apps");

    let other = user_id(&seen_by(&client, "unit", "contributor", true).await).await;
    let path = client.asset("a/1.0.0/owner");
    assert_eq!(client.json("PUT", &path, &json!({ "createdById": "nobody" })).await.code(), 400);
    assert_eq!(client.json("PUT", &path, &json!({ "createdById": other })).await.code(), 204);
    assert_eq!(owners("a").await, [json!(other)]);
    assert_eq!(client.get(&client.asset("a/1.0.0")).await.json()["createdBy"]["id"], other);
}
