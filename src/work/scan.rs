//! Reading a source into a journal.

use std::{ops::ControlFlow, sync::Arc};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{RunError, Selection};
use crate::{
    asset::Sourced,
    engine::{Event, Sink},
    journal::{Journal, Offer, Readings, ScanCounts},
    source::{self, Source},
};

/// Items handed to the journal at once.
const BATCH: usize = 256;

/// Batches on their way to the journal: bounds memory when the source is faster than the disk.
const BATCHES: usize = 4;

/// A source, and who wants to know of it.
pub(super) struct Scan {
    /// The source.
    pub(super) source: (Source, source::Options),
    /// What the journal remembers of files, to be told when the scan has ended.
    pub(super) readings: Option<Arc<Readings>>,
    /// The items that are meant; the others are read, and left alone.
    pub(super) only: Selection,
    /// Ends it early.
    pub(super) stop: CancellationToken,
    /// Hears what is found.
    pub(super) sink: Arc<dyn Sink>,
}

impl Scan {
    /// Reads the source into the journal, a bounded number of batches at a time.
    pub(super) async fn into_journal(self, journal: &Journal) -> Result<ScanCounts, RunError> {
        let (batches, mut arriving) = mpsc::channel(BATCHES);
        let sink = Arc::clone(&self.sink);
        let reading = tokio::task::spawn_blocking(move || self.read(&batches));
        let mut counts = ScanCounts::default();
        while let Some(batch) = arriving.recv().await {
            counts.add(journal.offer(batch).await.map_err(RunError::JournalBroke)?);
            sink.emit(&Event::Scanning { items: counts.new + counts.changed + counts.unchanged + counts.diagnosed });
        }
        reading.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        Ok(counts)
    }

    /// Reads it; blocks.
    fn read(self, batches: &mpsc::Sender<Vec<Offer>>) -> Result<(), source::SourceError> {
        let (source, options) = &self.source;
        let mut batch = Vec::with_capacity(BATCH);
        let mut complete = true;
        let result = source.scan(options, &mut |sourced| {
            if let Sourced::Diagnosis(diagnosis) = &sourced {
                self.sink.emit(&Event::diagnosed(diagnosis));
            }
            batch.push(offer(sourced, &self.only));
            let full = batch.len() >= BATCH;
            if self.stop.is_cancelled() || (full && batches.blocking_send(std::mem::take(&mut batch)).is_err()) {
                complete = false;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        if let Some(readings) = &self.readings {
            readings.end(complete && result.is_ok());
        }
        // Nobody takes the last batch when the journal has failed; that error is the one to tell.
        let _ = batches.blocking_send(batch);
        result
    }
}

fn offer(sourced: Sourced, only: &Selection) -> Offer {
    let selected = sourced.gav().is_none_or(|gav| only.contains(&gav));
    Offer::new(sourced, selected)
}
