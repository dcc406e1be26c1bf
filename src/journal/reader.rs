//! Queries. They run on a connection of their own and see everything that was acknowledged.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
};

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Counts, Entry, EventRow, Item, ItemId, ItemRow, JournalError, Retired, RunTotals, State, open::connect_reader,
    scan::OWN, schema, vanish,
};

/// Which items a report wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusFilter {
    /// All of them.
    All,
    /// Those that failed, and those that such a failure blocks.
    Failed,
}

/// A read-only view of one target of a journal, or of what one job brought there.
#[derive(Debug)]
pub struct Reader {
    path: Utf8PathBuf,
    target: i64,
    /// The job whose items are counted; all of them where none is named.
    job: Option<String>,
    connection: Mutex<Connection>,
}

impl Reader {
    /// Opens a journal for reading: the target of its latest run. Takes no lock, so it may watch a run.
    pub fn open(path: &Utf8Path) -> Result<Self, JournalError> {
        let connection = connect_reader(path)?;
        let target = connection
            .query_row("SELECT target FROM run ORDER BY id DESC LIMIT 1", [], |row| row.get(0))
            .optional()
            .map_err(|source| JournalError::sqlite(path, "read", source))?
            .ok_or_else(|| JournalError::Empty { path: path.to_owned() })?;
        Ok(Self { path: path.to_owned(), target, job: None, connection: Mutex::new(connection) })
    }

    pub(super) fn attach(path: &Utf8Path, target: i64, job: &str) -> Result<Self, JournalError> {
        let connection = Mutex::new(connect_reader(path)?);
        Ok(Self { path: path.to_owned(), target, job: Some(job.to_owned()), connection })
    }

    pub(super) fn target(&self) -> i64 {
        self.target
    }

