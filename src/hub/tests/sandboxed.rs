//! The calls against the sandbox of this process: the three flows of EXCHANGE.md §7.

use std::sync::Arc;

use futures::TryStreamExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::super::*;
use crate::{
    asset::{AssetDraft, Coordinates},
    exchange::{Exchange, PublishHeaders, PublishRequest},
    net::{Body, Call, Client, ClientSettings, Credentials, InProcessTransport, PaceSettings, RetrySettings},
    sandbox::{Reset, Sandbox, Settings},
};

/// A portal that shows one API, `orders`, with an instance that has tiers.
struct Place {
    hub: Hub,
    asset: PortalAsset,
    instance: String,
}

async fn place() -> Place {
    let sandbox = Sandbox::open(Settings::default()).expect("opens");
    let organization = sandbox.credentials().organization.clone();
    let client = Client::new(ClientSettings {
        origin: "https://sandbox.test".parse().expect("parses"),
        transport: Arc::new(InProcessTransport::new(sandbox.router("https://sandbox.test"), |extensions| {
            extensions.get::<Reset>().is_some()
        })),
        credentials: Some(Credentials::Bearer(sandbox.credentials().token.clone().into())),
        pace: PaceSettings::default(),
        retry: RetrySettings { tries: 1, ..RetrySettings::default() },
        user_agent: "consign-test".to_owned(),
    });
    let exchange = Exchange::new(client.clone(), organization.clone());
    publish(&exchange, &organization).await;
    let tier = |name: &str, auto: bool| {
        json!({"name": name, "autoApprove": auto,
        "limits": [{"maximumRequests": 1000, "timePeriodInMilliseconds": 60000}]})
    };
    let managed = json!({"groupId": organization, "assetId": "orders", "versionGroup": "v1", "name": "Production",
        "endpointUri": "https://orders.example", "environmentName": "Production", "isPublic": true,
        "tiers": [tier("Gold", true), tier("Silver", false)]});
    let call = Call::new(http::Method::POST, "/_sandbox/instances").body(Body::Json(managed));
    let made: serde_json::Value = client.call(call).await.expect("is placed").json().expect("is JSON");
    let hub = Hub::open(&client, &PortalChoice::default()).await.expect("there is one portal");
    let asset = format!("{organization}/orders/v1").parse().expect("parses");
    Place { hub, asset, instance: made["id"].as_str().expect("has an id").to_owned() }
}

/// Publishes the API with pages, terms and an image, and shows it to everybody.
async fn publish(exchange: &Exchange, organization: &str) {
    let gav: Coordinates = format!("{organization}/orders/1.0.0").parse().expect("parses");
    let draft: AssetDraft = serde_json::from_value(json!({
        "coordinates": gav.to_string(), "type": "http-api", "name": "Orders", "description": "All about orders",
        "properties": {"apiVersion": "v1"}, "path": "x", "stamp": "s"
    }))
    .expect("is a draft");
    let request = PublishRequest::from_draft(&draft, Vec::new(), true, PublishHeaders::default());
    exchange.publish(&request).await.expect("is published");
    let image = crate::exchange::NewResource {
        name: "dog.png".to_owned(),
        content: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice().into(),
    };
    exchange.create_resource(&gav, &image).await.expect("is added");
    exchange.put_page(&gav, crate::exchange::HOME_PAGE, "# Orders").await.expect("is written");
    exchange.put_page(&gav, crate::exchange::TERMS_PAGE, "Be kind.").await.expect("is written");
    exchange.publish_portal(&gav).await.expect("is shown");
    exchange.put_public(&gav.group_id, &gav.asset_id, &["v1"]).await.expect("is public");
}

fn new(place: &Place, name: &str) -> NewApplication {
    let application = ApplicationUpsert {
        name: name.to_owned(),
        description: Some("Orders things".to_owned()),
        url: Some("https://shop.example".to_owned()),
        redirect_uri: Some(vec!["https://shop.example/back".to_owned()]),
        grant_types: Some(vec!["client_credentials".to_owned()]),
        api_endpoints: Some(false),
    };
    NewApplication { application, instance_id: place.instance.clone() }
}

#[tokio::test]
async fn an_api_is_discovered_with_all_that_is_written_about_it() {
    let Place { hub, asset, instance } = place().await;
    let cards: Vec<AssetCard> = hub.assets().try_collect().await.expect("reads");
    assert_eq!(cards.len(), 1);
    assert_eq!(cards[0].address().expect("has a version"), asset);
    let search = |term: &str| AssetSearch { search_term: Some(term.to_owned()), ..AssetSearch::default() };
    assert_eq!(hub.search(&search("order"), Some(5)).await.expect("searches").assets, cards);
    assert_eq!(hub.search(&search("nothing"), None).await.expect("searches"), Found::default());
    let details = hub.details(&asset).await.expect("answers").expect("is shown");
    assert_eq!((details.name.as_str(), details.latest_patch_version.as_deref()), ("Orders", Some("1.0.0")));
    assert_eq!(details.instances.iter().filter(|known| known.id == instance).count(), 1);
    let home = details.pages.iter().find(|page| page.name.contains("home") || page.path.contains("home"));
    let text = hub.page(&asset, &home.expect("has a home page").path).await.expect("answers");
    assert_eq!(text.as_deref(), Some("# Orders"));
    assert_eq!(hub.terms(&asset).await.expect("answers").as_deref(), Some("Be kind."));
    let image = details.files.iter().find(|file| file.label.contains("dog")).expect("has an image");
    let content = hub.resource(&asset, image.resource_id()).await.expect("answers").expect("is there");
    assert_eq!(content.content_type.as_deref(), Some("image/png"));
    assert!(content.content.starts_with(b"\x89PNG"));
    assert!(hub.page(&asset, "/none").await.expect("answers").is_none());
    let none: PortalAsset = "g/none/v1".parse().expect("parses");
    assert!(hub.details(&none).await.expect("answers").is_none());
}

