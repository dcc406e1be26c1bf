//! The API Experience Hub: its three natural flows, its refusals and its shapes.

use serde_json::{Value, json};

use super::{
    super::Settings,
    client::{Client, Reply, archive, client},
};

/// A portal and somebody who visits it.
struct Portal<'a> {
    client: &'a Client,
    /// Where the portal is.
    path: String,
    authorization: String,
}

impl<'a> Portal<'a> {
    /// The portal as its own administrator finds it.
    async fn of(client: &'a Client) -> Self {
        let connections = client.get("/api-experience-hub/api/v1/connections").await.json();
        let connection = connections[0]["id"].as_str().expect("a connection").to_owned();
        let portals =
            client.get(&format!("/api-experience-hub/api/v1/connections/{connection}/apiPortals")).await.json();
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        let (org, portal) = (text(&connections[0]["targetOrganizationId"]), text(&portals[0]["targetPortalId"]));
        let path = format!("/api-experience-hub/xapi/v1/portals/{org}/{portal}");
        Self { client, path, authorization: client.authorization.clone() }
    }

    /// The same portal, visited by the user of a role.
    fn visited_by(&self, role: super::super::caller::Role) -> Self {
        let directory = self.client.sandbox.0.directory();
        let user = directory.holder(&self.client.org, role, false).expect("every role has a user");
        let authorization = format!("Bearer {}", user.token);
        Self { client: self.client, path: self.path.clone(), authorization }
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let headers = [("authorization", self.authorization.as_str()), ("content-type", "application/json")];
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.client.send(method, &format!("{}{path}", self.path), &headers, body).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call("POST", path, Some(body)).await
    }

    /// The path of an asset of the organization's own group.
    fn asset(&self, asset: &str, rest: &str) -> String {
        format!("/assets/{}/{asset}/{rest}", self.client.org)
    }

    /// Makes an application for an instance of the orders API.
    async fn application(&self, name: &str, instance: &str) -> Value {
        let body = json!({ "name": name, "instanceId": instance });
        let reply = self.post(&self.asset("orders/v1", "applications"), &body).await;
        assert_eq!(reply.code(), 200, "{:?}", reply.json());
        reply.json()
    }

    /// The SLA tiers of an instance of the orders API.
    async fn tiers(&self, instance: &str) -> Value {
        self.get(&self.asset("orders/v1", &format!("instances/{instance}/tiers"))).await.json()
    }

    /// Asks for access to an instance of the orders API; `tier` is one of those that it offers.
    async fn contract(&self, application: &Value, instance: &str, tier: &Value) -> Reply {
        let number: Option<u32> = tier["id"].as_str().map(|id| id.parse().expect("ids of tiers are numbers"));
        let body = json!({
            "applicationId": application["id"],
            "instanceId": instance,
            "acceptedTerms": true,
            "tierId": number,
        });
        self.post(&self.asset("orders/v1", "contracts"), &body).await
    }
}

/// Checks a refusal: its status and its shape.
#[track_caller]
fn refused(reply: &Reply, status: u16) {
    let body = reply.json();
    assert_eq!(reply.code(), status, "{body}");
    assert_eq!(body["status"], status);
    assert!(body["name"].is_string() && body["message"].is_string(), "{body}");
    let details = body["details"].as_array().expect("details");
    assert!(!details.is_empty() && details.iter().all(|detail| detail["message"].is_string()), "{body}");
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|asset| asset["assetId"].as_str().unwrap_or_default()).collect()
}

/// Publishes the orders API and lets everybody see it.
async fn with_orders() -> Client {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[("description", b"Everything about orders")]).await.code(), 201);
    publish_to_all(&client, "orders", &["v1"]).await;
    client
}

/// Makes version groups public, and all others private.
async fn publish_to_all(client: &Client, asset: &str, groups: &[&str]) {
    let groups: Vec<Value> = groups.iter().map(|group| json!({ "versionGroup": group })).collect();
    assert_eq!(client.json("PUT", &client.asset(&format!("{asset}/public")), &json!(groups)).await.code(), 204);
}

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
    use super::super::caller::Role;
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

/// Places a managed instance of the orders API with tiers; the answer is its id.
async fn place(client: &Client, tiers: &Value) -> String {
    let body = json!({
        "groupId": client.org,
        "assetId": "orders",
        "versionGroup": "v1",
        "name": format!("Production {}", uuid::Uuid::new_v4()),
        "endpointUri": "https://orders.example.com/v1",
        "environmentName": "Production",
        "isPublic": true,
        "tiers": tiers,
    });
    let reply = client.json("POST", "/_sandbox/instances", &body).await;
    assert_eq!(reply.code(), 201, "{}", reply.json());
    reply.json()["id"].as_str().expect("an id").to_owned()
}

