//! The tables, and how older journals are brought up to them.

use camino::Utf8Path;
use rusqlite::{Connection, TransactionBehavior};

use super::JournalError;

/// Marks the file as a journal of consign (`PRAGMA application_id`): "cons" in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x636f_6e73;

/// Append-only: entry `n` brings a journal from version `n` to version `n + 1`. Never edit one that was released.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE target (
        id    INTEGER PRIMARY KEY,
        name  TEXT NOT NULL UNIQUE              -- organization id, or sandbox:<organization id>
    ) STRICT;

    CREATE TABLE run (
        id         INTEGER PRIMARY KEY,
        target     INTEGER NOT NULL REFERENCES target,
        uuid       TEXT NOT NULL,
        started    INTEGER NOT NULL,            -- milliseconds since 1970, as every time in the journal
        ended      INTEGER,
        outcome    TEXT,                        -- complete, partial, stopped; NULL: running or killed
        published  INTEGER NOT NULL DEFAULT 0,
        updated    INTEGER NOT NULL DEFAULT 0,
        requests   INTEGER NOT NULL DEFAULT 0,
        polls      INTEGER NOT NULL DEFAULT 0,
        refused    INTEGER NOT NULL DEFAULT 0,
        bytes      INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE item (
        id            INTEGER PRIMARY KEY,
        target        INTEGER NOT NULL REFERENCES target,
        key           TEXT NOT NULL,            -- the coordinates; a place for what has none
        gav           TEXT,
        asset         TEXT,                     -- group/asset: versions of one asset run in order
        version_key   TEXT,                     -- text that sorts as versions do
        path          TEXT NOT NULL,
        line          INTEGER,
        state         TEXT NOT NULL,
        step          TEXT,
        attempt       INTEGER NOT NULL DEFAULT 0,
        waits         INTEGER NOT NULL DEFAULT 0,   -- items that must end before this one may start
        followed      INTEGER NOT NULL DEFAULT 0,   -- whether any item waits for this one
        selected      INTEGER NOT NULL DEFAULT 1,   -- whether --only lets this run touch it
        doubt         INTEGER NOT NULL DEFAULT 0,   -- whether the step may have happened already
        due           INTEGER,
        token         TEXT,                     -- what the step waits with: a status link
        published_as  TEXT,                     -- the coordinates after a version bump
        draft         TEXT,                     -- JSON; dropped once the item is done
        digest        BLOB NOT NULL,            -- of the draft: tells whether the source has changed
        fingerprint   TEXT,                     -- of the content that was published
        class         TEXT,
        http          INTEGER,
        message       TEXT,
        hint          TEXT,
        seen          INTEGER NOT NULL,         -- the run whose scan met it last
        UNIQUE (target, key)
    ) STRICT;
    CREATE INDEX item_ready  ON item (target, id) WHERE state = 'ready';
    CREATE INDEX item_open   ON item (target, state, id) WHERE state IN ('acting', 'waiting');
    CREATE INDEX item_failed ON item (target, id) WHERE state IN ('failed', 'blocked');

    -- What an item depends on, by coordinates: the other item may not be known yet, or never.
    CREATE TABLE need (
        item  INTEGER NOT NULL REFERENCES item,
        gav   TEXT NOT NULL,
        PRIMARY KEY (item, gav)
    ) STRICT, WITHOUT ROWID;

    -- Who waits for whom in this run; made anew by every run. Hard: a failure blocks. Soft: only an order.
    CREATE TABLE edge (
        before  INTEGER NOT NULL,
        after   INTEGER NOT NULL,
        hard    INTEGER NOT NULL,
        PRIMARY KEY (before, after)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX edge_after ON edge (after);

    CREATE TABLE event (
        id       INTEGER PRIMARY KEY,
        item     INTEGER NOT NULL,
        run      INTEGER NOT NULL,
        at       INTEGER NOT NULL,
        state    TEXT NOT NULL,
        step     TEXT,
        attempt  INTEGER NOT NULL DEFAULT 0,
        http     INTEGER,
        note     TEXT
    ) STRICT;
    ",
    "
    ALTER TABLE item ADD COLUMN claims TEXT;   -- what it says about data that versions share: [[scope, datum, digest], …]
    ALTER TABLE item ADD COLUMN yields TEXT;   -- which of that others speak for; NULL: it never had another version beside it
    ALTER TABLE item ADD COLUMN retired INTEGER NOT NULL DEFAULT 0;  -- 1: vanished, and deprecated; 2: is coming back
    ",
    "
    -- What files of the source told when they were read; only ever saves reading them again. `run`: who read them.
    CREATE TABLE reading (
        path      TEXT NOT NULL,
        question  TEXT NOT NULL,
        mark      BLOB NOT NULL,                -- of the file as it was then, and of the code that read it
        told      BLOB NOT NULL,
        run       INTEGER NOT NULL,
        PRIMARY KEY (path, question)
    ) STRICT, WITHOUT ROWID;
    ",
    "
    ALTER TABLE item ADD COLUMN job TEXT;      -- the job that met it last, kind:name; NULL: it was met before jobs were known

    -- What a server has asked for, beyond the process that it asked.
    CREATE TABLE pause (
        server  TEXT PRIMARY KEY,               -- its origin
        until   INTEGER NOT NULL,
        level   INTEGER NOT NULL                -- how often in a row it said \"too fast\" without saying for how long
    ) STRICT, WITHOUT ROWID;
    ",
    "
    -- The versions that this job made on the target, and nobody before it: what `undo` may remove.
    CREATE TABLE made (
        id    INTEGER PRIMARY KEY,              -- in the order in which they were made
        item  INTEGER NOT NULL REFERENCES item,
        gav   TEXT NOT NULL,                    -- as it is on the target
        at    INTEGER NOT NULL,
        UNIQUE (item, gav)
    ) STRICT;
    -- Until now only the status links told: what was waited for had been accepted.
    INSERT OR IGNORE INTO made (item, gav, at)
        SELECT item.id, coalesce(item.published_as, item.gav), min(event.at) FROM event JOIN item ON item.id = event.item
        WHERE event.state = 'waiting' AND event.step = 'await' AND item.state = 'done' AND item.gav IS NOT NULL
        GROUP BY item.id ORDER BY min(event.at);
    ",
    "
    ALTER TABLE made ADD COLUMN server_time INTEGER;             -- `at` by the server's clock, where it tells the time
    ALTER TABLE made ADD COLUMN content TEXT;                    -- a digest of its files, where they are known
    ALTER TABLE made ADD COLUMN theirs INTEGER NOT NULL DEFAULT 0;  -- 1: it was there before, and was published over
    ",
    "
    ALTER TABLE item ADD COLUMN ids TEXT;      -- by which ids the target knows it, as JSON; never a secret
    ",
];

/// The first version that knows which job brought an item.
pub(super) const KNOWS_JOBS: i64 = 4;

/// The first version that knows what the versions hold that a job made.
pub(super) const KNOWS_CONTENTS: i64 = 6;

/// The version that this program writes.
pub(super) fn known_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).expect("a handful of migrations")
}

