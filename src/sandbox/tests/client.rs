//! A client that calls the router in process.

use std::io::{Cursor, Write};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use serde_json::Value;
use tower::ServiceExt;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    super::{Faults, Reset, Sandbox, Settings},
    official::{Answer, official},
};

pub(super) const ORIGIN: &str = "http://sandbox.test";
pub(super) const RAML: &[u8] = b"#%RAML 1.0\ntitle: Orders\n";
pub(super) const BOUNDARY: &str = "----sandbox-test";

/// One part of a form: a name, a file name where it is a file, and its bytes.
pub(super) type Part<'a> = (&'a str, &'a [u8]);

pub(super) struct Client {
    pub(super) sandbox: Sandbox,
    pub(super) router: Router,
    pub(super) org: String,
    pub(super) authorization: String,
}

pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) is_reset: bool,
    /// `None` where the body broke off.
    pub(super) body: Option<Vec<u8>>,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(self.body.as_deref().unwrap_or_default()).expect("the body is JSON")
    }

    pub(super) fn code(&self) -> u16 {
        self.status.as_u16()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

pub(super) fn client(settings: Settings) -> Client {
    let sandbox = Sandbox::open(settings).expect("opens");
    Client {
        router: sandbox.router(ORIGIN),
        org: sandbox.credentials().organization.clone(),
        authorization: format!("Bearer {}", sandbox.credentials().token),
        sandbox,
    }
}

/// An archive of members.
pub(super) fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).expect("starts");
        writer.write_all(bytes).expect("writes");
    }
    writer.finish().expect("finishes").into_inner()
}

/// A form of parts; parts named `files.*` are files.
pub(super) fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, bytes) in parts {
        let file = if name.starts_with("files") { "; filename=\"x\"" } else { "" };
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

impl Client {
    /// The same sandbox, as the user of an organization who has a role there: `admin`, `contributor` or `viewer`.
    pub(super) fn of(&self, org: &str, role: &str) -> Self {
        let directory = self.sandbox.0.directory();
        let known = directory
            .principals
            .iter()
            .find(|known| known.organization == org && known.role.as_str() == role && known.owner.is_some());
        let token = &known.expect("every organization has an app for each role").token;
        Self {
            router: self.router.clone(),
            org: org.to_owned(),
            authorization: format!("Bearer {token}"),
            sandbox: self.sandbox.clone(),
        }
    }

    pub(super) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        let path = path.strip_prefix(ORIGIN).unwrap_or(path);
        let mut request = Request::builder().method(method).uri(path).header("host", "sandbox.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).expect("a request")).await;
        let (parts, body) = response.expect("the router answers").into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.ok().map(|bytes| bytes.to_vec());
        let is_reset = parts.extensions.get::<Reset>().is_some();
        let reply = Reply { status: parts.status, headers: parts.headers, is_reset, body };
        self.must_keep_to_the_description(method, path, &reply);
        reply
    }

    /// Fails the test where the official description does not allow an answer.
    ///
    /// What an injected fault did to an answer is no business of the description.
    fn must_keep_to_the_description(&self, method: &str, path: &str, reply: &Reply) {
        let has_faults = self.sandbox.0.settings.faults != Faults::default();
        let (Some(official), Some(body), false) = (official(), &reply.body, has_faults) else { return };
        let answer = Answer { method, path, status: reply.code(), headers: &reply.headers, body };
        let findings: Vec<String> = official.wrong_with_answer(&answer).iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{method} {path} answers {}:\n{}", reply.code(), findings.join("\n"));
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[("authorization", &self.authorization)], Vec::new()).await
    }

    pub(super) async fn json(&self, method: &str, path: &str, body: &Value) -> Reply {
        let headers = [("authorization", self.authorization.as_str()), ("content-type", "application/json")];
        self.send(method, path, &headers, body.to_string().into_bytes()).await
    }

    pub(super) async fn delete(&self, path: &str, kind: &str) -> Reply {
        let headers = [("authorization", self.authorization.as_str()), ("x-delete-type", kind)];
        self.send("DELETE", path, &headers, Vec::new()).await
    }

    /// Publishes to `asset/version` of the organization's own group.
    pub(super) async fn publish(&self, asset: &str, headers: &[(&str, &str)], parts: &[Part<'_>]) -> Reply {
        self.form("POST", asset, headers, parts).await
    }

    /// Sends a form to a path below the organization's own group.
    pub(super) async fn form(&self, method: &str, asset: &str, headers: &[(&str, &str)], parts: &[Part<'_>]) -> Reply {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let mut all = vec![("authorization", self.authorization.as_str()), ("content-type", kind.as_str())];
        all.extend_from_slice(headers);
        let path = format!("/exchange/api/v2/organizations/{org}/assets/{org}/{asset}", org = self.org);
        self.send(method, &path, &all, form(parts)).await
    }

    /// Publishes and waits for the answer.
    pub(super) async fn publish_sync(&self, asset: &str, parts: &[Part<'_>]) -> Reply {
        self.publish(asset, &[("x-sync-publication", "true")], parts).await
    }

    /// Publishes a small RAML API.
    pub(super) async fn publish_raml(&self, asset: &str, more: &[Part<'_>]) -> Reply {
        let zip = archive(&[("api.raml", RAML)]);
        let major = asset.rsplit('/').next().and_then(|v| v.split('.').next()).unwrap_or("1");
        let api_version = format!("v{major}");
        let mut parts: Vec<Part<'_>> = vec![
            ("name", b"Orders"),
            ("properties.mainFile", b"api.raml"),
            ("properties.apiVersion", api_version.as_bytes()),
            ("files.raml.zip", &zip),
        ];
        parts.extend_from_slice(more);
        self.publish_sync(asset, &parts).await
    }

    /// The path of an asset of the organization's own group.
    pub(super) fn asset(&self, asset: &str) -> String {
        format!("/exchange/api/v2/assets/{}/{asset}", self.org)
    }
}
