//! What the journal promises, tried on real files.

mod sharing;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::*;
use crate::asset::{AssetDraft, AssetType, Coordinates, Diagnosis, Problem, Sourced, Values};

fn draft(gav: &str, needs: &[&str]) -> AssetDraft {
    let coordinates: Coordinates = gav.parse().unwrap();
    AssetDraft {
        name: coordinates.asset_id.clone(),
        asset_type: AssetType::Custom,
        description: None,
        status: None,
        tags: None,
        keywords: Vec::new(),
        dependencies: needs.iter().map(|need| need.parse().unwrap()).collect(),
        contact_name: None,
        contact_email: None,
        properties: BTreeMap::default(),
        categories: Values::default(),
        fields: Values::default(),
        instances: Vec::new(),
        visibility: None,
        moves: BTreeMap::new(),
        name_is_derived: false,
        files: Vec::new(),
        on_conflict: None,
        path: Utf8PathBuf::from(format!("{}.yaml", coordinates.asset_id)),
        line: None,
        origins: BTreeMap::default(),
        stamp: "1".to_owned(),
        coordinates,
    }
}

pub(super) fn offers(list: &[(&str, &[&str])]) -> Vec<Offer> {
    list.iter().map(|(gav, needs)| Offer::new(Sourced::Draft(Box::new(draft(gav, needs))), true)).collect()
}

pub(super) struct Place {
    _folder: tempfile::TempDir,
    path: Utf8PathBuf,
}

pub(super) fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("deep/er/job.db");
    Place { _folder: folder, path }
}

/// One run over a source: scan and order.
pub(super) async fn run(place: &Place, batch: Vec<Offer>) -> (Journal, ScanCounts, Vec<String>) {
    let journal = Journal::open(&place.path, "org").await.unwrap();
    let counts = journal.offer(batch).await.unwrap();
    journal.end_scan(false, "".into()).await.unwrap();
    let cycles = journal.put_in_order().await.unwrap();
    (journal, counts, cycles.iter().map(ToString::to_string).collect())
}

fn ready(journal: &Journal) -> Vec<String> {
    journal.reader().ready(100).unwrap().into_iter().map(|item| item.gav).collect()
}

async fn finish(journal: &Journal, gav: &str, to: State) -> u64 {
    let id = ItemId(journal.reader().find(gav).unwrap()[0].id);
    journal.apply(Change::to(id, State::Acting)).await.unwrap();
    let failure = (to == State::Failed).then(|| Failure::new("refused", "no"));
    journal.apply(Change { failure, ..Change::to(id, to) }).await.unwrap()
}

fn state(journal: &Journal, gav: &str) -> State {
    journal.reader().find(gav).unwrap()[0].state
}

#[tokio::test]
async fn dependencies_come_first_and_older_versions_of_an_asset_before_newer_ones() {
    let place = place();
    let (journal, ..) =
        run(&place, offers(&[("g/app/1.0.0", &["g/lib/1.0.0"]), ("g/lib/1.0.0", &[]), ("g/app/0.9.0", &[])])).await;
    assert_eq!(ready(&journal), ["g/lib/1.0.0", "g/app/0.9.0"]);
    assert_eq!(finish(&journal, "g/lib/1.0.0", State::Done).await, 0);
    assert_eq!(finish(&journal, "g/app/0.9.0", State::Failed).await, 1, "a version only waits for the order");
    assert_eq!(ready(&journal), ["g/app/1.0.0"]);
}

#[tokio::test]
async fn a_failure_blocks_all_that_depends_on_it_and_names_the_chain() {
    let place = place();
    let batch = || {
        offers(&[("g/a/1.0.0", &[]), ("g/b/1.0.0", &["g/a/1.0.0"]), ("g/c/1.0.0", &["g/b/1.0.0"]), ("g/z/1.0.0", &[])])
    };
    let (journal, ..) = run(&place, batch()).await;
    finish(&journal, "g/a/1.0.0", State::Failed).await;
    let c = &journal.reader().find("g/c/1.0.0").unwrap()[0];
    assert_eq!(c.state, State::Blocked);
    let why = c.message.as_deref().unwrap();
    assert!(why.contains("g/b/1.0.0") && why.contains("g/a/1.0.0, which failed: no"), "{why}");
    assert_eq!(state(&journal, "g/z/1.0.0"), State::Ready);
    journal.close().await;

    // The next run leaves the failure, `retry` opens it and what it blocked.
    let (journal, ..) = run(&place, batch()).await;
    assert_eq!(ready(&journal), ["g/z/1.0.0"]);
    assert_eq!(journal.reader().find("g/b/1.0.0").unwrap()[0].class.as_deref(), Some("blocked"));
    assert_eq!(journal.reopen_failed(None).await.unwrap(), 1);
    journal.put_in_order().await.unwrap();
    assert_eq!(ready(&journal), ["g/a/1.0.0", "g/z/1.0.0"]);
    assert_eq!(journal.reader().find("g/b/1.0.0").unwrap()[0].class, None);
}

