//! Tests of the sandbox through its router, and a few over a socket.

mod client;
mod control;
mod describe;
mod discovery;
mod graph;
mod hostile;
mod hub;
mod legacy;
mod lifecycle;
mod maven;
mod page;
mod portal;
mod portal_docs;
mod publishing;
mod rights;
mod sockets;
mod store;
mod tls;
