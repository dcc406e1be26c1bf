//! What comparing a declaration with the target finds.

use std::fmt;

use super::{
    compare::{difference, wanted},
    configured::Configured,
};
use crate::{
    exchange::{ConfigurationChange, Dimension, Force, NewConfiguration},
    job::{Definitions, DescribeApi, OnDifference, Wish},
    net::CallError,
    work::place::Place,
};

/// What is to be done about a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefinitionAction {
    /// It is missing, and is created.
    Create,
    /// It differs, and is changed.
    Update,
    /// It is there, and is deleted.
    Delete,
    /// It differs, and stays.
    Keep,
    /// It differs, and somebody has to decide.
    Conflict,
}

impl DefinitionAction {
    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Keep => "keep",
            Self::Conflict => "conflict",
        }
    }
}

impl fmt::Display for DefinitionAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A definition that is not as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionFinding {
    /// A category or a custom field.
    pub dimension: Dimension,
    /// Its key.
    pub key: String,
    /// What is to be done.
    pub action: DefinitionAction,
    /// Why.
    pub reason: String,
    pub(super) deed: Deed,
}

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    Nothing,
    Create(NewConfiguration),
    Update { id: Option<String>, change: ConfigurationChange },
    Delete { id: Option<String>, force: Force },
}

impl DefinitionFinding {
    /// What it is about: `field due-date`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", singular(self.dimension), self.key)
    }
}

/// One of a dimension, in words.
pub(super) fn singular(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Category => "category",
        Dimension::Field => "field",
    }
}

/// Compares what a job declares with what the root organization has configured, and takes the declarations into what is
/// known of it: assets may use what will be there when they are sent.
///
/// # Errors
/// [`CallError`] where a list cannot be read that has to be.
pub(in crate::work) async fn check(
    place: &Place,
    declared: &Definitions,
    api: DescribeApi,
    configured: &mut Configured,
) -> Result<Vec<DefinitionFinding>, CallError> {
    let mut findings = Vec::new();
    for (dimension, definitions) in [(Dimension::Category, &declared.categories), (Dimension::Field, &declared.fields)]
    {
        if definitions.is_empty() {
            continue;
        }
        configured.read_for(place, dimension, api).await?;
        for definition in definitions {
            let (key, wish) = (&definition.key, &definition.wish);
            let found = judge(configured, dimension, key, wish, declared.on_difference, api);
            configured.assume(dimension, key, wish, !matches!(found, Some((DefinitionAction::Keep, ..))));
            findings.extend(found.map(|(action, reason, deed)| DefinitionFinding {
                dimension,
                key: key.clone(),
                action,
                reason,
                deed,
            }));
        }
    }
    Ok(findings)
}

fn judge(
    configured: &Configured,
    dimension: Dimension,
    key: &str,
    wish: &Wish,
    on_difference: OnDifference,
    api: DescribeApi,
) -> Option<(DefinitionAction, String, Deed)> {
    let listed = configured.of(dimension).is_some();
    let there = configured.find(dimension, key);
    let id = there.and_then(|there| there.id.clone());
    let unlisted = "the target has no list to look it up in";
    let Some(new) = wanted(key, wish) else {
        let force = if *wish == (Wish::Gone { force: true }) { Force::Yes } else { Force::No };
        if api == DescribeApi::V1 && force == Force::No && (there.is_some() || !listed) {
            let reason = "would be deleted by version 1 of the API with all values that assets have of it, unasked";
            return Some((DefinitionAction::Conflict, reason.to_owned(), Deed::Nothing));
        }
        let reason = match (there, listed) {
            (None, true) => return None,
            (None, false) => unlisted.to_owned(),
            (Some(_), _) if force == Force::Yes => "with all values that assets have of it".to_owned(),
            (Some(_), _) => "unless assets have values of it".to_owned(),
        };
        return Some((DefinitionAction::Delete, reason, Deed::Delete { id, force }));
    };
    let Some(there) = there else {
        let reason = if listed { described(&new) } else { unlisted.to_owned() };
        return Some((DefinitionAction::Create, reason, Deed::Create(new)));
    };
    let difference = difference(&new, there);
    if difference.words.is_empty() {
        return None;
    }
    let reason = difference.words.join("; ");
    Some(match (on_difference, api) {
        (OnDifference::Keep, _) => (DefinitionAction::Keep, reason, Deed::Nothing),
        (OnDifference::Update, DescribeApi::V2) => {
            (DefinitionAction::Update, reason, Deed::Update { id, change: difference.change })
        }
        (OnDifference::Update, DescribeApi::V1) => {
            let reason = format!("{reason}; version 1 of the API has no call that changes it");
            (DefinitionAction::Conflict, reason, Deed::Nothing)
        }
        (OnDifference::Fail, _) => (DefinitionAction::Conflict, reason, Deed::Nothing),
    })
}

/// A definition in a few words.
fn described(new: &NewConfiguration) -> String {
    let mut parts: Vec<String> = new.data_type.iter().map(ToString::to_string).collect();
    match new.accepted_values.len() {
        0 => {}
        1 => parts.push("1 value".to_owned()),
        n => parts.push(format!("{n} values")),
    }
    if !new.asset_type_restrictions.is_empty() {
        parts.push(format!("for {}", new.asset_type_restrictions.join(", ")));
    }
    if parts.is_empty() { "takes any value".to_owned() } else { parts.join(", ") }
}
