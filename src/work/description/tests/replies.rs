//! Replies that are lost: what was sent may have arrived, and nothing is there twice afterwards.

use serde_json::json;

use super::*;
use crate::exchange::{DataType, Dimension, Edition, InstanceGroup};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// A place, and a wish that takes every kind of call.
async fn everything() -> (Place, Description) {
    let place = Place::new().await;
    place.configure(Dimension::Field, "note", DataType::Text, &[]).await;
    place.configure(Dimension::Category, "layer", DataType::Text, &[]).await;
    place.file("dog.png", PNG);
    let said = wish(json!({
        "description": "All of it",
        "icon": place.file("icon.png", PNG),
        "tags": ["a"],
        "categories": {"values": {"layer": one("System")}},
        "fields": {"values": {"note": one("Hello, world")}},
        "pages": {"Guide": place.file("Guide.md", "![dog](dog.png)")},
        "instances": [{"name": "production", "endpointUri": "https://a"}],
        "status": "deprecated"
    }));
    place.forget();
    (place, said)
}

#[tokio::test]
async fn whichever_reply_is_lost_everything_is_there_once() {
    let (place, said) = everything().await;
    place.settles(&said).await;
    let writes = place.writes();
    assert_eq!(writes.len(), 10, "{writes:?}");
    for number in 1..=writes.len() {
        let (place, said) = everything().await;
        place.lose_reply(number as u64);
        assert!(matches!(place.bring(&said).await, Ended::Done(_)), "without the reply to {}", writes[number - 1]);
        place.unchanged(&said).await;
        let group = InstanceGroup::new(&place.gav.group_id, &place.gav.asset_id, "v1", false).expect("has a group");
        let instances = place.exchange.instances(&group).await.expect("answers").expect("are there");
        assert_eq!(instances.iter().filter(|instance| instance.is_external()).count(), 1);
        let portal = place.exchange.pages(&place.gav, Edition::Published).await.expect("answers").expect("is there");
        assert_eq!(portal.pages.iter().filter(|page| page.name == "Guide").count(), 1);
        assert!(place.updated() <= 1, "an item counts once");
    }
}
