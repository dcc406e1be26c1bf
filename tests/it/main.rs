//! The promises of consign, kept by the real command: every test starts the binary, most of them against a sandbox in a
//! process of its own. One module per promise.
//!
//! Nothing here measures time. Everything a test writes is in a temporary folder of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod support;

mod access;
mod applications;
mod command_line;
mod conflicts;
mod credentials;
mod damaged_storage;
mod definitions;
mod describe;
mod documentation;
mod encrypted;
mod export;
mod fuzzed;
mod hostile;
mod hub;
mod increments;
mod journal;
mod kills;
mod migrate;
mod nightly;
mod nothing_twice_nothing_lost;
mod official_clients;
mod one_at_a_time;
mod order;
mod pace;
mod portal;
mod preflight;
mod quick_start;
mod remap;
mod reports;
mod secrets;
mod sources;
mod stopping;
mod streams;
mod supply_chain;
mod types;
mod undo;
mod verify;
mod waves;
