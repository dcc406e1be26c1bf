//! A failed call as the journal tells it.

use std::{
    error::Error,
    io::{self, ErrorKind},
    time::Duration,
};

use crate::{
    engine::{Ending, Outcome},
    journal::Failure,
    net::{CallError, Disposition, TransportKind},
};

/// How long to wait before a step is tried again when the server names no time: the door has waited already.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// What a failed call says: what happened, in the server's own words, and what to do next.
pub(super) fn failure(error: &CallError) -> Failure {
    let class = match error {
        CallError::Refused(refusal) if refusal.status >= 500 => "server",
        CallError::Refused(refusal) if refusal.status == 429 => "rate-limit",
        CallError::Refused(_) => "refused",
        CallError::Transport { source, .. } if source.kind == TransportKind::Tls => "tls",
        CallError::Transport { .. } => "network",
        CallError::Auth(_) => "credentials",
        CallError::ForeignOrigin { .. } => "foreign-origin",
        CallError::BadReply { .. } | CallError::TooLarge { .. } => "bad-reply",
        CallError::Local(_) => "local-file",
        CallError::Unsendable { .. } => "input",
        CallError::Stopped => "stopped",
    };
    let message = match error {
        // The request does not matter: none would arrive.
        CallError::Transport { source, .. } if source.kind == TransportKind::Connect => {
            format!("cannot reach the server: {}", root(source))
        }
        _ => chain(error),
    };
    let failure = Failure::new(class, message).http(error.http());
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What is at the bottom of an error.
fn root(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// An error with its causes, outermost first.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some errors repeat their cause in their own words.
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// What a failed call means for the step that made it.
pub(super) fn outcome(error: &CallError) -> Outcome {
    let failure = failure(error);
    if stops_the_run(error) {
        return Outcome::Halt(failure);
    }
    match error.disposition() {
        Disposition::Final => Outcome::Failed(failure),
        Disposition::Again { after } => Outcome::Again { failure, after: after.unwrap_or(PAUSE), doubt: false },
        Disposition::Doubt { after } => Outcome::Again { failure, after: after.unwrap_or(PAUSE), doubt: true },
    }
}

/// The failure in an outcome, where there is one.
pub(super) fn of(outcome: Outcome) -> Option<Failure> {
    match outcome {
        Outcome::Failed(failure)
        | Outcome::GaveUp(failure)
        | Outcome::Halt(failure)
        | Outcome::Again { failure, .. }
        | Outcome::Back { failure, .. }
        | Outcome::Unsure { failure, .. }
        | Outcome::End(Ending::Skipped(failure) | Ending::Confirmed { proof: failure, .. }) => Some(failure),
        Outcome::Next
        | Outcome::To { .. }
        | Outcome::Wait { .. }
        | Outcome::Retarget { .. }
        | Outcome::End(Ending::Done { .. }) => None,
    }
}

/// Whether nothing more can be written to a disk.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem)
}

/// Whether no other item would fare better: wrong credentials, an unreachable host, a certificate that is not trusted, a
/// full disk.
fn stops_the_run(error: &CallError) -> bool {
    match error {
        CallError::Auth(_) => true,
        CallError::Local(error) => is_full(error),
        CallError::Transport { source, .. } => {
            source.kind == TransportKind::Tls || (source.kind == TransportKind::Connect && !source.sent)
        }
        _ => false,
    }
}
