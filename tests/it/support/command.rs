//! The command, with an environment of its own.

use std::{
    collections::BTreeMap,
    io::Read,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

/// A command that hangs fails its test instead of the whole suite.
const DEADLINE: Duration = Duration::from_mins(3);

/// A command line to come: the program, the folder it starts in, and nothing of our own environment but `PATH`.
#[derive(Debug, Clone)]
pub(crate) struct Consign {
    program: String,
    folder: Utf8PathBuf,
    args: Vec<String>,
    env: BTreeMap<String, String>,
}

impl Consign {
    pub(crate) fn new(folder: &Utf8Path) -> Self {
        Self::other(folder, env!("CARGO_BIN_EXE_consign"))
    }

    /// Another program than our own.
    pub(crate) fn other(folder: &Utf8Path, program: &str) -> Self {
        let mut env = BTreeMap::new();
        if let Ok(path) = std::env::var("PATH") {
            env.insert("PATH".to_owned(), path);
        }
        Self { program: program.to_owned(), folder: folder.to_owned(), args: Vec::new(), env }
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Runs it by way of a shell script, which calls it `"$@"`.
    pub(crate) fn in_shell(&self, script: &str) -> Self {
        let args =
            [&["-c", script, "sh", &self.program], &self.args.iter().map(String::as_str).collect::<Vec<_>>()[..]];
        Self { env: self.env.clone(), ..Self::other(&self.folder, "sh").args(&args.concat()) }
    }

    /// Starts it, and leaves it running.
    pub(crate) fn start(&self) -> Running {
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .current_dir(&self.folder)
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("our own binary is built with its tests, and others are looked for before");
        let lines = Arc::default();
        let stdout = read_along(child.stdout.take().expect("stdout is piped"), Arc::clone(&lines));
        let words = Arc::default();
        let stderr = read_along(child.stderr.take().expect("stderr is piped"), Arc::clone(&words));
        Running { child, stdout: Some(stdout), stderr: Some(stderr), lines, words, line: self.line() }
    }

    fn line(&self) -> String {
        let name = Utf8Path::new(&self.program).file_name().unwrap_or_default();
        format!("{name} {}", self.args.join(" "))
    }

    /// Starts it, and waits for its end.
    pub(crate) fn run(&self) -> Ran {
        self.start().wait()
    }
}

type Reading = std::thread::JoinHandle<Vec<u8>>;

/// The most memory that a process has held so far, in MiB; nothing where the system does not tell.
fn peak_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Reads a pipe to its end, so that it never fills, and counts its lines.
fn read_along(mut pipe: impl Read + Send + 'static, lines: Arc<AtomicUsize>) -> Reading {
    std::thread::spawn(move || {
        let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            let read = pipe.read(&mut piece).expect("a pipe of our own child");
            if read == 0 {
                return bytes;
            }
            bytes.extend_from_slice(&piece[..read]);
            let ended = piece[..read].split(|&byte| byte == b'\n').count() - 1;
            lines.fetch_add(ended, Relaxed);
        }
    })
}

/// A command under way; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    stdout: Option<Reading>,
    stderr: Option<Reading>,
    lines: Arc<AtomicUsize>,
    words: Arc<AtomicUsize>,
    line: String,
}

impl Running {
    /// How many lines it has printed on stderr so far.
    pub(crate) fn words(&self) -> usize {
        self.words.load(Relaxed)
    }

    /// How many lines it has printed on stdout so far.
    pub(crate) fn lines(&self) -> usize {
        self.lines.load(Relaxed)
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ran {
        let started = Instant::now();
        let mut peak = 0;
        let status = loop {
            peak = peak.max(peak_of(self.child.id()));
            if let Some(status) = self.child.try_wait().expect("our own child") {
                break status;
            }
            if started.elapsed() > DEADLINE {
                self.child.kill().expect("our own child");
                panic!("has not ended within {DEADLINE:?}: {:#?}", self.ran(None));
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        Ran { peak, ..self.ran(Some(status)) }
    }

    /// Ends it as `kill -9` does, and waits until the system has let go of what it held.
    pub(crate) fn kill(mut self) -> Ran {
        self.child.kill().expect("our own child");
        let status = self.child.wait().expect("our own child");
        self.ran(Some(status))
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("our own child").is_none()
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success(), "`{}` takes no signal", self.line);
    }

    fn ran(&mut self, status: Option<ExitStatus>) -> Ran {
        let text = |reading: Option<Reading>| {
            let bytes = reading.map(|reading| reading.join().expect("reads to the end")).unwrap_or_default();
            String::from_utf8(bytes).expect("programs print UTF-8 only")
        };
        Ran {
            line: self.line.clone(),
            code: status.and_then(|status| status.code()),
            stdout: text(self.stdout.take()),
            stderr: text(self.stderr.take()),
            peak: 0,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    line: String,
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The most memory it held, in MiB, as far as it was seen.
    pub(crate) peak: u64,
}

impl Ran {
    /// Asserts how it ended; a test that fails here shows everything the command said.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "`{}`\n-- stdout\n{}\n-- stderr\n{}", self.line, self.stdout, self.stderr);
        self
    }

    /// The lines of `run --json`.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("`{}` printed {line:?}: {error}", self.line))
        };
        self.stdout.lines().map(parse).collect()
    }

    /// The last line of `run --json`.
    #[track_caller]
    pub(crate) fn summary(&self) -> Value {
        let last = self.events().pop().unwrap_or_else(|| panic!("`{}` printed nothing: {}", self.line, self.stderr));
        assert_eq!(last["type"], "summary", "{}", self.stdout);
        last
    }

    /// All of stdout as one document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("`{}` printed {:?}: {error}", self.line, self.stdout))
    }
}
