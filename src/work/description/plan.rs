//! What differs, with all that is needed to send it.

use crate::{
    asset::{Coordinates, Description, ExternalInstance},
    engine::Outcome,
    exchange::{Asset, AssetMetadata},
    journal::Failure,
    package::PackedFile,
};

use super::{
    Describer, Difference,
    icon::Icon,
    pages::PageWrite,
    promote::state_of,
    refused, texts,
    values::{Valued, compare_categories, compare_tags},
};

/// What is to be sent, and what that is in words.
#[derive(Debug)]
pub(super) struct Plan {
    /// What differs.
    pub(super) differences: Vec<Difference>,
    /// The asset as it was read.
    pub(super) asset: Asset,
    pub(super) metadata: AssetMetadata,
    pub(super) tags: Option<Vec<String>>,
    pub(super) values: Vec<Valued>,
    pub(super) icon: Option<Icon>,
    pub(super) docs: Option<PackedFile>,
    pub(super) pages: Vec<PageWrite>,
    /// All that are wished for, where any of them differs: they are compared anew right before they are sent.
    pub(super) instances: Vec<ExternalInstance>,
}

impl Describer {
    /// Reads what the wish speaks of, and compares; `None` where the version is not there.
    pub(super) async fn plan(&self, coordinates: &Coordinates, wish: &Description) -> Result<Option<Plan>, Outcome> {
        if wish.docs.is_some() && !wish.pages.is_empty() {
            let message = "the docs hold all pages, so that single pages cannot go with them";
            return Err(Outcome::Failed(Failure::new("value", message).hint("put the pages into the docs")));
        }
        let read = self.exchange.asset(coordinates).await.map_err(refused)?;
        let Some(asset) = read else { return Ok(None) };
        let (metadata, differences) = texts::compare(&asset, wish).map_err(Outcome::Failed)?;
        let mut plan = Plan {
            differences,
            asset,
            metadata,
            tags: None,
            values: Vec::new(),
            icon: None,
            docs: None,
            pages: Vec::new(),
            instances: Vec::new(),
        };
        if let Some((tags, difference)) = compare_tags(&plan.asset, wish) {
            plan.tags = Some(tags);
            plan.differences.push(difference);
        }
        let categories = compare_categories(&plan.asset, &wish.categories);
        let fields = self.compare_fields(&plan.asset, &wish.fields).await?;
        for (valued, difference) in categories.into_iter().chain(fields) {
            plan.values.push(valued);
            plan.differences.push(difference);
        }
        self.plan_files(&mut plan, coordinates, wish).await?;
        let instances = self.compare_instances(coordinates, &plan.asset, &wish.instances).await?;
        if !instances.is_empty() {
            plan.instances.clone_from(&wish.instances);
            plan.differences.extend(instances);
        }
        if let Some(status) = wish.status
            && state_of(&plan.asset) != Some(status)
        {
            let there = plan.asset.status.as_deref().unwrap_or_default();
            plan.differences.push(Difference::between("status", there, status.as_str()));
        }
        if let Some(wished) = wish.visibility {
            plan.differences.extend(self.compare_visibility(coordinates, &plan.asset, wished).await?);
        }
        Ok(Some(plan))
    }

    /// What lies in files: the icon, and the documentation.
    async fn plan_files(&self, plan: &mut Plan, coordinates: &Coordinates, wish: &Description) -> Result<(), Outcome> {
        if let Some(path) = &wish.icon
            && let Some((icon, difference)) = self.compare_icon(coordinates, &plan.asset, path).await?
        {
            plan.icon = Some(icon);
            plan.differences.push(difference);
        }
        if let Some(docs) = &wish.docs
            && let Some((packed, differences)) = self.compare_docs(coordinates, &plan.asset, docs).await?
        {
            plan.docs = Some(packed);
            plan.differences.extend(differences);
        }
        for (page, difference) in self.compare_pages(coordinates, &plan.asset, &wish.pages).await? {
            plan.pages.push(page);
            plan.differences.push(difference);
        }
        Ok(())
    }
}
