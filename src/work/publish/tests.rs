//! What the answers about a publication under way are taken for.

use std::{collections::BTreeSet, time::Duration};

use camino::Utf8Path;

use super::*;
use crate::{
    job::{Job, Overrides},
    journal::{ItemId, State},
    net::{
        TransportKind,
        scripted::{Scripted, Step, reply},
    },
    work::testing::draft,
};

const GAV: &str = "org/orders/1.0.0";

fn publish(server: &Scripted) -> Publish {
    publish_as(server, "")
}

fn publish_as(server: &Scripted, settings: &str) -> Publish {
    let folder = tempfile::tempdir().unwrap();
    let file = Utf8Path::from_path(folder.path()).unwrap().join("job.toml");
    let job =
        format!("kind = \"publish\"\n[target]\nsandbox = true\n[source]\ndirectory = \".\"\n[publish]\n{settings}");
    fs_err::write(&file, job).unwrap();
    let job = Job::load(&file, &Overrides::default(), &|_| None).unwrap();
    let exchange = Exchange::new(server.client(None), "org".to_owned());
    Publish::new(exchange, &job, Existing::default(), Arc::default()).unwrap()
}

/// An item whose publication was accepted: by this job, or by nobody knows whom.
fn awaited(publish: &Publish, is_ours: bool) -> Item {
    let token = send::Token {
        link: publish.exchange.latest_publication(&GAV.parse().unwrap()),
        elsewhere: None,
        imprint: is_ours.then(|| r#"{"content":"c"}"#.to_owned()),
        overwrites: false,
    };
    Item {
        id: ItemId(1),
        gav: GAV.to_owned(),
        state: State::Waiting,
        step: Some(AWAIT.to_owned()),
        attempt: 1,
        doubt: false,
        due: None,
        token: Some(token.to_text()),
        published_as: None,
        fingerprint: None,
        draft: serde_json::to_string(&draft(GAV)).unwrap(),
        yields: BTreeSet::new(),
        retired: Retired::No,
        ids: None,
    }
}

async fn ask(publish: &Publish, errand: &mut Errand, item: &Item) -> Outcome {
    publish.act(errand, item, AWAIT).await
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_cannot_be_read_or_is_not_answered_is_no_news_about_the_publication() {
    let silence = |kind| (0..8).map(move |_| Step::Fail(kind, true)).collect::<Vec<_>>();
    let troubles: [(&str, Vec<Step>); 6] = [
        ("cut JSON", vec![reply(200, "{\"status\":\"compl")]),
        ("other JSON", vec![reply(200, "[1, 2]")]),
        ("nothing", vec![reply(200, "")]),
        ("a page", (0..8).map(|_| reply(502, "<html></html>")).collect()),
        ("a broken line", silence(TransportKind::Reset)),
        ("a timeout", silence(TransportKind::Timeout)),
    ];
    for (what, steps) in troubles {
        let server = Scripted::new(steps);
        let publish = publish(&server);
        let item = awaited(&publish, true);
        let mut errand = publish.open(&item).unwrap();
        let Outcome::Wait { token, after } = ask(&publish, &mut errand, &item).await else {
            panic!("{what}: it is asked again, and nothing else follows")
        };
        assert_eq!(Some(token), item.token, "{what}");
        assert!(after < Duration::from_secs(6), "{what}");
        assert!(server.lines().iter().all(|line| line.starts_with("GET ")), "{what}: {:?}", server.lines());
    }
    // The next answer counts as if nothing had been.
    let server = Scripted::new([reply(200, "{"), reply(200, r#"{"status":"completed"}"#)]);
    let publish = publish(&server);
    let item = awaited(&publish, true);
    let mut errand = publish.open(&item).unwrap();
    assert!(matches!(ask(&publish, &mut errand, &item).await, Outcome::Wait { .. }));
    let ended = ask(&publish, &mut errand, &item).await;
    assert!(!matches!(ended, Outcome::Wait { .. } | Outcome::Back { .. } | Outcome::Failed(_)), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_publication_has_brought_that_this_job_may_not_have_sent_is_compared() {
    for status in ["completed", "error"] {
        for is_ours in [true, false] {
            let server = Scripted::new([reply(200, &format!(r#"{{"status":"{status}"}}"#))]);
            let publish = publish(&server);
            let item = awaited(&publish, is_ours);
            let mut errand = publish.open(&item).unwrap();
            let ended = ask(&publish, &mut errand, &item).await;
            let is_looked_at = matches!(ended, Outcome::Back { step: PUBLISH, doubt: true, .. });
            assert_eq!(is_looked_at, !is_ours, "{status}: {ended:?}");
        }
    }
}

/// What the server holds: other content than the draft has.
const OTHER: &str = r#"{"groupId":"org","assetId":"orders","version":"1.0.0","type":"custom","status":"published",
    "files":[{"classifier":"custom","packaging":"zip"}]}"#;

/// A version whose content has changed since this job published it, with nothing sent yet.
fn changed() -> Item {
    Item {
        id: ItemId(1),
        gav: GAV.to_owned(),
        state: State::Acting,
        step: Some(PUBLISH.to_owned()),
        attempt: 1,
        doubt: true,
        due: None,
        token: None,
        published_as: None,
        fingerprint: Some(r#"{"content":"before"}"#.to_owned()),
        draft: serde_json::to_string(&draft(GAV)).unwrap(),
        yields: BTreeSet::new(),
        retired: Retired::No,
        ids: None,
    }
}

fn next_version(outcome: Option<Outcome>) -> Option<String> {
    match outcome {
        Some(Outcome::Retarget { gav, .. }) => Some(gav),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_interrupted_before_it_was_sent_is_still_a_change_and_no_conflict() {
    for on_conflict in ["skip", "fail"] {
        let server = Scripted::new([reply(200, OTHER), reply(200, r#"{"nextAvailableVersion":"1.0.1"}"#)]);
        let settings = format!("on_change = \"bump-patch\"\non_conflict = \"{on_conflict}\"\n");
        let publish = publish_as(&server, &settings);
        let item = changed();
        let mut errand = publish.open(&item).unwrap();
        assert_eq!(publish.act(&mut errand, &item, PACKAGE).await, Outcome::Next);
        let probed = publish.probe(&mut errand, &item, PUBLISH).await;
        assert_eq!(next_version(probed).as_deref(), Some("org/orders/1.0.1"), "{on_conflict}: {:?}", server.lines());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_say_the_next_version_is_asked_again() {
    let mut steps: Vec<Step> = (0..8).map(|_| reply(500, "")).collect();
    steps.push(reply(200, r#"{"nextAvailableVersion":"1.0.1"}"#));
    let server = Scripted::new(steps);
    let publish = publish_as(&server, "on_change = \"bump-patch\"\non_conflict = \"skip\"\n");
    let item = changed();
    let mut errand = publish.open(&item).unwrap();
    assert_eq!(publish.act(&mut errand, &item, PACKAGE).await, Outcome::Next);
    for _ in 0..8 {
        match publish.act(&mut errand, &item, PUBLISH).await {
            // Nothing was sent: there is nothing to find out.
            Outcome::Again { doubt, .. } => assert!(!doubt),
            outcome => {
                assert_eq!(next_version(Some(outcome)).as_deref(), Some("org/orders/1.0.1"));
                return;
            }
        }
    }
    panic!("it never got there: {:?}", server.lines());
}
