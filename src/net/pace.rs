//! How fast requests may leave: a ceiling on the rate, on what is in flight, and a brake that the server pulls.
//!
//! Requests wait in two queues, polls and everything else, whose heads alternate. The head of the turn waits first for
//! a permit (requests in flight) and then for a slot (rate). Slots are handed out one at a time: governor spaces them,
//! and a log of the last grants makes sure that no second, wherever it begins, holds more than the rate allows. Waiting
//! is done by tokio's clock, so that a paused clock paces too; a waiter that goes away takes no slot with it.

use std::{
    collections::VecDeque,
    fmt,
    num::NonZeroU32,
    sync::{
        Arc, Mutex as StdMutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};
use http::{HeaderMap, StatusCode};
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep_until},
};

use super::{Lane, backoff, limits};

/// How late a slot may be taken without the following ones being late too. Timers fire up to a millisecond late, and a
/// busy machine later: without this, 500 requests per second become 460.
const FORGIVEN: Duration = Duration::from_millis(10);

/// The first wait after a server said "too fast" without saying for how long, and the longest.
///
/// An empty 500 or 503 may also be a single mishap, for which everybody should not stand still for long; a server that
/// means it says it again, and nine doublings fill its window of a minute.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
const MOST_DOUBLINGS: u32 = 9;

/// The server tells the end of its window in whole seconds, so it may end up to one later than it says.
const WINDOW_SLACK: Duration = Duration::from_millis(250);

/// How fast a client may go.
#[derive(Debug, Clone, PartialEq)]
pub struct PaceSettings {
    /// The most requests per second, of every kind; below one is fine (0.5 is one every two seconds). `None` leaves it
    /// to what is in flight and to the server.
    pub requests_per_second: Option<f64>,
    /// The most requests in flight.
    pub concurrency: usize,
    /// The most bytes of uploads in flight: beyond some megabytes more of them are slower, not faster.
    pub bytes_in_flight: u64,
}

impl Default for PaceSettings {
    fn default() -> Self {
        Self { requests_per_second: None, concurrency: 8, bytes_in_flight: 64 << 20 }
    }
}

/// What a server has taught about its pace, for whoever remembers it beyond this process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Learned {
    /// Until when nothing is sent.
    pub until: Option<Instant>,
    /// How many times in a row the server said "too fast" without saying for how long.
    pub level: u32,
}

/// The gate that every request passes.
pub(super) struct Pace {
    lanes: [Mutex<()>; 2],
    turn: Mutex<()>,
    slots: Mutex<Slots>,
    permits: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    kibibytes: u32,
    brake: StdMutex<Brake>,
    learned: watch::Sender<Learned>,
}

/// A request's right to be sent, given back when dropped.
#[derive(Debug)]
pub(super) struct Admission {
    /// When the slot was granted.
    pub(super) granted: Instant,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Admission {
    /// A slot alone, for requests that others who hold a permit wait for.
    pub(super) fn without_permit(granted: Instant) -> Self {
        Self { granted, _permit: None }
    }
}

impl Pace {
    pub(super) fn new(settings: &PaceSettings, seed: u64) -> Self {
        let kibibytes = u32::try_from(settings.bytes_in_flight / 1024).unwrap_or(u32::MAX).clamp(1, 1 << 28);
        Self {
            lanes: [Mutex::new(()), Mutex::new(())],
            turn: Mutex::new(()),
            slots: Mutex::new(Slots::new(settings.requests_per_second)),
            permits: Arc::new(Semaphore::new(settings.concurrency.clamp(1, Semaphore::MAX_PERMITS))),
            bytes: Arc::new(Semaphore::new(kibibytes as usize)),
            kibibytes,
            brake: StdMutex::new(Brake::new(seed)),
            learned: watch::Sender::default(),
        }
    }

    /// Reserves room for the bytes of an upload. What is larger than all the room goes alone.
    pub(super) async fn reserve(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        if bytes == 0 {
            return None;
        }
        let kibibytes = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).min(self.kibibytes);
        Arc::clone(&self.bytes).acquire_many_owned(kibibytes).await.ok()
    }

