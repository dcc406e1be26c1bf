//! What the client of the Consumer API sends, against the description: all twenty operations.

use std::collections::BTreeSet;

use consign::hub::{
    AccessRequest, ApplicationChange, ApplicationUpsert, AssetSearch, Hub, NewApplication, PortalAsset, PortalChoice,
    Sort, SortCriteria, SortDirection,
};
use futures::TryStreamExt;

use crate::{
    in_process::InProcess,
    official::official,
    own_client::{Sent, client_of},
    tour,
};

/// The three flows, which together make every call.
async fn visit(hub: &Hub, asset: &PortalAsset) {
    let cards: Vec<_> = hub.assets().try_collect().await.unwrap();
    assert!(cards.iter().any(|card| card.address().as_ref() == Some(asset)));
    let search = AssetSearch {
        search_term: Some("orders".to_owned()),
        asset_types: vec!["rest-api".to_owned()],
        categories: vec!["Layer:Process".to_owned()],
        sort: Some(Sort { direction: SortDirection::Asc, criteria: SortCriteria::LastUpdated }),
    };
    assert_eq!(hub.search(&search, Some(10)).await.unwrap().assets.len(), 1);
    let details = hub.details(asset).await.unwrap().unwrap();
    hub.terms(asset).await.unwrap().unwrap();
    hub.page(asset, &details.pages[0].path).await.unwrap().unwrap();
    let file = details.files.iter().find(|file| !file.resource_id().is_empty()).unwrap();
    hub.resource(asset, file.resource_id()).await.unwrap().unwrap();

    let instance = &details.instances.iter().find(|known| known.name == "v2:1").unwrap().id;
    let application = ApplicationUpsert {
        name: "Own hub".to_owned(),
        description: Some("d".to_owned()),
        url: Some("https://shop.example".to_owned()),
        redirect_uri: Some(vec!["https://shop.example/back".to_owned()]),
        grant_types: Some(vec!["client_credentials".to_owned()]),
        api_endpoints: Some(true),
    };
    assert!(!hub.application_exists(&application.name).await.unwrap());
    let new = NewApplication { application, instance_id: instance.clone() };
    let made = hub.create_application(asset, &new).await.unwrap();
    let listed: Vec<_> = hub.applications(Some("Own"), Some(instance)).try_collect().await.unwrap();
    assert_eq!(listed.len(), 1);
    let change = ApplicationChange { url: Some("https://other.example".to_owned()), ..ApplicationChange::default() };
    hub.change_application(&made.id, change).await.unwrap();
    hub.reset_secret(&made.id).await.unwrap();

    hub.instance_grant_types(asset, instance).await.unwrap().unwrap();
    hub.application_grant_types(&made.id).await.unwrap().unwrap();
    let request = AccessRequest {
        asset: asset.clone(),
        application_id: made.id.clone(),
        instance_id: instance.clone(),
        tier: Some("Gold".to_owned()),
        accepted_terms: true,
    };
    let contract = hub.request_access(&request).await.unwrap();
    hub.change_tier(&made.id, &contract.id, "Silver").await.unwrap();
    hub.contract(asset, &made.id, instance).await.unwrap().unwrap();
    assert!(hub.delete_application(&made.id).await.unwrap());
}

#[tokio::test]
async fn all_twenty_operations_are_asked_as_documented() {
    let Some(official) = official() else { return };
    let place = InProcess::start();
    tour::build(&place).await;
    let sent = Sent::default();
    let hub = Hub::open(&client_of(&place, &sent), &PortalChoice::default()).await.unwrap();
    let asset: PortalAsset = format!("{}/orders/v2", place.org).parse().unwrap();
    visit(&hub, &asset).await;
    let sent = sent.0.lock().unwrap();
    let (mut wrong, mut operations) = (Vec::new(), BTreeSet::new());
    for asked in sent.iter().filter(|asked| asked.path.contains("/xapi/")) {
        let line = format!("{} {}", asked.method, asked.path);
        let path = asked.path.split('?').next().unwrap_or_default();
        let Some(operation) = official.find(&asked.method, path) else { panic!("{line}: is not documented") };
        operations.insert(operation.id.clone());
        let findings = official.wrong_with_request(&asked.method, &asked.path, &asked.headers, &asked.body);
        wrong.extend(findings.into_iter().flatten().map(|finding| format!("{line}: {finding}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(operations.len(), 20, "{operations:#?}");
}