fn tiers() -> Value {
    let limit = json!({ "maximumRequests": 1000, "timePeriodInMilliseconds": 60000, "visible": true });
    json!([
        { "name": "Gold", "description": "Gold tier with 1000 req/min", "autoApprove": true, "limits": [limit] },
        { "name": "Silver", "description": "Silver tier with 500 req/min", "autoApprove": false, "limits": [] },
    ])
}

#[tokio::test]
async fn access_is_asked_for_from_the_details_to_the_contract() {
    let client = with_orders().await;
    let portal = Portal::of(&client).await;
    let placed = place(&client, &tiers()).await;
    let details = portal.get(&portal.asset("orders/v1", "details")).await.json();
    let instance = details["instances"][0].clone();
    assert_eq!((&instance["id"], &instance["contractsCount"]), (&json!(placed), &json!(0)));
    for member in ["name", "endpointUri", "isPublic", "type", "minorVersion", "providerId"] {
        assert!(!instance[member].is_null(), "{member}");
    }
    let id = instance["id"].as_str().expect("an id");
    let offered = portal.tiers(id).await;
    let limit = json!({
        "maximumRequests": "1000",
        "timePeriodInMilliseconds": 60000,
        "timePeriod": 60000,
        "timeUnit": "Minute",
        "visible": true,
    });
    let tier = |number: usize, name: &str, description: &str, limits: &[Value]| {
        json!({
            "id": offered[number]["id"],
            "name": name,
            "description": description,
            "status": "ACTIVE",
            "active": true,
            "autoApprove": name == "Gold",
            "limits": limits,
        })
    };
    let gold = tier(0, "Gold", "Gold tier with 1000 req/min", &[limit]);
    assert_eq!(offered, json!([gold, tier(1, "Silver", "Silver tier with 500 req/min", &[])]));
    assert!(offered[0]["id"].is_string());
    let grants = portal.get(&portal.asset("orders/v1", &format!("instances/{id}/provider/grantTypes"))).await.json();
    assert_eq!(grants["type"]["name"], "openid_connect");
    assert_eq!(
        grants["grantTypes"][0],
        json!({ "name": "client_credentials", "label": "Client Credentials", "required": false, "depends": [], "exclude": [] })
    );
    let application = portal.application("My API Client", id).await;
    let path = format!("/applications/{}", application["id"].as_str().expect("an id"));
    assert_eq!(portal.get(&format!("{path}/provider/grantTypes")).await.json(), grants);

    let contract = portal.contract(&application, id, &offered[0]).await;
    assert_eq!(contract.code(), 200, "{}", contract.json());
    let contract = contract.json();
    assert_eq!(
        contract,
        json!({
            "id": contract["id"],
            "clientId": application["clientId"],
            "clientSecret": application["clientSecret"],
            "status": "APPROVED",
            "requestedTier": offered[0],
        })
    );
    refused(&portal.contract(&application, id, &offered[0]).await, 409);

    let listed = portal.get(&format!("{path}/contracts")).await.json();
    assert_eq!(listed[0]["contractId"].to_string(), contract["id"].as_str().expect("an id"));
    assert_eq!((&listed[0]["assetName"], &listed[0]["tier"]), (&json!("Orders"), &offered[0]));
    let application_id = application["id"].as_str().expect("an id");
    let one = portal.get(&portal.asset("orders/v1", &format!("contracts/{application_id}/{id}"))).await.json();
    let expected = json!({
        "id": contract["id"],
        "applicationId": application_id,
        "instanceId": id,
        "status": "APPROVED",
        "requestedTier": offered[0],
    });
    assert_eq!(one, expected);
    let details = portal.get(&portal.asset("orders/v1", "details")).await.json();
    assert_eq!(details["instances"][0]["contractsCount"], 1);

    let assign = |tier: &str| format!("{path}/contracts/{}/tiers/{tier}", contract["id"].as_str().expect("an id"));
    let silver = offered[1]["id"].as_str().expect("an id");
    let changed = portal.call("PATCH", &assign(silver), None).await.json();
    assert_eq!((&changed["status"], &changed["requestedTier"]), (&json!("APPROVED"), &offered[1]));
    let listed = portal.get(&format!("{path}/contracts")).await.json();
    assert_eq!(
        (&listed[0]["tier"], &listed[0]["requestedTier"]),
        (&offered[0], &offered[1]),
        "the old tier holds until then"
    );
    refused(&portal.call("PATCH", &assign("99"), None).await, 404);
    refused(&portal.call("PATCH", &format!("{path}/contracts/99/tiers/{silver}"), None).await, 404);

    assert_eq!(portal.call("DELETE", &path, None).await.code(), 200);
    let details = portal.get(&portal.asset("orders/v1", "details")).await.json();
    assert_eq!(details["instances"][0]["contractsCount"], 0, "contracts end with their application");
}

