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

/// What went wrong with something that may simply be tried again.
fn problem(error: impl Into<HubError>) -> Problem {
    told(&error.into(), None)
}

/// What went wrong with something that must not be done twice; `look` tells where to see whether it was done.
fn doubtful(error: impl Into<HubError>, look: &str) -> Problem {
    told(&error.into(), Some(look))
}

fn told(error: &HubError, look: Option<&str>) -> Problem {
    let is_doubtful = matches!(error.call().map(CallError::disposition), Some(Disposition::Doubt { .. }));
    match look.filter(|_| is_doubtful) {
        Some(look) => Problem::of(error).hint(Some(format!("it may have been done all the same: {look}"))),
        None => Problem::of(error).hint(error.hint()),
    }
}
