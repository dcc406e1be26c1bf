//! Connections that can be reset from within a request, plain or encrypted.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{body::Body, response::Response, serve::Listener};
use futures::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::greeting::greet;

/// How long a client may take to agree on encryption. A slow one needs a second; a silent one must not stay for ever.
const HANDSHAKE: Duration = Duration::from_secs(10);

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
pub(super) struct Socket {
    pub(super) listener: TcpListener,
    /// Encrypts them.
    pub(super) tls: Option<TlsAcceptor>,
}

impl Listener for Socket {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Small answers must not wait for the acknowledgement of the ones before.
        let _ = stream.set_nodelay(true);
        let stream = match &self.tls {
            // The handshake happens when the connection is first read, in the connection's own task.
            Some(tls) => Stream::Greeting(Box::pin(handshake(tls.clone(), stream))),
            None => Stream::Plain(stream),
        };
        (Connection { stream, wire: Wire(Arc::default()) }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends in a reset once its wire is cut.
pub(super) struct Connection {
    stream: Stream,
    wire: Wire,
}

/// A handshake that goes on, until it has taken too long.
type Handshake = BoxFuture<'static, io::Result<TlsStream<TcpStream>>>;

/// What carries the bytes.
enum Stream {
    Plain(TcpStream),
    /// The two sides agree on encryption.
    Greeting(Handshake),
    Encrypted(Box<TlsStream<TcpStream>>),
    /// The two sides did not agree.
    Refused,
}

async fn handshake(tls: TlsAcceptor, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    timeout(HANDSHAKE, greet(tls, stream)).await.map_err(io::Error::from)?
}

/// What can be read and written.
trait Duplex: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

impl Connection {
    /// The handle by which a request resets it.
    pub(super) fn wire(&self) -> Wire {
        self.wire.clone()
    }

    /// What is read and written, once the two sides agree on encryption where there is to be any.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Pin<&mut dyn Duplex>>> {
        if self.wire.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if let Stream::Greeting(greeting) = &mut self.stream {
            let agreed = ready!(greeting.as_mut().poll(cx));
            // A handshake that has ended must not be asked again.
            self.stream = Stream::Refused;
            self.stream = Stream::Encrypted(Box::new(agreed?));
        }
        Poll::Ready(match &mut self.stream {
            Stream::Plain(stream) => Ok(Pin::new(stream)),
            Stream::Encrypted(stream) => Ok(Pin::new(stream.as_mut())),
            Stream::Greeting(_) | Stream::Refused => Err(io::ErrorKind::NotConnected.into()),
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if !self.wire.is_cut() {
            return;
        }
        let stream = match &self.stream {
            Stream::Plain(stream) => stream,
            Stream::Encrypted(stream) => stream.get_ref().0,
            Stream::Greeting(_) | Stream::Refused => return,
        };
        // Closing with no time to linger sends a reset instead of an orderly end.
        let _ = stream.set_zero_linger();
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        matches!(self.stream, Stream::Plain(_))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // An orderly end would reach the peer before the reset.
        ready!(self.poll_open(cx))?.poll_shutdown(cx)
    }
}
