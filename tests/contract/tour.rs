//! A tour through the sandbox: assets with all that can be said about them, and then every documented read.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    in_process::{InProcess, Payload, archive},
    official::{DEPARTURES, Description, Operation, official},
};

const RAML: &[u8] = b"#%RAML 1.0\ntitle: Orders\nbaseUri: https://orders.example/v2\n";
const ASYNC_API: &[u8] = b"asyncapi: 2.6.0\ninfo:\n  title: Events\n  version: 1.0.0\nchannels: {}\n";
const FRAGMENT: &[u8] = b"#%RAML 1.0 DataType\ntype: object\n";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

/// The names of a path's parameters, with values that exist.
pub(crate) type Known = BTreeMap<String, String>;

/// Builds the situation.
pub(crate) async fn build(place: &InProcess) -> Known {
    configurations(place).await;
    let run = assets(place).await;
    describe(place).await;
    let mut known = portal(place).await;
    known.extend(instances(place).await);
    share(place).await;
    known.extend(hub(place).await);
    let domain = place.get(&format!("/accounts/api/organizations/{}", place.org)).await.json()["domain"].clone();
    let environments = place.get(&format!("/accounts/api/organizations/{}/environments", place.org)).await.json();
    let fixed = [
        ("organizationId", place.org.clone()),
        ("masterOrganizationId", place.org.clone()),
        ("groupId", place.org.clone()),
        ("assetId", "orders".to_owned()),
        ("version", "2.0.0".to_owned()),
        ("minorVersion", "2.0".to_owned()),
        ("versionGroup", "v2".to_owned()),
        ("tagKey", "layer".to_owned()),
        ("runId", run),
        ("filePath", "api.raml".to_owned()),
        ("organizationDomain", text(&domain)),
        ("environmentId", text(&environments["data"][0]["id"])),
    ];
    known.extend(fixed.map(|(name, value)| (name.to_owned(), value)));
    known
}

async fn configurations(place: &InProcess) {
    let categories = place.v2("organizations/{org}/categories");
    let layer = json!({"tagKey": "layer", "displayName": "Layer", "acceptedValues": ["System", "Process"],
        "assetTypeRestrictions": ["rest-api"]});
    assert_eq!(place.json("POST", &categories, &layer).await.status, 201);
    place.json("POST", &categories, &json!({"tagKey": "subType", "displayName": "Sub type"})).await;
    let fields = place.v2("organizations/{org}/fields");
    for (key, kind) in [("dueDate", "date"), ("cost", "number"), ("contact", "text"), ("team-names", "text-list")] {
        let field = json!({"tagKey": key, "displayName": key, "dataType": kind, "assetTypeRestrictions": ["rest-api"]});
        let made = place.json("POST", &fields, &field).await;
        assert_eq!(made.status, 201, "{}", made.line());
    }
    let stage = json!({"tagKey": "stage", "displayName": "Stage", "dataType": "enum", "acceptedValues": ["a", "b"]});
    place.json("POST", &fields, &stage).await;
}

