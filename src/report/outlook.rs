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
        let names: Vec<String> = self
            .definitions
            .iter()
            .map(|known| format!("{}.{}", known.dimension, text::printable(&known.key)))
            .collect();
        let widest = names.iter().map(|name| text::width(name)).max().unwrap_or_default();
        for (PlannedDefinition { action, reason, .. }, name) in self.definitions.iter().zip(&names) {
            let room = " ".repeat(widest - text::width(name));
            lines.push(format!("  {action:<8}  {name}{room}  {}", text::printable(reason)));
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
        serde_json::to_writer(text::JsonText(&mut *out), &self.definitions)?;
        write!(out, ",\"findings\":")?;
        serde_json::to_writer(text::JsonText(&mut *out), &self.findings)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{HOSTILE, is_harmless};

    #[test]
    fn what_concerns_the_whole_is_harmless_to_read_and_silent_where_there_is_nothing() {
        assert_eq!(PlanOutlook::default().lines(), Vec::<String>::new());
        let hostile = PlanOutlook {
            definitions: vec![PlannedDefinition {
                dimension: "fields".to_owned(),
                key: HOSTILE.to_owned(),
                action: "create".to_owned(),
                reason: HOSTILE.to_owned(),
            }],
            findings: vec![PlannedFinding {
                check: "quota".to_owned(),
                level: "warning".to_owned(),
                message: HOSTILE.to_owned(),
                hint: Some(HOSTILE.to_owned()),
            }],
        };
        let text = hostile.lines().join("\n");
        assert!(text.contains("before the first write") && is_harmless(&text), "{text:?}");
    }
}
