//! Tests of the sandbox through its router, and a few over a socket.

mod client;
mod control;
mod discovery;
mod hub;
mod lifecycle;
mod portal;
mod portal_docs;
mod publishing;
mod sockets;
mod store;
