//! The tables as they are now, with what is not committed yet; reading them.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
};

use camino::Utf8Path;
use rusqlite::{Connection, OptionalExtension, Params, Row, params, types::FromSql};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::asset::{Coordinates, Lifecycle, Version};

use super::{AssetRecord, Claim, RunRecord, StoreError, Tombstone, VersionRecord, database, listing::Cursors};

/// An asset and its versions; there is always one.
#[derive(Debug)]
pub(in super::super) struct Asset {
    pub(in super::super) record: AssetRecord,
    /// The newest first.
    pub(in super::super) versions: Vec<VersionRecord>,
}

impl Asset {
    /// The version that stands for the asset in listings: the highest release, else the highest.
    pub(in super::super) fn latest(&self) -> Option<&VersionRecord> {
        let is_release = |v: &&VersionRecord| v.gav.version.semver().pre.is_empty();
        self.versions.iter().find(is_release).or_else(|| self.versions.first())
    }

    pub(in super::super) fn get(&self, version: &Version) -> Option<&VersionRecord> {
        self.versions.iter().find(|known| known.gav.version == *version)
    }
}

/// How runs ended since the process started.
#[derive(Debug, Default, Clone, Copy)]
pub(in super::super) struct Ended {
    pub(in super::super) completed: u64,
    pub(in super::super) failed: u64,
}

/// All that memory holds of the state, and the most that SQLite caches of it.
#[cfg(test)]
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Held {
    pub(in super::super) reserved: usize,
    pub(in super::super) waiting: usize,
    pub(in super::super) cursors: usize,
    pub(in super::super) cache_kib: i64,
}

/// When runs may be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// The database must be asked.
    Unknown,
    /// Not before this time.
    From(i64),
}

impl Due {
    pub(super) fn is_reached(self, now: i64) -> bool {
        match self {
            Self::Unknown => true,
            Self::From(due) => due <= now,
        }
    }
}

