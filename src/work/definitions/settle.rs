//! Brings definitions to the target, one after the other: they are few, and later ones may need what earlier ones free.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    compare::difference,
    configured::{is_unknown_call, list},
    finding::{Deed, DefinitionAction, DefinitionFinding, singular},
};
use crate::{
    engine::{Event, Sink},
    exchange::{Configuration, ConfigurationChange, ConfigurationName, Dimension, Force, NewConfiguration},
    job::{Definitions, DescribeApi, OnDifference},
    net::{CallError, Disposition},
    work::place::Place,
};

/// How often a definition is sent when it is known, each time, that it is not there.
const TRIES: u32 = 4;

/// How long to wait before that when the server names no time: the door has waited already.
const PAUSE: Duration = Duration::from_secs(1);

/// Why the definitions of a job could not be brought to the target. Nothing was sent for any asset.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionsError {
    /// What is configured cannot be read.
    #[error("cannot read the categories and custom fields of the organization {organization}")]
    Read {
        /// The root organization.
        organization: String,
        /// Why.
        source: CallError,
    },
    /// A call was refused.
    #[error("cannot {action} the {} `{key}`", singular(*.dimension))]
    Refused {
        /// What was to be done.
        action: DefinitionAction,
        /// A category or a custom field.
        dimension: Dimension,
        /// Its key.
        key: String,
        /// Why.
        source: CallError,
    },
    /// Somebody else has made it meanwhile, otherwise than it is declared.
    #[error("the {} `{key}` was created by somebody else meanwhile: it {difference}", singular(*.dimension))]
    Differs {
        /// A category or a custom field.
        dimension: Dimension,
        /// Its key.
        key: String,
        /// What differs.
        difference: String,
    },
}

impl DefinitionsError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let (action, source) = match self {
            Self::Read { source, .. } => (None, source),
            Self::Refused { action, source, .. } => (Some(*action), source),
            Self::Differs { .. } => {
                return Some("see `consign plan`, then decide: definitions.on_difference".to_owned());
            }
        };
        match (source.http(), action) {
            (Some(403), _) => Some(
                "categories and custom fields are configured by an Exchange administrator of the root organization"
                    .to_owned(),
            ),
            (Some(409), Some(DefinitionAction::Delete)) => {
                Some("assets have values of it; `force = true` beside `delete` takes them along".to_owned())
            }
            (Some(409), Some(DefinitionAction::Update)) => Some(
                "assets have values that would not be taken any more: change those first, or declare what is there"
                    .to_owned(),
            ),
            _ => source.hint().map(str::to_owned),
        }
    }

    /// Whether another run may well fare better.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Read { source, .. } | Self::Refused { source, .. } => source.disposition() != Disposition::Final,
            Self::Differs { .. } => false,
        }
    }
}

/// Sends what the findings ask for; stops between two of them when it is told to.
///
/// What goes, goes first: the names of categories are unique, and another one may want the name.
pub(in crate::work) async fn settle(
    place: &Place,
    declared: &Definitions,
    api: DescribeApi,
    findings: &[DefinitionFinding],
    sink: &dyn Sink,
    stop: &CancellationToken,
) -> Result<(), DefinitionsError> {
    let settler = Settler { place, on_difference: declared.on_difference, api };
    let rank = |finding: &&DefinitionFinding| match finding.deed {
        Deed::Delete { .. } => 0,
        Deed::Update { .. } => 1,
        Deed::Create(_) => 2,
        Deed::Nothing => 3,
    };
    let mut ordered: Vec<&DefinitionFinding> = findings.iter().collect();
    ordered.sort_by_key(rank);
    for finding in ordered {
        if stop.is_cancelled() {
            return Ok(());
        }
        let done = settler.carry_out(finding).await?;
        sink.emit(&Event::Definition {
            dimension: finding.dimension.as_str(),
            key: finding.key.clone(),
            done,
            note: finding.reason.clone(),
        });
    }
    Ok(())
}

struct Settler<'a> {
    place: &'a Place,
    on_difference: OnDifference,
    api: DescribeApi,
}