/// Publishes, and returns the id of a run.
async fn assets(place: &InProcess) -> String {
    let fragment = archive(&[("type.raml", FRAGMENT)]);
    let parts: [(&str, &[u8]); 4] = [
        ("name", b"Types"),
        ("type", b"raml-fragment"),
        ("properties.mainFile", b"type.raml"),
        ("files.raml-fragment.zip", &fragment),
    ];
    let made = place.publish("types/1.0.0", &parts).await;
    assert_eq!(made.status, 201, "{}", made.line());
    let api = archive(&[("api.raml", RAML)]);
    let docs = archive(&[("home.md", b"# Orders"), ("terms.md", b"Be kind."), ("Guide.md", b"First, orders.")]);
    let dependency = format!("{}:types:1.0.0", place.org);
    for (version, api_version) in [("1.0.0", "v1"), ("1.0.1", "v1"), ("2.0.0", "v2")] {
        let parts: [(&str, &[u8]); 15] = [
            ("name", b"Orders"),
            ("description", b"What was ordered"),
            ("type", b"rest-api"),
            ("keywords", b"orders, shop"),
            ("tags", b"shop,orders"),
            ("contactName", b"Ada"),
            ("contactEmail", b"ada@example.com"),
            ("dependencies", dependency.as_bytes()),
            ("categories.layer", b"System"),
            ("fields.contact", b"ada@example.com"),
            ("properties.mainFile", b"api.raml"),
            ("properties.apiVersion", api_version.as_bytes()),
            ("files.raml.zip", &api),
            ("files.docs.zip", &docs),
            ("files.icon.png", PNG),
        ];
        let made = place.publish(&format!("orders/{version}"), &parts).await;
        assert_eq!(made.status, 201, "{}", made.line());
    }
    let api = archive(&[("api.yaml", ASYNC_API)]);
    let parts: [(&str, &[u8]); 5] = [
        ("name", b"Events"),
        ("type", b"evented-api"),
        ("properties.mainFile", b"api.yaml"),
        ("properties.apiVersion", b"v1"),
        ("files.evented-api.zip", &api),
    ];
    let made = place.publish("events/1.0.0", &parts).await;
    assert_eq!(made.status, 201, "{}", made.line());
    let custom: [(&str, &[u8]); 2] = [("name", b"Notes"), ("type", b"custom")];
    for version in ["1.0.0", "1.0.1"] {
        assert_eq!(place.publish(&format!("notes/{version}"), &custom).await.status, 201);
    }
    let notes = place.v2("assets/{org}/notes/1.0.0");
    place.call("DELETE", &notes, &[("x-delete-type", "soft-delete")], Payload::Nothing).await;
    let later = place.v2("organizations/{org}/assets/{org}/later/1.0.0");
    let accepted = place.call("POST", &later, &[], Payload::Form(&custom)).await;
    assert_eq!(accepted.status, 202, "{}", accepted.line());
    let link = accepted.json()["publicationStatusLink"].as_str().unwrap().to_owned();
    let run = link.rsplit('/').next().unwrap().to_owned();
    for rest in ["publication/status", "publication/status/", "publication/extendedStatus/"] {
        place.get(&format!("{later}/{rest}{}", if rest.ends_with('/') { &run } else { "" })).await;
    }
    let mutable = place.v2("organizations/{org}/assets/{org}/orders/2.0.0/mutabledata");
    let parts: [(&str, &[u8]); 1] = [("tags", b"shop,orders,new")];
    let accepted = place.call("PATCH", &mutable, &[], Payload::Form(&parts)).await;
    let link = accepted.json()["mutableDataStatusLink"].as_str().unwrap().to_owned();
    place.get(link.strip_prefix(crate::in_process::ORIGIN).unwrap()).await;
    run
}

async fn describe(place: &InProcess) {
    let version = place.v2("assets/{org}/orders/2.0.0");
    place.json("PUT", &format!("{version}/tags"), &json!([{"value": "shop"}, {"value": "new"}])).await;
    for (key, value) in [("cost", json!(5)), ("dueDate", json!("2026-01-01T20:00:00.000Z")), ("stage", json!(["a"]))] {
        place.json("PUT", &format!("{version}/tags/fields/{key}"), &json!({"tagValue": value})).await;
    }
    place.json("PUT", &format!("{version}/tags/categories/layer"), &json!({"tagValue": ["Process"]})).await;
    place.json("PATCH", &place.v2("assets/{org}/orders"), &json!({"description": "What was ordered, and when"})).await;
    place.call("PUT", &place.v2("assets/{org}/orders/icon"), &[], Payload::Raw("image/png", PNG)).await;
    place.get(&format!("{version}/actions?include=statusTransitions")).await;
}

async fn portal(place: &InProcess) -> Known {
    let portal = place.v2("assets/{org}/orders/2.0.0/portal");
    let made = place.json("POST", &format!("{portal}/draft/pages"), &json!({"pagePath": "Security"})).await.json();
    let page = made["path"].as_str().unwrap_or("home").to_owned();
    let page = page.trim_end_matches(".md").to_owned();
    place.call("PUT", &format!("{portal}/draft/pages/{page}"), &[], Payload::Raw("text/markdown", b"# Safe")).await;
    let parts: [(&str, &[u8]); 2] = [("Content-Type", b"image/png"), ("file", PNG)];
    let resource = place.call("POST", &format!("{portal}/draft/resources"), &[], Payload::Form(&parts)).await.json();
    place.get(&format!("{portal}/draft")).await;
    place.call("PATCH", &portal, &[], Payload::Nothing).await;
    for old in ["pages/Security", "draft/pages/Security"] {
        place.get(&format!("{portal}/{old}")).await;
    }
    for kind in ["application/json", "text/html", "text/markdown"] {
        for part in ["pages", "draft/pages"] {
            place.call("GET", &format!("{portal}/{part}/{page}"), &[("accept", kind)], Payload::Nothing).await;
        }
    }
    let resource = resource["path"].as_str().unwrap_or("resources/none").trim_start_matches("resources/").to_owned();
    Known::from([("pagePath".to_owned(), page), ("resourceId".to_owned(), resource)])
}

