//! A manifest of access: a CSV whose rows say which application is to have access to which instance of an API.
//!
//! What a cell can say stands in `docs/jobs.md`. A row is read by itself: whether there is such an application, instance
//! or tier, the portal knows.

mod row;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use camino::Utf8Path;

use super::{
    Options, SourceError,
    draft::Place,
    portal::{Columns, facts},
    reader::Reader,
    table::{self, Table},
    waves::Wave,
};
use crate::asset::Sourced;

/// What a row can say.
const COLUMNS: Columns = Columns {
    names: &["application", "asset", "instance", "tier", "grantTypes", "status", "acceptTerms"],
    hint: "a manifest of access has application, asset, instance, tier, grantTypes, status, acceptTerms, wave",
};

/// Scans a manifest of access. See [`super::Source::scan`].
pub(crate) fn scan(
    path: &Utf8Path,
    options: &Options,
    sink: &mut dyn FnMut(Sourced) -> ControlFlow<()>,
) -> Result<(), SourceError> {
    let (mut table, header) = Table::open(path)?;
    let names = COLUMNS.parse(path, &header)?;
    COLUMNS.check_defaults(&options.defaults)?;
    let names = || names.iter().map(String::as_str);
    let wave = Wave::of(path, options.wave.as_deref(), names())?;
    table.rows_of(wave, &mut |line, record| {
        let place = Place { path, line: Some(line) };
        let texts = table::texts(&place, names(), record);
        let wanted = texts.and_then(|texts| {
            let reader = Reader::new(facts(names().zip(texts), &options.defaults));
            row::read(reader, &place, options)
        });
        sink(match wanted {
            Ok(wanted) => Sourced::Access(Box::new(wanted)),
            Err(diagnosis) => Sourced::Diagnosis(diagnosis),
        })
    })
}
