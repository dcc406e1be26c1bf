//! Drives one item through its steps until it ends or has to wait.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Clock, Effect, Ending, Event, Outcome, Sink, Tally, Work, run::Limits};
use crate::journal::{Brought, Change, Failure, Item, ItemId, Journal, JournalError, State};

/// What everybody who drives an item shares.
pub(super) struct Shared<W> {
    pub(super) journal: Arc<Journal>,
    pub(super) work: Arc<W>,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) tally: Arc<Tally>,
    pub(super) limits: Limits,
    pub(super) clock: Clock,
}

/// An item in hand, with what is in memory of it.
pub(super) struct Held<S> {
    pub(super) item: Item,
    pub(super) subject: Option<S>,
    /// How often this run has tried a step of it, or asked in vain what became of one. What earlier runs tried does not
    /// count: a run that was killed again and again must not use up the patience of the last one.
    pub(super) tries: u32,
}

impl<S> Held<S> {
    pub(super) fn new(item: Item) -> Self {
        Self { item, subject: None, tries: 0 }
    }
}

/// An item that waits.
pub(super) struct Parked<S> {
    pub(super) held: Held<S>,
    pub(super) due: Instant,
    /// Whether it only asks the server when it is due.
    pub(super) awaits: bool,
}

/// Where driving an item has led.
pub(super) enum Driven<S> {
    /// It ended.
    Ended,
    /// It waits.
    Parked(Parked<S>),
    /// The run has to stop.
    Halted(Failure),
}

/// What driving an item came to.
pub(super) struct Drive<S> {
    pub(super) item: ItemId,
    /// Whether it only asked the server.
    pub(super) polled: bool,
    pub(super) led_to: Driven<S>,
    /// How many items became ready because this one ended.
    pub(super) released: u64,
}

/// Drives an item until it ends or has to wait.
pub(super) async fn drive<W: Work>(
    shared: Arc<Shared<W>>,
    held: Held<W::Subject>,
    polled: bool,
) -> Result<Drive<W::Subject>, JournalError> {
    let Held { item, subject, tries } = held;
    let id = item.id;
    let mut course = Course { shared, item, tries, released: 0, carried: Carried::default(), made: None, ids: None };
    let mut subject = match subject.map_or_else(|| course.shared.work.open(&course.item), Ok) {
        Ok(subject) => subject,
        Err(failure) => {
            course.fail(failure).await?;
            return Ok(Drive { item: id, polled, led_to: Driven::Ended, released: course.released });
        }
    };
    let led_to = match course.run(&mut subject).await? {
        Leave::Ended => Driven::Ended,
        Leave::Halted(failure) => Driven::Halted(failure),
        Leave::Parked { due, awaits } => {
            let held = Held { item: course.item, subject: Some(subject), tries: course.tries };
            Driven::Parked(Parked { held, due, awaits })
        }
    };
    Ok(Drive { item: id, polled, led_to, released: course.released })
}

/// The course of one item.
struct Course<W> {
    shared: Arc<Shared<W>>,
    item: Item,
    tries: u32,
    released: u64,
    carried: Carried,
    made: Option<Brought>,
    ids: Option<String>,
}

/// What the next transition writes down beside what is its own.
#[derive(Default)]
struct Carried {
    fingerprint: Option<String>,
    note: Option<String>,
}

/// Why an item is put down.
enum Leave {
    Ended,
    Parked { due: Instant, awaits: bool },
    Halted(Failure),
}

/// Where one step has led: to another step, by its place, or out.
enum Turn {
    To(usize),
    Out(Leave),
}

impl<W: Work> Course<W> {
    async fn run(&mut self, subject: &mut W::Subject) -> Result<Leave, JournalError> {
        let steps = self.shared.work.steps();
        let mut at = self.place();
        if self.item.doubt && self.item.state == State::Ready {
            // An earlier run gave up on it without knowing whether the step had happened.
            let (step, attempt) = (steps.get(at).map(|step| step.name), self.item.attempt);
            self.move_to(Change { step, attempt, doubt: true, ..Change::to(self.item.id, State::Acting) }).await?;
        }
        if let Some(leave) = self.redo_local_steps(subject, at).await? {
            return Ok(leave);
        }
        if self.item.state == State::Ready
            && let Some(token) = self.item.token.clone()
        {
            // An earlier run gave up on what the server had taken: this one goes on asking.
            self.wait(at, token).await?;
        }
        while at < steps.len() {
            let turn = match steps[at].effect {
                Effect::Local | Effect::Await => {
                    let outcome = self.act(subject, at).await;
                    self.settle(at, outcome).await?
                }
                Effect::Write => self.write(subject, at).await?,
            };
            match turn {
                Turn::To(next) => at = next,
                Turn::Out(leave) => return Ok(leave),
            }
        }
        self.end(Ending::Done { note: None, fingerprint: None }).await?;
        Ok(Leave::Ended)
    }

