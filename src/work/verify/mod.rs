//! `consign verify`: whether the target holds what the source of a job says. Reads only, and believes no journal.
//!
//! 1. **expect**: the drafts of the source, packed and brought in line with the target as for publishing; of a job that
//!    describes, its changes.
//! 2. **read**: each version, as the inventory reads it, and its files.
//! 3. **compare**: datum by datum. What the server makes by itself does not count.
//! 4. **extra**: versions of the same assets that the source does not name.
//!
//! What the source does not say is not compared, unless it is to say [all there is](Extent::All). Data that versions share
//! are compared for the version that speaks for them. Items are read side by side at the pace of the job, and told as
//! they come: memory does not grow with their number.

mod access;
mod actual;
mod applications;
mod compare;
mod expected;
mod extra;
mod judge;

mod run;
#[cfg(test)]
mod tests;
mod visible;

use std::{collections::BTreeMap, fmt};

pub use run::{Against, Extent, VerifyError, verify, verify_against, verify_groups};
pub use visible::{Seen, ShownVersion, Sight, verify_portal};

use super::DefinitionFinding;

/// What became of one expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The target holds what is expected.
    Equal,
    /// The target holds something else.
    Different,
    /// The target does not hold it.
    Missing,
    /// The target holds it, and nobody expects it.
    Extra,
    /// The source names something that cannot be expected.
    Invalid,
    /// The target does not let it be read, so that nothing is known.
    Unread,
}

impl Verdict {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Self; 6] = [Self::Equal, Self::Different, Self::Missing, Self::Extra, Self::Invalid, Self::Unread];

    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Different => "different",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Invalid => "invalid",
            Self::Unread => "unread",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One datum that is not as expected; long values are cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Which: `name`, `categories.layer`, `files.oas.zip: api.yaml`, `page Home`, …
    pub datum: String,
    /// What is expected.
    pub expected: String,
    /// What is there.
    pub actual: String,
}

/// One version, compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Its coordinates on the target, where they are known.
    pub gav: Option<String>,
    /// Where the source speaks of it; `None` for what is extra.
    pub path: Option<String>,
    /// What became of it.
    pub verdict: Verdict,
    /// What differs.
    pub differences: Vec<Mismatch>,
    /// What else there is to say.
    pub note: Option<String>,
}

/// What the whole came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many versions there are of each verdict.
    pub counts: BTreeMap<Verdict, u64>,
    /// Categories and custom fields that are not as the job declares them.
    pub definitions: Vec<DefinitionFinding>,
}

impl Verification {
    /// Counts an item, and gives it on.
    fn take(&mut self, judged: judge::Judged, each: &mut impl FnMut(Verified)) -> Result<(), VerifyError> {
        let verified = judged.map_err(|unread| VerifyError::Halted(unread.failure))?;
        *self.counts.entry(verified.verdict).or_default() += 1;
        each(verified);
        Ok(())
    }

    /// Whether all is as expected. What the job says to keep as it is may differ.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        let others = self.counts.iter().filter(|(verdict, _)| **verdict != Verdict::Equal);
        others.map(|(_, count)| count).sum::<u64>() == 0
            && self.definitions.iter().all(|found| found.action == super::DefinitionAction::Keep)
    }
}
