//! Deprecating what vanished from the source.

use super::{Publish, Retiring};
use crate::{
    asset::{Description, Lifecycle},
    engine::{Ending, Outcome},
    journal::Failure,
    work::failure,
};

impl Publish {
    /// Deprecates a version, unless there is nothing to deprecate: one in development would have to be published first.
    pub(super) async fn retire(&self, retiring: &mut Retiring) -> Outcome {
        let left = |message: &str| Outcome::End(Ending::Skipped(Failure::new("vanished", message)));
        let asset = match self.exchange.asset(&retiring.coordinates).await {
            Ok(Some(asset)) => asset,
            Ok(None) => return left("no longer in the source, nor on the target"),
            Err(error) => return failure::outcome(&error),
        };
        if asset.is_development() {
            return left("no longer in the source; it is in development and left as it is");
        }
        if asset.status.as_deref() == Some(Lifecycle::Deprecated.as_str()) {
            return left("no longer in the source; somebody has deprecated it already");
        }
        let wish = Description { status: Some(Lifecycle::Deprecated), ..Description::default() };
        match self.describer.promote(&mut retiring.progress, &retiring.coordinates, &wish).await {
            Outcome::Next => {
                let note = Some("deprecated: no longer in the source".to_owned());
                Outcome::End(Ending::Done { note, fingerprint: None })
            }
            outcome => outcome,
        }
    }
}
