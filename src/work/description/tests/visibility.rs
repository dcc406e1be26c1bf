//! Who sees a version group.

use serde_json::json;

use super::*;

async fn public(place: &Place) -> Vec<String> {
    let groups = place.exchange.version_groups(&place.gav.group_id, &place.gav.asset_id).await.expect("answers");
    let groups = groups.expect("are there").into_iter().filter(|group| group.is_public);
    groups.map(|group| group.version_group).collect()
}

#[tokio::test]
async fn one_group_is_shown_or_hidden_and_the_others_stay_as_they_are() {
    let place = Place::new().await;
    let next = json!({
        "coordinates": format!("{}/orders/2.0.0", place.gav.group_id), "properties": {"apiVersion": "v2"}
    });
    let next = place.publish(next).await;
    let shown = wish(json!({"visibility": "public"}));
    let note = place.settles(&shown).await;
    assert_eq!(note, "visibility: private → public");
    place.forget();
    let done = place.bring_of(&next, &shown).await;
    assert_eq!(done, Ended::Done(Some("visibility: private → public".to_owned())));
    assert_eq!(place.writes().len(), 1, "{:?}", place.writes());
    assert_eq!(public(&place).await, ["v1", "v2"], "one call names all");
    place.unchanged(&shown).await;
    assert_eq!(place.settles(&wish(json!({"visibility": "private"}))).await, "visibility: public → private");
    assert_eq!(public(&place).await, ["v2"]);
}

#[tokio::test]
async fn versions_that_are_shown_at_once_do_not_hide_each_other() {
    let place = Place::new().await;
    let mut versions = vec![place.gav.clone()];
    for major in 2..6 {
        let gav = format!("{}/orders/{major}.0.0", place.gav.group_id);
        versions
            .push(place.publish(json!({"coordinates": gav, "properties": {"apiVersion": format!("v{major}")}})).await);
    }
    let shown = wish(json!({"visibility": "public"}));
    let all = futures::future::join_all(versions.iter().map(|gav| place.bring_of(gav, &shown))).await;
    assert!(all.iter().all(|ended| matches!(ended, Ended::Done(_))), "{all:?}");
    assert_eq!(public(&place).await.len(), 5);
}

#[tokio::test]
async fn nothing_is_shown_before_its_state_is_as_it_should_be() {
    let place = Place::new().await;
    let gav = json!({"coordinates": format!("{}/later/1.0.0", place.gav.group_id), "status": "development"});
    let gav = place.publish(gav).await;
    place.forget();
    place.bring_of(&gav, &wish(json!({"status": "published", "visibility": "public", "tags": ["a"]}))).await;
    let writes = place.writes();
    assert!(writes.last().is_some_and(|last| last.ends_with("public")) && writes.len() == 3, "{writes:?}");
}
