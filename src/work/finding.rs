//! What is found before the first write: told all at once.

use std::fmt;

use crate::engine::{Event, Sink};

/// How many findings about items an error spells out; the events have them all.
const SHOWN: usize = 100;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It could not be looked at, or only in part.
    Note,
    /// It may go wrong.
    Warning,
    /// It would go wrong.
    Failure,
}

impl Level {
    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

/// Something that was found before the first write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The item that it is about; `None`: the whole run.
    pub gav: Option<String>,
    /// What was looked at: `rights`, `quota`, `definitions`, `limits`, `values`, `tombstones`, `dependencies`.
    pub check: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    /// A finding about the whole run.
    pub(super) fn whole(check: &'static str, level: Level, message: impl Into<String>) -> Self {
        Self { gav: None, check, level, message: message.into(), hint: None }
    }

    /// The same about an item.
    pub(super) fn about(mut self, gav: impl Into<String>) -> Self {
        self.gav = Some(gav.into());
        self
    }

    /// The same with what to do about it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Tells it as an event.
    pub(super) fn tell(&self, sink: &dyn Sink) {
        sink.emit(&Event::Finding {
            gav: self.gav.clone(),
            check: self.check,
            level: self.level.as_str(),
            message: self.message.clone(),
            hint: self.hint.clone(),
        });
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(gav) = &self.gav {
            write!(f, "{gav}: ")?;
        }
        f.write_str(&self.message)?;
        self.hint.iter().try_for_each(|hint| write!(f, "; hint: {hint}"))
    }
}

/// Why nothing was sent at all: everything that stands in the way, the whole first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacles {
    /// Failures, at most a hundred of them about items.
    pub findings: Vec<Finding>,
    /// How many more there are about items.
    pub more: u64,
}

impl Obstacles {
    /// Begins with what keeps the whole from being sent.
    pub(super) fn new(whole: Vec<Finding>) -> Self {
        Self { findings: whole, more: 0 }
    }

    /// Adds what is wrong with an item.
    pub(super) fn add_all(&mut self, findings: Vec<Finding>) {
        let items = self.findings.iter().filter(|finding| finding.gav.is_some()).count();
        let room = SHOWN.saturating_sub(items);
        self.more += findings.len().saturating_sub(room) as u64;
        self.findings.extend(findings.into_iter().take(room));
    }
}

impl fmt::Display for Obstacles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was sent:")?;
        self.findings.iter().try_for_each(|finding| write!(f, "\n  - {finding}"))?;
        match self.more {
            0 => Ok(()),
            more => write!(f, "\n  - and {more} more like these"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_obstacles_are_told_line_by_line_and_a_flood_of_items_is_counted() {
        let whole = Finding::whole("quota", Level::Failure, "no room").hint("make some");
        let mut obstacles = Obstacles::new(vec![whole]);
        for n in 0..SHOWN + 7 {
            let wrong = Finding::whole("values", Level::Failure, "wrong").about(format!("g/a{n}/1.0.0"));
            obstacles.add_all(vec![wrong]);
        }
        let text = obstacles.to_string();
        assert!(text.starts_with("nothing was sent:\n  - no room; hint: make some\n  - g/a0/1.0.0: wrong\n"), "{text}");
        assert!(text.ends_with("\n  - and 7 more like these"), "{text}");
        assert_eq!(text.lines().count(), SHOWN + 3);
    }
}
