//! Requests to the sandbox.
//!
//! An input is a list of requests as HTTP writes them: method and path on the first line, headers up to an empty line,
//! then the body up to a line `===`. All go to one new sandbox. They are signed unless they sign themselves; `~` in a
//! path stands for the organization.

use std::time::Duration;

use axum::{Router, body::Body};
use consign::sandbox::{Sandbox, Settings};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::scratch::Scratch;

/// The most requests of one input.
const MOST: usize = 16;

/// A body that does not end, or an answer that does not come, is a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// Requests that anybody may send.
pub fn sandbox(data: &[u8]) {
    let requests = split(data);
    if requests.is_empty() {
        return;
    }
    let scratch = Scratch::new();
    let settings = Settings { data: Some(scratch.root.join("data")), ..Settings::default() };
    let sandbox = Sandbox::open(settings).expect("a sandbox opens in an empty folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime needs nothing of the system").block_on(async {
        let router = sandbox.router("http://sandbox.test");
        for request in requests {
            if let Some(request) = read(request, &sandbox) {
                send(&router, request).await;
            }
        }
    });
}

async fn send(router: &Router, request: Request<Body>) {
    let told = format!("{} {}", request.method(), request.uri());
    let answered = tokio::time::timeout(PATIENCE, async {
        let Ok(response) = router.clone().oneshot(request).await;
        let status = response.status();
        (status, response.into_body().collect().await.map(http_body_util::Collected::to_bytes))
    });
    let (status, body) = answered.await.unwrap_or_else(|_| panic!("{told}: no answer"));
    let body = body.unwrap_or_else(|error| panic!("{told}: {error}"));
    // 501 says that the sandbox does not do this; nothing else is its own fault.
    let is_ours = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED;
    assert!(!is_ours, "{told}: {status} {}", String::from_utf8_lossy(&body));
}

/// The requests, without those that ask the sandbox to go wrong.
fn split(data: &[u8]) -> Vec<&[u8]> {
    let mut requests = Vec::new();
    let mut rest = data;
    while !rest.is_empty() && requests.len() < MOST {
        let end = rest.windows(5).position(|five| five == b"\n===\n");
        let (request, after) = end.map_or((rest, &rest[rest.len()..]), |end| (&rest[..end], &rest[end + 5..]));
        requests.push(request);
        rest = after;
    }
    requests
}

fn read(text: &[u8], sandbox: &Sandbox) -> Option<Request<Body>> {
    let mut rest = text;
    let mut request = Request::new(Body::empty());
    let mut is_first = true;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len() - 1);
        let line = rest[..=end].trim_ascii();
        rest = &rest[end + 1..];
        if std::mem::take(&mut is_first) {
            let (method, path) = std::str::from_utf8(line).ok()?.split_once(' ')?;
            // The control of the sandbox can be told to go wrong.
            let is_asking = path.contains("_sandbox") || !path.starts_with('/');
            *request.method_mut() = Method::from_bytes(method.as_bytes()).ok().filter(|_| !is_asking)?;
            *request.uri_mut() = path.replace('~', &sandbox.credentials().organization).parse::<Uri>().ok()?;
        } else if line.is_empty() {
            break;
        } else {
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let name = HeaderName::from_bytes(parts.next()?.trim_ascii()).ok()?;
            request.headers_mut().append(name, HeaderValue::from_bytes(parts.next()?.trim_ascii()).ok()?);
        }
    }
    let bearer = format!("Bearer {}", sandbox.credentials().token);
    let headers = request.headers_mut();
    headers.entry(header::AUTHORIZATION).or_insert(HeaderValue::from_str(&bearer).expect("is a header"));
    headers.entry(header::HOST).or_insert(HeaderValue::from_static("sandbox.test"));
    *request.body_mut() = Body::from(rest.to_vec());
    Some(request)
}
