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
    exchange::{Accepted, AssetQuery, DeleteType, Exchange, PublishHeaders, PublishRequest, UploadFile, VersionOrder},
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

/// Calls that the description does not have, with their source.
const ELSEWHERE: &[(&str, &str)] = &[
    ("GET /accounts/api/me", "Access Management (EXCHANGE.md §1.5)"),
    ("GET /exchange/api/v2/assets", "proven live (EXCHANGE.md §6)"),
    ("GET /exchange/files/", "the links that the server itself gives"),
];

#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<Asked>>>);

struct Asked {
    method: String,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
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

fn client_of(place: &InProcess, sent: &Sent) -> Exchange {
    let router = place.router().layer(from_fn_with_state(sent.clone(), record));
    let client = Client::new(ClientSettings {
        origin: ORIGIN.parse().unwrap(),
        transport: Arc::new(InProcessTransport::new(router, |extensions| extensions.get::<Reset>().is_some())),
        credentials: Some(Credentials::Bearer(place.sandbox.credentials().token.clone().into())),
        pace: PaceSettings::default(),
        retry: RetrySettings::default(),
        user_agent: "consign".to_owned(),
    });
    Exchange::new(client, place.org.clone())
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
    exchange.next_available_version(&gav.group_id, &gav.asset_id, VersionOrder::Minor).await.unwrap();
    assert!(exchange.delete(&gav, DeleteType::Hard).await.unwrap());
    assert!(!exchange.delete(&gav, DeleteType::Soft).await.unwrap());
}

#[tokio::test]
async fn every_request_of_the_client_is_as_documented() {
    let Some(official) = official() else { return };
    let place = InProcess::start();
    let sent = Sent::default();
    let folder = tempfile::tempdir().unwrap();
    let folder_path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    ask_everything(&client_of(&place, &sent), &folder_path).await;
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
    assert!(documented >= 9, "{documented} of {} requests are documented", sent.len());
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
