//! How a connection becomes an encrypted one.
//!
//! The port is its own proxy: whoever asks it for a tunnel, to whatever host, talks to the sandbox at the other end. An
//! official client that insists on the names of the platform is sent here by its proxy variables, and the certificate
//! bears those names.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// The most bytes of a request for a tunnel.
const MOST: usize = 8 * 1024;

/// Agrees on encryption, in a tunnel where one is asked for.
pub(super) async fn greet(tls: TlsAcceptor, mut stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    // TLS begins with a byte that is no letter.
    if first == [b'C'] {
        open_tunnel(&mut stream).await?;
    }
    tls.accept(stream).await
}

async fn open_tunnel(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::with_capacity(512);
    // Nobody speaks into a tunnel before it is open, so nothing is read that lies behind the head.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MOST || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    if !head.starts_with(b"CONNECT ") {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await?;
        return Err(io::ErrorKind::InvalidData.into());
    }
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await
}
