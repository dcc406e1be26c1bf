//! The life of one process, as far as the journal and the wire can tell: it ends at a given instant.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use consign::journal::Witness;
use futures::{FutureExt, future::BoxFuture};
use tokio_util::sync::CancellationToken;

/// Counts instants: one before and one after every write to the journal and every request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Life {
    passed: Arc<AtomicU64>,
    /// The instant at which it ends; none for one that goes on.
    last: Option<u64>,
    ended: CancellationToken,
}

impl Life {
    /// A life that ends at an instant, counted from 1.
    pub(crate) fn until(last: u64) -> Self {
        Self { last: Some(last), ..Self::default() }
    }

    /// How many instants have passed.
    pub(crate) fn passed(&self) -> u64 {
        self.passed.load(Relaxed)
    }

    /// Passes one instant. After the last one nothing ever goes on.
    pub(crate) async fn instant(&self) {
        if self.passed.fetch_add(1, Relaxed) + 1 == self.last.unwrap_or(0) {
            self.ended.cancel();
        }
        if self.ended.is_cancelled() {
            std::future::pending::<()>().await;
        }
    }

    /// Resolves at the end.
    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }
}

impl Witness for Life {
    fn before(&self) -> BoxFuture<'static, ()> {
        let life = self.clone();
        async move { life.instant().await }.boxed()
    }

    fn after(&self) -> BoxFuture<'static, ()> {
        let life = self.clone();
        async move { life.instant().await }.boxed()
    }
}
