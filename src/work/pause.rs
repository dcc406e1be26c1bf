//! What the server asked for outlives the process that it asked: a run that follows a kill waits as long as the one before
//! it would have.

use std::{convert::Infallible, sync::Arc, time::Duration};

use camino::Utf8Path;

use crate::{
    engine::Clock,
    journal::{Journal, Pause},
    net::{Client, LONGEST_WAIT, Origin},
};

/// Shorter pauses are over before anybody could start again.
const WORTH_KEEPING: i64 = 1_000;

/// How long a server has asked an earlier run on this journal to wait from now on. No longer than any server is believed:
/// the clock may have been set back since.
#[must_use]
pub fn pause_left(server: &Origin, journal: &Utf8Path, clock: Clock) -> Option<Duration> {
    left(server, journal, clock).map(|(left, _)| left)
}

/// Has a client wait for what the server asked an earlier run on this journal.
pub fn resume_pace(client: &Client, journal: &Utf8Path, clock: Clock) {
    if let Some((left, level)) = left(client.origin(), journal, clock) {
        client.resume_pace(left, level);
    }
}

fn left(server: &Origin, journal: &Utf8Path, clock: Clock) -> Option<(Duration, u32)> {
    // What is wrong with a journal is told by whoever opens it.
    let pause = Pause::asked_by(&server.to_string(), journal).ok()??;
    let left = Duration::from_millis(u64::try_from(pause.until.saturating_sub(clock.now())).ok()?);
    (!left.is_zero()).then_some((left.min(LONGEST_WAIT), pause.level))
}

/// Writes down what the server asks for, as soon as it does.
pub(super) async fn keep_pace(client: &Client, journal: &Arc<Journal>, clock: Clock) -> Infallible {
    let mut learned = client.learned();
    let mut kept = clock.now();
    loop {
        let now = *learned.borrow_and_update();
        let until = now.until.map(|until| clock.millis(until));
        if let Some(until) = until.filter(|until| *until >= kept.max(clock.now()) + WORTH_KEEPING) {
            let pause = Pause { until, level: now.level };
            if journal.keep_pause(client.origin().to_string(), pause).await.is_err() {
                // Whoever writes next tells.
                return std::future::pending().await;
            }
            kept = until;
        }
        if learned.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::net::{
        Call,
        scripted::{Scripted, reply, with_header},
    };

    const NOW: i64 = 1_795_000_000_000;

    /// How long the first request of another process waits, by its own clock.
    async fn first_request(journal: &Utf8Path, now: i64) -> Duration {
        let server = Scripted::new([reply(200, "")]);
        let client = server.client(None);
        resume_pace(&client, journal, Clock::at(now));
        let start = Instant::now();
        client.call(Call::get("/x")).await.unwrap();
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_follows_a_kill_waits_as_long_as_the_one_before_would_have() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
        assert_eq!(first_request(&path, NOW).await, Duration::ZERO, "without a journal there is nothing to wait for");
        let journal = Arc::new(Journal::open(&path, "org").await.unwrap());
        let server = Scripted::new([with_header(429, "retry-after", "300")]);
        let (client, clock) = (server.client(None), Clock::at(NOW));
        let killed = async {
            tokio::select! {
                never = keep_pace(&client, &journal, clock) => match never {},
                reply = client.call(Call::get("/x")) => drop(reply),
            }
        };
        assert!(timeout(Duration::from_secs(20), killed).await.is_err(), "it waits");
        // A clock that is paused does not wait for the thread that writes.
        Arc::into_inner(journal).unwrap().close().await;

        let left = first_request(&path, NOW + 20_000).await;
        assert!((280..=281).contains(&left.as_secs()), "{left:?}");
        assert_eq!(first_request(&path, NOW + 400_000).await, Duration::ZERO, "it has passed");
        let set_back = first_request(&path, NOW - 86_400_000).await;
        assert_eq!(set_back, LONGEST_WAIT, "a clock that was set back stops nobody for a day");
        let other = Pause::asked_by("https://elsewhere.example", &path).unwrap();
        assert_eq!(other, None, "another server has asked for nothing");
    }
}
