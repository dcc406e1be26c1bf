//! Work that blocks: reading files, packing, hashing, rendering.

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::spawn_blocking,
};

/// Does what blocks where blocking is allowed: in a thread of its own, or on the spot where the runtime has only one.
///
/// A runtime of one thread belongs to a test. On the spot, its clock may be paused and its schedules happen again as
/// they did.
pub(crate) async fn offload<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        return work();
    }
    spawn_blocking(work).await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