#[tokio::test]
async fn what_needs_an_input_that_cannot_be_used_is_blocked_until_it_is_mended() {
    let place = place();
    let broken =
        || Sourced::Diagnosis(Box::new(Diagnosis::failed("base.yaml", Problem::Invalid, "no API").gav("g/base/1.0.0")));
    let mut batch = offers(&[("g/top/1.0.0", &["g/base/1.0.0"]), ("g/other/1.0.0", &[])]);
    batch.push(Offer::new(broken(), true));
    let (journal, _, _) = run(&place, batch).await;
    assert_eq!(ready(&journal), ["g/other/1.0.0"]);
    let top = &journal.reader().find("g/top/1.0.0").unwrap()[0];
    let why = top.message.clone().unwrap_or_default();
    assert!(top.state == State::Blocked && why.contains("g/base/1.0.0, which failed: no API"), "{:?} {why}", top.state);
    journal.close().await;
    let mended = offers(&[("g/top/1.0.0", &["g/base/1.0.0"]), ("g/other/1.0.0", &[]), ("g/base/1.0.0", &[])]);
    let (journal, _, _) = run(&place, mended).await;
    assert_eq!(ready(&journal), ["g/other/1.0.0", "g/base/1.0.0"]);
    journal.close().await;
    // A second claim to the same coordinates is broken, the first one is sound.
    let mut twice = offers(&[("g/top/1.0.0", &["g/base/1.0.0"]), ("g/other/1.0.0", &[]), ("g/base/1.0.0", &[])]);
    twice.push(Offer::new(broken(), true));
    let (journal, _, _) = run(&place, twice).await;
    assert_eq!(journal.reader().find("g/top/1.0.0").unwrap()[0].class, None);
}

#[tokio::test]
async fn a_circle_fails_by_name_and_a_version_order_gives_way_to_a_dependency() {
    let place = place();
    let (journal, _, cycles) = run(
        &place,
        offers(&[
            ("g/a/1.0.0", &["g/b/1.0.0"]),
            ("g/b/1.0.0", &["g/a/1.0.0"]),
            // The older version needs the newer one through another asset.
            ("g/x/1.0.0", &["g/y/1.0.0"]),
            ("g/y/1.0.0", &["g/x/2.0.0"]),
            ("g/x/2.0.0", &[]),
        ]),
    )
    .await;
    assert_eq!(cycles, ["g/a/1.0.0 → g/b/1.0.0 → g/a/1.0.0"]);
    assert_eq!(state(&journal, "g/a/1.0.0"), State::Failed);
    assert_eq!(ready(&journal), ["g/x/2.0.0"]);
}

#[tokio::test]
async fn an_unchanged_item_stays_done_and_a_changed_one_opens_again() {
    let place = place();
    let (journal, counts, _) = run(&place, offers(&[("g/a/1.0.0", &[]), ("g/b/1.0.0", &[])])).await;
    assert_eq!(counts.new, 2);
    finish(&journal, "g/a/1.0.0", State::Done).await;
    finish(&journal, "g/b/1.0.0", State::Done).await;
    journal.close().await;
    let mut changed = draft("g/b/1.0.0", &[]);
    changed.stamp = "2".to_owned();
    let mut batch = offers(&[("g/a/1.0.0", &[])]);
    batch.push(Offer::new(Sourced::Draft(Box::new(changed)), true));
    let (journal, counts, _) = run(&place, batch).await;
    assert_eq!((counts.unchanged, counts.changed), (1, 1));
    assert_eq!(ready(&journal), ["g/b/1.0.0"]);
}

