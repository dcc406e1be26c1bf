//! What a seed stands for: a catalog, a pace, the weather on the wire, and when processes die.

use std::time::Duration;

use fastrand::Rng;

use super::wire::Mishap;

/// All that is decided before a schedule begins.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) catalog: usize,
    /// One for each process that dies: the instant of its death.
    pub(crate) deaths: Vec<u64>,
    /// How far the clock of this machine has moved before each process, in milliseconds.
    pub(crate) jumps: Vec<i64>,
    pub(crate) requests_per_second: Option<f64>,
    pub(crate) concurrency: usize,
    /// Whether a token is given, rather than fetched.
    pub(crate) is_bearer: bool,
    pub(crate) weather: Weather,
}

/// What happens to requests.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    random: Rng,
    /// How many of a thousand requests have a mishap.
    per_mille: u32,
    /// The mishaps there are; empty: all.
    kinds: Vec<Mishap>,
}

impl Default for Weather {
    fn default() -> Self {
        Self { random: Rng::with_seed(0), per_mille: 0, kinds: Vec::new() }
    }
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

impl Plan {
    /// The plan of a seed.
    pub(crate) fn of(seed: u64, catalogs: usize) -> Self {
        let mut random = Rng::with_seed(seed);
        let catalog = random.usize(..catalogs);
        // Deaths are dense at the beginning, where most happens, and reach behind the end of most runs.
        let deaths = (0..random.usize(..4)).map(|_| 1 + random.u64(..8) * random.u64(..24)).collect::<Vec<_>>();
        let jumps = (0..=deaths.len() + 1)
            .map(|_| match random.u32(..10) {
                0 => -DAY,
                1 => -HOUR,
                2 => DAY,
                3 => HOUR,
                4 => MINUTE,
                _ => 0,
            })
            .collect();
        Self {
            catalog,
            deaths,
            jumps,
            requests_per_second: [None, Some(2.0), Some(10.0), Some(100.0)][random.usize(..4)],
            concurrency: [1, 2, 4, 8][random.usize(..4)],
            is_bearer: random.bool(),
            weather: Weather::draw(&mut random),
        }
    }
}

impl Weather {
    fn draw(random: &mut Rng) -> Self {
        let per_mille = [0, 20, 80, 200, 400][random.usize(..5)];
        // All kinds at once, or a few of them often: each hides what the other shows.
        let few = 1 + random.usize(..3);
        let is_mixed = random.bool();
        let kinds = if is_mixed {
            Vec::new()
        } else {
            (0..few).map(|_| Mishap::ALL[random.usize(..Mishap::ALL.len())]).collect()
        };
        Self { random: random.fork(), per_mille, kinds }
    }

    /// What happens to a request.
    pub(crate) fn mishap(&mut self, path: &str, is_signed: bool) -> Option<Mishap> {
        if self.random.u32(..1000) >= self.per_mille {
            return None;
        }
        let kinds: &[Mishap] = if self.kinds.is_empty() { &Mishap::ALL } else { &self.kinds };
        let mishap = kinds[self.random.usize(..kinds.len())];
        match mishap {
            // Only what is signed can be refused for its signature, only a status can be missing for a while.
            Mishap::Unauthorized if !is_signed => None,
            Mishap::NotYet if !path.contains("/publication/status/") => None,
            mishap => Some(mishap),
        }
    }

    /// How long a request is on its way.
    pub(crate) fn delay(&mut self) -> Duration {
        Duration::from_millis(self.random.u64(..40))
    }

    /// How late an answer is that is late: sometimes later than anybody waits.
    pub(crate) fn lateness(&mut self) -> Duration {
        Duration::from_millis(100 << self.random.u32(..11))
    }
}
