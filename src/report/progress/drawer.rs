//! The thread that draws, and the sink that feeds it.

use std::{
    fmt, io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    Live, Style,
    board::{Board, Phase, View},
    plain::Plain,
    terminal::Terminal,
};
use crate::{
    engine::{Event, Sink},
    journal::{Disagreement, State},
    report::text,
};

/// Events on their way to the thread. A terminal that is held up (Ctrl-S) must neither stop the run nor fill the
/// memory: what does not fit is counted, and can be read from the journal.
const QUEUE: usize = 4_096;

/// Something that shows a run.
pub(super) trait Face {
    /// How often the numbers are read.
    const EVERY: Duration;

    /// Writes a line that stays.
    fn say(&mut self, line: &str) -> io::Result<()>;

    /// Shows a failure, so that it stays.
    fn failure(&mut self, line: &str) -> io::Result<()>;

    /// Shows the numbers, when it is time.
    fn show(&mut self, view: &View, now: Instant) -> io::Result<()>;

    /// Shows the numbers after a phase has ended.
    fn turn(&mut self, view: &View, now: Instant) -> io::Result<()>;

    /// The run has ended.
    fn end(&mut self, view: &View) -> io::Result<()>;
}

enum Message {
    Event(Box<Event>),
    End,
}

/// Progress of a run, drawn on stderr until [`Progress::finish`].
pub struct Progress {
    messages: Option<SyncSender<Message>>,
    lost: Arc<AtomicU64>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Progress {
    /// Begins to draw.
    #[must_use]
    pub fn start(style: Style, live: Live) -> Self {
        match style {
            Style::Terminal => Self::with(live, Terminal::new),
            Style::Plain => Self::with(live, || Plain::new(anstream::stderr())),
            Style::Quiet => Self { messages: None, lost: Arc::default(), thread: Mutex::new(None) },
        }
    }

    /// Begins to draw with a face that is made where it is used.
    pub(super) fn with<F: Face>(live: Live, face: impl FnOnce() -> F + Send + 'static) -> Self {
        let (messages, inbox) = sync_channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let theirs = Arc::clone(&lost);
        let spawned = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || Drawer { board: Board::new(live), face: face(), lost: theirs }.run(&inbox));
        match spawned {
            Ok(thread) => Self { messages: Some(messages), lost, thread: Mutex::new(Some(thread)) },
            Err(error) => {
                tracing::warn!(%error, "no thread for the progress display; the run goes on without it");
                Self { messages: None, lost, thread: Mutex::new(None) }
            }
        }
    }

