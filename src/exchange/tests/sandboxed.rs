//! The calls against the sandbox of this process: what is written is read back.

use std::{collections::BTreeMap, io::Write, sync::Arc};

use bytes::Bytes;

use super::*;
use crate::{
    net::{Client, ClientSettings, Credentials, InProcessTransport, PaceSettings, RetrySettings},
    sandbox::{Reset, Sandbox, Settings},
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// An organization with one API, `g/orders/1.0.0` with `apiVersion` v1.
async fn place() -> (Exchange, Coordinates) {
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
    let exchange = Exchange::new(client, organization.clone());
    let draft: AssetDraft = serde_json::from_value(json!({
        "coordinates": format!("{organization}/orders/1.0.0"), "type": "http-api", "name": "Orders",
        "properties": {"apiVersion": "v1"}, "path": "x", "stamp": "s"
    }))
    .expect("is a draft");
    let request = PublishRequest::from_draft(&draft, Vec::new(), true, PublishHeaders::default());
    exchange.publish(&request).await.expect("is published");
    (exchange, draft.coordinates)
}

async fn read(exchange: &Exchange, gav: &Coordinates) -> Asset {
    exchange.asset(gav).await.expect("answers").expect("is there")
}

fn configuration(tag_key: &str, data_type: DataType, accepted: &[&str]) -> NewConfiguration {
    NewConfiguration {
        tag_key: tag_key.to_owned(),
        display_name: format!("The {tag_key}"),
        data_type: Some(data_type),
        accepted_values: accepted.iter().map(|value| (*value).to_owned()).collect(),
        asset_type_restrictions: Vec::new(),
    }
}

#[tokio::test]
async fn all_six_types_of_fields_read_back() {
    let (exchange, gav) = place().await;
    let samples = [
        (DataType::Enum, "RAML,OAS"),
        (DataType::Number, "5"),
        (DataType::Date, "2020-01-01T20:00:00.000Z"),
        (DataType::Text, "Hello, world"),
        (DataType::NumberList, "1010,2020"),
        (DataType::TextList, "John,Alice"),
    ];
    for (data_type, text) in samples {
        let key = format!("a-{data_type}");
        let accepted: &[&str] = if data_type == DataType::Enum { &["OAS", "RAML"] } else { &[] };
        let new = configuration(&key, data_type, accepted);
        let made = exchange.create_configuration(Dimension::Field, &new).await.expect("is configured");
        assert_eq!((made.tag_key.as_str(), made.values_type()), (key.as_str(), Some(data_type)));
        let again = exchange.create_configuration(Dimension::Field, &new).await.expect_err("is there");
        assert_eq!(again.http(), Some(409));
        let value = FieldValue::from_text(data_type, text).expect("is a value");
        exchange.put_field(&gav, &key, &value).await.expect("is set");
        let asset = read(&exchange, &gav).await;
        let field = asset.custom_fields.iter().find(|field| field.key == key).expect("is there");
        assert!(value.is_same(&field.read().expect("has a value")), "{field:?}");
    }
    assert!(exchange.delete_value(Dimension::Field, &gav, "a-text").await.expect("answers"));
    assert_eq!(read(&exchange, &gav).await.custom_fields.len(), 5);
    let listed: Vec<Configuration> = exchange.configurations(Dimension::Field).try_collect().await.expect("reads");
    assert_eq!(listed.len(), 6);
}

#[tokio::test]
async fn a_configuration_in_use_changes_only_by_force() {
    let (exchange, gav) = place().await;
    let new = configuration("layer", DataType::Enum, &["System", "Process"]);
    let made = exchange.create_configuration(Dimension::Category, &new).await.expect("is configured");
    exchange.put_category(&gav, "layer", &["System"]).await.expect("is set");
    assert_eq!(read(&exchange, &gav).await.categories[0].value, ["System"]);
    let update = |accepted: &[&str], force| {
        let accepted_values = Some(accepted.iter().map(|value| (*value).to_owned()).collect());
        let change = ConfigurationChange { accepted_values, ..ConfigurationChange::default() };
        let (exchange, made) = (&exchange, &made);
        async move { exchange.update_configuration(Dimension::Category, made.name(), &change, force).await }
    };
    assert!(update(&["System", "Process", "Experience"], Force::No).await.expect("only takes more"));
    assert_eq!(update(&["Process"], Force::No).await.expect_err("is in use").http(), Some(409));
    assert!(update(&["Process"], Force::Yes).await.expect("is forced"));
    assert_eq!(read(&exchange, &gav).await.categories, []);
    exchange.put_category(&gav, "layer", &["Process"]).await.expect("is set");
    let delete = |force| exchange.delete_configuration(Dimension::Category, "layer".into(), force);
    assert_eq!(delete(Force::No).await.expect_err("is in use").http(), Some(409));
    assert!(delete(Force::Yes).await.expect("is forced"));
    assert!(!delete(Force::Yes).await.expect("is gone"));
}

#[tokio::test]
async fn mutable_data_changes_what_it_names_and_docs_take_the_place_of_pages() {
    let (exchange, gav) = place().await;
    for key in ["layer", "team"] {
        let new = configuration(key, DataType::Text, &[]);
        exchange.create_configuration(Dimension::Category, &new).await.expect("is configured");
    }
    let folder = tempfile::tempdir().expect("is made");
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [("home.md", "# Home"), ("Guide.md", "# Guide"), ("terms.md", "Be kind.")] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("is begun");
        archive.write_all(text.as_bytes()).expect("is written");
    }
    let docs = on_disk(&folder, FileKey::new("docs", "zip"), &archive.finish().expect("is closed").into_inner());
    let values = |pairs: &[(&str, &str)]| -> BTreeMap<String, Vec<String>> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect()
    };
    let change = async |data: MutableData| {
        let request = MutableDataRequest::new(gav.clone(), &data).expect("can be said");
        let link = exchange.patch_mutable_data(&request).await.expect("is taken");
        loop {
            let status = exchange.publication_status(&link).await.expect("answers").expect("is known");
            if status.state != PublicationState::Running {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let first = MutableData {
        tags: Some(vec!["B".to_owned(), "a".to_owned()]),
        categories: ValueChange::Each(values(&[("layer", "System"), ("team", "Red")])),
        docs: Some(docs),
        ..MutableData::default()
    };
    assert_eq!(change(first).await.state, PublicationState::Completed);
    let asset = read(&exchange, &gav).await;
    assert_eq!((tag_set(&asset.labels), asset.categories.len()), (tag_set(["a", "b"]), 2));
    let portal = exchange.pages(&gav, Edition::Published).await.expect("answers").expect("is there");
    let guide = portal.page("Guide").expect("is there").path.clone();
    let text = exchange.page_text(&gav, Edition::Published, &guide).await.expect("answers");
    assert_eq!(text.as_deref(), Some("# Guide"));
    let terms = exchange.page_text(&gav, Edition::Published, TERMS_PAGE).await.expect("answers");
    assert_eq!(terms.as_deref(), Some("Be kind."));
    let all = ValueChange::All(values(&[("team", "Blue")]));
    assert_eq!(
        change(MutableData { categories: all, ..MutableData::default() }).await.state,
        PublicationState::Completed
    );
    let asset = read(&exchange, &gav).await;
    assert_eq!((asset.labels.len(), asset.categories.len()), (2, 1));
    let unknown = ValueChange::Each(values(&[("nowhere", "x")]));
    let failed = change(MutableData { fields: unknown, ..MutableData::default() }).await;
    assert_eq!((failed.state, failed.errors().is_empty()), (PublicationState::Failed, false));
    exchange.put_tags(&gav, &[] as &[&str]).await.expect("are emptied");
    assert_eq!(read(&exchange, &gav).await.labels, [] as [String; 0]);
}

#[tokio::test]
async fn a_portal_is_written_in_a_draft_and_published() {
    let (exchange, gav) = place().await;
    assert_eq!(exchange.pages(&gav, Edition::Published).await.expect("answers"), None);
    let new = NewResource { name: "dog.png".to_owned(), content: Bytes::from_static(PNG) };
    let resource = exchange.create_resource(&gav, &new).await.expect("is taken");
    let one = exchange.create_page(&gav, "One").await.expect("is made");
    assert_eq!(exchange.create_page(&gav, "One").await.expect_err("is there").http(), Some(409));
    let two = exchange.create_page(&gav, "Two & more").await.expect("is made");
    let text = format!("# One\n![dog]({})", resource.path);
    exchange.put_page(&gav, &one.path, &text).await.expect("is written");
    exchange.put_page(&gav, &two.path, "two").await.expect("is written");
    exchange.put_page(&gav, HOME_PAGE, "home").await.expect("is written");
    exchange.put_page(&gav, TERMS_PAGE, "terms").await.expect("is written");
    let draft = exchange.portal(&gav, Edition::Draft).await.expect("answers").expect("is open");
    assert_eq!(draft.is_draft_published, Some(false));
    let order = [two.path.as_str(), HOME_PAGE, one.path.as_str()];
    let ordered = exchange.put_pages_order(&gav, &order, draft.revision.as_deref()).await.expect("is arranged");
    assert!(ordered);
    let stale = exchange.put_pages_order(&gav, &order, draft.revision.as_deref()).await.expect_err("is another by now");
    assert_eq!(stale.http(), Some(409));
    exchange.publish_portal(&gav).await.expect("is published");
    let portal = exchange.portal(&gav, Edition::Published).await.expect("answers").expect("is there");
    assert_eq!(portal.is_draft_published, Some(true));
    assert_eq!(portal.pages.iter().map(|page| page.path.as_str()).collect::<Vec<_>>(), order);
    let read = exchange.page_text(&gav, Edition::Published, &one.path).await.expect("answers");
    assert_eq!(read, Some(text));
    assert_eq!(exchange.resources(&gav, Edition::Published).await.expect("answers"), Some(vec![resource.clone()]));
    let content = exchange.resource(&gav, Edition::Published, &resource).await.expect("answers").expect("is there");
    assert_eq!((content.content.as_ref(), content.content_type.as_deref()), (PNG, Some("image/png")));

    let moved = exchange.move_page(&gav, &one.path, "Ä new name").await.expect("is moved");
    assert_eq!(moved.name, "Ä new name");
    assert!(exchange.delete_page(&gav, &two.path).await.expect("answers"));
    assert!(!exchange.delete_page(&gav, &two.path).await.expect("answers"));
    assert!(exchange.delete_resource(&gav, &resource).await.expect("answers"));
    assert!(exchange.discard_draft(&gav).await.expect("answers"));
    let draft = exchange.pages(&gav, Edition::Draft).await.expect("answers").expect("is there");
    assert_eq!(draft.pages, portal.pages);
}

#[tokio::test]
async fn instances_are_made_changed_and_deleted() {
    let (exchange, gav) = place().await;
    let group = InstanceGroup::new(&gav.group_id, &gav.asset_id, "v1", false).expect("has a group");
    let mut new = NewInstance { name: "EU".to_owned(), endpoint_uri: "https://eu".to_owned(), is_public: false };
    let made = exchange.create_instance(&group, &new).await.expect("is made");
    assert!(made.is_external());
    assert_eq!(exchange.create_instance(&group, &new).await.expect_err("is there").http(), Some(409));
    let change = InstanceChange { is_public: Some(true), ..InstanceChange::default() };
    assert!(exchange.update_instance(&group, &made.id, &change).await.expect("answers"));
    assert!(!exchange.update_instance(&group, "nobody", &change).await.expect("answers"));
    new.name = "US".to_owned();
    exchange.create_instance(&group, &new).await.expect("is made");
    let listed = exchange.instances(&group).await.expect("answers").expect("are there");
    let known = listed.iter().find(|instance| instance.id == made.id).expect("is there");
    assert_eq!((known.name.as_deref(), known.is_public), (Some("EU"), true));
    assert!(exchange.delete_instance(&group, &made.id).await.expect("answers"));
    assert!(!exchange.delete_instance(&group, &made.id).await.expect("answers"));
    assert!(exchange.delete_instances(&group).await.expect("answers"));
    let left = exchange.instances(&group).await.expect("answers").expect("are there");
    assert!(!left.iter().any(Instance::is_external));
}

#[tokio::test]
async fn what_belongs_to_the_asset_and_the_organization_reads_back() {
    let (exchange, gav) = place().await;
    let (g, a) = (gav.group_id.as_str(), gav.asset_id.as_str());
    let metadata = AssetMetadata {
        name: Some("Ä name".to_owned()),
        contact_email: Some("e@example.com".to_owned()),
        ..AssetMetadata::default()
    };
    exchange.patch_asset(g, a, &metadata).await.expect("is changed");
    let query = AssetQuery::default();
    let listed: Vec<AssetSummary> = exchange.list(&query).try_collect().await.expect("reads");
    assert_eq!((listed.len(), listed[0].name.as_deref()), (1, Some("Ä name")));
    assert!(listed[0].modified_at.is_some());
    let kind = IconKind::of(PNG).expect("is a PNG");
    exchange.put_icon(g, a, kind, Bytes::from_static(PNG)).await.expect("is put");
    let asset = read(&exchange, &gav).await;
    assert_eq!((asset.name.as_str(), asset.contact_email.as_deref()), ("Ä name", Some("e@example.com")));
    assert!(asset.icon.is_some());
    exchange.delete_icon(g, a).await.expect("is taken away");
    assert_eq!(read(&exchange, &gav).await.icon, None);

    exchange.put_public(g, a, &["v1"]).await.expect("is shown");
    let groups = exchange.version_groups(g, a).await.expect("answers").expect("are there");
    assert_eq!(groups, [VersionGroup { version_group: "v1".to_owned(), major: Some(1), is_public: true }]);
    let organization = Grant {
        identity_id: exchange.organization().to_owned(),
        identity_type: "organization".to_owned(),
        organization_id: None,
        role: "viewer".to_owned(),
    };
    exchange.put_identities((g, a), std::slice::from_ref(&organization), &[], true).await.expect("is shared");
    let shared = exchange.identities(g, a).await.expect("answers").expect("are there");
    assert!(shared.iter().any(|identity| identity.id == organization.identity_id));
    assert!(!exchange.find_identities("").await.expect("answers").is_empty());

    let allowed = async || {
        let transitions = exchange.actions(&gav).await.expect("answers").expect("is there");
        let deprecated = transitions.iter().find(|transition| transition.target_status == "deprecated");
        let back = transitions.iter().find(|transition| transition.target_status == "development").expect("is told");
        (deprecated.is_some_and(StatusTransition::is_allowed), back.affordance_details[0].code.clone())
    };
    assert_eq!(allowed().await, (true, "INVALID_TRANSITION".to_owned()));
    exchange.put_status(&gav, Lifecycle::Deprecated).await.expect("is deprecated");
    assert_eq!(read(&exchange, &gav).await.status.as_deref(), Some("deprecated"));
    exchange.put_status(&gav, Lifecycle::Published).await.expect("is back");

    assert_eq!(exchange.setting(OrganizationSwitch::HardDeletion).await.expect("answers"), Some(true));
    assert_eq!(exchange.setting(OrganizationSwitch::AssignRoles).await.expect("answers"), Some(true));
    let limits = exchange.limits().await.expect("answers").expect("are told");
    assert_eq!((limits.count, limits.room()), (Some(1), Some(99_999)));
    assert!(exchange.delete(&gav, DeleteType::Soft).await.expect("answers"));
    let blocked: Vec<PublishedAsset> = exchange.soft_deleted().try_collect().await.expect("reads");
    assert_eq!((blocked.len(), blocked[0].version.as_str()), (1, "1.0.0"));
}
