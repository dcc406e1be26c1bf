//! `consign verify --portal`: whether consumers of a portal see what a job brings.
//!
//! A portal names versions `v1` and shows one full version of each: a lower one of the job is behind it, and nothing is
//! missing. Pages and terms are compared where what is shown has those that the source speaks of. What no portal shows
//! (fragments, templates, examples, …) is counted and left out; what is private or in development is expected not to be
//! shown.

use std::sync::Arc;

use super::{
    Mismatch, Verdict, Verification, Verified, VerifyError,
    actual::{Actual, Looker, Unread, shown as texts_of},
    compare::differences,
    expected::Expecter,
    judge::{Judge, diagnosed, place, unknown},
    run::{Extent, items},
};
use crate::{
    asset::{AssetChange, AssetDraft, AssetType, Coordinates, Description, Lifecycle, Sourced, Version, Visibility},
    hub::{AssetDetail, Hub, PortalAsset},
    inventory::{read::Texts, shown},
    job::Job,
    package::reading::Reading,
    source,
    work::{Connection, RunError, Selection, rehearsal::Rehearsal, run::source_of, scratch::Scratch},
};

/// What a portal shows of an asset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownVersion {
    /// The version as the portal names it.
    pub minor_version: String,
    /// Its full number, where the portal tells it.
    pub version: Option<String>,
    /// The names of its pages, in order.
    pub pages: Vec<String>,
    /// Whether it has terms.
    pub has_terms: bool,
}

/// One version of the job, and what consumers see of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What became of it.
    pub verified: Verified,
    /// What the portal shows in its place; `None`: nothing.
    pub shown: Option<ShownVersion>,
}

/// What the whole came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// The counts.
    pub verification: Verification,
    /// Versions of types that no portal shows.
    pub left_out: u64,
}

/// Holds a portal to the source of a job. Gives each version that a portal can show to `each`. Reads only.
///
/// # Errors
/// [`VerifyError`]; what is wrong with a single item is told to `each`.
pub async fn verify_portal(
    job: &Job,
    connection: &Connection,
    hub: &Hub,
    only: &Selection,
    mut each: impl FnMut(Seen),
) -> Result<Sight, VerifyError> {
    let (source, options) = source_of(job, &connection.group, Reading::default());
    let whole = source::Options { wave: None, ..options.clone() };
    let rehearsal = Rehearsal::of((source.clone(), whole), &Selection::default()).await?;
    let scratch = Arc::new(Scratch::new().map_err(RunError::Scratch)?);
    let judge = Judge {
        job,
        expecter: Expecter::new(job, &Extent::Said, Arc::clone(&scratch)),
        looker: Looker::new(connection.exchange.clone(), scratch),
    };
    let consumer = Consumer { judge, hub, rehearsal: &rehearsal };
    let mut sight = Sight::default();
    let mut tell = |looked: Looked| match looked {
        Ok(Some(seen)) => {
            *sight.verification.counts.entry(seen.verified.verdict).or_default() += 1;
            each(seen);
            Ok(())
        }
        Ok(None) => {
            sight.left_out += 1;
            Ok(())
        }
        Err(unread) => Err(VerifyError::Halted(unread.failure)),
    };
    items(|sourced| consumer.item(sourced), (source, options), (only, job.pace.concurrency), &mut tell).await?;
    Ok(sight)
}

/// What became of an item; `None` where no portal shows its type.
type Looked = Result<Option<Seen>, Unread>;

/// Looks at a portal as those do who use it.
struct Consumer<'a> {
    judge: Judge<'a>,
    hub: &'a Hub,
    rehearsal: &'a Rehearsal,
}

/// What the source says of one version.
struct Wish {
    coordinates: Coordinates,
    asset_type: AssetType,
    said: Description,
    expects: Expects,
}

/// Whether consumers are to see a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expects {
    Shown,
    /// They are not, for this reason.
    Hidden(&'static str),
    /// Nobody says that a portal shows such a version: another one may stand in its place, or none.
    Either,
}

impl Expects {
    fn of(version: &Version, status: Option<Lifecycle>, visibility: Option<Visibility>) -> Self {
        match (status, visibility) {
            (Some(Lifecycle::Development), _) => Self::Hidden("in development"),
            (_, Some(Visibility::Private)) => Self::Hidden("private"),
            (Some(Lifecycle::Deprecated), _) => Self::Either,
            _ if !version.semver().pre.is_empty() => Self::Either,
            _ => Self::Shown,
        }
    }
}

/// The types that portals show.
fn is_for_portals(asset_type: &AssetType) -> bool {
    matches!(asset_type, AssetType::RestApi | AssetType::HttpApi | AssetType::SoapApi | AssetType::EventedApi)
}

