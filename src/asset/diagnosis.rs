//! What is wrong with an input, said so that a person can mend it.

use std::fmt;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// Why an input cannot be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The file or folder, as the source found it (lossy where the name is not UTF-8).
    pub path: Utf8PathBuf,
    /// The line, counted from 1, where there is one.
    pub line: Option<u64>,
    /// The column, counted from 1, where there is one.
    pub column: Option<u64>,
    /// The coordinates of the asset, as far as they are known: `group/asset/version`.
    pub gav: Option<String>,
    /// What kind of problem it is.
    pub problem: Problem,
    /// Whether the item counts as failed or as left out on purpose.
    pub verdict: Verdict,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Failed or skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// A person has to do something.
    Failed,
    /// Nothing is wrong; there is nothing to publish.
    Skipped,
}

/// The kinds of problem an input can have. The names are stable: `status --json` shows them as `class`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// The file cannot be read, or is a device, a FIFO or a link that leads out or in circles.
    Unreadable,
    /// The file that is named does not exist.
    Missing,
    /// The text is not in an encoding that the format allows.
    Encoding,
    /// The file is not what it claims to be: broken JSON, YAML, XML, RAML or archive.
    Invalid,
    /// A reference leads to a file that is not there, or out of the asset.
    Reference,
    /// Two inputs claim the same coordinates.
    Duplicate,
    /// A coordinate, a value or a column is missing or not allowed.
    Value,
    /// A file is larger than Exchange takes.
    TooLarge,
    /// A kind of asset that cannot be published from this input (a source project that must be built first).
    Unsupported,
    /// The conditions that its source sets for publishing it do not hold.
    Condition,
    /// The input says nothing.
    Empty,
}

impl Problem {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Missing => "missing",
            Self::Encoding => "encoding",
            Self::Invalid => "invalid",
            Self::Reference => "reference",
            Self::Duplicate => "duplicate",
            Self::Value => "value",
            Self::TooLarge => "too-large",
            Self::Unsupported => "unsupported",
            Self::Condition => "condition",
            Self::Empty => "empty",
        }
    }
}

impl Diagnosis {
    /// A failure at a path.
    pub fn failed(path: impl Into<Utf8PathBuf>, problem: Problem, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            line: None,
            column: None,
            gav: None,
            problem,
            verdict: Verdict::Failed,
            message: message.into(),
            hint: None,
        }
    }

    /// Something left out on purpose.
    pub fn skipped(path: impl Into<Utf8PathBuf>, problem: Problem, message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Skipped, ..Self::failed(path, problem, message) }
    }

    /// Adds the place in the file.
    #[must_use]
    pub fn at(mut self, line: u64, column: u64) -> Self {
        (self.line, self.column) = (Some(line), Some(column));
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the coordinates.
    #[must_use]
    pub fn gav(mut self, gav: impl fmt::Display) -> Self {
        self.gav = Some(gav.to_string());
        self
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Diagnosis {}
