//! Assets that were published and are no longer in the source.
//!
//! A version that gave way to another one of the same asset has not vanished: that is how versions go.

use camino::Utf8Path;
use rusqlite::{Row, Transaction, params};

use super::{
    State,
    item::ItemId,
    scan::{OWN, Scan},
    transition,
};

/// What is told of vanished assets one by one; the others are only counted.
const TOLD: usize = 100;

/// So many assets may vanish at once before it looks like a wrong folder rather than like a change.
const FEW: u64 = 10;

/// Assets that vanished from the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vanished {
    /// How many versions.
    pub count: u64,
    /// The coordinates of the first of them, as they are on the target.
    pub gavs: Vec<String>,
    /// Whether they are going to be deprecated.
    pub retired: bool,
    /// Why they are not going to be, though that was asked for.
    pub spared: Option<String>,
}

/// The items that vanished: done, not met by the scan of this run, and no other version of the asset met either. What
/// its source leaves out this time, because its conditions do not hold, has not vanished, and neither has what another
/// job brought.
fn gone() -> String {
    format!(
        "target = ?1 AND seen <> ?2 AND key = gav AND retired = 0
         AND (state = 'done' OR (state = 'skipped' AND class = 'same-content')) AND {OWN}
         AND asset NOT IN (SELECT asset FROM item WHERE target = ?1 AND seen = ?2 AND asset IS NOT NULL)
         AND path NOT IN (SELECT path FROM item
                          WHERE target = ?1 AND seen = ?2 AND key IS NOT gav AND class = 'condition')"
    )
}

/// Finds what vanished, and opens it to be deprecated where `retire`.
pub(super) fn vanish(
    tx: &Transaction<'_>,
    scan: Scan<'_>,
    retire: bool,
    source: &Utf8Path,
) -> rusqlite::Result<Vanished> {
    let scope = params![scan.target, scan.run.0, scan.job, source.as_str()];
    let gone = gone();
    let count = tx.query_row(&format!("SELECT count(*) FROM item WHERE {gone}"), scope, count_of)?;
    if count == 0 {
        return Ok(Vanished::default());
    }
    let gavs = tx
        .prepare(&format!("SELECT coalesce(published_as, gav) FROM item WHERE {gone} ORDER BY id LIMIT {TOLD}"))?
        .query_map(scope, |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let spared = if retire { reason_to_spare(tx, scan, source, count)? } else { None };
    let retired = retire && spared.is_none();
    if retired {
        open(tx, scan, source)?;
    }
    Ok(Vanished { count, gavs, retired, spared })
}

fn count_of(row: &Row<'_>) -> rusqlite::Result<u64> {
    row.get(0).map(i64::cast_unsigned)
}

/// Deprecating is easily said and hard to take back for those who see it: it takes a scan without a doubt.
fn reason_to_spare(
    tx: &Transaction<'_>,
    scan: Scan<'_>,
    source: &Utf8Path,
    count: u64,
) -> rusqlite::Result<Option<String>> {
    let met = params![scan.target, scan.run.0];
    let broken: u64 = tx.query_row(
        "SELECT count(*) FROM item WHERE target = ?1 AND seen = ?2 AND key IS NOT gav AND state = 'failed'",
        met,
        count_of,
    )?;
    if broken > 0 {
        return Ok(Some(format!("{broken} inputs of the source cannot be read, and may be what is missing")));
    }
    let met: u64 =
        tx.query_row("SELECT count(*) FROM item WHERE target = ?1 AND seen = ?2 AND key = gav", met, count_of)?;
    if met == 0 {
        return Ok(Some("the source holds nothing at all".to_owned()));
    }
    let known: u64 = tx.query_row(
        &format!(
            "SELECT count(*) FROM item
             WHERE target = ?1 AND ?2 > 0 AND key = gav AND retired = 0 AND state IN ('done', 'skipped') AND {OWN}"
        ),
        params![scan.target, scan.run.0, scan.job, source.as_str()],
        count_of,
    )?;
    let too_many = count > FEW && count * 2 > known;
    Ok(too_many.then(|| format!("{count} of {known} are missing at once: is the source complete?")))
}

/// Opens what vanished; the empty draft stands for an asset that is only to be deprecated.
fn open(tx: &Transaction<'_>, scan: Scan<'_>, source: &Utf8Path) -> rusqlite::Result<()> {
    let ids: Vec<i64> = tx
        .prepare(&format!("SELECT id FROM item WHERE {}", gone()))?
        .query_map(params![scan.target, scan.run.0, scan.job, source.as_str()], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in ids {
        // Without a digest it counts as changed when it comes back.
        tx.prepare_cached(
            "UPDATE item SET state = 'pending', retired = 1, draft = '', digest = x'', step = NULL, attempt = 0,
                    selected = 1, class = NULL, http = NULL, message = NULL, hint = NULL
             WHERE id = ?1",
        )?
        .execute([id])?;
        transition::append_event(tx, ItemId(id), scan.run, State::Pending, None, 0, Some("no longer in the source"))?;
    }
    Ok(())
}