impl Consumer<'_> {
    async fn item(&self, sourced: Sourced) -> Option<Looked> {
        match sourced {
            Sourced::Draft(draft) => Some(self.draft(&draft).await),
            Sourced::Change(change) => Some(self.change(&change).await),
            Sourced::Listed(_) | Sourced::Application(_) | Sourced::Access(_) => None,
            Sourced::Diagnosis(diagnosis) => {
                diagnosed(&diagnosis).map(|verified| Ok(Some(Seen { verified, shown: None })))
            }
        }
    }

    async fn draft(&self, draft: &AssetDraft) -> Looked {
        if !is_for_portals(&draft.asset_type) {
            return Ok(None);
        }
        let gav = draft.coordinates.to_string();
        let mut said = draft.to_description();
        said.yield_to_others(&self.rehearsal.yields_of(&gav));
        let wish = Wish {
            expects: Expects::of(&draft.coordinates.version, draft.status, draft.visibility),
            coordinates: draft.coordinates.clone(),
            asset_type: draft.asset_type.clone(),
            said,
        };
        self.held(wish, told(gav, draft.path.as_str(), draft.line)).await.map(Some)
    }

    /// A change is about a version that exists: Exchange tells what it is.
    async fn change(&self, change: &AssetChange) -> Looked {
        let told = told(change.gav(), change.path.as_str(), Some(change.line));
        let alone = |verified| Ok(Some(Seen { verified, shown: None }));
        let found = match self.judge.version_of(change).await {
            Ok(Some(coordinates)) => self.judge.looker.version(&coordinates).await,
            Ok(None) => Ok(None),
            Err(unread) => Err(unread),
        };
        let record = match found {
            Ok(Some(found)) => found.record,
            Ok(None) => {
                let note = Some("it is not in Exchange either".to_owned());
                return alone(Verified { verdict: Verdict::Missing, note, ..told });
            }
            Err(unread) => return alone(unknown(told, unread)?),
        };
        if !is_for_portals(&record.asset_type) {
            return Ok(None);
        }
        let mut said = change.description.clone();
        said.yield_to_others(&self.rehearsal.yields_of(&change.gav()));
        let status = said.status.or(record.status);
        let wish = Wish {
            expects: Expects::of(&record.coordinates.version, status, said.visibility),
            coordinates: record.coordinates,
            asset_type: record.asset_type,
            said,
        };
        self.held(wish, told).await.map(Some)
    }

    async fn held(&self, wish: Wish, told: Verified) -> Result<Seen, Unread> {
        let at = shown::place(&wish.coordinates, &format!("v{}", wish.coordinates.version.major()));
        let alone = |verified| Seen { verified, shown: None };
        let details = match self.hub.details(&at).await {
            Ok(Some(details)) => details,
            Ok(None) => return self.unseen(&wish, told).await.map(alone),
            Err(error) => return unknown(told, error.into()).map(alone),
        };
        match self.compared(&wish, &at, &details).await {
            Ok(Ok((differences, shown))) => {
                let verdict = if differences.is_empty() { Verdict::Equal } else { Verdict::Different };
                Ok(Seen { verified: Verified { verdict, differences, ..told }, shown: Some(shown) })
            }
            Ok(Err(why)) => Ok(alone(Verified { verdict: Verdict::Invalid, note: Some(why), ..told })),
            Err(unread) => unknown(told, unread).map(alone),
        }
    }

    /// What nobody sees: as it should be, or for a reason that Exchange may know.
    async fn unseen(&self, wish: &Wish, told: Verified) -> Result<Verified, Unread> {
        if wish.expects != Expects::Shown {
            return Ok(Verified { verdict: Verdict::Equal, ..told });
        }
        let asset = match self.judge.looker.exchange.asset(&wish.coordinates).await {
            Ok(asset) => asset,
            Err(error) => return unknown(Verified { verdict: Verdict::Missing, ..told }, error.into()),
        };
        let why = match asset {
            None => "it is not in Exchange either".to_owned(),
            Some(asset) if asset.is_development() => "it is in development".to_owned(),
            Some(asset) if !asset.is_public => {
                let group = asset.version_group.as_deref().unwrap_or("of it");
                format!("it is in Exchange, where its version group {group} is private")
            }
            Some(_) => "it is in Exchange, and public there: whoever runs the portal has to add it".to_owned(),
        };
        Ok(Verified { verdict: Verdict::Missing, note: Some(why), ..told })
    }

    /// What differs, and what is shown; the inner error says why nothing can be expected.
    async fn compared(
        &self,
        wish: &Wish,
        at: &PortalAsset,
        details: &AssetDetail,
    ) -> Result<Result<(Vec<Mismatch>, ShownVersion), String>, Unread> {
        let own = &wish.coordinates.version;
        let version: Option<Version> = details.latest_patch_version.as_deref().and_then(|text| text.parse().ok());
        let mut found = out_of_place(wish, version.as_ref());
        let mut shown = ShownVersion {
            minor_version: at.minor_version.clone(),
            version: details.latest_patch_version.clone(),
            pages: details.pages.iter().map(|page| page.name.clone()).collect(),
            has_terms: false,
        };
        // Pages belong to the minor version of Exchange: those of another one are not meant.
        let has_its_pages = version.as_ref().is_none_or(|version| version.minor_version() == own.minor_version());
        let Description { docs, pages, .. } = wish.said.clone();
        if !has_its_pages || (docs.is_none() && pages.is_empty()) {
            shown.has_terms = self.hub.terms(at).await?.is_some_and(|terms| !terms.trim().is_empty());
            return Ok(Ok((found, shown)));
        }
        let said = Description { docs, pages, ..Description::default() };
        let expected = match self.judge.expecter.of_change(said, (&wish.coordinates, &wish.asset_type)).await {
            Ok(expected) => expected,
            Err(why) => return Ok(Err(why)),
        };
        let mut record = shown::found(self.hub, at, &wish.coordinates, details)?.record;
        let mut texts = Texts::default();
        shown::documents(self.hub, at, details, &mut record, &mut texts).await?;
        shown.pages = record.pages.iter().map(|page| page.name.clone()).collect();
        shown.has_terms = record
            .terms
            .as_ref()
            .and_then(|terms| texts.0.get(&terms.file))
            .is_some_and(|text| !text.trim().is_empty());
        let texts = texts_of(&record, texts);
        let actual = Actual { record, files: std::collections::BTreeMap::new(), icon: None, shown: texts };
        found.extend(differences(&expected, &actual));
        Ok(Ok((found, shown)))
    }
}

