//! What others can see of a process and of its children while it runs: their command lines, and to their owner their
//! environments.

use std::collections::BTreeMap;

use super::{Consign, Ran};

/// What was seen of a command.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The command lines of the command and of everything below it, by process.
    pub(crate) lines: BTreeMap<String, Vec<u8>>,
    /// The environments of the processes below it: variables by name.
    pub(crate) below: BTreeMap<String, BTreeMap<String, String>>,
}

/// Runs a command, and looks at it all the while.
pub(crate) fn run_watched(command: &Consign) -> (Ran, Seen) {
    let mut running = command.start();
    let pid = running.id();
    let mut seen = Seen::default();
    while running.is_running() {
        seen.look(pid, 0);
        std::thread::sleep(std::time::Duration::from_millis(8));
    }
    (running.wait(), seen)
}

/// The processes that a process has started and that still run.
fn started_by(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let texts = threads.map(|thread| std::fs::read_to_string(thread.path().join("children")));
    // A thread that ends meanwhile has nothing to tell any more.
    texts.flatten().flat_map(|text| text.split_whitespace().flat_map(str::parse).collect::<Vec<_>>()).collect()
}

impl Seen {
    /// Looks at a process and those below it. One that ends meanwhile has nothing to show any more.
    fn look(&mut self, pid: u32, depth: usize) {
        if depth > 4 {
            return;
        }
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if !line.is_empty() {
            self.lines.insert(format!("{pid} {}", String::from_utf8_lossy(&line)), line);
        }
        if depth > 0 {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let variables = environment.split(|byte| *byte == 0).filter_map(|variable| {
                let (name, value) = std::str::from_utf8(variable).ok()?.split_once('=')?;
                Some((name.to_owned(), value.to_owned()))
            });
            self.below.entry(pid.to_string()).or_default().extend(variables);
        }
        for child in started_by(pid) {
            self.look(child, depth + 1);
        }
    }
}
