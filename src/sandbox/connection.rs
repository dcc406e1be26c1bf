//! Connections that can be reset from within a request.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::connect_info::Connected,
    response::Response,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// Marks an answer that stands for a connection that was reset.
///
/// Over a socket nobody sees it: the connection is reset. A transport that calls the router in process finds it in the
/// extensions of the answer and must report a broken connection; reading the body fails as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset;

/// The error that the body of such an answer ends in.
#[derive(Debug, thiserror::Error)]
#[error("connection reset by the sandbox")]
pub(super) struct ConnectionReset;

/// The handle by which a request resets its connection.
#[derive(Debug, Clone)]
pub(super) struct Wire(Arc<AtomicBool>);

impl Wire {
    fn is_cut(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The answer that resets the connection.
pub(super) fn reset(wire: Option<&Wire>) -> Response {
    if let Some(wire) = wire {
        wire.0.store(true, Ordering::Relaxed);
    }
    let mut response =
        Response::new(Body::from_stream(futures::stream::iter([Err::<bytes::Bytes, _>(ConnectionReset)])));
    response.extensions_mut().insert(Reset);
    response
}

/// Accepts connections that can be reset.
#[derive(Debug)]
pub(super) struct Socket(pub(super) TcpListener);

impl Listener for Socket {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Small answers must not wait for the acknowledgement of the ones before.
        let _ = stream.set_nodelay(true);
        (Connection { stream, wire: Wire(Arc::default()) }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Socket>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Socket>) -> Self {
        stream.io().wire.clone()
    }
}

/// A connection that ends in a reset once its wire is cut.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    wire: Wire,
}

impl Connection {
    fn check(&self) -> io::Result<()> {
        if self.wire.is_cut() { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.wire.is_cut() {
            // Closing with no time to linger sends a reset instead of an orderly end.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // An orderly end would reach the peer before the reset.
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
