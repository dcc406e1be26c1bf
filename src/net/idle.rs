//! The watchdog of a transfer: silence is a failure, slowness is not.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::TransportError;

/// Bodies are handed over in pieces of this size: large enough to be fast (4 KiB is ten times slower), small enough
/// that a slow line is seen to move.
pub(super) const CHUNK: usize = 256 * 1024;

/// When something last moved, and how many bytes did.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    start: Instant,
    moved_at: Arc<AtomicU64>,
    sent: Arc<AtomicU64>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), moved_at: Arc::default(), sent: Arc::default() }
    }

    /// Something moved.
    pub(super) fn touch(&self) {
        let millis = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved_at.fetch_max(millis, Relaxed);
    }

    /// Bytes of the request's body handed over so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    fn last(&self) -> Instant {
        self.start + Duration::from_millis(self.moved_at.load(Relaxed))
    }

    /// Waits for a transfer, and fails once nothing has moved for `idle`.
    pub(super) async fn watch<T>(
        &self,
        idle: Duration,
        transfer: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        let mut transfer = pin!(transfer);
        loop {
            let deadline = self.last() + idle;
            tokio::select! {
                biased;
                outcome = &mut transfer => return outcome,
                () = tokio::time::sleep_until(deadline) => {
                    if self.last() + idle <= Instant::now() {
                        return Err(TransportError::stalled(idle));
                    }
                }
            }
        }
    }

    /// Makes a request's body report its progress. Its length is kept: the caller has set `Content-Length`.
    pub(super) fn attach(&self, body: reqwest::Body) -> reqwest::Body {
        let progress = self.clone();
        let report = move |bytes: &Bytes| {
            progress.touch();
            progress.sent.fetch_add(bytes.len() as u64, Relaxed);
        };
        match body.as_bytes() {
            Some(bytes) if bytes.len() <= CHUNK => {
                self.sent.fetch_add(bytes.len() as u64, Relaxed);
                body
            }
            Some(bytes) => {
                let bytes = Bytes::copy_from_slice(bytes);
                let pieces =
                    (0..bytes.len()).step_by(CHUNK).map(move |at| bytes.slice(at..bytes.len().min(at + CHUNK)));
                let pieces = stream::iter(pieces).inspect(report).map(Ok::<_, std::convert::Infallible>);
                reqwest::Body::wrap_stream(pieces)
            }
            None => {
                let pieces = body.into_data_stream().inspect(move |piece| {
                    if let Ok(bytes) = piece {
                        report(bytes);
                    }
                });
                reqwest::Body::wrap_stream(pieces)
            }
        }
    }
}
