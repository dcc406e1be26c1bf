//! Bringing what describes an asset that exists up to a wish: the shared end of publishing and describing.
//!
//! 1. **describe**: reads what is there, and sends what differs: nothing that is equal. What one `PATCH …/mutabledata`
//!    can say goes with it; what it has no words for goes by single calls before it.
//! 2. **settle**: asks the status link of that change until it is over.
//! 3. **promote**: the lifecycle state, and last of all who sees the version.
//!
//! Every change replaces what is there by what is wished for, so that a step in doubt is simply done again: it reads
//! first, and finds what has arrived already.

mod definitions;
mod difference;
mod docs;
mod files;
mod icon;
mod instances;
mod links;
mod pages;
mod plan;
mod portal;
mod progress;
mod promote;
mod send;
mod settle;
mod site;
mod texts;
mod turns;
mod values;
mod visibility;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

pub(super) use difference::{Difference, Differences, shown};
pub(super) use files::draft_of as alone;
pub(super) use links::comparable;
pub(super) use portal::Shown;
pub(super) use progress::Progress;
pub(super) use site::Site;
pub(super) use values::of_type as field_value;

use definitions::Definitions;
use turns::Turns;

use crate::{
    asset::{Coordinates, Description, Remap},
    engine::{Effect, Outcome, Step, Tally},
    exchange::Exchange,
    job::DescribeApi,
    journal::{Failure, Item},
    net::CallError,
    package::Limits,
    work::{failure, rhythm::Rhythm, scratch::Scratch},
};

/// Reads, compares, sends what differs.
pub(super) const DESCRIBE: &str = "describe";
/// Waits until a change is over.
pub(super) const SETTLE: &str = "settle";
/// Brings the lifecycle state and the visibility up to the wish.
pub(super) const PROMOTE: &str = "promote";

/// The class of the failure of an item that describes a version which is not there.
pub(super) const MISSING: &str = "not-found";

/// The steps that a job kind appends to its own. A step in doubt has nothing to probe: its probe answers `None`.
pub(super) const STEPS: [Step; 3] = [
    Step { name: DESCRIBE, effect: Effect::Write },
    Step { name: SETTLE, effect: Effect::Await },
    Step { name: PROMOTE, effect: Effect::Write },
];

/// Brings what describes assets up to wishes. One for a run.
pub(super) struct Describer {
    exchange: Exchange,
    api: DescribeApi,
    limits: Limits,
    /// What becomes of coordinates in what is sent.
    remap: Arc<Remap>,
    /// A folder for archives and downloads.
    scratch: Arc<Scratch>,
    /// How long one change may take.
    deadline: Duration,
    tally: Arc<Tally>,
    rhythm: Rhythm,
    definitions: Definitions,
    turns: Turns,
}

impl Describer {
    /// `deadline` bounds the wait for one change; `scratch` is a folder that lives as long as the run.
    pub(super) fn new(
        exchange: Exchange,
        api: DescribeApi,
        limits: Limits,
        scratch: Arc<Scratch>,
        deadline: Duration,
        tally: Arc<Tally>,
    ) -> Self {
        Self {
            exchange,
            api,
            limits,
            remap: Arc::default(),
            scratch,
            deadline,
            tally,
            rhythm: Rhythm::default(),
            definitions: Definitions::default(),
            turns: Turns::default(),
        }
    }

    /// Brings the coordinates in files in line with a table, as publishing does.
    pub(super) fn remapping(self, remap: Arc<Remap>) -> Self {
        Self { remap, ..self }
    }

    /// Reads the target and says what differs from the wish, the lifecycle state included; sends nothing.
    ///
    /// # Errors
    /// What the failure of a read, or of the wish itself, means for a step that made it.
    pub(super) async fn compare(&self, coordinates: &Coordinates, wish: &Description) -> Result<Differences, Outcome> {
        Ok(match self.plan(coordinates, wish).await? {
            None => Differences::NotThere,
            Some(plan) => Differences::Found(plan.differences),
        })
    }

    /// The step *describe*: sends what differs. [`Outcome::Next`] when all is said, or nothing was to be said;
    /// [`Outcome::Wait`] while the server works on it.
    pub(super) async fn describe(
        &self,
        progress: &mut Progress,
        coordinates: &Coordinates,
        wish: &Description,
    ) -> Outcome {
        let wish = Description { status: None, visibility: None, ..wish.clone() };
        if wish.is_empty() {
            return Outcome::Next;
        }
        let shares = wish.docs.is_some() || !wish.pages.is_empty() || !wish.instances.is_empty();
        let _turn = if shares {
            Some(self.turns.take(format!("{}/{}", coordinates.group_id, coordinates.asset_id)).await)
        } else {
            None
        };
        match self.plan(coordinates, &wish).await {
            Ok(Some(plan)) => self.send(progress, coordinates, plan).await,
            Ok(None) => not_there(coordinates),
            Err(outcome) => outcome,
        }
    }

    /// The step *settle*: asks how far the change is that *describe* left under way; [`Outcome::Next`] at once where it
    /// left none.
    pub(super) async fn settle(&self, progress: &mut Progress, item: &Item) -> Outcome {
        self.ask(progress, item).await
    }

    /// The step *promote*: brings the lifecycle state up to the wish, by documented transitions only, and then the
    /// visibility: nothing is shown to everybody before it is as it should be.
    pub(super) async fn promote(
        &self,
        progress: &mut Progress,
        coordinates: &Coordinates,
        wish: &Description,
    ) -> Outcome {
        if let Some(status) = wish.status {
            let promoted = self.bring_to(progress, coordinates, status).await;
            if promoted != Outcome::Next {
                return promoted;
            }
        }
        match wish.visibility {
            Some(wished) => self.bring_visibility(progress, coordinates, wished).await.err().unwrap_or(Outcome::Next),
            None => Outcome::Next,
        }
    }
}

/// What a failed call means for the step that made it.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` asks for")]
fn refused(error: CallError) -> Outcome {
    failure::outcome(&error)
}

/// There is nothing to describe.
fn not_there(coordinates: &Coordinates) -> Outcome {
    Outcome::Failed(
        Failure::new(MISSING, format!("the target has no version {coordinates}"))
            .hint("publish it first, or correct its coordinates"),
    )
}
