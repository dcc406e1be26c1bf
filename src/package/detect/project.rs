//! `exchange.json`: the descriptor of a Design Center project.

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::syntax::SyntaxError;
use super::text;

/// A dependency of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dependency {
    pub(crate) group_id: String,
    pub(crate) asset_id: String,
    pub(crate) version: String,
    /// `validation`: only needed to check the project.
    #[serde(default)]
    pub(crate) scope: Option<String>,
}

/// What an `exchange.json` says. Unknown keys are ignored: every tool adds its own.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Project {
    pub(crate) main: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) classifier: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) group_id: Option<String>,
    pub(crate) organization_id: Option<String>,
    pub(crate) asset_id: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) dependencies: Option<Vec<Dependency>>,
}

/// Why an `exchange.json` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum ProjectError {
    #[error("exchange.json is not UTF-8 text")]
    Encoding { line: u64, column: u64 },
    #[error("exchange.json cannot be parsed: {}", .0.message)]
    Syntax(SyntaxError),
}

/// Reads an `exchange.json`. `Ok(None)` when it is some other document of that name, such as a saved answer of the API.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Project>, ProjectError> {
    let decoded = text::decode(bytes).map_err(|at| ProjectError::Encoding { line: at.line, column: at.column })?;
    let syntax = |error: &serde_json::Error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        ProjectError::Syntax(SyntaxError { line: error.line() as u64, column: error.column().max(1) as u64, message })
    };
    // First as any JSON: a document of another shape is not a broken project.
    let value: serde_json::Value = serde_json::from_str(&decoded.text).map_err(|error| syntax(&error))?;
    let is_project = value.get("main").is_some_and(serde_json::Value::is_string)
        || value.get("classifier").is_some_and(serde_json::Value::is_string);
    // A saved answer of the API has a classifier in `files`, and an `id` of three parts.
    if !is_project || (value.get("files").is_some() && value.get("id").is_some()) {
        return Ok(None);
    }
    let project: Project = serde_json::from_str(&decoded.text).map_err(|error| syntax(&error))?;
    Ok(Some(project))
}

impl Project {
    /// Whether the folder is a copy that some project vendored: its path ends in the coordinates it holds.
    pub(crate) fn is_vendored_at(&self, folder: &Utf8Path) -> bool {
        let (Some(group), Some(asset), Some(version)) = (&self.group_id, &self.asset_id, &self.version) else {
            return false;
        };
        folder.ends_with(format!("{group}/{asset}/{version}"))
    }

    /// The groups that are the project's own: a dependency on one of them moves with the project.
    pub(crate) fn is_own_group(&self, group: &str) -> bool {
        [&self.group_id, &self.organization_id].into_iter().flatten().any(|own| own == group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimal_form_is_a_project_and_a_saved_answer_is_none() {
        let minimal = br#"{"main":"a b.raml","name":"A","classifier":"raml","tags":[]}"#;
        let project = parse(minimal).expect("parses").expect("a project");
        assert_eq!((project.main.as_deref(), project.version), (Some("a b.raml"), None));
        let saved = br#"{"id":"g/a/1.0.0","name":"A","files":[{"classifier":"raml"}],"createdAt":"x"}"#;
        assert_eq!(parse(saved), Ok(None));
        assert_eq!(parse(b"[]"), Ok(None));
    }

    #[test]
    fn a_broken_descriptor_has_a_place() {
        let error = parse(b"{\n\"main\": \"a\",}").expect_err("broken");
        assert!(matches!(error, ProjectError::Syntax(SyntaxError { line: 2, .. })), "{error:?}");
    }

    #[test]
    fn vendored_copies_are_known_by_their_path() {
        let project =
            parse(br#"{"main":"a","groupId":"g","assetId":"x","version":"1.0.0"}"#).expect("parses").expect("one");
        assert!(project.is_vendored_at(Utf8Path::new("p/exchange_module/g/x/1.0.0")));
        assert!(!project.is_vendored_at(Utf8Path::new("p/x")));
    }
}
