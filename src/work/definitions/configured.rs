//! What the root organization has configured.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};

use crate::{
    exchange::{Configuration, Dimension, Exchange},
    job::{DescribeApi, Wish},
    net::CallError,
    work::place::Place,
};

/// Further entries than this are a server that turns in circles.
const MOST: usize = 10_000;

/// How often a list is read whose pages make no sense, and how long to wait in between.
const READS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);

/// The categories and custom fields of an organization, as far as they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::work) struct Configured {
    categories: Option<Vec<Configuration>>,
    fields: Option<Vec<Configuration>>,
}

impl Configured {
    /// All of one dimension; `None` where it was not read, or cannot be.
    pub(in crate::work) fn of(&self, dimension: Dimension) -> Option<&[Configuration]> {
        match dimension {
            Dimension::Category => self.categories.as_deref(),
            Dimension::Field => self.fields.as_deref(),
        }
    }

    /// One of them by its key.
    pub(in crate::work) fn find(&self, dimension: Dimension, key: &str) -> Option<&Configuration> {
        self.of(dimension)?.iter().find(|known| known.tag_key == key)
    }

    /// Reads all of one dimension, unless they are known.
    pub(in crate::work) async fn read(&mut self, place: &Place, dimension: Dimension) -> Result<(), CallError> {
        if self.of(dimension).is_none() {
            *self.slot(dimension) = Some(list(place, dimension).await?);
        }
        Ok(())
    }

    /// The same where a list is not needed: version 1 of the API has none, and its servers may know no other.
    pub(super) async fn read_for(
        &mut self,
        place: &Place,
        dimension: Dimension,
        api: DescribeApi,
    ) -> Result<(), CallError> {
        match self.read(place, dimension).await {
            Err(error) if api == DescribeApi::V1 && is_unknown_call(&error) => Ok(()),
            outcome => outcome,
        }
    }

    /// Takes a declaration for carried out: what is to be there is there, what is to be gone is not.
    pub(super) fn assume(&mut self, dimension: Dimension, key: &str, wish: &Wish, replaces: bool) {
        let Some(known) = self.slot(dimension) else { return };
        let place = known.iter().position(|known| known.tag_key == key);
        match (place, super::compare::wanted(key, wish)) {
            (Some(place), None) => drop(known.remove(place)),
            (Some(place), Some(new)) if replaces => {
                let old = &mut known[place];
                old.data_type = new.data_type.map(|data_type| data_type.to_string()).or(old.data_type.take());
                old.accepted_values = new.accepted_values;
                old.asset_type_restrictions = new.asset_type_restrictions;
            }
            (None, Some(new)) => known.push(Configuration {
                tag_key: new.tag_key,
                display_name: Some(new.display_name),
                data_type: new.data_type.map(|data_type| data_type.to_string()),
                accepted_values: new.accepted_values,
                asset_type_restrictions: new.asset_type_restrictions,
                ..Configuration::default()
            }),
            _ => {}
        }
    }

    /// Some custom fields, as if they had been read.
    #[cfg(test)]
    pub(in crate::work) fn of_fields(fields: Vec<Configuration>) -> Self {
        Self { categories: None, fields: Some(fields) }
    }

    fn slot(&mut self, dimension: Dimension) -> &mut Option<Vec<Configuration>> {
        match dimension {
            Dimension::Category => &mut self.categories,
            Dimension::Field => &mut self.fields,
        }
    }
}

/// All pages, as the root tells them, or as the organization itself does where the root is not for us.
pub(super) async fn list(place: &Place, dimension: Dimension) -> Result<Vec<Configuration>, CallError> {
    let mut readable = place.readable();
    let mut listed = pages(readable.next().expect("the root comes first"), dimension).await;
    if let (Err(error), Some(own)) = (&listed, readable.next())
        && is_unknown_call(error)
    {
        listed = pages(own, dimension).await;
    }
    listed
}

/// A list that cannot be understood is read again: whatever has cut it short would otherwise end the whole run.
async fn pages(organization: &Exchange, dimension: Dimension) -> Result<Vec<Configuration>, CallError> {
    let mut tries = 1;
    loop {
        match organization.configurations(dimension).take(MOST).try_collect().await {
            Err(CallError::BadReply { .. }) if tries < READS => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            listed => return listed,
        }
    }
}

/// Whether the server does not know the call, or does not let us make it.
pub(super) fn is_unknown_call(error: &CallError) -> bool {
    matches!(error.http(), Some(400 | 403 | 404 | 405 | 501))
}
