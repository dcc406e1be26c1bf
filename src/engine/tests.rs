//! The engine against a small world of its own: a server that loses requests and replies, and runs killed anywhere.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use camino::Utf8Path;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    asset::{AssetDraft, Sourced},
    journal::{Counts, Failure, Item, Journal, Offer, State},
};

/// A server: what it holds, and how often each thing was accepted.
#[derive(Default)]
struct World {
    accepted: BTreeMap<String, u32>,
    /// What is being processed, and how many polls that takes.
    running: BTreeMap<String, u32>,
    order: Vec<String>,
    random: fastrand::Rng,
    faults: bool,
    in_flight: usize,
    most_in_flight: usize,
    /// Questions that had no answer.
    unanswered: u32,
}

/// Polls after which nobody waits any longer; later it turns out to have ended.
const NEVER: u32 = u32::MAX;

struct Publisher(Mutex<World>);

const STEPS: &[Step] = &[
    Step { name: "prepare", effect: Effect::Local },
    Step { name: "publish", effect: Effect::Write },
    Step { name: "await", effect: Effect::Await },
];

impl Publisher {
    fn again(doubt: bool) -> Outcome {
        Outcome::Again { failure: Failure::new("lost", "no reply"), after: Duration::from_millis(20), doubt }
    }

    fn accept(&self, gav: &str) -> Outcome {
        let mut world = self.0.lock().unwrap();
        let faults = world.faults;
        let roll = if faults { world.random.u32(0..10) } else { 9 };
        if roll == 0 {
            return Self::again(false);
        }
        assert!(!world.accepted.contains_key(gav), "{gav} is published over");
        *world.accepted.entry(gav.to_owned()).or_default() += 1;
        world.order.push(gav.to_owned());
        let polls = if gav.contains("slow") { NEVER } else { world.random.u32(0..3) };
        world.running.insert(gav.to_owned(), polls);
        if roll == 1 {
            Self::again(true)
        } else {
            Outcome::Wait { token: gav.to_owned(), after: Duration::from_millis(5) }
        }
    }
}

impl Work for Publisher {
    type Subject = bool;

    fn steps(&self) -> &'static [Step] {
        STEPS
    }

    fn open(&self, item: &Item) -> Result<bool, Failure> {
        if item.gav.contains("broken") { Err(Failure::new("invalid", "broken")) } else { Ok(false) }
    }

    async fn act(&self, prepared: &mut bool, item: &Item, step: &'static str) -> Outcome {
        match step {
            "prepare" => {
                if item.gav.contains("unanswered") {
                    let mut world = self.0.lock().unwrap();
                    world.unanswered += 1;
                    assert!(world.unanswered < 100, "is asked for ever");
                    return Self::again(false);
                }
                *prepared = true;
                Outcome::Next
            }
            "publish" => {
                assert!(*prepared, "a write without its local steps");
                {
                    let mut world = self.0.lock().unwrap();
                    world.in_flight += 1;
                    world.most_in_flight = world.most_in_flight.max(world.in_flight);
                }
                tokio::time::sleep(Duration::from_millis(3)).await;
                let outcome = self.accept(&item.gav);
                tokio::time::sleep(Duration::from_millis(3)).await;
                self.0.lock().unwrap().in_flight -= 1;
                outcome
            }
            "await" => {
                let mut world = self.0.lock().unwrap();
                let left = world.running.get_mut(item.token.as_ref().expect("a token")).expect("accepted");
                if *left == NEVER {
                    *left = 0;
                    return Outcome::GaveUp(Failure::new("deadline", "not yet"));
                }
                if *left == 0 {
                    return Outcome::Next;
                }
                *left -= 1;
                Outcome::Wait { token: item.token.clone().expect("a token"), after: Duration::from_millis(5) }
            }
            other => unreachable!("{other}"),
        }
    }

    async fn probe(&self, _: &mut bool, item: &Item, _: &'static str) -> Option<Outcome> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let known = self.0.lock().unwrap().accepted.contains_key(&item.gav);
        known.then(|| Outcome::Wait { token: item.gav.clone(), after: Duration::from_millis(5) })
    }
}

fn drafts(names: &[(&str, &[&str])]) -> Vec<Offer> {
    let draft = |gav: &str, needs: &[&str]| -> AssetDraft {
        serde_json::from_value(serde_json::json!({
            "coordinates": gav, "type": "custom", "name": gav, "path": "x", "stamp": "", "dependencies": needs
        }))
        .unwrap()
    };
    names.iter().map(|(gav, needs)| Offer::new(Sourced::Draft(Box::new(draft(gav, needs))), true)).collect()
}

