//! The lifecycle state.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_version_goes_through_the_documented_transitions() {
    let place = Place::new().await;
    let gav = place
        .publish(json!({"coordinates": format!("{}/later/1.0.0", place.gav.group_id), "status": "development"}))
        .await;
    let bring = async |status: &str| {
        place.forget();
        let ended = place.bring_of(&gav, &wish(json!({ "status": status }))).await;
        (ended, place.writes().len())
    };
    let done = |note: &str| Ended::Done(Some(note.to_owned()));
    assert_eq!(bring("development").await, (Ended::Done(None), 0));
    assert_eq!(bring("deprecated").await, (done("status: development → deprecated"), 2));
    assert_eq!(bring("deprecated").await, (Ended::Done(None), 0));
    assert_eq!(bring("published").await, (done("status: deprecated → published"), 1));
    assert_eq!(bring("deprecated").await, (done("status: published → deprecated"), 1));
    let (Ended::Failed(failure), 0) = bring("development").await else { panic!("is refused") };
    assert_eq!(failure.class, "transition");
    assert_eq!(place.updated(), 3, "each item counts once");
}

#[tokio::test]
async fn a_dependency_in_development_is_named() {
    let place = Place::new().await;
    let group = place.gav.group_id.clone();
    let part = place.publish(json!({"coordinates": format!("{group}/part/1.0.0"), "status": "development"})).await;
    let whole = place
        .publish(json!({
            "coordinates": format!("{group}/whole/1.0.0"), "status": "development", "dependencies": [part, place.gav]
        }))
        .await;
    let published = wish(json!({"status": "published"}));
    let Ended::Failed(failure) = place.bring_of(&whole, &published).await else { panic!("is refused") };
    assert_eq!((failure.class.as_str(), failure.http), ("dependency-in-development", Some(409)));
    assert!(failure.message.contains(&format!("(in development: {part})")), "{}", failure.message);
    place.bring_of(&part, &published).await;
    assert_eq!(
        place.bring_of(&whole, &published).await,
        Ended::Done(Some("status: development → published".to_owned()))
    );
}

#[tokio::test]
async fn a_snapshot_stays_in_development() {
    let place = Place::new().await;
    let gav = format!("{}/orders/2.0.0-SNAPSHOT", place.gav.group_id);
    let request = json!({"coordinates": gav, "status": "development", "properties": {"apiVersion": "v2"}});
    let gav = place.publish(request).await;
    let Ended::Failed(failure) = place.bring_of(&gav, &wish(json!({"status": "published"}))).await else {
        panic!("is refused")
    };
    assert_eq!(failure.class, "transition");
    assert!(failure.hint.is_some_and(|hint| hint.contains("-SNAPSHOT")));
}