    pub(super) fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, JournalError> {
        query(&self.lock()).map_err(|source| JournalError::sqlite(&self.path, "read", source))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic of another reader leaves a connection that is as good as before.
        self.connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The name of the target: its organization id, `sandbox:` before it for the embedded sandbox.
    pub fn target_name(&self) -> Result<String, JournalError> {
        self.read(|c| c.query_row("SELECT name FROM target WHERE id = ?1", [self.target], |row| row.get(0)))
    }

    /// Counts items by state.
    pub fn counts(&self) -> Result<Counts, JournalError> {
        let map = self.read(|c| {
            // Whoever only looks on may meet a journal that no run has brought up to date yet.
            let mine = self.job.as_ref().map_or("?2 IS NULL", |_| "(job IS NULL OR job = ?2)");
            c.prepare_cached(&format!("SELECT state, count(*) FROM item WHERE target = ?1 AND {mine} GROUP BY state"))?
                .query_map(params![self.target, self.job], |row| {
                    Ok((row.get::<_, State>(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
                })?
                .collect::<rusqlite::Result<BTreeMap<_, _>>>()
        })?;
        Ok(Counts::from_map(&map))
    }

    /// The next ready items, in the order in which the source named them.
    pub fn ready(&self, limit: usize) -> Result<Vec<Item>, JournalError> {
        self.items("state = 'ready'", 0, limit)
    }

    /// Items that an earlier run left acting or waiting, after item `after`.
    pub fn left_open(&self, after: ItemId, limit: usize) -> Result<Vec<Item>, JournalError> {
        self.items("state IN ('acting', 'waiting') AND selected", after.0, limit)
    }

    pub(super) fn items(&self, condition: &str, after: i64, limit: usize) -> Result<Vec<Item>, JournalError> {
        let sql = format!(
            "SELECT id, gav, state, step, attempt, doubt, due, token, published_as, fingerprint, draft, yields, retired,
                    ids
             FROM item WHERE target = ?1 AND {condition} AND id > ?2 ORDER BY id LIMIT ?3"
        );
        self.read(|c| {
            c.prepare_cached(&sql)?
                .query_map(params![self.target, after, i64::try_from(limit).unwrap_or(i64::MAX)], read_item)?
                .collect()
        })
    }

    /// Gives each item to `each`, in the order in which the source named them.
    pub fn rows(&self, filter: StatusFilter, mut each: impl FnMut(ItemRow)) -> Result<(), JournalError> {
        let condition = match filter {
            StatusFilter::All => "1",
            StatusFilter::Failed => "(state = 'failed' OR (state = 'blocked' AND class IS NOT NULL))",
        };
        let sql = format!("SELECT {ROW} FROM item WHERE target = ?1 AND {condition} ORDER BY id");
        self.read(|c| {
            let mut statement = c.prepare_cached(&sql)?;
            let mut rows = statement.query([self.target])?;
            while let Some(row) = rows.next()? {
                each(read_row(row)?);
            }
            Ok(())
        })
    }

    /// One item by its coordinates; several when a diagnosis names the same ones.
    pub fn find(&self, gav: &str) -> Result<Vec<ItemRow>, JournalError> {
        self.read(|c| {
            c.prepare_cached(&format!(
                "SELECT {ROW} FROM item WHERE target = ?1 AND (key = ?2 OR gav = ?2 OR path = ?2) ORDER BY id"
            ))?
            .query_map(params![self.target, gav], read_row)?
            .collect()
        })
    }

    /// The coordinates that a part of them means: `asset/version`, `group/asset` or `asset`. At most `most`, in order.
    pub fn meant_by(&self, part: &str, most: usize) -> Result<Vec<String>, JournalError> {
        // A version alone would mean everything.
        let column = if part.contains('/') { "gav" } else { "asset" };
        let sql = format!(
            "SELECT DISTINCT gav FROM item
             WHERE target = ?1 AND gav IS NOT NULL AND (asset = ?2 OR substr({column}, -length(?2) - 1) = '/' || ?2)
             ORDER BY asset, version_key, gav LIMIT ?3"
        );
        self.read(|c| {
            c.prepare_cached(&sql)?
                .query_map(params![self.target, part, i64::try_from(most).unwrap_or(i64::MAX)], |row| row.get(0))?
                .collect()
        })
    }

    /// Where an asset or a change stands, and whether its source is as it was then; `None` when the journal does not know it.
    pub fn standing<'a>(&self, item: impl Into<Entry<'a>>) -> Result<Option<(ItemRow, bool)>, JournalError> {
        let Entry { gav, digest, .. } = item.into();
        self.read(|c| {
            c.prepare_cached(&format!("SELECT {ROW}, digest = ?3 FROM item WHERE target = ?1 AND key = ?2"))?
                .query_row(params![self.target, gav, digest], |row| Ok((read_row(row)?, row.get(12)?)))
                .optional()
        })
    }

    /// Whether the journal has an item of these coordinates that the run may touch.
    pub fn is_selected(&self, gav: &str) -> Result<bool, JournalError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM item WHERE target = ?1 AND key = ?2 AND selected)";
        self.read(|c| c.prepare_cached(sql)?.query_row(params![self.target, gav], |row| row.get(0)))
    }

    /// Gives every asset that there is an item of: `group/asset`.
    pub fn assets(&self, mut each: impl FnMut(&str)) -> Result<(), JournalError> {
        self.read(|c| {
            let mut statement =
                c.prepare_cached("SELECT DISTINCT asset FROM item WHERE target = ?1 AND asset IS NOT NULL")?;
            let mut rows = statement.query([self.target])?;
            while let Some(row) = rows.next()? {
                each(row.get_ref(0)?.as_str().unwrap_or_default());
            }
            Ok(())
        })
    }

    /// Gives every version that a job brought, and that was not deprecated since for having vanished: `group/asset`, its
    /// coordinates on the target, the file or folder it came from, and whether a file of its own is still there. Where it is not
    /// known who brought it, it has to have come from `source`, a file or folder.
    pub fn brought(
        &self,
        job: &str,
        source: &Utf8Path,
        mut each: impl FnMut(&str, &str, &str, bool),
    ) -> Result<(), JournalError> {
        let is_folder = source.is_dir();
        self.read(|c| {
            let own =
                if schema::version(c)? < schema::KNOWS_JOBS { OWN.replace("job", "NULL") } else { OWN.to_owned() };
            let mut statement = c.prepare_cached(&format!(
                "SELECT asset, coalesce(published_as, gav), path, line IS NULL FROM item
                 WHERE target = ?1 AND ?2 AND key = gav AND asset IS NOT NULL AND retired = 0 AND {own}
                   AND (state = 'done' OR (state = 'skipped' AND class = 'same-content')) ORDER BY id"
            ))?;
            let mut rows = statement.query(params![self.target, true, job, source.as_str()])?;
            while let Some(row) = rows.next()? {
                let text = |index: usize| row.get_ref(index).map(|text| text.as_str().unwrap_or_default());
                let path = text(2)?;
                let has_its_file = is_folder && row.get(3)? && vanish::has_its_file(source, path.into());
                each(text(0)?, text(1)?, path, has_its_file);
            }
            Ok(())
        })
    }

    /// The digest of what was published last under these coordinates.
    pub fn fingerprint(&self, gav: &str) -> Result<Option<String>, JournalError> {
        self.read(|c| {
            c.prepare_cached("SELECT fingerprint FROM item WHERE target = ?1 AND key = ?2")?
                .query_row(params![self.target, gav], |row| row.get(0))
                .optional()
                .map(Option::flatten)
        })
    }

    /// Gives every item of a job, by its key, that the target knows by ids: its name, and the ids as they were written.
    pub fn ids(&self, job: &str, each: impl FnMut(&str, &str)) -> Result<(), JournalError> {
        self.ids_where("gav IS NOT NULL", job, each)
    }

    /// The same for those items that the last scan has met: of the others nobody says whether they are still wanted.
    pub fn ids_met(&self, job: &str, each: impl FnMut(&str, &str)) -> Result<(), JournalError> {
        let met = "key = gav AND seen = (SELECT max(seen) FROM item WHERE target = ?1 AND coalesce(job, ?2) = ?2)";
        self.ids_where(met, job, each)
    }

    fn ids_where(&self, which: &str, job: &str, mut each: impl FnMut(&str, &str)) -> Result<(), JournalError> {
        self.read(|c| {
            let mut statement = c.prepare_cached(&format!(
                "SELECT gav, ids FROM item
                 WHERE target = ?1 AND coalesce(job, ?2) = ?2 AND ids IS NOT NULL AND {which} ORDER BY id"
            ))?;
            let mut rows = statement.query(params![self.target, job])?;
            while let Some(row) = rows.next()? {
                let text = |index: usize| row.get_ref(index).map(|text| text.as_str().unwrap_or_default());
                each(text(0)?, text(1)?);
            }
            Ok(())
        })
    }

    /// By which ids the target knows an item.
    pub fn ids_of(&self, gav: &str) -> Result<Option<String>, JournalError> {
        self.read(|c| {
            c.prepare_cached("SELECT ids FROM item WHERE target = ?1 AND key = ?2")?
                .query_row(params![self.target, gav], |row| row.get(0))
                .optional()
                .map(Option::flatten)
        })
    }

    /// The data that an item has something to say about, and that another version of the asset speaks for.
    pub fn yields(&self, gav: &str) -> Result<BTreeSet<String>, JournalError> {
        let text: Option<String> = self.read(|c| {
            c.prepare_cached("SELECT yields FROM item WHERE target = ?1 AND key = ?2")?
                .query_row(params![self.target, gav], |row| row.get(0))
                .optional()
                .map(Option::flatten)
        })?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// The whole history of an item, oldest first.
    pub fn events(&self, item: i64) -> Result<Vec<EventRow>, JournalError> {
        self.read(|c| {
            c.prepare_cached("SELECT run, at, state, step, attempt, http, note FROM event WHERE item = ?1 ORDER BY id")?
                .query_map([item], |row| {
                    Ok(EventRow {
                        run: row.get(0)?,
                        at: row.get(1)?,
                        state: row.get(2)?,
                        step: row.get(3)?,
                        attempt: row.get(4)?,
                        http: row.get(5)?,
                        note: row.get(6)?,
                    })
                })?
                .collect()
        })
    }

    /// What an item depends on, by coordinates.
    pub fn needs(&self, item: i64) -> Result<Vec<String>, JournalError> {
        self.read(|c| {
            c.prepare_cached("SELECT gav FROM need WHERE item = ?1 ORDER BY gav")?
                .query_map([item], |row| row.get(0))?
                .collect()
        })
    }

    /// Whether any run has come to its end, whatever failed in it.
    pub(super) fn has_run_to_an_end(&self) -> Result<bool, JournalError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM run WHERE target = ?1 AND outcome IN ('complete', 'partial'))";
        self.read(|c| c.query_row(sql, [self.target], |row| row.get(0)))
    }

