//! Carries out schedules of mishaps and deaths, as the tests do: `schedules [COUNT] [--from SEED]`, or one of them with
//! `--seed SEED`.

#![expect(clippy::print_stderr, reason = "this is all that it says")]

use std::{process::ExitCode, time::Instant};

#[path = "../tests/schedules/block.rs"]
mod block;
#[path = "../tests/schedules/catalog.rs"]
mod catalog;
#[path = "../tests/schedules/driver.rs"]
mod driver;
#[path = "../tests/schedules/life.rs"]
mod life;
#[path = "../tests/schedules/plan.rs"]
mod plan;
#[path = "../tests/schedules/wire.rs"]
mod wire;
#[path = "../tests/schedules/world.rs"]
mod world;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let after = |flag: &str| {
        let at = args.iter().position(|arg| arg == flag)?;
        args.get(at + 1)?.parse::<u64>().ok()
    };
    let count = args.first().and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let from = after("--from").unwrap_or(0);
    let seeds = after("--seed").map_or(from..from + count, |seed| seed..seed + 1);
    let started = Instant::now();
    let sum = driver::carry_out_all(seeds);
    for broken in &sum.broken {
        eprintln!("seed {}: {}", broken.seed, broken.how);
    }
    eprintln!("trace {:016x}", sum.trace);
    eprintln!(
        "{} schedules, {} deaths, {} requests, {} mishaps, {} broken, {:.1} s",
        sum.schedules,
        sum.deaths,
        sum.requests,
        sum.mishaps,
        sum.broken.len(),
        started.elapsed().as_secs_f64()
    );
    if sum.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
