//! Carries out schedules of mishaps and deaths on all cores, as the tests do: `schedules [COUNT] [--from SEED]`, or one of
//! them with `--seed SEED`.

#![expect(clippy::print_stderr, reason = "this is all that it says")]

use std::{
    ops::Range,
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

#[path = "../tests/schedules/schedule/mod.rs"]
mod schedule;

use schedule::driver::{self, Sum};

/// As many as `.ci/run` carries out.
const USUAL: u64 = 20_000;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some(seeds) = seeds(&args) else {
        eprintln!("usage: schedules [COUNT] [--from SEED] [--seed SEED]");
        return ExitCode::FAILURE;
    };
    let pulse = Pulse::of(seeds.end - seeds.start);
    let sum = driver::carry_out_all(seeds, |sum| pulse.tell(sum));
    for broken in &sum.broken {
        eprintln!("seed {}: {}", broken.seed, broken.how);
    }
    eprintln!("trace {:016x}", sum.trace);
    eprintln!("{} in {}, {:.0} a second", told(&sum), clock(pulse.began.elapsed()), pulse.rate(&sum));
    if sum.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What was asked for; none where it cannot be understood.
fn seeds(args: &[String]) -> Option<Range<u64>> {
    let (mut count, mut from) = (USUAL, 0);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--from" => from = args.next()?.parse().ok()?,
            "--seed" => (from, count) = (args.next()?.parse().ok()?, 1),
            number => count = number.parse().ok()?,
        }
    }
    Some(from..from.checked_add(count)?)
}

fn told(sum: &Sum) -> String {
    let Sum { schedules, deaths, requests, mishaps, broken, .. } = sum;
    format!("{schedules} schedules, {deaths} deaths, {requests} requests, {mishaps} mishaps, {} broken", broken.len())
}

/// Hours, minutes and seconds.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Says now and then how far it is.
#[derive(Debug)]
struct Pulse {
    count: u64,
    began: Instant,
    told: Mutex<Instant>,
}

impl Pulse {
    const EVERY: Duration = Duration::from_secs(10);

    fn of(count: u64) -> Self {
        let began = Instant::now();
        Self { count, began, told: Mutex::new(began) }
    }

    /// Schedules a second.
    #[expect(clippy::cast_precision_loss, reason = "nobody counts them to the last one here")]
    fn rate(&self, sum: &Sum) -> f64 {
        sum.schedules as f64 / self.began.elapsed().as_secs_f64().max(0.001)
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody counts them to the last one here")]
    fn tell(&self, sum: &Sum) {
        let mut last = self.told.lock().expect("nobody panics with it");
        if last.elapsed() < Self::EVERY {
            return;
        }
        *last = Instant::now();
        let rate = self.rate(sum);
        let left = Duration::from_secs_f64(self.count.saturating_sub(sum.schedules) as f64 / rate.max(0.001));
        eprintln!("{} of {}, {rate:.0} a second, {} left", told(sum), self.count, clock(left));
    }
}
