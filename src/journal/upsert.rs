//! How what a source yields becomes items: new ones are added, changed ones reopened, unchanged ones left alone.

use camino::Utf8Path;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{
    Disagreement, Failure, State, Vanished, claims,
    entry::Entry,
    item::ItemId,
    scan::Scan,
    transition,
    vanish::{Missing, vanish},
};
use crate::asset::{Diagnosis, Problem, Sourced, Verdict};

/// What a source yields, made ready for the journal.
#[derive(Debug)]
pub struct Offer {
    sourced: Sourced,
    /// Whether this run may touch the item (`--only`).
    pub selected: bool,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScanCounts {
    /// Items the journal did not know.
    pub new: u64,
    /// Items whose source has changed.
    pub changed: u64,
    /// Items that are as they were.
    pub unchanged: u64,
    /// Inputs that are failed or skipped before anything is sent.
    pub diagnosed: u64,
}

impl ScanCounts {
    /// Adds another batch.
    pub fn add(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.diagnosed += other.diagnosed;
    }
}

impl Offer {
    /// Offers what a source yields.
    #[must_use]
    pub fn new(sourced: Sourced, selected: bool) -> Self {
        Self { sourced, selected }
    }
}

/// What the journal has under a key.
struct Known {
    id: i64,
    state: State,
    digest: Vec<u8>,
    seen: i64,
    path: String,
    line: Option<i64>,
    /// Whether the server took something of it that has not come to an end as far as anybody knows.
    is_accepted: bool,
}

pub(super) fn offer(tx: &Transaction<'_>, scan: Scan<'_>, batch: &[Offer]) -> rusqlite::Result<ScanCounts> {
    let mut counts = ScanCounts::default();
    for offer in batch {
        match &offer.sourced {
            Sourced::Draft(draft) => take(tx, scan, &draft.as_ref().into(), offer.selected, &mut counts)?,
            Sourced::Change(change) => take(tx, scan, &change.as_ref().into(), offer.selected, &mut counts)?,
            Sourced::Listed(listed) => take(tx, scan, &listed.as_ref().into(), offer.selected, &mut counts)?,
            Sourced::Access(wanted) => take(tx, scan, &wanted.as_ref().into(), offer.selected, &mut counts)?,
            Sourced::Application(wish) => take(tx, scan, &wish.as_ref().into(), offer.selected, &mut counts)?,
            Sourced::Diagnosis(diagnosis) => take_diagnosis(tx, scan, diagnosis, &mut counts)?,
        }
    }
    Ok(counts)
}

fn take(
    tx: &Transaction<'_>,
    scan: Scan<'_>,
    entry: &Entry<'_>,
    selected: bool,
    counts: &mut ScanCounts,
) -> rusqlite::Result<()> {
    let gav = &entry.gav;
    let Some(known) = find(tx, scan.target, gav)? else {
        insert(tx, scan, entry, selected)?;
        counts.new += 1;
        return Ok(());
    };
    if known.seen == scan.run.0 {
        let place = known.line.map_or_else(|| known.path.clone(), |line| format!("{}:{line}", known.path));
        let mut diagnosis =
            Diagnosis::failed(entry.path, Problem::Duplicate, format!("has the same coordinates as {place}: {gav}"))
                .gav(gav)
                .hint(entry.once);
        diagnosis.line = entry.line;
        return take_diagnosis(tx, scan, &diagnosis, counts);
    }
    let unchanged = known.digest == entry.digest;
    let is_parted = matches!(known.state, State::Failed | State::Pending | State::Ready | State::Blocked);
    if known.is_accepted && !unchanged && is_parted {
        ask_on(tx, scan, &known, selected)?;
        counts.changed += 1;
        return Ok(());
    }
    // What is under way ends first; the next run sees that the source has changed.
    let keep = unchanged && known.state != State::Pending || matches!(known.state, State::Acting | State::Waiting);
    if keep && !(known.state == State::Skipped && is_gone(tx, known.id)?) {
        tx.prepare_cached("UPDATE item SET seen = ?2, selected = ?3, job = ?4 WHERE id = ?1")?
            .execute(params![known.id, scan.run.0, selected, scan.job])?;
        if unchanged {
            follow(tx, known.id, entry)?;
        }
        counts.unchanged += 1;
        return Ok(());
    }
    reopen_with(tx, scan, &known, entry, selected, unchanged)?;
    counts.unchanged += u64::from(unchanged);
    counts.changed += u64::from(!unchanged);
    Ok(())
}

/// A run gave up on what the server had taken, and the source has changed since: this run goes on asking what has become
/// of that, as it was sent. To send the change beside it would be to send the version twice; the next run sees the change.
fn ask_on(tx: &Transaction<'_>, scan: Scan<'_>, known: &Known, selected: bool) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE item SET state = 'pending', attempt = 0, doubt = 0, due = NULL,
                class = NULL, http = NULL, message = NULL, hint = NULL, selected = ?3, seen = ?2, job = ?4
         WHERE id = ?1",
    )?
    .execute(params![known.id, scan.run.0, selected, scan.job])?;
    if known.state == State::Pending {
        return Ok(());
    }
    let note = "the source has changed; what was sent before is asked about first";
    transition::append_event(tx, ItemId(known.id), scan.run, State::Pending, None, 0, Some(note))
}

