//! Waiting for a change, with scripted replies.

use serde_json::{Value, json};

use super::*;
use crate::net::scripted::{Scripted, Step, reply};

/// An asset that holds nothing of what is wished for.
const BARE: &str = r#"{"groupId":"g","assetId":"a","version":"1.0.0","type":"rest-api","name":"A","status":"published",
    "labels":["old"],"categories":[],"customFields":[]}"#;

struct Scene {
    server: Scripted,
    describer: Describer,
    progress: Progress,
    item: Item,
    tally: Arc<Tally>,
}

impl Scene {
    /// Describes an asset that holds nothing of what is wished for: after some replies the change is taken, under a
    /// link of a host.
    async fn new(
        host: &str,
        said: Value,
        before: impl IntoIterator<Item = Step>,
        after: impl IntoIterator<Item = Step>,
    ) -> Self {
        let link = json!({"mutableDataStatusLink": format!("https://{host}/status/1")}).to_string();
        let before = [reply(200, BARE)].into_iter().chain(before);
        let server = Scripted::new(before.chain([reply(202, &link)]).chain(after));
        let describer = place::describer_of(&server);
        let tally = Arc::clone(&describer.tally);
        let gav: Coordinates = "g/a/1.0.0".parse().expect("parses");
        let mut progress = Progress::default();
        let outcome = describer.describe(&mut progress, &gav, &wish(said)).await;
        let Outcome::Wait { token, .. } = outcome else { panic!("waits: {outcome:?}") };
        Self { server, describer, progress, item: place::item(&gav, Some(token)), tally }
    }

    async fn with(replies: impl IntoIterator<Item = Step>) -> Self {
        Self::new("exchange.example", json!({"tags": ["new"]}), [], replies).await
    }

    /// Asks until something else than waiting comes of it.
    async fn settle(&mut self) -> Outcome {
        for _ in 0..100 {
            match self.describer.settle(&mut self.progress, &self.item).await {
                Outcome::Wait { after, .. } => tokio::time::sleep(after).await,
                outcome => return outcome,
            }
        }
        panic!("waits for ever")
    }

    fn updated(&self) -> u64 {
        self.tally.updated.load(std::sync::atomic::Ordering::Relaxed)
    }
}

fn failed(code: u16) -> Step {
    let steps = json!([{"description": "Values", "status": "error", "statusCode": code, "errors": ["no such key"]}]);
    reply(200, &json!({"status": "error", "steps": steps}).to_string())
}

#[tokio::test(start_paused = true)]
async fn a_change_counts_when_it_is_over() {
    let mut scene = Scene::with([reply(200, r#"{"status":"running"}"#), reply(200, r#"{"status":"completed"}"#)]).await;
    assert_eq!(scene.updated(), 0);
    assert_eq!(scene.settle().await, Outcome::Next);
    assert_eq!((scene.updated(), scene.progress.note().as_deref()), (1, Some("tags: +new −old")));
    assert_eq!(scene.server.lines().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_begins_with_the_token_knows_what_was_changed() {
    let mut scene = Scene::with([reply(200, r#"{"status":"completed"}"#)]).await;
    scene.progress = Progress::default();
    assert_eq!(scene.settle().await, Outcome::Next);
    assert_eq!(scene.progress.note().as_deref(), Some("tags: +new −old"));
}

#[tokio::test(start_paused = true)]
async fn what_the_server_gives_back_is_told_in_its_words() {
    // The type of a field that the asset does not have is asked for: nobody tells it.
    let silence = [reply(404, ""), reply(403, "")];
    let said = json!({"fields": {"values": {"k": "x"}}});
    let mut scene = Scene::new("exchange.example", said, silence, [failed(400)]).await;
    let Outcome::Failed(failure) = scene.settle().await else { panic!("fails") };
    assert_eq!((failure.class.as_str(), failure.http), ("refused", Some(400)));
    assert!(failure.message.contains("no such key"), "{failure:?}");
    assert!(failure.hint.is_some_and(|hint| hint.contains("[definitions]")));
    assert_eq!(scene.updated(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_servers_own_is_compared_again() {
    let mut scene = Scene::with([failed(503)]).await;
    assert!(matches!(scene.settle().await, Outcome::Back { step: DESCRIBE, .. }));
    // A link that nobody knows, for longer than links take to appear.
    let mut scene = Scene::with((0..50).map(|_| reply(404, ""))).await;
    assert!(matches!(scene.settle().await, Outcome::Back { step: DESCRIBE, .. }));
    assert_eq!(scene.updated(), 0);
    let mut scene = Scene::with([]).await;
    scene.item.token = Some("not ours".to_owned());
    assert!(matches!(scene.settle().await, Outcome::Back { step: DESCRIBE, .. }));
}

#[tokio::test(start_paused = true)]
async fn a_link_to_another_server_is_not_followed() {
    let mut scene = Scene::new("evil.example", json!({"tags": ["new"]}), [], []).await;
    assert!(matches!(scene.settle().await, Outcome::Back { step: DESCRIBE, .. }));
    assert_eq!(scene.server.lines().len(), 2, "nothing is sent there");
    assert_eq!(scene.updated(), 1, "the change was accepted");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_never_ends_fails_at_its_deadline() {
    let mut scene = Scene::with((0..99).map(|_| reply(200, r#"{"status":"running"}"#))).await;
    let Outcome::GaveUp(failure) = scene.settle().await else { panic!("fails, and may be asked for again") };
    assert_eq!(failure.class, "deadline");
}

#[tokio::test(start_paused = true)]
async fn nothing_under_way_is_nothing_to_wait_for() {
    let mut scene = Scene::with([]).await;
    scene.item.token = None;
    assert_eq!(scene.settle().await, Outcome::Next);
}
