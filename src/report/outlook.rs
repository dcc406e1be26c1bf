//! What a plan tells beside its items.

use std::io::Write;

use serde::Serialize;

use super::{ReportError, text};

/// What concerns the whole of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PlanOutlook {
    /// Categories and custom fields that are not as the job declares them.
    pub definitions: Vec<PlannedDefinition>,
    /// What the run would find before its first write.
    pub findings: Vec<PlannedFinding>,
}

/// What would be done about a category or a custom field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedDefinition {
    /// `categories` or `fields`.
    pub dimension: String,
    /// Its key.
    pub key: String,
    /// `create`, `update`, `delete`, `keep` or `conflict`.
    pub action: String,
    /// Why.
    pub reason: String,
}

/// Something that concerns the whole run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedFinding {
    /// What was looked at.
    pub check: String,
    /// `failure`, `warning` or `note`.
    pub level: String,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl PlanOutlook {
    /// The lines for people, after the items.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.definitions.is_empty() {
            lines.push("\ndefinitions".to_owned());
        }
        for PlannedDefinition { dimension, key, action, reason } in &self.definitions {
            let (key, reason) = (text::printable(key), text::printable(reason));
            lines.push(format!("  {action:<8}  {dimension}.{key}  {reason}"));
        }
        let stops = self.findings.iter().any(|finding| finding.level == "failure");
        if !self.findings.is_empty() {
            lines.push(if stops { "\na run would send nothing" } else { "\nbefore the first write" }.to_owned());
        }
        for PlannedFinding { level, message, hint, .. } in &self.findings {
            let hint = hint.as_ref().map(|hint| format!("; hint: {}", text::printable(hint))).unwrap_or_default();
            lines.push(format!("  {level:<8}  {}{hint}", text::printable(message)));
        }
        lines
    }

    /// Writes it as the last members of a JSON object.
    pub(super) fn write_members(&self, out: &mut dyn Write) -> Result<(), ReportError> {
        write!(out, ",\"definitions\":")?;
        serde_json::to_writer(&mut *out, &self.definitions)?;
        write!(out, ",\"findings\":")?;
        serde_json::to_writer(&mut *out, &self.findings)?;
        Ok(())
    }
}
