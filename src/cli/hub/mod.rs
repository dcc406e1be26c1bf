//! `consign hub`: a portal of the API Experience Hub by hand. One file per group of commands: arguments, one call, and a
//! table for people or JSON for scripts.

mod access;
mod apps;
mod args;
mod assets;
mod confirm;
mod portals;
mod show;
mod visit;

pub(super) use args::HubArgs;

use std::fmt::Display;

use args::HubCommand;
use visit::Visit;

use super::{Exit, Problem, block_on};
use crate::{
    hub::HubError,
    net::{CallError, Disposition},
};

pub(super) fn hub(args: &HubArgs) -> Result<Exit, Problem> {
    block_on(async {
        let visit = Visit::begin(&args.place).await?;
        let result = match &args.command {
            HubCommand::Portals => portals::portals(&visit).await,
            HubCommand::Assets { command } => assets::assets(&visit, command).await,
            HubCommand::Apps { command } => apps::apps(&visit, command).await,
            HubCommand::Access { command } => access::access(&visit, command).await,
        };
        visit.end().await;
        result
    })
}

/// Why `what` cannot be done.
fn cannot<E: Into<HubError>>(what: impl Display) -> impl FnOnce(E) -> Problem {
    move |error| {
        let error = error.into();
        match error.call() {
            Some(_) => Problem::new(format!("cannot {what}")).because(&error).hint(error.hint()),
            None => told(&error),
        }
    }
}

/// Why `what`, which must not be done twice, cannot be done; `look` tells where to see whether it is done already.
fn cannot_surely<E: Into<HubError>>(what: impl Display, look: impl Display) -> impl FnOnce(E) -> Problem {
    move |error| {
        let error = error.into();
        let call = error.call();
        let is_doubtful = matches!(call.map(CallError::disposition), Some(Disposition::Doubt { .. }));
        let is_conflict = call.and_then(CallError::http) == Some(409);
        let problem = cannot(what)(error);
        match (is_doubtful, is_conflict) {
            (true, _) => problem.hint(Some(format!("it may have been done all the same: {look}"))),
            (_, true) => problem.hint(Some(look)),
            _ => problem,
        }
    }
}

/// What speaks for itself.
fn told(error: &HubError) -> Problem {
    Problem::of(error).hint(error.hint())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{TransportError, TransportKind};

    #[test]
    fn whoever_cannot_know_whether_it_was_done_is_told_where_to_look() {
        let lost = |sent: bool| CallError::Transport {
            request: "POST /x".to_owned(),
            source: TransportError { kind: TransportKind::Reset, sent, source: None },
        };
        let told = |error: CallError| format!("{:?}", cannot_surely("make it", "`look` shows it")(error));
        assert!(
            told(lost(true)).contains("it may have been done all the same: `look` shows it"),
            "{}",
            told(lost(true))
        );
        assert!(told(lost(true)).contains("cannot make it: POST /x"));
        assert!(!told(lost(false)).contains("look"), "it was not sent");
    }
}
