//! The API Experience Hub: its three natural flows, its refusals and its shapes.

mod access;
mod applications;
mod discovery;

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