    /// The step the item stands before; a name that is not known (any more) is the first.
    fn place(&self) -> usize {
        let steps = self.shared.work.steps();
        self.item.step.as_deref().and_then(|name| steps.iter().position(|step| step.name == name)).unwrap_or(0)
    }

    fn step_at(&self, name: &str) -> usize {
        self.shared.work.steps().iter().position(|step| step.name == name).unwrap_or(0)
    }

    /// What local steps made is gone with the process that made it: a write needs it again.
    async fn redo_local_steps(&mut self, subject: &mut W::Subject, at: usize) -> Result<Option<Leave>, JournalError> {
        let steps = self.shared.work.steps();
        if steps.get(at).is_none_or(|step| step.effect != Effect::Write) {
            return Ok(None);
        }
        for place in (0..at).filter(|place| steps[*place].effect == Effect::Local) {
            let outcome = self.act(subject, place).await;
            if let Turn::Out(leave) = self.settle(place, outcome).await? {
                return Ok(Some(leave));
            }
        }
        Ok(None)
    }

    async fn act(&mut self, subject: &mut W::Subject, at: usize) -> Outcome {
        let work = &self.shared.work;
        let outcome = work.act(subject, &self.item, work.steps()[at].name).await;
        self.learn(subject);
        outcome
    }

    /// Takes down what an item has become on the target.
    fn learn(&mut self, subject: &W::Subject) {
        self.made = self.shared.work.made(subject);
        self.ids = self.shared.work.ids(subject);
    }

    /// A step that changes the server: probed when in doubt, intended, done.
    async fn write(&mut self, subject: &mut W::Subject, at: usize) -> Result<Turn, JournalError> {
        let step = self.shared.work.steps()[at].name;
        if self.item.doubt {
            let probed = self.shared.work.probe(subject, &self.item, step).await;
            self.learn(subject);
            if let Some(outcome) = probed {
                // Finding out counts as a try: a server that never answers must not be asked for ever.
                self.tries += u32::from(matches!(outcome, Outcome::Again { .. }));
                return self.settle(at, outcome).await;
            }
            self.item.doubt = false;
        }
        let attempt = self.item.attempt + 1;
        self.tries += 1;
        let Carried { fingerprint, note } = std::mem::take(&mut self.carried);
        let begins = Change { step: Some(step), attempt, fingerprint, note, ..Change::to(self.item.id, State::Acting) };
        self.move_to(begins).await?;
        let outcome = self.act(subject, at).await;
        self.settle(at, outcome).await
    }

    async fn settle(&mut self, at: usize, outcome: Outcome) -> Result<Turn, JournalError> {
        let awaits = self.shared.work.steps()[at].effect == Effect::Await;
        match outcome {
            Outcome::Next => return Ok(Turn::To(at + 1)),
            Outcome::To { step, fingerprint, note } => {
                self.carried = Carried { fingerprint, note };
                return Ok(Turn::To(self.step_at(step)));
            }
            Outcome::Wait { token, after } => {
                self.wait(if awaits { at } else { at + 1 }, token).await?;
                return Ok(Turn::Out(Leave::Parked { due: Instant::now() + after, awaits: true }));
            }
            // Nothing has changed for the item: it goes on waiting with the same token.
            Outcome::Again { after, .. } if awaits => {
                return Ok(Turn::Out(Leave::Parked { due: Instant::now() + after, awaits: true }));
            }
            Outcome::Again { failure, after, doubt } => {
                // A try of a write is counted when it begins.
                self.tries += u32::from(self.shared.work.steps()[at].effect == Effect::Local);
                return self.again(at, failure, after, doubt).await;
            }
            Outcome::Unsure { failure, after } => return self.park(at, failure, after, true).await,
            Outcome::Back { step, failure, after, doubt } => {
                return self.again(self.step_at(step), failure, after, doubt).await;
            }
            Outcome::Retarget { gav, note } => {
                self.retarget(at, gav, note).await?;
                return Ok(Turn::To(at));
            }
            Outcome::End(ending) => self.end(ending).await?,
            Outcome::Failed(failure) => self.fail(failure).await?,
            Outcome::GaveUp(failure) => self.give_up(at, failure).await?,
            Outcome::Halt(failure) => {
                self.put_back().await?;
                return Ok(Turn::Out(Leave::Halted(failure)));
            }
        }
        Ok(Turn::Out(Leave::Ended))
    }

    /// Waits for the server. What it waits with is journaled before the first poll; polls themselves are not.
    async fn wait(&mut self, at: usize, token: String) -> Result<(), JournalError> {
        let step = self.shared.work.steps().get(at).map(|step| step.name);
        let known = self.item.state == State::Waiting && self.item.token.as_ref() == Some(&token);
        if !known {
            let attempt = self.item.attempt;
            let token = Some(token);
            self.move_to(Change { step, attempt, token, ..Change::to(self.item.id, State::Waiting) }).await?;
        }
        Ok(())
    }

