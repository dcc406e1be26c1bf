//! Damaged, full, read-only or vanished storage: each ends in a clear message and a run that can go on, or in a clear
//! refusal before anything is sent; never in silent loss, a hang, a panic or a second publication.

mod full;

use std::time::Duration;

use camino::Utf8PathBuf;
use serde_json::json;

use crate::support::{Asset, Ran, Sandbox, Workshop, at_once};

const COUNT: usize = 6;

/// Some assets, each of which needs the one before it, so that a run is in several states at once.
fn assets(workshop: &Workshop) {
    for n in 0..COUNT {
        let needs: Vec<String> = n.checked_sub(2).map(|before| format!("a{before}/1.0.0")).into_iter().collect();
        workshop.asset(&Asset::new(&format!("a{n}"), "1.0.0").needs(&needs));
    }
}

/// A server with a job whose journal is `state/j.db`.
struct Scene {
    sandbox: Sandbox,
    workshop: Workshop,
}

impl Scene {
    fn new(latency: &str) -> Self {
        let sandbox = Sandbox::start(&["--publish-latency", latency]);
        let workshop = Workshop::for_sandbox(&sandbox);
        assets(&workshop);
        Self { sandbox, workshop }
    }

    fn run(&self) -> Ran {
        self.workshop.run(&["--journal", "state/j.db"])
    }

    fn state(&self, name: &str) -> Utf8PathBuf {
        self.workshop.path("state").join(name)
    }

    fn accepted(&self) -> u64 {
        self.sandbox.stats()["publications"]["accepted"].as_u64().expect("a number")
    }

    /// A run that dies in the middle, with publications accepted and others to come.
    fn killed_in_the_middle(&self) {
        let run = self.workshop.consign(&["run", "job.toml", "--json", "--journal", "state/j.db"]).start();
        self.sandbox.until("three publications", |stats| stats["publications"]["accepted"].as_u64() >= Some(3));
        run.kill();
    }

