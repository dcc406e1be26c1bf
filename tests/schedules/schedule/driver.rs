//! Many schedules, on all cores.

use std::{
    ops::Range,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use super::{
    block::{self, Block, Visitor},
    catalog::{Catalog, catalogs},
    world::{self, Told},
};

/// A schedule that broke a promise.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) seed: u64,
    pub(crate) how: String,
}

/// What many schedules came to.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub(crate) schedules: u64,
    pub(crate) deaths: u64,
    pub(crate) requests: u64,
    pub(crate) mishaps: u64,
    /// Of all that happened, whatever the order of the schedules.
    pub(crate) trace: u64,
    pub(crate) broken: Vec<Broken>,
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: Result<Told, String>) {
        self.schedules += 1;
        match outcome {
            Ok(told) => {
                self.deaths += told.deaths;
                self.requests += told.requests;
                self.mishaps += told.mishaps;
                self.trace ^= told.trace;
            }
            Err(how) => self.broken.push(Broken { seed, how }),
        }
    }
}

/// Carries out the schedules of some seeds, on all cores. Gives up after a few broken ones. `tell` hears after each what
/// all of them have come to so far.
pub(crate) fn carry_out_all(seeds: Range<u64>, tell: impl Fn(&Sum) + Sync) -> Sum {
    // Nothing of it is worth a disk's time. Whoever came first has decided for all of this process.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        let _ = tempfile::env::override_temp_dir(memory);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let hall = Hall {
        next: AtomicU64::new(seeds.start),
        end: seeds.end,
        catalogs: (0..block::SEEDS).map(|seed| catalogs(folder.path(), &block::organization(seed))).collect(),
        sum: Mutex::default(),
        tell: &tell,
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| hall.work());
        }
    });
    hall.sum.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What the threads share.
struct Hall<'a> {
    next: AtomicU64,
    end: u64,
    /// By organization.
    catalogs: Vec<Vec<Catalog>>,
    sum: Mutex<Sum>,
    tell: &'a (dyn Fn(&Sum) + Sync),
}

impl Hall<'_> {
    /// Carries out block after block.
    fn work(&self) {
        while !self.is_enough() {
            let first = self.next.fetch_add(block::SEEDS, Relaxed);
            if first >= self.end {
                break;
            }
            self.carry_out_block(first);
        }
    }

    fn is_enough(&self) -> bool {
        const ENOUGH: usize = 5;
        self.sum.lock().unwrap_or_else(PoisonError::into_inner).broken.len() >= ENOUGH
    }

    /// Carries out schedules from a seed on, while there is a server for them.
    fn carry_out_block(&self, first: u64) {
        let mut seeds = first..self.end.min(first + block::SEEDS);
        let mut open: Option<(Block, Vec<Visitor>)> = None;
        while let Some(seed) = seeds.next().filter(|_| !self.is_enough()) {
            if open.as_ref().is_none_or(|(block, _)| !block.serves(seed)) {
                let block = Block::of(seed).expect("a sandbox opens");
                open = Some((block.visitors(), block)).map(|(visitors, block)| (block, visitors));
            }
            let Some((block, visitors)) = &open else { continue };
            let place = usize::try_from(seed % block::SEEDS).expect("a small number");
            let outcome = carry_out(seed, block, &visitors[place], &self.catalogs[place]);
            let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
            sum.add(seed, outcome);
            (self.tell)(&sum);
        }
    }
}

/// Carries out one schedule.
fn carry_out(seed: u64, block: &Block, visitor: &Visitor, catalogs: &[Catalog]) -> Result<Told, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    // A panic is a broken promise as well, and must not hide its seed.
    let schedule = world::carry_out(seed, block, visitor, catalogs);
    let schedule = std::panic::AssertUnwindSafe(|| runtime.block_on(schedule));
    std::panic::catch_unwind(schedule).unwrap_or_else(|_| Err("a panic; it is told above".to_owned()))
}
