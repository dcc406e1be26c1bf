//! A body whose reader must get on.
//!
//! The parser of forms holds the head of a part in memory until it ends, and looks through all of it whenever more
//! comes. Nothing else bounds how long it may be.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::{Poll, ready},
};

use axum::body::{Body, BodyDataStream, Bytes};
use futures::{StreamExt, stream::poll_fn};

/// From how many bytes on the parser must have made something of what it was given.
const MOST: usize = 256 * 1024;

/// The most bytes that are read and thrown away after a form was refused.
const MAX_DRAIN: usize = 256 * 1024 * 1024;

/// The head of a part is too long.
#[derive(Debug, thiserror::Error)]
#[error("the head of a part is longer than {MOST} bytes")]
struct TooLong;

/// How far the reader of a body has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// The bytes that were given since the reader last got on.
    ahead: AtomicUsize,
    /// Whether the rest is thrown away.
    given_up: AtomicBool,
}

impl Progress {
    /// Says that the reader got on.
    pub(super) fn made(&self) {
        self.0.ahead.store(0, Relaxed);
    }

    /// Lets the rest of the body come and go.
    pub(super) fn give_up(&self) {
        self.0.given_up.store(true, Relaxed);
    }

    /// A body that ends in an error where its reader does not get on.
    pub(super) fn watch(&self, body: Body) -> Body {
        let state = self.0.clone();
        let mut chunks = body.into_data_stream();
        let mut held: Option<Bytes> = None;
        let mut left = MAX_DRAIN;
        Body::from_stream(poll_fn(move |context| {
            if state.given_up.load(Relaxed) {
                return drained(&mut chunks, &mut left, context).map(|()| None);
            }
            if state.ahead.load(Relaxed) > MOST && held.is_some() {
                return Poll::Ready(Some(Err(TooLong.into())));
            }
            let next = match held.take() {
                Some(chunk) => Some(Ok(chunk)),
                None => ready!(chunks.poll_next_unpin(context)),
            };
            match next {
                // The parser takes all that there is before it looks at it: now it has to look.
                Some(Ok(chunk)) if state.ahead.load(Relaxed) > MOST => {
                    held = Some(chunk);
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                Some(Ok(chunk)) => {
                    state.ahead.fetch_add(chunk.len(), Relaxed);
                    Poll::Ready(Some(Ok(chunk)))
                }
                other => Poll::Ready(other.map(|error| error.map_err(axum::BoxError::from))),
            }
        }))
    }
}

/// Reads what is left, within bounds.
fn drained(chunks: &mut BodyDataStream, left: &mut usize, context: &mut std::task::Context<'_>) -> Poll<()> {
    while let Some(Ok(chunk)) = ready!(chunks.poll_next_unpin(context)) {
        match left.checked_sub(chunk.len()) {
            Some(rest) => *left = rest,
            None => break,
        }
    }
    Poll::Ready(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: usize = 64 * 1024;

    /// A body of one megabyte, as it comes through the watch, and how far its reader has come.
    fn watched() -> (Progress, BodyDataStream) {
        let chunks = futures::stream::iter((0..16).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; CHUNK]))));
        let progress = Progress::default();
        let body = progress.watch(Body::from_stream(chunks));
        (progress, body.into_data_stream())
    }

    #[tokio::test]
    async fn a_reader_that_gets_on_reads_all_and_one_that_does_not_reads_no_more_than_it_may() {
        let (progress, mut body) = watched();
        let mut read = 0;
        while let Some(chunk) = body.next().await {
            read += chunk.expect("it got on").len();
            progress.made();
        }
        assert_eq!(read, 16 * CHUNK);
        let (_, mut body) = watched();
        let mut read = 0;
        let error = loop {
            match body.next().await.expect("it does not end before it breaks off") {
                Ok(chunk) => read += chunk.len(),
                Err(error) => break error,
            }
        };
        assert!((MOST..=MOST + CHUNK).contains(&read), "{read}");
        assert!(error.to_string().contains("head of a part"), "{error}");
    }

    #[tokio::test]
    async fn what_is_given_up_comes_and_goes() {
        let (progress, mut body) = watched();
        assert!(body.next().await.expect("there is more").is_ok());
        progress.give_up();
        assert!(body.next().await.is_none());
    }
}
