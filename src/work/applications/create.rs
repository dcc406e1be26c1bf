//! Making an application, and finding out whether it was made.

use std::time::Duration;

use super::{Applications, COMPARE, CONFLICT, DELIVER, Subject, row, to};
use crate::{
    asset::ApplicationWish,
    engine::Outcome,
    hub::{AssetInstance, PortalAsset},
    journal::{Failure, Item},
    net::{CallError, Disposition},
    work::{failure, portal::ShownError},
};

/// How long to wait before a name that is taken is looked for again: a list may be a moment late.
const PAUSE: Duration = Duration::from_secs(1);

impl Applications {
    /// Makes the application. Where it certainly has not, nothing is owed for what somebody else may make.
    pub(super) async fn create(&self, subject: &mut Subject, item: &Item) -> Outcome {
        let outcome = self.make(subject, item).await;
        if subject.ids.id.is_none() && !matches!(outcome, Outcome::Again { doubt: true, .. }) {
            subject.ids.owed = false;
        }
        outcome
    }

    async fn make(&self, subject: &mut Subject, item: &Item) -> Outcome {
        let (asset, instance) = match self.place(&subject.wish).await {
            Ok(place) => place,
            Err(ShownError::Call(error)) => return failure::outcome(&error),
            Err(ShownError::Missing(failure)) => return Outcome::Failed(failure),
        };
        match self.hub.create_application(&asset, &row::new(&subject.wish, instance.id)).await {
            Ok(created) => {
                self.tally.add_published();
                subject.ids.are_of(&created.id);
                (subject.ids.client_id, subject.ids.owed) = (created.client_id, true);
                subject.issued = created.client_secret.map(|secret| self.hold(secret));
                subject.is_new = true;
                to(DELIVER)
            }
            Err(error) if error.disposition() == Disposition::Final && error.refusal().is_some() => {
                self.refused(subject, item, &error).await
            }
            Err(error) => failure::outcome(&error),
        }
    }

    /// The instance that it is made for.
    pub(super) async fn place(&self, wish: &ApplicationWish) -> Result<(PortalAsset, AssetInstance), ShownError> {
        let Some(asset) = &wish.asset else {
            let failure = Failure::new("input", "the portal has no such application, and the row names no asset");
            let hint = "an application is made for an instance of an API: fill in \"asset\", and \"instance\" where \
                        there are several";
            return Err(ShownError::Missing(failure.hint(hint)));
        };
        let instance = self.shown.instance(&self.hub, asset, wish.instance.as_deref()).await?;
        Ok((asset.clone(), instance))
    }

    /// Whether a request whose reply was lost has made it.
    pub(super) async fn look_for_it(&self, subject: &mut Subject) -> Option<Outcome> {
        match self.hub.application_named(&subject.wish.name).await {
            Ok(Some(known)) => Some(self.adopt(subject, &known.id)),
            Ok(None) => None,
            Err(error) => Some(in_doubt_still(failure::outcome(&error))),
        }
    }

    /// The application was made by a request of this job: its secret is owed.
    fn adopt(&self, subject: &mut Subject, id: &str) -> Outcome {
        self.tally.add_published();
        subject.ids.are_of(id);
        (subject.ids.owed, subject.is_new) = (true, true);
        to(DELIVER)
    }

    /// The server does not make it. Where the name is taken, it tells by whom: a request that was believed lost may have
    /// arrived after all.
    async fn refused(&self, subject: &mut Subject, item: &Item, error: &CallError) -> Outcome {
        let name = &subject.wish.name;
        match self.hub.application_named(name).await {
            Ok(Some(known)) if item.attempt > 1 => return self.adopt(subject, &known.id),
            // Somebody with the same account was quicker.
            Ok(Some(known)) => {
                subject.ids.owed = false;
                subject.ids.are_of(&known.id);
                return to(COMPARE);
            }
            Ok(None) => {}
            Err(error) => return failure::outcome(&error),
        }
        match self.hub.application_exists(name).await {
            Ok(false) => Outcome::Failed(failure::failure(error)),
            Ok(true) if item.attempt > 1 => Outcome::Again { failure: taken(name), after: PAUSE, doubt: true },
            Ok(true) => Outcome::Failed(taken(name)),
            Err(error) => failure::outcome(&error),
        }
    }
}

/// The name is somebody else's.
pub(super) fn taken(name: &str) -> Failure {
    Failure::new(CONFLICT, format!("the name `{name}` belongs to an application of somebody else in this portal"))
        .hint("give it another name, or sign in as its owner")
}

/// A question that was not answered: what it was about is as much in doubt as before.
fn in_doubt_still(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Again { failure, after, .. } => Outcome::Again { failure, after, doubt: true },
        outcome => outcome,
    }
}
