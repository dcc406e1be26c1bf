//! Ctrl-C, SIGTERM and SIGHUP: once stops in good order, twice ends at once.

use std::io::Write;

use tokio_util::sync::CancellationToken;

use super::exit::INTERRUPTED_TWICE;

/// Cancels `stop` at the first signal, and ends the process at the second.
pub(super) fn watch(stop: CancellationToken) {
    let mut signals = Signals::listen();
    tokio::spawn(async move {
        signals.next().await;
        tell("stopping: no new work is taken, what is in flight ends or is parked; once more ends at once");
        stop.cancel();
        signals.next().await;
        tell("ended at once; what was in flight is in doubt, the next run looks it up");
        std::process::exit(INTERRUPTED_TWICE);
    });
}

/// Waits for a signal that asks to stop.
pub(super) async fn next() {
    Signals::listen().next().await;
}

/// Signals that ask to stop, heard from one moment on: a second one that comes soon after the first is not missed.
struct Signals {
    #[cfg(unix)]
    streams: Vec<tokio::signal::unix::Signal>,
}

impl Signals {
    fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            // Where a signal cannot be heard, the system's own answer to it stands.
            Self {
                streams: [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
                    .into_iter()
                    .flat_map(signal)
                    .collect(),
            }
        }
        #[cfg(not(unix))]
        Self {}
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        {
            use futures::{StreamExt, stream::FuturesUnordered};
            let mut heard: FuturesUnordered<_> =
                self.streams.iter_mut().map(tokio::signal::unix::Signal::recv).collect();
            if heard.next().await.is_none() {
                std::future::pending::<()>().await;
            }
        }
        // Without signals there is nothing to wait for: the run goes on to its end.
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn tell(text: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(std::io::stderr(), "\n{text}");
}
