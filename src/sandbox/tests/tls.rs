use std::{io, net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::super::{FaultKind, Faults, Running, Sandbox, Settings, serve_tls};

async fn start(settings: Settings) -> (Sandbox, Running) {
    let sandbox = Sandbox::open(settings).expect("opens");
    let running = serve_tls(sandbox.clone(), "127.0.0.1:0".parse().expect("an address")).await.expect("listens");
    (sandbox, running)
}

async fn connect(running: &Running, name: &'static str) -> io::Result<TlsStream<TcpStream>> {
    encrypt(running, name, TcpStream::connect(running.address).await?).await
}

/// Shakes hands as a client that trusts nobody but the authority of the sandbox.
async fn encrypt(running: &Running, name: &'static str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let authority = CertificateDer::from_pem_file(running.ca.as_deref().expect("is named")).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(authority).expect("is an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).expect("a name"), stream).await
}

async fn call(running: &Running, name: &'static str, request: &str) -> io::Result<String> {
    let mut stream = connect(running, name).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

const STATS: &str = "GET /_sandbox/stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn whoever_trusts_its_authority_is_served_by_every_name_of_this_machine() {
    let (sandbox, running) = start(Settings::default()).await;
    let line = running.ready_line(&sandbox);
    assert_eq!(line["url"], format!("https://{}", running.address));
    assert!(line["ca"].as_str().is_some_and(|path| path.ends_with("ca.pem")), "{line}");
    for name in ["localhost", "127.0.0.1", "::1"] {
        let answer = call(&running, name, STATS).await.expect("answers");
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{name}: {answer}");
    }
    assert!(call(&running, "example.org", STATS).await.is_err(), "a name that is not its own");
    running.stop().await;
}

#[tokio::test]
async fn the_port_is_a_proxy_that_leads_to_itself() {
    let (_sandbox, running) = start(Settings::default()).await;
    let mut stream = TcpStream::connect(running.address).await.expect("connects");
    stream.write_all(b"CONNECT eu1.anypoint.mulesoft.com:443 HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("is sent");
    let mut answer = [0; 39];
    stream.read_exact(&mut answer).await.expect("answers");
    assert_eq!(&answer, b"HTTP/1.1 200 Connection established\r\n\r\n");
    let mut stream = encrypt(&running, "eu1.anypoint.mulesoft.com", stream).await.expect("agrees");
    stream.write_all(STATS.as_bytes()).await.expect("is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answers");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn links_lead_back_over_https() {
    let (sandbox, running) = start(Settings::default()).await;
    let organization = &sandbox.credentials().organization;
    let form = "--b\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nhttp-api\r\n\
                --b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nOrders\r\n\
                --b\r\nContent-Disposition: form-data; name=\"properties.apiVersion\"\r\n\r\nv1\r\n--b--\r\n";
    let request = format!(
        "POST /exchange/api/v2/organizations/{organization}/assets/{organization}/orders/1.0.0 HTTP/1.1\r\n\
         Host: exchange.test:1\r\nAuthorization: Bearer {}\r\nContent-Type: multipart/form-data; boundary=b\r\n\
         Content-Length: {}\r\n\r\n{form}",
        sandbox.credentials().token,
        form.len()
    );
    let answer = call(&running, "localhost", &request).await.expect("answers");
    assert!(answer.contains("\"https://exchange.test:1/exchange/api/v2/"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn a_reset_is_a_reset_under_tls_too() {
    for kind in [FaultKind::Reset, FaultKind::LostReply] {
        let faults = Faults::default().with(kind, 1.0).expect("a probability");
        let (_sandbox, running) = start(Settings { faults, ..Settings::default() }).await;
        let answer = call(&running, "localhost", "GET /accounts/api/me HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert_eq!(answer.expect_err("no answer").kind(), io::ErrorKind::ConnectionReset, "{kind:?}");
        let stats = call(&running, "localhost", STATS).await.expect("answers");
        assert!(stats.contains(&format!("\"{}\":1", kind.as_str())), "{stats}");
        running.stop().await;
    }
}

#[tokio::test]
async fn whoever_is_silent_or_speaks_another_language_keeps_nobody_waiting() {
    let (_sandbox, running) = start(Settings::default()).await;
    let address: SocketAddr = running.address;
    let mut silent = TcpStream::connect(address).await.expect("connects");
    let mut plain = TcpStream::connect(address).await.expect("connects");
    plain.write_all(STATS.as_bytes()).await.expect("is sent");
    assert!(call(&running, "localhost", STATS).await.is_ok());
    let mut rest = Vec::new();
    // An alert, then the end.
    plain.read_to_end(&mut rest).await.ok();
    assert!(!rest.starts_with(b"HTTP"), "{rest:?}");
    // With nothing else to do, a paused clock leaps to the end of the silent one's time.
    tokio::time::pause();
    assert_eq!(silent.read_to_end(&mut rest).await.ok(), Some(0), "the connection is closed");
    tokio::time::resume();
    running.stop().await;
}

#[tokio::test]
async fn the_authority_survives_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = camino::Utf8PathBuf::try_from(directory.path().to_owned()).expect("utf-8");
    let authority = async || {
        let (_sandbox, running) = start(Settings { data: Some(data.clone()), ..Settings::default() }).await;
        let path = running.ca.clone().expect("is named");
        running.stop().await;
        fs_err::read(path).expect("is there")
    };
    assert_eq!(authority().await, authority().await);
}
