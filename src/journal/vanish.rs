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

/// What the end of a scan finds missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) vanished: Vanished,
    /// Those whose own file is still there, but holds no asset any more: emptied, cut off, a mark of a merge.
    pub(super) unrecognised: Vanished,
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
) -> rusqlite::Result<Missing> {
    let scope = params![scan.target, scan.run.0, scan.job, source.as_str()];
    let is_folder = source.is_dir();
    let (mut ids, mut missing) = (Vec::new(), Missing::default());
    let mut statement = tx.prepare(&format!(
        "SELECT id, coalesce(published_as, gav), path, line IS NULL FROM item WHERE {} ORDER BY id",
        gone()
    ))?;
    let mut rows = statement.query(scope)?;
    while let Some(row) = rows.next()? {
        let path = row.get_ref(2)?.as_str()?;
        if is_folder && row.get(3)? && has_its_file(source, path.into()) {
            missing.unrecognised.add(row.get(1)?);
        } else {
            ids.push(ItemId(row.get(0)?));
            missing.vanished.add(row.get(1)?);
        }
    }
    let vanished = &mut missing.vanished;
    if retire && vanished.count > 0 {
        vanished.spared = reason_to_spare(tx, scan, source, vanished.count)?;
        vanished.retired = vanished.spared.is_none();
    }
    if vanished.retired {
        open(tx, scan, &ids)?;
    }
    if missing.unrecognised.count > 0 {
        missing.unrecognised.spared = Some("their files are still there, and hold no asset any more".to_owned());
    }
    Ok(missing)
}

impl Vanished {
    fn add(&mut self, gav: String) {
        if self.gavs.len() < TOLD {
            self.gavs.push(gav);
        }
        self.count += 1;
    }
}

/// Whether what came from a file of a folder, and not from a line of one, has it still.
pub(super) fn has_its_file(source: &Utf8Path, path: &Utf8Path) -> bool {
    path.starts_with(source) && path.is_file()
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
fn open(tx: &Transaction<'_>, scan: Scan<'_>, ids: &[ItemId]) -> rusqlite::Result<()> {
    for id in ids {
        // Without a digest it counts as changed when it comes back.
        tx.prepare_cached(
            "UPDATE item SET state = 'pending', retired = 1, draft = '', digest = x'', step = NULL, attempt = 0,
                    selected = 1, class = NULL, http = NULL, message = NULL, hint = NULL
             WHERE id = ?1",
        )?
        .execute([id.0])?;
        transition::append_event(tx, *id, scan.run, State::Pending, None, 0, Some("no longer in the source"))?;
    }
    Ok(())
}
