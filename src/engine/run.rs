//! The loop of a run: fills a bounded window from the journal, wakes parked items when they are due, stops when asked.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    Clock, Event, Sink, Tally, Work,
    drive::{Drive, Driven, Held, Parked, Shared, drive},
};
use crate::journal::{Failure, Item, ItemId, Journal, JournalError, State};

/// How much is in hand at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Items being acted on.
    pub acting: usize,
    /// Items that the server works on.
    pub waiting: usize,
    /// How often a step of an item is tried in one run before the item fails.
    pub attempts: u32,
    /// The longest that a server is believed to ask for.
    pub pause: Duration,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is left that could be done.
    Complete,
    /// It was asked to stop; open items go on with the next run.
    Stopped,
    /// Nothing could have succeeded any more; open items go on with the next run.
    Halted(Failure),
}

/// A run over a journal whose items are in order.
pub struct Engine<W: Work> {
    shared: Arc<Shared<W>>,
    stop: CancellationToken,
    tasks: JoinSet<Result<Drive<W::Subject>, JournalError>>,
    /// The items in hand: driven, parked or queued. The journal is asked for others.
    in_hand: HashSet<ItemId>,
    /// Items read from the journal that wait for a place.
    queue: VecDeque<Held<W::Subject>>,
    parked: HashMap<ItemId, Parked<W::Subject>>,
    due: BinaryHeap<Reverse<(Instant, ItemId)>>,
    acting: usize,
    /// Parked items that are asking the server just now: they take no place among the acting ones.
    polling: usize,
    /// Whether the journal may hold ready items that are not in hand.
    more_ready: bool,
    /// The last item that an earlier run left open and this one has taken up; `None` when all are.
    left_open: Option<ItemId>,
    halted: Option<Failure>,
}

impl<W: Work> Engine<W> {
    /// Sets up a run; nothing happens before [`Engine::run`].
    pub fn new(
        journal: Arc<Journal>,
        work: Arc<W>,
        sink: Arc<dyn Sink>,
        tally: Arc<Tally>,
        limits: Limits,
        clock: Clock,
        stop: CancellationToken,
    ) -> Self {
        let shared = Arc::new(Shared { journal, work, sink, tally, limits, clock });
        Self {
            shared,
            stop,
            tasks: JoinSet::new(),
            in_hand: HashSet::new(),
            queue: VecDeque::new(),
            parked: HashMap::new(),
            due: BinaryHeap::new(),
            acting: 0,
            polling: 0,
            more_ready: true,
            left_open: Some(ItemId(0)),
            halted: None,
        }
    }

    /// Works until nothing is left to do, or until asked to stop.
    ///
    /// # Errors
    /// When the journal cannot be read or written. Items in flight are then in doubt, and the next run probes them.
    pub async fn run(mut self) -> Result<Ended, JournalError> {
        loop {
            if !self.stopping() {
                self.fill()?;
                self.start_queued();
            }
            if self.tasks.is_empty() && (self.stopping() || self.parked.is_empty()) {
                break;
            }
            self.step().await?;
        }
        Ok(match self.halted {
            Some(failure) => Ended::Halted(failure),
            None if self.stop.is_cancelled() && !self.nothing_left()? => Ended::Stopped,
            None => Ended::Complete,
        })
    }

    fn stopping(&self) -> bool {
        self.stop.is_cancelled() || self.halted.is_some()
    }

    fn nothing_left(&self) -> Result<bool, JournalError> {
        let counts = self.shared.journal.counts()?;
        Ok(counts.ready + counts.acting + counts.waiting == 0)
    }

