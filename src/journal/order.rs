//! Puts the open items of a target in order: dependencies first, the oldest version of an asset first.
//!
//! A dependency inside the batch is a hard edge: when it fails, what depends on it is blocked. The versions of one
//! asset are joined by soft edges: only an order, because a newer version may well be published without an older one.
//! Edges are made anew by every run; nothing in them has to be remembered. What `--only` leaves out is not waited for:
//! it may well be on the server already, and the server says so if it is not. What another job brought is left out as well.

use std::collections::BTreeSet;

use rusqlite::{Transaction, params};

use super::{
    RunId, State,
    edges::{Cycle, Edge, circles},
    item::ItemId,
    open::cycle_failure,
    transition,
};

pub(super) fn put_in_order(tx: &Transaction<'_>, target: i64, run: RunId) -> rusqlite::Result<Vec<Cycle>> {
    draw_edges(tx, target)?;
    let cycles = cut_circles(tx, run)?;
    count_waits(tx, target)?;
    sort_out(tx, target, run)?;
    name_blockers(tx, target, run)?;
    Ok(cycles)
}

fn draw_edges(tx: &Transaction<'_>, target: i64) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM edge", [])?;
    // CROSS JOIN keeps SQLite to this order: left alone it pairs every item with every other one first.
    tx.execute(
        "INSERT INTO edge (before, after, hard)
         SELECT dependency.id, item.id, 1
         FROM need CROSS JOIN item ON item.id = need.item
                   CROSS JOIN item AS dependency ON dependency.target = item.target AND dependency.key = need.gav
         WHERE item.target = ?1 AND item.selected AND dependency.selected AND item.state IN ('pending', 'blocked', 'ready', 'acting', 'waiting')",
        [target],
    )?;
    // An input that cannot be used stands for the asset it would have made, unless another input made it.
    tx.execute(
        "INSERT OR IGNORE INTO edge (before, after, hard)
         SELECT broken.id, item.id, 1
         FROM item AS broken JOIN need ON need.gav = broken.gav JOIN item ON item.id = need.item
         WHERE broken.target = ?1 AND broken.selected AND broken.state = 'failed' AND broken.key <> broken.gav
           AND item.target = ?1 AND item.selected AND item.state IN ('pending', 'blocked', 'ready')
           AND NOT EXISTS (SELECT 1 FROM item AS sound
                           WHERE sound.target = ?1 AND sound.key = broken.gav AND sound.class IS NOT 'gone')",
        [target],
    )?;
    tx.execute(
        "INSERT OR IGNORE INTO edge (before, after, hard)
         SELECT before, id, 0
         FROM (SELECT id, state, lag(id) OVER (PARTITION BY asset ORDER BY version_key) AS before
               FROM item WHERE target = ?1 AND asset IS NOT NULL AND selected AND state NOT IN ('done', 'skipped', 'failed'))
         WHERE before IS NOT NULL",
        [target],
    )?;
    Ok(())
}

/// Takes circles out: a soft edge in one gives way; a circle of dependencies alone fails its items.
fn cut_circles(tx: &Transaction<'_>, run: RunId) -> rusqlite::Result<Vec<Cycle>> {
    let mut cycles = Vec::new();
    loop {
        let edges = load_edges(tx)?;
        let found = circles(&edges);
        if found.is_empty() {
            return Ok(cycles);
        }
        for circle in found {
            if let Some(soft) = circle.iter().find(|edge| !edge.hard) {
                tx.execute("DELETE FROM edge WHERE before = ?1 AND after = ?2", params![soft.before, soft.after])?;
            } else {
                cycles.push(fail_circle(tx, run, &circle)?);
            }
        }
    }
}

