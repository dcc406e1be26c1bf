//! What a row would meet in the portal; reads only.

use super::{
    Applications,
    compare::{differences, told},
    create::taken,
};
use crate::{
    asset::ApplicationWish,
    journal::Failure,
    work::{failure, portal::ShownError},
};

/// What a row would come to; the text says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::work) enum Foreseen {
    /// It would be made.
    New(String),
    /// All is as the row says.
    Same,
    /// This is what would be changed.
    Differs(String),
    /// The name is somebody else's.
    Taken(String),
}

impl Applications {
    /// Looks at the portal.
    pub(in crate::work) async fn foresee(&self, wish: &ApplicationWish) -> Result<Foreseen, Failure> {
        let call = |error| failure::failure(&error);
        if let Some(id) = self.own.id(&self.hub, &wish.name).await.map_err(call)?
            && let Some(application) = self.hub.application(&id).await.map_err(call)?
        {
            let differing = differences(wish, &application);
            return Ok(if differing.is_empty() { Foreseen::Same } else { Foreseen::Differs(told(&differing)) });
        }
        if self.hub.application_exists(&wish.name).await.map_err(call)? {
            return Ok(Foreseen::Taken(taken(&wish.name).message));
        }
        match self.place(wish).await {
            Ok((asset, instance)) => Ok(Foreseen::New(format!("is made for instance {} of {asset}", instance.name))),
            Err(ShownError::Call(error)) => Err(call(error)),
            Err(ShownError::Missing(failure)) => Err(failure),
        }
    }
}
