//! What the client of this project sends, against the description.

use std::sync::{Arc, Mutex};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, header::CONTENT_TYPE},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use camino::Utf8PathBuf;
use consign::{
    asset::{AssetDraft, Coordinates, FileKey, Lifecycle},
    exchange::{
        Accepted, AssetMetadata, AssetQuery, ConfigurationChange, DataType, DeleteType, Dimension, Edition, Exchange,
        FieldValue, Force, IconKind, InstanceChange, InstanceGroup, MutableData, MutableDataRequest, NewConfiguration,
        NewInstance, NewResource, OrganizationSwitch, PublishHeaders, PublishRequest, TERMS_PAGE, UploadFile,
        ValueChange, VersionOrder,
    },
    net::{Client, ClientSettings, Credentials, InProcessTransport, PaceSettings, RetrySettings},
    sandbox::Reset,
};
use futures::TryStreamExt;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    in_process::{InProcess, ORIGIN, archive},
    official::official,
};

/// The parts of a publication: those that the description names in words, and those of the official page "Publish
/// Assets" (EXCHANGE.md §3.1).
const PARTS: [&str; 14] = [
    "name",
    "description",
    "type",
    "dependencies",
    "keywords",
    "files.",
    "status",
    "properties.",
    "tags",
    "categories",
    "fields",
    "contactName",
    "contactEmail",
    "organizationId",
];

/// The beginning of an image.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// Calls that the description does not have, with their source.
const ELSEWHERE: &[(&str, &str)] = &[
    ("GET /accounts/api/me", "Access Management (EXCHANGE.md §1.5)"),
    ("GET /exchange/api/v2/assets", "proven live (EXCHANGE.md §6)"),
    ("GET /exchange/api/v1/organizations/", "the limits, documented beside the description (EXCHANGE.md §3.8)"),
    ("GET /exchange/files/", "the links that the server itself gives"),
];

/// All that a client sent.
#[derive(Clone, Default)]
pub(crate) struct Sent(pub(crate) Arc<Mutex<Vec<Asked>>>);

pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

