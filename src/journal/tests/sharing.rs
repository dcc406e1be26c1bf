//! Versions that share data, and assets that vanish.

use super::*;
use crate::asset::Spelled;

fn tagged(gav: &str, tags: Option<&[&str]>) -> AssetDraft {
    let tags = tags.map(|tags| tags.iter().map(|tag| (*tag).to_owned()).collect());
    AssetDraft { tags, name_is_derived: true, ..draft(gav, &[]) }
}

/// One run over these drafts; all that becomes ready is done.
async fn run_through(place: &Place, drafts: Vec<AssetDraft>, retire: bool) -> (Vec<Item>, ScanEnd) {
    let journal = Journal::open(&place.path, "org").await.unwrap();
    let offers = drafts.into_iter().map(|draft| Offer::new(Sourced::Draft(Box::new(draft)), true)).collect();
    journal.offer(offers).await.unwrap();
    let end = journal.end_scan(retire, "".into()).await.unwrap();
    journal.put_in_order().await.unwrap();
    let mut worked = Vec::new();
    while let Some(item) = journal.reader().ready(1).unwrap().pop() {
        finish(&journal, &item.gav, State::Done).await;
        worked.push(item);
    }
    journal.close().await;
    (worked, end)
}

fn told(items: &[Item]) -> Vec<(String, Vec<&str>)> {
    items.iter().map(|item| (item.gav.clone(), item.yields.iter().map(String::as_str).collect())).collect()
}

#[tokio::test]
async fn the_highest_version_speaks_for_what_it_shares_and_disagreement_is_told() {
    let place = place();
    let drafts = vec![
        tagged("g/a/1.0.0", Some(&["old"])),
        tagged("g/a/1.0.1", Some(&["new"])),
        tagged("g/a/1.1.0", Some(&["other"])),
        tagged("g/b/1.0.0", Some(&["old"])),
    ];
    let (worked, end) = run_through(&place, drafts, false).await;
    let expected = [
        ("g/a/1.0.0".to_owned(), vec!["tags"]),
        ("g/a/1.0.1".to_owned(), vec![]),
        ("g/a/1.1.0".to_owned(), vec![]),
        ("g/b/1.0.0".to_owned(), vec![]),
    ];
    let mut worked = told(&worked);
    worked.sort();
    assert_eq!(worked, expected, "another minor version has tags of its own");
    let disagreement =
        Disagreement { datum: "tags".to_owned(), speaks: "g/a/1.0.1".to_owned(), yields: "g/a/1.0.0".to_owned() };
    assert_eq!(end.disagreements, [disagreement]);
}

#[tokio::test]
async fn versions_that_say_the_same_do_not_disagree() {
    let place = place();
    let drafts = vec![tagged("g/a/1.0.0", Some(&["x", "Y"])), tagged("g/a/1.0.1", Some(&["y", "x"]))];
    let (worked, end) = run_through(&place, drafts, false).await;
    assert_eq!(told(&worked)[0].1, ["tags"]);
    assert_eq!(end.disagreements, []);
}

#[tokio::test]
async fn who_is_left_speaks_again() {
    let place = place();
    let (old, new) = (tagged("g/a/1.0.0", Some(&["old"])), tagged("g/a/1.0.1", Some(&["new"])));
    run_through(&place, vec![old.clone()], false).await;
    let (worked, _) = run_through(&place, vec![old.clone(), new.clone()], false).await;
    assert_eq!(told(&worked), [("g/a/1.0.1".to_owned(), vec![])], "who only yields has nothing to do");
    let (worked, end) = run_through(&place, vec![old.clone()], false).await;
    assert_eq!(told(&worked), [("g/a/1.0.0".to_owned(), vec![])]);
    assert!(!worked[0].draft.is_empty(), "it can be worked on");
    assert_eq!(end.vanished.count, 0, "a version that gave way to another has not vanished");
    let (worked, _) = run_through(&place, vec![old], false).await;
    assert_eq!(told(&worked), []);
}

#[tokio::test]
async fn all_categories_and_a_single_one_are_never_spoken_for_by_two() {
    let mut all = tagged("g/a/1.0.1", None);
    all.categories.exactly = true;
    let mut one = tagged("g/a/1.0.0", None);
    one.categories.by_key.insert("layer".to_owned(), Spelled::One("System".to_owned()));
    let (worked, _) = run_through(&place(), vec![one.clone(), all.clone()], false).await;
    assert_eq!(told(&worked)[0], ("g/a/1.0.0".to_owned(), vec!["categories.layer"]));
    (all.coordinates, one.coordinates) = (one.coordinates, all.coordinates);
    let (worked, _) = run_through(&place(), vec![one, all], false).await;
    assert_eq!(told(&worked)[0], ("g/a/1.0.0".to_owned(), vec!["categories"]));
}