const LIMITS: Limits = Limits { acting: 4, waiting: 8, attempts: 8, pause: Duration::from_mins(10) };

/// The journal, once the tasks and the writing thread of the run before have ended.
async fn opened(path: &Utf8Path) -> Journal {
    loop {
        match Journal::open(path, "org").await {
            Ok(journal) => return journal,
            Err(crate::journal::JournalError::Locked { .. }) => tokio::time::sleep(Duration::from_millis(1)).await,
            Err(other) => panic!("{other}"),
        }
    }
}

/// One run; `kill` ends it after so long as a killed process would end.
async fn run<W: Work>(
    path: &Utf8Path,
    work: &Arc<W>,
    batch: Vec<Offer>,
    kill: Option<Duration>,
    stop: CancellationToken,
) -> Option<(Ended, Counts)> {
    let journal = Arc::new(opened(path).await);
    journal.offer(batch).await.unwrap();
    journal.end_scan(false, "".into()).await.unwrap();
    journal.put_in_order().await.unwrap();
    let tally = Arc::new(Tally::default());
    tally.set(journal.counts().unwrap());
    let engine = Engine::new(
        Arc::clone(&journal),
        Arc::clone(work),
        Arc::new(NoSink),
        Arc::clone(&tally),
        LIMITS,
        Clock::start(),
        stop,
    );
    let ended = match kill {
        Some(after) => tokio::time::timeout(after, engine.run()).await.ok(),
        None => Some(engine.run().await),
    }?
    .unwrap();
    let counts = journal.counts().unwrap();
    assert_eq!(tally.counts(), counts, "what progress shows is what the journal holds");
    Some((ended, counts))
}

fn world(seed: u64, faults: bool) -> Arc<Publisher> {
    Arc::new(Publisher(Mutex::new(World { random: fastrand::Rng::with_seed(seed), faults, ..World::default() })))
}

#[tokio::test(start_paused = true)]
async fn killed_anywhere_and_run_again_everything_is_published_once_and_in_order() {
    for seed in 0..16 {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
        let work = world(seed, true);
        let names: Vec<String> = (0..30).map(|n| format!("g/a{n}/1.0.0")).collect();
        let batch = || {
            let mut list: Vec<(&str, Vec<&str>)> = names.iter().map(|n| (n.as_str(), Vec::new())).collect();
            list[3].1.push(&names[20]);
            list[5].1.push(&names[3]);
            let list: Vec<(&str, &[&str])> = list.iter().map(|(n, d)| (*n, d.as_slice())).collect();
            drafts(&list)
        };
        for kill in 0..9 {
            let after = Duration::from_millis(fastrand::Rng::with_seed(seed * 7 + kill).u64(1..25));
            run(&path, &work, batch(), Some(after), CancellationToken::new()).await;
            work.0.lock().unwrap().in_flight = 0;
        }
        let (ended, counts) = run(&path, &work, batch(), None, CancellationToken::new()).await.unwrap();
        assert_eq!((ended, counts.done), (Ended::Complete, 30), "seed {seed}: {counts:?}");
        let world = work.0.lock().unwrap();
        assert!(world.accepted.values().all(|n| *n == 1), "seed {seed}: {:?}", world.accepted);
        let place = |n: usize| world.order.iter().position(|gav| *gav == names[n]).unwrap();
        assert!(place(20) < place(3) && place(3) < place(5), "seed {seed}: {:?}", world.order);
        assert!(world.most_in_flight <= LIMITS.acting, "seed {seed}: {} in flight", world.most_in_flight);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_asked_to_stop_ends_what_is_in_flight_and_the_next_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
    let work = world(1, false);
    let names: Vec<String> = (0..50).map(|n| format!("g/a{n}/1.0.0")).collect();
    let batch = || drafts(&names.iter().map(|n| (n.as_str(), [].as_slice())).collect::<Vec<_>>());
    let stop = CancellationToken::new();
    let trigger = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(10)).await;
        trigger.cancel();
    });
    let (ended, counts) = run(&path, &work, batch(), None, stop).await.unwrap();
    assert_eq!(ended, Ended::Stopped);
    assert_eq!(counts.acting, 0, "nothing is left in doubt: {counts:?}");
    assert!(counts.ready > 0, "{counts:?}");
    let (ended, counts) = run(&path, &work, batch(), None, CancellationToken::new()).await.unwrap();
    assert_eq!((ended, counts.done), (Ended::Complete, 50));
}

