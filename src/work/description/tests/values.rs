//! Tags, categories, custom fields, name, description and contact.

use serde_json::json;

use super::{place::describer_of, *};
use crate::{
    exchange::{DataType, Dimension, FieldValue, tag_set},
    job::DescribeApi,
    net::scripted::{Scripted, reply},
    sandbox::Settings,
    work::description::{Differences, send::DECLARE},
};

#[tokio::test]
async fn a_change_of_one_tag_sends_one_patch_and_nothing_else() {
    let place = Place::new().await;
    place.settles(&wish(json!({"name": "Orders", "tags": ["kept", "Legacy"]}))).await;
    place.forget();
    let changed = wish(json!({"name": "Orders", "tags": ["Payments", " kept "]}));
    assert_eq!(place.differences(&changed).await, ["tags: +payments −legacy"]);
    assert_eq!(place.settles(&changed).await, "tags: +payments −legacy");
    assert_eq!(place.writes(), ["PATCH 1.0.0/mutabledata"]);
    assert_eq!(tag_set(place.asset().await.labels), tag_set(["kept", "payments"]));
}

#[tokio::test]
async fn tags_that_the_form_cannot_say_go_by_a_call_of_their_own() {
    let place = Place::new().await;
    for tags in [json!(["a, b", "c"]), json!([])] {
        place.forget();
        place.settles(&wish(json!({ "tags": tags }))).await;
        assert_eq!(place.writes(), ["PUT 1.0.0/tags"]);
        assert_eq!(json!(place.asset().await.labels), tags);
    }
}

#[tokio::test]
async fn categories_are_sets_and_only_those_that_are_named_change() {
    let place = Place::new().await;
    for key in ["layer", "team"] {
        place.configure(Dimension::Category, key, DataType::Text, &[]).await;
    }
    let first = json!({"values": {"layer": one("System, Process"), "team": many(&["Red"])}});
    place.settles(&wish(json!({ "categories": first }))).await;
    place.unchanged(&wish(json!({"categories": {"values": {"layer": many(&["Process", "System", "System"])}}}))).await;
    place.forget();
    let note = place.settles(&wish(json!({"categories": {"values": {"layer": one("Experience")}}}))).await;
    assert_eq!(note, "categories.layer: Process, System → Experience");
    assert_eq!(place.writes(), ["PATCH 1.0.0/mutabledata"]);
    place.forget();
    place.settles(&wish(json!({"categories": {"values": {"layer": many(&["a, b", "c"])}}}))).await;
    assert_eq!(place.writes(), ["PUT 1.0.0/tags/categories/layer"]);
    place.forget();
    let note = place.settles(&wish(json!({"categories": {"exactly": true, "values": {"team": one("Red")}}}))).await;
    assert_eq!(note, "categories.layer: a, b, c → none");
    assert_eq!(place.writes(), ["DELETE 1.0.0/tags/categories/layer"]);
    place.settles(&wish(json!({"categories": {"values": {"team": many(&[])}}}))).await;
    assert_eq!(place.asset().await.categories, []);
}

/// The six types, each with a value, another spelling of the same, and another value.
const SAMPLES: [(DataType, &str, &str, &str); 6] = [
    (DataType::Enum, "RAML, OAS", "OAS,RAML", "OAS"),
    (DataType::Number, "5", "5.0", "6"),
    (DataType::Date, "2020-01-01T20:00:00.000Z", "2020-01-01T21:00:00+01:00", "2021-01-01"),
    (DataType::Text, "Hello, world", " Hello, world ", "Bye"),
    (DataType::NumberList, "1010,2020", "2020, 1010.0", "1010"),
    (DataType::TextList, "John,Alice", "Alice, John", "Alice"),
];

#[tokio::test]
async fn all_six_types_of_fields_are_set_compared_changed_and_cleared() {
    for api in [DescribeApi::V2, DescribeApi::V1] {
        let place = Place::with(Settings::default(), api).await;
        for (data_type, ..) in SAMPLES {
            let accepted: &[&str] = if data_type == DataType::Enum { &["OAS", "RAML"] } else { &[] };
            place.configure(Dimension::Field, &format!("a-{data_type}"), data_type, accepted).await;
        }
        for (data_type, first, same, other) in SAMPLES {
            let key = format!("a-{data_type}");
            let said = |text: &str| wish(json!({"fields": {"values": {(key.as_str()): one(text)}}}));
            place.settles(&said(first)).await;
            let asset = place.asset().await;
            let field = asset.custom_fields.iter().find(|field| field.key == key).expect("is there");
            let wished = FieldValue::from_text(data_type, first).expect("is a value");
            assert!(wished.is_same(&field.read().expect("has a value")), "{field:?}");
            place.unchanged(&said(same)).await;
            place.settles(&said(other)).await;
            place.settles(&wish(json!({"fields": {"values": {(key.as_str()): many(&[])}}}))).await;
            place.unchanged(&said(" ")).await;
        }
        assert_eq!(place.asset().await.custom_fields, []);
    }
}

