//! Tests of the sandbox through its router, and a few over a socket.

mod client;
mod control;
mod discovery;
mod hostile;
mod lifecycle;
mod page;
mod publishing;
mod rights;
mod sockets;
mod store;
