//! A manifest of client applications: a CSV with a row for each application that a portal is to have.

mod row;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use camino::Utf8Path;

use super::{
    Options, SourceError,
    draft::Place,
    portal::{self, Columns},
    reader::Reader,
    table::{self, Table},
    waves::Wave,
};
use crate::asset::Sourced;

const COLUMNS: Columns = Columns {
    names: &[
        "name",
        "description",
        "url",
        "redirectUris",
        "grantTypes",
        "apiEndpoints",
        "asset",
        "instance",
        "clientId",
        "id",
    ],
    hint: "an application has name, description, url, redirectUris, grantTypes, apiEndpoints, asset, instance, clientId, id \
           and wave",
};

/// Scans a manifest of applications. See [`super::Source::scan`].
pub(crate) fn scan(
    path: &Utf8Path,
    options: &Options,
    sink: &mut dyn FnMut(Sourced) -> ControlFlow<()>,
) -> Result<(), SourceError> {
    let (mut table, header) = Table::open(path)?;
    let names = COLUMNS.parse(path, &header)?;
    COLUMNS.check_defaults(&options.defaults)?;
    let wave = Wave::of(path, options.wave.as_deref(), names.iter().map(String::as_str))?;
    table.rows_of(wave, &mut |line, record| {
        let place = Place { path, line: Some(line) };
        let texts = table::texts(&place, names.iter().map(String::as_str), record);
        let wish = texts.and_then(|texts| {
            let cells = names.iter().map(String::as_str).zip(texts);
            row::read(Reader::new(portal::facts(cells, &options.defaults)), &place, options)
        });
        sink(match wish {
            Ok(wish) => Sourced::Application(Box::new(wish)),
            Err(diagnosis) => Sourced::Diagnosis(diagnosis),
        })
    })
}
