//! Tests of the sandbox through its router, and a few over a socket.

mod client;
mod content;
mod control;
mod discovery;
mod instances;
mod lifecycle;
mod publishing;
mod readings;
mod sharing;
mod sockets;
mod store;
