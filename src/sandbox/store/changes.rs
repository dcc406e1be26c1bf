//! Changing the tables, and the moment at which runs take effect.

use rusqlite::params;
use serde::Serialize;
use serde_json::Value;

use crate::asset::{Coordinates, Lifecycle, Version};

use super::super::portal;
use super::{
    AssetRecord, Claim, Outcome, Payload, RunKind, RunRecord, StoreError, Tables, Tombstone, VersionRecord,
    tables::{Due, document, is_release, number},
};

/// The states of a run.
const RUNNING: i64 = 0;
const COMPLETED: i64 = 1;
const FAILED: i64 = 2;

fn json(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect("records have text keys and no failing serializers")
}

fn kind(kind: RunKind) -> i64 {
    match kind {
        RunKind::Publication => 0,
        RunKind::MutableData => 1,
    }
}

/// Where listings search an asset.
fn search(record: &AssetRecord) -> String {
    format!("{}\n{}", record.name.to_lowercase(), record.asset_id.to_lowercase())
}

impl Tables {
    /// Puts every run that is due into effect.
    pub(super) fn settle(&mut self, now: i64) -> Result<(), StoreError> {
        const NEXT: &str = "SELECT due, number FROM run WHERE state = 0 ORDER BY due, number LIMIT 1";
        while self.due.is_reached(now) {
            let next = self.one(NEXT, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
            self.due = Due::From(next.map_or(i64::MAX, |(due, _)| due));
            let Some((_, number)) = next.filter(|(due, _)| *due <= now) else { return Ok(()) };
            let run = self.numbered(number)?;
            self.due = Due::Unknown;
            let (run, state) = self.take_effect(run)?;
            self.write("UPDATE run SET state = ?2, body = ?3 WHERE number = ?1", (number, state, json(&run)))?;
            self.count(&run, state)?;
        }
        Ok(())
    }

    fn numbered(&self, number: i64) -> Result<RunRecord, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT body FROM run WHERE number = ?1")?;
        let mut rows = statement.query([number])?;
        document(rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?, 0)
    }

    /// Accepts a run, which ends at once where it is due.
    pub(in super::super) fn accept(&mut self, run: RunRecord, now: i64) -> Result<(), StoreError> {
        if run.kind == RunKind::Publication {
            self.release(&run.gav);
        }
        let (run, state) = if run.due <= now {
            self.take_effect(run)?
        } else {
            if let Due::From(due) = &mut self.due {
                *due = run.due.min(*due);
            }
            (run, RUNNING)
        };
        self.write(
            "INSERT INTO run (id, gav, kind, state, accepted, due, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![run.id.as_bytes(), run.gav.to_string(), kind(run.kind), state, run.accepted, run.due, json(&run)],
        )?;
        self.count(&run, state)
    }

    /// Puts a run into effect; the answer is the run as it is kept, and its state.
    fn take_effect(&mut self, mut run: RunRecord) -> Result<(RunRecord, i64), StoreError> {
        run.settled = true;
        let payload = match &mut run.outcome {
            Outcome::Failed { .. } => return Ok((run, FAILED)),
            Outcome::Completed(payload) => payload.take(),
        };
        if let Some(payload) = payload {
            self.apply(&run.gav, &run.organization, run.due, *payload)?;
        }
        Ok((run, COMPLETED))
    }

    /// Counts a publication that ended.
    fn count(&mut self, run: &RunRecord, state: i64) -> Result<(), StoreError> {
        const COUNT: &str = "SELECT COUNT(*) FROM run INDEXED BY run_of WHERE gav = ?1 AND kind = 0 AND state = 1";
        if run.kind != RunKind::Publication || state == RUNNING {
            return Ok(());
        }
        if state == FAILED {
            self.ended.failed += 1;
            return Ok(());
        }
        self.ended.completed += 1;
        let gav = run.gav.to_string();
        let times: i64 = self.value(COUNT, [&gav])?.unwrap_or_default();
        if times > 1 {
            self.write("INSERT OR REPLACE INTO repeated (gav, count) VALUES (?1, ?2)", (&gav, times))?;
        }
        Ok(())
    }