    /// Tries a step again later, unless it was tried often enough.
    async fn again(&mut self, at: usize, failure: Failure, after: Duration, doubt: bool) -> Result<Turn, JournalError> {
        if self.tries >= self.shared.limits.attempts {
            let message = format!("gave up after {} tries: {}", self.tries, failure.message);
            // Whoever retries it has to find out first.
            self.fail_at(at, Failure { message, ..failure }, doubt).await?;
            return Ok(Turn::Out(Leave::Ended));
        }
        self.park(at, failure, after, doubt).await
    }

    /// Stands before a step until its time has come.
    async fn park(&mut self, at: usize, failure: Failure, after: Duration, doubt: bool) -> Result<Turn, JournalError> {
        let due = Instant::now() + after;
        let change = Change {
            step: Some(self.shared.work.steps()[at].name),
            attempt: self.item.attempt,
            doubt,
            due: Some(self.shared.clock.millis(due)),
            failure: Some(failure),
            ..Change::to(self.item.id, State::Waiting)
        };
        self.move_to(change).await?;
        Ok(Turn::Out(Leave::Parked { due, awaits: false }))
    }

    /// Writes the new coordinates before anything is sent under them: whatever was in doubt, was so about others.
    async fn retarget(&mut self, at: usize, gav: String, note: String) -> Result<(), JournalError> {
        let change = Change {
            step: Some(self.shared.work.steps()[at].name),
            attempt: self.item.attempt,
            published_as: Some(gav),
            note: Some(note),
            ..Change::to(self.item.id, State::Acting)
        };
        self.move_to(change).await
    }

    async fn end(&mut self, ending: Ending) -> Result<(), JournalError> {
        let attempt = self.item.attempt;
        let change = match ending {
            Ending::Done { note, fingerprint } => {
                Change { attempt, fingerprint, note, ..Change::to(self.item.id, State::Done) }
            }
            Ending::Confirmed { proof, fingerprint } => {
                Change { attempt, fingerprint, failure: Some(proof), ..Change::to(self.item.id, State::Skipped) }
            }
            Ending::Skipped(reason) => {
                Change { attempt, failure: Some(reason), ..Change::to(self.item.id, State::Skipped) }
            }
        };
        self.move_to(change).await
    }

    async fn fail(&mut self, failure: Failure) -> Result<(), JournalError> {
        self.fail_at(self.place(), failure, false).await
    }

    /// Fails before a step, which may have happened all the same where `doubt`.
    async fn fail_at(&mut self, at: usize, failure: Failure, doubt: bool) -> Result<(), JournalError> {
        let (step, attempt) = (self.shared.work.steps().get(at).map(|step| step.name), self.item.attempt);
        let failure = Some(failure);
        self.move_to(Change { step, attempt, doubt, failure, ..Change::to(self.item.id, State::Failed) }).await
    }

    /// Fails, and keeps what was waited with: what was accepted may still come to an end.
    async fn give_up(&mut self, at: usize, failure: Failure) -> Result<(), JournalError> {
        let change = Change {
            step: Some(self.shared.work.steps()[at].name),
            attempt: self.item.attempt,
            token: self.item.token.clone(),
            failure: Some(failure),
            ..Change::to(self.item.id, State::Failed)
        };
        self.move_to(change).await
    }

    /// The run stops: an item that certainly has not been acted on is ready again. One in doubt stays as it is, and
    /// the next run probes it.
    async fn put_back(&mut self) -> Result<(), JournalError> {
        if self.item.state != State::Acting || self.item.doubt {
            return Ok(());
        }
        let attempt = self.item.attempt.saturating_sub(1);
        self.move_to(Change { attempt, ..Change::to(self.item.id, State::Ready) }).await
    }

    /// Writes a transition, counts it, tells it.
    async fn move_to(&mut self, change: Change) -> Result<(), JournalError> {
        let change = Change { made: self.made.take(), ids: self.ids.take(), ..change };
        let event = Event::Item {
            gav: self.item.gav.clone(),
            state: change.to,
            step: change.step,
            attempt: change.attempt,
            failure: change.failure.clone(),
            note: change.note.clone(),
        };
        let from = std::mem::replace(&mut self.item.state, change.to);
        self.item.step = change.step.map(str::to_owned);
        self.item.attempt = change.attempt;
        self.item.doubt = change.doubt;
        self.item.due = change.due;
        self.item.token.clone_from(&change.token);
        if change.fingerprint.is_some() {
            self.item.fingerprint.clone_from(&change.fingerprint);
        }
        if change.ids.is_some() {
            self.item.ids.clone_from(&change.ids);
        }
        if change.published_as.is_some() {
            self.item.published_as.clone_from(&change.published_as);
        }
        let released = self.shared.journal.apply(change).await?;
        self.shared.tally.moved(from, self.item.state, released);
        self.released += released;
        self.shared.sink.emit(&event);
        Ok(())
    }
}