#[tokio::test(start_paused = true)]
async fn one_broken_item_stops_nothing_but_what_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
    let batch = drafts(&[("g/broken/1.0.0", &[]), ("g/needs/1.0.0", &["g/broken/1.0.0"]), ("g/fine/1.0.0", &[])]);
    let (ended, counts) = run(&path, &world(1, false), batch, None, CancellationToken::new()).await.unwrap();
    assert_eq!(ended, Ended::Complete);
    assert_eq!((counts.done, counts.failed, counts.blocked), (1, 1, 1));
    let reader = crate::journal::Reader::open(&path).unwrap();
    assert_eq!(reader.find("g/needs/1.0.0").unwrap()[0].state, State::Blocked);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_only_reads_is_not_tried_for_ever_either() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
    let batch = drafts(&[("g/unanswered/1.0.0", &[]), ("g/fine/1.0.0", &[])]);
    let (ended, counts) = run(&path, &world(1, false), batch, None, CancellationToken::new()).await.unwrap();
    assert_eq!((ended, counts.done, counts.failed), (Ended::Complete, 1, 1));
    let failed = crate::journal::Reader::open(&path).unwrap().find("g/unanswered/1.0.0").unwrap().remove(0);
    assert_eq!(failed.message.as_deref(), Some("gave up after 8 tries: no reply"));
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_on_after_it_was_accepted_is_asked_for_again_and_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
    let work = world(1, false);
    // The publisher refuses to take anything twice.
    let batch = || drafts(&[("g/slow/1.0.0", &[]), ("g/behind/1.0.0", &["g/slow/1.0.0"])]);
    let (_, counts) = run(&path, &work, batch(), None, CancellationToken::new()).await.unwrap();
    assert_eq!((counts.failed, counts.blocked), (1, 1));
    let journal = opened(&path).await;
    journal.reopen_failed(None).await.unwrap();
    journal.close().await;
    let (ended, counts) = run(&path, &work, batch(), None, CancellationToken::new()).await.unwrap();
    assert_eq!((ended, counts.done), (Ended::Complete, 2), "{counts:?}");
    assert!(work.0.lock().unwrap().accepted.values().all(|times| *times == 1));
}

#[tokio::test(start_paused = true)]
async fn what_changed_after_it_was_given_up_on_is_asked_for_first_and_the_change_comes_with_the_next_run() {
    for retry in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
        let work = world(1, false);
        let (_, counts) =
            run(&path, &work, drafts(&[("g/slow/1.0.0", &[])]), None, CancellationToken::new()).await.unwrap();
        assert_eq!(counts.failed, 1);
        if retry {
            let journal = opened(&path).await;
            journal.reopen_failed(None).await.unwrap();
            journal.close().await;
        }
        // The publisher refuses to take anything twice.
        let changed = || drafts(&[("g/slow/1.0.0", &["g/elsewhere/1.0.0"])]);
        let (_, counts) = run(&path, &work, changed(), None, CancellationToken::new()).await.unwrap();
        assert_eq!(counts.done, 1, "{counts:?}");
        assert_eq!(work.0.lock().unwrap().accepted["g/slow/1.0.0"], 1);
        let journal = opened(&path).await;
        assert_eq!(journal.offer(changed()).await.unwrap().changed, 1);
        journal.put_in_order().await.unwrap();
        let item = journal.reader().ready(1).unwrap().remove(0);
        assert_eq!((item.token, item.step), (None, None), "now the change is sent");
        assert!(item.draft.contains("elsewhere"), "{}", item.draft);
    }
}

/// A server that never has what it is asked for, and takes a publication only on the third look of a run.
#[derive(Default)]
struct Sceptic {
    looks: Mutex<u32>,
    published: Mutex<u32>,
}

impl Work for Sceptic {
    type Subject = u32;

    fn steps(&self) -> &'static [Step] {
        &[Step { name: "publish", effect: Effect::Write }]
    }

    fn open(&self, _: &Item) -> Result<u32, Failure> {
        Ok(0)
    }

    async fn act(&self, _: &mut u32, _: &Item, _: &'static str) -> Outcome {
        tokio::time::sleep(Duration::from_millis(100)).await;
        *self.published.lock().unwrap() += 1;
        Outcome::Next
    }

    async fn probe(&self, looks: &mut u32, _: &Item, _: &'static str) -> Option<Outcome> {
        *looks += 1;
        *self.looks.lock().unwrap() += 1;
        let again =
            Outcome::Again { failure: Failure::new("doubt", "not yet"), after: Duration::from_millis(1), doubt: true };
        (*looks < 3).then_some(again)
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_that_was_cut_off_in_more_runs_than_it_may_be_tried_does_not_fail() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
    let work = Arc::new(Sceptic::default());
    let limits = Limits { attempts: 4, ..LIMITS };
    for kill in 0..=8 {
        let journal = Arc::new(opened(&path).await);
        journal.offer(drafts(&[("g/a/1.0.0", &[])])).await.unwrap();
        journal.end_scan(false, "".into()).await.unwrap();
        journal.put_in_order().await.unwrap();
        let (tally, stop) = (Arc::new(Tally::default()), CancellationToken::new());
        let engine =
            Engine::new(Arc::clone(&journal), Arc::clone(&work), Arc::new(NoSink), tally, limits, Clock::start(), stop);
        if kill < 8 {
            assert!(
                tokio::time::timeout(Duration::from_millis(50), engine.run()).await.is_err(),
                "killed while it acts"
            );
        } else {
            assert_eq!(engine.run().await.unwrap(), Ended::Complete);
            assert_eq!(journal.counts().unwrap().done, 1);
        }
    }
    assert_eq!(*work.published.lock().unwrap(), 1);
    assert!(*work.looks.lock().unwrap() > limits.attempts, "it was looked for in every run");
}

