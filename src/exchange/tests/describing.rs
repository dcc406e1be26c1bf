//! What the calls that describe assets send, and how tolerantly they read.

use bytes::Bytes;
use serde_json::Value;

use super::*;

const VERSION: &str = "exchange.example/exchange/api/v2/assets/g/a/1.0.0";
const ORGANIZATION: &str = "exchange.example/exchange/api/v2/organizations/org";

#[tokio::test]
async fn a_configuration_is_named_by_its_key_and_then_by_its_id() {
    let server = Scripted::new([reply(404, ""), reply(200, "{}"), reply(404, ""), reply(404, ""), reply(204, "")]);
    let exchange = exchange(&server);
    let known = Configuration { tag_key: "due".to_owned(), id: Some("id-1".to_owned()), ..Configuration::default() };
    let change = ConfigurationChange { accepted_values: Some(Vec::new()), ..ConfigurationChange::default() };
    let field = Dimension::Field;
    assert!(exchange.update_configuration(field, known.name(), &change, Force::No).await.expect("answers"));
    assert!(!exchange.delete_configuration(field, known.name(), Force::No).await.expect("answers"));
    assert!(exchange.delete_configuration(Dimension::Category, "layer".into(), Force::Yes).await.expect("answers"));
    let expected = [
        format!("PATCH {ORGANIZATION}/fields/due"),
        format!("PATCH {ORGANIZATION}/fields/id-1"),
        format!("DELETE {ORGANIZATION}/fields/due"),
        format!("DELETE {ORGANIZATION}/fields/id-1"),
        format!("DELETE {ORGANIZATION}/categories/layer"),
    ];
    assert_eq!(server.lines(), expected);
    let body: Value = serde_json::from_str(&server.asked()[0].body).expect("is JSON");
    assert_eq!(body, json!({"tagKey": "due", "acceptedValues": []}), "one of key and name is required");
}

