//! The multipart body of a publication, read as a stream.

use std::io::Write;

use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request, multipart::Field},
    http::{StatusCode, header},
};
use tempfile::SpooledTempFile;

use crate::asset::FileKey;

use super::super::{Quirk, app::Shared, gate::drain, problem::Problem};
use super::{budget::Spent, progress::Progress};

/// The most bytes of one text field.
const MAX_TEXT: usize = 256 * 1024;

/// The most bytes of all text fields of one form.
const MAX_TEXTS: usize = 4 * 1024 * 1024;

/// The most parts of one form.
const MAX_PARTS: usize = 2_000;

/// The most bytes of the name of a part.
const MAX_NAME: usize = 1024;

/// The fields and files of a form.
#[derive(Debug, Default)]
pub(in super::super) struct Form {
    texts: Vec<(String, String)>,
    pub(super) files: Vec<Upload>,
    /// The first field that came after a file.
    pub(super) trailing: Option<String>,
}

/// Finds the key of a file, from what came before it in the form, the name of the part and its file name.
pub(in super::super) type Naming = fn(&Form, &str, Option<&str>) -> Result<FileKey, Problem>;

/// The parts of a publication bear the keys of their files.
fn by_part_name(_: &Form, name: &str, _: Option<&str>) -> Result<FileKey, Problem> {
    name.parse().map_err(|_| {
        Problem::publication(
            StatusCode::BAD_REQUEST,
            "INVALID_FILE_IDENTIFIER_ERROR",
            "Invalid file identifier",
            format!("The file identifier `{name}` must have the form files.<classifier>.<packaging>"),
        )
    })
}

/// One file of a form.
#[derive(Debug)]
pub(in super::super) struct Upload {
    pub(in super::super) key: FileKey,
    pub(in super::super) content: SpooledTempFile,
    /// What it takes of the budget of all uploads.
    _spent: Spent,
}

impl Upload {
    /// A file that is here already, and takes nothing of the budget.
    pub(super) fn of_stored(shared: &Shared, key: FileKey, content: SpooledTempFile) -> Self {
        Self { key, content, _spent: shared.uploads.open() }
    }
}

impl Form {
    /// Reads a form to its end, also where it is refused: an early answer is lost on clients that are still sending.
    pub(in super::super) async fn read(shared: &Shared, request: Request<Body>) -> Result<Self, Problem> {
        Self::read_as(shared, request, by_part_name).await
    }

    /// A form of texts and files that came in another way.
    pub(in super::super) fn of(texts: Vec<(String, String)>, files: Vec<Upload>) -> Self {
        Self { texts, files, trailing: None }
    }

    /// As [`Form::read`], with other names for files.
    pub(in super::super) async fn read_as(
        shared: &Shared,
        request: Request<Body>,
        naming: Naming,
    ) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.to_ascii_lowercase().starts_with("multipart/form-data") {
            drain(request.into_body()).await;
            return Err(Problem::plain(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "request/headers/content-type must be multipart/form-data",
            ));
        }
        let progress = Progress::default();
        let request = request.map(|body| progress.watch(body));
        let mut parts = Multipart::from_request(request, &()).await.map_err(|e| broken(&e))?;
        let mut form = Self::default();
        match form.fill(shared, &mut parts, &progress, naming).await {
            Ok(()) => Ok(form),
            Err(problem) => {
                progress.give_up();
                // Ends soon, since nothing more comes.
                while let Ok(Some(_)) = parts.next_field().await {}
                Err(problem)
            }
        }
    }

    async fn fill(
        &mut self,
        shared: &Shared,
        parts: &mut Multipart,
        progress: &Progress,
        naming: Naming,
    ) -> Result<(), Problem> {
        let (mut count, mut texts) = (0, MAX_TEXTS);
        let mut files = shared.settings.max_jar + 16 * shared.settings.max_file;
        while let Some(field) = parts.next_field().await.map_err(|e| broken(&e))? {
            progress.made();
            count += 1;
            if count > MAX_PARTS {
                return Err(Problem::bad_request(format!("the form has more than {MAX_PARTS} parts")));
            }
            let name = field.name().unwrap_or_default().to_owned();
            if name.len() > MAX_NAME {
                return Err(Problem::bad_request(format!("the name of a part is longer than {MAX_NAME} bytes")));
            }
            if name.starts_with("files.") || field.file_name().is_some() {
                let key = naming(self, &name, field.file_name())?;
                let upload = receive(shared, progress, (&name, key), field, &mut files).await?;
                self.files.push(upload);
            } else {
                let text = text(&name, field, progress, texts).await?;
                texts -= text.len();
                if self.trailing.is_none() && !self.files.is_empty() {
                    self.trailing = Some(name.clone());
                }
                self.texts.push((name, text));
            }
        }
        Ok(())
    }

    /// The text of a field, trimmed; an empty one counts as absent.
    pub(in super::super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.texts.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, text)| text.trim()).filter(|text| !text.is_empty())
    }

    /// The fields `<prefix>.<key>`, by key.
    pub(in super::super) fn prefixed<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts.iter().filter_map(move |(name, text)| {
            let key = name.strip_prefix(prefix)?.strip_prefix('.')?;
            (!key.is_empty()).then_some((key, text.trim()))
        })
    }

    /// Takes a file out of the form.
    pub(in super::super) fn take(&mut self, key: &FileKey) -> Option<Upload> {
        let at = self.files.iter().position(|upload| upload.key == *key)?;
        Some(self.files.swap_remove(at))
    }
}

