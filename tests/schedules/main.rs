//! Engine, client, journal and sandbox in one process, without sockets, on a paused clock: whatever happens on the wire,
//! whenever a process dies and however its clock jumps, one run in calm weather ends with everything done once.
//!
//! A schedule is a seed: it decides the catalog, the pace, every mishap on the wire, and the instants of death, which lie
//! before and after any write to the journal and any request. The same seed is the same schedule, request by request.

mod schedule;

use schedule::driver;

/// How many schedules every `cargo test` carries out; `CONSIGN_SCHEDULES` names another number, and `.ci/run` asks for
/// 20,000. `cargo run --release --example schedules -- 1000000` carries out a million.
const SCHEDULES: u64 = 2_000;

fn wanted() -> u64 {
    std::env::var("CONSIGN_SCHEDULES").map_or(SCHEDULES, |number| number.parse().expect("a number"))
}

#[test]
fn the_same_seed_is_the_same_schedule_request_by_request() {
    let trace = || {
        let sum = driver::carry_out_all(1_000..1_100, |_| ());
        assert!(sum.broken.is_empty(), "{sum:?}");
        sum.trace
    };
    assert_eq!(trace(), trace());
}

#[test]
fn whatever_happens_on_the_wire_and_whenever_processes_die_everything_is_done_once() {
    let wanted = wanted();
    let sum = driver::carry_out_all(0..wanted, |_| ());
    for broken in &sum.broken {
        eprintln!("{}\n    again: cargo run --example schedules -- --seed {}\n", broken.how, broken.seed);
    }
    let seeds: Vec<u64> = sum.broken.iter().map(|broken| broken.seed).collect();
    assert!(seeds.is_empty(), "broken by seeds {seeds:?}");
    assert_eq!(sum.schedules, wanted);
    assert!(sum.deaths > wanted / 4 && sum.mishaps > wanted, "too little happened: {sum:?}");
}
