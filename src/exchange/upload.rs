//! Files on their way into a publish call: streamed from disk, with a known length, checked against their hash.

use std::{
    io::{self, Read},
    sync::Arc,
};

use bytes::Bytes;
use camino::Utf8PathBuf;
use futures::{Stream, StreamExt, stream};
use reqwest::multipart::{Form, Part};
use sha2::{Digest, Sha256};
use tokio_util::io::ReaderStream;

use crate::{
    asset::FileKey,
    net::{FormFactory, UploadError},
    offload::offload,
};

/// Reads of 256 KiB: with the usual 4 KiB an upload is ten times slower.
const CHUNK: usize = 256 * 1024;

/// A file that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadFile {
    /// Its name in the publish call.
    pub key: FileKey,
    /// Where it lies.
    pub path: Utf8PathBuf,
    /// How long it was when it was packed, in bytes.
    pub len: u64,
    /// The SHA-256 that it had then.
    pub sha256: [u8; 32],
}

/// A factory of forms: every attempt opens the files anew.
pub(super) fn form_factory(fields: &[(String, String)], files: &[UploadFile]) -> FormFactory {
    let (fields, files): (Arc<[_]>, Arc<[UploadFile]>) = (fields.into(), files.into());
    Arc::new(move || {
        let (fields, files) = (Arc::clone(&fields), Arc::clone(&files));
        Box::pin(async move {
            // Left to itself reqwest sends a name with a space or an umlaut as `name*=utf-8''…`, which RFC 7578 does not
            // know: a server takes it for a part without a name.
            let mut form = Form::new().percent_encode_noop();
            for (name, value) in fields.iter() {
                form = form.text(part_name(name), value.clone());
            }
            for file in files.iter() {
                form = form.part(part_name(&file.key.to_string()), part(file).await?);
            }
            Ok(form)
        })
    })
}

/// A name as browsers and curl send it: as it is, but for what would end the quotes or the line. Other control
/// characters have no business in a header.
fn part_name(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '"' => text.push_str("%22"),
            '\r' => text.push_str("%0D"),
            '\n' => text.push_str("%0A"),
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text
}

/// A small file is read in one go: three trips to other threads for a few kilobytes cost more than the bytes.
async fn part(file: &UploadFile) -> io::Result<Part> {
    let part = if file.len <= CHUNK as u64 { whole(file.clone()).await? } else { streamed(file).await? };
    // Exchange does not look at the name; one that is not ASCII could be garbled on the way.
    let part = part.file_name(format!("{}.{}", file.key.classifier.as_deref().unwrap_or("asset"), file.key.packaging));
    part.mime_str(content_type(&file.key)).map_err(io::Error::other)
}

async fn whole(file: UploadFile) -> io::Result<Part> {
    offload(move || {
        let mut content = Vec::new();
        // One byte more tells a file that has grown.
        fs_err::File::open(&file.path)?.take(file.len + 1).read_to_end(&mut content)?;
        if content.len() as u64 != file.len || Sha256::digest(&content)[..] != file.sha256 {
            return Err(UploadError::new(changed(&file)).into_io());
        }
        Ok(Part::bytes(content))
    })
    .await
}

async fn streamed(file: &UploadFile) -> io::Result<Part> {
    let handle = fs_err::tokio::File::open(&file.path).await?;
    // The length of the opened file is the one that counts: with a longer one the server waits for ever, with a
    // shorter one it gets a part of the file and says that all is well.
    let length = handle.metadata().await?.len();
    if length != file.len {
        return Err(UploadError::new(changed(file)).into_io());
    }
    let content = checked(ReaderStream::with_capacity(handle, CHUNK), file.clone());
    Ok(Part::stream_with_length(reqwest::Body::wrap_stream(content), length))
}

