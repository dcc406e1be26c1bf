//! What only a real socket shows: lengths on the wire, broken connections, closed ports.

use std::{io, sync::Arc, time::Duration};

use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
use http::Method;
use reqwest::multipart::{Form, Part};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

fn client(origin: &str) -> Client {
    let origin: Origin = origin.parse().expect("parses");
    let transport = ReqwestTransport::new(&origin, &TransportSettings::default()).expect("is built");
    Client::new(ClientSettings {
        origin,
        transport: Arc::new(transport),
        credentials: None,
        pace: PaceSettings::default(),
        retry: RetrySettings { tries: 1, ..RetrySettings::default() },
        user_agent: "consign-test".to_owned(),
    })
}

/// A form with a streamed part of `length` bytes, of which the last is missing where `broken`.
fn form(length: u64, broken: bool) -> Body {
    let factory: FormFactory = Arc::new(move || {
        Box::pin(async move {
            let whole = usize::try_from(length).expect("fits");
            let mut pieces = vec![Ok(Bytes::from(vec![b'x'; whole - 1]))];
            pieces.push(if broken { Err(UploadError::new("changed").into_io()) } else { Ok(Bytes::from_static(b"x")) });
            let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
            Ok(Form::new().text("name", "n").part("files.oas.zip", Part::stream_with_length(body, length)))
        })
    });
    Body::Multipart { form: factory, length }
}

async fn serve() -> String {
    let app = Router::new()
        .route(
            "/",
            post(|headers: HeaderMap, body: Bytes| async move {
                let length = headers.get("content-length").and_then(|l| l.to_str().ok()?.parse::<usize>().ok());
                let chunked = headers.contains_key("transfer-encoding");
                format!("{}", length == Some(body.len()) && !chunked)
            }),
        )
        .layer(axum::extract::DefaultBodyLimit::max(1 << 24));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_streamed_form_has_a_length_and_is_not_chunked() {
    let client = client(&serve().await);
    let reply = client.call(Call::new(Method::POST, "/").body(form(3 << 20, false))).await.expect("arrives");
    assert_eq!(&reply.body[..], b"true");
    assert!(client.counters().bytes_sent > 3 << 20);
    let json = Body::Json(serde_json::Value::String("x".repeat(1 << 20)));
    let reply = client.call(Call::new(Method::POST, "/").body(json)).await.expect("arrives");
    assert_eq!(&reply.body[..], b"true");
}

#[tokio::test]
async fn a_body_that_breaks_is_our_own_failure_and_final() {
    let client = client(&serve().await);
    let error = client.call(Call::new(Method::POST, "/").body(form(100_000, true))).await.expect_err("breaks");
    let CallError::Transport { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!((source.kind, error.disposition()), (TransportKind::Body, Disposition::Final), "{error:?}");
}

#[tokio::test]
async fn a_closed_port_was_never_reached() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        listener.local_addr().expect("has an address").port()
    };
    let error = client(&format!("http://127.0.0.1:{port}")).call(Call::get("/")).await.expect_err("is closed");
    let CallError::Transport { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!((source.kind, source.sent), (TransportKind::Connect, false));
    assert_eq!(error.disposition(), Disposition::Again { after: None });
}

/// Accepts one connection, reads what comes, answers with `answer` and hangs up.
async fn hang_up(answer: &'static [u8]) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await?;
        let _ = socket.read(&mut [0; 1024]).await?;
        socket.write_all(answer).await?;
        socket.shutdown().await
    });
    Ok(format!("http://{address}"))
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_doubt() {
    let answers: [&[u8]; 3] = [b"", b"HTTP/1.1 201 Crea", b"HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\n{\"a\""];
    for answer in answers {
        let client = client(&hang_up(answer).await.expect("listens"));
        let call = Call::new(Method::POST, "/").body(Body::Json(serde_json::json!({})));
        let error = client.call(call).await.expect_err("breaks");
        let CallError::Transport { source, .. } = &error else { panic!("{error:?}") };
        assert_eq!((source.kind, source.sent), (TransportKind::Reset, true), "{error:?}");
        assert_eq!(error.disposition(), Disposition::Doubt { after: None });
    }
}

#[tokio::test]
async fn plain_text_instead_of_tls_is_a_tls_failure() {
    let plain = hang_up(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("listens");
    let error = client(&plain.replace("http://", "https://")).call(Call::get("/")).await.expect_err("is not TLS");
    let CallError::Transport { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!((source.kind, error.disposition()), (TransportKind::Tls, Disposition::Final), "{error:?}");
}

#[tokio::test]
async fn a_service_in_process_is_a_server_and_can_break_off() {
    #[derive(Clone)]
    struct Reset;
    let app = Router::new()
        .route(
            "/ok",
            post(|headers: HeaderMap, body: Bytes| async move { format!("{} {:?}", body.len(), headers["host"]) }),
        )
        .route("/reset", post(|| async { (axum::Extension(Reset), "lost") }));
    let client = Client::new(ClientSettings {
        origin: "http://127.0.0.1:1".parse().expect("parses"),
        transport: Arc::new(InProcessTransport::new(app, |extensions| extensions.get::<Reset>().is_some())),
        credentials: None,
        pace: PaceSettings::default(),
        retry: RetrySettings { tries: 1, max_elapsed: Duration::ZERO, ..RetrySettings::default() },
        user_agent: "consign-test".to_owned(),
    });
    let body = Body::Bytes { content_type: "text/plain".to_owned(), content: Bytes::from_static(b"12345") };
    let reply = client.call(Call::new(Method::POST, "/ok").body(body)).await.expect("answers");
    assert_eq!(&reply.body[..], b"5 \"127.0.0.1:1\"");
    let error = client.call(Call::new(Method::POST, "/reset")).await.expect_err("breaks off");
    assert_eq!(error.disposition(), Disposition::Doubt { after: None });
}
