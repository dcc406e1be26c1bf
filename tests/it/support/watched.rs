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
        let processes = processes();
        seen.look(pid, &processes, 0);
        std::thread::sleep(std::time::Duration::from_millis(8));
    }
    (running.wait(), seen)
}

/// Every process, and the one above it.
fn processes() -> Vec<(u32, u32)> {
    let of = |entry: std::fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name, in brackets, may hold anything; the state and the parent follow it.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((pid, parent))
    };
    std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(of).collect()
}

impl Seen {
    /// Looks at a process and those below it. One that ends meanwhile has nothing to show any more.
    fn look(&mut self, pid: u32, processes: &[(u32, u32)], depth: usize) {
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
        for (child, _) in processes.iter().filter(|(_, parent)| *parent == pid) {
            self.look(*child, processes, depth + 1);
        }
    }
}
