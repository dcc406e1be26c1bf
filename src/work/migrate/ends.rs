//! Whether both ends of a migration are what they should be: hours of reading are not to end at a wrong password.

use super::MigrateError;
use crate::{
    exchange::{AssetQuery, Exchange},
    job::Job,
    work::{Connection, place::Place, preflight},
};

/// Signs in at both ends, and looks whether anything may be published at the target. Reads only.
///
/// # Errors
/// [`MigrateError`]
pub async fn check_ends(job: &Job, source: &Connection, target: &Connection) -> Result<(), MigrateError> {
    for (end, connection) in [("source", source), ("target", target)] {
        let signed_in = connection.exchange.client().sign_in().await;
        signed_in.map_err(|source| MigrateError::SignIn { end, name: connection.name.clone(), source })?;
    }
    let (from, to) = (source.exchange.organization(), target.exchange.organization());
    if source.name == target.name && from == to && target.group == to {
        return Err(MigrateError::Circle);
    }
    if job.preflight { check_target(target).await } else { Ok(()) }
}

async fn check_target(target: &Connection) -> Result<(), MigrateError> {
    let place = Place::of(&target.exchange).await;
    let organization = target.exchange.organization();
    let is_known = place
        .me
        .as_ref()
        .is_none_or(|me| me.organizations.is_empty() || me.organizations.iter().any(|known| known.id == organization));
    // Of a connected app the profile is its maker's: what the organization lists speaks for it.
    if !is_known && !lists_anything(&target.exchange).await {
        return Err(MigrateError::Target {
            message: format!("{organization} is no organization of yours"),
            hint: Some(
                "target.organization names it, by its id or its name; if the server is wrong about that, preflight.skip = true"
                    .to_owned(),
            ),
        });
    }
    match preflight::rights_at(&place).await {
        Some(finding) => Err(MigrateError::Target { message: finding.message, hint: finding.hint }),
        None => Ok(()),
    }
}

async fn lists_anything(exchange: &Exchange) -> bool {
    exchange.list_page(&AssetQuery::default(), 0).await.is_ok_and(|page| !page.items.is_empty())
}
