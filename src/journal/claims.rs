//! Who speaks for data that versions of an asset share (EXCHANGE.md §3.12).
//!
//! Tags belong to a minor version, a name to the whole asset: when several versions of the source say something about
//! the same datum, only the highest of them speaks for it, and the others yield. So parallel versions never overwrite
//! each other, in whatever order and in whichever run they are sent.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Row, Transaction, params};
use serde::Serialize;

use super::{JournalError, Reader, RunId, State, item::ItemId, transition};
use crate::asset::{AssetChange, AssetDraft, Claim, Coordinates, Description, Scope};

/// Disagreements that are told one by one; the others are only counted.
const TOLD: usize = 100;

/// A claim as a row keeps it: what the datum belongs to, its name, and a digest of what is said.
type Kept = (String, String, String);

/// Versions of the source that say different things about a datum that they share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The datum.
    pub datum: String,
    /// The coordinates of the version that speaks for it.
    pub speaks: String,
    /// The coordinates of a version that says something else.
    pub yields: String,
}

impl Reader {
    /// Whether any version of the version group that a draft belongs to says something about a datum that the group shares.
    ///
    /// # Errors
    /// [`JournalError`]
    pub fn is_said_for_group(&self, draft: &AssetDraft, datum: &str) -> Result<bool, JournalError> {
        let api_version = draft.properties.get("apiVersion").map(String::as_str);
        let group = Scope::VersionGroup;
        let scope = format!("{}{}", mark(group), group.key(&draft.coordinates, api_version));
        let asset = format!("{}/{}", draft.coordinates.group_id, draft.coordinates.asset_id);
        self.read(|c| {
            let mut claims = c.prepare_cached(
                "SELECT claims FROM item WHERE target = ?1 AND asset = ?2 AND claims LIKE '%\"' || ?3 || '\"%'",
            )?;
            let mut rows = claims.query(params![self.target(), asset, datum])?;
            while let Some(row) = rows.next()? {
                let kept: Vec<Kept> = serde_json::from_str(row.get_ref(0)?.as_str()?).unwrap_or_default();
                if kept.iter().any(|(place, name, _)| *place == scope && name == datum) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }
}

/// The claims of a draft, as the journal keeps them.
pub(super) fn of_draft(draft: &AssetDraft) -> Option<String> {
    let api_version = draft.properties.get("apiVersion").map(String::as_str);
    to_text(&draft.to_description(), &draft.coordinates, api_version)
}

/// The claims of a change. Which version the latest one is shows when its turn comes: until then it speaks for what
/// belongs to the whole asset only.
pub(super) fn of_change(change: &AssetChange) -> Option<String> {
    if let Some(coordinates) = change.coordinates() {
        return to_text(&change.description, &coordinates, None);
    }
    let claims = change.description.claims().into_iter().filter(|claim| claim.scope == Scope::Asset);
    let kept = |Claim { datum, digest, .. }: Claim| (mark(Scope::Asset).to_owned(), datum, digest);
    keep(&claims.map(kept).collect::<Vec<_>>())
}

/// The claims of a description.
fn to_text(description: &Description, coordinates: &Coordinates, api_version: Option<&str>) -> Option<String> {
    let kept = |Claim { scope, datum, digest }: Claim| -> Kept {
        (format!("{}{}", mark(scope), scope.key(coordinates, api_version)), datum, digest)
    };
    keep(&description.claims().into_iter().map(kept).collect::<Vec<_>>())
}

fn mark(scope: Scope) -> &'static str {
    match scope {
        Scope::Asset => "a",
        Scope::MinorVersion => "m",
        Scope::VersionGroup => "g",
    }
}

fn keep(claims: &[Kept]) -> Option<String> {
    (!claims.is_empty()).then(|| serde_json::to_string(claims).expect("claims are texts"))
}

/// What a version claims, and what it has yielded so far.
struct Version {
    id: i64,
    asset: String,
    gav: String,
    state: State,
    class: Option<String>,
    claims: Vec<Kept>,
    yields: Option<BTreeSet<String>>,
}

/// Decides who speaks for what among the items of this scan. An item that speaks for more than before is opened again.
/// Returns disagreements, the first of them only.
pub(super) fn share_out(tx: &Transaction<'_>, target: i64, run: RunId) -> rusqlite::Result<Vec<Disagreement>> {
    let mut disagreements = Vec::new();
    let mut shares = Shares::default();
    // The sort of the query is done before its first row: what is written meanwhile does not meet it again.
    let mut versions = tx.prepare(
        "WITH shared (asset) AS (
             SELECT asset FROM item WHERE target = ?1 AND seen = ?2 AND asset IS NOT NULL
             GROUP BY asset HAVING count(*) > 1
         )
         SELECT id, asset, key, state, class, claims, yields FROM item
         WHERE target = ?1 AND seen = ?2 AND (asset IN shared OR yields IS NOT NULL)
         ORDER BY asset, version_key DESC, id",
    )?;
    let mut rows = versions.query(params![target, run.0])?;
    while let Some(row) = rows.next()? {
        let version = read(row)?;
        // What the target does not have shares nothing.
        if version.state == State::Failed && version.class.as_deref() == Some("not-found") {
            continue;
        }
        let yields = shares.take(&version, &mut disagreements);
        settle(tx, run, &version, &yields)?;
    }
    Ok(disagreements)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Version> {
    let parse = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    let yields: Option<String> = row.get(6)?;
    Ok(Version {
        id: row.get(0)?,
        asset: row.get(1)?,
        gav: row.get(2)?,
        state: row.get(3)?,
        class: row.get(4)?,
        claims: parse(row.get(5)?).unwrap_or_default(),
        yields: yields.and_then(|text| serde_json::from_str(&text).ok()),
    })
}

/// What the higher versions of an asset speak for.
#[derive(Default)]
struct Shares {
    asset: String,
    /// By what it belongs to and its name: the digest of what is said, and who says it.
    taken: BTreeMap<(String, String), (String, String)>,
}

impl Shares {
    /// What a version yields, and takes what is left. Versions come from the highest to the lowest.
    fn take(&mut self, version: &Version, disagreements: &mut Vec<Disagreement>) -> BTreeSet<String> {
        if self.asset != version.asset {
            *self = Self { asset: version.asset.clone(), taken: BTreeMap::new() };
        }
        let mut yields = BTreeSet::new();
        let mut takes = Vec::new();
        for (scope, datum, digest) in &version.claims {
            match self.speaker(scope, datum) {
                Some((said, speaks)) => {
                    yields.insert(datum.clone());
                    let differs = said.as_ref().is_some_and(|said| !said.is_empty() && said != digest);
                    if differs && disagreements.len() < TOLD {
                        let (datum, yields) = (datum.clone(), version.gav.clone());
                        disagreements.push(Disagreement { datum, speaks, yields });
                    }
                }
                None => takes.push(((scope.clone(), datum.clone()), (digest.clone(), version.gav.clone()))),
            }
        }
        self.taken.extend(takes);
        yields
    }

    /// Who speaks for a datum, and the digest of what he says where it is about just this datum. Whoever names all
    /// categories speaks for each of them, and nobody below one who names some may name them all.
    fn speaker(&self, scope: &str, datum: &str) -> Option<(Option<String>, String)> {
        let key = |datum: &str| (scope.to_owned(), datum.to_owned());
        if let Some((said, speaks)) = self.taken.get(&key(datum)) {
            return Some((Some(said.clone()), speaks.clone()));
        }
        let whole = datum.split_once('.').and_then(|(dimension, _)| self.taken.get(&key(dimension)));
        let part = || {
            let from = key(&format!("{datum}."));
            let below = |(other, name): &(String, String)| other == scope && name.starts_with(&from.1);
            self.taken.range(from.clone()..).take_while(|(key, _)| below(key)).next().map(|(_, taken)| taken)
        };
        whole.or_else(part).map(|(_, speaks)| (None, speaks.clone()))
    }
}

/// Writes what a version yields. Nothing to yield and no other version there is the same as never having been asked.
fn settle(tx: &Transaction<'_>, run: RunId, version: &Version, yields: &BTreeSet<String>) -> rusqlite::Result<()> {
    if version.yields.as_ref() == Some(yields) {
        return Ok(());
    }
    let text = serde_json::to_string(yields).expect("names are texts");
    tx.prepare_cached("UPDATE item SET yields = ?2 WHERE id = ?1")?.execute(params![version.id, text])?;
    let before = version.yields.iter().flatten();
    let gained: Vec<&str> = before.filter(|datum| !yields.contains(*datum)).map(String::as_str).collect();
    let ended = version.state == State::Done
        || (version.state == State::Skipped && version.class.as_deref() == Some("same-content"));
    if gained.is_empty() || !ended {
        return Ok(());
    }
    let note = format!("speaks for {} now", gained.join(", "));
    let opened = tx
        .prepare_cached(
            "UPDATE item SET state = 'pending', step = NULL, attempt = 0, class = NULL, http = NULL, message = NULL,
                    hint = NULL
             WHERE id = ?1 AND draft IS NOT NULL",
        )?
        .execute([version.id])?;
    if opened == 0 {
        // Its draft is not here any more: the next run takes it for changed, and brings it along.
        tx.execute("UPDATE item SET digest = x'' WHERE id = ?1", [version.id])?;
        return Ok(());
    }
    transition::append_event(tx, ItemId(version.id), run, State::Pending, None, 0, Some(&note))
}