    /// Waits for a request's turn, a permit and a slot.
    pub(super) async fn admit(&self, lane: Lane) -> Admission {
        // The head of each queue waits for the turn; who has had it goes behind the head of the other queue.
        let _head = self.lanes[usize::from(lane == Lane::Poll)].lock().await;
        let _turn = self.turn.lock().await;
        let permit = Arc::clone(&self.permits).acquire_owned().await.expect("the permits are never closed");
        let granted = self.slot().await;
        Admission { granted, _permit: Some(permit) }
    }

    /// Waits for a slot only: for the token that a request with a permit waits for.
    pub(super) async fn slot(&self) -> Instant {
        let mut slots = self.slots.lock().await;
        loop {
            let now = Instant::now();
            let free = match self.brake().until.filter(|until| *until > now) {
                Some(until) => until,
                // Nothing is awaited between taking a slot and returning it, so none is lost.
                None => match slots.take(now) {
                    Ok(()) => return now,
                    Err(free) => free,
                },
            };
            sleep_until(free).await;
        }
    }

    /// Learns from a reply to a request that was granted at `granted`; says whether it meant "too fast".
    ///
    /// This is the place where the rate itself will be learned: it sees every reply, with the time of its grant.
    pub(super) fn observe(&self, granted: Instant, status: StatusCode, headers: &HeaderMap, is_empty: bool) -> bool {
        let too_fast = limits::is_too_fast(status, is_empty);
        let speaks_of_limits = too_fast || status.is_success() || matches!(status.as_u16(), 500 | 503);
        let asked = limits::wait_asked(status, headers).filter(|wait| speaks_of_limits && !wait.is_zero());
        let mut brake = self.brake();
        match asked {
            Some(wait) => brake.pull(wait + WINDOW_SLACK, format!("the server asked to wait ({})", status.as_u16())),
            None if too_fast => brake.back_off(granted, status),
            None if limits::keeps_up(status) => brake.ease(granted),
            None => {}
        }
        self.tell(&brake);
        too_fast
    }

    /// Goes on with what the server has taught an earlier process.
    pub(super) fn resume(&self, wait: Duration, level: u32) {
        let mut brake = self.brake();
        brake.level = brake.level.max(level.min(MOST_DOUBLINGS));
        if !wait.is_zero() {
            brake.pull(wait.min(limits::LONGEST_WAIT), "the server asked an earlier run to wait,".to_owned());
        }
        self.tell(&brake);
    }

    /// What the server has taught; changes are told.
    pub(super) fn learned(&self) -> watch::Receiver<Learned> {
        self.learned.subscribe()
    }

    fn tell(&self, brake: &Brake) {
        let learned = Learned { until: brake.until, level: brake.level };
        self.learned.send_if_modified(|known| std::mem::replace(known, learned) != learned);
    }

    /// Why nothing is sent at this moment.
    pub(super) fn waiting_reason(&self) -> Option<String> {
        let brake = self.brake();
        let left = brake.until?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        let clock = jiff::Zoned::now().saturating_add(jiff::SignedDuration::try_from(left).unwrap_or_default());
        Some(format!("{} until {}", brake.reason, clock.strftime("%H:%M:%S")))
    }

    fn brake(&self) -> MutexGuard<'_, Brake> {
        self.brake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace").field("permits", &self.permits.available_permits()).finish_non_exhaustive()
    }
}

/// The pause that holds for everybody.
struct Brake {
    until: Option<Instant>,
    /// When it was last pulled: a reply to an older request tells nothing new.
    pulled_at: Option<Instant>,
    reason: String,
    /// How many times in a row the server said "too fast" without saying for how long.
    level: u32,
    random: fastrand::Rng,
}

impl Brake {
    fn new(seed: u64) -> Self {
        Self { until: None, pulled_at: None, reason: String::new(), level: 0, random: fastrand::Rng::with_seed(seed) }
    }

