//! External instances.

use serde_json::json;

use super::*;
use crate::exchange::{Instance, InstanceGroup, NewInstance};

async fn external(place: &Place) -> Vec<(String, String, bool)> {
    let group = InstanceGroup::new(&place.gav.group_id, &place.gav.asset_id, "v1", false).expect("has a group");
    let there = place.exchange.instances(&group).await.expect("answers").expect("are there");
    let mut external: Vec<_> = there
        .into_iter()
        .filter(Instance::is_external)
        .map(|one| (one.name.unwrap_or_default(), one.endpoint_uri.unwrap_or_default(), one.is_public))
        .collect();
    external.sort();
    external
}

fn instance(name: &str, address: &str) -> serde_json::Value {
    json!({"name": name, "endpointUri": address})
}

#[tokio::test]
async fn instances_are_made_changed_and_renamed_and_never_twice() {
    let place = Place::new().await;
    let said = |instances: serde_json::Value| wish(json!({ "instances": instances }));
    let note = place.settles(&said(json!([instance("production", "https://a"), instance("test", "https://t")]))).await;
    assert_eq!(note, "instances.production: none → https://a; instances.test: none → https://t");
    assert_eq!(place.writes().len(), 2);
    place.forget();
    let note = place.settles(&said(json!([instance("production", "https://b")]))).await;
    assert_eq!(note, "instances.production: https://a → https://b");
    assert_eq!(place.writes().len(), 1);
    let note = place.settles(&said(json!([instance("live", "https://b")]))).await;
    assert_eq!(note, "instances.live: renamed from production");
    let public = json!([{"name": "live", "endpointUri": "https://b", "isPublic": true}]);
    assert_eq!(place.settles(&said(public)).await, "instances.live: private → public");
    place.unchanged(&said(json!([instance("live", "https://b")]))).await;
    let expected = [("live", "https://b", true), ("test", "https://t", false)];
    let there = external(&place).await;
    assert_eq!(there, expected.map(|(name, address, is_public)| (name.to_owned(), address.to_owned(), is_public)));
}

#[tokio::test]
async fn one_that_somebody_made_meanwhile_is_used() {
    let place = Place::new().await;
    let group = InstanceGroup::new(&place.gav.group_id, &place.gav.asset_id, "v1", false).expect("has a group");
    let said = wish(json!({"instances": [instance("production", "https://b")]}));
    // Between the comparison and the writing, which reads again.
    assert_eq!(place.differences(&said).await.len(), 1);
    let new = NewInstance { name: "production".to_owned(), endpoint_uri: "https://a".to_owned(), is_public: false };
    place.exchange.create_instance(&group, &new).await.expect("is made");
    place.settles(&said).await;
    assert_eq!(external(&place).await, [("production".to_owned(), "https://b".to_owned(), false)]);
}

#[tokio::test]
async fn an_instance_whose_creation_got_no_reply_is_found_again() {
    let place = Place::new().await;
    let said = wish(json!({"instances": [instance("production", "https://a"), instance("test", "https://a")]}));
    place.lose_reply(1);
    assert!(matches!(place.bring(&said).await, Ended::Done(_)));
    place.unchanged(&said).await;
    assert_eq!(external(&place).await.len(), 2);
}