    fn apply(&mut self, gav: &Coordinates, organization: &str, at: i64, payload: Payload) -> Result<(), StoreError> {
        let (id, mut record) = match self.record(&gav.group_id, &gav.asset_id)? {
            Some((id, record)) => (Some(id), record),
            // Only a version creates an asset; the asset of a change of metadata may be gone by now.
            None if payload.version.is_none() => return Ok(()),
            None => (None, AssetRecord::new(gav, organization, at, &payload)),
        };
        let Payload { version, contact_name, contact_email, docs, portal, .. } = payload;
        record.updated = record.updated.max(at);
        record.contact_name = contact_name.or(record.contact_name);
        record.contact_email = contact_email.or(record.contact_email);
        let existing = id.map(|id| self.version_of(id, &gav.version)).transpose()?.flatten();
        // Publishing over a development version keeps tags, categories, fields and pages (EXCHANGE.md §3.9); the version
        // whose metadata change may be gone by now.
        let is_described = existing.is_some() != version.is_some();
        let describes = payload.tags.is_some() || payload.categories.is_change() || payload.fields.is_change();
        if describes && is_described {
            let minor = record.minors.entry(payload.scope).or_default();
            if let Some(tags) = payload.tags {
                minor.tags = tags;
            }
            payload.categories.apply(&mut minor.categories);
            payload.fields.apply(&mut minor.fields);
        }
        let id = self.put_asset(id, &record)?;
        let group = version.as_ref().or(existing.as_ref()).map(VersionRecord::version_group);
        if let (Some(portal), Some(group), true) = (portal, group, is_described) {
            portal::publish_docs(self, gav, &group, portal)?;
        }
        match (version, existing) {
            (Some(mut version), Some(old)) => {
                version.created = old.created;
                self.unlink(&old)?;
                self.put_version(id, &version)?;
                self.link(&version)
            }
            (Some(version), None) => {
                self.put_version(id, &version)?;
                self.count_version(&record.organization, 1)?;
                self.link(&version)
            }
            (None, Some(mut version)) => {
                version.updated = at;
                if let Some(docs) = docs {
                    version.files.retain(|file| file.key != docs.key);
                    version.files.push(docs);
                }
                self.put_version(id, &version)
            }
            (None, None) => Ok(()),
        }
    }

