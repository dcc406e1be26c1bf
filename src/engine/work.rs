//! What a job kind gives to the engine.

use std::{future::Future, time::Duration};

use crate::journal::{Brought, Failure, Item};

/// One thing done to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Its name, as the journal keeps it.
    pub name: &'static str,
    /// What it does to the world.
    pub effect: Effect,
}

/// What a step does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing outside this process: it is done anew after a crash, and no intent is written.
    Local,
    /// Changes the server: the intent is written before, and a step in doubt is probed.
    Write,
    /// Asks whether the server is done with what the step before it began. Costs no place among the acting items.
    Await,
}

/// How an item ends well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It is done.
    Done {
        /// What is worth telling in its history.
        note: Option<String>,
        /// A digest of what is on the server now.
        fingerprint: Option<String>,
    },
    /// It is left as it is, with the reason.
    Skipped(Failure),
    /// It was found to be as it should be: skipped, with the proof.
    Confirmed {
        /// The proof.
        proof: Failure,
        /// A digest of what is on the server.
        fingerprint: Option<String>,
    },
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done; the next step follows, or the item is done.
    Next,
    /// It is done; the item goes on at a later step.
    To {
        /// That step.
        step: &'static str,
        /// A digest of what is on the server now, kept with the next transition.
        fingerprint: Option<String>,
        /// What is worth telling in its history, told with the next transition.
        note: Option<String>,
    },
    /// The item ends here.
    End(Ending),
    /// The server works on it. After a write the item stands before the next step, after an await before the same one.
    Wait {
        /// What the await step needs, as text; kept in the journal before the first poll.
        token: String,
        /// When to ask.
        after: Duration,
    },
    /// Not this time.
    Again {
        /// Why.
        failure: Failure,
        /// When to try again.
        after: Duration,
        /// Whether it may have happened all the same.
        doubt: bool,
    },
    /// It cannot be told yet whether the step has happened: ask again. Does not count as a try; whoever says it bounds
    /// how often.
    Unsure {
        /// What is known.
        failure: Failure,
        /// When to ask again.
        after: Duration,
    },
    /// An earlier step has to be done again.
    Back {
        /// That step.
        step: &'static str,
        /// Why.
        failure: Failure,
        /// When.
        after: Duration,
        /// Whether that step may have happened all the same.
        doubt: bool,
    },
    /// The same step again, under other coordinates.
    Retarget {
        /// The new coordinates.
        gav: String,
        /// Why.
        note: String,
    },
    /// It failed for good.
    Failed(Failure),
    /// What the server took has not come to an end that anybody could see: it failed, and `retry` goes on asking.
    GaveUp(Failure),
    /// Nothing can succeed now: the item stays as it was, and the run stops.
    Halt(Failure),
}

/// A job kind: its steps in order, how each is done, and how to find out whether it happened already.
pub trait Work: Send + Sync + 'static {
    /// What is kept in memory of an item between its steps; made anew after a crash.
    type Subject: Send + 'static;

    /// The steps, in order.
    fn steps(&self) -> &'static [Step];

    /// Reads an item of the journal.
    ///
    /// # Errors
    /// When the item cannot be understood; it fails for good.
    fn open(&self, item: &Item) -> Result<Self::Subject, Failure>;

    /// Does a step.
    fn act(&self, subject: &mut Self::Subject, item: &Item, step: &'static str)
    -> impl Future<Output = Outcome> + Send;

    /// What this item has done to a version of the server, or is about to do: told with each transition from then on.
    fn made(&self, _subject: &Self::Subject) -> Option<Brought> {
        None
    }

    /// By which ids the target knows an item, as JSON without any secret: told with each transition from then on, and kept
    /// beyond its end.
    fn ids(&self, _subject: &Self::Subject) -> Option<String> {
        None
    }

    /// Finds out whether a step in doubt has happened; reads only. `None`: it has not, and may be done.
    fn probe(
        &self,
        subject: &mut Self::Subject,
        item: &Item,
        step: &'static str,
    ) -> impl Future<Output = Option<Outcome>> + Send;
}
