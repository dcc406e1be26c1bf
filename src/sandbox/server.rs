//! The routes, all together, and the server that answers them.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    middleware::{from_fn, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
};
use camino::Utf8PathBuf;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{
    Sandbox, SandboxError,
    accept::accept,
    accounts,
    app::{App, Links},
    assets,
    authority::Identity,
    catalog,
    connection::Socket,
    control, describe, files, gate, graph, hub, icons, instances, legacy, lifecycle, maven, metadata, organizations,
    page, portal,
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
        self.routes(Links::To(origin.into()))
    }

    fn routes(&self, links: Links) -> Router {
        let app = App { shared: self.0.clone(), links };
        let guarded = Router::new()
            .merge(accounts::guarded())
            .merge(publish::routes().merge(catalog::routes()).layer(DefaultBodyLimit::disable()))
            .merge(runs::routes())
            .merge(assets::routes())
            .merge(lifecycle::routes())
            .merge(metadata::routes())
            .merge(portal::routes())
            .merge(organizations::routes())
            .merge(describe::routes())
            .merge(files::guarded())
            .merge(instances::routes())
            .merge(icons::routes().layer(DefaultBodyLimit::disable()))
            .merge(sharing::routes())
            .merge(specification::routes())
            .merge(semantic::routes())
            .merge(legacy::guarded())
            .route_layer(from_fn_with_state(app.clone(), gate::authenticate));
        let open = Router::new()
            .merge(accounts::open())
            .merge(files::open())
            .merge(legacy::open())
            .merge(graph::routes())
            .merge(maven::routes(&app))
            .merge(control::routes(self.clone()).merge(instances::control()).merge(hub::control()))
            .merge(page::routes());
        guarded
            .merge(open)
            .merge(hub::routes(&app))
            .fallback(|| async { Problem::not_found("Not Found").into_response() })
            .layer(from_fn(gate::in_shape))
            .layer(map_response(inert))
            .layer(from_fn_with_state(app.clone(), gate::gate))
            .layer(from_fn(gate::survive))
            .with_state(app)
    }
}

/// Keeps browsers from running what answers hold: files, icons and POMs are whatever somebody uploaded.
async fn inert(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    response
}

/// A sandbox that listens.
#[derive(Debug)]
pub struct Running {
    /// Where it listens: `http://127.0.0.1:4180`.
    pub url: String,
    /// The file with the certificate that clients must trust, where the sandbox speaks TLS.
    pub ca: Option<Utf8PathBuf>,
    /// The address it listens on.
    pub address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// The line that `consign sandbox` prints when it is ready.
    #[must_use]
    pub fn ready_line(&self, sandbox: &Sandbox) -> serde_json::Value {
        let mut line = sandbox.ready_line(&self.url);
        if let Some(ca) = &self.ca {
            line["ca"] = ca.as_str().into();
        }
        line
    }

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
    let listener = bind(listen).await?;
    start(&sandbox, Socket { listener, tls: None }, None)
}

/// Listens for TLS, with a certificate of the sandbox's own authority, and answers in a task of its own.
///
/// # Errors
/// When the address cannot be listened on, or the authority cannot be kept in the sandbox's directory.
pub async fn serve_tls(sandbox: Sandbox, listen: SocketAddr) -> Result<Running, SandboxError> {
    let identity = Identity::issue(&sandbox.0.root, listen)?;
    let listener = bind(listen).await?;
    start(&sandbox, Socket { listener, tls: Some(TlsAcceptor::from(identity.config)) }, Some(identity.authority))
}

async fn bind(address: SocketAddr) -> Result<TcpListener, SandboxError> {
    TcpListener::bind(address).await.map_err(|source| SandboxError::Listen { address, source })
}

fn start(sandbox: &Sandbox, socket: Socket, ca: Option<Utf8PathBuf>) -> Result<Running, SandboxError> {
    let scheme = if socket.tls.is_some() { "https" } else { "http" };
    let address = socket.listener.local_addr();
    let address = address.map_err(|source| SandboxError::Listen { address: ([0, 0, 0, 0], 0).into(), source })?;
    let stop = CancellationToken::new();
    let router = sandbox.routes(Links::Back(scheme));
    let task = tokio::spawn(accept(socket, router, sandbox.0.settings.patience, stop.clone()));
    Ok(Running { url: format!("{scheme}://{address}"), ca, address, stop, task })
}
