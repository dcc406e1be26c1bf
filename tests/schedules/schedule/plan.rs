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
    /// Whether the owner of contracts comes only when the storm is over.
    pub(crate) is_late: bool,
}

/// What happens to requests.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    random: Rng,
    /// How many of a thousand requests have a mishap.
    per_mille: u32,
    /// The mishaps there are; empty: all.
    kinds: Vec<Mishap>,
    outage: Option<Outage>,
}

/// What matters of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) is_signed: bool,
    /// Whether it changes something.
    pub(crate) is_write: bool,
}

/// The line goes down, or the gateway loses its server, and the reply to one request with it; nothing gets through until
/// that is over.
#[derive(Debug, Clone)]
struct Outage {
    /// How many requests are left before it; only writes count where it hits one of them.
    after: u32,
    hits_a_write: bool,
    length: Duration,
    /// How whoever sends something is told meanwhile.
    sign: Mishap,
    /// When it ends, once it has begun.
    end: Option<Duration>,
}

impl Default for Weather {
    fn default() -> Self {
        Self { random: Rng::with_seed(0), per_mille: 0, kinds: Vec::new(), outage: None }
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
            is_late: random.bool(),
        }
    }
}

impl Outage {
    fn mishap(&mut self, is_write: bool, now: Duration) -> Option<Mishap> {
        match self.end {
            Some(end) => (now < end).then_some(self.sign),
            None if self.hits_a_write && !is_write => None,
            None if self.after > 0 => {
                self.after -= 1;
                None
            }
            None => {
                self.end = Some(now + self.length);
                Some(Mishap::LostReply)
            }
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
        let outage = (random.u32(..4) == 0).then(|| {
            let hits_a_write = random.bool();
            let after = random.u32(..if hits_a_write { 6 } else { 30 });
            let sign = [Mishap::Refused, Mishap::Page(502), Mishap::Empty(500)][random.usize(..3)];
            Outage { after, hits_a_write, length: Duration::from_secs(4 << random.u32(..10)), sign, end: None }
        });
        Self { random: random.fork(), per_mille, kinds, outage }
    }

    /// What happens to a request that is sent now.
    pub(crate) fn mishap(&mut self, path: &str, manner: Manner, now: Duration) -> Option<Mishap> {
        if let Some(mishap) = self.outage.as_mut().and_then(|outage| outage.mishap(manner.is_write, now)) {
            return Some(mishap);
        }
        if self.random.u32(..1000) >= self.per_mille {
            return None;
        }
        let kinds: &[Mishap] = if self.kinds.is_empty() { &Mishap::ALL } else { &self.kinds };
        let mishap = kinds[self.random.usize(..kinds.len())];
        match mishap {
            // Only what is signed can be refused for its signature, only a status can be missing for a while.
            Mishap::Unauthorized if !manner.is_signed => None,
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
