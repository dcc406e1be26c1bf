//! What `-v` shows, on stderr.

use tracing_subscriber::EnvFilter;

use crate::report;

/// Starts logging. `CONSIGN_LOG` takes a filter of its own and beats `-v`.
pub(super) fn start(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    // Libraries below speak of connections and headers; only our own words are known to hold no secrets.
    let filter =
        EnvFilter::try_from_env("CONSIGN_LOG").unwrap_or_else(|_| EnvFilter::new(format!("off,consign={level}")));
    // A test may have started logging before.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(report::log_writer)
        // It would tell with `eprintln!` that stderr is gone, which panics.
        .log_internal_errors(false)
        .with_ansi(false)
        .with_target(false)
        .try_init();
}