/// Finds other things under the first coordinates, whenever it is asked, and takes what is sent under the second.
struct Elsewhere(Mutex<Vec<String>>);

impl Work for Elsewhere {
    type Subject = ();

    fn steps(&self) -> &'static [Step] {
        &STEPS[1..2]
    }

    fn open(&self, _: &Item) -> Result<(), Failure> {
        Ok(())
    }

    async fn act(&self, (): &mut (), item: &Item, _: &'static str) -> Outcome {
        self.0.lock().unwrap().push(format!("sends {}", item.published_as.as_deref().unwrap_or(&item.gav)));
        match item.published_as {
            Some(_) => Outcome::Next,
            None => Outcome::Again { failure: Failure::new("lost", "no reply"), after: Duration::ZERO, doubt: true },
        }
    }

    async fn probe(&self, (): &mut (), item: &Item, _: &'static str) -> Option<Outcome> {
        let mut told = self.0.lock().unwrap();
        assert!(told.len() < 10, "asks for ever: {told:?}");
        told.push(format!("looks for {}", item.published_as.as_deref().unwrap_or(&item.gav)));
        Some(Outcome::Retarget { gav: "g/a/1.0.1".to_owned(), note: "something else is there".to_owned() })
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_in_doubt_under_one_name_is_not_in_doubt_under_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
    let work = Arc::new(Elsewhere(Mutex::default()));
    let batch = drafts(&[("g/a/1.0.0", &[])]);
    let (_, counts) = run(&path, &work, batch, None, CancellationToken::new()).await.unwrap();
    assert_eq!(counts.done, 1);
    assert_eq!(*work.0.lock().unwrap(), ["sends g/a/1.0.0", "looks for g/a/1.0.0", "sends g/a/1.0.1"]);
}

/// Loses the reply to what it takes, and is not to be reached for some time afterwards.
struct Unreachable(Mutex<Vec<&'static str>>);

impl Work for Unreachable {
    type Subject = ();

    fn steps(&self) -> &'static [Step] {
        &STEPS[1..2]
    }

    fn open(&self, _: &Item) -> Result<(), Failure> {
        Ok(())
    }

    async fn act(&self, (): &mut (), _: &Item, _: &'static str) -> Outcome {
        self.0.lock().unwrap().push("sent");
        Outcome::Again { failure: Failure::new("lost", "no reply"), after: Duration::ZERO, doubt: true }
    }

    async fn probe(&self, (): &mut (), _: &Item, _: &'static str) -> Option<Outcome> {
        let mut told = self.0.lock().unwrap();
        told.push("looked for");
        Some(match told.len() {
            0..=8 => Outcome::Again { failure: Failure::new("lost", "no reply"), after: Duration::ZERO, doubt: true },
            _ => Outcome::End(Ending::Done { note: Some("found".to_owned()), fingerprint: None }),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_retries_what_was_given_up_in_doubt_looks_for_it_before_sending_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
    let work = Arc::new(Unreachable(Mutex::default()));
    let batch = || drafts(&[("g/a/1.0.0", &[])]);
    let (_, counts) = run(&path, &work, batch(), None, CancellationToken::new()).await.unwrap();
    assert_eq!(counts.failed, 1);
    assert_eq!(work.0.lock().unwrap().len(), 8, "as often as anything is tried");
    let journal = opened(&path).await;
    assert_eq!(journal.reopen_failed(None).await.unwrap(), 1);
    journal.close().await;
    let (_, counts) = run(&path, &work, batch(), None, CancellationToken::new()).await.unwrap();
    assert_eq!(counts.done, 1);
    let told = work.0.lock().unwrap().clone();
    assert_eq!(told.iter().filter(|told| **told == "sent").count(), 1, "{told:?}");
}
