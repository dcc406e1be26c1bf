//! Contracts between applications and instances.

use serde_json::{Value, json};

use super::*;

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
async fn external_instances_are_shown_to_members_and_approved_at_once() {
    use super::super::super::caller::Role;
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
