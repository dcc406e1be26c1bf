//! Reading against the sandbox of this process.

use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use serde_json::json;

use super::{
    Record, list,
    read::{self, Found, Nothing, Texts},
};
use crate::{
    asset::{AssetDraft, Coordinates, FileKey, Lifecycle},
    exchange::{
        Asset, AssetFile, DataType, Dimension, Exchange, FieldValue, HOME_PAGE, InstanceGroup, NewConfiguration,
        NewInstance, NewResource, PublishHeaders, PublishRequest, TERMS_PAGE,
    },
    net::{Client, ClientSettings, Credentials, InProcessTransport, PaceSettings, RetrySettings},
    sandbox::{Reset, Sandbox, Settings},
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

fn place() -> Exchange {
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
    Exchange::new(client, organization)
}

async fn publish(exchange: &Exchange, asset: &str, version: &str, more: serde_json::Value) -> Coordinates {
    let mut told = json!({
        "coordinates": format!("{}/{asset}/{version}", exchange.organization()), "type": "http-api", "name": "Orders",
        "properties": {"apiVersion": format!("v{}", &version[..1])}, "path": "x", "stamp": "s"
    });
    told.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let draft: AssetDraft = serde_json::from_value(told).expect("is a draft");
    let request = PublishRequest::from_draft(&draft, Vec::new(), true, PublishHeaders::default());
    exchange.publish(&request).await.expect("is published");
    draft.coordinates
}

async fn found(exchange: &Exchange, gav: &Coordinates) -> Found {
    read::version(exchange, gav, true).await.expect("answers").expect("is there")
}

#[tokio::test]
async fn all_that_belongs_to_a_version_is_read_and_reads_back_from_json() {
    let exchange = place();
    let gav = publish(&exchange, "orders", "1.0.0", json!({"keywords": ["b", "a"], "tags": ["Z", "y"]})).await;
    let new = NewConfiguration {
        tag_key: "due".to_owned(),
        display_name: "Due".to_owned(),
        data_type: Some(DataType::Date),
        accepted_values: Vec::new(),
        asset_type_restrictions: Vec::new(),
    };
    exchange.create_configuration(Dimension::Field, &new).await.expect("is configured");
    exchange.put_field(&gav, "due", &FieldValue::Date("2020-01-01".to_owned())).await.expect("is set");
    let group = InstanceGroup::new(&gav.group_id, "orders", "v1", false).expect("has a group");
    let instance = NewInstance { name: "EU".to_owned(), endpoint_uri: "https://eu".to_owned(), is_public: true };
    exchange.create_instance(&group, &instance).await.expect("is made");
    exchange.put_public(&gav.group_id, "orders", &["v1"]).await.expect("is shown");
    exchange.put_status(&gav, Lifecycle::Deprecated).await.expect("is deprecated");

    let mut record = found(&exchange, &gav).await.record;
    read::documents(&exchange, &mut record, &mut Nothing).await.expect("reads");
    assert_eq!((record.pages.len(), record.terms.as_ref()), (0, None), "there is no portal");
    let tags = crate::exchange::tag_set(&record.tags);
    assert_eq!((tags, record.keywords.join(",")), (crate::exchange::tag_set(["y", "z"]), "b,a".to_owned()));
    assert_eq!((record.status, record.is_public), (Some(Lifecycle::Deprecated), true));
    assert_eq!(record.api_version.as_deref(), Some("v1"));
    assert!(record.fields["due"].is_same(&FieldValue::Date("2020-01-01".to_owned())));
    let instance = &record.instances[0];
    assert_eq!((instance.name.as_str(), instance.is_public), ("EU", Some(true)));
    assert_eq!(record.organization.as_deref(), Some(exchange.organization()));
    assert_eq!(record.notes, []);
    let text = serde_json::to_string_pretty(&record).expect("is plain data");
    assert_eq!(serde_json::from_str::<Record>(&text).expect("reads"), record);
    assert!(!text.contains("signed") && !text.contains("https://sandbox.test"), "no link stands in it: {text}");
}

#[tokio::test]
async fn pages_come_in_order_with_names_that_no_folder_confuses() {
    let exchange = place();
    let gav = publish(&exchange, "orders", "1.0.0", json!({})).await;
    let new = NewResource { name: "dog.png".to_owned(), content: Bytes::from_static(PNG) };
    let resource = exchange.create_resource(&gav, &new).await.expect("is taken");
    let mut order = Vec::new();
    for name in ["Zebra", "FAQ", "Faq", "aux"] {
        let page = exchange.create_page(&gav, name).await.expect("is made");
        let text = format!("# {name}\n![dog]({})", resource.path);
        exchange.put_page(&gav, &page.path, &text).await.expect("is written");
        order.push(page.path);
    }
    exchange.put_page(&gav, HOME_PAGE, "home").await.expect("is written");
    exchange.put_page(&gav, TERMS_PAGE, "Be kind.").await.expect("is written");
    order.insert(1, HOME_PAGE.to_owned());
    exchange.put_pages_order(&gav, &order, None).await.expect("is arranged");
    exchange.publish_portal(&gav).await.expect("is published");

    let (mut record, mut texts) = (found(&exchange, &gav).await.record, Texts::default());
    read::documents(&exchange, &mut record, &mut texts).await.expect("reads");
    let names: Vec<&str> = record.pages.iter().map(|page| page.name.as_str()).collect();
    assert_eq!(names, ["Zebra", "home", "FAQ", "Faq", "aux"]);
    let mut files: Vec<String> = record.pages.iter().map(|page| page.file.as_str().to_lowercase()).collect();
    files.sort_unstable();
    files.dedup();
    assert_eq!(files.len(), 5, "no two differ in case only: {:?}", record.pages);
    assert!(!files.contains(&"docs/aux.md".to_owned()));
    assert_eq!(texts.0[&record.terms.as_ref().expect("are there").file], "Be kind.");
    assert_eq!(record.resources[0].path, resource.path);
    let image = record.resources[0].file.file_name().expect("has a name");
    assert!(texts.0.values().filter(|text| text.contains(&format!("(resources/{image})"))).count() == 4);
}

#[tokio::test]
async fn every_version_of_every_asset_is_listed_once() {
    let exchange = place();
    for version in ["1.0.0", "1.2.0", "2.0.0"] {
        publish(&exchange, "orders", version, json!({"type": "custom", "properties": {}})).await;
    }
    publish(&exchange, "drafts", "1.0.0", json!({"status": "development"})).await;
    let assets: Vec<_> = list::assets(&exchange).try_collect().await.expect("reads");
    assert_eq!(assets.len(), 2);
    let mut all = Vec::new();
    for asset in &assets {
        let told = list::versions(&exchange, asset).await.expect("answers");
        assert_eq!(told.unnamed, []);
        all.extend(told.versions.iter().map(|gav| format!("{}/{}", gav.asset_id, gav.version)));
    }
    all.sort_unstable();
    assert_eq!(all, ["drafts/1.0.0", "orders/1.0.0", "orders/1.2.0", "orders/2.0.0"]);
    let gone = crate::exchange::AssetSummary { asset_id: "gone".to_owned(), ..assets[0].clone() };
    assert_eq!(list::versions(&exchange, &gone).await.expect("answers").versions, []);
    let strange = crate::exchange::AssetSummary { asset_id: "a/b".to_owned(), ..assets[0].clone() };
    assert_eq!(list::versions(&exchange, &strange).await.expect("answers").unnamed.len(), 1);
}

#[test]
fn only_files_that_somebody_uploaded_are_carried() {
    let carried = |files: &[(&str, &str, bool)]| {
        let file = |(classifier, packaging, is_generated): &(&str, &str, bool)| AssetFile {
            classifier: Some((*classifier).to_owned()).filter(|text| !text.is_empty()),
            packaging: (*packaging).to_owned(),
            is_generated: *is_generated,
            ..AssetFile::default()
        };
        let asset = Asset { files: files.iter().map(file).collect(), ..Asset::default() };
        let record = read::record(&"g/a/1.0.0".parse().expect("parses"), &asset);
        let told =
            |file: &super::FileRecord| format!("{} {}", file.file.as_ref().expect("has one"), file.published_key());
        record.carried().map(told).collect::<Vec<_>>()
    };
    let rest = [("raml", "zip", false), ("fat-raml", "zip", false), ("oas", "zip", true), ("", "pom", true)];
    assert_eq!(carried(&rest), ["raml.zip files.raml.zip"]);
    let only_fat = [("fat-oas", "zip", false), ("light-oas", "zip", false), ("icon", "svg", false)];
    assert_eq!(carried(&only_fat), ["fat-oas.zip files.oas.zip"]);
    assert_eq!(carried(&[("original-oas", "yaml", false)]), ["original-oas.yaml files.oas.yaml"]);
    let plugin = [("studio-plugin", "zip", false), ("", "jar", false), ("", "pom", false), ("docs", "zip", false)];
    assert_eq!(
        carried(&plugin),
        ["file.jar files.jar", "file.pom files.pom", "studio-plugin.zip files.studio-plugin.zip"]
    );
    assert_eq!(carried(&[("a/../b", "zip", false)]), [""; 0]);
    assert_eq!(FileKey::bare("jar").to_string(), "files.jar");
}