/// The version of a journal; 0 for a new file.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Whether the file is empty or bears our mark.
pub(super) fn is_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(id == APPLICATION_ID || (id == 0 && tables == 0))
}

/// Brings a journal to the version of this program, all or nothing.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    let from = usize::try_from(version(&transaction)?).unwrap_or(usize::MAX);
    for migration in MIGRATIONS.iter().skip(from) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", known_version())?;
    transaction.commit()
}

/// The number of the last run that the journal knows; 0 when it knows none.
pub(super) fn last_run(connection: &Connection, path: &Utf8Path) -> Result<i64, JournalError> {
    connection
        .query_row("SELECT coalesce(max(id), 0) FROM run", [], |row| row.get(0))
        .map_err(|source| JournalError::sqlite(path, "read", source))
}

/// Looks at every page, so that damage is found before anything is sent, and not when a page is needed.
///
/// Half a second for the journal of 200,000 items and 800,000 events (185 MB, in the system's cache). SQLite has no
/// checksums: a letter that has become another one is not found.
pub(super) fn examine(connection: &Connection, path: &Utf8Path) -> Result<(), JournalError> {
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|source| JournalError::sqlite(path, "read", source))?;
    // One line says where, and the line before it that it is about this database.
    match found.lines().last() {
        Some("ok") | None => Ok(()),
        Some(found) => Err(JournalError::Damaged { path: path.to_owned(), found: found.to_owned() }),
    }
}
