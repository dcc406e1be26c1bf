//! What a run would do to an item on the target, as the kind of the job does it; reads only.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Connection,
    applications::Applications,
    describe::{Describe, Foreseen},
    description::Difference,
    existing::Existing,
    plan::Intent,
    publish::{Earlier, OnTarget, Publish},
    survey::Survey,
};
use crate::{
    asset::{ApplicationWish, AssetChange, AssetDraft, Lifecycle, OnConflict, Sourced},
    engine::Tally,
    job::{Job, Kind, WhenDifferent},
    journal::Failure,
};

/// Whoever looks at the target.
pub(super) enum Foresight {
    Publish(Box<Publish>),
    Describe(Box<Describe>),
    Applications(Box<Applications>, WhenDifferent),
}

impl Foresight {
    pub(super) fn new(job: &Job, connection: &Connection) -> std::io::Result<Self> {
        let (exchange, tally) = (connection.exchange.clone(), Arc::new(Tally::default()));
        Ok(match job.kind {
            Kind::Publish => Self::Publish(Box::new(Publish::new(exchange, job, Existing::default(), tally)?)),
            Kind::Describe => Self::Describe(Box::new(Describe::new(exchange, job, tally)?)),
            Kind::Export | Kind::Migrate => unreachable!("what is read is planned by what is listed"),
            Kind::Applications => {
                let settings = job.applications.as_ref().expect("a job of applications says how");
                let hub = connection.hub.clone().expect("such a job is led into its portal");
                Self::Applications(Box::new(Applications::new(hub, settings, tally)), settings.on_difference)
            }
            Kind::Access => unreachable!("is refused when it is loaded"),
        })
    }

    /// Looks at an item, with what an earlier run has made of it.
    pub(super) async fn look(&self, sourced: &Sourced, earlier: Earlier, survey: &Survey<'_>) -> (Intent, String) {
        match (self, sourced) {
            (Self::Publish(publish), Sourced::Draft(draft)) => {
                let yields = survey.yields(&draft.coordinates);
                survey.judge(draft, on_target(publish, draft, &yields, earlier).await).await
            }
            (Self::Describe(describe), Sourced::Change(change)) => {
                survey.judge_change(change, to_be_changed(describe, change).await).await
            }
            (Self::Applications(applications, policy), Sourced::Application(wish)) => {
                in_the_portal(applications, *policy, wish).await
            }
            _ => (Intent::Invalid, "is not what a job of this kind is made of".to_owned()),
        }
    }
}

async fn on_target(
    publish: &Publish,
    draft: &AssetDraft,
    yields: &BTreeSet<String>,
    earlier: Earlier,
) -> (Intent, String) {
    match publish.foresee(draft, yields, earlier).await {
        Ok(OnTarget::NewAsset) => (Intent::Create, "the target has no such asset".to_owned()),
        Ok(OnTarget::NewVersion { latest }) => (Intent::NewVersion, format!("the latest version there is {latest}")),
        Ok(OnTarget::Development) => (Intent::NewVersion, "replaces the development version on the target".to_owned()),
        Ok(OnTarget::Same { proof, differences }) if differences.is_empty() => {
            (Intent::Unchanged, format!("on the target already: {proof}"))
        }
        Ok(OnTarget::Same { differences, .. }) => {
            // The one transition that there is not (EXCHANGE.md §3.9).
            let goes_back =
                draft.status == Some(Lifecycle::Development) && differences.iter().any(|d| d.datum == "status");
            (if goes_back { Intent::Conflict } else { Intent::MetadataOnly }, told(&differences))
        }
        Ok(OnTarget::Different(what)) => {
            by_policy(publish.on_conflict(draft), &format!("the target holds other content: {what}"))
        }
        Ok(OnTarget::Changed(policy)) => by_policy(policy, "its content has changed since this job published it"),
        Err(failure) => (Intent::Invalid, failure.message),
    }
}

/// What becomes of other content.
fn by_policy(policy: OnConflict, why: &str) -> (Intent, String) {
    match policy {
        OnConflict::Fail => (Intent::Conflict, why.to_owned()),
        OnConflict::Skip => (Intent::Skip, why.to_owned()),
        _ => (Intent::NewVersion, format!("{why}; the next free version is published")),
    }
}

/// Differences on one line.
fn told(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

async fn in_the_portal(applications: &Applications, policy: WhenDifferent, wish: &ApplicationWish) -> (Intent, String) {
    use super::applications::Foreseen;
    match applications.foresee(wish).await {
        Ok(Foreseen::New(what)) => (Intent::Create, what),
        Ok(Foreseen::Same) => (Intent::Unchanged, "the portal has it as the row says".to_owned()),
        Ok(Foreseen::Differs(what)) => match policy {
            WhenDifferent::Update => (Intent::Update, what),
            WhenDifferent::Skip => (Intent::Skip, format!("differs, and is left as it is: {what}")),
            WhenDifferent::Fail => (Intent::Conflict, format!("differs: {what}")),
        },
        Ok(Foreseen::Taken(why)) => (Intent::Conflict, why),
        Err(failure) => (Intent::Invalid, hinted(failure)),
    }
}

/// What is wrong, and what to do about it.
fn hinted(failure: Failure) -> String {
    let hint = failure.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    failure.message + &hint
}

async fn to_be_changed(describe: &Describe, change: &AssetChange) -> (Intent, String) {
    match describe.foresee(change).await {
        Ok(Foreseen::Differs(what)) => (Intent::Update, what),
        Ok(Foreseen::Same(proof)) => (Intent::Unchanged, proof),
        Ok(Foreseen::Missing(what)) => (Intent::NotFound, what),
        Err(failure) => (Intent::Invalid, failure.message),
    }
}
