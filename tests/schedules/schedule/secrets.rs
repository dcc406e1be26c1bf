//! Where secrets of applications are, and where they must not be.

use std::{fs, os::unix::fs::PermissionsExt, sync::Mutex, sync::PoisonError};

use aho_corasick::AhoCorasick;
use camino::Utf8PathBuf;
use consign::{
    job::Job,
    journal::{Reader, StatusFilter},
};
use serde_json::{Value, json};

use super::{
    portal::Portal,
    visit::{Told, text},
};

/// The folder of a schedule, and all that was ever in its files, besides secrets where they belong.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: Utf8PathBuf,
    seen: Mutex<Vec<u8>>,
}

impl Folder {
    pub(crate) fn new(path: Utf8PathBuf) -> Self {
        Self { path, seen: Mutex::default() }
    }

    fn secrets(&self) -> Utf8PathBuf {
        self.path.join("secrets.jsonl")
    }

    fn ids(&self) -> Utf8PathBuf {
        self.path.join("ids.csv")
    }

    /// The job, with all that it writes in this folder.
    pub(crate) fn of(&self, job: &Job) -> Job {
        let mut job = job.clone();
        job.journal = self.journal();
        if let Some(applications) = &mut job.applications {
            applications.secrets = consign::job::Secrets::File(self.secrets());
            applications.ids = self.ids();
        }
        job
    }

    pub(crate) fn journal(&self) -> Utf8PathBuf {
        self.path.join("job.db")
    }

    /// Remembers what is in the files now.
    pub(crate) fn look(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if entry.path() != self.secrets() {
                seen.extend(fs::read(entry.path()).unwrap_or_default());
            }
        }
    }

    /// The file of secrets as it is.
    pub(crate) fn delivered(&self) -> Vec<u8> {
        fs::read(self.secrets()).unwrap_or_default()
    }

    /// Each secret that was issued is in the file once, as the server knows it; no other one is there, and none anywhere
    /// else. The file of ids and the journal know each application by what the server calls it.
    ///
    /// # Errors
    /// What is not so.
    pub(crate) fn check(&self, portal: &Portal, job: &Job, apps: &[Told], words: &str) -> Result<(), String> {
        self.check_nowhere_else(apps, words)?;
        if job.applications.is_none() {
            return Ok(());
        }
        self.check_delivered(portal, apps)?;
        self.check_ids(portal, apps)
    }

    fn check_nowhere_else(&self, apps: &[Told], words: &str) -> Result<(), String> {
        let secrets: Vec<String> = apps.iter().map(|app| text(&app["clientSecret"])).collect();
        let sought = AhoCorasick::new(&secrets).map_err(|error| error.to_string())?;
        self.look();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Who finds nothing may have looked at nothing.
        if secrets.iter().any(|secret| secret.len() < 16) || !seen.windows(15).any(|part| part == b"SQLite format 3") {
            return Err("there are no secrets, or no journal".to_owned());
        }
        if sought.is_match(&*seen) || sought.is_match(words) {
            return Err("a secret is in the journal, in the file of ids or in words".to_owned());
        }
        Ok(())
    }

    fn check_delivered(&self, portal: &Portal, apps: &[Told]) -> Result<(), String> {
        let text = String::from_utf8(self.delivered()).map_err(|error| error.to_string())?;
        let mut lines: Vec<Value> = Vec::new();
        for line in text.lines() {
            lines.push(serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?);
        }
        let is_made = |app: &&Told| portal.made().any(|made| app["name"] == made.name);
        let keys = ["name", "id", "clientId", "clientSecret"];
        let line = |app: &Told| keys.map(|key| app[key].as_str().unwrap_or_default().to_owned());
        let mut found: Vec<_> = lines.iter().map(line).collect();
        let mut wanted: Vec<_> = apps.iter().filter(is_made).map(line).collect();
        found.sort();
        wanted.sort();
        if found != wanted {
            return Err(format!("delivered are {found:?} instead of {wanted:?}"));
        }
        let mode = fs::metadata(self.secrets()).map_err(|error| error.to_string())?.permissions().mode();
        if mode & 0o777 == 0o600 { Ok(()) } else { Err(format!("the file of secrets has mode {mode:o}")) }
    }

    fn check_ids(&self, portal: &Portal, apps: &[Told]) -> Result<(), String> {
        let old = |name: &str| portal.old.iter().find(|(known, _)| *known == name).map_or("", |(_, old)| *old);
        let mut wanted: Vec<[String; 5]> = Vec::new();
        let reader = Reader::open(&self.journal()).map_err(|error| error.to_string())?;
        let mut names = Vec::new();
        let read = reader.rows(StatusFilter::All, |row| names.extend(row.gav));
        read.map_err(|error| error.to_string())?;
        for key in names {
            let name = key.strip_prefix("application/").unwrap_or(&key);
            let Some(app) = apps.iter().find(|app| app["name"] == name) else {
                return Err(format!("the portal has no application {name}"));
            };
            let (id, client) = (text(&app["id"]), text(&app["clientId"]));
            let kept = reader.ids_of(&key).map_err(|error| error.to_string())?.unwrap_or_default();
            let mut known = json!({"id": id, "clientId": client});
            if !old(name).is_empty() {
                known["oldClientId"] = old(name).into();
            }
            if serde_json::from_str::<Value>(&kept).ok() != Some(known) {
                return Err(format!("the journal knows {kept} of {app}"));
            }
            wanted.push([name, old(name), &client, "", &id].map(str::to_owned));
        }
        let mut table = csv::Reader::from_path(self.ids()).map_err(|error| error.to_string())?;
        let mut found: Vec<[String; 5]> = table.deserialize().collect::<Result<_, _>>().map_err(|e| e.to_string())?;
        found.sort();
        wanted.sort();
        if found == wanted { Ok(()) } else { Err(format!("the file of ids tells {found:?} instead of {wanted:?}")) }
    }
}
