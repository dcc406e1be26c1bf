//! A sandbox in this process, and all that it was asked.

use std::{
    cell::RefCell,
    io::{Cursor, Write},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request},
};
use consign::sandbox::{Sandbox, Settings};
use serde_json::Value;
use tower::ServiceExt;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::official::{self, Answer, Finding};

pub(crate) const ORIGIN: &str = "https://sandbox.test";
const BOUNDARY: &str = "----contract-test";

/// A sandbox and its answers.
pub(crate) struct InProcess {
    pub(crate) sandbox: Sandbox,
    router: Router,
    /// The id of the organization.
    pub(crate) org: String,
    /// Every answer so far.
    pub(crate) seen: RefCell<Vec<Seen>>,
}

/// An answer with what was asked.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What a request carries.
pub(crate) enum Payload<'a> {
    Nothing,
    Json(&'a Value),
    /// A content type and bytes.
    Raw(&'a str, &'a [u8]),
    /// Names and contents; what is called `files.*` or `file` is a file.
    Form(&'a [(&'a str, &'a [u8])]),
}

impl Seen {
    /// The body, or null where it is no JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn as_answer(&self) -> Answer<'_> {
        Answer { method: &self.method, path: &self.path, status: self.status, headers: &self.headers, body: &self.body }
    }

    /// What is wrong with it.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        official::official().map(|official| official.wrong_with_answer(&self.as_answer())).unwrap_or_default()
    }

    pub(crate) fn line(&self) -> String {
        let body: String = String::from_utf8_lossy(&self.body).chars().take(300).collect();
        format!("{} {} {} {body}", self.status, self.method, self.path)
    }
}

impl InProcess {
    pub(crate) fn start() -> Self {
        let sandbox = Sandbox::open(Settings::default()).unwrap();
        let org = sandbox.credentials().organization.clone();
        Self { router: sandbox.router(ORIGIN), sandbox, org, seen: RefCell::default() }
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// Calls as the administrator.
    pub(crate) async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], payload: Payload<'_>) -> Seen {
        let (kind, body) = match payload {
            Payload::Nothing => (None, Vec::new()),
            Payload::Json(value) => (Some("application/json".to_owned()), value.to_string().into_bytes()),
            Payload::Raw(kind, bytes) => (Some(kind.to_owned()), bytes.to_vec()),
            Payload::Form(parts) => (Some(format!("multipart/form-data; boundary={BOUNDARY}")), form(parts)),
        };
        let mut request = Request::builder().method(method).uri(path).header("host", "sandbox.test");
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.header("authorization", format!("Bearer {}", self.sandbox.credentials().token));
        }
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        let (method, path) = (method.to_owned(), path.to_owned());
        let seen = Seen { method, path, status: parts.status.as_u16(), headers: parts.headers, body };
        self.seen.borrow_mut().push(seen.clone());
        seen
    }

    pub(crate) async fn get(&self, path: &str) -> Seen {
        self.call("GET", path, &[], Payload::Nothing).await
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: &Value) -> Seen {
        self.call(method, path, &[], Payload::Json(body)).await
    }

    /// A path of Exchange's second API.
    pub(crate) fn v2(&self, rest: &str) -> String {
        format!("/exchange/api/v2/{}", rest.replace("{org}", &self.org))
    }

    /// Publishes and waits.
    pub(crate) async fn publish(&self, asset: &str, parts: &[(&str, &[u8])]) -> Seen {
        let path = self.v2(&format!("organizations/{{org}}/assets/{{org}}/{asset}"));
        self.call("POST", &path, &[("x-sync-publication", "true")], Payload::Form(parts)).await
    }
}

/// An archive of members.
pub(crate) fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, bytes) in parts {
        let file = if name.starts_with("file") { "; filename=\"x.png\"\r\nContent-Type: image/png" } else { "" };
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}
