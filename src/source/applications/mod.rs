//! A manifest of client applications: a CSV with a row for each application that a portal is to have.

mod row;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use camino::Utf8Path;

use super::{Options, SourceError, portal::Columns};
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
    COLUMNS.scan(path, options, sink, |reader, place| {
        row::read(reader, place, options).map(|row| Sourced::Application(Box::new(row)))
    })
}