#[tokio::test]
async fn a_tier_that_somebody_must_approve_leaves_the_contract_pending() {
    let client = with_orders().await;
    let portal = Portal::of(&client).await;
    let instance = place(&client, &tiers()).await;
    let application = portal.application("Patient", &instance).await;
    let silver = portal.tiers(&instance).await[1].clone();
    let contract = portal.contract(&application, &instance, &silver).await.json();
    assert_eq!(contract["status"], "PENDING");
    let application = application["id"].as_str().expect("an id");
    let listed = portal.get(&format!("/applications/{application}/contracts")).await.json();
    assert_eq!((&listed[0]["status"], &listed[0]["tier"]), (&json!("PENDING"), &Value::Null));
    let id = contract["id"].as_str().expect("an id");
    let control = format!("/_sandbox/applications/{application}/contracts/{id}");
    assert_eq!(client.json("PUT", &control, &json!({ "status": "MAYBE" })).await.code(), 400);
    assert_eq!(client.json("PUT", &control, &json!({ "status": "APPROVED" })).await.json()["status"], "APPROVED");
    let listed = portal.get(&format!("/applications/{application}/contracts")).await.json();
    assert_eq!((&listed[0]["status"], &listed[0]["tier"]["name"]), (&json!("APPROVED"), &json!("Silver")));
    assert_eq!(
        client.json("PUT", "/_sandbox/applications/x/contracts/1", &json!({ "status": "APPROVED" })).await.code(),
        404
    );
}

#[tokio::test]
async fn contracts_that_cannot_be_are_refused() {
    let client = with_orders().await;
    let portal = Portal::of(&client).await;
    let (tiered, plain) = (place(&client, &tiers()).await, place(&client, &json!([])).await);
    let application = portal.application("Client", &tiered).await;
    let contracts = portal.asset("orders/v1", "contracts");
    let gold = portal.tiers(&tiered).await[0].clone();
    let body = |accepted: Value| {
        let (application, tier) = (&application["id"], &gold["id"]);
        json!({ "applicationId": application, "instanceId": tiered, "acceptedTerms": accepted, "tierId": tier })
    };
    for accepted in [json!(false), Value::Null, json!("true")] {
        refused(&portal.post(&contracts, &body(accepted)).await, 400);
    }
    refused(&portal.contract(&application, &tiered, &Value::Null).await, 400);
    refused(&portal.contract(&application, &tiered, &json!({ "id": "99" })).await, 400);
    refused(&portal.contract(&application, "nowhere", &gold).await, 400);
    refused(&portal.contract(&json!({ "id": "nobody" }), &tiered, &gold).await, 400);
    let unasked =
        portal.asset("orders/v1", &format!("contracts/{}/{tiered}", application["id"].as_str().expect("an id")));
    refused(&portal.get(&unasked).await, 404);
    refused(&portal.get(&portal.asset("orders/v1", "instances/nowhere/tiers")).await, 404);
    let contract = portal.contract(&application, &plain, &gold).await.json();
    assert_eq!(
        (&contract["status"], contract.get("requestedTier")),
        (&json!("APPROVED"), None),
        "no tiers, no approval"
    );
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

#[tokio::test]
async fn external_instances_are_shown_to_members_and_approved_at_once() {
    use super::super::caller::Role;
    let client = with_orders().await;
    let portal = Portal::of(&client).await;
    let external = json!({ "name": "Outside", "endpointUri": "https://outside.example.com" });
    let path = client.asset("orders/versionGroups/v1/instances/external");
    let made = client.json("POST", &path, &external).await;
    assert_eq!(made.code(), 201, "{}", made.json());
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let details = portal.asset("orders/v1", "details");
    let viewer = portal.visited_by(Role::Viewer);
    assert_eq!(viewer.get(&details).await.json()["instances"][0]["id"], id.as_str());
    assert_eq!(portal.tiers(&id).await, json!([]));
    let application = viewer.application("Outsider", &id).await;
    let contract = viewer.contract(&application, &id, &Value::Null).await.json();
    assert_eq!(contract["status"], "APPROVED");
}
