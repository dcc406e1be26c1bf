//! A server with its state, jobs against it, and what must hold of both when all is done.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{Length, shelf};
use crate::support::{Consign, Sandbox, Workshop};

/// A bad line.
const LOSSY: &str = "reset=0.02,lost-reply=0.04,bad-json=0.01,truncate=0.01,http504=0.01,status404=0.05";

/// A bad line to a server that has too much to do. Runs slow down, so that it takes longer.
const OVERLOADED: &str = "reset=0.02,lost-reply=0.04,bad-json=0.01,truncate=0.01,http504=0.01,status404=0.05,\
                          http429=0.01,http500=0.01,http503=0.02";

/// What the jobs do one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Everything is new.
    Publish,
    /// What describes the published assets has changed in the source.
    Update,
    /// A job of kind `describe` changes it once more.
    Describe,
}

impl Phase {
    pub(super) const ALL: [Self; 3] = [Self::Publish, Self::Update, Self::Describe];

    fn turn(self) -> &'static str {
        match self {
            Self::Publish => "one",
            Self::Update => "two",
            Self::Describe => "three",
        }
    }

    fn job(self) -> &'static str {
        match self {
            Self::Publish | Self::Update => "job",
            Self::Describe => "describe",
        }
    }
}

#[derive(Debug)]
pub(super) struct World {
    /// Always there, but for the moment in which it is started anew.
    sandbox: Option<Sandbox>,
    workshop: Workshop,
    data: tempfile::TempDir,
    seed: u64,
    /// What requests meet.
    trouble: &'static str,
    /// How many faults have struck.
    pub(super) faults: u64,
}

impl World {
    /// Two of three worlds have faults; every other one publishes synchronously.
    pub(super) fn new(number: u32, seed: u64) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder");
        let trouble = match number % 3 {
            1 => LOSSY,
            2 => "",
            _ if number == 0 => "",
            _ => OVERLOADED,
        };
        let sandbox = Sandbox::start(&["--data", data.path().to_str().expect("plain names")]);
        let workshop = Workshop::for_sandbox(&sandbox);
        let url = sandbox.url();
        let mode = if number.is_multiple_of(2) { "sync" } else { "async" };
        let common = format!("[target]\nhost = \"{url}\"\n\n[definitions]\nfields = [{{ key = \"note\" }}]\n");
        workshop.write(
            "job.toml",
            format!(
                "kind = \"publish\"\n{common}\n[source]\nmanifest = \"assets.csv\"\n\n[publish]\nmode = \"{mode}\"\n"
            ),
        );
        workshop
            .write("describe.toml", format!("kind = \"describe\"\n{common}\n[source]\nmanifest = \"changes.csv\"\n"));
        Self { sandbox: Some(sandbox), workshop, data, seed, trouble, faults: 0 }
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("it is only taken to be replaced")
    }

    /// The command of a phase.
    pub(super) fn run(&self, phase: Phase) -> Consign {
        self.workshop.consign(&["run", &format!("{}.toml", phase.job()), "--json"])
    }

    /// Writes what a phase is to bring, and lets the server make its faults.
    pub(super) fn begin(&mut self, phase: Phase) {
        match phase {
            Phase::Publish | Phase::Update => shelf::manifest(&self.workshop, phase.turn()),
            Phase::Describe => shelf::changes(&self.workshop, phase.turn()),
        }
        self.restart_server(Duration::ZERO);
    }

    /// Kills the server and has it come back on the same port, with another seed.
    pub(super) fn restart_server(&mut self, after: Duration) {
        self.seed += 1;
        let seed = self.seed.to_string();
        self.replace_server(after, &["--publish-latency", "2ms..60ms", "--seed", &seed, "--faults", self.trouble]);
    }

    fn replace_server(&mut self, after: Duration, args: &[&str]) {
        let struck = self.sandbox().stats()["faults"].clone();
        self.faults += struck.as_object().expect("by name").values().filter_map(serde_json::Value::as_u64).sum::<u64>();
        let data = ["--data", self.data.path().to_str().expect("plain names")];
        let killed = self.sandbox.take().expect("it is only taken to be replaced");
        self.sandbox = Some(killed.killed_and_back(after, &[&data, args].concat()));
    }

    /// Carries a phase out without any trouble.
    pub(super) fn measure(&mut self, phase: Phase) -> Length {
        self.begin(phase);
        let started = Instant::now();
        let ran = self.run(phase).run().exits(0);
        let length = Length { time: started.elapsed(), lines: ran.stdout.lines().count() };
        self.settle(phase);
        length
    }

    /// The last run of a phase, and everything that must hold after it.
    pub(super) fn settle(&mut self, phase: Phase) {
        let name = format!("{}.toml", phase.job());
        let mut ran = self.run(phase).run();
        // Items that failed because the server was gone for too long are opened again by hand, as a person would.
        if ran.code == Some(2) {
            ran = self.workshop.consign(&["retry", &name, "--json"]).run();
        }
        let summary = ran.exits(0).summary();
        let names = shelf::names();
        let counts = &summary["counts"];
        let ended = counts["done"].as_u64().unwrap() + counts["skipped"].as_u64().unwrap();
        assert_eq!((&summary["outcome"], ended), (&"complete".into(), names.len() as u64), "{phase:?}: {summary}");
        self.check_journal(phase);

        // Without faults it can be asked what it holds.
        self.replace_server(Duration::ZERO, &[]);
        let sandbox = self.sandbox();
        assert_eq!(sandbox.stats()["duplicatePublishes"], serde_json::json!({}), "{phase:?}");
        assert_eq!(sandbox.versions(), names, "{phase:?}");
        shelf::check(sandbox, phase.turn(), phase == Phase::Describe);
        let again = self.run(phase).run().exits(0).summary();
        assert_eq!((&again["published"], &again["updated"]), (&0.into(), &0.into()), "{phase:?}: {again}");
        assert_eq!(self.sandbox().writes().values().sum::<u64>(), 0, "{phase:?}: {:#}", self.sandbox().stats());
    }

    /// The file is whole, knows every asset by the name under which the server has it, and its history ends where the
    /// items are.
    fn check_journal(&self, phase: Phase) {
        let journal = Connection::open(self.workshop.path(&format!(".consign/{}.db", phase.job()))).expect("a journal");
        let column = |sql: &str| -> Vec<String> {
            let mut statement = journal.prepare(sql).expect("our own tables");
            let rows = statement.query_map([], |row| row.get(0)).expect("can be read");
            rows.collect::<Result<_, _>>().expect("can be read")
        };
        assert_eq!(column("PRAGMA integrity_check"), ["ok"]);
        let mut known = column(
            "SELECT substr(coalesce(published_as, gav), instr(gav, '/') + 1) FROM item WHERE state IN ('done', 'skipped')",
        );
        known.sort();
        assert_eq!(known, shelf::names(), "{phase:?}");
        let differ = column(
            "SELECT gav || ': ' || item.state || ', ' || event.state FROM item JOIN event
             ON event.id = (SELECT max(id) FROM event WHERE event.item = item.id) WHERE event.state <> item.state",
        );
        assert_eq!(differ, [""; 0], "{phase:?}");
    }
}
