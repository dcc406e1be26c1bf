//! One item: what is expected of it, held to what the target holds.

use std::collections::BTreeSet;

use super::{
    Mismatch, Verdict, Verified,
    actual::{Actual, Looker, Unread},
    compare::{differences, is_same_content},
    expected::{Content, Expecter},
};
use crate::{
    asset::{AssetChange, AssetDraft, Coordinates, Diagnosis, Version},
    exchange::Asset,
    job::Job,
    net::CallError,
};

/// Versions that are looked at to find a content under another number.
const MOST_LOOKED_AT: usize = 10;

/// Holds items to the target.
pub(super) struct Judge<'a> {
    pub(super) job: &'a Job,
    pub(super) expecter: Expecter,
    pub(super) looker: Looker,
}

/// What became of an item, or why nothing else can be read either.
pub(super) type Judged = Result<Verified, Unread>;

impl Judge<'_> {
    /// A draft. Other versions speak for the data that it `yields`; versions of the asset that the source `names` hold
    /// content of their own.
    pub(super) async fn draft(
        &self,
        draft: &AssetDraft,
        yields: &BTreeSet<String>,
        brings_terms: bool,
        names: impl Fn(&Coordinates) -> bool,
    ) -> Judged {
        let told = |verdict| verified(&draft.coordinates.to_string(), draft.path.as_str(), draft.line, verdict);
        let expected = match self.expecter.of_draft(draft, yields, brings_terms).await {
            Ok(expected) => expected,
            Err(why) => return Ok(Verified { note: Some(why), ..told(Verdict::Invalid) }),
        };
        let found = match self.looker.version(&draft.coordinates).await {
            Ok(found) => found,
            Err(unread) => return unknown(told(Verdict::Unread), unread),
        };
        let content = expected.content.as_ref().expect("a draft has content");
        let Some(found) = found else {
            let note = match self.elsewhere(draft, content, &names).await {
                Ok(note) => note,
                Err(unread) if unread.is_halt => return Err(unread),
                Err(unread) => Some(unread.failure.message),
            };
            return Ok(Verified { note, ..told(Verdict::Missing) });
        };
        let actual = match self.looker.all(found, &expected).await {
            Ok(actual) => actual,
            Err(unread) => return unknown(told(Verdict::Unread), unread),
        };
        let differences = differences(&expected, &actual);
        let mut note = unsure(&differences, &actual);
        if differences.iter().any(|known| known.datum.starts_with("files.")) {
            // What is said of other versions is only a help: that this one differs is known.
            note = self.elsewhere(draft, content, &names).await.ok().flatten().or(note);
        }
        let verdict = if differences.is_empty() { Verdict::Equal } else { Verdict::Different };
        Ok(Verified { differences, note, ..told(verdict) })
    }

    /// A change.
    pub(super) async fn change(&self, change: &AssetChange, yields: &BTreeSet<String>) -> Judged {
        let told = |verdict| verified(&change.gav(), change.path.as_str(), Some(change.line), verdict);
        let mut said = change.description.clone();
        said.yield_to_others(yields);
        let coordinates = match self.version_of(change).await {
            Ok(coordinates) => coordinates,
            Err(unread) => return unknown(told(Verdict::Unread), unread),
        };
        let found = match &coordinates {
            Some(coordinates) => self.looker.version(coordinates).await,
            None => Ok(None),
        };
        let (coordinates, found) = match (coordinates, found) {
            (_, Err(unread)) => return unknown(told(Verdict::Unread), unread),
            (Some(coordinates), Ok(Some(found))) => (coordinates, found),
            _ => return Ok(told(Verdict::Missing)),
        };
        let expected = match self.expecter.of_change(said, (&coordinates, &found.record.asset_type)).await {
            Ok(expected) => expected,
            Err(why) => return Ok(Verified { note: Some(why), ..told(Verdict::Invalid) }),
        };
        let actual = match self.looker.all(found, &expected).await {
            Ok(actual) => actual,
            Err(unread) => return unknown(told(Verdict::Unread), unread),
        };
        let differences = differences(&expected, &actual);
        let verdict = if differences.is_empty() { Verdict::Equal } else { Verdict::Different };
        let latest = change.version.is_none().then(|| format!("latest is {}", coordinates.version));
        let note = unsure(&differences, &actual).or(latest);
        Ok(Verified { differences, note, ..told(verdict) })
    }

    /// The version that a change is about.
    pub(super) async fn version_of(&self, change: &AssetChange) -> Result<Option<Coordinates>, Unread> {
        if let Some(named) = change.coordinates() {
            return Ok(Some(named));
        }
        let latest = self.looker.exchange.latest(&change.group_id, &change.asset_id).await?;
        let version: Option<Version> = latest.and_then(|latest| latest.version.parse().ok());
        Ok(version.map(|version| change.at(version)))
    }

    /// Where a job that gives other numbers has put the content: the newest version that holds it and that the source does
    /// not name.
    async fn elsewhere(
        &self,
        draft: &AssetDraft,
        content: &Content,
        names: &impl Fn(&Coordinates) -> bool,
    ) -> Result<Option<String>, Unread> {
        let settings = &self.job.publish;
        let bumps = draft.on_conflict.unwrap_or(settings.on_conflict).bumps()
            || settings.on_change.is_some_and(crate::asset::OnConflict::bumps);
        if !bumps {
            return Ok(None);
        }
        let here = &draft.coordinates;
        let Some(latest) = self.looker.exchange.latest(&here.group_id, &here.asset_id).await? else { return Ok(None) };
        for there in higher(&latest, here).into_iter().filter(|there| !names(there)).take(MOST_LOOKED_AT) {
            let Some(asset) = self.looker.exchange.asset(&there).await? else { continue };
            if is_same_content(content, &asset.kind(), &self.looker.files(&asset).await?) {
                return Ok(Some(format!("version {} holds the same content", there.version)));
            }
        }
        Ok(None)
    }
}