    /// Draws the last state and ends; nothing is drawn afterwards. The second time it does nothing.
    ///
    /// Waits for what is in the queue to be drawn: usually a tenth of a second at most.
    pub fn finish(&self) {
        let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        if let Some(messages) = &self.messages {
            // It can only fail when the thread has ended already.
            let _ = messages.send(Message::End);
        }
        let _ = thread.join();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}

impl Sink for Progress {
    fn emit(&self, event: &Event) {
        let Some(messages) = &self.messages else { return };
        let is_shown = match event {
            Event::Item { state, .. } | Event::Diagnosed { state, .. } => *state == State::Failed,
            // A failure is told by the item that fails, or by the error that the run ends with.
            Event::Finding { level, .. } => *level != "failure",
            _ => true,
        };
        if is_shown && messages.try_send(Message::Event(Box::new(event.clone()))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What the thread does.
struct Drawer<F> {
    board: Board,
    face: F,
    lost: Arc<AtomicU64>,
}

impl<F: Face> Drawer<F> {
    /// Draws until the end. When stderr cannot be written there is nobody to tell: the run goes on all the same.
    fn run(mut self, inbox: &Receiver<Message>) {
        let mut next = Instant::now();
        loop {
            let mut drawn = match inbox.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Message::Event(event)) => self.take(&event),
                Err(RecvTimeoutError::Timeout) => Ok(()),
                Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => break,
            };
            // Also between events: a flood of them must not stop the clock.
            if Instant::now() >= next {
                next = Instant::now() + F::EVERY;
                drawn = drawn.and_then(|()| self.draw());
            }
            if let Err(error) = drawn {
                tracing::debug!(%error, "progress cannot be drawn");
            }
        }
        let view = self.board.view(Instant::now());
        let _ = self.tell_lost().and_then(|()| self.face.end(&view));
    }

    fn draw(&mut self) -> io::Result<()> {
        self.tell_lost()?;
        let now = Instant::now();
        let view = self.board.view(now);
        self.face.show(&view, now)
    }

    fn tell_lost(&mut self) -> io::Result<()> {
        match self.lost.swap(0, Ordering::Relaxed) {
            0 => Ok(()),
            n => {
                let lines = text::count(n, "line");
                self.face.say(&format!("… {lines} left out, for want of room; `consign status JOB --failed` has them"))
            }
        }
    }

    fn take(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Scanning { items } => {
                self.board.phase = Phase::Scanning(*items);
                return Ok(());
            }
            Event::Start { .. }
            | Event::Vanished { .. }
            | Event::Disagreements { .. }
            | Event::Definition { .. }
            | Event::Finding { .. } => {
                return self.face.say(&wording(event));
            }
            Event::Item { .. } | Event::Diagnosed { .. } => return self.face.failure(&wording(event)),
            Event::Scanned { .. } => self.board.phase = Phase::Working,
            Event::Stopping { .. } => self.board.phase = Phase::Stopping,
        }
        self.face.say(&wording(event))?;
        let now = Instant::now();
        let view = self.board.view(now);
        self.face.turn(&view, now)
    }
}

/// An event in words, on one line.
fn wording(event: &Event) -> String {
    match event {
        Event::Start { job, run, target, journal } => {
            let [job, run, target, journal] = [job, run, target, journal].map(|part| text::printable(part));
            format!("{job} → {target} (run {run}, journal {journal})")
        }
        Event::Scanning { items } => format!("reading the source: {} found", text::count(*items, "item")),
        Event::Scanned { new, changed, unchanged, diagnosed, gone } => {
            let [new, changed, unchanged, diagnosed, gone] =
                [new, changed, unchanged, diagnosed, gone].map(|n| text::number(*n));
            format!(
                "source read: {new} new, {changed} changed, {unchanged} unchanged, {diagnosed} diagnosed, {gone} gone"
            )
        }
        Event::Vanished { count, gavs, deprecated, spared } => vanished(*count, gavs, *deprecated, spared.as_deref()),
        Event::Disagreements { first } => disagreements(first),
        Event::Item { gav, state, failure, .. } => {
            let mut line = format!("{state} {}", text::printable(gav));
            if let Some(failure) = failure {
                let reason = text::reason(Some(&failure.message), Some(&failure.class), failure.http);
                line.push_str(&format!(": {reason}{}", hint(failure.hint.as_deref())));
            }
            line
        }
        Event::Diagnosed { path, line, state, failure, .. } => {
            let place = line.map_or_else(String::new, |line| format!(":{line}"));
            let reason = text::reason(Some(&failure.message), Some(&failure.class), None);
            format!("{state} {}{place}: {reason}{}", text::printable(path), hint(failure.hint.as_deref()))
        }
        Event::Definition { dimension, key, done, note } => {
            format!("{dimension} {}: {done} ({})", text::printable(key), text::printable(note))
        }
        Event::Finding { gav, level, message, hint: advice, .. } => {
            let subject = gav.as_ref().map_or_else(String::new, |gav| format!("{}: ", text::printable(gav)));
            format!("{level}: {subject}{}{}", text::printable(message), hint(advice.as_deref()))
        }
        Event::Stopping { reason } => {
            format!("stopping: {}; what is in flight ends or is parked", text::printable(reason))
        }
    }
}

/// Vanished assets in words; so many are named.
const NAMED: usize = 3;

fn vanished(count: u64, gavs: &[String], deprecated: bool, spared: Option<&str>) -> String {
    let names: Vec<_> = gavs.iter().take(NAMED).map(|gav| text::printable(gav)).collect();
    let more = count.saturating_sub(names.len() as u64);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let then = match (deprecated, spared) {
        (true, _) => "; they are deprecated now".to_owned(),
        (false, Some(why)) => format!("; they are not deprecated: {}", text::printable(why)),
        (false, None) => String::new(),
    };
    format!("no longer in the source: {}{more}{then}", names.join(", "))
}

fn disagreements(first: &[Disagreement]) -> String {
    let told: Vec<String> = first
        .iter()
        .take(NAMED)
        .map(|Disagreement { datum, speaks, .. }| {
            format!("`{}` of {}", text::printable(datum), text::printable(speaks))
        })
        .collect();
    let more = first.len() - told.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "versions say different things, the highest is believed: {}{more}; `consign plan` has them",
        told.join(", ")
    )
}