fn broken(error: &dyn std::fmt::Display) -> Problem {
    Problem::bad_request(format!("the multipart body cannot be read: {error}"))
}

/// Reads a field; `left` is how many bytes of text the form may still have.
async fn text(name: &str, mut field: Field<'_>, progress: &Progress, left: usize) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|e| broken(&e))? {
        progress.made();
        if bytes.len() + chunk.len() > left {
            return Err(Problem::too_large(format!("the fields of the form are longer than {MAX_TEXTS} bytes")));
        }
        if bytes.len() + chunk.len() > MAX_TEXT {
            return Err(Problem::too_large(format!("the field `{name}` is longer than {MAX_TEXT} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| Problem::bad_request(format!("the field `{name}` is not UTF-8")))
}

/// Reads a file; `left` is how many bytes of files the form may still have.
async fn receive(
    shared: &Shared,
    progress: &Progress,
    (name, key): (&str, FileKey),
    mut field: Field<'_>,
    left: &mut u64,
) -> Result<Upload, Problem> {
    let limit = max_size(shared, &key);
    let mut content = shared.blobs.spool();
    let mut spent = shared.uploads.open();
    let mut size = 0;
    while let Some(chunk) = field.chunk().await.map_err(|e| broken(&e))? {
        progress.made();
        size += chunk.len() as u64;
        if size > limit {
            return Err(Problem::too_large(format!("the file `{name}` is larger than {limit} bytes")));
        }
        let bytes = chunk.len() as u64;
        *left = left.checked_sub(bytes).ok_or_else(|| Problem::too_large("the files of the form are too large"))?;
        spent.take(bytes)?;
        // Small files stay in memory; a chunk of a large one goes to the page cache, which is quicker than a hop to
        // another thread.
        content.write_all(&chunk).map_err(|e| Problem::internal(&e))?;
    }
    Ok(Upload { key, content, _spent: spent })
}

/// The most bytes of a file (EXCHANGE.md §2.6, §3.8).
pub(in super::super) fn max_size(shared: &Shared, key: &FileKey) -> u64 {
    match (key.classifier(), key.packaging.as_str()) {
        ("icon", packaging) => icon_limit(packaging),
        (_, "jar") | ("studio-plugin", _) if !shared.settings.quirks.has(Quirk::FiveMegabytes) => {
            shared.settings.max_jar
        }
        _ => shared.settings.max_file,
    }
}

/// The most bytes of an icon (EXCHANGE.md §2.6).
pub(in super::super) fn icon_limit(packaging: &str) -> u64 {
    if packaging == "svg" { 100 * 1024 } else { 2 * 1024 * 1024 }
}