#[tokio::test]
async fn a_text_with_a_comma_goes_by_its_own_call_and_the_rest_by_one_patch() {
    let place = Place::new().await;
    place.configure(Dimension::Field, "note", DataType::Text, &[]).await;
    place.configure(Dimension::Field, "count", DataType::Number, &[]).await;
    place.configure(Dimension::Category, "layer", DataType::Text, &[]).await;
    let said = json!({
        "tags": ["a"],
        "categories": {"values": {"layer": one("System")}},
        "fields": {"values": {"note": one("Hello, world"), "count": one("5")}}
    });
    place.settles(&wish(said)).await;
    assert_eq!(place.writes(), ["PUT 1.0.0/tags/fields/note", "PATCH 1.0.0/mutabledata"]);
    let note = place.asset().await.custom_fields.into_iter().find(|field| field.key == "note").expect("is there");
    assert_eq!(note.read(), Some(FieldValue::Text("Hello, world".to_owned())));
    place.forget();
    place.settles(&wish(json!({"fields": {"exactly": true, "values": {}}}))).await;
    assert_eq!(place.writes(), ["DELETE 1.0.0/tags/fields/count", "DELETE 1.0.0/tags/fields/note"]);
}

#[tokio::test]
async fn the_first_version_of_the_api_describes_by_its_own_calls() {
    let place = Place::with(Settings::default(), DescribeApi::V1).await;
    place.configure(Dimension::Category, "layer", DataType::Text, &[]).await;
    place.configure(Dimension::Field, "count", DataType::Number, &[]).await;
    let said = json!({
        "name": "Other", "tags": ["a"], "categories": {"values": {"layer": one("System")}},
        "fields": {"values": {"count": one("5")}}
    });
    place.settles(&wish(said)).await;
    let group = place.gav.group_id.as_str();
    assert_eq!(place.writes().len(), 4);
    let by_v1 = ["PUT 1.0.0/tags", "PUT 1.0.0/tags/managed/layer", "PUT 1.0.0/tags/fields/count"];
    assert_eq!(place.writes()[1..], by_v1, "{group}");
    place.forget();
    place.settles(&wish(json!({"categories": {"exactly": true}, "tags": []}))).await;
    assert_eq!(place.writes(), ["PUT 1.0.0/tags", "DELETE 1.0.0/tags/managed/layer"]);
}

#[tokio::test]
async fn what_the_server_does_not_take_fails_with_its_words_and_a_hint() {
    let place = Place::new().await;
    place.configure(Dimension::Category, "layer", DataType::Enum, &["System"]).await;
    for (said, words) in [
        (json!({"fields": {"values": {"nowhere": one("x")}}}), "nowhere"),
        (json!({"fields": {"values": {"nowhere": many(&["x, y"])}}}), "nowhere"),
        (json!({"categories": {"values": {"layer": one("Moon")}}}), "Moon"),
    ] {
        let failure = place.refuses(&wish(said)).await;
        assert_eq!((failure.class.as_str(), failure.hint.as_deref()), ("refused", Some(DECLARE)), "{failure:?}");
        assert!(failure.message.contains(words), "{failure:?}");
    }
    assert_eq!(place.updated(), 0);
}

#[tokio::test]
async fn name_description_and_contact_go_in_one_call() {
    let place = Place::new().await;
    let said = wish(json!({
        "name": "Ä name", "description": "All, of it", "contactName": "Ann", "contactEmail": "ann@example.com"
    }));
    place.settles(&said).await;
    assert_eq!(place.writes().len(), 1);
    let cleared = wish(json!({"description": "", "contactName": ""}));
    assert_eq!(place.settles(&cleared).await, "description: All, of it → none; contactName: Ann → none");
    let asset = place.asset().await;
    assert_eq!((asset.name.as_str(), asset.contact_email.as_deref()), ("Ä name", Some("ann@example.com")));
    assert_eq!(asset.description.unwrap_or_default(), "");
}

#[tokio::test]
async fn an_unchanged_wish_costs_one_read() {
    let place = Place::new().await;
    place.configure(Dimension::Field, "count", DataType::Number, &[]).await;
    let said = wish(json!({
        "name": "Orders", "tags": ["a"], "fields": {"values": {"count": one("5")}}, "status": "published"
    }));
    place.settles(&said).await;
    place.forget();
    assert_eq!(place.bring(&said).await, Ended::Done(None));
    assert_eq!(place.reads(), ["GET 1.0.0/asset"]);
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let place = Place::new().await;
    let other = format!("{}/orders/9.0.0", place.gav.group_id).parse().expect("parses");
    let said = wish(json!({"tags": ["a"]}));
    assert_eq!(place.describer.compare(&other, &said).await, Ok(Differences::NotThere));
    let Ended::Failed(failure) = place.bring_of(&other, &said).await else { panic!("fails") };
    assert_eq!(failure.class, "not-found");
}

#[tokio::test]
async fn a_server_that_tells_no_types_is_asked_for_them_only_where_values_look_different() {
    let asset = json!({
        "groupId": "g", "assetId": "a", "version": "1.0.0", "type": "custom",
        "customFields": [{"key": "n", "value": 5}, {"key": "due", "value": "2020-01-01T00:00:00.000Z"}]
    });
    let asset = || reply(200, &asset.to_string());
    let gav = "g/a/1.0.0".parse().expect("parses");
    let fields = json!([{"tagKey": "due", "dataType": "date"}]).to_string();
    let server = Scripted::new([asset(), asset(), reply(404, ""), reply(200, &fields)]);
    let describer = describer_of(&server);
    let said = |key: &str, text: &str| wish(json!({"fields": {"values": {(key): one(text)}}}));
    for (said, requests) in [(said("n", "5.0"), 1), (said("due", "2020-01-01"), 4)] {
        assert_eq!(describer.compare(&gav, &said).await, Ok(Differences::Found(Vec::new())));
        assert_eq!(server.lines().len(), requests, "{:?}", server.lines());
    }
}
