//! Files that the server hands out, streamed to disk.

use std::io::SeekFrom;

use bytes::Bytes;
use http::{Method, header};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use tokio::{
    fs::File,
    io::{AsyncSeekExt, AsyncWriteExt},
};
use url::Url;

use super::{
    Call, CallError, Client, Repeat, TransportError,
    client::{LONGEST_REPLY, MAX_REDIRECTS, Opened},
};

/// Whether a download shows who we are. Credentials never leave the origin, whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attach {
    /// To the origin, yes.
    Credentials,
    /// Nowhere: the link itself is the key.
    Nothing,
}

/// A file that was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Its length in bytes.
    pub length: u64,
    /// The SHA-256 of its content.
    pub sha256: [u8; 32],
    /// The SHA-1 of its content, which Exchange tells of its files.
    pub sha1: [u8; 20],
    /// The MD5 of its content, likewise.
    pub md5: [u8; 16],
    /// The content type that the server gave.
    pub content_type: Option<String>,
}

impl Client {
    /// Writes the content behind an address to a file, from its beginning, and cuts the file where the content ends.
    ///
    /// Redirects are followed, also to other hosts, and lose the credentials on the way there.
    ///
    /// # Errors
    /// As [`Client::call`]; [`CallError::TooLarge`] beyond `most` bytes; [`CallError::Local`] when the file cannot be
    /// written.
    pub async fn download(
        &self,
        url: Url,
        attach: Attach,
        file: &mut File,
        most: u64,
    ) -> Result<Downloaded, CallError> {
        let mut tries = self.tries();
        loop {
            match self.download_once(url.clone(), attach, file, most).await {
                Ok(downloaded) => return Ok(downloaded),
                Err(error) => tries.again(error, Repeat::Safe).await?,
            }
        }
    }

    async fn download_once(
        &self,
        mut url: Url,
        mut attach: Attach,
        file: &mut File,
        most: u64,
    ) -> Result<Downloaded, CallError> {
        for _ in 0..=MAX_REDIRECTS {
            self.check_link(&url)?;
            let mut call =
                Call::at(Method::GET, url.clone()).header(header::ACCEPT, "*/*".parse().expect("is a value"));
            if attach == Attach::Nothing {
                call = call.anonymous();
            }
            let opened = self.open(&call, &url).await?;
            let status = opened.response.status();
            if status.is_success() {
                return self.save(opened, &call, file, most).await;
            }
            let next = opened.redirect(&url);
            let refusal = self.refuse(opened, call.idle).await;
            match next {
                Some(next) => {
                    // A stranger that leads back here must not choose what our credentials open.
                    if !self.origin().owns(&next) {
                        attach = Attach::Nothing;
                    }
                    url = next;
                }
                None => return Err(CallError::Refused(Box::new(refusal))),
            }
        }
        Err(bad(format!("more than {MAX_REDIRECTS} redirects")))
    }

    /// Another host may serve a file, but not over a weaker way than ours, and not under another scheme.
    fn check_link(&self, url: &Url) -> Result<(), CallError> {
        let origin = self.origin();
        let fine = match url.scheme() {
            "https" => true,
            "http" => !origin.is_encrypted(),
            _ => false,
        };
        if fine && url.username().is_empty() && url.password().is_none() { Ok(()) } else { Err(self.foreign(url)) }
    }

    async fn save(&self, mut opened: Opened, call: &Call, file: &mut File, most: u64) -> Result<Downloaded, CallError> {
        let status = opened.response.status();
        let headers = opened.response.headers().clone();
        file.seek(SeekFrom::Start(0)).await.map_err(CallError::Local)?;
        file.set_len(0).await.map_err(CallError::Local)?;
        let (mut sha256, mut sha1, mut md5) = (Sha256::new(), Sha1::new(), Md5::new());
        let mut length = 0;
        while let Some(piece) = self.piece(&mut opened, call.idle).await? {
            length += Bytes::len(&piece) as u64;
            if length > most {
                return Err(CallError::TooLarge { limit: most });
            }
            if opened.crawls(length) {
                return Err(CallError::Transport {
                    request: opened.request,
                    source: TransportError::endless(LONGEST_REPLY),
                });
            }
            sha256.update(&piece);
            sha1.update(&piece);
            md5.update(&piece);
            file.write_all(&piece).await.map_err(CallError::Local)?;
        }
        file.flush().await.map_err(CallError::Local)?;
        self.note(&opened, &headers, status, length == 0);
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|t| t.to_str().ok()).map(str::to_owned);
        Ok(Downloaded {
            length,
            sha256: sha256.finalize().into(),
            sha1: sha1.finalize().into(),
            md5: md5.finalize().into(),
            content_type,
        })
    }
}

fn bad(reason: String) -> CallError {
    CallError::BadReply { reason, request_id: None, source: None }
}
