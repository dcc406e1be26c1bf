//! Events as JSON lines, and one sink made of several.

use std::{
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

use super::{Summary, text::JsonText};
use crate::engine::{Event, Sink};

/// Writes each event as one line of JSON, flushed at once, so that whoever reads sees it as it happens.
///
/// A reader that stops reading for long slows the run down, as with any pipe: no line is lost and no memory grows. A
/// reader that goes away ends the lines and nothing else: the run goes on, and the journal has everything. So it does
/// where lines cannot be written, on a disk that is full; but nobody wanted that, and [`JsonLines::lost`] tells it.
pub struct JsonLines<W> {
    out: Mutex<Out<W>>,
}

enum Out<W> {
    Open(W),
    /// Whoever read has seen enough.
    Closed,
    /// Lines were lost that somebody wanted.
    Lost(io::Error),
}

impl<W: Write + Send> JsonLines<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out: Mutex::new(Out::Open(out)) }
    }

    /// Writes the last line.
    pub fn summary(&self, summary: &Summary) {
        self.line(&summary.document());
    }

    /// Why lines are missing, where that is not the reader's own wish. Asked once, at the end.
    pub fn lost(&self) -> Option<io::Error> {
        match std::mem::replace(&mut *self.out(), Out::Closed) {
            Out::Lost(error) => Some(error),
            Out::Open(_) | Out::Closed => None,
        }
    }

    fn out(&self) -> MutexGuard<'_, Out<W>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, value: &impl Serialize) {
        let mut line = Vec::new();
        if let Err(error) = serde_json::to_writer(JsonText(&mut line), value) {
            tracing::error!(%error, "an event could not be written as JSON");
            return;
        }
        line.push(b'\n');
        let mut guard = self.out();
        let Out::Open(out) = &mut *guard else { return };
        match out.write_all(&line).and_then(|()| out.flush()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                tracing::info!("nobody reads the JSON lines any more; the run goes on without them");
                *guard = Out::Closed;
            }
            Err(error) => {
                tracing::warn!(%error, "the JSON lines cannot be written; the run goes on without them");
                *guard = Out::Lost(error);
            }
        }
    }
}

impl<W> fmt::Debug for JsonLines<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLines").finish_non_exhaustive()
    }
}

impl<W: Write + Send + 'static> Sink for JsonLines<W> {
    fn emit(&self, event: &Event) {
        self.line(event);
    }
}

/// A sink of sinks: each gets every event, in order.
pub struct Fanout(pub Vec<Arc<dyn Sink>>);

impl fmt::Debug for Fanout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fanout").field(&self.0.len()).finish()
    }
}

impl Sink for Fanout {
    fn emit(&self, event: &Event) {
        for sink in &self.0 {
            sink.emit(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        asset::{Diagnosis, Problem},
        journal::{Failure, State},
    };

    /// Takes `room` bytes, then fails.
    #[derive(Clone)]
    struct Pipe {
        room: usize,
        end: io::ErrorKind,
        taken: Arc<Mutex<Vec<u8>>>,
        tried: Arc<Mutex<usize>>,
    }

    impl Pipe {
        fn new(room: usize) -> Self {
            Self { room, end: io::ErrorKind::BrokenPipe, taken: Arc::default(), tried: Arc::default() }
        }

        fn text(&self) -> String {
            String::from_utf8(self.taken.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            *self.tried.lock().unwrap() += 1;
            let mut taken = self.taken.lock().unwrap();
            if taken.len() + bytes.len() > self.room {
                return Err(self.end.into());
            }
            taken.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn failed() -> Event {
        Event::Item {
            gav: "g/a/1.0.0".to_owned(),
            state: State::Failed,
            step: Some("publish"),
            attempt: 2,
            failure: Some(Failure::new("refused", "no\nway \x1b[31m").http(Some(400))),
            note: None,
        }
    }

    #[test]
    fn each_event_is_one_line_with_its_type() {
        let pipe = Pipe::new(usize::MAX);
        let lines = JsonLines::new(pipe.clone());
        lines.emit(&Event::Scanning { items: 3 });
        let broken = Diagnosis::failed("a.yaml", Problem::Invalid, "is not YAML").at(3, 1).hint("mend it");
        lines.emit(&Event::diagnosed(&broken));
        lines.emit(&failed());
        insta::assert_snapshot!(pipe.text(), @r#"
        {"type":"scanning","items":3}
        {"type":"diagnosed","gav":null,"path":"a.yaml","line":3,"state":"failed","class":"invalid","http":null,"message":"is not YAML","hint":"mend it"}
        {"type":"item","gav":"g/a/1.0.0","state":"failed","step":"publish","attempt":2,"class":"refused","http":400,"message":"no\nway \u001b[31m","hint":null}
        "#);
    }

    #[test]
    fn a_closed_pipe_ends_the_lines_and_is_not_written_to_again() {
        let pipe = Pipe::new(40);
        let lines = Arc::new(JsonLines::new(pipe.clone()));
        let fanout = Fanout(vec![Arc::clone(&lines) as _]);
        for items in 0..5 {
            fanout.emit(&Event::Scanning { items });
        }
        assert_eq!(pipe.text(), "{\"type\":\"scanning\",\"items\":0}\n");
        assert_eq!(*pipe.tried.lock().unwrap(), 2);
        assert!(lines.lost().is_none(), "the reader wanted no more");
    }

    #[test]
    fn lines_that_cannot_be_written_are_told_as_lost() {
        let pipe = Pipe { end: io::ErrorKind::StorageFull, ..Pipe::new(40) };
        let lines = JsonLines::new(pipe.clone());
        for items in 0..5 {
            lines.emit(&Event::Scanning { items });
        }
        assert_eq!(*pipe.tried.lock().unwrap(), 2);
        assert_eq!(lines.lost().map(|error| error.kind()), Some(io::ErrorKind::StorageFull));
    }
}