/// Keeps up with where an unchanged asset lies: it may have to be read again.
fn follow(tx: &Transaction<'_>, id: i64, entry: &Entry<'_>) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE item SET path = ?2, line = ?3, draft = ?4
         WHERE id = ?1 AND (draft <> ?4 OR (draft IS NULL AND yields IS NOT NULL))",
    )?
    .execute(params![id, entry.path.as_str(), entry.line.map(u64::cast_signed), entry.json])?;
    Ok(())
}

/// Whether the item was skipped only because it was gone from the source: now it is back.
fn is_gone(tx: &Transaction<'_>, id: i64) -> rusqlite::Result<bool> {
    tx.prepare_cached("SELECT class IS 'gone' FROM item WHERE id = ?1")?.query_row([id], |row| row.get(0))
}

fn find(tx: &Transaction<'_>, target: i64, key: &str) -> rusqlite::Result<Option<Known>> {
    tx.prepare_cached(
        "SELECT id, state, digest, seen, path, line, token IS NOT NULL FROM item WHERE target = ?1 AND key = ?2",
    )?
    .query_row(params![target, key], |row| {
        Ok(Known {
            id: row.get(0)?,
            state: row.get(1)?,
            digest: row.get(2)?,
            seen: row.get(3)?,
            path: row.get(4)?,
            line: row.get(5)?,
            is_accepted: row.get(6)?,
        })
    })
    .optional()
}

fn insert(tx: &Transaction<'_>, scan: Scan<'_>, entry: &Entry<'_>, selected: bool) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO item (target, key, gav, asset, version_key, path, line, state, draft, digest, selected, seen, claims, job)
         VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        scan.target,
        entry.gav,
        entry.asset,
        entry.version_key,
        entry.path.as_str(),
        entry.line.map(u64::cast_signed),
        entry.json,
        entry.digest,
        selected,
        scan.run.0,
        entry.claims,
        scan.job,
    ])?;
    let id = tx.last_insert_rowid();
    transition::append_event(tx, ItemId(id), scan.run, State::Pending, None, 0, None)?;
    insert_needs(tx, id, entry)
}

fn insert_needs(tx: &Transaction<'_>, id: i64, entry: &Entry<'_>) -> rusqlite::Result<()> {
    for dependency in entry.needs {
        tx.prepare_cached("INSERT OR IGNORE INTO need (item, gav) VALUES (?1, ?2)")?
            .execute(params![id, dependency.to_string()])?;
    }
    Ok(())
}

fn reopen_with(
    tx: &Transaction<'_>,
    scan: Scan<'_>,
    known: &Known,
    entry: &Entry<'_>,
    selected: bool,
    unchanged: bool,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        // Whether a step has happened, or what has become of it, is still to be found out under the coordinates that it was for.
        "UPDATE item SET state = 'pending', attempt = 0, due = NULL,
                step = CASE WHEN doubt OR (?9 AND token IS NOT NULL) THEN step END, token = CASE WHEN ?9 THEN token END,
                published_as = CASE WHEN doubt OR (?9 AND token IS NOT NULL) OR fingerprint IS NOT NULL THEN published_as END,
                class = NULL, http = NULL, message = NULL, hint = NULL,
                path = ?2, line = ?3, draft = ?4, digest = ?5, selected = ?6, seen = ?7, claims = ?8, job = ?10,
                retired = CASE WHEN retired = 0 OR class = 'vanished' THEN 0 ELSE 2 END
         WHERE id = ?1",
    )?
    .execute(params![
        known.id,
        entry.path.as_str(),
        entry.line.map(u64::cast_signed),
        entry.json,
        entry.digest,
        selected,
        scan.run.0,
        entry.claims,
        unchanged,
        scan.job,
    ])?;
    tx.prepare_cached("DELETE FROM need WHERE item = ?1")?.execute([known.id])?;
    insert_needs(tx, known.id, entry)?;
    if known.state != State::Pending {
        transition::append_event(
            tx,
            ItemId(known.id),
            scan.run,
            State::Pending,
            None,
            0,
            Some("the source has changed"),
        )?;
    }
    Ok(())
}

