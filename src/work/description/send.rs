//! Sending what differs.

use std::collections::BTreeMap;

use crate::{
    asset::Coordinates,
    engine::Outcome,
    exchange::{Dimension, MutableData, MutableDataRequest, ValueChange},
    job::DescribeApi,
    journal::Failure,
    net::CallError,
    work::failure,
};

use super::{
    Describer, Progress, docs::upload_of, icon::Icon, plan::Plan, promote::state_of, refused, settle::Token,
    values::Valued,
};

/// What to do about a key or a value that the server does not take.
pub(super) const DECLARE: &str =
    "declare the key under [definitions] of the job file, or correct the value to one that it takes";

impl Describer {
    /// Sends a plan. What is asynchronous goes last, so that its status link is the only thing left to ask for.
    pub(super) async fn send(&self, progress: &mut Progress, coordinates: &Coordinates, plan: Plan) -> Outcome {
        progress.status = state_of(&plan.asset);
        match self.send_all(progress, coordinates, &plan).await {
            Ok(Some(token)) => Outcome::Wait { token: token.to_text(), after: self.rhythm.first() },
            Ok(None) => {
                progress.tell(&plan.differences);
                Outcome::Next
            }
            Err(outcome) => outcome,
        }
    }

    async fn send_all(
        &self,
        progress: &mut Progress,
        coordinates: &Coordinates,
        plan: &Plan,
    ) -> Result<Option<Token>, Outcome> {
        let (group, asset) = (&coordinates.group_id, &coordinates.asset_id);
        // First what may be in somebody's way.
        if plan.docs.is_some() {
            self.demand_no_draft(coordinates).await?;
        }
        if !plan.pages.is_empty() {
            self.send_pages(progress, coordinates, &plan.pages).await?;
        }
        if !plan.metadata.is_empty() {
            self.exchange.patch_asset(group, asset, &plan.metadata).await.map_err(refused)?;
            progress.accepted(&self.tally);
        }
        if let Some(Icon { kind, content }) = &plan.icon {
            self.exchange.put_icon(group, asset, *kind, content.clone()).await.map_err(refused)?;
            progress.accepted(&self.tally);
        }
        if !plan.instances.is_empty() {
            self.send_instances(progress, coordinates, &plan.asset, &plan.instances).await?;
        }
        let mut data = match self.api {
            DescribeApi::V1 => self.send_by_v1(progress, coordinates, plan).await?,
            DescribeApi::V2 => self.send_by_v2(progress, coordinates, plan).await?,
        };
        data.docs = plan.docs.as_ref().map(upload_of);
        if data.is_empty() {
            return Ok(None);
        }
        let request = MutableDataRequest::new(coordinates.clone(), &data)
            .map_err(|error| Outcome::Failed(Failure::new("input", failure::chain(&error))))?;
        let link = match self.exchange.patch_mutable_data(&request).await {
            Ok(link) => Some(link),
            // It was taken, and the link leads to another server, where no token goes: the asset itself tells.
            Err(error @ CallError::ForeignOrigin { .. }) => {
                tracing::warn!(gav = %coordinates, %error, "the status link leads to another server");
                None
            }
            Err(error) => return Err(declare(refused(error))),
        };
        let told = plan.differences.iter().map(ToString::to_string).collect();
        Ok(Some(Token::new(link, told)))
    }

    /// Sends by single calls what the form has no words for; the rest is left to the form.
    async fn send_by_v2(
        &self,
        progress: &mut Progress,
        coordinates: &Coordinates,
        plan: &Plan,
    ) -> Result<MutableData, Outcome> {
        let mut data = MutableData::default();
        if let Some(tags) = &plan.tags {
            if tags.is_empty() || tags.iter().any(|tag| tag.contains(',')) {
                self.exchange.put_tags(coordinates, tags).await.map_err(refused)?;
                progress.accepted(&self.tally);
            } else {
                data.tags = Some(tags.clone());
            }
        }
        let mut by_form: BTreeMap<Dimension, BTreeMap<String, Vec<String>>> = BTreeMap::new();
        for valued in &plan.values {
            if let Some(texts) = valued.form() {
                by_form.entry(valued.dimension).or_default().insert(valued.key.clone(), texts);
            } else {
                self.send_value(coordinates, valued).await.map_err(|error| declare(refused(error)))?;
                progress.accepted(&self.tally);
            }
        }
        let mut change = |dimension| by_form.remove(&dimension).map(ValueChange::Each).unwrap_or_default();
        (data.categories, data.fields) = (change(Dimension::Category), change(Dimension::Field));
        Ok(data)
    }

    async fn send_value(&self, coordinates: &Coordinates, valued: &Valued) -> Result<(), CallError> {
        let Valued { dimension, key, value } = valued;
        match (dimension, value) {
            (_, None) => self.exchange.delete_value(*dimension, coordinates, key).await.map(drop),
            (Dimension::Category, Some(value)) => self.exchange.put_category(coordinates, key, &value.to_texts()).await,
            (Dimension::Field, Some(value)) => self.exchange.put_field(coordinates, key, value).await,
        }
    }

    /// Version 1 has no call for all at once, and none for docs: those are left to the form.
    async fn send_by_v1(
        &self,
        progress: &mut Progress,
        coordinates: &Coordinates,
        plan: &Plan,
    ) -> Result<MutableData, Outcome> {
        if let Some(tags) = &plan.tags {
            self.exchange.put_tags_v1(coordinates, tags).await.map_err(refused)?;
            progress.accepted(&self.tally);
        }
        for Valued { dimension, key, value } in &plan.values {
            let sent = match (dimension, value) {
                (_, None) => self.exchange.delete_value_v1(*dimension, coordinates, key).await.map(drop),
                (Dimension::Category, Some(value)) => {
                    self.exchange.put_category_v1(coordinates, key, &value.to_texts()).await
                }
                (Dimension::Field, Some(value)) => self.exchange.put_field_v1(coordinates, key, value).await,
            };
            sent.map_err(|error| declare(refused(error)))?;
            progress.accepted(&self.tally);
        }
        Ok(MutableData::default())
    }
}

/// A refusal of a key or a value, with what to do about it.
fn declare(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Failed(failure) if matches!(failure.http, Some(400 | 404 | 422)) => {
            Outcome::Failed(failure.hint(DECLARE))
        }
        other => other,
    }
}
