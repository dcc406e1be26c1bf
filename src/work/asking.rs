//! How long the server has been asked about one thing: in this run, by a clock that nobody sets.
//!
//! What earlier runs waited does not count. A machine that slept, a clock that was set, a run that goes on after a
//! weekend: each of them asks as patiently as the first.

use std::time::Duration;

use tokio::time::Instant;

use crate::journal::Failure;

/// Questions about one publication, or one change.
#[derive(Debug, Default)]
pub(super) struct Asking {
    polls: u32,
    since: Option<Instant>,
    /// Since when nothing is known of it.
    lost_since: Option<Instant>,
    /// Why the last question had no answer that tells anything.
    untold: Option<Box<Failure>>,
}

impl Asking {
    /// It was sent once more: the questions begin anew. A server that did not know of it the last time is not given that
    /// long again.
    pub(super) fn begin_anew(&mut self) {
        (self.polls, self.since) = (0, None);
    }

    /// Another question.
    pub(super) fn ask(&mut self) {
        self.polls += 1;
        self.since.get_or_insert_with(Instant::now);
    }

    /// Questions so far, for their rhythm.
    pub(super) fn polls(&self) -> u32 {
        self.polls
    }

    /// How long it has been asked about.
    pub(super) fn waited(&self) -> Duration {
        self.since.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// The server knows of it.
    pub(super) fn known(&mut self) {
        (self.lost_since, self.untold) = (None, None);
    }

    /// The server gave no answer that tells anything, which is no news.
    pub(super) fn untold(&mut self, why: Failure) {
        self.untold = Some(Box::new(why));
    }

    /// The failure of what was accepted and has not ended in its time: with the last answer, where that told nothing.
    pub(super) fn overdue(&self, what: &str) -> Failure {
        let message = format!("the {what} was accepted but has not ended after {} s", self.waited().as_secs());
        match &self.untold {
            Some(last) => Failure::new("deadline", format!("{message}; asked for its status last: {}", last.message))
                .http(last.http),
            None => Failure::new("deadline", message),
        }
    }

    /// The server does not know of it; says for how long.
    pub(super) fn lost(&mut self) -> Duration {
        self.untold = None;
        self.lost_since.get_or_insert_with(Instant::now).elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_the_time_in_which_it_is_asked_about_counts() {
        let mut asking = Asking::default();
        let second = Duration::from_secs(1);
        tokio::time::advance(second).await;
        assert_eq!(asking.waited(), Duration::ZERO);
        asking.ask();
        tokio::time::advance(second).await;
        asking.ask();
        assert_eq!((asking.polls(), asking.waited()), (2, second));
        assert_eq!(asking.lost(), Duration::ZERO);
        tokio::time::advance(second).await;
        assert_eq!(asking.lost(), second);
        asking.begin_anew();
        assert_eq!((asking.polls(), asking.waited(), asking.lost()), (0, Duration::ZERO, second));
        asking.known();
        assert_eq!(asking.lost(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_not_ended_in_its_time_is_told_with_the_last_answer_if_that_told_nothing() {
        let mut asking = Asking::default();
        asking.ask();
        tokio::time::advance(Duration::from_secs(61)).await;
        let plain = "the change was accepted but has not ended after 61 s";
        assert_eq!(asking.overdue("change").message, plain);
        asking.untold(Failure::new("server", "GET /s: 503: maintenance").http(Some(503)));
        let failure = asking.overdue("change");
        assert_eq!(failure.message, format!("{plain}; asked for its status last: GET /s: 503: maintenance"));
        assert_eq!((failure.class.as_str(), failure.http), ("deadline", Some(503)));
        asking.known();
        assert_eq!(asking.overdue("change").message, plain);
    }
}