/// The versions of an asset above one of them, the newest first.
fn higher(latest: &Asset, here: &Coordinates) -> Vec<Coordinates> {
    let versions = latest.all_versions().into_iter().filter_map(|version| version.parse::<Version>().ok());
    let mut above: Vec<Version> = versions.filter(|version| *version > here.version).collect();
    above.sort_unstable();
    above.reverse();
    above.into_iter().map(|version| Coordinates { version, ..here.clone() }).collect()
}

/// What could not be read of a version that differs: that may be why.
fn unsure(differences: &[Mismatch], actual: &Actual) -> Option<String> {
    let notes = actual.record.notes.iter().map(|note| format!("{}: {}", note.what, note.why));
    let told = notes.collect::<Vec<_>>().join("; ");
    (!differences.is_empty() && !told.is_empty()).then_some(told)
}

/// An input that is no item; what is left out on purpose is none either.
pub(super) fn diagnosed(diagnosis: &Diagnosis) -> Option<Verified> {
    if diagnosis.verdict == crate::asset::Verdict::Skipped {
        return None;
    }
    let note = match &diagnosis.hint {
        Some(hint) => format!("{diagnosis} ({hint})"),
        None => diagnosis.to_string(),
    };
    let path = Some(place(diagnosis.path.as_str(), diagnosis.line));
    Some(Verified {
        gav: diagnosis.gav.clone(),
        path,
        verdict: Verdict::Invalid,
        differences: Vec::new(),
        note: Some(note),
    })
}

/// A row whose portal could not be asked.
pub(super) fn unasked(key: &str, path: &str, line: u64, error: CallError) -> Judged {
    unknown(verified(key, path, Some(line), Verdict::Unread), Unread::from(error))
}

fn verified(gav: &str, path: &str, line: Option<u64>, verdict: Verdict) -> Verified {
    let path = Some(place(path, line));
    Verified { gav: Some(gav.to_owned()), path, verdict, differences: Vec::new(), note: None }
}

pub(super) fn place(path: &str, line: Option<u64>) -> String {
    line.map_or_else(|| path.to_owned(), |line| format!("{path}:{line}"))
}

/// What cannot be read is told, and the others go on, unless none of them can be read either.
pub(super) fn unknown(told: Verified, unread: Unread) -> Judged {
    if unread.is_halt {
        return Err(unread);
    }
    let hint = unread.failure.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    Ok(Verified { verdict: Verdict::Unread, note: Some(format!("{}{hint}", unread.failure.message)), ..told })
}
