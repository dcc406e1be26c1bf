//! The server past the wire: what somebody else does there, and what it holds.

use axum::{Router, body::Body};
use http::Method;
use serde_json::Value;
use tower::ServiceExt;

/// The server as the administrator of an organization sees it.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    router: Router,
    token: String,
    pub(crate) organization: String,
}

impl Server {
    pub(crate) fn new(router: Router, token: String, organization: String) -> Self {
        Self { router, token, organization }
    }

    /// What is read at a path; null where that is nothing.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = http::Request::get(path).body(Body::empty()).expect("a plain request");
        self.ask(request).await.1
    }

    /// The members of a list.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        match self.get(path).await {
            Value::Array(members) => members,
            _ => Vec::new(),
        }
    }

    /// Sends JSON, and has the answer.
    ///
    /// # Errors
    /// When the server refuses it.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Value, String> {
        let request = http::Request::builder().method(method).uri(path).header("content-type", "application/json");
        self.taken(request.body(Body::from(body.to_string())).expect("a plain request")).await
    }

    /// Sends a form of texts, and has the answer once all that follows from it has happened.
    ///
    /// # Errors
    /// When the server refuses it.
    pub(crate) async fn send_form(&self, path: &str, fields: &[(&str, &str)]) -> Result<Value, String> {
        let part = |(name, text): &(&str, &str)| {
            format!("--part\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let body = fields.iter().map(part).collect::<String>() + "--part--\r\n";
        let request = http::Request::post(path)
            .header("content-type", "multipart/form-data; boundary=part")
            .header("x-sync-publication", "true");
        self.taken(request.body(Body::from(body)).expect("a plain request")).await
    }

    async fn taken(&self, request: http::Request<Body>) -> Result<Value, String> {
        let what = format!("{} {}", request.method(), request.uri());
        let (status, body) = self.ask(request).await;
        if status.is_success() { Ok(body) } else { Err(format!("{what}: {status} {body}")) }
    }

    async fn ask(&self, mut request: http::Request<Body>) -> (http::StatusCode, Value) {
        let token = format!("bearer {}", self.token).parse().expect("plain letters");
        request.headers_mut().insert("authorization", token);
        let Ok(reply) = self.router.clone().oneshot(request).await;
        let status = reply.status();
        let body = axum::body::to_bytes(reply.into_body(), usize::MAX).await.unwrap_or_default();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}
