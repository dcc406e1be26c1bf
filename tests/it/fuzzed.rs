//! What strangers wrote makes nothing panic, hang, or take much memory.
//!
//! The functions are those that the fuzzer calls (`fuzz/`): here they meet the whole corpus, inputs that are too large to
//! be kept, and a fixed number of mutations. Each target runs in a process of its own, in a bounded address space, so that
//! an endless loop and a bomb are failures of a test and not of the machine.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use fastrand::Rng;

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "a library in the crate that fuzzes")]
mod targets;

/// The variable that names the target of a child.
const TARGET: &str = "CONSIGN_FUZZ_TARGET";

/// Processor time that one input may take (the dearest, without optimisation, takes a good second), and time altogether,
/// which a busy machine may stretch.
const BUSY: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_mins(1);

/// The address space of a child in KiB: what the binary maps, the stacks of its threads, and what it allocates.
const SPACE: u64 = 1024 * 1024;

/// How many mutations of its corpus a target meets, unless this variable says otherwise.
const MUTATIONS: usize = 60;
const COUNT: &str = "CONSIGN_FUZZ_MUTATIONS";

/// A request to the sandbox takes longer than reading a file.
const MUTATIONS_OF_REQUESTS: usize = 12;

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*

        #[test]
        fn every_target_is_replayed() {
            let replayed = [$(stringify!($name)),*];
            assert_eq!(targets::TARGETS.map(|(name, _)| name), replayed);
        }
    };
}

targets! {
    answers archive catalog credentials documentation exchange_json job manifest pom references sandbox specification
}

/// Runs all inputs of a target in a child, and tells at which one it ended.
fn replay(target: &str) {
    let binary = std::env::current_exe().unwrap();
    let mut command = if cfg!(unix) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -v {SPACE} 2>/dev/null; exec \"$0\" \"$@\"")]).arg(binary);
        shell
    } else {
        Command::new(binary)
    };
    let mut child = command
        .args(["--exact", "fuzzed::child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(TARGET, target)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let told = thread::spawn(move || {
        let mut told = Vec::new();
        let _ = stderr.read_to_end(&mut told);
        String::from_utf8_lossy(&told).into_owned()
    });
    let (send, begun) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = send.send(line);
        }
    });
    let mut last = None;
    let mut count = 0;
    let is_hanging = loop {
        match begun.recv_timeout(PATIENCE) {
            Ok(line) => {
                if let Some(number) = line.strip_prefix("input ").and_then(|number| number.parse::<usize>().ok()) {
                    (last, count) = (Some(number), count + 1);
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break false,
            Err(mpsc::RecvTimeoutError::Timeout) => break true,
        }
    };
    if is_hanging {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    if status.success() {
        assert_eq!(count, inputs(target).count(), "{target}: every input was met");
        return;
    }
    let (name, bytes) = inputs(target).nth(last.unwrap_or_default()).unwrap();
    let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
    std::fs::write(&kept, bytes).unwrap();
    let how = if is_hanging { "did not end".to_owned() } else { format!("ended with {status}") };
    panic!("{target}: {how} at {name}, which is in {}\n{}", kept.display(), told.join().unwrap());
}

#[test]
#[ignore = "a child of the other tests here"]
fn child() {
    let Ok(name) = std::env::var(TARGET) else { return };
    let (_, target) = targets::TARGETS.into_iter().find(|(known, _)| *known == name).unwrap();
    for (number, (name, bytes)) in inputs(&name).enumerate() {
        println!("\ninput {number}");
        let before = busy();
        target(&bytes);
        let spent = busy().saturating_sub(before);
        eprintln!("{name}: {spent:?}");
        assert!(spent < BUSY, "{name}: {spent:?}");
    }
}

/// The corpus, what is too large for it, and mutations of it; the same in every run.
fn inputs(target: &str) -> impl Iterator<Item = (String, Vec<u8>)> + use<> {
    let kept = corpus(target);
    let asked = std::env::var(COUNT).ok().and_then(|count| count.parse().ok());
    let count = asked.unwrap_or(if target == "sandbox" { MUTATIONS_OF_REQUESTS } else { MUTATIONS });
    let giants = targets::giants(target).into_iter().map(|(name, bytes)| (name.to_owned(), bytes));
    let mutated = {
        let kept = kept.clone();
        (0..count).map(move |number| {
            let mut random = Rng::with_seed(number as u64);
            let (name, bytes) = &kept[random.usize(..kept.len())];
            (format!("{name}, mutation {number}"), mutate(&mut random, bytes, &kept))
        })
    };
    kept.into_iter().chain(giants).chain(mutated)
}

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut kept: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
        })
        .collect();
    kept.sort();
    kept
}

/// A few of the changes that a fuzzer makes.
fn mutate(random: &mut Rng, bytes: &[u8], others: &[(String, Vec<u8>)]) -> Vec<u8> {
    /// Large inputs have their own tests.
    const MOST: usize = 64 * 1024;
    let mut bytes = bytes.to_vec();
    for _ in 0..random.usize(1..6) {
        let at = random.usize(..=bytes.len());
        let end = (at + random.usize(..64)).min(bytes.len());
        match random.usize(..6) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = bytes[at..end].repeat(random.usize(1..200));
                bytes.splice(at..at, piece);
            }
            2 => {
                let (_, other) = &others[random.usize(..others.len())];
                let from = random.usize(..=other.len());
                let to = (from + random.usize(..400)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            3 => {
                let odd: [&[u8]; 8] =
                    [b"\0", b"\xff", b"\r", b"\xef\xbb\xbf", b"\"", b"\n", b"9999999999999999", b"../"];
                bytes.splice(at..at, odd[random.usize(..odd.len())].iter().copied());
            }
            4 => bytes.truncate(at),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.u8(..8);
                }
            }
        }
        bytes.truncate(MOST);
    }
    bytes
}

/// The processor time of this process, where the system tells it as a file; else none.
fn busy() -> Duration {
    /// Ticks in a second: the same on every Linux that is of interest.
    const TICKS: u64 = 100;
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return Duration::ZERO };
    // The name of the program stands in parentheses, and may hold anything.
    let numbers = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = numbers.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / TICKS)
}
