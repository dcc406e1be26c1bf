//! Tables of a job file that become settings: checked, with what is left out filled in.

use std::collections::BTreeMap;

use super::{
    Overrides, Pace, PackageLimits, Publish,
    file::{PaceTable, PublishTable, SourceTable},
    text,
};

/// Writes in flight when the job names no number: EXCHANGE.md §8 advises four writes and eight reads.
const DEFAULT_CONCURRENCY: usize = 8;

/// The facts of the build. What the command line says of a name comes first; a name that it says twice stays there
/// twice, since the conditions of a catalog do not hold then.
pub(super) fn criteria(table: &SourceTable, over: &Overrides) -> Result<Vec<(String, String)>, (String, String)> {
    if table.catalog.is_none() {
        let mut named = over.criteria.iter().map(|(name, _)| name).chain(table.criteria.keys());
        return named.next().map_or(Ok(Vec::new()), |name| {
            let message = format!("`{name}` is for the conditions of a `catalog`, and the source is none");
            Err(("source.criteria".to_owned(), message))
        });
    }
    let mut criteria = over.criteria.clone();
    for (name, value) in &table.criteria {
        text::criterion(&format!("{name}:{value}")).map_err(|m| (format!("source.criteria.{name}"), m))?;
        if !over.criteria.iter().any(|(said, _)| said == name) {
            criteria.push((name.clone(), value.clone()));
        }
    }
    Ok(criteria)
}

pub(super) fn publish(table: PublishTable) -> Result<Publish, String> {
    Ok(Publish {
        mode: table.mode,
        on_conflict: table.on_conflict,
        on_change: table.on_change,
        on_vanished: table.on_vanished,
        metadata: table.metadata,
        deadline: text::duration(table.deadline.as_deref().unwrap_or("10m"))?,
        file_validation: table.file_validation,
        strict_package: table.strict_package,
        snapshots_allowed: table.snapshots_allowed,
        allowed_api_spec_formats: table.allowed_api_spec_formats,
        user_id: table.user_id,
        assign_roles: table.assign_roles,
    })
}

pub(super) fn pace(table: &PaceTable, over: &Overrides) -> Result<Pace, (&'static str, String)> {
    let requests_per_second = over.rate.or(table.requests_per_second);
    if let Some(rate) = requests_per_second
        && !(rate.is_finite() && (0.001..=100_000.0).contains(&rate))
    {
        return Err(("pace.requests_per_second", format!("{rate} is not between 0.001 and 100000")));
    }
    let within = |key, value: Option<usize>, default, most| match value.unwrap_or(default) {
        n if (1..=most).contains(&n) => Ok(n),
        n => Err((key, format!("{n} is not between 1 and {most}"))),
    };
    let concurrency = within("pace.concurrency", over.concurrency.or(table.concurrency), DEFAULT_CONCURRENCY, 1024)?;
    Ok(Pace {
        requests_per_second,
        concurrency,
        publications: within("pace.publications", table.publications, 64, 10_000)?,
        attempts: table.attempts.unwrap_or(8).max(1),
    })
}

pub(super) fn limits(table: &BTreeMap<String, String>) -> Result<PackageLimits, (String, String)> {
    let mut limits = PackageLimits::default();
    for (key, value) in table {
        let slot = match key.as_str() {
            "spec" => &mut limits.spec,
            "jar" => &mut limits.jar,
            "icon" => &mut limits.icon,
            "svg" => &mut limits.svg,
            _ => return Err((key.clone(), "is not a limit: spec, jar, icon or svg".to_owned())),
        };
        *slot = Some(text::size(value).map_err(|m| (key.clone(), m))?);
    }
    Ok(limits)
}
