//! What a command would do to single versions, or has done: an undo, a cutover.

use std::io::Write;

use serde::Serialize;

use super::{
    ReportError,
    table::{Table, left},
    text,
};

/// One version, and what becomes of it.
#[derive(Debug, Clone, Serialize)]
pub struct Deed {
    /// Its coordinates.
    pub gav: String,
    /// `would-…`; `removed` or `deprecated`; `gone` or `already`, where nothing had to be done; or `kept`.
    pub outcome: &'static str,
    /// Why it was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<String>,
}

impl Deed {
    /// A version that would be removed; `at` is when it was made, in milliseconds since 1970.
    #[must_use]
    pub fn would_remove(gav: String, at: i64) -> Self {
        Self { made: Some(text::time(at)), ..Self::new(gav, "would-remove") }
    }

    /// A version with nothing more to say of it.
    #[must_use]
    pub fn new(gav: String, outcome: &'static str) -> Self {
        Self { gav, outcome, message: None, hint: None, made: None }
    }
}

/// What a list of deeds is called.
#[derive(Debug, Clone, Copy)]
pub struct DeedWords {
    /// The member of the JSON document that holds them.
    pub member: &'static str,
    /// What is done, as a participle: `removed from`.
    pub done: &'static str,
    /// What was so before: `gone before`.
    pub before: &'static str,
    /// What is told where there are none.
    pub none: &'static str,
}

/// The words of an undo.
pub const UNDO: DeedWords =
    DeedWords { member: "removals", done: "removed from", before: "gone before", none: "nothing of this job is on" };

/// The words of a cutover.
pub const CUTOVER: DeedWords = DeedWords {
    member: "deprecations",
    done: "deprecated at",
    before: "deprecated before",
    none: "nothing has moved away from",
};

/// Writes them for scripts: one object.
///
/// # Errors
/// [`ReportError`]
pub fn deeds_json(
    words: DeedWords,
    job: &str,
    server: &str,
    deeds: &[Deed],
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let document = serde_json::json!({ "job": job, "target": server, words.member: deeds });
    serde_json::to_writer(&mut *out, &document).map_err(std::io::Error::from)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// Writes them for people.
///
/// # Errors
/// [`ReportError`]
pub fn deeds_text(words: DeedWords, server: &str, deeds: &[Deed], out: &mut dyn Write) -> Result<(), ReportError> {
    let count = |wanted: fn(&str) -> bool| deeds.iter().filter(|deed| wanted(deed.outcome)).count();
    let mut table = Table::new(&mut *out, vec![left("asset"), left("outcome"), left("")]);
    for deed in deeds {
        let detail = deed.message.clone().or_else(|| deed.made.as_ref().map(|at| format!("made {at}")));
        table.row([deed.gav.clone(), deed.outcome.replace('-', " "), detail.unwrap_or_default()])?;
        if let Some(hint) = &deed.hint {
            table.line(format!("  hint: {}", text::printable(hint)))?;
        }
    }
    table.finish()?;
    let (server, would) = (text::printable(server), count(|outcome| outcome.starts_with("would-")));
    let kept = count(|outcome| outcome == "kept");
    let DeedWords { done, before, none, .. } = words;
    if deeds.is_empty() {
        writeln!(out, "{none} {server}")?;
    } else if would > 0 {
        writeln!(out, "{would} would be {done} {server}, {kept} kept: --yes does it")?;
    } else {
        let already = count(|outcome| matches!(outcome, "gone" | "already"));
        writeln!(out, "{} {done} {server}, {already} {before}, {kept} kept", deeds.len() - already - kept)?;
    }
    out.flush()?;
    Ok(())
}
