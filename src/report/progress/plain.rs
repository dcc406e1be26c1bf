//! Progress as lines, for pipes and CI: no control character, wording that does not change.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use super::{
    board::{Phase, View},
    drawer::Face,
};
use crate::report::text;

/// A line this often: a log of an hour has 360 of them.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Writes lines.
pub(super) struct Plain<W> {
    out: W,
    last: Option<Instant>,
}

impl<W: Write> Plain<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, last: None }
    }

    fn progress(&mut self, view: &View) -> io::Result<()> {
        let line = match view.phase {
            Phase::Scanning(items) => format!("scanning: {} found", text::count(items, "item")),
            Phase::Working | Phase::Stopping => {
                let eta = view.eta().map(|eta| format!("eta {eta}"));
                let speed = text::join(view.speed().into_iter().chain(eta), ", ");
                text::join(
                    [format!("progress: {}", view.share()), view.states(), speed].into_iter().chain(view.waits()),
                    "; ",
                )
            }
        };
        self.say(&line)
    }
}

impl<W: Write> Face for Plain<W> {
    const EVERY: Duration = Duration::from_secs(1);

    fn say(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{line}")?;
        self.out.flush()
    }

    fn failure(&mut self, line: &str) -> io::Result<()> {
        self.say(line)
    }

    fn show(&mut self, view: &View, now: Instant) -> io::Result<()> {
        let last = *self.last.get_or_insert(now);
        if now.duration_since(last) < LINE_EVERY {
            return Ok(());
        }
        self.last = Some(now);
        self.progress(view)
    }

    fn turn(&mut self, view: &View, now: Instant) -> io::Result<()> {
        self.last = Some(now);
        self.progress(view)
    }

    fn end(&mut self, view: &View) -> io::Result<()> {
        self.progress(view)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::board::{Board, tests::Puppet},
        *,
    };
    use crate::journal::Counts;

    #[test]
    fn a_line_every_ten_seconds_and_after_a_phase() {
        let (puppet, live) = Puppet::new();
        let mut board = Board::new(live);
        let mut plain = Plain::new(Vec::new());
        let start = Instant::now();
        board.phase = Phase::Scanning(1_200);
        for second in 0..=10 {
            let now = start + Duration::from_secs(second);
            plain.show(&board.view(now), now).unwrap();
        }
        board.phase = Phase::Working;
        puppet.tally.set(Counts { ready: 1_200, ..Counts::default() });
        let now = start + Duration::from_secs(11);
        plain.turn(&board.view(now), now).unwrap();
        for second in 12..=21 {
            let done = 3 * (second - 11);
            puppet.tally.set(Counts { done, failed: 1, acting: 8, ready: 1_191 - done, ..Counts::default() });
            let mut door = puppet.door.lock().unwrap();
            (door.requests, door.bytes, door.refused) = (20 * (second - 11), 1_234_567, 1);
            door.waits = Some("server asked to wait until 12:00:03 (429)".to_owned());
            drop(door);
            let now = start + Duration::from_secs(second);
            plain.show(&board.view(now), now).unwrap();
        }
        insta::assert_snapshot!(String::from_utf8(plain.out).unwrap());
    }
}
