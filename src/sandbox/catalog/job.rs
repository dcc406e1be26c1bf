//! Jobs, as they are kept and shown.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::{
    problem::Problem,
    store::{Kept, Outcome, StoreError, Tables},
};

/// A job that was accepted. It belongs to the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) id: Uuid,
    pub(super) organization: String,
    pub(super) group: String,
    pub(super) asset: String,
    /// The version of the descriptor.
    pub(super) base: String,
    /// What it publishes or describes.
    pub(super) version: Option<String>,
    pub(super) state: JobState,
}

/// How a job goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum JobState {
    /// As this run goes.
    Run(Uuid),
    /// It was refused.
    Refused(Problem),
    /// There was nothing to do.
    Skipped,
}

impl Kept for Job {
    const KIND: &'static str = "catalog job";
}

impl Job {
    /// The answer to whoever has made it.
    pub(super) fn created(&self) -> Value {
        let mut shown = self.head("PENDING");
        shown["jobId"] = json!(self.id);
        shown
    }

    /// The answer to whoever asks for it.
    pub(super) fn show(&self, tables: &Tables) -> Result<Value, StoreError> {
        let cause = match &self.state {
            JobState::Skipped => return Ok(self.ended("SKIPPED")),
            JobState::Refused(problem) => problem.clone(),
            JobState::Run(id) => match tables.run(&id.to_string())? {
                Some(run) if !run.settled => return Ok(self.ended("PENDING")),
                Some(run) => match run.outcome {
                    Outcome::Completed(_) => return Ok(self.ended("SUCCESS")),
                    Outcome::Failed { problem, .. } => problem,
                },
                None => Problem::not_found("The publication of the job was not found"),
            },
        };
        let mut shown = self.ended("FAILED");
        let message = if cause.errors.is_empty() { cause.message } else { cause.errors.join(", ") };
        shown["cause"] = json!({ "code": cause.code.unwrap_or_else(|| cause.status.to_string()), "message": message });
        Ok(shown)
    }

    fn ended(&self, status: &str) -> Value {
        let mut shown = self.head(status);
        shown["baseVersion"] = json!(self.base);
        shown["version"] = json!(self.version);
        shown
    }

    fn head(&self, status: &str) -> Value {
        json!({
            "status": status,
            "assetId": self.asset,
            "groupId": self.group,
            "organizationId": self.organization,
        })
    }
}

/// What the last job said about a version, so that the same words again change nothing. It hangs on the asset, by
/// version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Described {
    /// A digest of the metadata.
    pub(super) metadata: String,
}

impl Kept for Described {
    const KIND: &'static str = "catalog metadata";
}