/// Where another version is shown than should be.
fn out_of_place(wish: &Wish, shown: Option<&Version>) -> Vec<Mismatch> {
    let own = &wish.coordinates.version;
    let mismatch =
        |datum: &str, expected: String, actual: String| Mismatch { datum: datum.to_owned(), expected, actual };
    match (wish.expects, shown) {
        (Expects::Hidden(why), Some(version)) if version == own => {
            vec![mismatch("visibility", why.to_owned(), "shown".to_owned())]
        }
        (Expects::Shown, Some(version)) if version < own => {
            vec![mismatch("version", own.to_string(), version.to_string())]
        }
        _ => Vec::new(),
    }
}

/// An item of which nothing is known yet.
fn told(gav: String, path: &str, line: Option<u64>) -> Verified {
    let path = Some(place(path, line));
    Verified { gav: Some(gav), path, verdict: Verdict::Unread, differences: Vec::new(), note: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_to_be_seen_follows_from_state_and_visibility() {
        let of = |version: &str, status, visibility| Expects::of(&version.parse().unwrap(), status, visibility);
        assert_eq!(of("1.0.0", None, None), Expects::Shown);
        assert_eq!(of("1.0.0", Some(Lifecycle::Published), Some(Visibility::Public)), Expects::Shown);
        assert_eq!(of("1.0.0", None, Some(Visibility::Private)), Expects::Hidden("private"));
        assert_eq!(of("1.0.0", Some(Lifecycle::Development), None), Expects::Hidden("in development"));
        assert_eq!(of("1.0.0-RC1", None, None), Expects::Either);
        assert_eq!(of("1.0.0", Some(Lifecycle::Deprecated), None), Expects::Either);
    }

    #[test]
    fn a_higher_version_stands_for_a_lower_one_and_not_the_other_way_round() {
        let wish = |expects| Wish {
            coordinates: "g/a/1.2.0".parse().unwrap(),
            asset_type: AssetType::RestApi,
            said: Description::default(),
            expects,
        };
        let data = |expects, shown: &str| -> Vec<String> {
            let shown: Version = shown.parse().unwrap();
            out_of_place(&wish(expects), Some(&shown)).into_iter().map(|known| known.datum).collect()
        };
        assert_eq!(data(Expects::Shown, "1.2.0"), [""; 0]);
        assert_eq!(data(Expects::Shown, "1.3.0"), [""; 0]);
        assert_eq!(data(Expects::Shown, "1.1.9"), ["version"]);
        assert_eq!(data(Expects::Either, "1.1.9"), [""; 0]);
        assert_eq!(data(Expects::Hidden("private"), "1.1.9"), [""; 0]);
        assert_eq!(data(Expects::Hidden("private"), "1.2.0"), ["visibility"]);
    }
}
