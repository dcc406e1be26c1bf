//! Progress drawn in place on a terminal.

use std::{
    io::{self, Write},
    sync::LazyLock,
    time::{Duration, Instant},
};

use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    board::{Phase, View},
    drawer::Face,
};
use crate::report::text;

/// Redraws a second, at most.
const HERTZ: u8 = 10;

/// What is drawn on stderr: there is one terminal, so there is one of these. Everything else that is written to stderr
/// while it is drawn has to go through [`MultiProgress::suspend`], or it tears the picture.
static SCREEN: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(HERTZ)));

/// Writes to stderr beside the progress display: for the log (`tracing_subscriber::fmt().with_writer(log_writer)`).
///
/// Whole lines are written, so that the display is never drawn into the middle of one.
#[must_use]
pub fn log_writer() -> impl Write {
    Beside(Vec::new())
}

/// Holds the part of a line that has no end yet.
struct Beside(Vec<u8>);

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        if bytes.contains(&b'\n') {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let held = std::mem::take(&mut self.0);
        SCREEN.suspend(|| anstream::stderr().write_all(&held))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Nobody is left to tell that the log cannot be written.
        let _ = self.flush();
    }
}

/// Draws a bar over all items, and below it where they stand, how fast it goes, and why it waits when it does.
pub(super) struct Terminal {
    lines: Vec<ProgressBar>,
    bar: Option<ProgressBar>,
}

impl Terminal {
    pub(super) fn new() -> Self {
        Self { lines: Vec::new(), bar: None }
    }

    fn draw_scan(&mut self, items: u64) {
        self.draw_lines(&[format!("reading the source: {} found", text::count(items, "item"))]);
    }

    fn draw_work(&mut self, view: &View) {
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("[{wide_bar}] {msg}").expect("a fixed template that a test draws");
            SCREEN.insert(0, ProgressBar::new(0).with_style(style.progress_chars("=> ")))
        });
        let eta = view.eta().map(|eta| format!(", eta {eta}")).unwrap_or_default();
        bar.set_length(view.counts.total());
        bar.set_position(view.finished());
        bar.set_message(format!("{}{eta}", view.share()));
        let mut lines = vec![view.states(), view.speed().join(", ")];
        if view.phase == Phase::Stopping {
            lines.push("stopping: no new work; what is in flight ends or is parked".to_owned());
        }
        lines.extend(view.waits());
        self.draw_lines(&lines);
    }

    /// Shows as many lines as there are; a line that is too long for the terminal is cut off at its edge.
    fn draw_lines(&mut self, lines: &[String]) {
        while self.lines.len() > lines.len() {
            if let Some(line) = self.lines.pop() {
                SCREEN.remove(&line);
            }
        }
        while self.lines.len() < lines.len() {
            let style = ProgressStyle::with_template("  {wide_msg}").expect("a fixed template that a test draws");
            self.lines.push(SCREEN.add(ProgressBar::new_spinner().with_style(style)));
        }
        for (bar, line) in self.lines.iter().zip(lines) {
            bar.set_message(line.clone());
            bar.tick();
        }
    }
}

impl Face for Terminal {
    const EVERY: Duration = Duration::from_millis(1_000 / HERTZ as u64);

    fn say(&mut self, line: &str) -> io::Result<()> {
        SCREEN.suspend(|| writeln!(anstream::stderr(), "{line}"))
    }

    /// The first word, the state, is red where there is colour.
    fn failure(&mut self, line: &str) -> io::Result<()> {
        let (state, rest) = line.split_once(' ').unwrap_or((line, ""));
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        SCREEN.suspend(|| writeln!(anstream::stderr(), "{red}{state}{red:#} {rest}"))
    }

    fn show(&mut self, view: &View, _now: Instant) -> io::Result<()> {
        match view.phase {
            Phase::Scanning(items) => self.draw_scan(items),
            Phase::Working | Phase::Stopping => self.draw_work(view),
        }
        Ok(())
    }

    fn turn(&mut self, view: &View, now: Instant) -> io::Result<()> {
        self.show(view, now)
    }

    /// Takes the picture away: the summary says it all.
    fn end(&mut self, _view: &View) -> io::Result<()> {
        self.draw_lines(&[]);
        if let Some(bar) = self.bar.take() {
            SCREEN.remove(&bar);
        }
        SCREEN.clear()
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
    fn the_picture_grows_and_shrinks_with_what_there_is_to_say() {
        let (puppet, live) = Puppet::new();
        let (mut board, mut terminal, now) = (Board::new(live), Terminal::new(), Instant::now());
        let mut lines = |board: &mut Board| {
            terminal.show(&board.view(now), now).unwrap();
            (terminal.bar.is_some(), terminal.lines.iter().map(ProgressBar::message).collect::<Vec<_>>())
        };
        board.phase = Phase::Scanning(1_200);
        assert_eq!(lines(&mut board), (false, vec!["reading the source: 1,200 items found".to_owned()]));

        board.phase = Phase::Working;
        puppet.tally.set(Counts { done: 200, ready: 1_000, ..Counts::default() });
        let (bar, said) = lines(&mut board);
        assert_eq!((bar, said.len(), said[0].as_str()), (true, 2, "200 done, 1,000 ready"));

        puppet.door.lock().unwrap().waits = Some("server asked\nto wait".to_owned());
        board.phase = Phase::Stopping;
        let (_, said) = lines(&mut board);
        assert!(said[2].starts_with("stopping: "), "{said:?}");
        assert_eq!(said[3], "waits: server asked\\nto wait");

        puppet.door.lock().unwrap().waits = None;
        board.phase = Phase::Working;
        assert_eq!(lines(&mut board).1.len(), 2);
    }
}