#[tokio::test]
async fn the_second_claim_to_the_same_coordinates_is_told_where_the_first_one_is() {
    let place = place();
    let mut twin = draft("g/a/1.0.0", &[]);
    twin.path = "twin.json".into();
    let mut batch = offers(&[("g/a/1.0.0", &[])]);
    batch.push(Offer::new(Sourced::Draft(Box::new(twin)), true));
    let (journal, counts, _) = run(&place, batch).await;
    assert_eq!((counts.new, counts.diagnosed), (1, 1));
    let twin = journal.reader().find("twin.json").unwrap().remove(0);
    assert_eq!((twin.state, twin.class.as_deref()), (State::Failed, Some("duplicate")));
    assert!(twin.message.unwrap().contains("a.yaml"));
    assert_eq!(ready(&journal), ["g/a/1.0.0"]);
}

#[tokio::test]
async fn what_left_the_source_is_skipped_and_comes_back_with_it() {
    let place = place();
    let (journal, ..) = run(&place, offers(&[("g/a/1.0.0", &[])])).await;
    journal.close().await;
    let broken = Diagnosis::failed("a.yaml", Problem::Invalid, "not YAML").at(3, 1);
    let (journal, ..) = run(&place, vec![Offer::new(Sourced::Diagnosis(Box::new(broken)), true)]).await;
    assert_eq!(state(&journal, "g/a/1.0.0"), State::Skipped);
    assert_eq!(journal.counts().unwrap().failed, 1);
    journal.close().await;
    let (journal, ..) = run(&place, offers(&[("g/a/1.0.0", &[])])).await;
    assert_eq!(ready(&journal), ["g/a/1.0.0"]);
    assert_eq!(journal.counts().unwrap().failed, 0, "the mended problem is gone");
}

#[tokio::test]
async fn targets_know_nothing_of_each_other() {
    let place = place();
    let (journal, ..) = run(&place, offers(&[("g/a/1.0.0", &[])])).await;
    finish(&journal, "g/a/1.0.0", State::Done).await;
    journal.close().await;
    let journal = Journal::open(&place.path, "another").await.unwrap();
    journal.offer(offers(&[("g/a/1.0.0", &[])])).await.unwrap();
    journal.put_in_order().await.unwrap();
    assert_eq!(ready(&journal), ["g/a/1.0.0"]);
    assert_eq!(Reader::open(&place.path).unwrap().target_name().unwrap(), "another");
}

#[tokio::test]
async fn an_illegal_move_is_refused_and_stops_the_writer() {
    let place = place();
    let (journal, ..) = run(&place, offers(&[("g/a/1.0.0", &[])])).await;
    let id = ItemId(journal.reader().find("g/a/1.0.0").unwrap()[0].id);
    let error = journal.apply(Change::to(id, State::Done)).await.unwrap_err();
    assert!(matches!(error, JournalError::Write(_)), "{error}");
    assert_eq!(state(&journal, "g/a/1.0.0"), State::Ready);
    assert!(journal.end_scan(false, "".into()).await.is_err(), "nothing is written after a failure");
}

