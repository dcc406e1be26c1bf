//! Requests that mean harm, over a real socket: none of them keeps the sandbox from answering the next one.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    super::{Running, Sandbox, Settings, serve},
    client::{Part, client, form},
};

/// Long enough for a busy machine; nothing here takes as long.
const LONG: Duration = Duration::from_secs(20);

async fn start() -> (Running, Sandbox) {
    let settings = Settings { patience: Duration::from_millis(300), ..Settings::default() };
    let sandbox = Sandbox::open(settings).expect("opens");
    (serve(sandbox.clone(), ([127, 0, 0, 1], 0).into()).await.expect("listens"), sandbox)
}

/// Sends bytes, and reads what comes until the connection ends.
async fn say(running: &Running, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(running.address).await.expect("connects");
    // The server may hang up before it has read everything.
    let _ = socket.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = timeout(LONG, socket.read_to_end(&mut answer)).await.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn assert_alive(running: &Running) {
    let answer = say(running, b"GET /_sandbox/stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn headers_that_are_too_large_or_too_many_are_refused() {
    let (running, _) = start().await;
    let large = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Large: {}\r\n\r\n", "x".repeat(2_000_000));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-Many: x\r\n".repeat(10_000));
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(2_000_000));
    for request in [large, many, long] {
        let answer = say(&running, request.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
        assert_alive(&running).await;
    }
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let (running, _) = start().await;
    for request in
        [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"]
    {
        let mut answer = say(&running, request).await;
        answer.truncate(12);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_alive(&running).await;
}

#[tokio::test]
async fn a_sender_that_falls_silent_is_hung_up_on() {
    let (running, sandbox) = start().await;
    let path =
        format!("/exchange/api/v2/organizations/{org}/assets/{org}/a/1.0.0", org = sandbox.credentials().organization);
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Type: multipart/form-data; \
         boundary=x\r\nContent-Length: 1000\r\n\r\n--x\r\n",
        sandbox.credentials().token
    );
    let answer = say(&running, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "the body broke off: {answer}");
    let unfinished = say(&running, b"GET / HTTP/1.1\r\nHost:").await;
    assert!(unfinished.is_empty() || unfinished.starts_with("HTTP/1.1 408"), "{unfinished}");
    assert_alive(&running).await;
}

#[tokio::test]
async fn many_silent_connections_are_in_nobodys_way() {
    let (running, _) = start().await;
    let mut silent = Vec::new();
    for number in 0..100 {
        let mut socket = TcpStream::connect(running.address).await.expect("connects");
        if number % 2 == 0 {
            socket
                .write_all(b"POST /accounts/login HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
                .await
                .expect("writes");
        }
        silent.push(socket);
    }
    assert_alive(&running).await;
}

#[tokio::test]
async fn a_connection_that_is_closed_on_one_side_is_answered_and_let_go() {
    let (running, _) = start().await;
    let mut socket = TcpStream::connect(running.address).await.expect("connects");
    socket.write_all(b"GET /_sandbox/stats HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("writes");
    socket.shutdown().await.expect("closes its side");
    let mut answer = String::new();
    timeout(LONG, socket.read_to_string(&mut answer)).await.expect("the connection ends").expect("reads");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_alive(&running).await;
}

#[tokio::test]
async fn a_form_is_bounded_as_a_whole_and_not_only_part_by_part() {
    let client = client(Settings { max_file: 1000, max_jar: 2000, ..Settings::default() });
    let file = vec![b'x'; 900];
    let files: Vec<String> = (0..40).map(|number| format!("files.custom{number}.txt")).collect();
    let mut parts: Vec<Part<'_>> = vec![("name", b"A"), ("type", b"custom")];
    parts.extend(files.iter().map(|name| (name.as_str(), file.as_slice())));
    assert_eq!(client.publish_sync("a/1.0.0", &parts).await.code(), 413);
    let text = vec![b'x'; 200_000];
    let names: Vec<String> = (0..40).map(|number| format!("properties.p{number}")).collect();
    let parts: Vec<Part<'_>> = names.iter().map(|name| (name.as_str(), text.as_slice())).collect();
    assert!(form(&parts).len() > 4 * 1024 * 1024);
    assert_eq!(client.publish_sync("a/1.0.0", &parts).await.code(), 413);
    let name = format!("properties.{}", "p".repeat(2000));
    let parts: Vec<Part<'_>> = vec![("name", b"A"), ("type", b"custom"), (&name, b"x")];
    assert_eq!(client.publish_sync("a/1.0.0", &parts).await.code(), 400);
}
