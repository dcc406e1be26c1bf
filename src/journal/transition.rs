//! Transitions of items, each one row of the event table, and what they set free.

use rusqlite::{Transaction, params};

use super::{Brought, Failure, RunId, RunTotals, State, item::ItemId, made, scan::Scan};

/// One transition of an item, as the engine writes it.
#[derive(Debug, Clone)]
pub struct Change {
    /// The item.
    pub item: ItemId,
    /// The state it enters.
    pub to: State,
    /// The step it then stands before.
    pub step: Option<&'static str>,
    /// How often a step was begun.
    pub attempt: u32,
    /// Whether the step may have happened already.
    pub doubt: bool,
    /// When it is due, in milliseconds since 1970.
    pub due: Option<i64>,
    /// What the step waits with.
    pub token: Option<String>,
    /// The coordinates after a version bump.
    pub published_as: Option<String>,
    /// A digest of what was sent.
    pub fingerprint: Option<String>,
    /// Why: of a failure, a skip, or another try.
    pub failure: Option<Failure>,
    /// What else is worth telling in the item's history.
    pub note: Option<String>,
    /// What was done to a version of the target.
    pub made: Option<Brought>,
    /// By which ids the target knows it, as JSON; never a secret. `None`: as before.
    pub ids: Option<String>,
}

impl Change {
    /// A transition that says nothing but the new state.
    #[must_use]
    pub fn to(item: ItemId, to: State) -> Self {
        Self {
            item,
            to,
            step: None,
            attempt: 0,
            doubt: false,
            due: None,
            token: None,
            published_as: None,
            fingerprint: None,
            failure: None,
            note: None,
            made: None,
            ids: None,
        }
    }
}

/// Milliseconds since 1970.
pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

pub(super) fn append_event(
    tx: &Transaction<'_>,
    item: ItemId,
    run: RunId,
    state: State,
    step: Option<&str>,
    attempt: u32,
    note: Option<&str>,
) -> rusqlite::Result<()> {
    insert_event(tx, item, run, state, step, attempt, None, note)
}

#[expect(clippy::too_many_arguments, reason = "the columns of a row")]
fn insert_event(
    tx: &Transaction<'_>,
    item: ItemId,
    run: RunId,
    state: State,
    step: Option<&str>,
    attempt: u32,
    http: Option<u16>,
    note: Option<&str>,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO event (item, run, at, state, step, attempt, http, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![item.0, run.0, now(), state, step, attempt, http, note])?;
    Ok(())
}

/// Writes a transition; returns how many items it made ready.
pub(super) fn apply(tx: &Transaction<'_>, run: RunId, change: &Change) -> rusqlite::Result<u64> {
    let (from, followed) = tx
        .prepare_cached("SELECT state, followed FROM item WHERE id = ?1")?
        .query_row([change.item.0], |row| Ok((row.get::<_, State>(0)?, row.get::<_, bool>(1)?)))?;
    refuse_illegal(from, change.to)?;
    let failure = change.failure.as_ref();
    tx.prepare_cached(
        // What the server gave for a publication under way stays until somebody goes on with it, and so does the doubt
        // whether a step has happened.
        "UPDATE item SET state = ?2,
                step = CASE WHEN (token IS NOT NULL OR doubt) AND ?2 IN ('pending', 'blocked', 'ready') THEN step
                            ELSE ?3 END,
                attempt = ?4, doubt = ?5 OR (doubt AND ?2 IN ('pending', 'blocked', 'ready')), due = ?6,
                token = CASE WHEN ?2 IN ('pending', 'blocked', 'ready') THEN coalesce(?7, token) ELSE ?7 END,
                published_as = coalesce(?8, published_as), fingerprint = coalesce(?9, fingerprint),
                class = ?10, http = ?11, message = ?12, hint = ?13,
                draft = CASE WHEN ?14 AND yields IS NULL THEN NULL ELSE draft END,
                retired = CASE WHEN ?14 AND retired = 2 THEN 0 ELSE retired END, ids = coalesce(?15, ids)
         WHERE id = ?1",
    )?
    .execute(params![
        change.item.0,
        change.to,
        change.step,
        change.attempt,
        change.doubt,
        change.due,
        change.token,
        change.published_as,
        change.fingerprint,
        failure.map(|f| &f.class),
        failure.and_then(|f| f.http),
        failure.map(|f| &f.message),
        failure.and_then(|f| f.hint.as_ref()),
        matches!(change.to, State::Done | State::Skipped),
        change.ids,
    ])?;
    let note = change.note.as_deref().or(failure.map(|f| f.message.as_str()));
    let http = failure.and_then(|f| f.http);
    insert_event(tx, change.item, run, change.to, change.step, change.attempt, http, note)?;
    if let Some(brought) = &change.made {
        made::remember(tx, change.item, brought)?;
    }
    if followed && change.to.is_final() { release(tx, run, change.item, change.to) } else { Ok(0) }
}

