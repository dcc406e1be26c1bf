//! Between the scan and the first write: what has to be there, and what stands in the way.

use tokio_util::sync::CancellationToken;

use super::{
    RunError,
    definitions::{self, Configured, DefinitionAction, DefinitionFinding, DefinitionsError},
    finding::{Finding, Level, Obstacles},
    place::Place,
};
use crate::{engine::Sink, exchange::Exchange, job::Job};

/// Compares the declarations of a job with the target.
pub(super) async fn check_definitions(
    job: &Job,
    place: &Place,
    configured: &mut Configured,
) -> Result<Vec<DefinitionFinding>, RunError> {
    let found = definitions::check(place, &job.definitions, job.describe_api, configured).await;
    found.map_err(|source| {
        RunError::Definitions(DefinitionsError::Read { organization: place.root.organization().to_owned(), source })
    })
}

/// Those that somebody has to decide about.
pub(super) fn undecided(findings: &[DefinitionFinding]) -> Vec<Finding> {
    let is_open = |finding: &&DefinitionFinding| finding.action == DefinitionAction::Conflict;
    let tell = |finding: &DefinitionFinding| {
        Finding::whole("definitions", Level::Failure, format!("{} {}", finding.name(), finding.reason))
            .hint("change the declaration, or let definitions.on_difference say `keep` or `update`")
    };
    findings.iter().filter(is_open).map(tell).collect()
}

/// Makes the target ready for the items of a job.
pub(super) async fn prepare(
    job: &Job,
    exchange: &Exchange,
    sink: &dyn Sink,
    stop: &CancellationToken,
) -> Result<(), RunError> {
    if job.definitions.is_empty() {
        return Ok(());
    }
    let place = Place::of(exchange).await;
    let mut configured = Configured::default();
    let found = check_definitions(job, &place, &mut configured).await?;
    let open = undecided(&found);
    if !open.is_empty() {
        open.iter().for_each(|finding| finding.tell(sink));
        return Err(RunError::Obstacles(Box::new(Obstacles::new(open))));
    }
    definitions::settle(&place, &job.definitions, job.describe_api, &found, sink, stop)
        .await
        .map_err(RunError::Definitions)
}
