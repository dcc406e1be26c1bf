//! Bringing a secret where the job says.

use super::{Applications, COMPARE, Subject, vault::Delivery};
use crate::{
    engine::{Ending, Outcome},
    journal::Failure,
    net::Client,
    work::failure,
};

impl Applications {
    /// Delivers the secret: the one that the server has just told, or else the one that it tells now.
    pub(super) async fn deliver(&self, subject: &mut Subject) -> Outcome {
        let id = subject.ids.id.clone().unwrap_or_default();
        if subject.issued.is_none()
            && let Err(outcome) = self.read_back(subject, &id).await
        {
            return outcome;
        }
        let issued = subject.issued.as_ref().expect("was told, or read back");
        let (name, client_id) = (&subject.wish.name, subject.ids.client_id.as_deref());
        let delivery = Delivery { name, id: &id, client_id, client_secret: &issued.secret };
        if let Err(error) = self.vault.deliver(&delivery).await {
            let message = in_words(self.hub.client(), &failure::chain(&error));
            let told = Failure::new("delivery", format!("its secret was not delivered: {message}"));
            let told = told.hint(error.hint());
            // A file that takes no secret of one application takes none of another one.
            return if error.is_about_all() { Outcome::Halt(told) } else { Outcome::Failed(told) };
        }
        arrived(subject)
    }

    /// Whether the secret has arrived, as far as the place tells: a file does, a command does not.
    pub(super) async fn has_arrived(&self, subject: &mut Subject) -> Option<Outcome> {
        let id = subject.ids.id.clone()?;
        // Where the file cannot be read, the delivery tells why.
        self.vault.has(id).await.unwrap_or(false).then(|| arrived(subject))
    }

    /// Reads the secret of an application that is there.
    async fn read_back(&self, subject: &mut Subject, id: &str) -> Result<(), Outcome> {
        let application = match self.hub.application(id).await {
            Ok(Some(application)) => application,
            Ok(None) => {
                let failure = Failure::new("delivery", "it was deleted before its secret was delivered");
                return Err(Outcome::Failed(failure.hint("`consign retry` makes it anew")));
            }
            Err(error) => return Err(failure::outcome(&error)),
        };
        subject.ids.client_id.clone_from(&application.client_id);
        let Some(secret) = application.client_secret else {
            let failure = Failure::new("delivery", "the portal does not tell its secret");
            let hint = "`consign hub apps reset-secret --show-secret` gives it another one";
            return Err(Outcome::Failed(failure.hint(hint)));
        };
        subject.issued = Some(self.hold(secret));
        Ok(())
    }
}

/// What happened, without the secret. A command may have broken it into lines, as encoders do: of words that hold it between
/// their blanks nothing is told.
pub(super) fn in_words(client: &Client, told: &str) -> String {
    let together = |text: &str| text.split_whitespace().collect::<String>();
    let plain = client.without_secrets(told);
    if together(&plain) == client.without_secrets(&together(told)) {
        return plain;
    }
    "the command failed; what it said holds the secret, and is not told".to_owned()
}

/// Nothing is owed any more. What this process has not made itself may differ from its row.
fn arrived(subject: &mut Subject) -> Outcome {
    (subject.issued, subject.ids.owed) = (None, false);
    let note = Some("its secret was delivered".to_owned());
    if subject.is_new {
        return Outcome::End(Ending::Done { note, fingerprint: None });
    }
    Outcome::To { step: COMPARE, fingerprint: None, note }
}
