//! Tests of the sandbox through its router, and a few over a socket.

mod catalog;
mod client;
mod content;
mod control;
mod describe;
mod discovery;
mod graph;
mod hostile;
mod hub;
mod instances;
mod legacy;
mod lifecycle;
mod maven;
#[path = "../../../tests/contract/official/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the contract tests, whose folder it is, look at more of it")]
mod official;
mod page;
mod portal;
mod portal_docs;
mod publishing;
mod readings;
mod rights;
mod sharing;
mod sockets;
mod store;
mod tls;
