//! The lifecycle state of a version (EXCHANGE.md §3.9).

use crate::{
    asset::{Coordinates, Lifecycle},
    engine::Outcome,
    exchange::Asset,
    journal::Failure,
    net::CallError,
    work::failure,
};

use super::{Describer, Difference, Progress, not_there};

/// The most dependencies that are looked at to name those in the way. An asset has at most 100.
const MOST_NAMED: usize = 100;

/// The server's word for dependencies in the way.
const IN_DEVELOPMENT: &str = "DEVELOPMENT_DEPENDENCIES";

impl Describer {
    pub(super) async fn bring_to(
        &self,
        progress: &mut Progress,
        coordinates: &Coordinates,
        wished: Lifecycle,
    ) -> Outcome {
        if progress.status == Some(wished) {
            return Outcome::Next;
        }
        let asset = match self.exchange.asset(coordinates).await {
            Ok(Some(asset)) => asset,
            Ok(None) => return not_there(coordinates),
            Err(error) => return failure::outcome(&error),
        };
        let there = state_of(&asset);
        let stations = match stations(there, wished) {
            Ok(stations) => stations,
            Err(failure) => return Outcome::Failed(failure),
        };
        for station in stations {
            if let Err(error) = self.exchange.put_status(coordinates, *station).await {
                return self.explain(coordinates, &asset, *station, &error).await;
            }
            progress.accepted(&self.tally);
            progress.status = Some(*station);
        }
        if there != Some(wished) {
            let there = asset.status.as_deref().unwrap_or_default();
            progress.tell(&[Difference::between("status", there, wished.as_str())]);
        }
        Outcome::Next
    }

    /// Why the server does not let a version go on, as far as it tells.
    async fn explain(&self, coordinates: &Coordinates, asset: &Asset, target: Lifecycle, error: &CallError) -> Outcome {
        let outcome = failure::outcome(error);
        let Outcome::Failed(refusal) = outcome else { return outcome };
        if !matches!(refusal.http, Some(400 | 409 | 412 | 422)) {
            return Outcome::Failed(refusal);
        }
        let mut codes: Vec<String> = error.refusal().and_then(|refusal| refusal.code.clone()).into_iter().collect();
        if !codes.iter().any(|code| code == IN_DEVELOPMENT)
            && let Ok(Some(actions)) = self.exchange.actions(coordinates).await
        {
            let in_the_way = actions.into_iter().filter(|action| action.target_status == target.as_str());
            codes.extend(in_the_way.flat_map(|action| action.affordance_details).map(|detail| detail.code));
        }
        if codes.iter().any(|code| code == IN_DEVELOPMENT) {
            return Outcome::Failed(self.dependencies_in_the_way(asset, refusal).await);
        }
        let failure = Failure { class: "transition".to_owned(), ..refusal };
        Outcome::Failed(if coordinates.version.is_snapshot() {
            failure.hint("a snapshot stays in development: publish the version without -SNAPSHOT")
        } else {
            failure
        })
    }

    /// Names the dependencies that are still in development.
    async fn dependencies_in_the_way(&self, asset: &Asset, refusal: Failure) -> Failure {
        let mut names = Vec::new();
        for dependency in asset.dependencies.iter().take(MOST_NAMED) {
            let name = format!("{}/{}/{}", dependency.group_id, dependency.asset_id, dependency.version);
            let Ok(gav) = name.parse() else { continue };
            // What cannot be read is not named; the server has said enough.
            if let Ok(Some(known)) = self.exchange.asset(&gav).await
                && known.is_development()
            {
                names.push(name);
            }
        }
        let message = match names.as_slice() {
            [] => refusal.message,
            names => format!("{} (in development: {})", refusal.message, names.join(", ")),
        };
        Failure::new("dependency-in-development", message)
            .http(refusal.http)
            .hint("promote the dependencies first, then `consign retry`")
    }
}

/// The state that a version is in; `None` for a word that is not known. One that tells none is published: the state came
/// later than the assets that have none.
pub(super) fn state_of(asset: &Asset) -> Option<Lifecycle> {
    match asset.status.as_deref().unwrap_or_default() {
        "" => Some(Lifecycle::Published),
        told => told.parse().ok(),
    }
}

/// The states to go through, in order: nothing goes from development to deprecated at once, and nothing goes back to
/// development.
fn stations(there: Option<Lifecycle>, wished: Lifecycle) -> Result<&'static [Lifecycle], Failure> {
    use Lifecycle::{Deprecated, Development, Published};
    match (there, wished) {
        (Some(Development), Deprecated) => Ok(&[Published, Deprecated]),
        (Some(there), wished) if there == wished => Ok(&[]),
        (_, Published) => Ok(&[Published]),
        (_, Deprecated) => Ok(&[Deprecated]),
        (there, Development) => {
            let there = there.map_or("in a state of its own", Lifecycle::as_str);
            Err(Failure::new("transition", format!("the version is {there}, and none goes back to development"))
                .hint("publish a new version in development, or leave the status out"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documented_transitions_are_made() {
        use Lifecycle::{Deprecated, Development, Published};
        for (there, wished, expected) in [
            (Development, Published, &[Published][..]),
            (Development, Deprecated, &[Published, Deprecated]),
            (Published, Deprecated, &[Deprecated]),
            (Deprecated, Published, &[Published]),
            (Published, Published, &[]),
            (Development, Development, &[]),
        ] {
            assert_eq!(stations(Some(there), wished), Ok(expected), "{there} → {wished}");
        }
        for there in [Published, Deprecated] {
            assert_eq!(stations(Some(there), Development).expect_err("is refused").class, "transition");
        }
    }
}