/// All that is known. What grows with the catalog is in the database; memory holds its cached pages, which are
/// bounded, and the coordinates of requests in flight.
#[derive(Debug)]
pub(in super::super) struct Tables {
    pub(super) connection: Connection,
    pub(in super::super) ended: Ended,
    /// Coordinates that are being published and have no run yet.
    pub(super) reserved: HashMap<String, Claim>,
    pub(super) due: Due,
    pub(super) cursors: RefCell<Cursors>,
    /// Whether the change that is being made has written.
    wrote: Cell<bool>,
    /// Whether changes wait to be committed, and who waits for that.
    pending: bool,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Tables {
    pub(super) fn open(path: &Utf8Path) -> Result<Self, StoreError> {
        Ok(Self {
            connection: database::open(path)?,
            ended: Ended::default(),
            reserved: HashMap::new(),
            due: Due::Unknown,
            cursors: RefCell::default(),
            wrote: Cell::new(false),
            pending: false,
            waiting: Vec::new(),
        })
    }

    /// Makes a change whole or not at all.
    pub(super) fn attempt<T, E>(&mut self, change: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        if self.wrote.take() {
            // A panic left a change half-made.
            self.roll_back();
        }
        let outcome = change(self);
        match (self.wrote.take(), outcome.is_ok()) {
            (true, true) => self.pending = true,
            (true, false) => self.roll_back(),
            (false, _) => {}
        }
        outcome
    }

    /// Something to wait for, where something is to be committed.
    pub(super) fn await_commit(&mut self) -> Option<oneshot::Receiver<()>> {
        if !self.pending {
            return None;
        }
        let (done, waits) = oneshot::channel();
        self.waiting.push(done);
        Some(waits)
    }

    /// Commits, and tells whoever waits.
    pub(super) fn commit(&mut self) {
        if !self.pending {
            return;
        }
        match self.connection.execute_batch("COMMIT") {
            Ok(()) => {
                self.pending = false;
                // Whoever does not wait any more need not be told.
                self.waiting.drain(..).for_each(|done| _ = done.send(()));
            }
            Err(error) => {
                tracing::error!(%error, "the sandbox cannot write its state");
                self.roll_back();
            }
        }
    }

    /// Takes back what is not committed. Dropping the senders tells everyone who waits.
    fn roll_back(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "the sandbox cannot take back a change");
        }
        self.pending = false;
        self.waiting.clear();
        self.due = Due::Unknown;
        self.cursors.get_mut().forget();
    }

    /// What memory holds.
    #[cfg(test)]
    pub(in super::super) fn held(&self) -> Held {
        let cache: i64 = self.value("PRAGMA cache_size", []).expect("reads").expect("is set");
        Held {
            reserved: self.reserved.len(),
            waiting: self.waiting.len(),
            cursors: self.cursors.borrow().len(),
            cache_kib: -cache,
        }
    }

    /// Writes, in the transaction that is open or a new one.
    pub(super) fn write(&self, sql: &str, values: impl Params) -> Result<usize, StoreError> {
        if self.connection.is_autocommit() {
            self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        }
        self.wrote.set(true);
        Ok(self.connection.prepare_cached(sql)?.execute(values)?)
    }

    /// Reads at most one row.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.query_row(values, read).optional()?)
    }

    /// Reads the first column of at most one row.
    pub(super) fn value<T: FromSql>(&self, sql: &str, values: impl Params) -> Result<Option<T>, StoreError> {
        self.one(sql, values, |row| row.get(0))
    }

    pub(super) fn exists(&self, sql: &str, values: impl Params) -> Result<bool, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.exists(values)?)
    }

    /// Reads the documents in the first column of all rows.
    pub(super) fn documents<T: DeserializeOwned>(&self, sql: &str, values: impl Params) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(document(row, 0)?);
        }
        Ok(all)
    }

    /// Reads the document in the first column of at most one row.
    pub(super) fn document<T: DeserializeOwned>(
        &self,
        sql: &str,
        values: impl Params,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        rows.next()?.map(|row| document(row, 0)).transpose()
    }

    /// What all versions of an asset share, and the asset's id in the tables.
    pub(super) fn record(&self, group: &str, asset: &str) -> Result<Option<(i64, AssetRecord)>, StoreError> {
        const SQL: &str = "SELECT body, id FROM asset WHERE group_id = ?1 AND asset_id = ?2";
        let mut statement = self.connection.prepare_cached(SQL)?;
        let mut rows = statement.query((group, asset))?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some((row.get(1)?, document(row, 0)?)))
    }

    /// What all versions of an asset share.
    pub(in super::super) fn asset_record(&self, group: &str, asset: &str) -> Result<Option<AssetRecord>, StoreError> {
        Ok(self.record(group, asset)?.map(|(_, record)| record))
    }

    pub(in super::super) fn asset(&self, group: &str, asset: &str) -> Result<Option<Asset>, StoreError> {
        let Some((id, record)) = self.record(group, asset)? else { return Ok(None) };
        let versions = self.documents("SELECT body FROM version WHERE asset = ?1 ORDER BY sort DESC", [id])?;
        Ok(Some(Asset { record, versions }))
    }

    pub(super) fn version_of(&self, asset: i64, version: &Version) -> Result<Option<VersionRecord>, StoreError> {
        self.document(
            "SELECT body FROM version WHERE asset = ?1 AND released = ?2 AND sort = ?3",
            params![asset, is_release(version), version.sort_key()],
        )
    }

    pub(in super::super) fn version(
        &self,
        gav: &Coordinates,
    ) -> Result<Option<(AssetRecord, VersionRecord)>, StoreError> {
        let Some((id, record)) = self.record(&gav.group_id, &gav.asset_id)? else { return Ok(None) };
        Ok(self.version_of(id, &gav.version)?.map(|version| (record, version)))
    }

    /// How many assets an organization has.
    pub(in super::super) fn count_assets(&self, organization: &str) -> Result<u64, StoreError> {
        let count: Option<i64> = self.value("SELECT COUNT(*) FROM asset WHERE organization = ?1", [organization])?;
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
    }

    /// The runs that were accepted last, the latest first.
    pub(in super::super) fn latest_runs(&self, limit: usize) -> Result<Vec<RunRecord>, StoreError> {
        self.documents("SELECT body FROM run ORDER BY number DESC LIMIT ?1", [row_count(limit)])
    }

    /// The id of an asset in the tables, its name and its type.
    fn title(&self, group: &str, asset: &str) -> Result<Option<(i64, String, String)>, StoreError> {
        const SQL: &str = "SELECT id, name, type FROM asset WHERE group_id = ?1 AND asset_id = ?2";
        self.one(SQL, (group, asset), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    }

    fn status_of(&self, asset: i64, version: &Version) -> Result<Option<Lifecycle>, StoreError> {
        const SQL: &str = "SELECT status FROM version WHERE asset = ?1 AND released = ?2 AND sort = ?3";
        let status: Option<String> = self.value(SQL, params![asset, is_release(version), version.sort_key()])?;
        let unknown = || StoreError::Row(serde::de::Error::custom("an unknown lifecycle state"));
        status.map(|status| status.parse().map_err(|_| unknown())).transpose()
    }

    /// The lifecycle state of a version, where there is one.
    pub(in super::super) fn status(&self, gav: &Coordinates) -> Result<Option<Lifecycle>, StoreError> {
        let Some((id, ..)) = self.title(&gav.group_id, &gav.asset_id)? else { return Ok(None) };
        self.status_of(id, &gav.version)
    }

    /// The name and the type of the asset of a version, where there is one.
    pub(in super::super) fn name_and_type(&self, gav: &Coordinates) -> Result<Option<(String, String)>, StoreError> {
        let Some((id, name, kind)) = self.title(&gav.group_id, &gav.asset_id)? else { return Ok(None) };
        Ok(self.status_of(id, &gav.version)?.map(|_| (name, kind)))
    }

    /// The first other version of an asset whose apiVersion goes badly with a new one's: the same major version with
    /// another apiVersion (or with any, where majors must differ), or the same apiVersion with another major version.
    pub(in super::super) fn api_clash(
        &self,
        gav: &Coordinates,
        api: Option<&str>,
        majors_differ: bool,
    ) -> Result<Option<VersionRecord>, StoreError> {
        let Some((id, ..)) = self.title(&gav.group_id, &gav.asset_id)? else { return Ok(None) };
        self.document(
            "SELECT body FROM version WHERE asset = ?1 AND sort <> ?2
               AND ((major = ?3 AND (?4 OR api <> ?5)) OR (major <> ?3 AND api = ?5))
             ORDER BY sort LIMIT 1",
            params![id, gav.version.sort_key(), number(gav.version.major()), majors_differ, api],
        )
    }

    /// The highest version of an asset, deleted or not.
    pub(in super::super) fn highest(&self, group: &str, asset: &str) -> Result<Option<Version>, StoreError> {
        let live: Option<VersionRecord> = match self.title(group, asset)? {
            Some((id, ..)) => {
                self.document("SELECT body FROM version WHERE asset = ?1 ORDER BY sort DESC LIMIT 1", [id])?
            }
            None => None,
        };
        let dead: Option<Tombstone> = self.document(
            "SELECT body FROM tombstone WHERE group_id = ?1 AND asset_id = ?2 ORDER BY sort DESC LIMIT 1",
            (group, asset),
        )?;
        Ok(live.map(|live| live.gav.version).max(dead.map(|dead| dead.gav.version)))
    }

    pub(in super::super) fn is_tombstone(&self, gav: &Coordinates) -> Result<bool, StoreError> {
        self.exists(
            "SELECT 1 FROM tombstone WHERE group_id = ?1 AND asset_id = ?2 AND sort = ?3",
            (&gav.group_id, &gav.asset_id, gav.version.sort_key()),
        )
    }

    /// The versions of an asset that a soft delete has burnt.
    pub(in super::super) fn buried(&self, group: &str, asset: &str) -> Result<Vec<Tombstone>, StoreError> {
        self.documents("SELECT body FROM tombstone WHERE group_id = ?1 AND asset_id = ?2 ORDER BY sort", (group, asset))
    }

    /// A page of the versions of an organization that a soft delete has burnt.
    pub(in super::super) fn tombstones(
        &self,
        organization: &str,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<Tombstone>, StoreError> {
        self.documents(
            "SELECT body FROM tombstone WHERE body ->> 'organization' = ?1
             ORDER BY group_id, asset_id, sort LIMIT ?2 OFFSET ?3",
            (organization, row_count(limit), row_count(offset)),
        )
    }

    /// Somebody who depends on coordinates, outside the asset that a prefix names (`group/asset/`; empty is none).
    pub(in super::super) fn dependent(&self, gav: &Coordinates, except: &str) -> Result<Option<String>, StoreError> {
        self.value(
            "SELECT dependent FROM dependency WHERE dependency = ?1
               AND (?2 = '' OR substr(dependent, 1, length(?2)) <> ?2) ORDER BY dependent LIMIT 1",
            (gav.to_string(), except),
        )
    }

    /// Whether coordinates are being published.
    pub(in super::super) fn is_active(&self, gav: &Coordinates) -> Result<bool, StoreError> {
        // The other index holds every run that has not ended.
        const SQL: &str = "SELECT 1 FROM run INDEXED BY run_of WHERE gav = ?1 AND kind = 0 AND state = 0";
        let key = gav.to_string();
        Ok(self.reserved.contains_key(&key) || self.exists(SQL, [&key])?)
    }

    pub(in super::super) fn has_run(&self, id: &Uuid) -> Result<bool, StoreError> {
        self.exists("SELECT 1 FROM run WHERE id = ?1", [id.as_bytes()])
    }

    pub(in super::super) fn run(&self, id: &str) -> Result<Option<RunRecord>, StoreError> {
        let Ok(id) = Uuid::parse_str(id) else { return Ok(None) };
        self.document("SELECT body FROM run WHERE id = ?1", [id.as_bytes()])
    }

    /// The latest publication of coordinates.
    pub(in super::super) fn latest_run(&self, gav: &str) -> Result<Option<RunRecord>, StoreError> {
        self.document(
            "SELECT body FROM run INDEXED BY run_of WHERE gav = ?1 AND kind = 0
             ORDER BY accepted DESC, number DESC LIMIT 1",
            [gav],
        )
    }

    /// Coordinates whose publication completed more than once, with the count.
    pub(in super::super) fn repeated(&self) -> Result<BTreeMap<String, u32>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT gav, count FROM repeated")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(in super::super) fn setting(&self, key: &str) -> Result<Option<Value>, StoreError> {
        self.document("SELECT body FROM setting WHERE key = ?1", [key])
    }
}

