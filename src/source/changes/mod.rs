//! A manifest of changes: a CSV whose rows say what is to be true of assets that exist. Nothing is published from it.
//!
//! What a cell can say is the same as in a manifest of assets; see `docs/sources.md`.

mod columns;
mod row;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, ops::ControlFlow};

use camino::Utf8Path;

use super::table::{self, Table};
use super::{
    Options, SourceError,
    draft::Place,
    facts::Facts,
    reader::Reader,
    waves::{self, Wave},
};
use crate::asset::{Origin, Sourced};

/// Scans a manifest of changes. See [`super::Source::scan`].
pub(crate) fn scan(
    path: &Utf8Path,
    options: &Options,
    sink: &mut dyn FnMut(Sourced) -> ControlFlow<()>,
) -> Result<(), SourceError> {
    let (mut table, header) = Table::open(path)?;
    let names = columns::parse(path, &header)?;
    columns::check_defaults(&options.defaults)?;
    let wave = Wave::of(path, options.wave.as_deref(), names.iter().map(String::as_str))?;
    table.rows_of(wave, &mut |line, record| {
        let place = Place { path, line: Some(line) };
        let texts = table::texts(&place, names.iter().map(String::as_str), record);
        let change = texts.and_then(|texts| {
            let cells = names.iter().map(String::as_str).zip(texts);
            row::read(Reader::new(facts(cells, &options.defaults)), &place, options)
        });
        sink(match change {
            Ok(change) => Sourced::Change(Box::new(change)),
            Err(diagnosis) => Sourced::Diagnosis(diagnosis),
        })
    })
}

/// What a row says, and behind it what the job says of rows that are silent.
fn facts<'a>(cells: impl Iterator<Item = (&'a str, &'a str)>, defaults: &BTreeMap<String, String>) -> Facts {
    let mut facts = Facts::default();
    for (name, text) in cells.filter(|(name, _)| *name != waves::COLUMN) {
        facts.fill(name, text, Origin::Manifest(name.to_owned()));
    }
    for (name, text) in defaults.iter().filter(|(name, _)| name.as_str() != "assetId") {
        facts.fill(name, text, Origin::Defaults);
    }
    facts
}