    /// Waits for whatever happens next.
    async fn step(&mut self) -> Result<(), JournalError> {
        let stopping = self.stopping();
        let next_due = self.due.peek().map(|Reverse((due, _))| *due);
        tokio::select! {
            // In this order, which is the same each time a schedule is repeated: what is due comes before what is done,
            // of which there may always be more.
            biased;
            () = self.stop.cancelled(), if !stopping => {
                self.shared.sink.emit(&Event::Stopping { reason: "asked to stop".to_owned() });
            }
            () = tokio::time::sleep_until(next_due.unwrap_or_else(Instant::now)), if next_due.is_some() && !stopping => {
                self.wake_due();
            }
            Some(joined) = self.tasks.join_next() => {
                let drive = joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
                self.take_in(drive);
            }
        }
        Ok(())
    }

    /// Takes from the journal what fits into the window: first what an earlier run left open, then what is ready.
    fn fill(&mut self) -> Result<(), JournalError> {
        let window = self.shared.limits.acting.max(8);
        while let Some(after) = self.left_open
            && self.queue.len() < window
            && self.parked.len() < self.shared.limits.waiting
        {
            let items = self.shared.journal.reader().left_open(after, window)?;
            self.left_open = items.last().map(|item| item.id);
            for item in items {
                self.take_up(item);
            }
        }
        if self.left_open.is_none() && self.more_ready && self.queue.len() < window {
            self.fetch_ready(window)?;
        }
        Ok(())
    }

    fn fetch_ready(&mut self, window: usize) -> Result<(), JournalError> {
        // Ready items in hand are still ready in the journal: ask for as many more.
        let limit = 2 * window + self.acting + self.queue.len();
        let items = self.shared.journal.reader().ready(limit)?;
        self.more_ready = items.len() == limit;
        for item in items {
            if self.in_hand.insert(item.id) {
                self.queue.push_back(Held::new(item));
            }
        }
        Ok(())
    }

    /// Goes on with an item that an earlier run left open.
    fn take_up(&mut self, mut item: Item) {
        if !self.in_hand.insert(item.id) {
            return;
        }
        if item.state == State::Acting {
            item.doubt = true;
            self.queue.push_back(Held::new(item));
            return;
        }
        // Nothing asks for a longer pause: a time farther away was told by a clock that has been set back since.
        let latest = Instant::now() + self.shared.limits.pause;
        let due = item.due.map_or_else(Instant::now, |due| self.shared.clock.instant(due).min(latest));
        let awaits = item.token.is_some();
        self.park(Parked { held: Held::new(item), due, awaits });
    }

    fn park(&mut self, parked: Parked<W::Subject>) {
        let id = parked.held.item.id;
        self.due.push(Reverse((parked.due, id)));
        self.parked.insert(id, parked);
    }

    fn start_queued(&mut self) {
        let limits = self.shared.limits;
        while self.acting < limits.acting && self.parked.len() + self.polling + self.acting < limits.waiting {
            let Some(held) = self.queue.pop_front() else { break };
            self.acting += 1;
            self.spawn(held, false);
        }
    }

    fn spawn(&mut self, held: Held<W::Subject>, polls: bool) {
        let shared = Arc::clone(&self.shared);
        self.tasks.spawn(drive(shared, held, polls));
    }

    /// Starts what is due. A poll takes no place among the acting items; another try of a write does.
    fn wake_due(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((due, id))) = self.due.peek().copied()
            && due <= now
        {
            self.due.pop();
            let Some(parked) = self.parked.remove(&id) else { continue };
            if parked.awaits {
                self.polling += 1;
                self.spawn(parked.held, true);
            } else {
                self.queue.push_front(parked.held);
            }
        }
    }

    fn take_in(&mut self, drive: Drive<W::Subject>) {
        if drive.polled {
            self.polling -= 1;
        } else {
            self.acting -= 1;
        }
        self.more_ready |= drive.released > 0;
        match drive.led_to {
            Driven::Ended => {
                self.in_hand.remove(&drive.item);
            }
            Driven::Parked(parked) => self.park(parked),
            Driven::Halted(failure) => {
                if self.halted.is_none() {
                    self.shared.sink.emit(&Event::Stopping { reason: failure.message.clone() });
                    self.halted = Some(failure);
                }
            }
        }
    }
}