/// Reads a JSON document.
pub(super) fn document<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, StoreError> {
    let text = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    serde_json::from_str(text).map_err(StoreError::Row)
}

/// Releases sort before what is not released, wherever the latest version is looked for.
pub(super) fn is_release(version: &Version) -> bool {
    version.semver().pre.is_empty()
}

/// A number as the database holds it; versions beyond 2⁶³ are one.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A number of rows.
pub(super) fn row_count(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;

    #[test]
    fn a_change_that_fails_half_way_is_taken_back_and_whoever_waits_is_told() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = Utf8Path::from_path(directory.path()).expect("utf-8").join("sandbox.db");
        let mut tables = Tables::open(&path).expect("opens");
        tables.attempt(|tables| tables.set("a", &json!(1))).expect("writes");
        let mut waits = tables.await_commit().expect("there is something to commit");
        assert_eq!(tables.setting("a").expect("reads"), Some(json!(1)), "changes are seen before they are committed");
        let failed: Result<(), StoreError> = tables.attempt(|tables| {
            tables.set("b", &json!(2))?;
            Err(StoreError::Lost)
        });
        assert!(failed.is_err());
        assert_eq!(waits.try_recv(), Err(TryRecvError::Closed));
        assert_eq!((tables.setting("a").expect("reads"), tables.setting("b").expect("reads")), (None, None));

        tables.attempt(|tables| tables.set("c", &json!(3))).expect("writes");
        let mut waits = tables.await_commit().expect("there is something to commit");
        assert_eq!(waits.try_recv(), Err(TryRecvError::Empty));
        tables.commit();
        assert_eq!(waits.try_recv(), Ok(()));
        drop(tables);
        let again = Tables::open(&path).expect("opens");
        assert_eq!(again.setting("c").expect("reads"), Some(json!(3)));
    }
}