fn take_diagnosis(
    tx: &Transaction<'_>,
    scan: Scan<'_>,
    diagnosis: &Diagnosis,
    counts: &mut ScanCounts,
) -> rusqlite::Result<()> {
    counts.diagnosed += 1;
    // The place and the words name it: when either changes it is another problem, and the old one is gone.
    let key = format!("!{diagnosis}");
    let state = match diagnosis.verdict {
        Verdict::Failed => State::Failed,
        Verdict::Skipped => State::Skipped,
    };
    let failure = Failure {
        class: diagnosis.problem.as_str().to_owned(),
        http: None,
        message: diagnosis.message.clone(),
        hint: diagnosis.hint.clone(),
    };
    let id = if let Some(known) = find(tx, scan.target, &key)? {
        tx.prepare_cached("UPDATE item SET seen = ?2, selected = 1, job = ?3 WHERE id = ?1")?
            .execute(params![known.id, scan.run.0, scan.job])?;
        if known.state == state && !(state == State::Skipped && is_gone(tx, known.id)?) {
            return Ok(());
        }
        known.id
    } else {
        tx.prepare_cached(
            "INSERT INTO item (target, key, gav, path, line, state, digest, seen, job)
             VALUES (?1, ?2, ?3, ?4, ?5, 'pending', x'', ?6, ?7)",
        )?
        .execute(params![
            scan.target,
            key,
            diagnosis.gav,
            diagnosis.path.as_str(),
            diagnosis.line.map(u64::cast_signed),
            scan.run.0,
            scan.job
        ])?;
        tx.last_insert_rowid()
    };
    transition::close(tx, ItemId(id), scan.run, state, &failure)
}

/// What the end of a scan brought to light.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanEnd {
    /// Open items that are no longer in the source.
    pub gone: u64,
    /// Published ones that are no longer there.
    pub vanished: Vanished,
    /// Published ones whose own file is still there, and holds no asset any more.
    pub unrecognised: Vanished,
    /// Versions that say different things about data that they share; the first of them only.
    pub disagreements: Vec<Disagreement>,
}

/// Ends a scan. What vanished is opened to be deprecated where `retire`; what other jobs brought is left alone, and `source`
/// tells where items come from of which the journal does not know who brought them.
pub(super) fn end_scan(
    tx: &Transaction<'_>,
    scan: Scan<'_>,
    retire: bool,
    source: &Utf8Path,
) -> rusqlite::Result<ScanEnd> {
    leave_to_others(tx, scan)?;
    let Missing { vanished, unrecognised } = vanish(tx, scan, retire, source)?;
    let gone = close_gone(tx, scan)?;
    Ok(ScanEnd { gone, vanished, unrecognised, disagreements: claims::share_out(tx, scan.target, scan.run)? })
}

/// Keeps this run away from what other jobs brought, as `--only` does, and gives it back what another job's run was kept
/// away from so and that the scan did not meet.
fn leave_to_others(tx: &Transaction<'_>, scan: Scan<'_>) -> rusqlite::Result<()> {
    let scope = params![scan.target, scan.run.0, scan.job];
    tx.execute("UPDATE item SET selected = 0 WHERE target = ?1 AND seen <> ?2 AND selected AND job <> ?3", scope)?;
    tx.execute(
        "UPDATE item SET selected = 1
         WHERE target = ?1 AND seen <> ?2 AND NOT selected AND job = ?3 AND state IN ('pending', 'acting', 'waiting')",
        scope,
    )?;
    Ok(())
}

fn close_gone(tx: &Transaction<'_>, scan: Scan<'_>) -> rusqlite::Result<u64> {
    let gone: Vec<i64> = tx
        .prepare(
            "SELECT id FROM item
             WHERE target = ?1 AND seen <> ?2 AND (job IS NULL OR job = ?3) AND retired <> 1
               AND state IN ('pending', 'ready', 'blocked', 'failed')",
        )?
        .query_map(params![scan.target, scan.run.0, scan.job], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let failure = Failure::new("gone", "no longer in the source");
    for id in &gone {
        transition::close(tx, ItemId(*id), scan.run, State::Skipped, &failure)?;
    }
    Ok(gone.len() as u64)
}
