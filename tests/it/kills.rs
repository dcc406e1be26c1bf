//! `kill -9` at any instant, hundreds of times: of the command, of the server, of both. After the next run every item is
//! in its final state once, the server holds exactly what the job says, and the run after that sends no write.
//!
//! The suite kills a couple of dozen times. As often as anybody likes:
//!
//! ```text
//! CONSIGN_KILLS=500 CONSIGN_SEED=7 cargo test --test it -- --ignored --nocapture kills
//! ```
//!
//! A seed repeats what is killed when, as far as the clock of a machine repeats anything; a test that fails prints it.

mod shelf;
mod world;

use std::time::{Duration, Instant};

use world::{Phase, World};

/// A small generator of numbers, so that a failure can be repeated.
#[derive(Debug)]
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: u64) -> u64 {
        // Numerical Recipes' constants; the high bits are good enough to choose instants.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }

    fn micros(&mut self, below: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(below.as_micros()).expect("a short time")))
    }
}

/// How long a run of a phase takes that nobody disturbs, and how many lines it prints.
#[derive(Debug, Clone, Copy)]
struct Length {
    time: Duration,
    lines: usize,
}

/// What was done so far, told when it is over, and when it fails.
#[derive(Debug)]
struct Tale {
    seed: u64,
    cycles: u32,
    commands: u32,
    servers: u32,
    faults: u64,
}

impl Tale {
    fn of(seed: u64) -> Self {
        Self { seed, cycles: 0, commands: 0, servers: 0, faults: 0 }
    }
}

impl Drop for Tale {
    #[expect(clippy::print_stderr, reason = "the numbers are a result")]
    fn drop(&mut self) {
        let Self { seed, cycles, commands, servers, faults } = self;
        let told = format!(
            "CONSIGN_SEED={seed}: killed the command {commands} times and the server {servers} times in {cycles} \
             cycles; {faults} faults struck"
        );
        eprintln!("{}{told}", if std::thread::panicking() { "failed with " } else { "" });
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// The seed of a test in the suite stays the same; on demand it is a new one each time, unless it is given.
fn drawn_seed() -> u64 {
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |since| since.as_secs());
    number("CONSIGN_SEED").unwrap_or_else(now)
}

/// Kills commands until so many of them died, in worlds of their own.
fn kill_commands(seed: u64, wanted: u32) {
    let mut tale = Tale::of(seed);
    let mut seeded = Seeded(seed);
    let mut calm = World::new(0, seed);
    let lengths = Phase::ALL.map(|phase| calm.measure(phase));
    // Runs that end before their instant are no kills; a machine where all do is a failure.
    while tale.commands < wanted {
        assert!(tale.cycles < wanted, "hardly any run lives to be killed: {lengths:?}");
        tale.cycles += 1;
        let mut world = World::new(tale.cycles, seeded.below(1 << 30));
        for (phase, length) in Phase::ALL.into_iter().zip(lengths) {
            world.begin(phase);
            for _ in 0..6 {
                tale.commands += u32::from(killed(&world, phase, length, &mut seeded));
            }
            world.settle(phase);
            if tale.commands >= wanted {
                break;
            }
        }
        tale.faults += world.faults;
    }
}

/// Starts the command and kills it at an instant that is drawn: half of them by the clock, half of them a moment after it
/// has told of an event, which is when something was written. Returns whether it was still alive.
fn killed(world: &World, phase: Phase, length: Length, seeded: &mut Seeded) -> bool {
    // Later runs of a phase have less to do; early instants leave something to the next one.
    let by_clock = seeded.below(2) == 0;
    let (time, line, moment) = (
        seeded.micros(length.time.mul_f64(0.6)),
        1 + usize::try_from(seeded.below(length.lines as u64 / 2)).expect("a few lines"),
        seeded.micros(Duration::from_millis(4)),
    );
    let started = Instant::now();
    let mut run = world.run(phase).start();
    if by_clock {
        std::thread::sleep(time.saturating_sub(started.elapsed()));
    } else {
        // Polled more often than events come.
        while run.lines() < line && started.elapsed() < length.time && run.is_running() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(moment);
    }
    let alive = run.is_running();
    run.kill();
    alive
}

/// Kills the server under runs, and has it come back on the same port; now and then the command dies with it.
fn kill_servers(seed: u64, wanted: u32) {
    let mut tale = Tale::of(seed);
    let mut seeded = Seeded(seed);
    let mut calm = World::new(0, seed);
    let lengths = Phase::ALL.map(|phase| calm.measure(phase));
    while tale.servers < wanted {
        assert!(tale.cycles < wanted, "hardly any run lives to see its server killed: {lengths:?}");
        tale.cycles += 1;
        let mut world = World::new(tale.cycles, seeded.below(1 << 30));
        for (phase, length) in Phase::ALL.into_iter().zip(lengths) {
            world.begin(phase);
            for _ in 0..2 {
                let mut run = world.run(phase).start();
                for _ in 0..2 {
                    std::thread::sleep(seeded.micros(length.time.mul_f64(0.7)));
                    if !run.is_running() {
                        break;
                    }
                    world.restart_server(seeded.micros(Duration::from_millis(300)));
                    tale.servers += 1;
                }
                if seeded.below(2) == 0 && run.is_running() {
                    run.kill();
                    tale.commands += 1;
                } else {
                    // Whatever it ended with: what it could not do is for the last run.
                    run.wait();
                }
            }
            world.settle(phase);
            if tale.servers >= wanted {
                break;
            }
        }
        tale.faults += world.faults;
    }
}

#[test]
fn two_dozen_kills_of_the_command_lose_and_double_nothing() {
    kill_commands(5, 14);
}

#[test]
fn ten_kills_of_the_server_lose_and_double_nothing() {
    kill_servers(5, 6);
}

#[test]
#[ignore = "takes minutes: hundreds of kills, on demand"]
fn hundreds_of_kills_of_the_command_lose_and_double_nothing() {
    kill_commands(drawn_seed(), number("CONSIGN_KILLS").map_or(300, |kills| kills.try_into().expect("not that many")));
}

#[test]
#[ignore = "takes minutes: hundreds of kills, on demand"]
fn hundreds_of_kills_of_the_server_lose_and_double_nothing() {
    kill_servers(drawn_seed(), number("CONSIGN_KILLS").map_or(300, |kills| kills.try_into().expect("not that many")));
}
