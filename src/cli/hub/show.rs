//! How results are shown: JSON for scripts, and tables and lists of facts for people.

use std::io::{IsTerminal, Write};

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;

use super::super::{Exit, Problem, plan::finish};
use crate::report::{JsonText, ReportError, printable, width};

/// Writes a result: as JSON, or as `people` writes it.
pub(super) fn show(
    json: bool,
    document: &impl Serialize,
    people: impl FnOnce(&mut dyn Write) -> Result<(), ReportError>,
) -> Result<Exit, Problem> {
    let mut out = anstream::stdout().lock();
    let written = if json { write_json(document, &mut out) } else { people(&mut out) };
    finish(written.and_then(|()| Ok(out.flush()?)))
}

fn write_json(document: &impl Serialize, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut out = JsonText(out);
    serde_json::to_writer_pretty(&mut out, document)?;
    Ok(writeln!(out)?)
}

/// Tells people that there is nothing, where a table would be empty.
pub(super) fn nothing(json: bool, words: &str) {
    if !json {
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(anstream::stderr(), "{words}");
    }
}

/// A document with the secret in it, where it is asked for: nothing else ever shows it.
pub(super) fn with_secret(document: &impl Serialize, secret: Option<&SecretString>, is_asked: bool) -> Value {
    let mut document = serde_json::to_value(document).expect("an object of texts, numbers and lists of them");
    if let Some(secret) = secret.filter(|_| is_asked) {
        document["clientSecret"] = secret.expose_secret().into();
    }
    document
}

/// The secret for people: itself where it is asked for, and how to ask otherwise.
pub(super) fn secret_words(secret: Option<&SecretString>, is_asked: bool) -> String {
    match secret {
        Some(secret) if is_asked => secret.expose_secret().to_owned(),
        Some(_) => "(not shown; --show-secret shows it)".to_owned(),
        None => String::new(),
    }
}

/// Facts under each other, without those that are empty.
pub(super) fn facts(out: &mut dyn Write, facts: &[(&str, String)]) -> Result<(), ReportError> {
    let facts: Vec<_> = facts.iter().filter(|(_, value)| !value.is_empty()).collect();
    let widest = facts.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    for (name, value) in facts {
        let padding = " ".repeat(widest - width(name));
        writeln!(out, "{name}{padding}  {}", printable(value))?;
    }
    Ok(())
}

/// A text of the server's. A program gets it as it is; a terminal obeys nothing in it.
pub(super) fn text(out: &mut dyn Write, text: &str) -> Result<(), ReportError> {
    if !std::io::stdout().is_terminal() {
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return Ok(write!(out, "{text}{end}")?);
    }
    for line in text.lines() {
        writeln!(out, "{}", printable(&line.replace('\t', "    ")))?;
    }
    Ok(())
}

/// What may be missing, in words.
pub(super) fn words(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}
