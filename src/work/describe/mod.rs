//! `kind = "describe"`: changes what describes assets that exist, without a new version.
//!
//! 1. **resolve**: which version the latest one is, where the row names none.
//! 2. **describe**, **settle**, **promote**: see [`description`](super::description). Only what differs is sent.

mod foresee;
mod resolve;

pub(super) use foresee::Foreseen;

use std::sync::Arc;

use crate::{
    asset::{AssetChange, Coordinates, CoordinatesError, Description},
    engine::{Effect, Ending, Outcome, Step, Tally, Work},
    exchange::Exchange,
    job::Job,
    journal::{Failure, Item, State},
    work::{
        description::{self, DESCRIBE, Describer, PROMOTE, Progress, SETTLE},
        publish::{SAME_CONTENT, limits},
        scratch::Scratch,
    },
};

const RESOLVE: &str = "resolve";

const STEPS: &[Step] = &[
    Step { name: RESOLVE, effect: Effect::Local },
    description::STEPS[0],
    description::STEPS[1],
    description::STEPS[2],
];

/// What changing assets needs beside the changes.
pub(super) struct Describe {
    exchange: Exchange,
    describer: Describer,
}

/// A change under way.
pub(super) struct Subject {
    change: AssetChange,
    /// What this row has to say: all of the change but what a higher version of the asset speaks for.
    wish: Description,
    /// The version that is changed, once it is known.
    coordinates: Option<Coordinates>,
    progress: Progress,
    /// Whether an earlier run began with it, and may have sent what is found on the target now.
    resumed: bool,
}

impl Describe {
    pub(super) fn new(exchange: Exchange, job: &Job, tally: Arc<Tally>) -> std::io::Result<Self> {
        let scratch = Arc::new(Scratch::new()?);
        let describer = Describer::new(
            exchange.clone(),
            job.describe_api,
            limits(job.limits),
            scratch,
            job.publish.deadline,
            tally,
        );
        Ok(Self { exchange, describer })
    }

    /// How an item ends once all is said.
    fn end(subject: &Subject, coordinates: &Coordinates) -> Outcome {
        if subject.progress.has_changed() {
            return Outcome::End(Ending::Done { note: subject.progress.note(), fingerprint: None });
        }
        if subject.resumed {
            let note = "an earlier run began with it, and all is as the row says".to_owned();
            return Outcome::End(Ending::Done { note: Some(note), fingerprint: None });
        }
        let message = if subject.wish.is_empty() {
            "other versions of the asset speak for all that the row says".to_owned()
        } else {
            format!("nothing differs: {coordinates} is as the row says")
        };
        Outcome::End(Ending::Skipped(Failure::new(SAME_CONTENT, message)))
    }
}

impl Work for Describe {
    type Subject = Subject;

    fn steps(&self) -> &'static [Step] {
        STEPS
    }

    fn open(&self, item: &Item) -> Result<Subject, Failure> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Failure::new("journal", format!("the journal's entry cannot be read: {error}"))
                .hint("the journal was written by another version: `consign retry` reads the source anew")
        };
        let change: AssetChange = serde_json::from_str(&item.draft).map_err(|error| unreadable(&error))?;
        // What is the latest version is asked anew when a row has its turn, and kept until it ends.
        let resumed = item.state != State::Ready;
        let kept = item.published_as.as_ref().filter(|_| resumed).map(|gav| gav.parse()).transpose();
        let kept = kept.map_err(|error: CoordinatesError| unreadable(&error))?;
        let mut wish = change.description.clone();
        wish.yield_to_others(&item.yields);
        Ok(Subject { coordinates: change.coordinates().or(kept), change, wish, progress: Progress::default(), resumed })
    }

    async fn act(&self, subject: &mut Subject, item: &Item, step: &'static str) -> Outcome {
        if step == RESOLVE {
            return self.resolve(subject, item).await;
        }
        let Some(coordinates) = subject.coordinates.clone() else {
            let failure = Failure::new("journal", "the version that it began with is not known any more");
            return Outcome::Failed(failure.hint("`consign retry` looks for it anew"));
        };
        let (progress, wish) = (&mut subject.progress, &subject.wish);
        match step {
            DESCRIBE => self.describer.describe(progress, &coordinates, wish).await,
            SETTLE => self.describer.settle(progress, item).await,
            PROMOTE => match self.describer.promote(progress, &coordinates, wish).await {
                Outcome::Next => Self::end(subject, &coordinates),
                outcome => outcome,
            },
            _ => Outcome::Next,
        }
    }

    /// Every step reads before it sends: in doubt it is done again.
    async fn probe(&self, _subject: &mut Subject, _item: &Item, _step: &'static str) -> Option<Outcome> {
        None
    }
}
