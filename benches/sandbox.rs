//! How fast the sandbox answers, without sockets: it must never be what a benchmark of a client measures.
//!
//! `cargo bench --bench sandbox`. One request at a time on one thread; the times include making the request and, for
//! what changes the catalog, waiting for its commit.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use consign::sandbox::{Sandbox, Settings};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

const BOUNDARY: &str = "----bench";

fn main() {
    divan::main();
}

/// A sandbox with assets in it.
struct World {
    runtime: Runtime,
    router: Router,
    token: String,
    organization: String,
    next: AtomicU64,
}

impl World {
    fn with(assets: u64) -> Self {
        let sandbox = Sandbox::open(Settings::default()).expect("opens");
        let world = Self {
            runtime: Builder::new_current_thread().enable_all().build().expect("a runtime"),
            router: sandbox.router("http://sandbox.test"),
            token: format!("Bearer {}", sandbox.credentials().token),
            organization: sandbox.credentials().organization.clone(),
            next: AtomicU64::new(0),
        };
        for _ in 0..assets {
            assert_eq!(world.publish(&[("type", "custom")]), StatusCode::ACCEPTED);
        }
        world
    }

    fn call(&self, request: Request<Body>) -> StatusCode {
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.expect("the router answers");
            let status = response.status();
            axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a whole body");
            status
        })
    }

    fn get(&self, path: &str) -> StatusCode {
        let request = Request::get(path).header("authorization", &self.token);
        self.call(request.body(Body::empty()).expect("a request"))
    }

    /// Publishes an asset that was not there before.
    fn publish(&self, parts: &[(&str, &str)]) -> StatusCode {
        let (org, number) = (&self.organization, self.next.fetch_add(1, Relaxed));
        let mut body = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAsset\r\n");
        for (name, value) in parts {
            let file = if name.starts_with("files.") { "; filename=\"x\"" } else { "" };
            body +=
                &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n");
        }
        body += &format!("--{BOUNDARY}--\r\n");
        let request = Request::post(format!("/exchange/api/v2/organizations/{org}/assets/{org}/asset-{number}/1.0.0"))
            .header("authorization", &self.token)
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
        self.call(request.body(Body::from(body)).expect("a request"))
    }
}

#[divan::bench]
fn publish_without_a_file(bencher: divan::Bencher<'_, '_>) {
    let world = World::with(0);
    bencher.bench_local(|| world.publish(&[("type", "custom")]));
}

#[divan::bench]
fn publish_a_small_specification(bencher: divan::Bencher<'_, '_>) {
    let world = World::with(0);
    let specification = format!("openapi: 3.0.0\ninfo:\n  title: Orders\n  version: v1\n{}", "# text\n".repeat(500));
    bencher.bench_local(|| {
        let parts = [
            ("properties.apiVersion", "v1"),
            ("properties.mainFile", "api.yaml"),
            ("files.oas.yaml", specification.as_str()),
        ];
        assert_eq!(world.publish(&parts), StatusCode::ACCEPTED);
    });
}

#[divan::bench(args = [100, 10_000])]
fn read_an_asset(bencher: divan::Bencher<'_, '_>, assets: u64) {
    let world = World::with(assets);
    let path = format!("/exchange/api/v2/assets/{org}/asset-7/1.0.0", org = world.organization);
    bencher.bench_local(|| assert_eq!(world.get(&path), StatusCode::OK));
}

#[divan::bench(args = [100, 10_000])]
fn list_twenty_assets(bencher: divan::Bencher<'_, '_>, assets: u64) {
    let world = World::with(assets);
    bencher.bench_local(|| assert_eq!(world.get("/exchange/api/v2/assets/search?limit=20"), StatusCode::OK));
}
