//! A way to a server elsewhere: a proxy that takes CONNECT, and behind it a server of any name, with any certificate, that
//! hands everything on to a sandbox which speaks TLS.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::Sandbox;

/// A proxy, and the server behind it.
#[derive(Debug)]
pub(crate) struct Tunnel {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _runtime: tokio::runtime::Runtime,
}

/// What stands behind the proxy.
#[derive(Clone)]
struct Behind {
    acceptor: TlsAcceptor,
    sandbox: SocketAddr,
    connector: TlsConnector,
    /// The header that the proxy asks for; without it everybody may pass.
    password: Option<String>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Tunnel {
    /// Starts a proxy to a server that shows a certificate. `password` is the value of `Proxy-Authorization`.
    pub(crate) fn start(sandbox: &Sandbox, shown: Arc<ServerConfig>, password: Option<&str>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(sandbox.ca()).expect("a certificate")).expect("an authority");
        let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let behind = Behind {
            acceptor: TlsAcceptor::from(shown),
            sandbox: sandbox.url().trim_start_matches("https://").parse().expect("an address"),
            connector: TlsConnector::from(Arc::new(client)),
            password: password.map(str::to_owned),
            asked: Arc::clone(&asked),
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port of this machine");
        let address = listener.local_addr().expect("is bound");
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that goes away is no failure of the test.
                let behind = behind.clone();
                tokio::spawn(async move { behind.lead(stream).await.ok() });
            }
        });
        Self { address, asked, _runtime: runtime }
    }

    /// Where the proxy listens.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// The first lines of what the proxy was asked.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

impl Behind {
    async fn lead(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        self.asked.lock().expect("not poisoned").push(head.lines().next().unwrap_or_default().to_owned());
        let mut headers = head.lines().filter_map(|line| line.split_once(": "));
        let given = headers.find(|(name, _)| name.eq_ignore_ascii_case("proxy-authorization")).map(|(_, value)| value);
        if !head.starts_with("CONNECT ") || (self.password.is_some() && given != self.password.as_deref()) {
            let given = given.unwrap_or("nothing");
            let refusal = format!("HTTP/1.1 407 {given} is not enough\r\nProxy-Authenticate: Basic\r\n\r\n");
            return stream.write_all(refusal.as_bytes()).await;
        }
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        let mut shown = self.acceptor.accept(stream).await?;
        let upstream = TcpStream::connect(self.sandbox).await?;
        let name = ServerName::try_from("localhost").expect("a name");
        let mut upstream = self.connector.connect(name, upstream).await?;
        copy_bidirectional(&mut shown, &mut upstream).await.map(drop)
    }
}