/// The edges that can be part of a circle: those between items that have both a before and an after.
fn load_edges(tx: &Transaction<'_>) -> rusqlite::Result<Vec<Edge>> {
    // Without a dependency there is no circle: versions alone are a line.
    let any_hard: bool = tx.query_row("SELECT EXISTS (SELECT 1 FROM edge WHERE hard)", [], |row| row.get(0))?;
    if !any_hard {
        return Ok(Vec::new());
    }
    tx.prepare(
        "SELECT before, after, hard FROM edge AS this
         WHERE EXISTS (SELECT 1 FROM edge WHERE after = this.before)
           AND EXISTS (SELECT 1 FROM edge WHERE before = this.after)",
    )?
    .query_map([], |row| Ok(Edge { before: row.get(0)?, after: row.get(1)?, hard: row.get(2)? }))?
    .collect()
}

fn fail_circle(tx: &Transaction<'_>, run: RunId, circle: &[Edge]) -> rusqlite::Result<Cycle> {
    let mut names = Vec::with_capacity(circle.len());
    for edge in circle {
        names.push(tx.query_row("SELECT key FROM item WHERE id = ?1", [edge.after], |row| row.get::<_, String>(0))?);
    }
    let cycle = Cycle(names);
    let failure = cycle_failure(&cycle);
    let items: BTreeSet<i64> = circle.iter().map(|edge| edge.after).collect();
    for item in items {
        transition::close(tx, ItemId(item), run, State::Failed, &failure)?;
        tx.execute("DELETE FROM edge WHERE after = ?1", [item])?;
    }
    Ok(cycle)
}

fn count_waits(tx: &Transaction<'_>, target: i64) -> rusqlite::Result<()> {
    // A dependency that succeeded and an older version that ended hold nobody up.
    tx.execute(
        "DELETE FROM edge WHERE EXISTS (
             SELECT 1 FROM item WHERE id = edge.before
             AND (state IN ('done', 'skipped') OR (state = 'failed' AND NOT edge.hard)))",
        [],
    )?;
    tx.execute(
        "UPDATE item SET waits = 0, followed = 0 WHERE target = ?1 AND (waits <> 0 OR followed <> 0)",
        [target],
    )?;
    tx.execute(
        "UPDATE item SET waits = counted.n
         FROM (SELECT after, count(*) AS n FROM edge GROUP BY after) AS counted WHERE item.id = counted.after",
        [],
    )?;
    tx.execute("UPDATE item SET followed = 1 WHERE id IN (SELECT before FROM edge)", [])?;
    Ok(())
}

/// Makes free items ready and the others blocked; what `--only` leaves out stays pending.
fn sort_out(tx: &Transaction<'_>, target: i64, run: RunId) -> rusqlite::Result<()> {
    for (state, condition) in [
        ("pending", "NOT selected AND state IN ('ready', 'blocked')"),
        ("ready", "selected AND waits = 0 AND state IN ('pending', 'blocked')"),
        ("blocked", "selected AND waits > 0 AND state IN ('pending', 'ready')"),
    ] {
        tx.execute(
            &format!(
                "INSERT INTO event (item, run, at, state)
                 SELECT id, ?2, ?3, '{state}' FROM item WHERE target = ?1 AND {condition}"
            ),
            params![target, run.0, transition::now()],
        )?;
        tx.execute(
            &format!(
                "UPDATE item SET state = '{state}', class = NULL, http = NULL, message = NULL, hint = NULL
                 WHERE target = ?1 AND {condition}"
            ),
            [target],
        )?;
    }
    // The reasons of an earlier run may be out of date.
    tx.execute(
        "UPDATE item SET class = NULL, message = NULL, hint = NULL WHERE target = ?1 AND state = 'blocked'",
        [target],
    )?;
    Ok(())
}

/// Says of whom a blocked item waits, where that item has failed already.
fn name_blockers(tx: &Transaction<'_>, target: i64, run: RunId) -> rusqlite::Result<()> {
    let blocked: Vec<(i64, i64)> = tx
        .prepare(
            "SELECT edge.before, edge.after FROM edge JOIN item ON item.id = edge.before
             WHERE item.target = ?1 AND item.state = 'failed' AND edge.hard",
        )?
        .query_map([target], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (failed, after) in blocked {
        transition::block_after_failure(tx, run, failed, after)?;
    }
    Ok(())
}
