use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::super::{FaultKind, Faults, Sandbox, Settings, serve};

/// Sends a request and reads the answer to its end.
async fn call(address: std::net::SocketAddr, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn it_listens_where_it_is_told_and_stops_when_it_is_told() {
    let sandbox = Sandbox::open(Settings::default()).expect("opens");
    let running = serve(sandbox.clone(), "127.0.0.1:0".parse().expect("an address")).await.expect("listens");
    let address = running.address;
    let token = sandbox.credentials().token.clone();
    assert_eq!(running.ready_line(&sandbox)["url"], format!("http://{address}"));
    let request = format!(
        "GET /exchange/api/v2/assets HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n"
    );
    let answer = call(address, &request).await.expect("answers");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("[]"), "{answer}");
    let idle = TcpStream::connect(address).await.expect("connects");
    running.stop().await;
    drop(idle);
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_reset_reaches_the_client_as_a_reset() {
    for kind in [FaultKind::Reset, FaultKind::LostReply] {
        let faults = Faults::default().with(kind, 1.0).expect("a probability");
        let sandbox = Sandbox::open(Settings { faults, ..Settings::default() }).expect("opens");
        let running = serve(sandbox.clone(), "127.0.0.1:0".parse().expect("an address")).await.expect("listens");
        let answer = call(running.address, "GET /accounts/api/me HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert_eq!(answer.expect_err("no answer").kind(), io::ErrorKind::ConnectionReset, "{kind:?}");
        let stats = call(running.address, "GET /_sandbox/stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        assert!(stats.expect("answers").contains(&format!("\"{}\":1", kind.as_str())));
        running.stop().await;
    }
}
