//! A manifest of access: a CSV whose rows say which application is to have access to which instance of an API.
//!
//! What a cell can say stands in `docs/jobs.md`. A row is read by itself: whether there is such an application, instance
//! or tier, the portal knows.

mod columns;
mod row;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use camino::Utf8Path;

use super::{
    Options, SourceError,
    draft::Place,
    facts::Facts,
    reader::Reader,
    table::{self, Table},
    waves::{self, Wave},
};
use crate::asset::{Origin, Sourced};

/// Scans a manifest of access. See [`super::Source::scan`].
pub(crate) fn scan(
    path: &Utf8Path,
    options: &Options,
    sink: &mut dyn FnMut(Sourced) -> ControlFlow<()>,
) -> Result<(), SourceError> {
    let (mut table, header) = Table::open(path)?;
    let names = columns::parse(path, &header)?;
    columns::check_defaults(&options.defaults)?;
    let wave = Wave::of(path, options.wave.as_deref(), names.iter().copied())?;
    table.rows_of(wave, &mut |line, record| {
        let place = Place { path, line: Some(line) };
        let texts = table::texts(&place, names.iter().copied(), record);
        let wanted = texts.and_then(|texts| {
            let reader = Reader::new(facts(names.iter().copied().zip(texts), options));
            row::read(reader, &place, &options.group)
        });
        sink(match wanted {
            Ok(wanted) => Sourced::Access(Box::new(wanted)),
            Err(diagnosis) => Sourced::Diagnosis(diagnosis),
        })
    })
}

/// What a row says, and behind it what the job says of rows that are silent.
fn facts<'a>(cells: impl Iterator<Item = (&'a str, &'a str)>, options: &Options) -> Facts {
    let mut facts = Facts::default();
    for (name, text) in cells.filter(|(name, _)| *name != waves::COLUMN) {
        facts.fill(name, text, Origin::Manifest(name.to_owned()));
    }
    for (name, text) in &options.defaults {
        facts.fill(name, text, Origin::Defaults);
    }
    facts
}
