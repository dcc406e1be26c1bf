//! Accepting connections, with patience for slow clients but not for silent ones.
//!
//! It is what `axum::serve` does, with the limits that it leaves to others: how long a client may take for the head of a
//! request, and how large that may be.

use std::{convert::Infallible, pin::pin, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request, serve::Listener};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::connection::{Connection, Socket};

/// The most bytes of the head of a request.
const MAX_HEAD: usize = 256 * 1024;

/// Answers every connection in a task of its own, until it is told to stop; then waits for those that are open.
pub(super) async fn accept(mut socket: Socket, router: Router, patience: Duration, stop: CancellationToken) {
    let connections = TaskTracker::new();
    while let Some((connection, _)) = stop.run_until_cancelled(socket.accept()).await {
        connections.spawn(answer(connection, router.clone(), patience, stop.clone()));
    }
    drop(socket);
    connections.close();
    connections.wait().await;
}

async fn answer(connection: Connection, router: Router, patience: Duration, stop: CancellationToken) {
    let wire = connection.wire();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(wire.clone()));
        let router = router.clone();
        async move {
            Ok::<_, Infallible>(router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {}))
        }
    });
    let mut protocol = http1::Builder::new();
    // Some clients close their side as soon as they have sent a request.
    protocol.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(MAX_HEAD).half_close(true);
    let mut served = pin!(protocol.serve_connection(TokioIo::new(connection), service).with_upgrades());
    let mut stopped = pin!(stop.cancelled());
    let outcome = tokio::select! {
        outcome = served.as_mut() => outcome,
        () = stopped.as_mut() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = outcome {
        tracing::trace!(%error, "a connection ended");
    }
}