#[tokio::test(start_paused = true)]
async fn what_makes_something_new_is_not_sent_twice_and_what_replaces_is() {
    let failures = || (0..3).map(|_| reply(503, "x"));
    let new = NewInstance { name: "n".to_owned(), endpoint_uri: "https://x.example".to_owned(), is_public: false };
    let group = InstanceGroup::new("g", "a", "v1", false).expect("has a group");
    let server = Scripted::new(failures());
    let exchange_of = |server: &Scripted| exchange(server);
    let error = exchange_of(&server).create_instance(&group, &new).await.expect_err("is refused");
    assert_eq!((error.disposition(), server.asked().len()), (Disposition::Doubt { after: None }, 1));
    let server = Scripted::new(failures());
    assert!(exchange_of(&server).create_page(&gav(), "A").await.is_err());
    assert!(exchange_of(&server).put_pages_order(&gav(), &["home"], Some("r")).await.is_err());
    assert!(exchange_of(&server).put_identities(("g", "a"), &[], &[], true).await.is_err());
    assert_eq!(server.asked().len(), 3);
    let server = Scripted::new(failures());
    exchange_of(&server).put_tags(&gav(), &["a"]).await.expect("is set in the end");
    assert_eq!(server.asked().len(), 4);
    // A key that changes is not found again under its old name.
    let server = Scripted::new(failures());
    let change = ConfigurationChange { tag_key: Some("new".to_owned()), ..ConfigurationChange::default() };
    let renamed = exchange_of(&server).update_configuration(Dimension::Field, "old".into(), &change, Force::No).await;
    assert!(renamed.is_err());
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn portals_are_read_in_all_their_shapes() {
    let revised = |body: &str| {
        let headers = vec![("x-pages-order-revision", "r1".to_owned())];
        Step::Reply(200, headers, body.to_owned(), Duration::ZERO)
    };
    let page = r#"{"path":"abc-def/A","name":"A"}"#;
    let server = Scripted::new([
        revised(&format!(r#"{{"draftStatus":"NOT_PUBLISHED","pages":[{{"path":"home","synthetic":true}},{page}]}}"#)),
        reply(200, &format!("[{page}]")),
        reply(200, page),
        reply(404, "no portal"),
        reply(201, ""),
        reply(201, r#"{"id":"abc-def/B"}"#),
    ]);
    let exchange = exchange(&server);
    let portal = exchange.portal(&gav(), Edition::Draft).await.expect("answers").expect("is there");
    assert_eq!((portal.is_draft_published, portal.revision.as_deref()), (Some(false), Some("r1")));
    assert!(portal.page("home").expect("is there").synthetic);
    assert_eq!(portal.page("A").expect("is there").path, "abc-def/A");
    for _ in 0..2 {
        let pages = exchange.pages(&gav(), Edition::Draft).await.expect("answers").expect("is there").pages;
        assert_eq!(pages.len(), 1);
    }
    assert_eq!(exchange.pages(&gav(), Edition::Published).await.expect("answers"), None);
    assert_eq!(exchange.create_page(&gav(), "A").await.expect("is made").path, "A");
    assert_eq!(exchange.move_page(&gav(), "abc-def/A", "B").await.expect("is moved").path, "abc-def/B");
    assert_eq!(server.lines()[0], format!("GET {VERSION}/portal/draft"));
}

#[tokio::test]
async fn a_page_that_is_no_markdown_is_not_taken_for_it() {
    let html = Step::Reply(200, vec![("content-type", "text/html".to_owned())], "<h1>".to_owned(), Duration::ZERO);
    let server = Scripted::new([html, reply(200, "# Ä")]);
    let exchange = exchange(&server);
    let error = exchange.page_text(&gav(), Edition::Published, "home").await.expect_err("is HTML");
    assert!(matches!(error, CallError::BadReply { .. }));
    let text = exchange.page_text(&gav(), Edition::Published, "home").await.expect("reads");
    assert_eq!(text.as_deref(), Some("# Ä"));
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_never_sent() {
    let server = Scripted::new([]);
    let exchange = exchange(&server);
    let nothing = [
        exchange.delete_page(&gav(), "..").await,
        exchange.delete_page(&gav(), "").await,
        exchange.delete_configuration(Dimension::Field, "".into(), Force::Yes).await,
        exchange.delete_value(Dimension::Field, &gav(), "..").await,
        exchange.delete_resource(&gav(), &Resource { path: "resources/".to_owned() }).await,
    ];
    assert!(nothing.iter().all(|outcome| matches!(outcome, Err(CallError::Unsendable { .. }))));
    assert!(InstanceGroup::new("g", "a", " ", false).is_err());
    assert!(exchange.patch_asset("g", "a", &AssetMetadata::default()).await.is_ok());
    assert_eq!(server.asked(), []);
}

#[tokio::test]
async fn an_image_is_sent_as_the_official_client_does() {
    let server = Scripted::new([reply(201, r#"{"path":"resources/dog-1.png"}"#), reply(201, "{}")]);
    let exchange = exchange(&server);
    let new = NewResource { name: "img/Ä dog.PNG".to_owned(), content: Bytes::from_static(b"PNG-content") };
    let resource = exchange.create_resource(&gav(), &new).await.expect("is taken");
    assert_eq!(resource.id(), "dog-1.png");
    assert_eq!(parts(&server.asked()[0]), [("files.png".to_owned(), "PNG-content".to_owned())]);
    assert!(server.asked()[0].body.contains("filename=\"dog.PNG\""));
    assert!(matches!(exchange.create_resource(&gav(), &new).await, Err(CallError::BadReply { .. })));
    let text = NewResource { name: "x.txt".to_owned(), content: Bytes::new() };
    assert!(matches!(exchange.create_resource(&gav(), &text).await, Err(CallError::Unsendable { .. })));
}

#[tokio::test]
async fn instances_of_the_examples_read() {
    let server = Scripted::new([reply(
        200,
        r#"[{"id":300853,"name":"v1:300853","endpointUri":null,"environmentId":"e","isPublic":true,"productVersion":"v1"},
        {"id":"mocking-service","type":"mocked","isPublic":null},
        {"id":"3defc266","type":"external","productApiVersion":"v1","environmentId":1234,"name":"n","endpointUri":"https://x"}]"#,
    )]);
    let group = InstanceGroup::new("g", "a", "v1", true).expect("has a group");
    let instances = exchange(&server).instances(&group).await.expect("answers").expect("are there");
    assert_eq!(instances.iter().map(|i| i.id.as_str()).collect::<Vec<_>>(), ["300853", "mocking-service", "3defc266"]);
    assert_eq!(instances.iter().map(Instance::is_external).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(instances[2].environment_id.as_deref(), Some("1234"));
}

#[tokio::test]
async fn the_first_version_of_the_api_is_called_as_its_guide_says() {
    let server = Scripted::new([]);
    let exchange = exchange(&server);
    let new = NewConfiguration {
        tag_key: "layer".to_owned(),
        display_name: "Layer".to_owned(),
        data_type: Some(DataType::Enum),
        accepted_values: vec!["System".to_owned()],
        asset_type_restrictions: Vec::new(),
    };
    exchange.put_tags_v1(&gav(), &["a", "b, c"]).await.expect("are set");
    exchange.put_category_v1(&gav(), "layer", &["System"]).await.expect("is set");
    exchange.put_field_v1(&gav(), "rating", &FieldValue::Number(5.into())).await.expect("is set");
    assert!(exchange.delete_value_v1(Dimension::Category, &gav(), "layer").await.expect("answers"));
    assert!(exchange.delete_value_v1(Dimension::Field, &gav(), "rating").await.expect("answers"));
    let made = exchange.create_configuration_v1(Dimension::Category, &new).await.expect("is made");
    assert_eq!((made.tag_key.as_str(), made.values_type()), ("layer", Some(DataType::Enum)));
    assert!(exchange.delete_configuration_v1(Dimension::Field, "rating").await.expect("answers"));
    let base = "exchange.example/exchange/api/v1/organizations/org";
    let expected = [
        (format!("PUT {base}/assets/g/a/1.0.0/tags"), json!([{"value": "a"}, {"value": "b, c"}])),
        (format!("PUT {base}/assets/g/a/1.0.0/tags/managed/layer"), json!({"tagValue": ["System"]})),
        (format!("PUT {base}/assets/g/a/1.0.0/tags/fields/rating"), json!({"tagValue": 5})),
        (format!("DELETE {base}/assets/g/a/1.0.0/tags/managed/layer"), Value::Null),
        (format!("DELETE {base}/assets/g/a/1.0.0/tags/fields/rating"), Value::Null),
        (
            format!("POST {base}/managed"),
            json!({"tagKey": "layer", "displayName": "Layer", "dataType": "enum", "acceptedValues": ["System"]}),
        ),
        (format!("DELETE {base}/fields/rating"), Value::Null),
    ];
    let asked: Vec<(String, Value)> = server
        .asked()
        .into_iter()
        .map(|asked| (asked.line, serde_json::from_str(&asked.body).unwrap_or_default()))
        .collect();
    assert_eq!(asked, expected);
}
