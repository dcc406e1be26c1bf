//! By which ids applications are known, there and here: in the journal, and in a file for people and for other jobs.

use std::io::{self, Write};

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::{
    asset::ApplicationWish,
    journal::{JournalError, Reader},
};

/// What the journal keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Ids {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// The id that it signs in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_id: Option<String>,
    /// Its id in the portal that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_id: Option<String>,
    /// The id that it signs in with there.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_client_id: Option<String>,
    /// Whether its secret still has to be delivered. Before there is an id: what appears under the name is made by this
    /// job, and its secret is owed then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) owed: bool,
    /// Whether the journal keeps something that has to be written over.
    #[serde(skip)]
    is_kept: bool,
}

impl Ids {
    /// Those of an application, with what the journal has of them.
    pub(super) fn of(wish: &ApplicationWish, kept: Option<&str>) -> Self {
        // What another version wrote and this one cannot read is found out anew.
        let kept: Self = kept.and_then(|kept| serde_json::from_str(kept).ok()).unwrap_or_default();
        let is_kept = kept.id.is_some() || kept.owed;
        Self { old_id: wish.old_id.clone(), old_client_id: wish.old_client_id.clone(), is_kept, ..kept }
    }

    /// Takes an id. Another one than before is another application, whose secret is not owed.
    pub(super) fn are_of(&mut self, id: &str) {
        if self.id.as_ref().is_some_and(|known| known != id) {
            (self.client_id, self.owed) = (None, false);
        }
        self.id = Some(id.to_owned());
    }

    /// It is about to be made, and nobody may hear what has become of that.
    pub(super) fn are_awaited(&mut self) {
        (self.id, self.client_id, self.owed, self.is_kept) = (None, None, true, true);
    }

    /// For the journal; `None` where it has nothing to keep.
    pub(super) fn to_json(&self) -> Option<String> {
        if self.id.is_none() && !self.owed && !self.is_kept {
            return None;
        }
        Some(serde_json::to_string(self).expect("is plain data with text keys"))
    }
}

/// Writes the file of old and new ids, all of it or nothing: one row for each application of a job that the portal is
/// known to have. Where there is none, no file is made.
///
/// # Errors
/// What the journal or the disk says.
pub(in crate::work) fn write(reader: &Reader, job: &str, path: &Utf8Path) -> Result<(), IdsError> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut written = table.write_record(["name", "oldClientId", "newClientId", "oldId", "newId"]);
    let mut rows = 0;
    reader.ids(job, |key, ids| {
        let Ok(Ids { id: id @ Some(_), client_id, old_id, old_client_id, .. }) = serde_json::from_str(ids) else {
            return;
        };
        let name = key.split_once('/').map_or(key, |(_, name)| name);
        let texts = [old_client_id, client_id, old_id, id].map(Option::unwrap_or_default);
        let [old_client_id, client_id, old_id, id] = &texts;
        if written.is_ok() {
            written = table.write_record([name, old_client_id, client_id, old_id, id]);
            rows += 1;
        }
    })?;
    if rows == 0 {
        return Ok(());
    }
    written.map_err(io::Error::from)?;
    let text = table.into_inner().map_err(csv::IntoInnerError::into_error)?;
    if fs_err::read(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    Ok(replace(path, &text)?)
}

/// Why the file of ids cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum IdsError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

fn replace(path: &Utf8Path, text: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    fs_err::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text)?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