    /// Writes an asset, which is new where it has no id.
    pub(super) fn put_asset(&mut self, id: Option<i64>, record: &AssetRecord) -> Result<i64, StoreError> {
        let Some(id) = id else {
            self.cursors.get_mut().note_insertion();
            self.write(
                "INSERT INTO asset (group_id, asset_id, organization, type, name, search, updated, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    record.group_id,
                    record.asset_id,
                    record.organization,
                    record.asset_type.as_str(),
                    record.name,
                    search(record),
                    record.updated,
                    json(record)
                ],
            )?;
            return Ok(self.connection.last_insert_rowid());
        };
        self.cursors.get_mut().forget();
        self.write(
            "UPDATE asset SET name = ?2, search = ?3, updated = ?4, body = ?5 WHERE id = ?1",
            params![id, record.name, search(record), record.updated, json(record)],
        )?;
        Ok(id)
    }

    fn put_version(&self, asset: i64, record: &VersionRecord) -> Result<(), StoreError> {
        let version = &record.gav.version;
        self.write(
            "INSERT INTO version (asset, released, sort, name, major, status, api, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT DO UPDATE SET status = excluded.status, api = excluded.api, body = excluded.body",
            params![
                asset,
                is_release(version),
                version.sort_key(),
                version.to_string(),
                number(version.major()),
                record.status.as_str(),
                record.api_version,
                json(record)
            ],
        )?;
        Ok(())
    }

    fn link(&self, version: &VersionRecord) -> Result<(), StoreError> {
        let dependent = version.gav.to_string();
        for dependency in &version.dependencies {
            self.write(
                "INSERT OR IGNORE INTO dependency (dependency, dependent) VALUES (?1, ?2)",
                (dependency.to_string(), &dependent),
            )?;
        }
        Ok(())
    }

    fn unlink(&self, version: &VersionRecord) -> Result<(), StoreError> {
        let dependent = version.gav.to_string();
        for dependency in &version.dependencies {
            self.write(
                "DELETE FROM dependency WHERE dependency = ?1 AND dependent = ?2",
                (dependency.to_string(), &dependent),
            )?;
        }
        Ok(())
    }

    /// Marks coordinates as being published, before their run exists.
    pub(in super::super) fn reserve(&mut self, claim: Claim) {
        self.reserved.insert(claim.gav.to_string(), claim);
    }

    /// Takes a reservation back.
    pub(in super::super) fn release(&mut self, gav: &Coordinates) {
        self.reserved.remove(&gav.to_string());
    }

    /// Changes what all versions of an asset share; `false` where there is none.
    pub(in super::super) fn edit_asset(
        &mut self,
        (group, asset): (&str, &str),
        at: i64,
        edit: impl FnOnce(&mut AssetRecord),
    ) -> Result<bool, StoreError> {
        let Some((id, mut record)) = self.record(group, asset)? else { return Ok(false) };
        edit(&mut record);
        record.updated = at;
        self.put_asset(Some(id), &record)?;
        Ok(true)
    }

    /// Changes a version; `false` where there is none.
    pub(in super::super) fn edit_version(
        &mut self,
        gav: &Coordinates,
        edit: impl FnOnce(&mut VersionRecord),
    ) -> Result<bool, StoreError> {
        let Some((id, _)) = self.record(&gav.group_id, &gav.asset_id)? else { return Ok(false) };
        let Some(mut version) = self.version_of(id, &gav.version)? else { return Ok(false) };
        edit(&mut version);
        self.put_version(id, &version)?;
        Ok(true)
    }

    /// Changes the lifecycle state of a version.
    pub(in super::super) fn set_status(
        &mut self,
        gav: &Coordinates,
        status: Lifecycle,
        at: i64,
    ) -> Result<(), StoreError> {
        let Some((id, mut record)) = self.record(&gav.group_id, &gav.asset_id)? else { return Ok(()) };
        let Some(mut version) = self.version_of(id, &gav.version)? else { return Ok(()) };
        (version.status, version.updated, record.updated) = (status, at, at);
        self.put_asset(Some(id), &record)?;
        self.put_version(id, &version)
    }

    /// Removes a version, and the asset with its last one; a tombstone burns the version number.
    pub(in super::super) fn delete(&mut self, gav: &Coordinates, tombstone: bool) -> Result<(), StoreError> {
        let Some((id, mut record)) = self.record(&gav.group_id, &gav.asset_id)? else { return Ok(()) };
        let Some(version) = self.version_of(id, &gav.version)? else { return Ok(()) };
        self.cursors.get_mut().forget();
        self.unlink(&version)?;
        self.write(
            "DELETE FROM version WHERE asset = ?1 AND released = ?2 AND sort = ?3",
            params![id, is_release(&gav.version), gav.version.sort_key()],
        )?;
        self.count_version(&record.organization, -1)?;
        let is_last_of_minor = !self.has_minor(id, &gav.version)?;
        if !self.exists("SELECT 1 FROM version WHERE asset = ?1", [id])? {
            self.write("DELETE FROM asset WHERE id = ?1", [id])?;
        } else if self.forget_scopes(id, &version, &mut record)? {
            self.put_asset(Some(id), &record)?;
        }
        if is_last_of_minor {
            portal::forget_minor(self, gav)?;
        }
        if !self.has_major(id, &gav.version)? {
            // Versions of one major version are one version group (EXCHANGE.md §2.4).
            portal::forget_group(self, gav, &version.version_group())?;
        }
        if tombstone {
            let sort = gav.version.sort_key();
            let grave = Tombstone { gav: gav.clone(), organization: record.organization };
            self.write(
                "INSERT OR REPLACE INTO tombstone (group_id, asset_id, sort, body) VALUES (?1, ?2, ?3, ?4)",
                params![gav.group_id, gav.asset_id, sort, json(&grave)],
            )?;
        }
        Ok(())
    }

    /// Takes away what described a minor version or a version group whose last version is gone; whether there was any.
    fn forget_scopes(&self, id: i64, gone: &VersionRecord, record: &mut AssetRecord) -> Result<bool, StoreError> {
        let (minor, group) = (gone.gav.version.minor_version(), gone.group_scope());
        let mut is_changed = false;
        if record.minors.contains_key(&minor) && !self.has_minor(id, &gone.gav.version)? {
            is_changed |= record.minors.remove(&minor).is_some();
        }
        if record.minors.contains_key(&group) && !self.has_major(id, &gone.gav.version)? {
            is_changed |= record.minors.remove(&group).is_some();
        }
        Ok(is_changed)
    }

    /// Whether an asset has versions of the version group of a version; majors and groups go together.
    fn has_major(&self, asset: i64, version: &Version) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT 1 FROM version WHERE asset = ?1 AND major = ?2";
        self.exists(SQL, (asset, number(version.major())))
    }

    /// Whether an asset has versions of the minor version of a version.
    fn has_minor(&self, asset: i64, version: &Version) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT 1 FROM version WHERE asset = ?1 AND substr(name, 1, length(?2)) = ?2";
        self.exists(SQL, (asset, format!("{}.", version.minor_version())))
    }

    /// Frees a version number that a soft delete has burnt.
    pub(in super::super) fn bury(&mut self, gav: &Coordinates) -> Result<(), StoreError> {
        self.write(
            "DELETE FROM tombstone WHERE group_id = ?1 AND asset_id = ?2 AND sort = ?3",
            (&gav.group_id, &gav.asset_id, gav.version.sort_key()),
        )?;
        Ok(())
    }

    /// Changes a setting.
    pub(in super::super) fn set(&mut self, key: &str, value: &Value) -> Result<(), StoreError> {
        self.write("INSERT OR REPLACE INTO setting (key, body) VALUES (?1, ?2)", (key, json(value)))?;
        Ok(())
    }
}