    fn pull(&mut self, wait: Duration, reason: String) {
        let now = Instant::now();
        let until = now + wait;
        self.pulled_at = Some(now);
        if self.until.is_none_or(|already| already < until) {
            tracing::debug!(seconds = wait.as_secs_f64(), reason, "pausing all requests");
            (self.until, self.reason) = (Some(until), reason);
        }
    }

    /// Slows down once per episode: the replies to requests that were under way already count as one.
    fn back_off(&mut self, granted: Instant, status: StatusCode) {
        if self.is_old(granted) {
            return;
        }
        self.level = self.level.saturating_add(1);
        let wait = backoff::delay(FIRST_PAUSE, LONGEST_PAUSE, self.level, self.random.f64());
        self.pull(wait, format!("the server is at its limit ({}), waiting", status.as_u16()));
    }

    /// An answer after the pause takes one step back: a server at its limit gives none.
    fn ease(&mut self, granted: Instant) {
        if !self.is_old(granted) {
            self.level = self.level.saturating_sub(1);
        }
    }

    fn is_old(&self, granted: Instant) -> bool {
        self.pulled_at.is_some_and(|pulled| granted <= pulled)
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, SlotClock, NoOpMiddleware<Nanos>>;

/// The slots of a rate.
enum Slots {
    Unlimited,
    Limited {
        limiter: Box<Limiter>,
        clock: SlotClock,
        start: Instant,
        period: Duration,
        /// When the next slot is due, since the start.
        next: Duration,
        /// The last grants, as many as `window` may hold.
        grants: VecDeque<Instant>,
        most: usize,
        window: Duration,
    },
}

impl Slots {
    fn new(requests_per_second: Option<f64>) -> Self {
        let limit = requests_per_second.filter(|rate| rate.is_finite() && *rate > 0.0).and_then(|rate| {
            let rate = rate.clamp(1e-4, 1e5);
            let period = Duration::from_secs_f64(1.0 / rate);
            // The whole quota as burst, governor's default, would allow two seconds' worth in the first second.
            Some((rate, period, Quota::with_period(period)?.allow_burst(NonZeroU32::MIN)))
        });
        let Some((rate, period, quota)) = limit else { return Self::Unlimited };
        let clock = SlotClock::default();
        let most = rate.ceil().max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped between 1 and 100,000")]
        let count = most as usize;
        Self::Limited {
            limiter: Box::new(RateLimiter::direct_with_clock(quota, clock.clone())),
            clock,
            start: Instant::now(),
            period,
            next: Duration::ZERO,
            grants: VecDeque::with_capacity(count),
            most: count,
            window: Duration::from_secs_f64(most / rate),
        }
    }

    /// Takes the slot of this moment, or says when to ask again.
    fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let Self::Limited { limiter, clock, start, period, next, grants, most, window } = self else { return Ok(()) };
        if grants.len() == *most
            && let Some(free) = grants.front().map(|oldest| *oldest + *window).filter(|free| *free > now)
        {
            return Err(free);
        }
        // governor is told the time at which the slot was due, unless we are later than can be forgiven.
        let real = now.duration_since(*start);
        let due = (*next).clamp(real.saturating_sub(FORGIVEN), real);
        clock.set(due);
        match limiter.check() {
            Ok(()) => {
                *next = due + *period;
                if grants.len() == *most {
                    grants.pop_front();
                }
                grants.push_back(now);
                Ok(())
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(clock.now()).max(Duration::from_nanos(1));
                *next = due + wait;
                Err(*start + *next)
            }
        }
    }
}

/// The clock that governor sees: set by hand to the time of the slot that is asked for.
#[derive(Debug, Clone, Default)]
struct SlotClock(Arc<AtomicU64>);

impl SlotClock {
    fn set(&self, time: Duration) {
        self.0.store(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }
}

impl Clock for SlotClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        // governor computes from zero; a slot at zero would look like one that was never used.
        Nanos::from(Duration::from_secs(1)) + Nanos::new(self.0.load(Relaxed))
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