    /// Refused before anything is sent, with a message that names the file and says what to do.
    #[track_caller]
    fn refused(&self, says: &str) -> String {
        let before = self.accepted();
        let ran = self.run().exits(1);
        assert_eq!(self.accepted(), before, "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "no {says:?} in {}", ran.stderr);
        assert!(ran.stderr.contains("j.db") && ran.stderr.contains("hint: "), "{}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        ran.stderr
    }

    /// A run that brings everything to its end: each asset once, and nothing more to send.
    #[track_caller]
    fn goes_on(&self) {
        let summary = self.run().exits(0).summary();
        let counts = &summary["counts"];
        let ended = counts["done"].as_u64().unwrap() + counts["skipped"].as_u64().unwrap();
        assert_eq!(ended, COUNT as u64, "{summary}");
        let stats = self.sandbox.stats();
        assert_eq!((&stats["duplicatePublishes"], &stats["publications"]["accepted"]), (&json!({}), &COUNT.into()));
        let versions: Vec<String> = (0..COUNT).map(|n| format!("a{n}/1.0.0")).collect();
        assert_eq!(self.sandbox.versions(), versions);
        let writes = self.sandbox.writes();
        self.run().exits(0);
        assert_eq!(self.sandbox.writes(), writes);
    }

    /// What every hint about a lost journal says: move it away, and run again.
    fn move_away(&self) {
        for name in ["j.db", "j.db-wal", "j.db-shm"] {
            // Not all of them are there.
            let _ = fs_err::rename(self.state(name), self.workshop.path(&format!("away-{name}")));
        }
    }
}

type Damage = fn(&Scene);

/// Overwrites a part of a file with what no journal holds.
fn scribble(path: &Utf8PathBuf, from: usize, length: usize) {
    let mut bytes = fs_err::read(path).unwrap();
    bytes[from..from + length]
        .iter_mut()
        .zip([0xa5, 0x3c, 0x7e].iter().cycle())
        .for_each(|(byte, &other)| *byte = other);
    fs_err::write(path, bytes).unwrap();
}

fn cut(path: &Utf8PathBuf, length: usize) {
    fs_err::OpenOptions::new().write(true).open(path).unwrap().set_len(length as u64).unwrap();
}

#[test]
fn a_journal_that_is_damaged_is_refused_and_without_it_nothing_is_sent_twice() {
    let scene = Scene::new("0");
    scene.run().exits(0);
    scene.run().exits(0);
    let journal = scene.state("j.db");
    let whole = fs_err::read(&journal).unwrap();
    let size = whole.len();
    let page = 4096;
    let damages: [(&str, &str, &dyn Fn()); 7] = [
        ("the last page", "damaged", &|| scribble(&journal, size - page, page)),
        ("a page in the middle", "damaged", &|| scribble(&journal, size / page / 2 * page, page)),
        ("the header", "not a journal of consign", &|| scribble(&journal, 0, 100)),
        ("the rest of the first page", "damaged", &|| scribble(&journal, 100, page - 100)),
        ("cut in half", "damaged", &|| cut(&journal, size / 2)),
        ("cut within the first page", "damaged", &|| cut(&journal, 1000)),
        ("emptied", "knows of 0 runs, and 2 were begun in it", &|| cut(&journal, 0)),
    ];
    for (what, says, damage) in damages {
        fs_err::write(&journal, &whole).unwrap();
        damage();
        let told = scene.refused(says);
        assert!(told.contains("recognised by its content"), "{what}: {told}");
        // Being refused does not make it better, or worse.
        scene.refused(says);
    }
    // A copy in its place goes on as if nothing had been.
    fs_err::write(&journal, &whole).unwrap();
    let summary = scene.run().exits(0).summary();
    assert_eq!((&summary["counts"]["done"], &summary["published"]), (&COUNT.into(), &json!(0)), "{summary}");
    // Without any copy everything is found on the server.
    scene.move_away();
    let ran = scene.run().exits(0);
    assert!(ran.stderr.contains("the journal is gone and begins anew"), "{}", ran.stderr);
    assert_eq!(ran.summary()["counts"]["skipped"], COUNT);
    scene.goes_on();
}

#[test]
fn a_letter_of_a_schema_that_became_another_is_told_without_a_question_to_the_database() {
    let scene = Scene::new("0");
    scene.run().exits(0);
    let journal = scene.state("j.db");
    let whole = fs_err::read(&journal).unwrap();
    let lock = fs_err::read(scene.state("j.db.lock")).unwrap();
    // A column of the items, the table of the events, and a column of the runs.
    for (word, other) in [("published_as", "pubmished_as"), ("eventevent", "eventewent"), ("outcome  ", "outbome  ")] {
        // What was there before a migration is still in the file, in room that nobody uses.
        let mut bytes = whole.clone();
        let places = (0..whole.len() - word.len()).filter(|&at| whole[at..].starts_with(word.as_bytes()));
        places.for_each(|at| bytes[at..at + word.len()].copy_from_slice(other.as_bytes()));
        assert_ne!(bytes, whole, "{word}");
        fs_err::write(&journal, bytes).unwrap();
        // It remembers the run that was refused.
        fs_err::write(scene.state("j.db.lock"), &lock).unwrap();
        let mut refused = Vec::new();
        for args in [
            &["status", "job.toml", "--journal", "state/j.db"][..],
            &["explain", "job.toml", "a0", "--journal", "state/j.db"],
            &["report", "job.toml", "--format", "csv", "--journal", "state/j.db"],
            &["run", "job.toml", "--journal", "state/j.db"],
        ] {
            let ran = scene.workshop.consign(args).run();
            if ran.code == Some(0) {
                // It asks for nothing that was damaged.
                continue;
            }
            refused.push(args[0]);
            let told = ran.stderr.lines().find(|line| line.starts_with("error:")).unwrap_or_default();
            assert!(told.contains("j.db is damaged") || told.contains("cannot be"), "{args:?}, {word}: {}", ran.stderr);
            assert!(ran.stderr.contains("hint: the file is damaged"), "{args:?}, {word}: {}", ran.stderr);
            for question in ["SELECT", "INSERT", "UPDATE", "offset"] {
                assert!(!ran.stderr.contains(question), "{args:?}, {word}: {}", ran.stderr);
            }
        }
        assert!(refused.len() >= 2, "{word}: {refused:?}");
    }
}

#[test]
fn an_older_copy_of_a_journal_is_refused_until_somebody_says_that_it_is_meant() {
    let scene = Scene::new("0");
    scene.run().exits(0);
    let older = fs_err::read(scene.state("j.db")).unwrap();
    scene.run().exits(0);
    fs_err::write(scene.state("j.db"), older).unwrap();
    let told = scene.refused("knows of 1 runs, and 2 were begun in it");
    assert!(told.contains("remove state/j.db.lock"), "{told}");
    fs_err::remove_file(scene.state("j.db.lock")).unwrap();
    scene.goes_on();
}

#[test]
fn a_folder_in_the_place_of_the_journal_is_named_as_one() {
    let scene = Scene::new("0");
    fs_err::create_dir_all(scene.state("j.db")).unwrap();
    scene.refused("is a directory");
    let status = scene.workshop.consign(&["status", "job.toml", "--journal", "state/j.db"]).run().exits(1);
    assert!(status.stderr.contains("is a directory"), "{}", status.stderr);
    fs_err::remove_dir(scene.state("j.db")).unwrap();
    scene.goes_on();
}

#[test]
fn a_journal_that_holds_nothing_is_called_empty_and_another_file_no_journal() {
    let scene = Scene::new("0");
    scene.workshop.write("state/j.db", "");
    let status = scene.workshop.consign(&["status", "job.toml", "--journal", "state/j.db"]).run().exits(1);
    assert!(status.stderr.contains("journal state/j.db is empty"), "{}", status.stderr);
    assert!(status.stderr.contains("hint: run the job"), "{}", status.stderr);
    scene.goes_on();
    // The same words where it was emptied: only a run knows what had been in it.
    cut(&scene.state("j.db"), 0);
    for command in [&["status"][..], &["report", "--format", "json"]] {
        let asked = scene.workshop.consign(command).args(&["job.toml", "--journal", "state/j.db"]);
        let told = asked.run().exits(1);
        assert!(told.stderr.contains("journal state/j.db is empty"), "{}", told.stderr);
    }
    scene.workshop.write("state/none.db", "no database");
    let told = scene.workshop.consign(&["status", "job.toml", "--journal", "state/none.db"]).run().exits(1);
    assert!(told.stderr.contains("state/none.db is not a journal of consign"), "{}", told.stderr);
}

#[test]
fn a_log_that_is_cut_or_scribbled_on_after_a_kill_costs_no_more_than_looking_things_up() {
    // In pages of the log: nothing left, its header only, some frames, nearly all.
    let shares = [("removed", None), ("emptied", Some(0)), ("a third", Some(33)), ("most", Some(95))];
    at_once(shares, |(what, share)| {
        for scribbles in [false, true] {
            let scene = Scene::new("30ms");
            scene.killed_in_the_middle();
            let log = scene.state("j.db-wal");
            let size = fs_err::read(&log).unwrap().len();
            match share {
                None => fs_err::remove_file(&log).unwrap(),
                Some(share) if scribbles => scribble(&log, size * share / 100, 64),
                Some(share) => cut(&log, size * share / 100),
            }
            let ran = scene.run();
            assert!(!ran.stderr.contains("panicked"), "{what}: {}", ran.stderr);
            if ran.code == Some(1) {
                // What was lost is so much that it is noticed.
                assert!(ran.stderr.contains("were begun in it"), "{what}: {}", ran.stderr);
                scene.move_away();
            }
            scene.goes_on();
        }
    });
}

#[test]
fn a_journal_that_is_pulled_away_during_a_run_stops_it_and_is_never_called_a_success() {
    let pulls: [(&str, Damage); 4] = [
        ("the folder is renamed", |scene| {
            fs_err::rename(scene.workshop.path("state"), scene.workshop.path("away")).unwrap();
        }),
        ("the folder is removed", |scene| fs_err::remove_dir_all(scene.workshop.path("state")).unwrap()),
        ("the journal is replaced by a copy of itself", |scene| {
            fs_err::copy(scene.state("j.db"), scene.state("copy.db")).unwrap();
            fs_err::rename(scene.state("copy.db"), scene.state("j.db")).unwrap();
        }),
        ("the log is removed", |scene| fs_err::remove_file(scene.state("j.db-wal")).unwrap()),
    ];
    at_once(pulls, |(what, pull)| {
        let scene = Scene::new("700ms");
        let run = scene.workshop.consign(&["run", "job.toml", "--json", "--journal", "state/j.db"]).start();
        scene.sandbox.until("two publications", |stats| stats["publications"]["accepted"].as_u64() >= Some(2));
        pull(&scene);
        let ran = run.wait().exits(3);
        assert!(ran.stderr.contains("j.db is no longer where it was"), "{what}: {}", ran.stderr);
        assert!(ran.stderr.contains("hint: put it back"), "{what}: {}", ran.stderr);
        let away = scene.workshop.path("away");
        if away.exists() {
            fs_err::rename(away, scene.workshop.path("state")).unwrap();
        }
        // What is under way on the server ends there, whoever remembers it.
        std::thread::sleep(Duration::from_secs(1));
        let ran = scene.run();
        if ran.code == Some(1) {
            assert!(ran.stderr.contains("hint: "), "{what}: {}", ran.stderr);
            scene.move_away();
        }
        scene.goes_on();
    });
}

#[test]
fn a_sandbox_whose_state_is_damaged_says_so_and_begins_anew_when_it_is_removed() {
    let workshop = Workshop::empty();
    let job = "kind = \"publish\"\nname = \"test\"\n\n[target]\nsandbox = true\n\n[source]\ndirectory = \"assets\"\n";
    workshop.write("job.toml", job);
    assets(&workshop);
    workshop.run(&[]).exits(0);
    let folder = workshop.path(".consign/test.sandbox");
    let database = folder.join("sandbox.db");
    let whole = fs_err::read(&database).unwrap();
    let size = whole.len();
    let damages: [(&str, &dyn Fn()); 5] = [
        ("is empty or gone", &|| cut(&database, 0)),
        ("is empty or gone", &|| fs_err::remove_file(&database).unwrap()),
        ("not a database", &|| scribble(&database, 0, 100)),
        ("damaged", &|| scribble(&database, 4096, size - 4096)),
        ("malformed", &|| cut(&database, size / 2)),
    ];
    for (says, damage) in damages {
        fs_err::write(&database, &whole).unwrap();
        damage();
        for command in [vec!["run", "job.toml"], vec!["sandbox", "--data", ".consign/test.sandbox"]] {
            let ran = workshop.consign(&command).run().exits(1);
            assert!(ran.stderr.contains(says) && ran.stderr.contains("test.sandbox"), "{says}: {}", ran.stderr);
            assert!(ran.stderr.contains("hint: put a copy of"), "{}", ran.stderr);
        }
    }
    fs_err::remove_dir_all(&folder).unwrap();
    workshop.run(&[]).exits(0);
}