/// Ends an item before anything was sent for it.
pub(super) fn close(
    tx: &Transaction<'_>,
    item: ItemId,
    run: RunId,
    to: State,
    failure: &Failure,
) -> rusqlite::Result<()> {
    apply(tx, run, &Change { failure: Some(failure.clone()), ..Change::to(item, to) }).map(drop)
}

fn refuse_illegal(from: State, to: State) -> rusqlite::Result<()> {
    if from.may_become(to) {
        return Ok(());
    }
    Err(rusqlite::Error::ToSqlConversionFailure(format!("an item cannot go from {from} to {to}").into()))
}

/// Tells those who waited for an item that it has ended.
///
/// Who only wanted the order goes on in any case; who depends on it goes on when it succeeded, and stays blocked, with
/// the reason, when it failed.
fn release(tx: &Transaction<'_>, run: RunId, item: ItemId, ended: State) -> rusqlite::Result<u64> {
    let waiting: Vec<(i64, bool)> = tx
        .prepare_cached("SELECT after, hard FROM edge WHERE before = ?1")?
        .query_map([item.0], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut released = 0;
    for (after, hard) in waiting {
        if hard && ended == State::Failed {
            block_after_failure(tx, run, item.0, after)?;
            continue;
        }
        let free: bool = tx
            .prepare_cached(
                "UPDATE item SET waits = waits - 1 WHERE id = ?1 RETURNING waits <= 0 AND state = 'blocked'",
            )?
            .query_row([after], |row| row.get(0))?;
        if free {
            apply(tx, run, &Change::to(ItemId(after), State::Ready))?;
            released += 1;
        }
    }
    Ok(released)
}

/// Writes the reason into an item that waits for a failed one, and into all that wait for it in turn.
pub(super) fn block_after_failure(tx: &Transaction<'_>, run: RunId, failed: i64, first: i64) -> rusqlite::Result<()> {
    let (name, why): (String, Option<String>) = tx
        .prepare_cached("SELECT coalesce(gav, path), message FROM item WHERE id = ?1")?
        .query_row([failed], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let root = format!("{name}, which failed: {}", why.unwrap_or_default());
    let mut stack = vec![(first, root)];
    while let Some((item, chain)) = stack.pop() {
        let (gav, state, class): (String, State, Option<String>) = tx
            .prepare_cached("SELECT key, state, class FROM item WHERE id = ?1")?
            .query_row([item], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        // Another failed dependency has blocked it already, and all behind it.
        if state != State::Blocked || class.is_some() {
            continue;
        }
        let failure =
            Failure::new("blocked", format!("waits for {chain}")).hint("mend that item, then `consign retry`");
        let change = Change { failure: Some(failure), ..Change::to(ItemId(item), State::Blocked) };
        apply(tx, run, &change)?;
        let mut behind = tx.prepare_cached("SELECT after FROM edge WHERE before = ?1 AND hard")?;
        let behind = behind.query_map([item], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
        stack.extend(behind.into_iter().map(|next| (next, format!("{gav}, which waits for {chain}"))));
    }
    Ok(())
}

/// Opens failed items of a job again; returns how many.
pub(super) fn reopen_failed(tx: &Transaction<'_>, scan: Scan<'_>, gavs: Option<&[String]>) -> rusqlite::Result<u64> {
    let failed: Vec<(i64, Option<String>)> = tx
        .prepare("SELECT id, gav FROM item WHERE target = ?1 AND state = 'failed' AND (job IS NULL OR job = ?2)")?
        .query_map(params![scan.target, scan.job], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut reopened = 0;
    for (id, gav) in failed {
        if gavs.is_some_and(|wanted| !gav.is_some_and(|gav| wanted.contains(&gav))) {
            continue;
        }
        let change = Change { note: Some("reopened by retry".to_owned()), ..Change::to(ItemId(id), State::Pending) };
        apply(tx, scan.run, &change)?;
        reopened += 1;
    }
    Ok(reopened)
}

pub(super) fn record_totals(tx: &Transaction<'_>, run: RunId, totals: &RunTotals) -> rusqlite::Result<()> {
    let number = u64::cast_signed;
    tx.prepare_cached(
        "UPDATE run SET ended = ?2, outcome = ?3, published = ?4, updated = ?5, requests = ?6, polls = ?7,
                refused = ?8, bytes = ?9
         WHERE id = ?1",
    )?
    .execute(params![
        run.0,
        totals.outcome.is_some().then(now),
        totals.outcome,
        number(totals.published),
        number(totals.updated),
        number(totals.requests),
        number(totals.polls),
        number(totals.refused),
        number(totals.bytes),
    ])?;
    Ok(())
}
