//! A manifest of access: a CSV whose rows say which application is to have access to which instance of an API.
//!
//! What a cell can say stands in `docs/jobs.md`. A row is read by itself: whether there is such an application, instance
//! or tier, the portal knows.

mod row;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use camino::Utf8Path;

use super::{Options, SourceError, portal::Columns};
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
    COLUMNS.scan(path, options, sink, |reader, place| {
        row::read(reader, place, options).map(|row| Sourced::Access(Box::new(row)))
    })
}