#[tokio::test]
async fn files_that_are_no_journals_or_from_the_future_are_left_alone() {
    let place = place();
    fs_err::create_dir_all(place.path.parent().unwrap()).unwrap();
    fs_err::write(&place.path, "a text of some length that is no database, whatever its name says").unwrap();
    assert!(matches!(Journal::open(&place.path, "org").await, Err(JournalError::Foreign { .. })));
    fs_err::remove_file(&place.path).unwrap();
    Journal::open(&place.path, "org").await.unwrap().close().await;
    let raw = rusqlite::Connection::open(&place.path).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Journal::open(&place.path, "org").await, Err(JournalError::Newer { found: 99, .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn whose_lock_was_removed_stops_and_writes_nothing_once_another_run_is_begun() {
    #[derive(Debug)]
    struct Blind;
    impl Witness for Blind {
        fn before(&self) -> futures::future::BoxFuture<'static, ()> {
            Box::pin(async {})
        }
        fn after(&self) -> futures::future::BoxFuture<'static, ()> {
            Box::pin(async {})
        }
    }
    for commits in [Commits::Grouped, Commits::OneByOne(std::sync::Arc::new(Blind))] {
        let place = place();
        let open = || async {
            Journal::open_locked(Lock::take_soon(&place.path).unwrap(), "org", "", &commits).await.unwrap()
        };
        let first = open().await;
        first.offer(offers(&[("g/a/1.0.0", &[])])).await.unwrap();
        fs_err::remove_file(format!("{}.lock", place.path)).unwrap();
        let second = open().await;
        let refused = first.offer(offers(&[("g/b/1.0.0", &[])])).await.unwrap_err();
        assert!(refused.to_string().contains("no longer this run's alone"), "{refused}");
        assert!(refused.hint().unwrap().contains(".lock where it is"));
        assert!(first.put_in_order().await.is_err(), "it is out for good");
        second.offer(offers(&[("g/c/1.0.0", &[])])).await.unwrap();
        let known = |gav: &str| !second.reader().find(gav).unwrap().is_empty();
        assert_eq!(["g/a/1.0.0", "g/b/1.0.0", "g/c/1.0.0"].map(known), [true, false, true]);
    }
    // Nobody needs to have got in.
    let place = place();
    let journal = Journal::open(&place.path, "org").await.unwrap();
    fs_err::remove_file(format!("{}.lock", place.path)).unwrap();
    let refused = journal.offer(offers(&[("g/a/1.0.0", &[])])).await.unwrap_err();
    assert!(matches!(&refused, JournalError::Write(error) if matches!(**error, JournalError::Unlocked { .. })));
}

#[tokio::test]
async fn only_selected_items_become_ready() {
    let place = place();
    let journal = Journal::open(&place.path, "org").await.unwrap();
    let mut batch = offers(&[("g/a/1.0.0", &["g/b/1.0.0"]), ("g/b/1.0.0", &[])]);
    batch[1].selected = false;
    journal.offer(batch).await.unwrap();
    journal.put_in_order().await.unwrap();
    assert_eq!(ready(&journal), ["g/a/1.0.0"]);
    assert_eq!(state(&journal, "g/b/1.0.0"), State::Pending);
}

#[tokio::test]
async fn an_asset_that_only_lies_elsewhere_is_unchanged_and_is_read_from_there() {
    let place = place();
    let at = |folder: &str, line: u64, stamp: &str| {
        let mut draft = draft("g/a/1.0.0", &[]);
        let content = crate::asset::FileContent::File(Utf8PathBuf::from(format!("{folder}/a.md")));
        draft.files = vec![crate::asset::DraftFile { key: crate::asset::FileKey::new("custom", "md"), content }];
        (draft.path, draft.line) = (Utf8PathBuf::from(format!("{folder}/m.csv")), Some(line));
        draft.stamp = stamp.to_owned();
        vec![Offer::new(Sourced::Draft(Box::new(draft)), true)]
    };
    let (journal, ..) = run(&place, at("here", 2, "1")).await;
    journal.close().await;
    let (journal, ..) = run(&place, at("/there", 7, "1")).await;
    let item = journal.reader().ready(1).unwrap().remove(0);
    assert!(item.draft.contains("/there/a.md"), "{}", item.draft);
    finish(&journal, "g/a/1.0.0", State::Done).await;
    journal.close().await;

    let (journal, counts, _) = run(&place, at("here", 3, "1")).await;
    assert_eq!((counts.unchanged, counts.changed, state(&journal, "g/a/1.0.0")), (1, 0, State::Done));
    journal.close().await;
    let (_, counts, _) = run(&place, at("here", 3, "2")).await;
    assert_eq!((counts.unchanged, counts.changed), (0, 1));
}

#[tokio::test]
async fn what_may_have_happened_under_other_coordinates_is_asked_for_under_those_by_whoever_retries() {
    let place = place();
    let offered = || offers(&[("g/waits/1.0.0", &[]), ("g/doubted/1.0.0", &[]), ("g/refused/1.0.0", &[])]);
    let (journal, ..) = run(&place, offered()).await;
    for (name, token, doubt) in [("waits", Some("link"), false), ("doubted", None, true), ("refused", None, false)] {
        let id = ItemId(journal.reader().find(&format!("g/{name}/1.0.0")).unwrap()[0].id);
        let published_as = Some(format!("g/{name}/1.1.0"));
        journal.apply(Change { published_as, ..Change::to(id, State::Acting) }).await.unwrap();
        let token = token.map(str::to_owned);
        let failure = Some(Failure::new("deadline", "not yet"));
        let failed = Change { step: Some("publish"), token, doubt, failure, ..Change::to(id, State::Failed) };
        journal.apply(failed).await.unwrap();
    }
    assert_eq!(journal.reopen_failed(None).await.unwrap(), 3);
    journal.close().await;
    let (journal, ..) = run(&place, offered()).await;
    let told: Vec<_> = journal
        .reader()
        .ready(3)
        .unwrap()
        .into_iter()
        .map(|item| (item.published_as, item.step.is_some(), item.doubt))
        .collect();
    let kept = |name: &str| Some(format!("g/{name}/1.1.0"));
    assert_eq!(told, [(kept("waits"), true, false), (kept("doubted"), true, true), (None, false, false)]);
}
