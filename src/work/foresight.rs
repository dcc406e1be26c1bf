//! What a run would do to an item on the target, as the kind of the job does it; reads only.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Connection,
    describe::{Describe, Foreseen},
    description::Difference,
    existing::Existing,
    plan::Intent,
    publish::{OnTarget, Publish},
    survey::Survey,
};
use crate::{
    asset::{AssetChange, AssetDraft, OnConflict, Sourced},
    engine::Tally,
    job::{Job, Kind},
};

/// Whoever looks at the target.
pub(super) enum Foresight {
    Publish(Box<Publish>),
    Describe(Box<Describe>),
}

impl Foresight {
    pub(super) fn new(job: &Job, connection: &Connection) -> std::io::Result<Self> {
        let (exchange, tally) = (connection.exchange.clone(), Arc::new(Tally::default()));
        Ok(match job.kind {
            Kind::Publish => Self::Publish(Box::new(Publish::new(exchange, job, Existing::default(), tally)?)),
            Kind::Describe => Self::Describe(Box::new(Describe::new(exchange, job, tally)?)),
        })
    }

    /// Looks at an item, under the coordinates that an earlier run has published it as where it has.
    pub(super) async fn look(
        &self,
        sourced: &Sourced,
        published_as: Option<String>,
        survey: &Survey<'_>,
    ) -> (Intent, String) {
        match (self, sourced) {
            (Self::Publish(publish), Sourced::Draft(draft)) => {
                let yields = survey.yields(&draft.coordinates);
                survey.judge(draft, on_target(publish, draft, &yields, published_as).await).await
            }
            (Self::Describe(describe), Sourced::Change(change)) => to_be_changed(describe, change).await,
            _ => (Intent::Invalid, "is not what a job of this kind is made of".to_owned()),
        }
    }
}

async fn on_target(
    publish: &Publish,
    draft: &AssetDraft,
    yields: &BTreeSet<String>,
    published_as: Option<String>,
) -> (Intent, String) {
    let has_published = published_as.is_some();
    match publish.foresee(draft, yields, published_as).await {
        Ok(OnTarget::NewAsset) => (Intent::Create, "the target has no such asset".to_owned()),
        Ok(OnTarget::NewVersion { latest }) => (Intent::NewVersion, format!("the latest version there is {latest}")),
        Ok(OnTarget::Development) => (Intent::NewVersion, "replaces the development version on the target".to_owned()),
        Ok(OnTarget::Same { proof, differences }) if differences.is_empty() => {
            (Intent::Unchanged, format!("on the target already: {proof}"))
        }
        Ok(OnTarget::Same { differences, .. }) => (Intent::MetadataOnly, told(&differences)),
        Ok(OnTarget::Different(what)) => {
            let differs = format!("the target holds other content: {what}");
            match publish.on_other_content(draft, has_published) {
                OnConflict::Fail => (Intent::Conflict, differs),
                OnConflict::Skip => (Intent::Skip, differs),
                _ => (Intent::NewVersion, format!("{differs}; the next free version is published")),
            }
        }
        Err(failure) => (Intent::Invalid, failure.message),
    }
}

/// Differences on one line.
fn told(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

async fn to_be_changed(describe: &Describe, change: &AssetChange) -> (Intent, String) {
    match describe.foresee(change).await {
        Ok(Foreseen::Differs(what)) => (Intent::Update, what),
        Ok(Foreseen::Same(proof)) => (Intent::Unchanged, proof),
        Ok(Foreseen::Missing(what)) => (Intent::NotFound, what),
        Err(failure) => (Intent::Invalid, failure.message),
    }
}
