//! What carries a request: the world by reqwest, or the sandbox in process.

use std::{error::Error as StdError, fmt, io, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};
use futures::future::BoxFuture;
use tokio_rustls::rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::{Origin, trust};

/// Carries one request and brings back the head of the reply. It neither repeats nor follows redirects.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends a request.
    fn execute(&self, request: reqwest::Request) -> BoxFuture<'_, Result<reqwest::Response, TransportError>>;
}

/// Why no reply came.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct TransportError {
    /// What kind of failure it is.
    pub kind: TransportKind,
    /// Whether bytes of the request may have reached the server.
    pub sent: bool,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds of failure of a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransportKind {
    /// No connection was made: the name does not resolve, the port is closed, the way is blocked.
    Connect,
    /// Nothing moved for longer than the call allows.
    Timeout,
    /// The connection broke after it was made.
    Reset,
    /// The server's certificate is not trusted, or the two sides share no protocol. Repeating does not help.
    Tls,
    /// The body of the request could not be read. The request was broken off, so the server has not got it whole.
    Body,
    /// Anything else: a request that cannot be sent as it is.
    Other,
}

/// Why the body of a request could not be read: the file changed or vanished after it was packed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct UploadError {
    message: String,
}

impl UploadError {
    /// Names what is wrong with the body.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// As an I/O error, the form in which streams carry it.
    pub fn into_io(self) -> io::Error {
        io::Error::other(self)
    }
}

impl TransportError {
    /// A failure of a kind.
    pub fn new(kind: TransportKind, sent: bool, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, sent, source: Some(source.into()) }
    }

    /// What a person can do about a failure to agree on TLS.
    pub(super) fn advice(&self) -> Option<&'static str> {
        (self.kind == TransportKind::Tls).then(|| trust::advice(self))
    }

    /// Nothing moved for `idle`.
    #[must_use]
    pub(crate) fn stalled(idle: Duration) -> Self {
        Self::new(TransportKind::Timeout, true, format!("nothing moved for {} s", idle.as_secs_f64()))
    }

    /// A body moved, but came to no end within `longest`.
    #[must_use]
    pub(crate) fn endless(longest: Duration) -> Self {
        Self::new(TransportKind::Timeout, true, format!("the reply has not ended after {} s", longest.as_secs_f64()))
    }

    /// Classifies by the types in the chain of causes, never by their texts. Addresses are left out: a pre-signed link
    /// is a secret.
    #[must_use]
    pub fn classify(error: reqwest::Error) -> Self {
        let (kind, sent) = kind_of(&error);
        Self { kind, sent, source: Some(Box::new(error.without_url())) }
    }
}

fn kind_of(error: &reqwest::Error) -> (TransportKind, bool) {
    let mut io_kind = None;
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = cause {
        if current.is::<UploadError>() {
            return (TransportKind::Body, true);
        }
        if let Some(io) = current.downcast_ref::<io::Error>() {
            io_kind = Some(io.kind());
        }
        cause = below(current);
    }
    if error.is_builder() || error.is_redirect() {
        return (TransportKind::Other, false);
    }
    if error.is_connect() {
        return match io_kind {
            // rustls reports what it dislikes about the other side as invalid data.
            Some(io::ErrorKind::InvalidData) => (TransportKind::Tls, false),
            Some(io::ErrorKind::TimedOut) => (TransportKind::Timeout, false),
            _ if error.is_timeout() => (TransportKind::Timeout, false),
            _ => (TransportKind::Connect, false),
        };
    }
    if error.is_timeout() || io_kind == Some(io::ErrorKind::TimedOut) {
        return (TransportKind::Timeout, true);
    }
    if error.is_request() || error.is_body() || error.is_decode() {
        return (TransportKind::Reset, true);
    }
    (TransportKind::Other, true)
}

/// What is below an error: `io::Error::source` skips the error that it wraps.
pub(super) fn below<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connect => "cannot connect",
            Self::Timeout => "timed out",
            Self::Reset => "the connection broke",
            Self::Tls => "the server's certificate or protocol is not accepted",
            Self::Body => "the body of the request could not be read",
            Self::Other => "the request could not be sent",
        })
    }
}

/// How to reach the world.
#[derive(Debug, Clone)]
pub struct TransportSettings {
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// A PEM file with certificates to trust beside those of the system.
    pub extra_ca: Option<Utf8PathBuf>,
}

impl Default for TransportSettings {
    /// Ten seconds cover a slow handshake around the world; three lost packets need seven.
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(10), extra_ca: None }
    }
}

/// Why no connection can be prepared.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The file with certificates cannot be read.
    #[error("cannot read the certificates to trust")]
    Read(#[source] io::Error),
    /// The file holds no certificate, or a broken one.
    #[error("{0} holds no certificate in PEM, or one that cannot be read")]
    Certificates(Utf8PathBuf),
    /// The TLS of this machine is of no use.
    #[error("cannot prepare TLS")]
    Tls(#[source] reqwest::Error),
}

impl SetupError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Read(_) => None,
            Self::Certificates(_) => Some("it takes text that begins with -----BEGIN CERTIFICATE-----"),
            Self::Tls(_) => Some("install the system's certificates, or name a file of them: target.ca_file"),
        }
    }
}

/// The world, by reqwest: rustls, HTTP/1.1 and 2, no redirects, the system's proxy unless the origin is this machine.
///
/// Certificates are verified, always: nothing here turns that off. TLS is 1.2 or later, and what begins encrypted stays
/// encrypted.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

impl ReqwestTransport {
    /// Prepares connections to an origin.
    ///
    /// # Errors
    /// When the file of certificates cannot be read or the system's TLS configuration is unusable.
    pub fn new(origin: &Origin, settings: &TransportSettings) -> Result<Self, SetupError> {
        let mut built = Self::builder(origin, settings)?.build();
        if built.is_err() && !origin.is_encrypted() {
            // A machine without any certificates can still speak to itself.
            built = Self::builder(origin, settings)?.tls_certs_only([]).build();
        }
        Ok(Self { client: built.map_err(SetupError::Tls)? })
    }

    fn builder(origin: &Origin, settings: &TransportSettings) -> Result<reqwest::ClientBuilder, SetupError> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .https_only(origin.is_encrypted())
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(Duration::from_secs(30));
        if origin.is_loopback() {
            builder = builder.no_proxy();
        }
        if let Some(path) = &settings.extra_ca {
            builder = builder.tls_certs_merge(read_certificates(path)?);
        }
        Ok(builder)
    }
}

fn read_certificates(path: &Utf8Path) -> Result<Vec<reqwest::Certificate>, SetupError> {
    let pem = fs_err::read(path).map_err(SetupError::Read)?;
    let broken = || SetupError::Certificates(path.to_owned());
    // What cannot be trusted is told by its file now, and not as a failure of all TLS later.
    let mut trusted = RootCertStore::empty();
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| broken())?;
        found.push(reqwest::Certificate::from_der(&certificate).map_err(|_| broken())?);
        trusted.add(certificate).map_err(|_| broken())?;
    }
    // A file without any would change nothing, and nobody would know why the server is not trusted.
    if found.is_empty() { Err(broken()) } else { Ok(found) }
}

impl Transport for ReqwestTransport {
    fn execute(&self, request: reqwest::Request) -> BoxFuture<'_, Result<reqwest::Response, TransportError>> {
        Box::pin(async move { self.client.execute(request).await.map_err(TransportError::classify) })
    }
}
