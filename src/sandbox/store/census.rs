//! Looking over the whole catalog: what mentions something, which groups there are, how many versions.

use rusqlite::params;

use super::{
    AssetRecord, StoreError, Tables,
    tables::{document, row_count},
};

/// The most assets that are passed over in one go, and the most of them that are taken up.
const STRETCH: i64 = 2_000;
const TAKEN: usize = 100;

/// A part of the catalog that was looked over.
#[derive(Debug)]
pub(in super::super) struct Stretch {
    /// Assets with their ids in the tables.
    pub(in super::super) found: Vec<(i64, AssetRecord)>,
    /// Where to go on; `None` at the end.
    pub(in super::super) next: Option<i64>,
}

impl Tables {
    /// The next assets, behind a place, whose record mentions a text. Assets that come meanwhile may be missed.
    pub(in super::super) fn mentioning(&self, text: &str, after: i64) -> Result<Stretch, StoreError> {
        const SQL: &str = "SELECT id, body FROM asset
             WHERE id > ?1 AND id <= ?2 AND instr(body, ?3) > 0 ORDER BY id LIMIT ?4";
        let until = after.saturating_add(STRETCH);
        let mut statement = self.connection.prepare_cached(SQL)?;
        let mut rows = statement.query(params![after, until, text, row_count(TAKEN)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push((row.get(0)?, document(row, 1)?));
        }
        let reached = found.last().filter(|_| found.len() == TAKEN).map_or(until, |(id, _)| *id);
        let is_more = self.exists("SELECT 1 FROM asset WHERE id > ?1", [reached])?;
        Ok(Stretch { found, next: is_more.then_some(reached) })
    }

    /// Writes an asset that was found under an id; its time of change stays.
    pub(in super::super) fn rewrite(&mut self, id: i64, record: &AssetRecord) -> Result<(), StoreError> {
        self.put_asset(Some(id), record).map(|_| ())
    }

    /// Counts a version of an organization that came, or went.
    pub(super) fn count_version(&self, organization: &str, change: i64) -> Result<(), StoreError> {
        self.write(
            "INSERT INTO shelf (kind, owner, id, body) VALUES ('versions', ?1, '', CAST(?2 AS TEXT))
             ON CONFLICT DO UPDATE SET body = CAST(CAST(body AS INTEGER) + ?2 AS TEXT)",
            (organization, change),
        )?;
        Ok(())
    }

    /// How many versions an organization has, without the business groups below it.
    pub(in super::super) fn version_count(&self, organization: &str) -> Result<u64, StoreError> {
        const SQL: &str = "SELECT CAST(body AS INTEGER) FROM shelf WHERE kind = 'versions' AND owner = ?1 AND id = ''";
        let count: Option<i64> = self.value(SQL, [organization])?;
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
    }

    /// A page of the groups of an organization: the one with its id, then those that hold assets of it.
    pub(in super::super) fn groups(
        &self,
        organization: &str,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<String>, StoreError> {
        // Steps from group to group in the index, instead of reading every asset.
        const SQL: &str = "WITH RECURSIVE step (name) AS (
                 SELECT MIN(group_id) FROM asset
                 UNION ALL
                 SELECT (SELECT MIN(group_id) FROM asset WHERE group_id > step.name) FROM step WHERE name IS NOT NULL)
             SELECT ?1 UNION ALL
             SELECT name FROM step WHERE name <> ?1
                AND EXISTS (SELECT 1 FROM asset WHERE group_id = step.name AND organization = ?1)
             LIMIT ?2 OFFSET ?3";
        let mut statement = self.connection.prepare_cached(SQL)?;
        let rows = statement.query_map((organization, row_count(limit), row_count(offset)), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    /// Tables with assets of two organizations, every tenth of which mentions a text.
    fn crowded(path: &Utf8Path, assets: i64) -> Tables {
        let tables = Tables::open(path).expect("opens");
        let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO asset (group_id, asset_id, organization, type, name, search, updated, body)
             SELECT 'g' || (i % 3), 'a' || i, 'o' || (i % 2), 'custom', 'A', 'a', 0,
                 json_object('group_id', 'g' || (i % 3), 'asset_id', 'a' || i, 'organization', 'o' || (i % 2),
                     'name', iif(i % 10 = 0, 'mentions it', 'does not'), 'description', '', 'asset_type', 'custom',
                     'created', 0, 'updated', 0)
             FROM n";
        tables.write(sql, [assets]).expect("writes");
        tables
    }

    #[test]
    fn everything_that_mentions_something_is_found_once_in_bounded_stretches() {
        const ASSETS: i64 = 6_500;
        let directory = tempfile::tempdir().expect("a directory");
        let path = Utf8Path::from_path(directory.path()).expect("utf-8").join("sandbox.db");
        let mut tables = crowded(&path, ASSETS);
        let mut place = Some(0);
        let mut ids = Vec::new();
        while let Some(after) = place {
            let stretch = tables.mentioning("mentions it", after).expect("reads");
            assert!(stretch.found.len() <= TAKEN);
            for (id, mut record) in stretch.found {
                ids.push(id);
                record.name = "does not".to_owned();
                tables.rewrite(id, &record).expect("writes");
            }
            place = stretch.next;
        }
        assert_eq!(ids, (1..=ASSETS / 10).map(|i| i * 10).collect::<Vec<_>>());
        assert!(tables.mentioning("mentions it", 0).expect("reads").found.is_empty());
    }

    #[test]
    fn groups_are_those_that_hold_assets_of_the_organization_after_its_own() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = Utf8Path::from_path(directory.path()).expect("utf-8").join("sandbox.db");
        let tables = crowded(&path, 3);
        assert_eq!(tables.groups("o0", 10, 0).expect("reads"), ["o0", "g2"]);
        assert_eq!(tables.groups("o1", 10, 0).expect("reads"), ["o1", "g0", "g1"]);
        assert_eq!(tables.groups("o1", 1, 1).expect("reads"), ["g0"]);
        assert_eq!(tables.groups("none", 10, 0).expect("reads"), ["none"]);
    }
}