    /// What the latest run did.
    pub fn last_run(&self) -> Result<RunTotals, JournalError> {
        let number = |row: &Row<'_>, index: usize| row.get::<_, i64>(index).map(i64::cast_unsigned);
        self.read(|c| {
            c.query_row(
                "SELECT uuid, started, ended, outcome, published, updated, requests, polls, refused, bytes
                 FROM run WHERE target = ?1 ORDER BY id DESC LIMIT 1",
                [self.target],
                |row| {
                    Ok(RunTotals {
                        uuid: row.get(0)?,
                        started: row.get(1)?,
                        ended: row.get(2)?,
                        outcome: row.get(3)?,
                        published: number(row, 4)?,
                        updated: number(row, 5)?,
                        requests: number(row, 6)?,
                        polls: number(row, 7)?,
                        refused: number(row, 8)?,
                        bytes: number(row, 9)?,
                    })
                },
            )
        })
    }
}

const ROW: &str = "id, gav, path, line, state, step, attempt, published_as, class, http, message, hint";

fn read_row(row: &Row<'_>) -> rusqlite::Result<ItemRow> {
    Ok(ItemRow {
        id: row.get(0)?,
        gav: row.get(1)?,
        path: row.get(2)?,
        line: row.get(3)?,
        state: row.get(4)?,
        step: row.get(5)?,
        attempt: row.get(6)?,
        published_as: row.get(7)?,
        class: row.get(8)?,
        http: row.get(9)?,
        message: row.get(10)?,
        hint: row.get(11)?,
    })
}

fn read_item(row: &Row<'_>) -> rusqlite::Result<Item> {
    Ok(Item {
        id: ItemId(row.get(0)?),
        gav: row.get(1)?,
        state: row.get(2)?,
        step: row.get(3)?,
        attempt: row.get(4)?,
        doubt: row.get(5)?,
        due: row.get(6)?,
        token: row.get(7)?,
        published_as: row.get(8)?,
        fingerprint: row.get(9)?,
        draft: row.get(10)?,
        yields: row.get::<_, Option<String>>(11)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        retired: match row.get(12)? {
            1 => Retired::Gone,
            2 => Retired::Back,
            _ => Retired::No,
        },
        ids: row.get(13)?,
    })
}