/// Passes a file through, and breaks the request off before its end when the content is not the one that was packed.
///
/// The last piece is held back until the hash is known, so that a server can never have the whole of a wrong file.
fn checked(
    pieces: impl Stream<Item = io::Result<Bytes>> + Send + Unpin + 'static,
    file: UploadFile,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    struct State<S> {
        pieces: S,
        held: Option<Bytes>,
        hash: Sha256,
        file: UploadFile,
        ended: bool,
    }
    let state = State { pieces, held: None, hash: Sha256::new(), file, ended: false };
    stream::unfold(state, |mut state| async move {
        loop {
            if state.ended {
                return None;
            }
            match state.pieces.next().await {
                Some(Ok(piece)) => {
                    state.hash.update(&piece);
                    if let Some(ready) = state.held.replace(piece) {
                        return Some((Ok(ready), state));
                    }
                }
                Some(Err(error)) => {
                    state.ended = true;
                    let message = format!("cannot read {}: {error}", state.file.path);
                    return Some((Err(UploadError::new(message).into_io()), state));
                }
                None => {
                    state.ended = true;
                    let hash: [u8; 32] = std::mem::take(&mut state.hash).finalize().into();
                    if hash != state.file.sha256 {
                        return Some((Err(UploadError::new(changed(&state.file)).into_io()), state));
                    }
                    let last = state.held.take()?;
                    return Some((Ok(last), state));
                }
            }
        }
    })
}

fn changed(file: &UploadFile) -> String {
    format!("{} has changed since it was packed", file.path)
}

fn content_type(key: &FileKey) -> &'static str {
    match key.packaging.as_str() {
        "zip" => "application/zip",
        "jar" => "application/java-archive",
        "json" => "application/json",
        "yaml" | "yml" => "application/yaml",
        "xml" | "pom" | "wsdl" | "xsd" => "application/xml",
        "raml" => "application/raml+yaml",
        "md" => "text/markdown",
        "txt" | "graphql" | "proto" => "text/plain",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8]) -> UploadFile {
        UploadFile {
            key: FileKey::new("oas", "zip"),
            path: "x.zip".into(),
            len: content.len() as u64,
            sha256: Sha256::digest(content).into(),
        }
    }

    async fn sent(pieces: &[&'static [u8]], packed: &[u8]) -> (usize, bool) {
        let pieces: Vec<io::Result<Bytes>> = pieces.iter().map(|p| Ok(Bytes::from_static(p))).collect();
        let out: Vec<_> = checked(stream::iter(pieces), file(packed)).collect().await;
        (out.iter().flatten().map(Bytes::len).sum(), out.iter().all(Result::is_ok))
    }

    #[tokio::test]
    async fn a_name_with_a_space_or_quotes_stays_one_plain_name() {
        let fields = [("categories.Asset type", "API"), ("fields.gr\u{fc}n", "1"), ("fields.a\"\r\nX-Evil: b", "2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let form = form_factory(&fields, &[])().await.expect("is made");
        let mut body = String::new();
        let mut stream = form.into_stream();
        while let Some(piece) = stream.next().await {
            body.push_str(std::str::from_utf8(&piece.expect("is read")).expect("is text"));
        }
        for name in ["categories.Asset type", "fields.gr\u{fc}n", "fields.a%22%0D%0AX-Evil: b"] {
            assert!(body.contains(&format!("form-data; name=\"{name}\"\r\n")), "{body}");
        }
        assert!(!body.contains("name*="), "{body}");
    }

    #[tokio::test]
    async fn a_file_that_is_the_packed_one_is_sent_whole() {
        assert_eq!(sent(&[b"abc", b"de"], b"abcde").await, (5, true));
        assert_eq!(sent(&[], b"").await, (0, true));
    }

    #[tokio::test]
    async fn a_file_that_has_changed_is_never_sent_whole() {
        assert_eq!(sent(&[b"abc", b"dX"], b"abcde").await, (3, false));
        assert_eq!(sent(&[b"X"], b"a").await, (0, false));
    }

    #[tokio::test]
    async fn a_file_of_another_length_is_not_sent_at_all() {
        let disk = tempfile::NamedTempFile::new().expect("is made");
        std::fs::write(disk.path(), b"abc").expect("is written");
        let path = Utf8PathBuf::from_path_buf(disk.path().to_owned()).expect("is UTF-8");
        let upload = UploadFile { path, ..file(b"ab") };
        assert!(part(&upload).await.is_err());
    }
}