#[tokio::test]
async fn what_vanished_is_told_and_deprecated_only_when_asked() {
    let place = place();
    let (a, b) = (tagged("g/a/1.0.0", None), tagged("g/b/1.0.0", None));
    run_through(&place, vec![a.clone(), b.clone()], false).await;
    for _ in 0..2 {
        let (worked, end) = run_through(&place, vec![a.clone()], false).await;
        assert_eq!((end.vanished.count, end.vanished.gavs.as_slice()), (1, ["g/b/1.0.0".to_owned()].as_slice()));
        assert_eq!(worked, []);
    }
    let (worked, end) = run_through(&place, vec![a.clone()], true).await;
    assert!(end.vanished.retired);
    assert_eq!((worked[0].gav.as_str(), worked[0].retired), ("g/b/1.0.0", Retired::Gone));
    let (worked, end) = run_through(&place, vec![a.clone()], true).await;
    assert_eq!((worked.len(), end.vanished.count), (0, 0), "it is deprecated once");

    let (worked, _) = run_through(&place, vec![a.clone(), b.clone()], true).await;
    assert_eq!((worked[0].gav.as_str(), worked[0].retired), ("g/b/1.0.0", Retired::Back));
    let (worked, _) = run_through(&place, vec![a, b], true).await;
    assert_eq!(worked, []);
}

#[tokio::test]
async fn nothing_is_deprecated_while_the_source_may_be_incomplete() {
    let place = place();
    let many: Vec<_> = (0..30).map(|n| tagged(&format!("g/a{n}/1.0.0"), None)).collect();
    run_through(&place, many.clone(), true).await;
    let (worked, end) = run_through(&place, many[..10].to_vec(), true).await;
    assert_eq!((worked.len(), end.vanished.count, end.vanished.retired), (0, 20, false));
    assert!(end.vanished.spared.unwrap().contains("is the source complete"));

    let (worked, end) = run_through(&place, Vec::new(), true).await;
    assert_eq!((worked.len(), end.vanished.count, end.vanished.retired), (0, 30, false));

    let journal = Journal::open(&place.path, "org").await.unwrap();
    let broken = Diagnosis::failed("a29.yaml", Problem::Invalid, "broken");
    let mut offers: Vec<_> =
        many[..29].iter().map(|draft| Offer::new(Sourced::Draft(Box::new(draft.clone())), true)).collect();
    offers.push(Offer::new(Sourced::Diagnosis(Box::new(broken)), true));
    journal.offer(offers).await.unwrap();
    let end = journal.end_scan(true, "".into()).await.unwrap();
    assert!(!end.vanished.retired && end.vanished.spared.unwrap().contains("cannot be read"));
}

fn at(gav: &str, path: &str) -> AssetDraft {
    AssetDraft { path: path.into(), ..tagged(gav, None) }
}

/// The beginning of a run of a job that brings these.
async fn begun(place: &Place, job: &str, source: &str, drafts: &[AssetDraft]) -> (Journal, ScanEnd) {
    let lock = Lock::take_soon(&place.path).unwrap();
    let journal = Journal::open_locked(lock, "org", job, &Commits::default()).await.unwrap();
    let offer = |draft: &AssetDraft| Offer::new(Sourced::Draft(Box::new(draft.clone())), true);
    journal.offer(drafts.iter().map(offer).collect()).await.unwrap();
    let end = journal.end_scan(true, source.into()).await.unwrap();
    journal.put_in_order().await.unwrap();
    (journal, end)
}

#[tokio::test]
async fn jobs_that_share_a_journal_leave_alone_what_is_not_theirs() {
    let place = place();
    let ours = [at("g/a/1.0.0", "all/a.yaml"), at("g/b/1.0.0", "all/b.yaml"), at("g/c/1.0.0", "all/c.yaml")];
    let (journal, _) = begun(&place, "publish:one", "all", &ours).await;
    finish(&journal, "g/a/1.0.0", State::Done).await;
    finish(&journal, "g/b/1.0.0", State::Failed).await;
    journal.close().await;

    let theirs = [at("g/d/1.0.0", "all/d.yaml")];
    let (journal, end) = begun(&place, "publish:two", "all", &theirs).await;
    assert_eq!((end.gone, end.vanished), (0, Vanished::default()));
    assert_eq!(journal.reopen_failed(None).await.unwrap(), 0, "it is not theirs to try again");
    assert_eq!(ready(&journal), ["g/d/1.0.0"]);
    assert_eq!(journal.counts().unwrap().total(), 1);
    let states = ["g/a/1.0.0", "g/b/1.0.0", "g/c/1.0.0"].map(|gav| state(&journal, gav));
    assert_eq!(states, [State::Done, State::Failed, State::Pending]);
    journal.close().await;
    assert_eq!(Reader::open(&place.path).unwrap().counts().unwrap().total(), 4, "whoever looks on sees all of them");

    let (journal, end) = begun(&place, "publish:one", "all", &ours[1..]).await;
    assert_eq!((end.gone, end.vanished.gavs, end.vanished.retired), (0, vec!["g/a/1.0.0".to_owned()], true));
    assert_eq!(ready(&journal), ["g/a/1.0.0", "g/c/1.0.0"]);
    journal.close().await;
    // What is opened to be deprecated waits for a run of its own job.
    let (journal, _) = begun(&place, "publish:two", "all", &theirs).await;
    assert_eq!(ready(&journal), ["g/d/1.0.0"]);
    journal.close().await;
    let (journal, end) = begun(&place, "publish:one", "all", &ours[1..]).await;
    assert_eq!((ready(&journal).len(), end.gone), (2, 0));
}

