//! What is wrong with a query, as GraphQL tells it.

use async_graphql_parser::Pos;
use serde_json::{Value, json};

use super::super::{problem::Problem, store::StoreError};

/// Why a query has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The query is wrong: told in its answer.
    Query(Vec<Flaw>),
    /// The sandbox itself failed.
    Internal(Problem),
}

/// One thing that is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) message: String,
    pub(super) at: Vec<Pos>,
}

impl Flaw {
    pub(super) fn new(message: impl Into<String>, at: Pos) -> Self {
        Self { message: message.into(), at: vec![at] }
    }

    /// A flaw of the query as a whole.
    pub(super) fn everywhere(message: impl Into<String>) -> Self {
        Self { message: message.into(), at: Vec::new() }
    }

    pub(super) fn show(&self) -> Value {
        let mut shown = json!({ "message": self.message });
        if !self.at.is_empty() {
            let places = self.at.iter().map(|pos| json!({ "line": pos.line, "column": pos.column }));
            shown["locations"] = places.collect();
        }
        shown
    }
}

impl From<Flaw> for Failure {
    fn from(flaw: Flaw) -> Self {
        Self::Query(vec![flaw])
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}
