//! Places in a file, shown as the parser shows them.

use std::ops::Range;

use super::secrets;

/// A message with the line and the column that it is about, and the line itself; `hidden` instead of the message where
/// the line may hold a secret.
pub(super) fn shown(text: &str, span: Range<usize>, message: &str, hidden: &str) -> String {
    let before = &text[..span.start];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let (number, column) = (before.matches('\n').count() + 1, text[start..span.start].chars().count() + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    // An address may bear a password.
    let (line, message) = if secrets::is_telling(text, number - 1) {
        (secrets::key_of(line), hidden)
    } else {
        (line.to_owned(), message)
    };
    let margin = " ".repeat(number.to_string().len());
    let marks = "^".repeat(text[span].lines().next().unwrap_or_default().chars().count().max(1));
    let indent = " ".repeat(column - 1);
    format!(
        "TOML parse error at line {number}, column {column}\n{margin} |\n{number} | {line}\n{margin} | {indent}{marks}\n{message}"
    )
}
