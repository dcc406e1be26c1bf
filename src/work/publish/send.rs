//! The publish call, and what its answer means.

use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use super::{Making, Publish, Sender, Subject};
use crate::{
    engine::Outcome,
    exchange::{Accepted, PublishRequest, StatusLink, UploadFile},
    job::Mode,
    net::CallError,
    work::failure,
};

/// What the await step needs: kept in the journal before the first poll.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Token {
    /// Where to ask.
    pub(super) link: StatusLink,
    /// The address of another server that the server named instead: the coordinates are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) elsewhere: Option<String>,
    /// The digest of what was sent; `None` where it is not known who has sent it, and what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) imprint: Option<String>,
    /// Whether it was sent over a version that was there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) overwrites: bool,
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
        let earlier = std::mem::replace(&mut subject.sender, Sender::Us);
        subject.existed = Some(self.existing.may_exist(&subject.draft.coordinates));
        let answer = self.exchange.publish(&request).await;
        // A gateway that lost its server (502, 504) knows no more than we do.
        let status = answer.as_ref().err().and_then(CallError::http);
        subject.answered = status.is_some_and(|status| !matches!(status, 502 | 504));
        match answer {
            Ok(Accepted::Running(link)) => {
                self.riddles.store(0, Ordering::Relaxed);
                self.accepted(subject, link)
            }
            Ok(Accepted::Created(_)) => {
                self.riddles.store(0, Ordering::Relaxed);
                self.tally.add_published();
                self.published(subject, None)
            }
            // The server took it, and names another server to ask: no token goes there. Its own coordinates tell as well.
            Err(error @ CallError::ForeignOrigin { .. }) => {
                tracing::warn!(gav = %subject.draft.coordinates, %error, "the status link leads to another server");
                let CallError::ForeignOrigin { address, .. } = error else { unreachable!("is matched above") };
                self.wait_for(subject, self.exchange.latest_publication(&subject.draft.coordinates), Some(address))
            }
            Err(error) if error.http() == Some(409) => {
                let refusal = error.refusal().expect("a status comes with an answer").clone();
                // A refusal sent nothing: whose publication stands in the way is known only where there was an earlier try.
                subject.sender = if earlier == Sender::Us { Sender::Us } else { Sender::Stranger };
                self.resolve_conflict(subject, &refusal).await
            }
            Err(error) => failure::outcome(&error),
        }
    }

    /// The server works on what was sent: by this process, or by one before it.
    pub(super) fn accepted(&self, subject: &mut Subject, link: StatusLink) -> Outcome {
        self.wait_for(subject, link, None)
    }

    fn wait_for(&self, subject: &mut Subject, link: StatusLink, elsewhere: Option<String>) -> Outcome {
        subject.asking.begin_anew();
        if subject.sender == Sender::Us {
            self.tally.add_published();
        }
        let imprint = if subject.sender == Sender::Stranger { None } else { subject.fingerprint() };
        let token = Token { link, elsewhere, imprint, overwrites: subject.making == Making::Over };
        Outcome::Wait { token: token.to_text(), after: self.rhythm.first() }
    }
}