async fn instances(place: &InProcess) -> Known {
    let instances = place.v2("assets/{org}/orders/versionGroups/v2/instances/external");
    let made = json!({"name": "Production", "endpointUri": "https://orders.example/v2", "isPublic": true});
    let made = place.json("POST", &instances, &made).await.json();
    let id = made["id"].as_str().unwrap_or("none").to_owned();
    place.json("PATCH", &format!("{instances}/{id}"), &json!({"name": "Live"})).await;
    let events = place.v2("assets/{org}/events/versionGroups/v1/instances/evented-apis/external");
    let made = json!({"name": "Broker", "endpointUri": "https://broker.example"});
    place.json("POST", &events, &made).await;
    let limits = json!([{"maximumRequests": 100, "timePeriodInMilliseconds": 1000}]);
    let tiers = json!([{"name": "Gold", "description": "Much", "autoApprove": false, "limits": limits},
        {"name": "Silver", "description": "Less", "autoApprove": false, "limits": limits}]);
    let managed = json!({"groupId": place.org, "assetId": "orders", "versionGroup": "v2", "name": "v2:1",
        "endpointUri": "https://gateway.example/orders", "environmentName": "Production", "isPublic": true,
        "tiers": tiers});
    let managed = text(&place.json("POST", "/_sandbox/instances", &managed).await.json()["id"]);
    let known = [("id", &id), ("apiInstanceId", &id), ("apiId", &managed), ("instanceId", &id)];
    known.map(|(name, value)| (name.to_owned(), value.clone())).into()
}

async fn share(place: &InProcess) {
    let public = place.v2("assets/{org}/orders/public");
    place.json("PUT", &public, &json!([{"versionGroup": "v2"}])).await;
    let me = place.get("/accounts/api/me").await.json()["user"]["id"].clone();
    let share =
        json!({"added": [{"identityId": me, "organizationId": place.org, "identityType": "user", "role": "viewer"}]});
    place.json("PUT", &place.v2("assets/{org}/orders/identities"), &share).await;
}

/// Makes an application that has access to the API.
async fn hub(place: &InProcess) -> Known {
    const HUB: &str = "/api-experience-hub";
    let connection = place.get(&format!("{HUB}/api/v1/connections")).await.json()[0].clone();
    let id = connection["id"].as_str().unwrap_or("none");
    let portals = place.get(&format!("{HUB}/api/v1/connections/{id}/apiPortals")).await.json();
    let target = connection["targetOrganizationId"].as_str().unwrap_or("none");
    let portal = portals[0]["targetPortalId"].as_str().unwrap_or("none");
    let portal_path = format!("{HUB}/xapi/v1/portals/{target}/{portal}");
    let asset = format!("{portal_path}/assets/{}/orders/v2", place.org);
    let details = place.get(&format!("{asset}/details")).await.json();
    let managed = details["instances"].as_array().into_iter().flatten().find(|known| known["name"] == "v2:1");
    let instance = managed.map_or_else(|| "none".to_owned(), |known| text(&known["id"]));
    let tiers = place.get(&format!("{asset}/instances/{instance}/tiers")).await.json();
    let upsert = json!({"name": "Shop", "description": "Orders things", "url": "https://shop.example", "instanceId": instance,
        "redirectUri": ["https://shop.example/back"], "grantTypes": ["client_credentials"], "apiEndpoints": false});
    let application = text(&place.json("POST", &format!("{asset}/applications"), &upsert).await.json()["id"]);
    let tier: Option<i64> = tiers[0]["id"].as_str().and_then(|id| id.parse().ok());
    let access = json!({"applicationId": application, "instanceId": instance, "acceptedTerms": true, "tierId": tier});
    let contract = text(&place.json("POST", &format!("{asset}/contracts"), &access).await.json()["id"]);
    let made = format!("{portal_path}/applications/{application}");
    if let Some(other) = tiers[1]["id"].as_str() {
        place.call("PATCH", &format!("{made}/contracts/{contract}/tiers/{other}"), &[], Payload::Nothing).await;
    }
    let mut renamed = upsert.clone();
    renamed["name"] = json!("Shops");
    place.json("PUT", &made, &renamed).await;
    place.call("POST", &format!("{made}/secret/reset"), &[], Payload::Nothing).await;
    let search = json!({"searchTerm": "orders", "assetTypes": ["rest-api"], "categories": ["Layer:Process"],
        "sort": {"direction": "ASC", "criteria": "NAME"}});
    place.json("POST", &format!("{portal_path}/assets/search"), &search).await;
    let mut second = upsert;
    second["name"] = json!("Gone");
    let second = text(&place.json("POST", &format!("{asset}/applications"), &second).await.json()["id"]);
    place.call("DELETE", &format!("{portal_path}/applications/{second}"), &[], Payload::Nothing).await;
    let known = [
        ("targetOrganizationId", target),
        ("portalId", portal),
        ("targetPortalId", portal),
        ("applicationId", &application),
        ("contractId", &contract),
        ("hubInstanceId", &instance),
    ];
    known.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| "none".to_owned(), str::to_owned)
}

