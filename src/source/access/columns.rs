//! The columns of a manifest of access.

use std::collections::{BTreeMap, HashSet};

use camino::Utf8Path;

use super::super::{SourceError, header, waves};

/// What says what is wanted.
const NAMES: &[&str] = &["application", "asset", "instance", "tier", "grantTypes", "status", "acceptTerms"];

/// What every row has to say.
const NEEDED: &[&str] = &["application", "asset", "instance"];

/// What no default can say: a row would ask for what nobody wrote.
const OF_ROWS: &[&str] = &["application", "status"];

/// Reads the header: the columns by their names, in whatever case they are written.
pub(super) fn parse(path: &Utf8Path, header: &[String]) -> Result<Vec<&'static str>, SourceError> {
    let known: Vec<&'static str> = NAMES.iter().chain(&[waves::COLUMN]).copied().collect();
    let canonical = |name: &str| known.iter().find(|known| known.eq_ignore_ascii_case(name)).copied();
    let columns = header::read(path, header, &known, hint(), canonical)?;
    let names: Vec<&'static str> = columns.into_iter().map(|(_, name)| name).collect();
    let refuse = |message: String, hint: String| SourceError::Header { path: path.to_owned(), message, hint };
    let mut seen = HashSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(**name)) {
        return Err(refuse(format!("column \"{twice}\" is there twice"), "remove one of them".to_owned()));
    }
    match NEEDED.iter().find(|needed| !names.contains(needed)) {
        None => Ok(names),
        Some(missing) => Err(refuse(format!("there is no column \"{missing}\""), hint())),
    }
}

/// Refuses defaults that no row could have said: they would be lost without a word.
pub(super) fn check_defaults(defaults: &BTreeMap<String, String>) -> Result<(), SourceError> {
    let sayable: Vec<&str> = NAMES.iter().copied().filter(|name| !OF_ROWS.contains(name)).collect();
    let told: Vec<String> = defaults
        .keys()
        .filter(|name| !sayable.contains(&name.as_str()))
        .map(|name| header::tell(name, &sayable))
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    let message = format!("nothing that rows of access may leave out: {}", told.join(", "));
    Err(SourceError::Defaults { message, hint: format!("what they may is {}", sayable.join(", ")) })
}

fn hint() -> String {
    format!("a manifest of access has the columns {}, wave", NAMES.join(", "))
}
