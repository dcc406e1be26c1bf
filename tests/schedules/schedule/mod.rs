//! What a schedule is made of, and how many of them are carried out. `examples/schedules.rs` shares it with the tests.

mod assets;
mod block;
mod catalog;
pub(crate) mod driver;
mod events;
mod life;
mod plan;
mod portal;
mod secrets;
mod server;
mod visit;
mod wire;
mod world;