fn hint(hint: Option<&str>) -> String {
    hint.map_or_else(String::new, |hint| format!("; hint: {}", text::printable(hint)))
}

#[cfg(test)]
mod tests {
    use super::{super::board::tests::Puppet, *};
    use crate::journal::{Counts, Failure};

    /// Keeps every line.
    #[derive(Clone, Default)]
    struct Book(Arc<Mutex<Vec<String>>>);

    impl Face for Book {
        const EVERY: Duration = Duration::from_millis(5);

        fn say(&mut self, line: &str) -> io::Result<()> {
            self.0.lock().unwrap().push(line.to_owned());
            Ok(())
        }

        fn failure(&mut self, line: &str) -> io::Result<()> {
            self.say(line)
        }

        fn show(&mut self, _view: &View, _now: Instant) -> io::Result<()> {
            Ok(())
        }

        fn turn(&mut self, view: &View, _now: Instant) -> io::Result<()> {
            self.say(&format!("[{:?}]", view.phase))
        }

        fn end(&mut self, view: &View) -> io::Result<()> {
            self.say(&format!("[end {}]", view.states()))
        }
    }

    fn item(state: State, failure: Option<Failure>) -> Event {
        Event::Item { gav: "g/a/1.0.0".to_owned(), state, step: None, attempt: 1, failure, note: None }
    }

    #[test]
    fn a_run_is_told_in_order_and_only_failures_of_its_items() {
        let (puppet, live) = Puppet::new();
        let book = Book::default();
        let face = book.clone();
        let progress = Progress::with(live, move || face);
        progress.emit(&Event::Start {
            job: "nightly".to_owned(),
            run: "0193".to_owned(),
            target: "sandbox:acme".to_owned(),
            journal: ".consign/nightly.db".to_owned(),
        });
        progress.emit(&Event::Scanning { items: 2 });
        progress.emit(&Event::Scanned { new: 1_200, changed: 0, unchanged: 3, diagnosed: 1, gone: 0 });
        progress.emit(&item(State::Acting, None));
        progress.emit(&item(State::Done, None));
        let refused = Failure::new("refused", "main file \x1b[31mabsent").http(Some(400)).hint("name it");
        progress.emit(&item(State::Failed, Some(refused)));
        progress.emit(&Event::Stopping { reason: "asked to stop".to_owned() });
        puppet.tally.set(Counts { done: 1, failed: 1, ready: 1_201, ..Counts::default() });
        progress.finish();
        progress.finish();
        insta::assert_snapshot!(book.0.lock().unwrap().join("\n"));
    }

    #[test]
    fn a_face_that_is_held_up_never_holds_up_the_run() {
        struct Stuck(Book, Receiver<()>);
        impl Face for Stuck {
            const EVERY: Duration = Duration::from_hours(1);
            fn say(&mut self, line: &str) -> io::Result<()> {
                self.0.say(line)
            }
            fn failure(&mut self, line: &str) -> io::Result<()> {
                // Held up until the other end is gone.
                let _ = self.1.recv();
                self.0.say(line)
            }
            fn show(&mut self, _view: &View, _now: Instant) -> io::Result<()> {
                Ok(())
            }
            fn turn(&mut self, _view: &View, _now: Instant) -> io::Result<()> {
                Ok(())
            }
            fn end(&mut self, _view: &View) -> io::Result<()> {
                Ok(())
            }
        }
        let (_puppet, live) = Puppet::new();
        let book = Book::default();
        let (release, held) = std::sync::mpsc::channel();
        let face = Stuck(book.clone(), held);
        let progress = Progress::with(live, move || face);
        for _ in 0..QUEUE + 100 {
            progress.emit(&item(State::Failed, None));
        }
        drop(release);
        progress.finish();
        let lines = book.0.lock().unwrap();
        let (shown, told): (Vec<&String>, _) = lines.iter().partition(|line| line.starts_with("failed "));
        let lost = text::number((QUEUE + 100 - shown.len()) as u64);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(&format!("… {lost} lines left out")), "{told:?}");
    }
}
