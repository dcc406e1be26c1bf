//! What an undo would remove, or has removed.

use std::io::Write;

use serde::Serialize;

use super::{
    ReportError,
    table::{Table, left},
    text,
};

/// One version that an undo is about.
#[derive(Debug, Clone, Serialize)]
pub struct UndoRow {
    /// Its coordinates on the target.
    pub gav: String,
    /// `would-remove`, `removed`, `gone` (it was gone already) or `kept`.
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

impl UndoRow {
    /// A version that would be removed; `at` is when it was made, in milliseconds since 1970.
    #[must_use]
    pub fn foreseen(gav: String, at: i64) -> Self {
        Self { gav, outcome: "would-remove", message: None, hint: None, made: Some(text::time(at)) }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    job: &'a str,
    target: &'a str,
    removals: &'a [UndoRow],
}

/// Writes it for scripts: one object.
///
/// # Errors
/// [`ReportError`]
pub fn undo_json(job: &str, target: &str, rows: &[UndoRow], out: &mut dyn Write) -> Result<(), ReportError> {
    let document = Document { job, target, removals: rows };
    serde_json::to_writer(&mut *out, &document).map_err(std::io::Error::from)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// Writes it for people.
///
/// # Errors
/// [`ReportError`]
pub fn undo_text(target: &str, rows: &[UndoRow], out: &mut dyn Write) -> Result<(), ReportError> {
    let count = |outcome: &str| rows.iter().filter(|row| row.outcome == outcome).count();
    let mut table = Table::new(&mut *out, vec![left("asset"), left("outcome"), left("")]);
    for row in rows {
        let detail = row.message.clone().or_else(|| row.made.as_ref().map(|at| format!("made {at}")));
        table.row([row.gav.clone(), row.outcome.replace('-', " "), detail.unwrap_or_default()])?;
        if let Some(hint) = &row.hint {
            table.line(format!("  hint: {}", text::printable(hint)))?;
        }
    }
    table.finish()?;
    let target = text::printable(target);
    match (rows.len(), count("would-remove")) {
        (0, _) => writeln!(out, "nothing of this job is on {target}")?,
        (_, 0) => {
            let (removed, gone, kept) = (count("removed"), count("gone"), count("kept"));
            writeln!(out, "{removed} removed from {target}, {gone} gone before, {kept} kept")?;
        }
        (_, would) => writeln!(out, "{would} would be removed from {target}: --yes removes them")?,
    }
    out.flush()?;
    Ok(())
}