impl Settler<'_> {
    /// Does it, and says what was done.
    async fn carry_out(&self, finding: &DefinitionFinding) -> Result<&'static str, DefinitionsError> {
        let DefinitionFinding { dimension, key, action, .. } = finding;
        let refused =
            |source| DefinitionsError::Refused { action: *action, dimension: *dimension, key: key.clone(), source };
        match &finding.deed {
            Deed::Nothing => Ok("kept"),
            Deed::Create(new) => self.create(*dimension, new).await,
            Deed::Update { id, change } => {
                let name = ConfigurationName { tag_key: key, id: id.as_deref() };
                self.update(*dimension, name, change).await
            }
            Deed::Delete { id, force } => {
                let name = ConfigurationName { tag_key: key, id: id.as_deref() };
                let deleted = self.delete(*dimension, name, *force).await;
                deleted.map_err(refused).map(|was_there| if was_there { "deleted" } else { "absent" })
            }
        }
    }

    async fn update(
        &self,
        dimension: Dimension,
        name: ConfigurationName<'_>,
        change: &ConfigurationChange,
    ) -> Result<&'static str, DefinitionsError> {
        let updated = self.place.root.update_configuration(dimension, name, change, Force::No).await;
        let action = DefinitionAction::Update;
        let refused = |source| DefinitionsError::Refused { action, dimension, key: name.tag_key.to_owned(), source };
        // Whoever has deleted it meanwhile had a reason: the next run finds it missing, and says so.
        updated.map_err(refused).map(|was_there| if was_there { "updated" } else { "absent" })
    }

    /// Creates a definition. A reply that says that it is there, or that got lost, is settled by the list: 409 alone is
    /// never taken for success.
    async fn create(&self, dimension: Dimension, new: &NewConfiguration) -> Result<&'static str, DefinitionsError> {
        let key = &new.tag_key;
        let refused = |source| DefinitionsError::Refused {
            action: DefinitionAction::Create,
            dimension,
            key: key.clone(),
            source,
        };
        let mut tries = 0;
        loop {
            let Err(error) = self.send_new(dimension, new).await else { return Ok("created") };
            tries += 1;
            let is_taken = error.http() == Some(409);
            let after = match error.disposition() {
                Disposition::Final if is_taken => None,
                Disposition::Final => return Err(refused(error)),
                Disposition::Again { after } | Disposition::Doubt { after } => after,
            };
            match self.look_up(dimension, new).await? {
                Found::Same if is_taken => return Ok("there"),
                Found::Same => return Ok("created"),
                Found::Other(done) => return Ok(done),
                Found::Unknown if is_taken => return Ok("there, not compared"),
                Found::Nothing if is_taken => return Err(refused(error)),
                Found::Nothing | Found::Unknown if tries >= TRIES => return Err(refused(error)),
                Found::Nothing | Found::Unknown => sleep(after.unwrap_or(PAUSE)).await,
            }
        }
    }

    async fn send_new(&self, dimension: Dimension, new: &NewConfiguration) -> Result<Configuration, CallError> {
        match self.api {
            DescribeApi::V1 => self.place.root.create_configuration_v1(dimension, new).await,
            DescribeApi::V2 => self.place.root.create_configuration(dimension, new).await,
        }
    }

    /// Version 1 never asks, so it is only called where nobody has to.
    async fn delete(&self, dimension: Dimension, name: ConfigurationName<'_>, force: Force) -> Result<bool, CallError> {
        match self.api {
            DescribeApi::V1 => self.place.root.delete_configuration_v1(dimension, name.tag_key).await,
            DescribeApi::V2 => self.place.root.delete_configuration(dimension, name, force).await,
        }
    }

    async fn look_up(&self, dimension: Dimension, new: &NewConfiguration) -> Result<Found, DefinitionsError> {
        let listed = match list(self.place, dimension).await {
            Ok(listed) => listed,
            Err(error) if is_unknown_call(&error) => return Ok(Found::Unknown),
            Err(source) => {
                return Err(DefinitionsError::Read { organization: self.place.root.organization().to_owned(), source });
            }
        };
        let Some(there) = listed.iter().find(|there| there.tag_key == new.tag_key) else { return Ok(Found::Nothing) };
        let difference = difference(new, there);
        if difference.words.is_empty() {
            return Ok(Found::Same);
        }
        match self.on_difference {
            OnDifference::Keep => Ok(Found::Other("kept")),
            OnDifference::Update => self.update(dimension, there.name(), &difference.change).await.map(Found::Other),
            OnDifference::Fail => Err(DefinitionsError::Differs {
                dimension,
                key: new.tag_key.clone(),
                difference: difference.words.join("; "),
            }),
        }
    }
}

/// What the list says of a definition whose creation is in doubt.
enum Found {
    Nothing,
    Same,
    /// It differs, and this was done about it.
    Other(&'static str),
    /// There is no list.
    Unknown,
}
