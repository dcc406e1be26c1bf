//! The routes, all together, and the server that answers them.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    response::IntoResponse,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    Sandbox, SandboxError, accounts,
    app::App,
    assets,
    connection::{Socket, Wire},
    control, describe, files, gate, graph, hub, icons, instances, legacy, lifecycle, maven, metadata, organizations,
    portal,
    problem::Problem,
    publish, runs, semantic, sharing, specification,
};

/// How long a stop waits for requests in flight.
const GRACE: Duration = Duration::from_secs(5);

impl Sandbox {
    /// The routes, for calls in process. Absolute links start with `origin`.
    ///
    /// An answer that carries [`super::Reset`] in its extensions stands for a connection that was reset.
    pub fn router(&self, origin: &str) -> Router {
        self.routes(Some(origin.into()))
    }

    fn routes(&self, origin: Option<Arc<str>>) -> Router {
        let app = App { shared: self.0.clone(), origin };
        let guarded = Router::new()
            .merge(accounts::guarded())
            .merge(publish::routes().layer(DefaultBodyLimit::disable()))
            .merge(runs::routes())
            .merge(assets::routes())
            .merge(lifecycle::routes())
            .merge(metadata::routes())
            .merge(portal::routes())
            .merge(organizations::routes())
            .merge(describe::routes())
            .merge(files::guarded())
            .merge(legacy::guarded())
            .merge(instances::routes())
            .merge(icons::routes().layer(DefaultBodyLimit::disable()))
            .merge(sharing::routes())
            .merge(specification::routes())
            .merge(semantic::routes())
            .route_layer(from_fn_with_state(app.clone(), gate::authenticate));
        let open = Router::new()
            .merge(accounts::open())
            .merge(files::open())
            .merge(legacy::open())
            .merge(graph::routes())
            .merge(maven::routes(&app))
            .merge(control::routes(self.clone()))
            .merge(instances::control())
            .merge(hub::control());
        guarded
            .merge(open)
            .merge(hub::routes(&app))
            .fallback(|| async { Problem::not_found("Not Found").into_response() })
            .layer(from_fn(gate::in_shape))
            .layer(from_fn_with_state(app.clone(), gate::gate))
            .layer(from_fn(gate::survive))
            .with_state(app)
    }
}

/// A sandbox that listens.
#[derive(Debug)]
pub struct Running {
    /// Where it listens: `http://127.0.0.1:4180`.
    pub url: String,
    /// The address it listens on.
    pub address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Stops: nothing new is accepted, requests in flight are answered, for at most five seconds.
    pub async fn stop(self) {
        self.stop.cancel();
        let abort = self.task.abort_handle();
        if tokio::time::timeout(GRACE, self.task).await.is_err() {
            abort.abort();
        }
    }
}

/// Listens, and answers in a task of its own.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(sandbox: Sandbox, listen: SocketAddr) -> Result<Running, SandboxError> {
    let failed = |source| SandboxError::Listen { address: listen, source };
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let stop = CancellationToken::new();
    let service = sandbox.routes(None).into_make_service_with_connect_info::<Wire>();
    let server =
        axum::serve(Socket(listener), service).with_graceful_shutdown(stop.clone().cancelled_owned()).into_future();
    let task = tokio::spawn(server);
    Ok(Running { url: format!("http://{address}"), address, stop, task })
}