async fn record(State(sent): State<Sent>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let asked = Asked {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: parts.headers.clone(),
        body: bytes.to_vec(),
    };
    sent.0.lock().unwrap().push(asked);
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// A client whose requests are kept.
pub(crate) fn client_of(place: &InProcess, sent: &Sent) -> Client {
    let router = place.router().layer(from_fn_with_state(sent.clone(), record));
    Client::new(ClientSettings {
        origin: ORIGIN.parse().unwrap(),
        transport: Arc::new(InProcessTransport::new(router, |extensions| extensions.get::<Reset>().is_some())),
        credentials: Some(Credentials::Bearer(place.sandbox.credentials().token.clone().into())),
        pace: PaceSettings::default(),
        retry: RetrySettings::default(),
        user_agent: "consign".to_owned(),
    })
}

fn draft(org: &str, version: &str) -> AssetDraft {
    serde_json::from_value(json!({
        "coordinates": format!("{org}/orders/{version}"), "type": "rest-api", "name": "Ä name", "description": "d",
        "status": "development", "tags": ["t1", "t2"], "keywords": ["k"], "contactName": "n",
        "contactEmail": "e@example.com", "properties": {"mainFile": "api.raml", "apiVersion": "v1"},
        "dependencies": [], "categories": {}, "fields": {}, "path": "x", "stamp": "s"
    }))
    .unwrap()
}

/// Everything that the client can ask, once.
async fn ask_everything(exchange: &Exchange, folder: &Utf8PathBuf) {
    let zip = archive(&[("api.raml", b"#%RAML 1.0\ntitle: Orders\n")]);
    let path = folder.join("api.zip");
    std::fs::write(&path, &zip).unwrap();
    let key = FileKey::new("raml", "zip");
    let file = UploadFile { key, path, len: zip.len() as u64, sha256: Sha256::digest(&zip).into() };
    let headers = PublishHeaders {
        file_validation: Some(true),
        strict_package: Some(false),
        snapshots_allowed: Some(false),
        allowed_api_spec_formats: Some("application/raml".to_owned()),
        user_id: None,
        assign_roles: Some(false),
    };
    Exchange::my_organizations(exchange.client()).await.unwrap();
    let publish = |version: &str, is_sync: bool| {
        PublishRequest::from_draft(
            &draft(exchange.organization(), version),
            vec![file.clone()],
            is_sync,
            headers.clone(),
        )
    };
    exchange.publish(&publish("1.0.0", true)).await.unwrap();
    let Accepted::Running(link) = exchange.publish(&publish("1.0.1", false)).await.unwrap() else { panic!("runs") };
    exchange.publication_status(&link).await.unwrap();
    let gav: Coordinates = format!("{}/orders/1.0.1", exchange.organization()).parse().unwrap();
    exchange.publication_status(&exchange.latest_publication(&gav)).await.unwrap();
    let asset = exchange.asset(&gav).await.unwrap().unwrap();
    exchange.latest(&gav.group_id, &gav.asset_id).await.unwrap().unwrap();
    let query = AssetQuery { search: Some("name".to_owned()), types: vec!["rest-api".to_owned()] };
    let listed: Vec<_> = exchange.list(&query).try_collect().await.unwrap();
    assert_eq!(listed.len(), 1);
    exchange.download(&asset.files[0], &folder.join("down.zip")).await.unwrap();
    exchange.put_status(&gav, Lifecycle::Published).await.unwrap();
    describe(exchange, &gav).await;
    edit_portal(exchange, &gav).await;
    ask_about_asset_and_organization(exchange, &gav).await;
    exchange.next_available_version(&gav.group_id, &gav.asset_id, VersionOrder::Minor).await.unwrap();
    assert!(exchange.delete(&gav, DeleteType::Hard).await.unwrap());
    assert!(!exchange.delete(&gav, DeleteType::Soft).await.unwrap());
}

/// Definitions, values and mutable data.
async fn describe(exchange: &Exchange, gav: &Coordinates) {
    for (dimension, data_type) in [(Dimension::Category, None), (Dimension::Field, Some(DataType::Number))] {
        let new = NewConfiguration {
            tag_key: "layer-of".to_owned(),
            display_name: "Layer".to_owned(),
            data_type,
            accepted_values: Vec::new(),
            asset_type_restrictions: vec!["rest-api".to_owned()],
        };
        let made = exchange.create_configuration(dimension, &new).await.unwrap();
        let change = ConfigurationChange { accepted_values: Some(Vec::new()), ..ConfigurationChange::default() };
        assert!(exchange.update_configuration(dimension, made.name(), &change, Force::Yes).await.unwrap());
        let listed: Vec<_> = exchange.configurations(dimension).try_collect().await.unwrap();
        assert_eq!(listed.len(), 1);
    }
    exchange.put_tags(gav, &["a", "b"]).await.unwrap();
    exchange.put_category(gav, "layer-of", &["System"]).await.unwrap();
    exchange.put_field(gav, "layer-of", &FieldValue::Number(5.into())).await.unwrap();
    let data = MutableData {
        tags: Some(vec!["c".to_owned()]),
        categories: ValueChange::Each([("layer-of".to_owned(), vec!["Process".to_owned()])].into()),
        fields: ValueChange::All([("layer-of".to_owned(), vec!["7".to_owned()])].into()),
        docs: None,
    };
    let request = MutableDataRequest::new(gav.clone(), &data).unwrap();
    let link = exchange.patch_mutable_data(&request).await.unwrap();
    exchange.publication_status(&link).await.unwrap().unwrap();
    for dimension in [Dimension::Category, Dimension::Field] {
        assert!(exchange.delete_value(dimension, gav, "layer-of").await.unwrap());
        assert!(exchange.delete_configuration(dimension, "layer-of".into(), Force::Yes).await.unwrap());
    }
}

/// Pages, resources, order and terms.
async fn edit_portal(exchange: &Exchange, gav: &Coordinates) {
    let image = NewResource { name: "dog.png".to_owned(), content: PNG.into() };
    let resource = exchange.create_resource(gav, &image).await.unwrap();
    let page = exchange.create_page(gav, "Getting Started").await.unwrap();
    let page = exchange.move_page(gav, &page.path, "First steps").await.unwrap();
    exchange.put_page(gav, &page.path, "# First steps").await.unwrap();
    exchange.put_page(gav, TERMS_PAGE, "Be kind.").await.unwrap();
    let draft = exchange.portal(gav, Edition::Draft).await.unwrap().unwrap();
    let paths: Vec<&str> = draft.pages.iter().rev().map(|page| page.path.as_str()).collect();
    assert!(exchange.put_pages_order(gav, &paths, draft.revision.as_deref()).await.unwrap());
    exchange.publish_portal(gav).await.unwrap();
    for edition in [Edition::Published, Edition::Draft] {
        exchange.portal(gav, edition).await.unwrap().unwrap();
        exchange.pages(gav, edition).await.unwrap().unwrap();
        exchange.page_text(gav, edition, &page.path).await.unwrap().unwrap();
        exchange.resources(gav, edition).await.unwrap().unwrap();
        exchange.resource(gav, edition, &resource).await.unwrap().unwrap();
    }
    assert!(exchange.delete_resource(gav, &resource).await.unwrap());
    assert!(exchange.delete_page(gav, &page.path).await.unwrap());
    assert!(exchange.discard_draft(gav).await.unwrap());
}

async fn ask_about_asset_and_organization(exchange: &Exchange, gav: &Coordinates) {
    let (g, a) = (gav.group_id.as_str(), gav.asset_id.as_str());
    let metadata = AssetMetadata { description: Some("new".to_owned()), ..AssetMetadata::default() };
    exchange.patch_asset(g, a, &metadata).await.unwrap();
    exchange.put_icon(g, a, IconKind::Png, PNG.into()).await.unwrap();
    exchange.delete_icon(g, a).await.unwrap();
    let group = InstanceGroup::new(g, a, "v1", false).unwrap();
    let new = NewInstance { name: "EU".to_owned(), endpoint_uri: "https://eu".to_owned(), is_public: true };
    let made = exchange.create_instance(&group, &new).await.unwrap();
    let change = InstanceChange { name: Some("US".to_owned()), ..InstanceChange::default() };
    assert!(exchange.update_instance(&group, &made.id, &change).await.unwrap());
    exchange.instances(&group).await.unwrap().unwrap();
    assert!(exchange.delete_instance(&group, &made.id).await.unwrap());
    assert!(exchange.delete_instances(&group).await.unwrap());
    exchange.put_public(g, a, &["v1"]).await.unwrap();
    exchange.version_groups(g, a).await.unwrap().unwrap();
    exchange.put_identities((g, a), &[], &[], true).await.unwrap();
    exchange.identities(g, a).await.unwrap().unwrap();
    exchange.find_identities("x").await.unwrap();
    exchange.actions(gav).await.unwrap().unwrap();
    exchange.setting(OrganizationSwitch::HardDeletion).await.unwrap().unwrap();
    exchange.limits().await.unwrap().unwrap();
    let blocked: Vec<_> = exchange.soft_deleted().try_collect().await.unwrap();
    assert!(blocked.is_empty());
}

#[tokio::test]
async fn every_request_of_the_client_is_as_documented() {
    let Some(official) = official() else { return };
    let place = InProcess::start();
    let sent = Sent::default();
    let folder = tempfile::tempdir().unwrap();
    let folder_path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    let exchange = Exchange::new(client_of(&place, &sent), place.org.clone());
    ask_everything(&exchange, &folder_path).await;
    let sent = sent.0.lock().unwrap();
    let mut wrong = Vec::new();
    let mut documented = 0;
    for asked in sent.iter() {
        let line = format!("{} {}", asked.method, asked.path);
        match official.wrong_with_request(&asked.method, &asked.path, &asked.headers, &asked.body) {
            Some(findings) => {
                documented += 1;
                wrong.extend(findings.iter().map(|finding| format!("{line}: {finding}")));
            }
            None if ELSEWHERE.iter().any(|(known, _)| line.starts_with(known)) => {}
            None => wrong.push(format!("{line}: is not documented")),
        }
        wrong.extend(odd_parts(asked).into_iter().map(|part| format!("{line}: part {part}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(documented >= 50, "{documented} of {} requests are documented", sent.len());
}

/// The names of parts that no source has.
fn odd_parts(asked: &Asked) -> Vec<String> {
    let kind = asked.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/form-data") {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&asked.body);
    let names = text.split("form-data; name=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let is_known = |name: &str| {
        let fits = |part: &str| name == part || (part.ends_with('.') && name.starts_with(part));
        PARTS.iter().any(|part| fits(part)) || ["categories.", "fields."].iter().any(|part| fits(part))
    };
    names.filter(|name| !is_known(name)).map(str::to_owned).collect()
}
