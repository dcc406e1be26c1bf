//! The database: one file, one connection, and the tables in it.

use std::time::Duration;

use camino::Utf8Path;
use rusqlite::Connection;

use super::StoreError;

/// The version of the tables.
pub(super) const SCHEMA: i64 = 3;

/// How many statements stay prepared.
const STATEMENTS: usize = 96;

/// The most memory for pages, in KiB. It is what the sandbox remembers of its catalog in memory, whatever its size.
pub(super) const CACHE: i64 = 8 * 1024;

/// Bodies are JSON; what is looked for, sorted by or counted has a column of its own.
///
/// The id of an asset is its place in listings, since assets are listed in the order of their creation. `sort` is
/// [`crate::asset::Version::sort_key`].
const TABLES: &str = "
    CREATE TABLE asset (
        id INTEGER PRIMARY KEY,
        group_id TEXT NOT NULL, asset_id TEXT NOT NULL,
        organization TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,
        search TEXT NOT NULL,
        updated INTEGER NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (group_id, asset_id)) STRICT;
    CREATE INDEX asset_organization ON asset (organization);
    CREATE INDEX asset_name ON asset (name);
    CREATE INDEX asset_updated ON asset (updated);

    CREATE TABLE version (
        id INTEGER PRIMARY KEY,
        asset INTEGER NOT NULL,
        released INTEGER NOT NULL, sort TEXT NOT NULL,
        name TEXT NOT NULL, major INTEGER NOT NULL, status TEXT NOT NULL, api TEXT,
        body TEXT NOT NULL,
        UNIQUE (asset, released, sort)) STRICT;

    CREATE TABLE dependency (
        dependency TEXT NOT NULL, dependent TEXT NOT NULL,
        PRIMARY KEY (dependency, dependent)) STRICT, WITHOUT ROWID;

    CREATE TABLE run (
        number INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        gav TEXT NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL,
        accepted INTEGER NOT NULL, due INTEGER NOT NULL,
        body TEXT NOT NULL) STRICT;
    CREATE INDEX run_of ON run (gav, kind, accepted);
    CREATE INDEX run_due ON run (due) WHERE state = 0;

    CREATE TABLE repeated (gav TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE tombstone (
        group_id TEXT NOT NULL, asset_id TEXT NOT NULL, sort TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (group_id, asset_id, sort)) STRICT, WITHOUT ROWID;

    CREATE TABLE shelf (
        number INTEGER PRIMARY KEY,
        kind TEXT NOT NULL, owner TEXT NOT NULL, id TEXT NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (kind, owner, id)) STRICT;

    CREATE TABLE setting (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// Opens or creates the database. Only one process can have it open.
///
/// What is committed survives the death of the process. It need not survive a loss of power: nobody's catalog lives in
/// a sandbox, and syncing every commit would make the disk the thing that is measured.
///
/// A new file is its owner's alone, since it holds what the sandbox lets people in with.
pub(super) fn open(path: &Utf8Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // Where that fails, SQLite fails too, and tells why.
        let _ = options.open(path);
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    match connection.query_row("PRAGMA user_version", [], |row| row.get(0))? {
        // Files are stored after the tables were made.
        0 if path.with_file_name(super::BLOBS).exists() => return Err(StoreError::Emptied),
        0 => connection.execute_batch(&format!("BEGIN; {TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;"))?,
        SCHEMA => examine(&connection)?,
        other => return Err(StoreError::Schema(other)),
    }
    // Of a portal with thousands of applications, each page of a list would sort them all. An older file gets it as well.
    connection.execute_batch("CREATE INDEX IF NOT EXISTS shelf_order ON shelf (kind, owner, number)")?;
    Ok(connection)
}

/// Looks at every page: damage is told at the start, and not by one request in a hundred.
fn examine(connection: &Connection) -> Result<(), StoreError> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    match found.lines().last() {
        Some("ok") | None => Ok(()),
        Some(found) => Err(StoreError::Damaged(found.to_owned())),
    }
}
