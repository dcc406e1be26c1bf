//! A service of this process in the place of a server: no socket, and so no real time.

use std::{convert::Infallible, fmt, sync::Arc};

use futures::future::BoxFuture;
use tower::{Service, ServiceExt};

use super::{Transport, TransportError, TransportKind};

/// Calls a tower service, such as an axum router, for every request.
///
/// A service cannot break a connection, so a reply may carry a mark for it in its extensions: where `is_reset` finds
/// one, the reply is dropped and the call fails as if the connection had broken after the request was sent.
#[derive(Clone)]
pub struct InProcessTransport<S> {
    service: S,
    is_reset: Arc<dyn Fn(&http::Extensions) -> bool + Send + Sync>,
}

impl<S> InProcessTransport<S> {
    /// Wraps a service. `is_reset` says whether the extensions of a reply ask for a broken connection.
    pub fn new(service: S, is_reset: impl Fn(&http::Extensions) -> bool + Send + Sync + 'static) -> Self {
        Self { service, is_reset: Arc::new(is_reset) }
    }
}

impl<S> fmt::Debug for InProcessTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessTransport").finish_non_exhaustive()
    }
}

impl<S> Transport for InProcessTransport<S>
where
    S: Service<http::Request<axum::body::Body>, Response = axum::response::Response, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    fn execute(&self, request: reqwest::Request) -> BoxFuture<'_, Result<reqwest::Response, TransportError>> {
        let service = self.service.clone();
        Box::pin(async move {
            let mut request: http::Request<reqwest::Body> = request.try_into().map_err(TransportError::classify)?;
            // A server sees the path and the host apart; hyper would do this on the way.
            let uri = request.uri().clone();
            if let Some(authority) = uri.authority()
                && let Ok(host) = http::HeaderValue::from_str(authority.as_str())
            {
                request.headers_mut().entry(http::header::HOST).or_insert(host);
            }
            if let Some(path) = uri.path_and_query() {
                *request.uri_mut() = http::Uri::from(path.clone());
            }
            let Ok(reply) = service.oneshot(request.map(axum::body::Body::new)).await;
            if (self.is_reset)(reply.extensions()) {
                return Err(TransportError { kind: TransportKind::Reset, sent: true, source: None });
            }
            // axum's body is not `Sync`, which `Body::wrap` asks for; its stream of data need not be.
            Ok(reply.map(|body| reqwest::Body::wrap_stream(body.into_data_stream())).into())
        })
    }
}