#[tokio::test]
async fn what_vanished_is_told_wherever_the_source_has_moved() {
    let place = place();
    let monday = [at("g/a/1.0.0", "monday.csv"), at("g/b/1.0.0", "monday.csv")];
    let (journal, _) = begun(&place, "publish:one", "monday.csv", &monday).await;
    for gav in ["g/a/1.0.0", "g/b/1.0.0"] {
        finish(&journal, gav, State::Done).await;
    }
    journal.close().await;
    let (journal, end) = begun(&place, "publish:one", "tuesday.csv", &[at("g/a/1.0.0", "tuesday.csv")]).await;
    assert_eq!((end.vanished.gavs, end.vanished.retired), (vec!["g/b/1.0.0".to_owned()], true));
    journal.close().await;
    let mut vanished = Vec::new();
    let reader = Reader::open(&place.path).unwrap();
    reader.brought("publish:one", "wednesday.csv".into(), |asset, _, _, _| vanished.push(asset.to_owned())).unwrap();
    assert_eq!(vanished, ["g/a"]);
    reader.brought("publish:two", "".into(), |asset, _, _, _| panic!("{asset} is another job's")).unwrap();
}

#[tokio::test]
async fn where_nobody_knows_which_job_brought_something_its_place_tells() {
    let place = place();
    run_through(&place, vec![at("g/a/1.0.0", "one/a.yaml"), at("g/b/1.0.0", "one/b.yaml")], true).await;
    let raw = rusqlite::Connection::open(&place.path).unwrap();
    raw.execute("UPDATE item SET job = NULL", []).unwrap();
    let (journal, end) = begun(&place, "publish:job", "one-more", &[at("g/c/1.0.0", "one-more/c.yaml")]).await;
    assert_eq!(end.vanished, Vanished::default());
    journal.close().await;
    let (journal, end) = begun(&place, "publish:job", "one", &[at("g/a/1.0.0", "one/a.yaml")]).await;
    assert_eq!((end.vanished.gavs, end.vanished.retired, end.gone), (vec!["g/b/1.0.0".to_owned()], true, 1));
    journal.close().await;
    let older = rusqlite::Connection::open(&place.path).unwrap();
    older
        .execute_batch(
            "ALTER TABLE item DROP COLUMN ids; ALTER TABLE item DROP COLUMN job; DROP TABLE pause; DROP TABLE made; \
             PRAGMA user_version = 3",
        )
        .unwrap();
    let reader = Reader::open(&place.path).unwrap();
    let mut brought = Vec::new();
    reader.brought("publish:job", "one".into(), |asset, _, _, _| brought.push(asset.to_owned())).unwrap();
    assert_eq!((brought, reader.counts().unwrap().total()), (vec!["g/a".to_owned()], 3));
}

#[tokio::test]
async fn an_emptied_source_deprecates_nothing_and_what_its_conditions_leave_out_has_not_vanished() {
    let place = place();
    let mut both = vec![tagged("g/a/1.0.0", None), tagged("g/b/1.0.0", None)];
    for draft in &mut both {
        draft.path = "catalog.yaml".into();
    }
    run_through(&place, both.clone(), true).await;
    let (worked, end) = run_through(&place, Vec::new(), true).await;
    assert_eq!((worked.len(), end.vanished.retired), (0, false));
    assert!(end.vanished.spared.unwrap().contains("nothing at all"));

    let journal = Journal::open(&place.path, "org").await.unwrap();
    let left_out = Diagnosis::skipped("catalog.yaml", Problem::Condition, "its trigger conditions do not hold");
    let offers = vec![
        Offer::new(Sourced::Draft(Box::new(both[0].clone())), true),
        Offer::new(Sourced::Diagnosis(Box::new(left_out)), true),
    ];
    journal.offer(offers).await.unwrap();
    assert_eq!(journal.end_scan(true, "".into()).await.unwrap().vanished, Vanished::default());
}