#[tokio::test]
async fn an_application_is_made_found_changed_and_deleted() {
    let place = place().await;
    let hub = &place.hub;
    let made = hub.create_application(&place.asset, &new(&place, "Shop")).await.expect("is made");
    let taken = hub.create_application(&place.asset, &new(&place, "Shop")).await.expect_err("is taken");
    assert_eq!(taken.http(), Some(409));
    assert!(hub.application_exists("Shop").await.expect("answers"));
    assert!(!hub.application_exists("Shops").await.expect("answers"));
    assert_eq!(hub.application_id("Shop").await.expect("is found"), made.id);
    let read = hub.application(&made.id).await.expect("answers").expect("is there");
    let secret = |secret: &Option<SecretString>| secret.as_ref().expect("is told").expose_secret().to_owned();
    assert_eq!(secret(&read.client_secret), secret(&made.client_secret));
    let change = ApplicationChange { name: Some("Shops".to_owned()), ..ApplicationChange::default() };
    let changed = hub.change_application(&made.id, change).await.expect("is changed");
    assert_eq!((changed.name.as_str(), changed.redirect_uri), ("Shops", read.redirect_uri.clone()));
    let reset = hub.reset_secret(&made.id).await.expect("is reset");
    assert_ne!(reset.expose_secret(), secret(&read.client_secret));
    let read = hub.application(&made.id).await.expect("answers").expect("is there");
    assert_eq!(secret(&read.client_secret), reset.expose_secret());
    assert!(hub.delete_application(&made.id).await.expect("is deleted"));
    assert!(!hub.delete_application(&made.id).await.expect("is gone"));
    let all: Vec<_> = hub.applications(None, None).try_collect().await.expect("reads");
    assert!(all.is_empty(), "{all:?}");
}

#[tokio::test]
async fn more_applications_than_any_page_holds_are_all_listed() {
    let place = place().await;
    for n in 0..260 {
        let new = new(&place, &format!("Shop {n}"));
        place.hub.create_application(&place.asset, &new).await.expect("is made");
    }
    let all: Vec<_> = place.hub.applications(None, Some(&place.instance)).try_collect().await.expect("reads");
    let mut names: Vec<_> = all.into_iter().map(|application| application.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 260);
}

#[tokio::test]
async fn access_is_asked_for_and_its_tier_changed() {
    let place = place().await;
    let hub = &place.hub;
    let made = hub.create_application(&place.asset, &new(&place, "Shop")).await.expect("is made");
    let of_instance =
        hub.instance_grant_types(&place.asset, &place.instance).await.expect("answers").expect("is there");
    let of_application = hub.application_grant_types(&made.id).await.expect("answers").expect("is there");
    assert_eq!(of_instance, of_application);
    assert!(of_instance.grant_types.iter().any(|grant| grant.name == "client_credentials"));
    let tiers = hub.tiers(&place.asset, &place.instance).await.expect("answers").expect("is there");
    assert_eq!(tiers.iter().map(|tier| tier.name.as_str()).collect::<Vec<_>>(), ["Gold", "Silver"]);
    let request = AccessRequest {
        asset: place.asset.clone(),
        application_id: made.id.clone(),
        instance_id: place.instance.clone(),
        tier: Some("Gold".to_owned()),
        accepted_terms: true,
    };
    let refused = hub.request_access(&AccessRequest { accepted_terms: false, ..request.clone() }).await;
    assert_eq!(refused.expect_err("terms come first").call().and_then(crate::net::CallError::http), Some(400));
    let contract = hub.request_access(&request).await.expect("is asked for");
    assert_eq!(contract.status, ContractStatus::Approved);
    let listed: Vec<AppContract> = hub.contracts(&made.id).try_collect().await.expect("reads");
    assert_eq!((listed.len(), &listed[0].contract_id), (1, &contract.id));
    let changed = hub.change_tier(&made.id, &contract.id, "Silver").await.expect("is changed");
    assert_eq!(changed.requested_tier.expect("is told").name, "Silver");
    let read = hub.contract(&place.asset, &made.id, &place.instance).await.expect("answers").expect("is there");
    assert_eq!(read.id, contract.id);
    let listed: Vec<AppContract> = hub.contracts(&made.id).try_collect().await.expect("reads");
    let names = |tier: &Option<Tier>| tier.as_ref().map(|tier| tier.name.clone());
    assert_eq!(
        (names(&listed[0].tier), names(&listed[0].requested_tier)),
        (Some("Gold".into()), Some("Silver".into()))
    );
}
