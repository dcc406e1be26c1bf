//! What a schedule is made of, and how many of them are carried out. `examples/schedules.rs` shares it with the tests.

mod block;
mod catalog;
pub(crate) mod driver;
mod life;
mod plan;
mod wire;
mod world;