/// The path of an operation with values that exist, and with the queries that it needs.
pub(crate) fn path_of(operation: &Operation, known: &Known) -> String {
    let mut path = operation.template.trim_end_matches('*').replace("/**", "/home");
    if path.contains("{targetPortalId}") || path.contains("{portalId}") {
        path = path.replace("{instanceId}", "{hubInstanceId}").replace("{minorVersion}", "v2");
    }
    for (name, value) in known {
        path = path.replace(&format!("{{{name}}}"), value);
    }
    let needed = operation.parameters.iter().filter(|parameter| parameter.place == "query" && parameter.is_required);
    let query: Vec<String> = needed
        .map(|parameter| match parameter.name.as_str() {
            "settings" => "settings=deletionSettings".to_owned(),
            "include" => "include=statusTransitions".to_owned(),
            "term" => "term=orders".to_owned(),
            "instanceId" => format!("instanceId={}", known.get("hubInstanceId").map_or("none", String::as_str)),
            "appName" => "appName=Shops".to_owned(),
            name => format!("{name}=1"),
        })
        .collect();
    let path = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
    // What is still open has no value here.
    path.split('{').enumerate().fold(String::new(), |path, (index, part)| match part.split_once('}') {
        Some((_, rest)) if index > 0 => path + "7a7190da-29f3-451a-b2b2-ebd6f7e1f8ea" + rest,
        _ => path + part,
    })
}

/// Builds the situation and reads everything that can be read.
pub(crate) async fn tour(official: &Description) -> (InProcess, Known) {
    let place = InProcess::start();
    let known = build(&place).await;
    for operation in official.operations.iter().filter(|operation| operation.method == "GET") {
        place.get(&path_of(operation, &known)).await;
    }
    (place, known)
}

#[tokio::test]
async fn every_answer_of_the_tour_keeps_to_the_description_and_every_departure_is_needed() {
    let Some(official) = official() else { return };
    let (place, _) = tour(official).await;
    let seen = place.seen.borrow();
    let findings: Vec<String> = seen
        .iter()
        .flat_map(|seen| seen.findings().into_iter().map(|found| format!("{found}\n  {}", seen.line())))
        .collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    let failed: Vec<String> =
        seen.iter().filter(|seen| seen.status >= 500).map(super::in_process::Seen::line).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let find =
        |seen: &super::in_process::Seen| official.find(&seen.method, seen.path.split('?').next().unwrap_or_default());
    let all: Vec<_> =
        seen.iter().filter_map(|seen| Some(find(seen)?.wrong_with_answer(&seen.as_answer()))).flatten().collect();
    for departure in DEPARTURES {
        let strikes = all.iter().any(|finding| departure.is_of(finding));
        assert!(strikes, "the departure of {} at {} is not needed any more", departure.operation, departure.place);
    }
}
