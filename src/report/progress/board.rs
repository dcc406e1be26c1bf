//! The numbers of a run as they stand, with the rates of the last seconds. Pure: time is given.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{DoorView, Live};
use crate::{
    journal::Counts,
    report::{summary::states, text},
};

/// Rates are taken over this long: short enough to show a stall, long enough not to flicker.
const WINDOW: Duration = Duration::from_secs(10);
/// No rate is shown before this: the first items say nothing.
const WARM_UP: Duration = Duration::from_secs(1);

/// What the run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// The source is being read; items met so far.
    Scanning(u64),
    /// Items are being worked on.
    Working,
    /// No new work is taken.
    Stopping,
}

/// How fast a number grows.
#[derive(Debug, Default)]
struct Gauge(VecDeque<(Instant, u64)>);

impl Gauge {
    /// Takes a reading; answers how much is added per second, once that can be told.
    fn read(&mut self, now: Instant, value: u64) -> Option<f64> {
        // One reading at or before the window's start is kept, so that the window is always covered.
        while self.0.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            self.0.pop_front();
        }
        self.0.push_back((now, value));
        let (start, first) = *self.0.front()?;
        let span = now.duration_since(start);
        #[expect(clippy::cast_precision_loss, reason = "a rate is shown with three digits")]
        let grown = value.saturating_sub(first) as f64;
        (span >= WARM_UP).then(|| grown / span.as_secs_f64())
    }
}

/// Collects what is to be drawn.
pub(super) struct Board {
    live: Live,
    pub(super) phase: Phase,
    items: Gauge,
    requests: Gauge,
}

/// What is to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    pub(super) phase: Phase,
    pub(super) counts: Counts,
    door: DoorView,
    items_per_second: Option<f64>,
    requests_per_second: Option<f64>,
}

impl Board {
    pub(super) fn new(live: Live) -> Self {
        Self { live, phase: Phase::Scanning(0), items: Gauge::default(), requests: Gauge::default() }
    }

    /// Reads the numbers.
    pub(super) fn view(&mut self, now: Instant) -> View {
        let counts = self.live.tally.counts();
        let door = (self.live.door)();
        // While the source is read the counts are those of the scan, and say nothing about speed.
        let scanning = matches!(self.phase, Phase::Scanning(_));
        let finished = counts.done + counts.skipped + counts.failed;
        View {
            phase: self.phase.clone(),
            counts,
            items_per_second: if scanning { None } else { self.items.read(now, finished) },
            requests_per_second: self.requests.read(now, door.requests),
            door,
        }
    }
}

impl View {
    /// Items with nothing left to do.
    pub(super) fn finished(&self) -> u64 {
        self.counts.total() - self.counts.open()
    }

    /// `300 of 1,243 items, 24%`.
    pub(super) fn share(&self) -> String {
        let (finished, total) = (self.finished(), self.counts.total());
        let percent = finished.saturating_mul(100).checked_div(total).unwrap_or(100);
        format!("{} of {}, {percent}%", text::number(finished), text::count(total, "item"))
    }

    /// How much longer it takes at the present rate, when it moves at all.
    pub(super) fn eta(&self) -> Option<String> {
        let rate = self.items_per_second.filter(|rate| *rate > 0.0)?;
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let left = Duration::try_from_secs_f64(self.counts.open() as f64 / rate).ok()?;
        (self.counts.open() > 0).then(|| text::duration(Duration::from_secs(left.as_secs())))
    }

    /// Items by state.
    pub(super) fn states(&self) -> String {
        states(&self.counts)
    }

    /// Items and requests per second, publications in flight, bytes sent.
    pub(super) fn speed(&self) -> Vec<String> {
        let rate = |per_second: Option<f64>, what| per_second.map(|rate| format!("{rate:.1} {what}/s"));
        let in_flight = self.counts.acting + self.counts.waiting;
        let mut parts: Vec<String> = rate(self.items_per_second, "items").into_iter().collect();
        parts.extend(rate(self.requests_per_second, "requests"));
        parts.push(format!("{} in flight", text::number(in_flight)));
        parts.push(format!("{} sent", text::bytes(self.door.bytes)));
        if self.door.refused > 0 {
            parts.push(format!("told to slow down {}", text::count(self.door.refused, "time")));
        }
        parts
    }

    /// Why nothing is sent just now.
    pub(super) fn waits(&self) -> Option<String> {
        self.door.waits.as_deref().map(|why| format!("waits: {}", text::printable(why)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::engine::Tally;

    /// A run whose numbers a test sets.
    pub(in super::super) struct Puppet {
        pub(in super::super) tally: Arc<Tally>,
        pub(in super::super) door: Arc<Mutex<DoorView>>,
    }

    impl Puppet {
        pub(in super::super) fn new() -> (Self, Live) {
            let (tally, door) = (Arc::new(Tally::default()), Arc::new(Mutex::new(DoorView::default())));
            let seen = Arc::clone(&door);
            let live = Live { tally: Arc::clone(&tally), door: Arc::new(move || seen.lock().unwrap().clone()) };
            (Self { tally, door }, live)
        }
    }

    fn working(live: Live) -> Board {
        let mut board = Board::new(live);
        board.phase = Phase::Working;
        board
    }

    #[test]
    fn rates_are_those_of_the_last_ten_seconds() {
        let (puppet, live) = Puppet::new();
        let mut board = working(live);
        let start = Instant::now();
        // Fast for ten seconds, then half as fast.
        let done = |second: u64| if second <= 10 { 100 * second } else { 1_000 + 50 * (second - 10) };
        let mut view = None;
        for second in 0..=20 {
            puppet.tally.set(Counts { done: done(second), ready: 10_000 - done(second), ..Counts::default() });
            view = Some(board.view(start + Duration::from_secs(second)));
        }
        let view = view.unwrap();
        assert_eq!(view.speed()[0], "50.0 items/s");
        assert_eq!(view.eta().as_deref(), Some("2m 50s"));
        assert_eq!(view.share(), "1,500 of 10,000 items, 15%");
    }

    #[test]
    fn a_stalled_run_has_a_rate_of_zero_and_no_eta() {
        let (puppet, live) = Puppet::new();
        let mut board = working(live);
        puppet.tally.set(Counts { done: 5, ready: 5, ..Counts::default() });
        let start = Instant::now();
        board.view(start);
        let view = board.view(start + Duration::from_secs(30));
        assert_eq!((view.speed()[0].as_str(), view.eta()), ("0.0 items/s", None));
    }

    #[test]
    fn items_that_an_earlier_run_finished_do_not_count_as_speed() {
        let (puppet, live) = Puppet::new();
        let mut board = Board::new(live);
        let start = Instant::now();
        board.view(start);
        puppet.tally.set(Counts { done: 9_000, ready: 1_000, ..Counts::default() });
        board.phase = Phase::Working;
        board.view(start + Duration::from_secs(2));
        assert_eq!(board.view(start + Duration::from_secs(4)).speed()[0], "0.0 items/s");
    }

    #[test]
    fn a_run_says_why_it_waits() {
        let (puppet, live) = Puppet::new();
        let mut board = working(live);
        let now = Instant::now();
        assert_eq!(board.view(now).waits(), None);
        puppet.door.lock().unwrap().waits = Some("server asked to wait until 12:00:03 (429)".to_owned());
        assert_eq!(board.view(now).waits().as_deref(), Some("waits: server asked to wait until 12:00:03 (429)"));
    }
}
