//! `consign verify --portal`: whether consumers see what a job brings.

use std::io::Write;

use super::{Exit, Problem, args::VerifyArgs, connect::Connected, plan::finish, verify};
use crate::{
    hub::{Hub, PortalChoice},
    job::Job,
    report::{VisibleItem, VisibleVersion, VisibleWhole, VisibleWriter},
    work::{
        Selection,
        verify::{Seen, ShownVersion, Sight, Verdict, verify_portal},
    },
};

/// Holds a portal to the source of a job.
pub(super) async fn hold(
    job: &Job,
    connected: &Connected,
    only: &Selection,
    args: &VerifyArgs,
) -> Result<Exit, Problem> {
    let connection = &connected.connection;
    let client = connection.exchange.client();
    client.sign_in().await.map_err(|error| {
        Problem::new(format!("cannot sign in at {}", connection.name)).because(&error).hint(error.hint())
    })?;
    let choice = PortalChoice {
        target_organization: args.target_organization.clone(),
        portal: args.portal.clone().filter(|portal| !portal.is_empty()),
        organization: Some(connection.exchange.organization().to_owned()),
    };
    let hub = Hub::open(client, &choice)
        .await
        .map_err(|error| Problem::new("cannot look for the portal").because(&error).hint(error.hint()))?;
    let portal = choice.portal.unwrap_or_else(|| hub.address().portal.clone());
    let mut out = anstream::stdout().lock();
    let out: &mut dyn Write = &mut out;
    let mut writer = if args.json { VisibleWriter::json(out, &portal) } else { VisibleWriter::text(out, &portal) };
    let mut written = Ok(());
    let each = |seen| {
        if written.is_ok() {
            written = writer.push(&item(seen));
        }
    };
    let sight = verify_portal(job, connection, &hub, only, each).await.map_err(|error| verify::problem(&error))?;
    if sight.left_out == 0 && sight.verification.counts.values().all(|count| *count == 0) {
        verify::must_mean_something(only)?;
    }
    let exit = if sight.verification.is_equal() { Exit::Success } else { Exit::Partial };
    finish(written.and_then(|()| writer.finish(&whole(&sight)))).map(|_| exit)
}

fn item(Seen { verified, shown }: Seen) -> VisibleItem {
    let version = |ShownVersion { minor_version, version, pages, has_terms }| VisibleVersion {
        minor_version,
        version,
        pages,
        terms: has_terms,
    };
    VisibleItem { item: verify::item(verified), shown: shown.map(version) }
}

fn whole(sight: &Sight) -> VisibleWhole {
    let counts = &sight.verification.counts;
    let count = |verdict: Verdict| (verdict.as_str(), counts.get(&verdict).copied().unwrap_or(0));
    VisibleWhole {
        counts: Verdict::ALL.into_iter().map(count).collect(),
        left_out: sight.left_out,
        is_equal: sight.verification.is_equal(),
    }
}
