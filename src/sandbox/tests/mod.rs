//! Tests of the sandbox through its router, and a few over a socket.

mod client;
mod control;
mod discovery;
mod graph;
mod legacy;
mod lifecycle;
mod maven;
mod publishing;
mod sockets;
mod store;
