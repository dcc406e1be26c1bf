//! Asking files, the memory first.

use std::{
    fmt,
    fs::Metadata,
    io::{self, Read},
    sync::Arc,
    time::SystemTime,
};

use camino::Utf8Path;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Mark, Memory, Question,
    mark::{self, DETECTION},
    memory::Forgetful,
};
use crate::package::regular;

/// The way to what files of a source say. All that a scan reads of their content goes through here.
#[derive(Clone)]
pub struct Reading {
    memory: Arc<dyn Memory>,
    detection: u32,
}

impl Reading {
    /// Reads only what `memory` does not know.
    #[must_use]
    pub fn with(memory: Arc<dyn Memory>) -> Self {
        Self { memory, detection: DETECTION }
    }

    /// As if the code had another version.
    #[cfg(test)]
    pub(crate) fn of_version(self, detection: u32) -> Self {
        Self { detection, ..self }
    }

    /// What `read` makes of the bytes of a regular file, be it now or when they were read the last time.
    ///
    /// `read` is a function of the bytes, of the question and of the path, and of nothing else.
    ///
    /// # Errors
    /// When the file cannot be read or is no regular file; `FileTooLarge` when it has more than `most` bytes, which are
    /// not read. Errors are never remembered.
    pub(crate) fn told<T>(
        &self,
        most: u64,
        question: &Question<'_>,
        path: &Utf8Path,
        read: impl FnOnce(&[u8]) -> T,
    ) -> io::Result<T>
    where
        T: Serialize + DeserializeOwned,
    {
        let metadata = regular::metadata(path.as_std_path())?;
        if metadata.len() > most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.found_of(&metadata, question, path, || Ok(read(&bytes_of(path, most)?)))
    }

    /// As [`Self::told`]; `None` when the file has more than `most` bytes.
    pub(crate) fn told_within<T>(
        &self,
        most: u64,
        question: &Question<'_>,
        path: &Utf8Path,
        read: impl FnOnce(&[u8]) -> T,
    ) -> io::Result<Option<T>>
    where
        T: Serialize + DeserializeOwned,
    {
        match self.told(most, question, path, read) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Ok(None),
            told => told.map(Some),
        }
    }

    /// As [`Self::told`], for `read` that opens the file itself.
    ///
    /// # Errors
    /// Those of `read`, which are not remembered.
    pub(crate) fn found<T, E>(
        &self,
        question: &Question<'_>,
        path: &Utf8Path,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
        E: From<io::Error>,
    {
        self.found_of(&regular::metadata(path.as_std_path())?, question, path, read)
    }

    fn found_of<T, E>(
        &self,
        metadata: &Metadata,
        question: &Question<'_>,
        path: &Utf8Path,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
    {
        let Some(mark) = Mark::of(metadata, self.detection) else { return read() };
        let known = self.memory.recall(question, path, &mark);
        if let Some(told) = known.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            return Ok(told);
        }
        let now = SystemTime::now();
        let told = read()?;
        if !mark::is_racy(metadata, now) && self.still_bears(&mark, path) {
            let bytes = serde_json::to_vec(&told).expect("answers are plain data with text keys");
            self.memory.keep(question, path, &mark, bytes);
        }
        Ok(told)
    }

    /// Whether nobody has touched the file while it was read.
    fn still_bears(&self, mark: &Mark, path: &Utf8Path) -> bool {
        regular::metadata(path.as_std_path())
            .is_ok_and(|metadata| Mark::of(&metadata, self.detection).as_ref() == Some(mark))
    }
}

/// The bytes of a file: a length is a promise that a growing file, or one of the system's own, does not keep.
fn bytes_of(path: &Utf8Path, most: u64) -> io::Result<Vec<u8>> {
    let (file, snapshot) = regular::open(path.as_std_path())?;
    let mut bytes = Vec::with_capacity(usize::try_from(snapshot.len.min(most)).unwrap_or_default() + 1);
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

impl Default for Reading {
    /// Remembers nothing: every file is read whenever it is asked about.
    fn default() -> Self {
        Self::with(Arc::new(Forgetful))
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("detection", &self.detection).finish_non_exhaustive()
    }
}
