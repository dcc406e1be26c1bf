//! Events as JSON lines, and one sink made of several.

use std::{
    fmt,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;

use super::{Summary, text::JsonText};
use crate::engine::{Event, Sink};

/// Writes each event as one line of JSON, flushed at once, so that whoever reads sees it as it happens.
///
/// A reader that stops reading for long slows the run down, as with any pipe: no line is lost and no memory grows. A
/// reader that goes away ends the lines and nothing else: the run goes on, and the journal has everything.
pub struct JsonLines<W> {
    /// `None` once the reader has gone.
    out: Mutex<Option<W>>,
}

impl<W: Write + Send> JsonLines<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out: Mutex::new(Some(out)) }
    }

    /// Writes the last line.
    pub fn summary(&self, summary: &Summary) {
        self.line(&summary.document());
    }

    fn line(&self, value: &impl Serialize) {
        let mut line = Vec::new();
        if let Err(error) = serde_json::to_writer(JsonText(&mut line), value) {
            tracing::error!(%error, "an event could not be written as JSON");
            return;
        }
        line.push(b'\n');
        let mut guard = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(out) = guard.as_mut() else { return };
        if let Err(error) = out.write_all(&line).and_then(|()| out.flush()) {
            tracing::warn!(%error, "nobody reads the JSON lines any more; the run goes on without them");
            *guard = None;
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
    use std::io;

    use super::*;
    use crate::{
        asset::{Diagnosis, Problem},
        journal::{Failure, State},
    };

    /// Takes `room` bytes, then is closed.
    #[derive(Clone)]
    struct Pipe {
        room: usize,
        taken: Arc<Mutex<Vec<u8>>>,
        tried: Arc<Mutex<usize>>,
    }

    impl Pipe {
        fn new(room: usize) -> Self {
            Self { room, taken: Arc::default(), tried: Arc::default() }
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
                return Err(io::ErrorKind::BrokenPipe.into());
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
        let fanout = Fanout(vec![lines]);
        for items in 0..5 {
            fanout.emit(&Event::Scanning { items });
        }
        assert_eq!(pipe.text(), "{\"type\":\"scanning\",\"items\":0}\n");
        assert_eq!(*pipe.tried.lock().unwrap(), 2);
    }
}
