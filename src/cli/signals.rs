//! Ctrl-C and SIGTERM: once stops in good order, twice ends at once.

use std::io::Write;

use tokio_util::sync::CancellationToken;

use super::exit::INTERRUPTED_TWICE;

/// Cancels `stop` at the first signal, and ends the process at the second.
pub(super) fn watch(stop: CancellationToken) {
    tokio::spawn(async move {
        next().await;
        tell("stopping: no new work is taken, what is in flight ends or is parked; once more ends at once");
        stop.cancel();
        next().await;
        tell("ended at once; what was in flight is in doubt, the next run looks it up");
        std::process::exit(INTERRUPTED_TWICE);
    });
}

/// Waits for a signal that asks to stop.
pub(super) async fn next() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without signals there is nothing to wait for: the run goes on to its end.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn tell(text: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(std::io::stderr(), "\n{text}");
}
