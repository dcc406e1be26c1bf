//! The publish call, and what its answer means.

use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use super::{Publish, Subject};
use crate::{
    engine::{Ending, Outcome},
    exchange::{Accepted, PublishRequest, StatusLink, UploadFile},
    job::Mode,
    work::failure,
};

/// What the await step needs: kept in the journal before the first poll.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Token {
    /// Where to ask.
    pub(super) link: StatusLink,
    /// When the publication was accepted, in milliseconds since 1970.
    pub(super) since: i64,
}

impl Token {
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a token is plain data")
    }
}

impl Publish {
    pub(super) async fn send(&self, subject: &mut Subject) -> Outcome {
        let package = subject.package.as_ref().expect("the package step comes first");
        let files = package
            .parts
            .iter()
            .map(|part| UploadFile {
                key: part.key.clone(),
                path: part.path().to_owned(),
                len: part.len,
                sha256: part.sha256,
            })
            .collect();
        let sync = self.settings.mode == Mode::Sync;
        let request = PublishRequest::from_draft(&subject.draft, files, sync, self.headers.clone());
        match self.exchange.publish(&request).await {
            Ok(Accepted::Running(link)) => {
                self.tally.add_published();
                self.riddles.store(0, Ordering::Relaxed);
                self.wait_for(link)
            }
            Ok(Accepted::Created(_)) => {
                self.tally.add_published();
                self.riddles.store(0, Ordering::Relaxed);
                Self::published(subject, None)
            }
            Err(error) if error.http() == Some(409) => {
                let refusal = error.refusal().expect("a status comes with an answer").clone();
                self.resolve_conflict(subject, &refusal).await
            }
            Err(error) => failure::outcome(&error),
        }
    }

    pub(super) fn wait_for(&self, link: StatusLink) -> Outcome {
        let token = Token { link, since: self.clock.now() };
        Outcome::Wait { token: token.to_text(), after: self.rhythm.first() }
    }

    /// The item is done: the server holds what we sent.
    pub(super) fn published(subject: &Subject, note: Option<String>) -> Outcome {
        let fingerprint = subject.package.as_ref().map(|package| package.fingerprint.to_string());
        Outcome::End(Ending::Done { note, fingerprint })
    }
}
